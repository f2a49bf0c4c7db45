/** A Spark with Delta Lake, started as `millrace spark serve --delta` starts it; its jars come from a repository on this machine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { ServerOptions } from "../../src/distribution/contract.ts";
import { bringDelta } from "../../src/distribution/delta.ts";
import { inspect } from "../../src/distribution/inspect.ts";
import { openLocalSpark } from "../../src/distribution/server.ts";
import type { Session } from "../../src/spark-connect/contract.ts";
import { connect } from "../../src/spark-connect/session.ts";
import { matchedHome } from "../real/spark-server.ts";
import { openJarRepository } from "./jar-repository.ts";

export interface DeltaSpark {
  readonly url: string;
  readonly session: Session;
  /** Rows of a statement as arrays, as JSON has them. */
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
}

/** Small logs need neither fifty tasks to be read nor code that is compiled for each statement. */
const small: Readonly<Record<string, string>> = {
  "spark.databricks.delta.snapshotPartitions": "1",
  "spark.sql.shuffle.partitions": "1",
  "spark.sql.codegen.wholeStage": "false",
  "spark.sql.codegen.factoryMode": "NO_CODEGEN",
};

/** Ends with the test; `undefined` after skipping it. */
export async function startDeltaSpark(
  context: TestContext,
  options: Partial<ServerOptions> = {},
): Promise<DeltaSpark | undefined> {
  const home = matchedHome(context);
  const repository = home === undefined ? undefined : await openJarRepository(context);
  if (home === undefined || repository === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), "millrace-delta-spark-"));
  context.after(() => {
    home.remove();
    rmSync(directory, { recursive: true, force: true });
  });
  const environment = { ...process.env, XDG_CACHE_HOME: directory };
  const distribution = await inspect(home.directory);
  if (distribution === undefined) throw new Error("no distribution");
  await bringDelta(distribution, { environment, mavenRepository: repository.url });
  const server = await openLocalSpark({
    dist: home.directory,
    environment,
    places: [],
    resolveSecret: () => "",
    cores: 2,
    delta: true,
    settings: small,
    ...options,
  });
  context.after(() => server.stop());
  const session = await connect(server.url);
  context.after(() => session.close());
  const rows = async (sql: string): Promise<readonly (readonly unknown[])[]> => {
    const found = await Array.fromAsync((await session.sql(sql)).rows());
    return JSON.parse(JSON.stringify(found, (_, value) => (typeof value === "bigint" ? String(value) : value)));
  };
  return { url: server.url, session, rows };
}
