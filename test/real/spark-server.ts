/**
 * Apache Spark Connect servers: stock Spark of the Python registry on a free port of the loopback, in a directory of its
 * own. They end with the process that started them, however that ends.
 *
 *     const server = await sparkServer(context);
 *     if (server === undefined) return;             // skipped by name
 *     const session = await connect(server.url);
 *
 * With `{ s3 }` it is one of the test's own that reaches those buckets, with the jars and settings that millrace gives a Spark:
 *
 *     const server = await sparkServer(context, { s3: { server: gateway, buckets: ["lake"] } });
 *     … finally { await server.stop(); }
 *
 * All tests of a run share one server: that of MILLRACE_TEST_SPARK if it is set, else the one that scripts/test.ts starts
 * (TEST_SPARK_SHARED), else one a process. So nobody stops it or sets anything in it beyond an own session. Who
 * needs more than that starts a server of its own: `startSparkServer`.
 */
import { randomUUID } from "node:crypto";
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLocalSpark } from "../../src/distribution/server.ts";
import type { BucketPlace, SecretReference } from "../../src/model/project.ts";
import { pythonWith, s3aJars } from "./installed.ts";
import { hasProgram, missing, type Skipping } from "./real.ts";
import type { S3Server } from "./s3-servers.ts";
import { startServer } from "./server-process.ts";
import { serveShared, sharedServer } from "./shared-server.ts";

export interface SparkServer {
  /** `sc://127.0.0.1:port`. */
  readonly url: string;
  readonly version: string;
}

export interface OwnSparkServer extends SparkServer {
  readonly port: number;
  readonly pid: number;
  /** Where it works: spark-warehouse, artifacts, shuffle files; removed at the end. */
  readonly directory: string;
  stop(): Promise<void>;
}

export interface SparkServerOptions {
  /** Static settings beside those of the recipe. */
  readonly conf?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Cores of the local master. Default 2. */
  readonly cores?: number;
  /** For example `1g`, the default. */
  readonly memory?: string;
}

let ofThisProcess: Promise<SparkServer | undefined> | undefined;

/** What a server reaches beside this machine. */
export interface SparkStore {
  readonly server: S3Server;
  readonly buckets: readonly string[];
}

/** The server that all tests of the run share; `undefined` after skipping the test. */
export function sparkServer(context: Skipping): Promise<SparkServer | undefined>;
/** One of the test's own that reaches S3; `undefined` after skipping the test. */
export function sparkServer(
  context: Skipping,
  options: { readonly s3: SparkStore },
): Promise<(SparkServer & { readonly pid: number; stop(): Promise<void> }) | undefined>;
export async function sparkServer(
  context: Skipping,
  options?: { readonly s3: SparkStore },
): Promise<SparkServer | undefined> {
  if (options !== undefined) return await startSparkOnS3(context, options.s3);
  const { MILLRACE_TEST_SPARK: given, TEST_SPARK_SHARED: shared } = process.env;
  if (given !== undefined) return { url: given, version: await versionAt(given) };
  if (shared !== undefined) {
    const { url, version } = Object(await sharedServer(shared));
    return { url: String(url), version: String(version) };
  }
  ofThisProcess ??= startSparkServer(context);
  return await ofThisProcess;
}

async function startSparkOnS3(context: Skipping, { server, buckets }: SparkStore) {
  const home = matchedHome(context);
  if (home === undefined) return undefined;
  const { places, resolveSecret } = placesOn(server, buckets);
  try {
    const spark = await openLocalSpark({
      dist: home.directory,
      environment: process.env,
      places,
      resolveSecret,
      cores: 2,
    });
    const stop = async (): Promise<void> => {
      await spark.stop();
      home.remove();
    };
    return { url: spark.url, version: spark.version, pid: spark.pid, stop };
  } catch (error) {
    home.remove();
    throw error;
  }
}

/** The places of a lake in those buckets, as a project would have them, and what its secrets are. */
export function placesOn(server: S3Server, buckets: readonly string[]) {
  const { endpoint, region, accessKey, secretKey, caFile } = server;
  const secrets = new Map([
    ["ACCESS", accessKey],
    ["SECRET", secretKey],
  ]);
  const env = (name: string): SecretReference => ({ kind: "env", name });
  const places = buckets.map(
    (bucket): BucketPlace => ({
      kind: "s3",
      bucket,
      prefix: "",
      name: `s3://${bucket}`,
      store: {
        profile: "other",
        endpoint,
        region,
        pathStyle: true,
        ca: caFile === undefined ? undefined : { kind: "file", path: caFile },
        credentials: { kind: "keys", accessKey: env("ACCESS"), secretKey: env("SECRET"), sessionToken: undefined },
        parallel: 8,
      },
    }),
  );
  const resolveSecret = (reference: SecretReference): string =>
    reference.kind === "file" ? readFileSync(reference.path, "utf8") : (secrets.get(reference.name) ?? "");
  return { places, resolveSecret };
}

/**
 * A matched distribution, made of links to the installed Spark and to the jars of S3A, because a copy would be half a gigabyte;
 * `undefined` after skipping the test.
 */
export function matchedHome(context: Skipping): { readonly directory: string; remove(): void } | undefined {
  const spark = sparkHome(context);
  const jars = spark === undefined ? undefined : s3aJars(context);
  if (spark === undefined || jars === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), "millrace-matched-"));
  for (const name of ["bin", "sbin", "python", "licenses"]) symlinkSync(join(spark, name), join(directory, name));
  mkdirSync(join(directory, "jars"));
  for (const from of [join(spark, "jars"), jars]) {
    for (const name of readdirSync(from)) symlinkSync(join(from, name), join(directory, "jars", name));
  }
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** A server of the test's own, with what the test sets; `undefined` after skipping the test. */
export async function startSparkServer(
  context: Skipping,
  { conf = {}, environment = {}, cores = 2, memory = "1g" }: SparkServerOptions = {},
): Promise<OwnSparkServer | undefined> {
  const home = sparkHome(context);
  if (home === undefined) return undefined;
  let version = "";
  const server = await startServer((port, directory) => {
    const settings = {
      "spark.connect.grpc.binding.address": "127.0.0.1",
      "spark.connect.grpc.binding.port": String(port),
      "spark.driver.bindAddress": "127.0.0.1",
      "spark.driver.host": "127.0.0.1",
      "spark.ui.enabled": "false",
      "spark.local.dir": directory,
      "spark.sql.session.timeZone": "UTC",
      ...conf,
    };
    return {
      title: "Spark",
      program: join(home, "bin", "spark-submit"),
      args: [
        ...["--master", `local[${cores}]`, "--driver-memory", memory],
        ...Object.entries(settings).flatMap(([key, value]) => ["--conf", `${key}=${value}`]),
        ...["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--name", "millrace-test"],
        "spark-internal",
      ],
      environment: { SPARK_HOME: home, SPARK_CONF_DIR: quietLogs(directory), ...environment },
      leashed: true,
      health: async () => {
        version = (await askVersion(port, environment.SPARK_CONNECT_AUTHENTICATE_TOKEN)) ?? "";
        return version !== "";
      },
    };
  });
  return { ...server, url: `sc://127.0.0.1:${server.port}`, version };
}

/** The directory of stock Spark (`bin/`, `jars/`); `undefined` after skipping the test. */
export function sparkHome(context: Skipping): string | undefined {
  if (!hasProgram("java", ["-version"])) {
    missing(context, "java", "install Java 17");
    return undefined;
  }
  const python = pythonWith(context, "pyspark");
  if (python === undefined) return undefined;
  const [home] = globSync(join(python, "..", "..", "lib", "python3*", "site-packages", "pyspark"));
  if (home === undefined) throw new Error(`no pyspark beside ${python}`);
  return home;
}

/** Warnings and errors only: what a server says is shown when it does not start. */
function quietLogs(directory: string): string {
  const conf = join(directory, "conf");
  mkdirSync(conf);
  const lines = [
    "rootLogger.level = warn",
    "rootLogger.appenderRef.stderr.ref = stderr",
    "appender.stderr.type = Console",
    "appender.stderr.name = stderr",
    "appender.stderr.target = SYSTEM_ERR",
    "appender.stderr.layout.type = PatternLayout",
    "appender.stderr.layout.pattern = %p %c{1}: %m%n%ex{5}",
  ];
  writeFileSync(join(conf, "log4j2.properties"), `${lines.join("\n")}\n`);
  return conf;
}

async function versionAt(url: string): Promise<string> {
  const { port } = new URL(url.replace(/^sc:/, "http:"));
  const version = await askVersion(Number(port));
  if (version === undefined) throw new Error(`MILLRACE_TEST_SPARK: no Spark Connect server answers at ${url}`);
  return version;
}

/** Asks for Spark's version, which is the least that a Connect server answers; `undefined` while it does not. */
function askVersion(port: number, token?: string): Promise<string | undefined> {
  // AnalyzePlanRequest: session_id = 1, user_context = 2 { user_id = 1 }, spark_version = 10 {}.
  const field = (number: number, bytes: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
  const message = Buffer.concat([
    field(1, Buffer.from(randomUUID())),
    field(2, field(1, Buffer.from("ready"))),
    field(10, Buffer.alloc(0)),
  ]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return new Promise((resolve) => {
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    const end = (version: string | undefined): void => {
      client.destroy();
      resolve(version);
    };
    client.on("error", () => end(undefined));
    const call = client.request({
      ":method": "POST",
      ":path": "/spark.connect.SparkConnectService/AnalyzePlan",
      "content-type": "application/grpc",
      te: "trailers",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    });
    call.setTimeout(10_000, () => end(undefined));
    call.on("error", () => end(undefined));
    let answer = Buffer.alloc(0);
    call.on("data", (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
    });
    call.on("end", () => end(versionIn(answer)));
    call.end(Buffer.concat([head, message]));
  });
}

/** AnalyzePlanResponse: spark_version = 8 { version = 1 }. */
function versionIn(answer: Buffer): string | undefined {
  for (let at = answer.indexOf(0x42); at >= 0; at = answer.indexOf(0x42, at + 1)) {
    const length = answer[at + 3] ?? 0;
    if (answer[at + 1] === length + 2 && answer[at + 2] === 0x0a)
      return answer.toString("latin1", at + 4, at + 4 + length);
  }
  return undefined;
}

/** `node test/real/spark-server.ts DIRECTORY`: the server of a whole run, until the standard input ends. */
const [shared] = process.argv.slice(2);
if (import.meta.main && shared !== undefined) {
  await serveShared(shared, "the shared Spark server", startSparkServer, ({ url, version }) => ({ url, version }));
}
