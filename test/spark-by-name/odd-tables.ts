/** No table is registered unless Spark reads a row of it: whatever names and types its columns have. */
import assert from "node:assert/strict";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { Failure } from "../../src/errors.ts";
import { versionName } from "../../src/model/layout.ts";
import { askConnect, sorted } from "./answers.ts";
import { readParts } from "./named-lake.ts";
import type { Scene } from "./scene.ts";
import { type OddColumn, oddColumns, selectOf } from "./shapes.ts";

interface Figures {
  readonly read: number;
  readonly refused: number;
}

export async function oddTables(
  scene: Scene,
  options: { readonly seed: number; readonly runs: number },
): Promise<Figures> {
  let [made, read, refused] = [0, 0, 0];
  const property = fc.asyncProperty(oddColumns, async (columns) => {
    made += 1;
    if (await isReadAsRegistered(scene, `odd_${made}`, columns)) read += 1;
    else refused += 1;
  });
  await fc.assert(property, { seed: options.seed, numRuns: options.runs, endOnFailure: true });
  return { read, refused };
}

/** Whether it was registered, and then every reader's row is that of DuckDB. */
async function isReadAsRegistered(scene: Scene, mart: string, columns: readonly OddColumn[]): Promise<boolean> {
  const publishId = mart
    .padEnd(32, "0")
    .replace("_", "0")
    .replaceAll(/[^0-9a-f]/g, "a");
  const version = versionName(1, publishId);
  const sql = selectOf(columns);
  const { result } = await scene.engine.describe(sql, new Map());
  const file = await writeFile(scene, join(mart, version), sql);
  const registration = {
    ...{ number: 1, version, publishId, at: "2026-03-01T00:00:00.000Z", manifestSha256: "0".repeat(64) },
    ...{ columns: result, description: "odd; names\nand 'types'", rows: 1, bytes: file.size },
  };
  const isReadable = columns.every((column) => column.isReadable);
  const name = `${scene.database}.${mart}`;
  try {
    await scene.catalog.register(mart, registration);
  } catch (error) {
    assert.ok(error instanceof Failure && error.kind === "refused" && !isReadable, `${sql}\n${String(error)}`);
    assert.equal((await scene.catalog.registered([mart])).size, 0, "nothing stands there");
    return false;
  }
  assert.ok(isReadable, `registered: ${sql}`);
  const expected = await readParts(scene, result, [file]);
  const found = await askConnect(scene.connect, `SELECT * FROM ${name}`);
  assert.deepEqual(
    found.columns.map(([column]) => column),
    columns.map((column) => column.name),
  );
  assert.deepEqual(sorted(found.rows), sorted(expected), sql);
  // Each by its own name, as one writes it in a statement.
  const named = columns.map((column) => `\`${column.name.replaceAll("`", "``")}\``).join(", ");
  assert.deepEqual(sorted((await askConnect(scene.connect, `SELECT ${named} FROM ${name}`)).rows), sorted(expected));
  await scene.catalog.unregister(mart);
  return true;
}

/** The engine takes but plain names for a mart's columns; tables may have any. */
async function writeFile({ martsDirectory }: Scene, directory: string, sql: string) {
  const path = join(martsDirectory, directory, "part-00000.parquet");
  mkdirSync(join(martsDirectory, directory), { recursive: true });
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    await connection.run(`SET TimeZone = 'UTC'; COPY (${sql}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return { path, size: statSync(path).size, sha256: "" };
}
