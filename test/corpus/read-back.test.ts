/** The readers are checked on files that DuckDB wrote, and the comparison on files that are wrong. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { parseType } from "../../src/model/type-text.ts";
import type { Cell, Row } from "../reference/rows.ts";
import { type DuckdbReader, openDuckdbReader } from "./duckdb-reader.ts";
import { readWithHyparquet } from "./hyparquet-reader.ts";
import { compare, type ReadBack } from "./read-back.ts";
import { checkStatistics } from "./statistics.ts";

let folder = "";
let duckdb: DuckdbReader;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-read-back-"));
  duckdb = await openDuckdbReader();
});

after(async () => {
  duckdb.close();
  await rm(folder, { recursive: true });
});

async function write(name: string, sql: string): Promise<string> {
  const file = join(folder, name);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (${sql}) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`);
  connection.closeSync();
  return file;
}

const sample = `SELECT * FROM (VALUES
  (1::BIGINT, 1.5::DOUBLE, 'x', true, TIMESTAMPTZ '2015-01-01 00:00:00.000001+00', 12.34::DECIMAL(4,2), '10000000000000000000000000000'::DECIMAL(38,2),
    [1::BIGINT, NULL], {'a.b': 1::BIGINT, 'l': [{'z': ['q', NULL]}, NULL]}),
  (NULL, '-0'::DOUBLE, '', NULL, NULL, -0.01::DECIMAL(4,2), NULL, [], {'a.b': NULL, 'l': []}),
  (9223372036854775807, NULL, NULL, false, NULL, NULL, -1, NULL, NULL),
  (-9223372036854775808, 0, NULL, false, NULL, NULL, -1, [2], {'a.b': NULL, 'l': NULL})
) t(i, d, s, b, t, p, q, l, n)`;

const expected: ReadBack = {
  fields: Object.entries({
    i: "int64",
    d: "double",
    s: "string",
    b: "bool",
    t: "timestamp",
    p: "decimal(4,2)",
    q: "decimal(38,2)",
    l: "list<int64>",
    n: "struct<a.b int64, l list<struct<z list<string>>>>",
  }).map(([name, text]) => {
    const type = parseType(text);
    assert.ok(type.kind !== "drop");
    return { name, type };
  }),
  rows: [
    row({
      i: 1n,
      d: 1.5,
      s: "x",
      b: true,
      t: 1420070400000001n,
      p: 1234n,
      q: 10n ** 30n,
      l: [1n, null],
      n: row({ "a.b": 1n, l: [row({ z: ["q", null] }), null] }),
    }),
    row({ d: -0, s: "", p: -1n, l: [], n: row({ l: [] }) }),
    row({ i: 2n ** 63n - 1n, b: false, q: -100n }),
    row({ i: -(2n ** 63n), d: 0, b: false, q: -100n, l: [2n], n: row({}) }),
  ],
};

function row(cells: Record<string, Cell>): Row {
  return new Map(Object.entries(cells));
}

test("DuckDB reads every type into the same form", async () => {
  assert.equal(compare(expected, await duckdb.read(await write("a.parquet", sample))), undefined);
});

test("hyparquet reads every type into the same form", async () => {
  const file = await write("b.parquet", sample);
  const read = await readWithHyparquet(await readFile(file));
  // DuckDB keeps small decimals in 32 and 64 bits, large ones in fixed bytes; the limits of its texts are exact.
  assert.equal(compare(expected, read), undefined);
  assert.equal(checkStatistics(read, expected.fields, expected.rows), undefined);
});

test("the first difference is named", async () => {
  const read = await duckdb.read(await write("c.parquet", sample));
  const [first = row({}), ...others] = expected.rows;
  const changed = (cells: Record<string, Cell>): ReadBack => ({
    ...expected,
    rows: [new Map([...first, ...Object.entries(cells)]), ...others],
  });
  assert.equal(compare(changed({ i: 2n }), read), "row 0, i: expected 2n, got 1n");
  assert.equal(compare(changed({ l: [1n] }), read), "row 0, l: expected 1 elements, got 2");
  assert.equal(
    compare(changed({ n: row({ "a.b": 1n, l: [row({ z: ["r", null] }), null] }) }), read),
    'row 0, n.l[0].z[0]: expected "r", got "q"',
  );
  assert.equal(
    compare(changed({ n: null }), read),
    'row 0, n: expected null, got {"a.b": 1n, "l": [{"z": ["q", null]}, null]}',
  );
  assert.equal(
    compare({ ...expected, rows: others }, { ...read, rows: read.rows.slice(1, 2) }),
    "row 1: missing; expected 3 rows, got 1",
  );
  assert.equal(
    compare({ ...expected, fields: expected.fields.slice(1) }, read),
    'column 0: expected "d" double, got "i" int64',
  );
});

test("wrong statistics are found", async () => {
  const read = await readWithHyparquet(await readFile(await write("d.parquet", sample)));
  const [first = row({}), ...others] = expected.rows;
  const check = (cells: Record<string, Cell>): string | undefined =>
    checkStatistics(read, expected.fields, [new Map([...first, ...Object.entries(cells)]), ...others]);
  assert.match(check({ d: 2 }) ?? "", /row group 0, d: max 1.5 does not bound 2/);
  assert.match(check({ i: null }) ?? "", /row group 0, i: null_count 1, expected 2/);
  assert.match(check({ l: [1n, null, 3n] }) ?? "", /row group 0, l\.\[\]: num_values 5, expected 6/);
  assert.match(check({ s: "y" }) ?? "", /row group 0, s: max 78 does not bound 79/);
  assert.match(check({ p: 1235n }) ?? "", /row group 0, p: max 12\.34, expected 12\.35/);
});
