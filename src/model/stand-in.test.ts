import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { inferredSchema } from "../../test/corpus/schemas.ts";
import { isNarrower, joinTypes } from "./merge.ts";
import type { ColumnType, Schema } from "./schema.ts";
import { boundSchema, leastType, seenNullOf, standInsOf, storedSchema, storedType } from "./stand-in.ts";

const runs = runSettings(2000);
const NULL: ColumnType = { kind: "null" };
const STRING: ColumnType = { kind: "string" };
const EMPTY: ColumnType = { kind: "struct", fields: [] };

function struct(fields: Record<string, ColumnType>): ColumnType {
  return { kind: "struct", fields: Object.entries(fields).map(([name, type]) => ({ name, type })) };
}

function list(element: ColumnType): ColumnType {
  return { kind: "list", element };
}

const example: Schema = {
  fields: [
    { name: "n", type: NULL },
    { name: "l", type: list(NULL) },
    { name: "e", type: EMPTY },
    { name: "s", type: struct({ a: NULL, b: struct({ c: NULL }), d: { kind: "int64" } }) },
    { name: "le", type: list(EMPTY) },
    { name: "ll", type: list(list(NULL)) },
  ],
};

test("T2 and T3 what a file stores", () => {
  assert.deepEqual(storedSchema(example).fields, [
    { name: "l", type: list(STRING) },
    { name: "e", type: STRING },
    { name: "s", type: struct({ b: STRING, d: { kind: "int64" } }) },
    { name: "le", type: list(STRING) },
    { name: "ll", type: list(list(STRING)) },
  ]);
  assert.deepEqual(seenNullOf(example), ["n", "s.a", "s.b.c"]);
  assert.deepEqual(standInsOf(example), [
    { path: "l", seen: "list" },
    { path: "e", seen: "struct" },
    { path: "s.b", seen: "struct" },
    { path: "le.[]", seen: "struct" },
    { path: "ll.[]", seen: "list" },
  ]);
});

test("T2 what SQL sees has every path", () => {
  assert.deepEqual(boundSchema(example).fields, [
    { name: "n", type: STRING },
    { name: "l", type: list(STRING) },
    { name: "e", type: STRING },
    { name: "s", type: struct({ a: STRING, b: STRING, d: { kind: "int64" } }) },
    { name: "le", type: list(STRING) },
    { name: "ll", type: list(list(STRING)) },
  ]);
});

test("T3 of a known type the first field by name is enough", () => {
  assert.deepEqual(
    leastType(list(struct({ b: STRING, A: NULL, Aa: list(struct({ z: STRING, y: { kind: "bool" } })) }))),
    list(struct({ Aa: list(struct({ y: { kind: "bool" } })) })),
  );
  assert.deepEqual(leastType(struct({ a: NULL })), EMPTY);
});

test("stored types hold no bottom, and the least type of a table satisfies it", (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  fc.assert(
    fc.property(inferredSchema, (schema) => {
      const text = JSON.stringify(storedSchema(schema).fields);
      assert.ok(!text.includes('"null"') && !text.includes('"fields":[]}'), text);
      for (const field of schema.fields) {
        const least = leastType(field.type);
        assert.equal(isNarrower(least, field.type), false, "a file that holds it is not converted again");
        assert.deepEqual(storedType(storedType(least) ?? NULL), storedType(least));
        assert.ok("type" in joinTypes(least, field.type, "hold"));
      }
    }),
    runs,
  );
});
