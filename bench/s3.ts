/** What the S3 benches share: a real server for their time, a project on it, and the stock tools beside us. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreSettings } from "../src/model/project.ts";
import type { Storage } from "../src/storage/contract.ts";
import { openStorage } from "../src/storage/open.ts";
import { type S3Server, startMinio, startVersitygw } from "../test/real/s3-servers.ts";
import { cacheDirectory } from "./inputs.ts";

const places = ["raw", "tables", "marts"] as const;
type PlaceName = (typeof places)[number];

/** The names that the stock tools read. */
const keyVariable = "AWS_ACCESS_KEY_ID";
const secretVariable = "AWS_SECRET_ACCESS_KEY";

export interface BenchStore extends S3Server {
  /** The `lake` and `s3` sections of a project file. `endpoint` may name something in between. */
  sections(endpoint?: string): string;
  /** One of the three buckets, as millrace opens it. */
  open(place: PlaceName): Promise<Storage>;
}

/**
 * A server of its own (versitygw, or MinIO: the AWS CLI and versitygw do not always understand each other over TLS) with the buckets raw, tables and marts; child processes get its
 * keys by the environment.
 */
export async function startBenchStore({ tls = false, minio = false } = {}): Promise<BenchStore> {
  const context = {
    skip(reason?: string) {
      throw new Error(reason ?? "the server is missing");
    },
  };
  const server = minio ? await startMinio(context, { tls }) : await startVersitygw(context, { tls });
  if (server === undefined)
    throw new Error("versitygw is missing: run `INSTALL_REAL=1 node test/real/installed.ts versitygw`");
  const profile = minio ? "minio" : "versitygw";
  for (const bucket of places) await server.createBucket(bucket);
  process.env[keyVariable] = server.accessKey;
  process.env[secretVariable] = server.secretKey;
  process.env.AWS_DEFAULT_REGION = server.region;
  if (server.caFile !== undefined) process.env.AWS_CA_BUNDLE = server.caFile;
  return {
    ...server,
    sections: (endpoint = server.endpoint) =>
      `lake: { raw: s3://raw, tables: s3://tables, marts: s3://marts }\ns3: { store: ${profile}, endpoint: "${endpoint}",${server.caFile === undefined ? "" : ` ca: ${server.caFile},`} access_key: env:${keyVariable}, secret_key: env:${secretVariable} }\n`,
    open: (place) => openBucket(place, { ...server, profile }),
  };
}

/** A bucket as millrace opens it, with the keys of the environment. */
export function openBucket(
  bucket: string,
  {
    endpoint,
    region,
    caFile,
    profile,
  }: Pick<S3Server, "endpoint" | "region" | "caFile"> & Pick<StoreSettings, "profile">,
): Promise<Storage> {
  const store: StoreSettings = {
    profile,
    endpoint,
    region,
    pathStyle: true,
    ca: caFile === undefined ? undefined : { kind: "file", path: caFile },
    credentials: {
      kind: "keys",
      accessKey: { kind: "env", name: keyVariable },
      secretKey: { kind: "env", name: secretVariable },
      sessionToken: undefined,
    },
    parallel: requestsAtOnce,
  };
  return openStorage(
    { kind: "s3", bucket, prefix: "", name: `s3://${bucket}`, store },
    {
      resolveSecret: (reference) =>
        reference.kind === "env" ? (process.env[reference.name] ?? "") : readFileSync(reference.path, "utf8"),
      scratchRoot: join(tmpdir(), `millrace-bench-scratch-${process.pid}`),
    },
  );
}

/** Requests side by side, of ours and of the tools that can be told. */
export const requestsAtOnce = 32;

/** The AWS CLI in a virtual environment of its own. */
export function awsCli(): string {
  const directory = join(cacheDirectory, "aws-cli-1.46.2");
  const program = join(directory, "bin", "aws");
  if (existsSync(program)) return program;
  mkdirSync(cacheDirectory, { recursive: true });
  for (const [command, ...args] of [
    ["python3", "-m", "venv", directory],
    [join(directory, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "awscli==1.46.2"],
  ]) {
    if (spawnSync(command ?? "", args, { stdio: "inherit" }).status !== 0) throw new Error(`${command} failed`);
  }
  return program;
}

/** rclone, if Go is there to build it; `undefined` says that it is not. */
export function rclone(): string | undefined {
  const directory = join(cacheDirectory, "rclone-1.71.0");
  const program = join(directory, "rclone");
  if (existsSync(program)) return program;
  const { status } = spawnSync("go", ["install", "github.com/rclone/rclone@v1.71.0"], {
    stdio: "inherit",
    env: { ...process.env, GOBIN: directory },
  });
  return status === 0 ? program : undefined;
}

/**
 * What rclone needs to know of a store, without a configuration file. Without TLS this version refuses to upload: it wants
 * to hash a stream that it cannot read twice.
 */
export function rcloneFlags(server: S3Server): readonly string[] {
  // Larger files in parts: as one request, rclone sends chunks that MinIO refuses.
  const size = ["--s3-upload-cutoff", "5M"];
  return ["--config", "/dev/null", ...size, ...(server.caFile === undefined ? [] : ["--ca-cert", server.caFile])];
}

export function rcloneRemote(server: S3Server): string {
  return `:s3,provider=Other,env_auth=true,endpoint="${server.endpoint}",region=${server.region}:`;
}
