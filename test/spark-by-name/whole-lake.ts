/** A whole run with a metastore: its mart and its base table by name, as `millrace query` answers them. */
import assert from "node:assert/strict";
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { App } from "../../src/answers.ts";
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
    await partitionGrows(scene, `${database}.events`, join(lake.directory, "lake", "tables", "events"));
  } finally {
    await app.close();
    await askConnect(scene.connect, `DROP DATABASE IF EXISTS ${database} CASCADE`);
    lake.remove();
  }
}

/** A server that millrace starts sees the whole of a partition whose file was replaced by a longer one, without REFRESH. */
async function partitionGrows(scene: Scene, table: string, directory: string): Promise<void> {
  const [partition = ""] = readdirSync(directory).filter((name) => name.startsWith("src="));
  const file = join(directory, partition, "data.parquet");
  const larger = join(scene.emptyDirectory(), "data.parquet");
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT f.* REPLACE (CAST(i AS VARCHAR) AS id) FROM read_parquet('${file}', hive_partitioning = false) AS f, range(20000) AS r(i))
      TO '${larger}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
  );
  connection.closeSync();
  instance.closeSync();
  renameSync(larger, file);
  const counted = await askConnect(
    scene.connect,
    `SELECT count(*), count(DISTINCT id) FROM ${table} WHERE src = '${partition.slice(4)}'`,
  );
  assert.deepEqual(counted.rows, [["40000", "20000"]]);
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
