/** A whole run with a metastore: its mart and its base table by name, as `millrace query` answers them. */
import assert from "node:assert/strict";
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { App } from "../../src/answers.ts";
import { openCatalog } from "../../src/catalog/open.ts";
import { localStorage } from "../../src/storage/local.ts";
import { makeSmallLake } from "../faults/small-lake.ts";
import { type Answer, askConnect, plainValue, sorted } from "./answers.ts";
import type { Scene } from "./scene.ts";

export async function wholeLake(scene: Scene): Promise<void> {
  const [host] = scene.metastore.hosts;
  const database = `${scene.database}_run`;
  const lake = makeSmallLake(`catalog: { hive: "${host?.host}:${host?.port}", database: ${database}, tables: true }\n`);
  const app = await lake.open(0);
  try {
    const first = await app.run();
    assert.deepEqual([first.exitCode, first.failures], [0, []]);
    for (const name of ["activity", "events"]) {
      const expected = sorted(await rowsOf(app, `select * from ${name}`));
      assert.equal(expected.length, 4, name);
      const columns = await columnsOf(app, name);
      for (const answer of [
        await askConnect(scene.connect, `SELECT * FROM ${database}.${name}`),
        await scene.notebook.ask({ table: `${database}.${name}` }),
      ]) {
        assert.deepEqual(
          answer.columns.map(([column]) => column),
          columns,
        );
        assert.deepEqual(sorted(answer.rows), expected, name);
      }
    }
    const pruned = `SELECT count(*) FROM ${database}.events WHERE src = '2026-03-01-22'`;
    assert.deepEqual((await askConnect(scene.connect, pruned)).rows, [["2"]]);
    await partitionGrows(scene, { lake: join(lake.directory, "lake"), database, table: "events" });
  } finally {
    await app.close();
    await askConnect(scene.connect, `DROP DATABASE IF EXISTS ${database} CASCADE`);
    lake.remove();
  }
}

/**
 * A partition's file is replaced by a longer one. A server that millrace starts sees all of it, without REFRESH; a session with Spark's own
 * settings, which had listed the partition, does when it is noted that files are others.
 */
async function partitionGrows(
  { connect, notebook, metastore, emptyDirectory }: Scene,
  { lake, database, table }: { readonly lake: string; readonly database: string; readonly table: string },
): Promise<void> {
  const directory = join(lake, "tables", table);
  const [partition = ""] = readdirSync(directory).filter((name) => name.startsWith("src="));
  const count = `SELECT count(*), count(DISTINCT id) FROM ${database}.${table} WHERE src = '${partition.slice(4)}'`;
  assert.deepEqual((await notebook.ask({ sql: count })).rows, [["2", "2"]]);
  await makeLonger(join(directory, partition, "data.parquet"), join(emptyDirectory(), "data.parquet"));
  const longer = [["40000", "20000"]];
  assert.deepEqual((await askConnect(connect, count)).rows, longer);
  const place = (name: string) => localStorage({ path: join(lake, name), name });
  const settings = { ...metastore, database, tables: true };
  const catalog = openCatalog(place("marts"), settings, { tables: place("tables"), databaseOf: () => undefined });
  try {
    await catalog.tables?.touch(table, "longer");
  } finally {
    await catalog.close();
  }
  assert.deepEqual((await notebook.ask({ sql: count })).rows, longer);
}

async function makeLonger(file: string, larger: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT f.* REPLACE (CAST(i AS VARCHAR) AS id) FROM read_parquet('${file}', hive_partitioning = false) AS f, range(20000) AS r(i))
      TO '${larger}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
  );
  connection.closeSync();
  instance.closeSync();
  renameSync(larger, file);
}

async function rowsOf(app: App, sql: string): Promise<Answer["rows"]> {
  const answer = await app.query(sql);
  const rows = (await Array.fromAsync(answer.rows())).flat();
  await answer.close();
  return rows.map((row) => row.map(plainValue));
}

async function columnsOf(app: App, name: string): Promise<readonly string[]> {
  const answer = await app.query(`select * from ${name}`);
  await answer.close();
  return answer.columns.map((column) => column.name);
}
