/**
 * Real Hive Metastores on real PostgreSQL: exactly the release and the jars of the product's own table, each a child process on a
 * free port of the loopback. They end with the process that started them, however that ends.
 *
 *     const metastore = await metastoreServer(context);
 *     if (metastore === undefined) return;          // skipped by name
 *     … { hive: `${metastore.host}:${metastore.port}` }, in databases of the test's own
 *
 * All tests of a run share that one: the one that MILLRACE_TEST_METASTORE=host:port names if it is set, else the one that
 * scripts/test.ts starts (TEST_METASTORE_SHARED), else one a process. So nobody stops it, and whoever makes a database in it gives it
 * a name of its own. Who needs another version, buckets, or to kill it, starts one:
 *
 *     const metastore = await ownMetastore(context, { version: "3.1.3" });
 *     try { metastore.kill("SIGKILL"); await metastore.restart(); … } finally { await metastore.stop(); }
 *
 * 3.1.3 listens on all interfaces whatever it is told: start it where it is needed, and briefly.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hadoopText } from "../../src/distribution/conf.ts";
import { findJava } from "../../src/distribution/java.ts";
import { authoritiesOf, s3aSettings } from "../../src/distribution/s3a.ts";
import { makeTrustStore } from "../../src/distribution/trust-store.ts";
import { classPathOf, type MetastoreVersions, metastoreVersionsOf } from "../../src/model/metastore-versions.ts";
import { metastoreHome, s3aJars } from "./installed.ts";
import { type PostgresDatabase, type PostgresServer, postgresServer } from "./postgres-server.ts";
import { missing, type Skipping } from "./real.ts";
import type { S3Server } from "./s3-servers.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import { serveShared, sharedServer } from "./shared-server.ts";
import { placesOn } from "./spark-server.ts";

export interface MetastoreServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** `4.0.0`. */
  readonly version: string;
  /** Where tables and databases lie that name no place of their own. A directory that this process can read. */
  readonly warehouse: string;
}

export interface OwnMetastore extends MetastoreServer {
  /** Of the JVM; another one after a restart. */
  readonly pid: number;
  /** What it stores in. */
  readonly database: PostgresDatabase;
  readonly postgres: PostgresServer;
  /** What it has said since it began. */
  log(): string;
  /** Sends it a signal and waits for nothing. */
  kill(signal: NodeJS.Signals): void;
  /** Ends it if it lives, and starts it again on the same port and database. Resolves when it serves. */
  restart(): Promise<void>;
  /** Ends it and removes what it had. Repeating it does nothing. */
  stop(): Promise<void>;
}

export interface MetastoreOptions {
  /** Default 4.0.0. */
  readonly version?: "4.0.0" | "3.1.3";
  /** Buckets that it reaches. */
  readonly s3?: { readonly server: S3Server; readonly buckets: readonly string[] };
  /** Of metastore-site.xml, beside and before those of the recipe. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Of the JVM, as Java says it. Default `512m`. */
  readonly memory?: string;
  /** A database that has the schema, instead of a new one. */
  readonly database?: PostgresDatabase;
}

let ofThisProcess: Promise<OwnMetastore | undefined> | undefined;

/** The metastore that all tests of the run share; `undefined` after skipping the test. */
export function metastoreServer(context: Skipping): Promise<MetastoreServer | undefined>;
/** One of the test's own; `undefined` after skipping the test. */
export function metastoreServer(context: Skipping, options: MetastoreOptions): Promise<OwnMetastore | undefined>;
export async function metastoreServer(
  context: Skipping,
  options?: MetastoreOptions,
): Promise<MetastoreServer | undefined> {
  if (options !== undefined) return await ownMetastore(context, options);
  const { MILLRACE_TEST_METASTORE: given, TEST_METASTORE_SHARED: shared } = process.env;
  if (given !== undefined) return await givenServer(given);
  if (shared !== undefined) return told(Object(await sharedServer(shared)));
  ofThisProcess ??= ownMetastore(context);
  return await ofThisProcess;
}

/** One that the test may kill; `undefined` after skipping the test. */
export async function ownMetastore(
  context: Skipping,
  options: MetastoreOptions = {},
): Promise<OwnMetastore | undefined> {
  const { version = "4.0.0" } = options;
  const row = metastoreVersionsOf(version);
  if (row === undefined) throw new Error(`the product knows no metastore ${version}`);
  const java = await findJava({ spark: version, java: row.java }, process.env).catch((error: unknown) => {
    missing(context, "Java 17", error instanceof Error ? error.message : String(error));
    return undefined;
  });
  const home = java === undefined ? undefined : metastoreHome(context, `metastore-${version}`);
  const s3Home = home === undefined || options.s3 === undefined ? undefined : s3aJars(context);
  const postgres = home === undefined ? undefined : await postgresServer(context);
  if (java === undefined || home === undefined || postgres === undefined) return undefined;
  if (options.s3 !== undefined && s3Home === undefined) return undefined;
  const database = options.database ?? (await withSchema(postgres, home, row));
  const directory = mkdtempSync(join(tmpdir(), "millrace-metastore-"));
  const clear = (): void => rmSync(directory, { recursive: true, force: true });
  process.once("exit", clear);
  const trust = options.s3 === undefined ? undefined : await trustOf(java, options.s3, directory);
  const command = (port: number): readonly string[] => [
    ...[join(java.home, "bin", "java"), `-Xmx${options.memory ?? "512m"}`, "-XX:+UseSerialGC"],
    // It is started more often than it is busy.
    "-XX:TieredStopAtLevel=1",
    ...["net", "lang", "util"].map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`),
    ...(trust === undefined ? [] : [`-Djavax.net.ssl.trustStore=${trust}`]),
    ...["-cp", [directory, ...jarsOf(row, home, s3Home)].join(":")],
    ...["org.apache.hadoop.hive.metastore.HiveMetaStore", "-p", String(port)],
  ];
  const warehouse = join(directory, "warehouse");
  mkdirSync(warehouse);
  writeConf(directory, { ...settingsOf(database, warehouse), ...s3Settings(options.s3), ...options.settings });
  let server = await startMetastore(command);
  const { port } = server;
  let stopping: Promise<void> | undefined;
  return {
    host: "127.0.0.1",
    port,
    version,
    warehouse,
    database,
    postgres,
    get pid() {
      return server.pid;
    },
    log: () => readFileSync(join(directory, "metastore.log"), "utf8"),
    kill: (signal) => server.kill(signal),
    async restart() {
      await server.stop();
      server = await startMetastore(command, port);
    },
    stop() {
      stopping ??= (async () => {
        await server.stop();
        if (options.database === undefined) await postgres.dropDatabase(database.name);
        process.off("exit", clear);
        clear();
      })();
      return stopping;
    },
  };
}

function startMetastore(command: (port: number) => readonly string[], port?: number): Promise<ServerProcess> {
  return startServer(
    (found) => {
      const [program = "", ...args] = command(found);
      return { title: "the Hive Metastore", program, args, leashed: true, health: () => isAlive(found) };
    },
    { port },
  );
}

/** A database whose owner made the tables, of exactly that version. */
export async function withSchema(
  postgres: PostgresServer,
  home: string,
  { schema }: Pick<MetastoreVersions, "schema">,
): Promise<PostgresDatabase> {
  const database = await postgres.createDatabase();
  const file = join(home, "release/scripts/metastore/upgrade/postgres", `hive-schema-${schema}.postgres.sql`);
  await postgres.query(`set role "${database.user}"; ${readFileSync(file, "utf8")}`, database.name);
  return database;
}

function jarsOf(row: MetastoreVersions, home: string, s3Home: string | undefined): readonly string[] {
  const lib = join(home, "release", "lib");
  const s3 = s3Home === undefined ? [] : [join(s3Home, "*")];
  return [
    ...classPathOf({ directory: lib, names: readdirSync(lib) }, { directory: join(home, "lib"), jars: row.jars }),
    ...s3,
  ];
}

const settingsOf = (
  { host, port, name, user, password }: PostgresDatabase,
  warehouse: string,
): Readonly<Record<string, string>> => ({
  "javax.jdo.option.ConnectionURL": `jdbc:postgresql://${host}:${port}/${name}`,
  "javax.jdo.option.ConnectionDriverName": "org.postgresql.Driver",
  "javax.jdo.option.ConnectionUserName": user,
  "javax.jdo.option.ConnectionPassword": password,
  "metastore.thrift.bind.host": "127.0.0.1",
  "metastore.warehouse.dir": warehouse,
  "metastore.task.threads.always": "org.apache.hadoop.hive.metastore.events.EventCleanerTask",
  "metastore.expression.proxy": "org.apache.hadoop.hive.metastore.DefaultPartitionExpressionProxy",
});

function s3Settings(s3: MetastoreOptions["s3"]): Readonly<Record<string, string>> {
  if (s3 === undefined) return {};
  const { places, resolveSecret } = placesOn(s3.server, s3.buckets);
  return Object.fromEntries(s3aSettings(places, resolveSecret));
}

async function trustOf(
  java: Awaited<ReturnType<typeof findJava>>,
  { server, buckets }: NonNullable<MetastoreOptions["s3"]>,
  directory: string,
): Promise<string | undefined> {
  const { places, resolveSecret } = placesOn(server, buckets);
  const authorities = authoritiesOf(places, resolveSecret);
  return (await makeTrustStore({ java, authorities, directory, environment: process.env }))?.file;
}

/** What it says goes into a file: the pipe to this process holds only the end. */
function writeConf(directory: string, settings: Readonly<Record<string, string>>): void {
  const options = { mode: 0o600 };
  writeFileSync(join(directory, "metastore-site.xml"), hadoopText(new Map(Object.entries(settings))), options);
  const lines = [
    "rootLogger.level = info",
    "rootLogger.appenderRef.file.ref = file",
    "rootLogger.appenderRef.stderr.ref = stderr",
    "appender.stderr.type = Console",
    "appender.stderr.name = stderr",
    "appender.stderr.target = SYSTEM_ERR",
    "appender.stderr.layout.type = PatternLayout",
    "appender.stderr.layout.pattern = %p %c{1}: %m%n%ex{5}",
    "appender.stderr.filter.level.type = ThresholdFilter",
    "appender.stderr.filter.level.level = error",
    "appender.file.type = File",
    "appender.file.name = file",
    `appender.file.fileName = ${join(directory, "metastore.log")}`,
    "appender.file.layout.type = PatternLayout",
    "appender.file.layout.pattern = %d{ISO8601} %p [%t] %c{1}: %m%n",
  ];
  writeFileSync(join(directory, "log4j2.properties"), `${lines.join("\n")}\n`, options);
}

/** Asks for the status that every service of this kind has, as an unframed call of the binary protocol. */
function isAlive(port: number): Promise<boolean> {
  const name = Buffer.from("getStatus");
  const call = Buffer.concat([Buffer.from([0x80, 1, 0, 1, 0, 0, 0, name.length]), name, Buffer.from([0, 0, 0, 1, 0])]);
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(call));
    const end = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(10_000, () => end(false));
    socket.once("data", (answer: Buffer) => end(answer.readUInt16BE(0) === 0x8001 && answer[3] === 2));
    socket.once("error", () => end(false));
    socket.once("end", () => end(false));
  });
}

async function givenServer(given: string): Promise<MetastoreServer> {
  const [, host, port] = /^(127\.0\.0\.1|localhost):(\d+)$/.exec(given) ?? [];
  if (host === undefined || !(await isAlive(Number(port)))) {
    throw new Error(`MILLRACE_TEST_METASTORE: no metastore answers at ${given}`);
  }
  const warehouse = process.env.MILLRACE_TEST_METASTORE_WAREHOUSE ?? tmpdir();
  return { host: "127.0.0.1", port: Number(port), version: "4.0.0", warehouse };
}

function told({ port, version, warehouse }: Record<string, unknown>): MetastoreServer {
  return { host: "127.0.0.1", port: Number(port), version: String(version), warehouse: String(warehouse) };
}

/** `node test/real/metastore-server.ts DIRECTORY`: the metastore of a whole run, until the standard input ends. */
const [shared] = process.argv.slice(2);
if (import.meta.main && shared !== undefined) {
  await serveShared(shared, "the shared metastore", ownMetastore, ({ port, version, warehouse }) => ({
    port,
    version,
    warehouse,
  }));
}
