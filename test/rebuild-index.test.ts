/** Everything that is derived from the lake can be deleted, and `rebuild-index` makes it again: the same `status`, byte for byte. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import test from "node:test";
import type { App, RebuildReport } from "../src/answers.ts";
import { Failure } from "../src/errors.ts";
import { makeSmallLake, type SmallLake } from "./faults/small-lake.ts";

async function ask<T>(lake: SmallLake, days: number, question: (app: App) => Promise<T>): Promise<T> {
  const app = await lake.open(days);
  try {
    return await question(app);
  } finally {
    await app.close();
  }
}

/** A lake after a run, with what it answers. */
async function withLake(work: (lake: SmallLake, status: string) => Promise<void>, project = (text: string) => text) {
  const lake = makeSmallLake();
  try {
    const file = join(lake.directory, "millrace.yaml");
    writeFileSync(file, project(readFileSync(file, "utf8")));
    await ask(lake, 0, (app) => app.run());
    await work(lake, await statusOf(lake, 1));
  } finally {
    lake.remove();
  }
}

const statusOf = async (lake: SmallLake, days: number): Promise<string> =>
  JSON.stringify(await ask(lake, days, (app) => app.status()));
const rebuild = (lake: SmallLake): Promise<RebuildReport> => ask(lake, 1, (app) => app.rebuildIndex());
const schemas = (lake: SmallLake): string => join(lake.directory, "lake/tables/events/_schema");
const index = (lake: SmallLake): string => join(lake.directory, ".millrace");

/** Size, inode and time of every file of the lake that is no schema and no scratch space. */
function dataOf(lake: SmallLake): Record<string, string> {
  const root = join(lake.directory, "lake");
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const found: Record<string, string> = {};
  for (const entry of files) {
    const path = join(entry.parentPath, entry.name);
    const { size, ino, mtimeMs } = statSync(path);
    const name = relative(root, path);
    if (!name.includes("/_schema/") && !name.includes("_staging/")) found[name] = `${size} ${ino} ${mtimeMs}`;
  }
  return found;
}

test("deleted altogether, index and schemas come back: the same status to the byte, the same columns", () =>
  withLake(async (lake, status) => {
    const schema = await ask(lake, 1, (app) => app.schema("events"));
    const data = dataOf(lake);
    for (const path of [index(lake), schemas(lake)]) rmSync(path, { recursive: true });
    const report = await rebuild(lake);
    assert.deepEqual([report.raw, report.partitions], [2, 2]);
    assert.deepEqual(report.schemas, [{ table: "events", version: schema.version, state: "rebuilt" }]);
    assert.equal(await statusOf(lake, 1), status);
    assert.deepEqual(dataOf(lake), data, "something else was touched");

    const rebuilt = await ask(lake, 1, (app) => app.schema("events"));
    const columns = (answer: typeof schema) => answer.columns.map(({ path, typeText }) => `${path} ${typeText}`);
    assert.deepEqual(columns(rebuilt), columns(schema));
    assert.deepEqual(rebuilt.ddl, schema.ddl);
    // Since when a column is there is written in the footers; which line widened it is not.
    const first = Object.fromEntries(rebuilt.columns.map((column) => [column.path, column.first]));
    assert.deepEqual(first, {
      "actor.login": "2026-03-01-22",
      id: "2026-03-01-22",
      "labels.[].name": "2026-03-01-22",
      size: "2026-03-01-22",
      type: "2026-03-01-22",
    });
    assert.deepEqual([schema.widenings.length, rebuilt.widenings.length], [1, 0]);

    const again = await rebuild(lake);
    assert.deepEqual(again.schemas, [{ table: "events", version: schema.version, state: "kept" }]);
    assert.deepEqual(again.removed, ["documents.index", "raw-hours.index", "table-events.index"]);
    assert.equal(await statusOf(lake, 1), status);
    const { exitCode, stages } = await ask(lake, 1, (app) => app.run());
    assert.deepEqual([exitCode, stages.convert.done, stages.marts.done], [0, 0, 0]);
  }));

test("the newest document lost or damaged: it is made again on top of the one before, under its own number", () =>
  withLake(async (lake, status) => {
    const newest =
      readdirSync(schemas(lake))
        .filter((name) => name.endsWith(".json"))
        .at(-1) ?? "";
    const path = join(schemas(lake), newest);
    const text = readFileSync(path, "utf8");
    const statements = readdirSync(schemas(lake)).filter((name) => !name.endsWith(".json"));
    const wanted = Object.fromEntries(
      statements.map((name) => [name, readFileSync(join(schemas(lake), name), "utf8")]),
    );
    for (const damage of [
      () => rmSync(path),
      () => writeFileSync(path, ""),
      () => writeFileSync(path, text.slice(0, text.length >> 1)),
      () => writeFileSync(path, text.replace('"type":"double"', '"type":"int64"')),
      () => writeFileSync(path, text.replace("2026-03-01-22", "2026-03-01-21")),
      () => {
        for (const name of statements) rmSync(join(schemas(lake), name));
        rmSync(path);
      },
    ]) {
      damage();
      const report = await rebuild(lake);
      assert.deepEqual(
        report.schemas.map(({ state, version }) => [state, version]),
        [["rebuilt", 2]],
        damage.toString(),
      );
      assert.equal(await statusOf(lake, 1), status, damage.toString());
      const { widenings, columns } = await ask(lake, 1, (app) => app.schema("events"));
      // That the column was widened is still told, by which line no more.
      assert.deepEqual(
        widenings.map(({ path: column, from, to, line }) => [column, from, to, line]),
        [["size", "int64", "double", 0]],
      );
      assert.equal(columns.find((column) => column.path === "size")?.conflict, "widened");
      for (const name of statements.filter((each) => each.startsWith(newest.slice(0, 20))))
        assert.equal(readFileSync(join(schemas(lake), name), "utf8"), wanted[name], name);
    }
  }));

test("statements alone are written again, the document stays", () =>
  withLake(async (lake) => {
    const before = Object.fromEntries(
      readdirSync(schemas(lake)).map((name) => [name, readFileSync(join(schemas(lake), name), "utf8")]),
    );
    rmSync(join(schemas(lake), "00000000000000000002.duckdb.sql"));
    writeFileSync(join(schemas(lake), "00000000000000000002.spark.ddl"), "other");
    assert.equal((await rebuild(lake)).schemas[0]?.state, "completed");
    for (const [name, text] of Object.entries(before))
      assert.equal(readFileSync(join(schemas(lake), name), "utf8"), text, name);
  }));

test("without a mart nothing remembers the number of a schema whose documents are all lost: counting begins anew", () =>
  withLake(
    async (lake, status) => {
      rmSync(schemas(lake), { recursive: true });
      assert.equal((await rebuild(lake)).schemas[0]?.version, 1);
      assert.equal(await statusOf(lake, 1), status.replace('"schemaVersion":2', '"schemaVersion":1'));
    },
    (text) => text.replace(/marts:\n.*\n$/, ""),
  ));

test("what was tried and when to try again stays, and so do accepted gaps; deleted by hand, it is tried again", () =>
  withLake(async (lake) => {
    writeFileSync(join(lake.directory, "archive/2026-03-02-0.json.gz"), "no gzip");
    const file = join(lake.directory, "millrace.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("until: 2026-03-02T00", "until: 2026-03-02T02"));
    await ask(lake, 1, (app) => app.run());
    await ask(lake, 1, (app) => app.acknowledge("hours", ["2026-03-02-01"]));
    const status = await statusOf(lake, 1);
    assert.match(status, /"kind":"failed"/);
    const { removed } = await rebuild(lake);
    assert.ok(!removed.includes("attempts.index"));
    assert.equal(await statusOf(lake, 1), status);
    rmSync(index(lake), { recursive: true });
    await rebuild(lake);
    const after = await statusOf(lake, 1);
    assert.doesNotMatch(after, /"kind":"failed"/);
    assert.match(after, /"known"/);
    await ask(lake, 1, (app) => app.run());
    assert.equal((await statusOf(lake, 1)).replace(/"tries":\d+/, ""), status.replace(/"tries":\d+/, ""));
  }));

test("of partitions that cannot be read no schema is derived: the repair comes first", () =>
  withLake(async (lake, status) => {
    rmSync(schemas(lake), { recursive: true });
    const partition = join(lake.directory, "lake/tables/events/src=2026-03-01-23/data.parquet");
    writeFileSync(partition, readFileSync(partition).subarray(0, -40));
    await assert.rejects(
      rebuild(lake),
      (error) =>
        error instanceof Failure && error.kind === "corrupt" && /verify --repair/.test(error.detail.remedy ?? ""),
    );
    assert.deepEqual(
      (await ask(lake, 1, (app) => app.verify({ repair: true }))).damaged.map(({ repair }) => repair?.state),
      ["repaired", "repaired"],
    );
    await rebuild(lake);
    assert.equal(await statusOf(lake, 1), status);
  }));
