/**
 * Real S3 servers of several kinds, each a child process on a free port of the loopback with a directory of its own.
 * versitygw, MinIO and moto keep the conditions that several writers need; s3proxy and s3rver do not, and must be refused.
 *
 *     const server = await startVersitygw(context);
 *     if (server === undefined) return;             // skipped by name
 *     try { await server.createBucket("raw"); … } finally { await server.stop(); }
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { makeChain } from "../contract/certificate.ts";
import { classPathOf, goProgram, npmPackage, pythonWith } from "./installed.ts";
import type { Skipping } from "./real.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

const run = promisify(execFile);

export interface S3Server {
  readonly title: string;
  /** `http://127.0.0.1:port` or `https://…`; buckets are path segments. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** PEM file of the authority, if the server speaks TLS. */
  readonly caFile: string | undefined;
  readonly pid: number;
  createBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

export interface VersityGateway extends S3Server {
  /** Objects are the plain files `<bucket>/<key>` below it. */
  readonly objects: string;
  /** A user who may do what the policies of buckets allow, and nothing else. */
  createUser(): Promise<S3Keys>;
}

export interface S3Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface ServerOptions {
  /** With a certificate of an authority of its own. */
  readonly tls?: boolean;
  readonly region?: string;
}

export async function startVersitygw(
  context: Skipping,
  { tls = false, region = "us-east-1" }: ServerOptions = {},
): Promise<VersityGateway | undefined> {
  const program = goProgram(context, "versitygw");
  if (program === undefined) return undefined;
  const keys = newKeys();
  const certificate = tls ? makeChain() : undefined;
  const child = await startServer((port, directory) => {
    for (const part of ["objects", "users"]) mkdirSync(join(directory, part));
    const files = certificate === undefined ? undefined : writeCertificate(directory, certificate);
    return {
      title: "versitygw",
      program,
      args: [
        ...["--access", keys.accessKey, "--secret", keys.secretKey, "--region", region],
        ...["--port", `127.0.0.1:${port}`, "--health", "/health", "--quiet", "--keep-alive"],
        // A user that was just made must be known at once.
        ...["--iam-dir", join(directory, "users"), "--iam-cache-disable"],
        ...(files === undefined ? [] : ["--cert", files.cert, "--key", files.key]),
        ...["posix", join(directory, "objects")],
      ],
      health: healthOf(port, "/health", certificate?.authority),
    };
  });
  const server = offered("versitygw", child, keys, region, certificate?.authority);
  return {
    ...server,
    objects: join(child.directory, "objects"),
    async createUser() {
      const user = newKeys();
      await run(program, [
        ...["admin", "--access", keys.accessKey, "--secret", keys.secretKey, "--region", region],
        ...["--endpoint-url", server.endpoint, ...(tls ? ["--allow-insecure"] : [])],
        ...["create-user", "--access", user.accessKey, "--secret", user.secretKey, "--role", "user"],
      ]);
      return user;
    },
  };
}

export async function startMinio(
  context: Skipping,
  { tls = false, region = "us-east-1" }: ServerOptions = {},
): Promise<S3Server | undefined> {
  const program = goProgram(context, "minio");
  if (program === undefined) return undefined;
  const keys = newKeys();
  const certificate = tls ? makeChain() : undefined;
  const child = await startServer((port, directory) => {
    for (const part of ["objects", "certificates"]) mkdirSync(join(directory, part));
    if (certificate !== undefined) {
      writeFileSync(join(directory, "certificates", "public.crt"), certificate.cert);
      writeFileSync(join(directory, "certificates", "private.key"), certificate.key, { mode: 0o600 });
    }
    return {
      title: "MinIO",
      program,
      args: [
        ...["server", join(directory, "objects"), "--address", `127.0.0.1:${port}`, "--quiet"],
        ...["--certs-dir", join(directory, "certificates")],
      ],
      environment: {
        MINIO_ROOT_USER: keys.accessKey,
        MINIO_ROOT_PASSWORD: keys.secretKey,
        MINIO_REGION: region,
        MINIO_BROWSER: "off",
        MINIO_UPDATE: "off",
      },
      health: healthOf(port, "/minio/health/ready", certificate?.authority),
    };
  });
  return offered("MinIO", child, keys, region, certificate?.authority);
}

/** Keeps conditions; takes any key for a good one and enforces no policy. */
export async function startMoto(context: Skipping, { region = "us-east-1" } = {}): Promise<S3Server | undefined> {
  const program = pythonWith(context, "moto");
  if (program === undefined) return undefined;
  const child = await startServer((port) => ({
    title: "moto",
    program,
    args: ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)],
    health: healthOf(port, "/moto-api/"),
  }));
  return offered("moto", child, newKeys(), region, undefined);
}

/** Refuses a stale condition when asked alone and lets several racing writers win. */
export async function startS3proxy(context: Skipping): Promise<S3Server | undefined> {
  const classPath = classPathOf(context, "s3proxy");
  if (classPath === undefined) return undefined;
  const keys = newKeys();
  const child = await startServer((port, directory) => {
    mkdirSync(join(directory, "objects"));
    const settings = {
      "s3proxy.endpoint": `http://127.0.0.1:${port}`,
      "s3proxy.authorization": "aws-v4",
      "s3proxy.identity": keys.accessKey,
      "s3proxy.credential": keys.secretKey,
      "jclouds.provider": "filesystem-nio2",
      "jclouds.filesystem.basedir": join(directory, "objects"),
    };
    const file = join(directory, "s3proxy.properties");
    writeFileSync(
      file,
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    );
    return {
      title: "s3proxy",
      program: "java",
      args: ["-Xmx256m", "-cp", classPath, "org.gaul.s3proxy.Main", "--properties", file],
      // Whoever asks without a signature is turned away, by a server that serves.
      health: healthOf(port, "/", undefined, (status) => status > 0),
    };
  });
  return offered("s3proxy", child, keys, "us-east-1", undefined);
}

/** Ignores every condition and does not look at the secret. */
export async function startS3rver(context: Skipping): Promise<S3Server | undefined> {
  const home = npmPackage(context, "s3rver");
  if (home === undefined) return undefined;
  const child = await startServer((port, directory) => {
    mkdirSync(join(directory, "objects"));
    return {
      title: "s3rver",
      program: process.execPath,
      args: [
        join(home, "bin", "s3rver.js"),
        ...["--directory", join(directory, "objects"), "--address", "127.0.0.1", "--port", String(port), "--silent"],
      ],
      health: healthOf(port, "/", undefined, (status) => status > 0),
    };
  });
  return offered("s3rver", child, { accessKey: "S3RVER", secretKey: "S3RVER" }, "us-east-1", undefined);
}

/** The usual client on that server, for what a test wants to do or see behind our back. `destroy` it. */
export function clientOf(server: Omit<S3Server, "createBucket" | "stop" | "pid" | "title">, ca?: string): S3Client {
  return new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
    ...(ca === undefined ? {} : { requestHandler: { httpsAgent: { ca } } }),
  });
}

function offered(
  title: string,
  child: ServerProcess,
  keys: S3Keys,
  region: string,
  authority: string | undefined,
): S3Server {
  const caFile = authority === undefined ? undefined : join(child.directory, "authority.pem");
  if (caFile !== undefined && authority !== undefined) writeFileSync(caFile, authority);
  const server = {
    title,
    endpoint: `${authority === undefined ? "http" : "https"}://127.0.0.1:${child.port}`,
    region,
    ...keys,
    caFile,
    pid: child.pid,
  };
  const client = clientOf(server, authority);
  return {
    ...server,
    async createBucket(name) {
      await client.send(new CreateBucketCommand({ Bucket: name }));
    },
    async stop() {
      client.destroy();
      await child.stop();
    },
  };
}

function writeCertificate(directory: string, { cert, key }: { readonly cert: string; readonly key: string }) {
  const files = { cert: join(directory, "cert.pem"), key: join(directory, "key.pem") };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
  return files;
}

function healthOf(port: number, path: string, ca?: string, ok = (status: number): boolean => status === 200) {
  return {
    url: `${ca === undefined ? "http" : "https"}://127.0.0.1:${port}${path}`,
    ...(ca === undefined ? {} : { ca }),
    ok,
  };
}

/** Nobody else has them, so that a test can search everything that was printed for the secret. */
const newKeys = (): S3Keys => ({
  accessKey: `AK${randomBytes(9).toString("hex").toUpperCase()}`,
  secretKey: randomBytes(20).toString("hex"),
});
