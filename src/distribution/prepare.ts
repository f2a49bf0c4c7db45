/** The private directory in which a program of the distribution runs: its settings, its keys, its temporary files. */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sparkSettings, writeConf } from "./conf.ts";
import type { Distribution, DistributionOptions, Environment, ServerOptions } from "./contract.ts";
import { bringDelta } from "./delta.ts";
import { demandS3 } from "./inspect.ts";
import type { Java } from "./java.ts";
import { authoritiesOf, hasBuckets, s3aSettings } from "./s3a.ts";
import { makeTrustStore } from "./trust-store.ts";

export interface Prepared {
  /** Nobody else can look into it. Whoever starts the program removes it at the end. */
  readonly directory: string;
  readonly environment: Environment;
  readonly appName: string;
}

export interface PrepareOptions extends Omit<ServerOptions, "port" | "onOutput"> {
  readonly distribution: Distribution;
  readonly java: Java;
  readonly port: number;
  readonly environment: Environment;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: DistributionOptions["onProgress"];
}

export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { distribution, java, places, resolveSecret, environment, signal, token, eventLog } = options;
  const s3 = hasBuckets(places);
  if (s3) demandS3(distribution);
  const delta = options.delta === true ? await bringDelta(distribution, options) : undefined;
  const hadoop = s3aSettings(places, resolveSecret);
  const authorities = authoritiesOf(places, resolveSecret);
  // `mkdtemp` makes it so that only its user can enter it.
  const directory = await mkdtemp(join(tmpdir(), "millrace-spark-"));
  try {
    const trustStore = await makeTrustStore({ java, authorities, directory, environment, signal });
    if (eventLog !== undefined) await mkdir(eventLog, { recursive: true });
    const appName = `millrace-${randomBytes(6).toString("hex")}`;
    const spark = sparkSettings({
      appName,
      port: options.port,
      memory: options.memory ?? "1g",
      cores: options.cores ?? 0,
      scratch: directory,
      trustStore,
      eventLog,
      s3,
      metastore: options.metastore,
      delta,
      extra: options.settings ?? {},
    });
    await writeConf(join(directory, "conf"), { spark, hadoop, logLevel: options.logLevel ?? "warn" });
    await mkdir(join(directory, "work"));
    const own = {
      JAVA_HOME: java.home,
      SPARK_HOME: distribution.home,
      SPARK_CONF_DIR: join(directory, "conf"),
      SPARK_LOCAL_DIRS: join(directory, "local"),
      SPARK_LOCAL_IP: "127.0.0.1",
    };
    const secrets = token === undefined ? {} : { SPARK_CONNECT_AUTHENTICATE_TOKEN: token };
    return {
      directory,
      environment: { ...withoutSpark(environment), ...own, ...secrets },
      appName,
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** What was set for another Spark or Hadoop of this machine would lead this one elsewhere. */
function withoutSpark(environment: Environment): Environment {
  const foreign =
    /^(?:SPARK_|HADOOP_|YARN_CONF_DIR$|HIVE_CONF_DIR$|PYSPARK_SUBMIT_ARGS$|JAVA_TOOL_OPTIONS$|JDK_JAVA_OPTIONS$)/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !foreign.test(name)));
}
