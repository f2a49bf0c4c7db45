/**
 * Marts by name, for everybody who has Spark: a real metastore, a Spark that millrace starts with the project's settings, which
 * serves Connect and JDBC, and PySpark with a session of its own.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { metastoreServer } from "../real/metastore-server.ts";
import { sorted } from "./answers.ts";
import { diskGround } from "./ground.ts";
import { oddTables } from "./odd-tables.ts";
import { changingColumns, replaceUnderReaders } from "./replacements.ts";
import { openScene, readByName, type Scene } from "./scene.ts";
import { serverFindings } from "./server-findings.ts";
import { whatSessionsSee } from "./sessions.ts";
import { typesColumns, typesFirstLine, typesSql } from "./types.ts";
import { wholeLake } from "./whole-lake.ts";

/** The deep test makes 200. */
const replacements = 20;

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);

test("marts by name", async (context) => {
  const metastore = await metastoreServer(context);
  if (metastore === undefined) return;
  const scene = await openScene(context, () => diskGround(context, metastore));
  if (scene === undefined) return;
  context.after(scene.close);
  await context.test("every type of a mart, for Connect, PySpark and beeline, as DuckDB reads it", () =>
    everyType(scene),
  );
  await context.test("what sessions see that looked before", () => whatSessionsSee(scene));
  await context.test("columns that change with their version", () => columnsChange(scene));
  await context.test("doctor on a server that knows the metastore", () => serverFindings(scene));
  await context.test("a whole run: its mart and its table, with a partition that grows", () => wholeLake(scene));
  await context.test(`no table is registered unless Spark reads a row of it (seed ${seed})`, () => oddNames(scene));
  await context.test(`${replacements} replacements under readers`, () => underReaders(scene));
});

async function everyType(scene: Scene): Promise<void> {
  const published = await scene.publish("every_type", typesSql);
  const expected = sorted(await scene.rowsOf("every_type", published));
  assert.equal(expected.length, 3);
  const { connect, notebook } = await readByName(scene, "every_type");
  assert.deepEqual(connect.columns, typesColumns);
  assert.deepEqual(notebook.columns, typesColumns);
  assert.deepEqual(sorted(connect.rows), expected);
  assert.deepEqual(sorted(notebook.rows), expected);
  const table = `${scene.database}.every_type`;
  const [names, row] = await scene.beeline.ask(`select * except (bytes), hex(bytes) as bytes from ${table} where flag`);
  const line = typesFirstLine.split("\t");
  const order = [...typesColumns.map(([name]) => name).filter((name) => name !== "bytes"), "bytes"];
  assert.deepEqual(names, order);
  assert.deepEqual(
    row,
    order.map((name) => line[typesColumns.findIndex(([each]) => each === name)]),
  );
}

async function underReaders(scene: Scene): Promise<void> {
  const seen = await replaceUnderReaders(scene, "replaced", replacements);
  for (const [reader, { reads, versions }] of Object.entries(seen)) {
    assert.equal(versions.at(-1), replacements + 1, `${reader}: the last version, without REFRESH`);
    assert.ok(reads >= 3 && versions.length >= 2, `${reader}: ${reads} reads, ${versions.length} versions`);
  }
}

/** Nobody asks in the moment of the swap, and everybody right after it. */
async function columnsChange(scene: Scene): Promise<void> {
  for (const { select, columns } of changingColumns) {
    const published = await scene.publish("changing", `select ${select}`);
    const expected = sorted(await scene.rowsOf("changing", published));
    const answers = await readByName(scene, "changing");
    for (const answer of Object.values(answers)) {
      assert.deepEqual(answer.columns, columns);
      assert.deepEqual(sorted(answer.rows), expected);
    }
    const [names] = await scene.beeline.ask(`select * from ${scene.database}.changing`);
    assert.deepEqual(
      names,
      columns.map(([name]) => name),
    );
  }
}

async function oddNames(scene: Scene): Promise<void> {
  const runs = Number(process.env.FC_RUNS ?? 24);
  const { read, refused } = await oddTables(scene, { seed, runs });
  assert.equal(read + refused, runs);
  assert.ok(read >= runs / 4, `${read} of ${runs} were read`);
}
