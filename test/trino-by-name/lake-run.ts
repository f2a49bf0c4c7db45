/** A run of a small project whose tables and marts lie in buckets and are registered: what it made, as `millrace query` answers it. */
import { join } from "node:path";
import type { App } from "../../src/answers.ts";
import { makeSmallLake } from "../faults/small-lake.ts";
import { type Answer, plainValue } from "../spark-by-name/answers.ts";
import type { LakeGround } from "../spark-by-name/ground.ts";
import type { NamedLake } from "../spark-by-name/named-lake.ts";

export interface LakeRun {
  readonly database: string;
  readonly tables: ReadonlyMap<string, { readonly columns: readonly string[]; readonly rows: Answer["rows"] }>;
  /** Where this process finds the partitions of the table `events` as files. */
  readonly partitions: string;
}

export async function runLake(lake: NamedLake, { places, martsDirectory }: LakeGround): Promise<LakeRun> {
  const database = `${lake.database}_run`;
  const [host] = lake.metastore.hosts;
  const catalog = { hive: `${host?.host}:${host?.port}`, database, tables: true };
  // JSON is YAML.
  const more = Object.entries({ ...places, catalog }).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  const small = makeSmallLake(more.join(""));
  const app = await small.open(0);
  try {
    const { exitCode, failures } = await app.run();
    if (exitCode !== 0) throw new Error(`the run ended with ${exitCode}: ${JSON.stringify(failures)}`);
    const tables = new Map<string, Awaited<ReturnType<typeof contentOf>>>();
    for (const name of ["activity", "events"]) tables.set(name, await contentOf(app, name));
    return { database, tables, partitions: join(martsDirectory, "..", "tables", "events") };
  } finally {
    await app.close();
    small.remove();
  }
}

async function contentOf(app: App, name: string) {
  const answer = await app.query(`select * from ${name}`);
  const rows = (await Array.fromAsync(answer.rows())).flat();
  await answer.close();
  return { columns: answer.columns.map((column) => column.name), rows: rows.map((row) => row.map(plainValue)) };
}
