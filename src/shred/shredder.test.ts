import assert from "node:assert/strict";
import { test } from "node:test";
import { asFailure, Failure } from "../errors.ts";
import type { ColumnType, Schema } from "../model/schema.ts";
import { describeType } from "../model/type-text.ts";
import type { ShredSettings } from "./row-state.ts";
import type { RowsBy } from "./rows.ts";
import type { Hints } from "./settle.ts";
import { type RejectedLine, Shredder } from "./shredder.ts";

const defaults: ShredSettings = {
  known: { fields: [] },
  declared: new Map(),
  conflicts: "hold",
  duplicateKeys: "reject",
  lineBytesMax: 1 << 20,
  depthMax: 128,
  columnsMax: 10_000,
};

interface Shredded {
  readonly shredder: Shredder;
  readonly rejected: readonly (Pick<RejectedLine, "line" | "offset" | "reason"> & { readonly text: string })[];
}

/** In both ways, which find the same. */
function shred(text: string | Uint8Array, settings: Partial<ShredSettings> = {}, hints: Hints = new Map()): Shredded {
  const [reference, found] = (["typescript", "webassembly"] as const).map((rows) => {
    try {
      return shredBy(rows, text, settings, hints);
    } catch (error) {
      return asFailure(error);
    }
  });
  assert.ok(reference !== undefined && found !== undefined);
  assert.deepEqual(findings(found), findings(reference));
  if (found instanceof Failure) throw found;
  return found;
}

function findings(found: Shredded | Failure): unknown {
  if (found instanceof Failure) return found.message;
  const { shredder, rejected } = found;
  const { rows, bytes, newHints } = shredder;
  // With hints to be known the columns are lost.
  const fileSchema = newHints.size === 0 ? shredder.fileSchema() : undefined;
  return { rejected, rows, bytes, newHints, schema: fileSchema?.schema(), departures: fileSchema?.departures() };
}

function shredBy(rows: RowsBy, text: string | Uint8Array, settings: Partial<ShredSettings>, hints: Hints): Shredded {
  const rejected: Shredded["rejected"][number][] = [];
  const shredder = new Shredder(
    { ...defaults, ...settings },
    {
      hints,
      groupBytes: Number.POSITIVE_INFINITY,
      onReject: ({ line, offset, reason, bytes }) =>
        rejected.push({ line, offset, reason, text: Buffer.from(bytes).toString("latin1") }),
      onGroup: () => assert.fail("no group is full"),
      rows,
    },
  );
  shredder.push(Buffer.from(text));
  shredder.end();
  return { shredder, rejected };
}

function typesOf({ shredder }: Shredded): Record<string, string> {
  const { fields } = shredder.fileSchema().schema();
  return Object.fromEntries(fields.map(({ name, type }) => [name, describeType(type)]));
}

test("a rejected line says where it stands and why", () => {
  const text = '{"a":1}\n\n \t\r\n{"a":}\n[1]\n{"a":1} 2\n{"b":2,"b":3}\n{"a":"\ud83d\ude00"}\n{"c"';
  const { shredder, rejected } = shred(text);
  assert.equal(shredder.rows, 2);
  assert.deepEqual(rejected, [
    { line: 4, offset: 13, reason: 'expected a value, got "}"', text: '{"a":}' },
    { line: 5, offset: 20, reason: "not an object", text: "[1]" },
    { line: 6, offset: 24, reason: "second value on the line", text: '{"a":1} 2' },
    { line: 7, offset: 34, reason: 'duplicate key "b"', text: '{"b":2,"b":3}' },
    { line: 9, offset: 61, reason: "unexpected end", text: '{"c"' },
  ]);
});

test("only lines with invalid UTF-8 are rejected for it", () => {
  const text = Buffer.concat([Buffer.from('{"a":"x"}\n{"a":"'), Buffer.of(0xc3, 0x28), Buffer.from('"}\n{"a":"é"}\n')]);
  const { shredder, rejected } = shred(text);
  assert.equal(shredder.rows, 2);
  assert.deepEqual(
    rejected.map(({ line, reason }) => [line, reason]),
    [[2, "invalid UTF-8"]],
  );
});

test("a line that is too long is rejected whatever else is wrong with it", () => {
  const { rejected } = shred(`{"a":1}\n{"a":"${"x".repeat(90)}\n{"a":"${"y".repeat(90)}"}\n`, { lineBytesMax: 50 });
  assert.deepEqual(
    rejected.map(({ reason }) => reason),
    ["longer than 50 bytes", "longer than 50 bytes"],
  );
});

test("a rejected line leaves no column, no type and no conflict", () => {
  const lines = [
    '{"a":null,"s":{"x":1}}',
    '{"a":"text","s":{"x":"1","y":2},"n":[{"m":1}],"s":0}',
    '{"a":5,"s":{"x":2}}',
  ];
  const shredded = shred(lines.join("\n"));
  assert.equal(shredded.rejected.length, 1);
  assert.equal(shredded.shredder.newHints.size, 0);
  assert.deepEqual(typesOf(shredded), { s: "struct<x int64>", a: "int64" });
});

test("a conflict is found once for the whole file, with everything else that is to be known", () => {
  const text = '{"a":1,"b":{"c":1}}\n{"a":"x","b":[]}\n{"a":2,"b":{"c":2},"d":5}\n{"d":1.5}\n{"d":9007199254740993}';
  assert.deepEqual(
    [...shred(text).shredder.newHints],
    [
      ["a", "text"],
      ["b", "text"],
      ["d", "text"],
    ],
  );
});

test("with hints nothing is in conflict", () => {
  const text = '{"a":1,"b":{"c":1}}\n{"a":"x","b":[]}\n';
  const shredded = shred(
    text,
    {},
    new Map([
      ["a", "text"],
      ["b", "text"],
    ] as const),
  );
  assert.equal(shredded.shredder.newHints.size, 0);
  assert.deepEqual(typesOf(shredded), { a: "string", b: "mixed" });
});

test("strings before other values need no second pass", () => {
  const shredded = shred('{"a":"x"}\n{"a":{"b":1}}\n{"a":1.50}');
  assert.equal(shredded.shredder.newHints.size, 0);
  assert.deepEqual(typesOf(shredded), { a: "mixed" });
});

test("too many columns are refused, naming the object whose keys explode", () => {
  const keys = Array.from({ length: 60 }, (_, i) => `{"id":${i},"by":{"id":{"user${i}":${i}}}}`);
  assert.throws(
    () => shred(keys.join("\n"), { columnsMax: 50 }),
    (error) =>
      error instanceof Failure &&
      error.kind === "refused" &&
      error.message === 'more than 50 columns: object "by.id" has 50 different keys' &&
      error.detail.remedy?.includes('"by.id": json') === true,
  );
  assert.equal(shred(keys.slice(0, 49).join("\n"), { columnsMax: 50 }).shredder.rows, 49);
});

test("paths that are only null are no columns, but bounded too", () => {
  const nulls = (count: number): string => `{${Array.from({ length: count }, (_, i) => `"k${i}":null`).join()}}`;
  assert.equal(shred(nulls(300), { columnsMax: 50 }).shredder.rows, 1);
  assert.throws(() => shred(nulls(401), { columnsMax: 50 }), /more than 50 columns: the top-level object has/);
  // A line that is no row anyway is rejected and not refused.
  assert.equal(shred(`${nulls(401)}x`, { columnsMax: 50 }).rejected.length, 1);
  const twice = `{"a":1,"a":2,${nulls(401).slice(1)}`;
  assert.equal(shred(twice, { columnsMax: 50 }).rejected.length, 1);
  assert.throws(() => shred(twice, { columnsMax: 50, duplicateKeys: "last" }), /more than 50 columns/);
});

test("names of megabytes are refused before they fill the memory", () => {
  const name = "x".repeat(1 << 20);
  const lines = Array.from({ length: 70 }, (_, i) => `{"${i}${name}":1}`);
  assert.throws(() => shred(lines.join("\n"), { lineBytesMax: 1 << 22 }), /columns/);
});

test("100,000 nested levels are a rejected line", () => {
  const { rejected } = shred(`{"a":${"[".repeat(100_000)}\n{"a":${'{"b":'.repeat(100_000)}\n`);
  assert.deepEqual(
    rejected.map(({ reason }) => reason),
    Array(2).fill("nested more than 128 levels deep"),
  );
});

test("what the table knows decides how the first value is stored", () => {
  const known = (type: ColumnType): Schema => ({ fields: [{ name: "A", type }] });
  const written = (type: ColumnType, line: string): string | undefined =>
    typesOf(shred(line, { known: known(type) })).a;
  assert.equal(written({ kind: "double" }, '{"a":1}'), "double");
  assert.equal(written({ kind: "string" }, '{"a":1}'), "string");
  assert.equal(written({ kind: "string", mixed: true }, '{"a":"x"}'), "mixed");
  assert.equal(written({ kind: "int64", big: true }, '{"a":1.5}'), "string");
  assert.equal(written({ kind: "int64" }, '{"a":1.5}'), "double");
  assert.equal(written({ kind: "list", element: { kind: "bool" } }, '{"a":[]}'), "list<bool>");
  assert.equal(written({ kind: "struct", fields: [] }, '{"a":{}}'), "struct<>");
});

test("where a column departs from the table, the first value that did is told", () => {
  const known: Schema = { fields: [{ name: "a", type: { kind: "int64" } }] };
  const { shredder } = shred('{"a":1}\n\n{"a":[ 1.5, 2 ]}\n{"a":[3]}', { known });
  assert.deepEqual([...shredder.newHints], [["a", "text"]]);
  const second = shred('{"a":1}\n\n{"a":[ 1.5, 2 ]}\n{"a":[3]}', { known }, shredder.newHints);
  assert.deepEqual(second.shredder.fileSchema().departures(), [
    {
      path: "a",
      table: { kind: "int64" },
      file: { kind: "string", mixed: true },
      first: { line: 3, offset: 9, value: "[ 1.5, 2 ]" },
    },
  ]);
});
