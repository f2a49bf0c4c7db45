import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { convert } from "../convert/convert.ts";
import { convertNative } from "../convert/native.ts";
import { defaultSettings } from "../convert/settings.ts";
import { Failure } from "../errors.ts";
import { type FileProfile, type LeafProfile, readProfile } from "./profile.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-profile-"));
after(() => rmSync(folder, { recursive: true }));

async function profileOf(text: string): Promise<FileProfile> {
  const [input, output] = [join(folder, "in.json"), join(folder, "out.parquet")];
  writeFileSync(input, text);
  await convert(input, output);
  return readProfile(readFileSync(output));
}

const brief = ({ path, typeText, values, distinct, isRepeated }: LeafProfile): unknown[] => [
  ...[path, typeText, values],
  ...[distinct.least, distinct.most, isRepeated],
];

test("values and distinct values of every leaf, also of those without a column", async () => {
  const lines = Array.from({ length: 300 }, (_, i) =>
    JSON.stringify({
      id: i,
      kind: i % 3 === 0 ? "a" : "b",
      same: "x",
      flag: i > 5,
      always: true,
      rare: i === 7 ? { deep: 1.5 } : null,
      nothing: null,
      tags: i < 2 ? ["p", "q", null] : [],
      empty: [],
      hollow: {},
    }),
  );
  const { rows, rowGroups, leaves, schema } = await profileOf(lines.join("\n"));
  assert.deepEqual([rows, rowGroups, schema?.fields.length], [300, 1, 10]);
  const found = new Map(leaves.map((leaf) => [leaf.path, brief(leaf).slice(1)]));
  assert.deepEqual(Object.fromEntries(found), {
    id: ["int64", 300, 1, 300, false],
    kind: ["string", 300, 2, 2, false],
    same: ["string", 300, 1, 1, false],
    flag: ["bool", 300, 2, 2, false],
    always: ["bool", 300, 1, 1, false],
    "rare.deep": ["double", 1, 1, 1, false],
    nothing: ["null", 0, 0, 0, false],
    "tags.[]": ["string", 4, 2, 2, true],
    "empty.[]": ["null", 0, 0, 0, true],
    hollow: ["struct<>", 300, 1, 1, false],
  });
});

test("row groups add up", async () => {
  const [input, output] = [join(folder, "groups.json"), join(folder, "groups.parquet")];
  writeFileSync(
    input,
    Array.from({ length: 40 }, (_, i) => `{"k":"${i % 4}","one":1,"late":${i > 30 ? 1 : null}}`).join("\n"),
  );
  const request = { input: { file: input }, output, rejects: undefined, settings: defaultSettings };
  await convertNative({ ...request, known: { fields: [] }, provenance: {} }, { groupBytes: 200 });
  const { rows, rowGroups, leaves } = readProfile(readFileSync(output));
  assert.equal(rows, 40);
  assert.ok(rowGroups > 3);
  assert.deepEqual(leaves.map(brief), [
    ["k", "string", 40, 4, 4 * rowGroups, false],
    ["one", "int64", 40, 1, 1, false],
    ["late", "int64", 9, 1, 1, false],
  ]);
});

test("files of other writers, with types that ours never have", async () => {
  const file = join(folder, "duckdb.parquet");
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    `copy (select i::integer as i, (i % 2)::tinyint as t, date '2026-03-01' as d, 1.5::float as f, i::decimal(9,2) as m,
       case when i < 3 then {'a': [i, i], 'b': 'x'} end as s, map {'k': i} as m2, 'x'::blob as b, uuid() as u
       from range(10) r(i)) to '${file}' (format parquet)`,
  );
  connection.closeSync();
  const { rows, schema, createdBy, leaves } = readProfile(readFileSync(file));
  assert.equal(rows, 10);
  assert.equal(schema, undefined);
  assert.match(createdBy, /DuckDB/);
  assert.deepEqual(
    leaves.map(({ path, typeText, values }) => [path, typeText, values]),
    [
      ["i", "int32", 10],
      ["t", "int8", 10],
      ["d", "date", 10],
      ["f", "float", 10],
      ["m", "decimal(9,2)", 10],
      ["s.a.[]", "int64", 6],
      ["s.b", "string", 3],
      ["m2.[].key", "string", 10],
      ["m2.[].value", "int64", 10],
      ["b", "binary", 10],
      ["u", "uuid", 10],
    ],
  );
});

test("what is no footer is corrupt, wherever it was cut or changed", async () => {
  await profileOf('{"a":1,"b":[{"c":"x"}]}\n');
  const whole = readFileSync(join(folder, "out.parquet"));
  const footer = whole.readUInt32LE(whole.length - 8) + 8;
  for (let at = whole.length - footer; at < whole.length; at++) {
    for (const value of [0, 0xff, 0x15]) {
      const changed = Buffer.from(whole);
      changed[at] = value;
      try {
        readProfile(changed);
      } catch (error) {
        assert.ok(error instanceof Failure && error.kind === "corrupt", `byte ${at}: ${error}`);
      }
    }
  }
  assert.throws(() => readProfile(whole.subarray(0, 20)), { kind: "corrupt" });
});
