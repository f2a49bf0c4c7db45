/** `millrace schema` over a table and over files, as a user sees it. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { SchemaColumn, TableSchemaAnswer } from "../../src/answers.ts";
import { noPaint } from "../../src/cli/terminal/paint.ts";
import { renderTableSchema } from "../../src/cli/terminal/schema-report.ts";
import { displayWidth } from "../../src/cli/terminal/text.ts";
import { realHours } from "../real/real.ts";
import { millrace, type Outcome } from "./console.ts";
import { hostile } from "./fixtures.ts";
import { assertGolden } from "./golden.ts";

let cwd: string;

/** Three hours: a column that ends, one that begins, one that becomes wider, one in conflict with itself. */
const hours = [
  '{"id":1,"old":{"a":"x"},"n":1,"odd":1}\n{"id":2,"n":2,"odd":{"k":1}}\n',
  '{"id":3,"n":3,"tags":["p","q"]}\n{"id":4,"n":null,"tags":[]}\n',
  '{"id":5,"n":1.5,"new":true,"gone":null}\n',
];

before(async () => {
  cwd = mkdtempSync(join(tmpdir(), "millrace-cli-schema-"));
  mkdirSync(join(cwd, "in"));
  for (const [hour, lines] of hours.entries())
    writeFileSync(join(cwd, "in", `2026-03-01-${hour}.json.gz`), gzipSync(lines));
  writeFileSync(
    join(cwd, "millrace.yaml"),
    `name: x
lake: { raw: lake/raw, tables: lake/tables, marts: lake/marts }
sources:
  hours:
    url: file://${cwd}/in/{yyyy}-{MM}-{dd}-{H}.json.gz
    object: hours/{yyyy}/{MM}/{dd}/{HH}.json.gz
    every: hour
    since: 2026-03-01
    known_missing: ["2026-03-01T03..2036-01-01T00"]
tables:
  events: { from: hours, columns: { id: int64 }, rejects_max: 1 }
`,
  );
  // In two steps: an hour that is converted beside another one may come before it, and then nothing is widened.
  for (const until of ["2026-03-01T02", "2026-03-01T03"]) {
    const { code, stderr } = await millrace(["run", "--until", until], { cwd });
    assert.equal(code, 0, stderr);
  }
});

after(() => rmSync(cwd, { recursive: true }));

const run = (...argv: readonly string[]): Promise<Outcome> =>
  millrace(["schema", ...argv], { cwd, env: { COLUMNS: "80" } });

test("a table: types, how full, since and until when, conflicts met", async () => {
  const { code, stdout, stderr } = await run("events");
  assert.deepEqual([code, stderr], [0, ""]);
  assertGolden("golden/schema-table.txt", stdout.trimEnd().split("\n"));
  assertGolden("golden/schema-list.txt", (await run("events", "--list")).stdout.trimEnd().split("\n"));
});

test("a table as JSON", async () => {
  const answer: TableSchemaAnswer = JSON.parse((await run("events", "--json")).stdout);
  assert.deepEqual(answer.read, { partitions: 3, rows: 5, oldest: "2026-03-01-00", newest: "2026-03-01-02" });
  const columns = new Map<string, SchemaColumn>(answer.columns.map((column) => [column.path, column]));
  assert.partialDeepStrictEqual(columns.get("old.a"), { first: "2026-03-01-00", last: "2026-03-01-00", present: 0.2 });
  assert.partialDeepStrictEqual(columns.get("n"), { conflict: "widened", present: 0.8, typeText: "double" });
  assert.partialDeepStrictEqual(columns.get("odd"), { conflict: "mixed", values: 2, distinct: { least: 2, most: 2 } });
  assert.partialDeepStrictEqual(columns.get("tags.[]"), { values: 2, first: "2026-03-01-01" });
  assert.equal(columns.get("tags.[]")?.present, undefined);
  assert.partialDeepStrictEqual(columns.get("gone"), { present: 0, typeText: "null", last: "2026-03-01-02" });
  assert.partialDeepStrictEqual(columns.get("id"), { declared: true, present: 1 });
});

test("statements of the whole schema, and a part by pattern", async () => {
  assert.match((await run("events", "--ddl", "spark")).stdout, /^`id` BIGINT,$/m);
  assert.match((await run("events", "--ddl", "duckdb")).stdout, /^"old" STRUCT\("a" VARCHAR\),$/m);
  const paths = async (...argv: string[]): Promise<string[]> => {
    const columns: { path: string }[] = JSON.parse((await run("events", "--ddl", "json", ...argv)).stdout);
    return columns.map(({ path }) => path);
  };
  assert.deepEqual(await paths(), ["gone", "id", "n", "new", "odd", "old.a", "tags.[]"]);
  assert.deepEqual(await paths("--match", "OLD"), ["old.a"]);
  assert.deepEqual(await paths("--match", "*d"), ["id", "odd"]);
  assert.deepEqual(await paths("--match", "new", "--match", "tags.[]"), ["new", "tags.[]"]);
  assert.match((await run("events", "--match", "nothing")).stdout, / {2}no column/);
});

test("files: JSON lines as they would become, Parquet as it is", async () => {
  writeFileSync(join(cwd, "bad.json"), `${hours[0]}not JSON\n`);
  const json = await run("bad.json");
  assert.match(json.stdout, /^bad\.json {3}JSON lines, 2 rows, 1 rejected, 4 columns\n/);
  assert.match(json.stdout, /^ {2}old\.a +string +50 % +1$/m);
  assert.equal((await millrace(["convert", "bad.json", "--max-rejects", "1"], { cwd })).code, 0);
  const parquet = await run("bad.parquet");
  assert.match(parquet.stdout, /^bad\.parquet {3}Parquet, 2 rows, 4 columns\n {2}written by millrace version 1/);
  assert.deepEqual(parquet.stdout.split("\n").slice(3), json.stdout.split("\n").slice(2));
  assert.match((await run("bad.parquet", "--ddl", "duckdb")).stdout, /"odd" VARCHAR/);
  assert.equal((await run("in/2026-03-01-0.json.gz")).code, 0);
});

test("what is not there", async () => {
  const cases: readonly (readonly [words: readonly string[], code: number, says: RegExp])[] = [
    [["event"], 2, /table event: is not in this project\n +did you mean "events"\?/],
    [["gone.json"], 1, /gone\.json: no such file/],
    [["./in"], 2, /is a directory/],
    [["events", "--depth", "0"], 2, /--depth: expected a whole number/],
  ];
  for (const [words, code, says] of cases) {
    const found = await run(...words);
    assert.match(found.stderr, says);
    assert.equal(found.code, code);
  }
});

test("a real hour fits eighty columns and a screen or two, and opens as far as asked", async (context) => {
  const real = realHours(context);
  const [file] = real?.files ?? [];
  if (real === undefined || file === undefined) return;
  const lines = async (...argv: string[]): Promise<string[]> => {
    const { stdout, code } = await run(join(real.directory, file), ...argv);
    assert.equal(code, 0);
    const shown = stdout.trimEnd().split("\n").slice(1);
    for (const line of shown) assert.ok(displayWidth(line) <= 80, line);
    return shown;
  };
  const [folded, two, three] = [await lines(), await lines("--depth", "2"), await lines("--depth", "3")];
  assert.deepEqual(folded, two);
  assert.ok(folded.length < 70 && three.length > folded.length * 2);
  assert.match(folded.at(-1) ?? "", /^ {2}\d+ columns below level 2: --depth 3 opens them/);
  const list = await lines("--list");
  assert.ok(list.length > 500);
});

test("a wide table at every width; names that would steer a terminal", () => {
  const column = (path: string, more: Partial<SchemaColumn> = {}): TableSchemaAnswer["columns"][number] => ({
    ...{
      path,
      typeText: "string",
      first: "2026-03-01-00",
      last: "2026-03-09-23",
      declared: false,
      conflict: undefined,
    },
    ...{ present: 0.42, values: 4200, distinct: { least: 12, most: 900 } },
    ...more,
    type: { kind: "string" },
  });
  const answer: TableSchemaAnswer = {
    ...{ table: "events", version: 12, partitions: 87_600, widenings: [], ddl: { duckdb: "", spark: "" } },
    read: { partitions: 64, rows: 3_200_000, oldest: "2026-03-07-08", newest: "2026-03-09-23" },
    held: [{ key: "events@2026-03-09-22", reason: `actor: struct<id int64> here, string in the table ${hostile}` }],
    columns: [
      column("id", { typeText: "int64", present: 1, distinct: { least: 50_000, most: 50_000 } }),
      column("ended", { last: "2026-03-02-05", present: 0.001 }),
      column("nearly", { present: 0.9999, declared: true, conflict: "widened" }),
      column("unread", { last: undefined, present: undefined, values: undefined, distinct: undefined }),
      column(hostile.replaceAll(".", "\\."), { typeText: "decimal(38,18)" }),
      ...Array.from({ length: 40 }, (_, i) =>
        column(`payload.field_${i}.[].name_of_some_length`, { present: undefined }),
      ),
      ...Array.from({ length: 40 }, (_, i) => column(`payload.deep.inner.${i % 5}.leaf_${i}`)),
    ],
  };
  for (const width of [40, 80, 120]) {
    const lines = renderTableSchema(answer, { width, paint: noPaint, depth: undefined, isList: false });
    assertGolden(`golden/schema-${width}.txt`, lines);
  }
});
