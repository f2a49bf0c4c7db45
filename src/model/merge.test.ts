import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { anySchema, anyType, inferredSchema } from "../../test/corpus/schemas.ts";
import { columnAt, foldPath, leafPaths } from "./column-path.ts";
import {
  type ConflictRule,
  expandDeclared,
  fingerprint,
  isNarrower,
  joinTypes,
  mergeSchemas,
  narrowerPaths,
} from "./merge.ts";
import type { ColumnType, DeclaredColumns, DeclaredType, Schema } from "./schema.ts";
import { describeType, parseType } from "./type-text.ts";

const runs = runSettings(2000);
const nothingDeclared: DeclaredColumns = new Map();

/** Types as text, with the words that only data can give. */
function type(text: string): ColumnType {
  const extra: Record<string, ColumnType> = {
    null: { kind: "null" },
    big: { kind: "int64", big: true },
    mixed: { kind: "string", mixed: true },
    "[]": { kind: "list", element: { kind: "null" } },
    "{}": { kind: "struct", fields: [] },
  };
  const parsed = extra[text] ?? parseType(text);
  if (parsed.kind === "drop") throw new Error("drop is no column type");
  return parsed;
}

function schema(columns: Record<string, string | ColumnType>): Schema {
  return {
    fields: Object.entries(columns).map(([name, text]) => ({
      name,
      type: typeof text === "string" ? type(text) : text,
    })),
  };
}

function merge(table: Schema, file: Schema, conflicts: ConflictRule = "hold", declared = nothingDeclared) {
  return mergeSchemas(table, file, { conflicts, declared });
}

const text = (changes: readonly { path: string; from: ColumnType; to: ColumnType }[]): string[] =>
  changes.map((change) => `${change.path}: ${describeType(change.from)} -> ${describeType(change.to)}`);

test("the join of every pair of scalars, bottoms and shapes (V3, V7, V8, T6)", () => {
  const rows: [string, string, string, string?][] = [
    ["null", "bool", "bool"],
    ["null", "[]", "[]"],
    ["null", "{}", "{}"],
    ["bool", "int64", "string"],
    ["bool", "double", "string"],
    ["int64", "int64", "int64"],
    ["int64", "big", "big"],
    ["int64", "double", "double"],
    ["big", "double", "string"],
    ["int64", "string", "string"],
    ["double", "mixed", "mixed"],
    ["string", "mixed", "mixed"],
    ["timestamp", "timestamp", "timestamp"],
    ["timestamp", "string", "string"],
    ["decimal(9,2)", "decimal(9,2)", "decimal(9,2)"],
    ["decimal(9,2)", "decimal(9,3)", "string"],
    ["json", "string", "string"],
    ["[]", "list<int64>", "list<int64>"],
    ["{}", "struct<a int64>", "struct<a int64>"],
    ["list<int64>", "list<double>", "list<double>"],
    ["struct<a int64>", "struct<A string, b bool>", "struct<a string, b bool>"],
    ["[]", "{}", "clash", "mixed"],
    ["[]", "int64", "clash", "mixed"],
    ["{}", "string", "clash", "mixed"],
    ["struct<a int64>", "mixed", "clash", "mixed"],
    ["list<int64>", "mixed", "clash", "mixed"],
    ["struct<a int64>", "list<int64>", "clash", "mixed"],
  ];
  for (const [left, right, hold, asText = hold] of rows) {
    for (const [a, b] of [
      [left, right],
      [right, left],
    ] as const) {
      const held = joinTypes(type(a), type(b), "hold");
      if (hold === "clash") assert.ok("clash" in held, `${a} with ${b}`);
      else
        assert.equal(
          fingerprintOf("type" in held ? held.type : type("null")),
          fingerprintOf(type(hold)),
          `${a} with ${b}`,
        );
      const merged = joinTypes(type(a), type(b), "text");
      assert.equal(fingerprintOf("type" in merged ? merged.type : type("null")), fingerprintOf(type(asText)));
    }
  }
});

function fingerprintOf(column: ColumnType): string {
  return fingerprint({ fields: [{ name: "x", type: column }] });
}

test("a clash below names its path", () => {
  const joined = joinTypes(
    type("struct<a list<struct<b int64>>>"),
    type("struct<A list<struct<b list<int64>>>>"),
    "hold",
  );
  assert.ok("clash" in joined);
  assert.deepEqual(joined.clash.path.map(String), ["a", "Symbol([])", "b"]);
});

test("T1 table fields are ordered by folded name in code units and keep the table's spelling", () => {
  const { schema: merged } = merge(
    schema({ b: "int64", Z: "int64" }),
    schema({ z: "int64", A: "int64", é: "int64", "a.b": "bool" }),
  );
  assert.deepEqual(
    merged.fields.map((field) => field.name),
    ["A", "a.b", "b", "Z", "é"],
  );
});

test("added, settled, widened and conflicts are told apart (T2, T3, T5, T6)", () => {
  const table = schema({
    a: "int64",
    n: "null",
    l: "[]",
    s: "{}",
    t: "string",
    u: "struct<x int64>",
    deep: "list<struct<v bool>>",
  });
  const file = schema({
    a: "double",
    n: "struct<p int64>",
    l: "list<struct<k int64>>",
    s: "struct<m string>",
    t: "mixed",
    u: "int64",
    deep: "list<struct<v string>>",
    fresh: "list<int64>",
    hollow: "[]",
  });
  const merged = merge(table, file);
  assert.deepEqual([...merged.added].sort(), ["fresh.[]", "hollow.[]", "l.[].k", "n.p", "s.m"]);
  assert.deepEqual(text(merged.settled).sort(), [
    "l: list<null> -> list<struct<k int64>>",
    "n: null -> struct<p int64>",
    "s: struct<> -> struct<m string>",
  ]);
  assert.deepEqual(text(merged.widened).sort(), [
    "a: int64 -> double",
    "deep.[].v: bool -> string",
    "t: string -> mixed",
  ]);
  assert.deepEqual(merged.conflicts, [{ path: "u", table: type("struct<x int64>"), file: type("int64") }]);
  assert.deepEqual(columnAt(merged.schema, "u"), type("struct<x int64>"), "a held path keeps the table's type");
});

test("T6 under `text` a clash of shapes is a widening to mixed", () => {
  const merged = merge(schema({ actor: "struct<login string>" }), schema({ actor: "string" }), "text");
  assert.deepEqual(text(merged.widened), ["actor: struct<login string> -> mixed"]);
  assert.deepEqual(merged.conflicts, []);
  assert.deepEqual(merged.added, []);
});

test("T7 declared columns keep their type, dropped ones vanish, and both match in any spelling", () => {
  const declared = declare({
    "Payload.At": "timestamp",
    "payload.junk": "drop",
    tags: "list<decimal(4,1)>",
    blob: "json",
  });
  const file = schema({
    payload: "struct<at string, junk struct<a int64>, n int64>",
    tags: "list<double>",
    blob: "struct<x int64>",
  });
  const merged = merge(schema({ blob: "string" }), file, "hold", declared);
  assert.deepEqual(merged.conflicts, []);
  assert.equal(
    describeType({ kind: "struct", fields: merged.schema.fields }),
    "struct<blob json, Payload struct<At timestamp, n int64>, tags list<decimal(4,1)>>",
  );
  assert.deepEqual(merge(merged.schema, file, "hold", declared).schema, merged.schema, "merging again changes nothing");
});

test("a declared column that no file has is part of the table's schema", () => {
  const merged = merge(
    schema({}),
    schema({}),
    "hold",
    declare({ "org.login": "string", "commits.[].at": "timestamp" }),
  );
  assert.equal(
    describeType({ kind: "struct", fields: merged.schema.fields }),
    "struct<commits list<struct<at timestamp>>, org struct<login string>>",
  );
});

test("expandDeclared takes lists and structs apart only for what data cannot give", () => {
  const expanded = expandDeclared(declare({ A: "struct<X list<timestamp>, n int64>" }));
  assert.deepEqual([...expanded.keys()], ["a", "a.x.[]"]);
});

function declare(columns: Record<string, string>): DeclaredColumns {
  return new Map(Object.entries(columns).map(([path, words]): [string, DeclaredType] => [path, parseType(words)]));
}

test("names match by the lower case of the decoded key, though `%3A` changes a sigma's context", () => {
  const merged = merge(schema({ "ΑΣ%3Ab": "int64" }), schema({ "ασ%3AB": "int64" }));
  assert.deepEqual(
    merged.schema.fields.map((field) => field.name),
    ["ΑΣ%3Ab"],
  );
});

test("isNarrower names what must be converted again (T3–T5)", () => {
  const narrow: [string, string][] = [
    ["int64", "double"],
    ["int64", "string"],
    ["bool", "mixed"],
    ["[]", "list<int64>"],
    ["[]", "list<struct<a int64>>"],
    ["{}", "struct<a int64>"],
    ["list<int64>", "list<double>"],
    ["struct<a int64>", "mixed"],
    ["string", "timestamp"],
    ["decimal(4,2)", "decimal(5,2)"],
  ];
  const enough: [string, string][] = [
    ["int64", "big"],
    ["string", "mixed"],
    ["null", "struct<a int64>"],
    ["[]", "list<string>"],
    ["{}", "{}"],
    ["struct<a int64>", "struct<A int64, b string>"],
  ];
  for (const [file, table] of narrow) assert.equal(isNarrower(type(file), type(table)), true, `${file} in ${table}`);
  for (const [file, table] of enough) assert.equal(isNarrower(type(file), type(table)), false, `${file} in ${table}`);
  const file = schema({ A: "int64", b: "struct<c list<int64>>", gone: "int64" });
  assert.deepEqual(narrowerPaths(file, schema({ a: "double", b: "struct<c list<double>>" })), ["A", "b.c.[]"]);
});

test("T8 merging is associative, commutative and idempotent", (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  const sum = (a: Schema, b: Schema): Schema => merge(a, b, "text").schema;
  fc.assert(
    fc.property(anySchema, anySchema, anySchema, (a, b, c) => {
      assert.equal(fingerprint(sum(sum(a, b), c)), fingerprint(sum(a, sum(b, c))), "associative");
      assert.equal(fingerprint(sum(a, b)), fingerprint(sum(b, a)), "commutative");
      assert.equal(fingerprint(sum(a, a)), fingerprint(a), "idempotent");
      assert.deepEqual(sum(sum(a, b), b), sum(a, b), "a file that comes again changes nothing, not even a spelling");
    }),
    runs,
  );
});

test("T8 under `hold` one order clashes exactly if every order does", (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  const all = (...schemas: Schema[]): string => {
    let table: Schema = { fields: [] };
    for (const file of schemas) {
      const merged = merge(table, file);
      if (merged.conflicts.length > 0) return "clash";
      table = merged.schema;
    }
    return fingerprint(table);
  };
  fc.assert(
    fc.property(inferredSchema, inferredSchema, inferredSchema, (a, b, c) => {
      const first = all(a, b, c);
      for (const other of [all(a, c, b), all(b, a, c), all(b, c, a), all(c, a, b), all(c, b, a)])
        assert.equal(other, first);
    }),
    runs,
  );
});

test("a merge only widens, and its report is complete", (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  fc.assert(
    fc.property(anySchema, anySchema, (table, file) => {
      const merged = merge(table, file, "text");
      assert.equal(
        fingerprint(merge(merged.schema, table, "text").schema),
        fingerprint(merged.schema),
        "holds the table",
      );
      assert.equal(
        fingerprint(merge(merged.schema, file, "text").schema),
        fingerprint(merged.schema),
        "holds the file",
      );
      const before = new Set(leafPaths(table).map(foldPath));
      const changed = [...merged.settled, ...merged.widened].map((change) => foldPath(change.path));
      for (const leaf of leafPaths(merged.schema).map(foldPath)) {
        const known =
          before.has(leaf) || merged.added.some((path) => foldPath(path) === leaf) || changed.includes(leaf);
        assert.ok(known, `${leaf} is old, added or changed`);
      }
      for (const path of merged.added) assert.equal(columnAt(table, path), undefined, `${path} is new`);
      for (const path of narrowerPaths(table, merged.schema)) {
        assert.ok(
          changed.some((change) => foldPath(path).startsWith(change)),
          `${path} is narrower, so it changed`,
        );
      }
    }),
    runs,
  );
});

test("joinTypes is the least upper bound under `text`", (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  const join = (a: ColumnType, b: ColumnType): string => {
    const joined = joinTypes(a, b, "text");
    assert.ok("type" in joined);
    return fingerprintOf(joined.type);
  };
  fc.assert(
    fc.property(anyType, anyType, (a, b) => {
      const joined = joinTypes(a, b, "text");
      assert.ok("type" in joined);
      assert.equal(join(joined.type, a), fingerprintOf(joined.type));
      assert.equal(join(joined.type, b), fingerprintOf(joined.type));
      assert.equal(join(a, a), fingerprintOf(a));
    }),
    runs,
  );
});

test("a fingerprint forgets order and spelling and nothing else", () => {
  const one = schema({ a: "int64", B: "struct<c string, d bool>" });
  assert.equal(fingerprint(one), fingerprint(schema({ b: "struct<D bool, c string>", A: "int64" })));
  assert.match(fingerprint(one), /^[0-9a-f]{16}$/);
  const others = [
    "big",
    "double",
    "string",
    "mixed",
    "null",
    "[]",
    "{}",
    "json",
    "timestamp",
    "decimal(9,1)",
    "decimal(9,2)",
  ];
  assert.equal(new Set(others.map((name) => fingerprintOf(type(name)))).size, others.length);
});
