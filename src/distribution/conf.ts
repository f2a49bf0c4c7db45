/** The settings of a local Spark, and the three files that carry them. Pure but for `writeConf`. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deltaSettings } from "../model/delta-versions.ts";
import { metastoreUris } from "../model/metastore-uris.ts";
import type { LogLevel, MetastoreAddress } from "./contract.ts";
import type { DeltaJars } from "./delta.ts";

export interface SparkSettings {
  /** By which the server that answers is known to be this one. */
  readonly appName: string;
  readonly port: number;
  readonly memory: string;
  /** 0 is all. */
  readonly cores: number;
  /** A private directory for everything that Spark writes beside its results. */
  readonly scratch: string;
  readonly trustStore: TrustStore | undefined;
  readonly eventLog: string | undefined;
  /** Whether the committers of `spark-hadoop-cloud` are there. */
  readonly s3: boolean;
  /** Whose names statements find. */
  readonly metastore: MetastoreAddress | undefined;
  /** Where the jars of Delta Lake are, if it is asked for. */
  readonly delta: Pick<DeltaJars, "directory"> | undefined;
  readonly extra: Readonly<Record<string, string>>;
}

export interface TrustStore {
  readonly file: string;
  readonly password: string;
}

/**
 * Spark's own settings: none of them is a secret. Everything listens on the loopback; times are UTC; a sum that overflows is an
 * error; a write to S3 becomes visible whole.
 */
export function sparkSettings(wish: SparkSettings): ReadonlyMap<string, string> {
  const { trustStore, eventLog, cores } = wish;
  const javaOptions = [
    "-Duser.timezone=UTC",
    // Where the embedded database of Hive writes its log, whoever wakes it.
    `-Dderby.system.home=${wish.scratch}`,
    ...(trustStore === undefined
      ? []
      : [`-Djavax.net.ssl.trustStore=${trustStore.file}`, `-Djavax.net.ssl.trustStorePassword=${trustStore.password}`]),
  ];
  return new Map([
    ["spark.app.name", wish.appName],
    ["spark.master", cores === 0 ? "local[*]" : `local[${cores}]`],
    ["spark.driver.memory", wish.memory],
    ["spark.driver.extraJavaOptions", javaOptions.join(" ")],
    ["spark.driver.bindAddress", "127.0.0.1"],
    ["spark.driver.host", "127.0.0.1"],
    ["spark.connect.grpc.binding.address", "127.0.0.1"],
    ["spark.connect.grpc.binding.port", String(wish.port)],
    ["spark.ui.enabled", "false"],
    // Of the Thrift Server, should somebody submit it.
    ["spark.hadoop.hive.server2.thrift.bind.host", "127.0.0.1"],
    ...catalogSettings(wish.metastore),
    ["spark.sql.warehouse.dir", join(wish.scratch, "warehouse")],
    ["spark.sql.session.timeZone", "UTC"],
    ["spark.sql.ansi.enabled", "true"],
    ["spark.sql.parquet.mergeSchema", "false"],
    ["spark.hadoop.parquet.enable.summary-metadata", "false"],
    ...(wish.s3 ? magicCommitter : []),
    ...(wish.delta === undefined ? [] : withDelta(wish.delta)),
    ...(eventLog === undefined
      ? []
      : ([
          ["spark.eventLog.enabled", "true"],
          ["spark.eventLog.dir", eventLog],
        ] as const)),
    ...Object.entries(wish.extra),
  ]);
}

function withDelta({ directory }: Pick<DeltaJars, "directory">): readonly (readonly [string, string])[] {
  // The executors of a local master are the driver.
  return [
    ...deltaSettings,
    ...(directory === undefined ? [] : ([["spark.driver.extraClassPath", join(directory, "*")]] as const)),
  ];
}

function catalogSettings(metastore: MetastoreAddress | undefined): readonly (readonly [string, string])[] {
  // Spark's shells would make a database in the working directory.
  if (metastore === undefined) return [["spark.sql.catalogImplementation", "in-memory"]];
  return [
    ["spark.sql.catalogImplementation", "hive"],
    ["spark.hadoop.hive.metastore.uris", metastoreUris(metastore.hosts)],
    ...(metastore.transport === "framed"
      ? ([["spark.hadoop.hive.metastore.thrift.framed.transport.enabled", "true"]] as const)
      : []),
    // Spark would remember how long a partition's file was and, after a longer one took its place, read that much of it.
    ["spark.sql.hive.filesourcePartitionFileCacheSize", "0"],
  ];
}

/** Spark 4.1 and later sets these by itself; said here they do not depend on that. */
const magicCommitter: readonly (readonly [string, string])[] = [
  ["spark.hadoop.fs.s3a.committer.name", "magic"],
  ["spark.hadoop.fs.s3a.committer.magic.enabled", "true"],
  ["spark.hadoop.mapreduce.outputcommitter.factory.scheme.s3a", "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory"],
  ["spark.sql.sources.commitProtocolClass", "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol"],
  ["spark.sql.parquet.output.committer.class", "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter"],
];

/** The form of `java.util.Properties`, which Spark reads as UTF-8. */
export function propertiesText(settings: ReadonlyMap<string, string>): string {
  const escaped = (text: string): string =>
    text
      .replace(/[\\=:#!]/g, "\\$&")
      .replaceAll("\n", "\\n")
      .replaceAll("\r", "\\r")
      .replaceAll("\t", "\\t");
  const lines = [...settings].map(
    ([key, value]) => `${escaped(key).replaceAll(" ", "\\ ")}=${escaped(value).replace(/^ /, "\\ ")}`,
  );
  return `${lines.join("\n")}\n`;
}

/** The form of Hadoop's own files. */
export function hadoopText(settings: ReadonlyMap<string, string>): string {
  const escaped = (text: string): string =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\r", "&#13;");
  const properties = [...settings].map(
    ([name, value]) => `  <property><name>${escaped(name)}</name><value>${escaped(value)}</value></property>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<configuration>\n${properties.join("\n")}\n</configuration>\n`;
}

/** What Spark says goes to the standard error, a line each; the start's usual warnings are left out. */
export function logText(level: LogLevel): string {
  const quiet = [
    "org.apache.hadoop.util.NativeCodeLoader",
    "org.apache.hadoop.metrics2",
    "org.apache.spark.util.Utils",
    "org.apache.hadoop.fs.s3a.SDKV2Upgrade",
  ];
  const lines = [
    `rootLogger.level = ${level}`,
    "rootLogger.appenderRef.stderr.ref = stderr",
    "appender.stderr.type = Console",
    "appender.stderr.name = stderr",
    "appender.stderr.target = SYSTEM_ERR",
    "appender.stderr.layout.type = PatternLayout",
    "appender.stderr.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss'Z'}{UTC} %p %c{1}: %m%n%ex",
    ...(level === "warn" ? quiet : []).flatMap((name, at) => [
      `logger.quiet${at}.name = ${name}`,
      `logger.quiet${at}.level = error`,
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

export interface ConfFiles {
  readonly spark: ReadonlyMap<string, string>;
  readonly hadoop: ReadonlyMap<string, string>;
  readonly logLevel: LogLevel;
}

/** Writes the directory that SPARK_CONF_DIR names. Only its user can enter it. */
export async function writeConf(directory: string, { spark, hadoop, logLevel }: ConfFiles): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const files: readonly (readonly [string, string])[] = [
    ["spark-defaults.conf", propertiesText(spark)],
    ["core-site.xml", hadoopText(hadoop)],
    ["log4j2.properties", logText(logLevel)],
  ];
  for (const [name, text] of files) await writeFile(join(directory, name), text, { mode: 0o600, flag: "wx" });
}
