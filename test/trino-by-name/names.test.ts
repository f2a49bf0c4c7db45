/** Marts by name for Trino: a real metastore, buckets over TLS, and the catalog's file of `docs/trino.md`. */
import assert from "node:assert/strict";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { fieldsBeyondHive } from "../../src/model/hive-grammar.ts";
import { trinoHome } from "../real/installed.ts";
import { startVersitygw } from "../real/s3-servers.ts";
import { type Answer, type Plain, sorted } from "../spark-by-name/answers.ts";
import { changingColumns, replaceUnder, summarySql, wholeRows, wholeSummary } from "../spark-by-name/replacements.ts";
import { typesSql } from "../spark-by-name/types.ts";
import { type LakeRun, runLake } from "./lake-run.ts";
import { openTrinoScene, type TrinoScene } from "./scene.ts";

const replacements = 12;

test("marts by name, for Trino", async (context) => {
  // Without Trino nothing of it is worth starting.
  const store = trinoHome(context) === undefined ? undefined : await startVersitygw(context, { tls: true });
  if (store === undefined) return;
  const runs: LakeRun[] = [];
  const scene = await openTrinoScene(context, store, async (lake, ground) => {
    runs.push(await runLake(lake, ground));
  }).catch(async (error: unknown) => {
    await store.stop();
    throw error;
  });
  context.after(async () => {
    await scene?.close();
    await store.stop();
  });
  const [run] = runs;
  if (scene === undefined || run === undefined) return;
  await context.test("every type of a mart, as DuckDB reads it", () => everyType(scene));
  await context.test("a whole run: its mart and its table, of which one partition grows", () => wholeRun(scene, run));
  await context.test("columns that change with their version", () => columnsChange(scene));
  await context.test(`${replacements} replacements under readers`, () => underReaders(scene));
  await context.test("1,200 columns, half of them in a struct", () => wide(scene));
  await context.test("names of fields inside structs", () => namesOfFields(scene));
  await context.test("what Trino refuses, in its own words", () => limits(scene));
});

/** As `docs/trino.md` has them. */
const trinoTypes: Answer["columns"] = [
  ["flag", "boolean"],
  ["i32", "integer"],
  ["i64", "bigint"],
  ["f32", "real"],
  ["f64", "double"],
  ["d9", "decimal(9, 2)"],
  ["d18", "decimal(18, 2)"],
  ["d38", "decimal(38, 6)"],
  ["s", "varchar"],
  ["day", "date"],
  ["at", "timestamp(6)"],
  ["bytes", "varbinary"],
  ["longs", "array(bigint)"],
  ["items", "array(row(id bigint, tags array(varchar)))"],
  ["deep", 'row(mixedcase bigint, "with space" row(instant timestamp(6), "é漢" decimal(9, 2)))'],
  ["lists", "array(array(varchar))"],
];

async function everyType(scene: TrinoScene): Promise<void> {
  const { ask, database } = scene;
  const table = `${database}.every_type`;
  const published = await scene.publish("every_type", typesSql);
  const { columns, rows } = await ask(`select * from ${table}`);
  assert.deepEqual(columns, trinoTypes);
  assert.equal(rows.length, 3);
  assert.deepEqual(sorted(rows), sorted((await scene.rowsOf("every_type", published)).map(inLowerCase)));
  // Statistics of files and pages are asked with the values of conditions: a wrong one would lose the row.
  const conditions = [
    ...["i32 = 2147483647", "i64 = 9223372036854775807", "f32 = real '1.5'", "f64 = double '0.1'", "d9 = 12.34"],
    ...["d18 < -1234567890123456", "d38 > decimal '12345678901234567890'", `s = 'täxt, "quoted"'`],
    ...["day = date '2026-03-01'", "\"at\" = timestamp '2026-03-01 15:30:00.123456'", "deep.mixedcase = 1"],
    `deep."with space".instant = timestamp '2026-03-01 15:30:00'`,
  ];
  const found = await ask(`select flag from ${table} where ${conditions.join(" and ")}`);
  assert.deepEqual(found.rows, [[true]]);
  const instant = await ask(`select cast(with_timezone("at", 'UTC') as varchar) from ${table} where flag`);
  assert.deepEqual(instant.rows, [["2026-03-01 15:30:00.123456 UTC"]]);
}

/** Trino knows the fields of a row in lower case alone. */
function inLowerCase(row: readonly Plain[]): readonly Plain[] {
  return row.map(fieldsInLowerCase);
}

function fieldsInLowerCase(value: Plain): Plain {
  if (isList(value)) return value.map(fieldsInLowerCase);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name.toLowerCase(), fieldsInLowerCase(field)]),
  );
}

const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value);

async function wholeRun({ ask, emptyDirectory }: TrinoScene, run: LakeRun): Promise<void> {
  const { database, partitions } = run;
  const tables = await ask(`show tables from ${database}`);
  assert.deepEqual(sorted(tables.rows), ['["activity"]', '["events"]']);
  for (const [name, expected] of run.tables) {
    const { columns, rows } = await ask(`select * from ${database}.${name}`);
    assert.equal(rows.length, 4, name);
    assert.deepEqual(
      columns.map(([column]) => column),
      expected.columns,
    );
    assert.deepEqual(sorted(rows), sorted(expected.rows), name);
  }
  const perPartition = `select src, count(*), count(distinct id) from ${database}.events group by 1 order by 1`;
  assert.deepEqual((await ask(perPartition)).rows, [
    ["2026-03-01-22", "2", "2"],
    ["2026-03-01-23", "2", "2"],
  ]);
  await makeLonger(join(partitions, "src=2026-03-01-22", "data.parquet"), join(emptyDirectory(), "longer.parquet"));
  assert.deepEqual((await ask(perPartition)).rows[0], ["2026-03-01-22", "40000", "20000"], "without REFRESH");
}

/** A partition's object is replaced, as when its hour is converted anew. */
async function makeLonger(file: string, larger: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT f.* REPLACE (CAST(i AS VARCHAR) AS id) FROM read_parquet('${file}', hive_partitioning = false) AS f, range(20000) AS r(i))
      TO '${larger}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
  );
  connection.closeSync();
  instance.closeSync();
  rmSync(file);
  renameSync(larger, file);
}

/** Nobody asks in the moment of the swap, and everybody right after it. */
async function columnsChange(scene: TrinoScene): Promise<void> {
  for (const { select, columns } of changingColumns) {
    const published = await scene.publish("changing", `select ${select}`);
    const answer = await scene.ask(`select * from ${scene.database}.changing`);
    assert.deepEqual(
      answer.columns.map(([name]) => name),
      columns.map(([name]) => name),
    );
    assert.deepEqual(sorted(answer.rows), sorted((await scene.rowsOf("changing", published)).map(inLowerCase)));
  }
}

async function underReaders(scene: TrinoScene): Promise<void> {
  const { ask, database } = scene;
  const table = `${database}.replaced`;
  const seen = await replaceUnder(scene, "replaced", replacements, [
    async () => wholeRows((await ask(`select * from ${table}`)).rows),
    async () => wholeSummary((await ask(summarySql(table))).rows[0]?.map(String) ?? []),
  ]);
  for (const { reads, versions } of seen) {
    assert.equal(versions.at(-1), replacements + 1, "the last version, without REFRESH");
    assert.ok(reads >= 3 && versions.length >= 2, `${reads} reads, ${versions.length} versions`);
  }
}

async function wide(scene: TrinoScene): Promise<void> {
  const { ask, database } = scene;
  const half = 600;
  const columns = Array.from({ length: half }, (_, at) => `${at}::bigint as c${at}`);
  const fields = Array.from({ length: half }, (_, at) => `'f${at}': ['${at}']`);
  await scene.publish("wide", `select ${columns.join(", ")}, {${fields.join(", ")}} as deep`);
  const { rows } = await ask(`select * from ${database}.wide`);
  const deep = Object.fromEntries(Array.from({ length: half }, (_, at) => [`f${at}`, [String(at)]]));
  assert.deepEqual(rows, [[...Array.from({ length: half }, (_, at) => String(at)), deep]]);
  const some = await ask(`select c599, deep.f599[1] from ${database}.wide`);
  assert.deepEqual(some.rows, [["599", "599"]]);
}

/** What `doctor` says of names is what Trino does with them. */
async function namesOfFields(scene: TrinoScene): Promise<void> {
  const { ask, database } = scene;
  const names = ["with space", " lead", "dot.ted", "123", "select", "äö漢", "$", "_links", "+1", "created-at", "😀"];
  const columnOf = (each: readonly string[]) => ({
    name: "deep",
    type: { kind: "struct" as const, fields: each.map((name) => ({ name, type: { kind: "int64" as const } })) },
  });
  const isBeyond = (name: string): boolean => fieldsBeyondHive([columnOf([name])]).length > 0;
  const sqlOf = (each: readonly string[]): string =>
    `select {${each.map((name) => `'${name}': 7::bigint`).join(", ")}} as deep`;
  const readable = names.filter((name) => !isBeyond(name));
  await scene.publish("fields", sqlOf(readable));
  const { rows } = await ask(`select * from ${database}.fields`);
  assert.deepEqual(rows, [[Object.fromEntries(readable.map((name) => [name, "7"]))]]);
  const listings = ["", ` where table_schema = '${database}'`].map(
    (condition) => `select count(*) from information_schema.columns${condition}`,
  );
  for (const listing of listings) await assert.doesNotReject(ask(listing));
  for (const name of names.filter(isBeyond)) {
    await scene.publish("beyond", sqlOf(["fine", name]));
    await assert.rejects(
      ask(`select * from ${database}.beyond`),
      /expected at the position \d+ of 'struct<fine:/,
      name,
    );
  }
  for (const listing of listings) await assert.rejects(ask(listing), /Failed to construct table metadata/);
  await scene.catalog.unregister("beyond");
  for (const listing of listings) await assert.doesNotReject(ask(listing));
}

async function limits({ ask, database, publish }: TrinoScene): Promise<void> {
  await publish("in_delta", "select 1::bigint as n", "delta");
  await assert.rejects(ask(`select * from ${database}.in_delta`), /UNSUPPORTED_TABLE_TYPE: .*Delta Lake/);
  for (const [statement, answer] of [
    [`insert into ${database}.wide (c1) values (1)`, /Cannot write to non-managed Hive table/],
    [`delete from ${database}.wide where c1 = 1`, /only supported for transactional tables/],
    [`drop table ${database}.wide`, /Cannot drop table/],
  ] as const) {
    await assert.rejects(ask(statement), answer);
  }
}
