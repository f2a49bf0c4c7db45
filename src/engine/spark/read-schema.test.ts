import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { schemaOf } from "../../../test/contract/engine-inputs.ts";
import { propertyRuns } from "../../../test/contract/property-runs.ts";
import { narrowed, type Touched } from "../touched.ts";
import type { ValueField, ValueType } from "../value-types.ts";
import { touchedBy } from "./read-schema.ts";

const TABLE: readonly ValueField[] = [
  ...schemaOf("struct<actor struct<id int64, login string>>").fields,
  {
    name: "dotted",
    type: {
      kind: "struct",
      fields: [
        { name: "a b.c-d", type: { kind: "decimal", precision: 9, scale: 2 } },
        ...schemaOf("struct<in struct<x int64>>").fields,
      ],
    },
  },
  ...schemaOf("struct<n int64, tags list<struct<k string>>, src string>").fields,
];

describe("what a scan's schema touches", () => {
  const cases: readonly (readonly [string, Touched])[] = [
    ["struct<>", []],
    ["struct<n:bigint>", [["n"]]],
    ["struct<ACTOR:struct<LOGIN:string>,src:string>", [["actor", "login"], ["src"]]],
    ["struct<dotted:struct<a b.c-d:decimal(9,2)>>", [["dotted", "a b.c-d"]]],
    ["struct<tags:array<struct<k:string>>,n:bigint>", [["tags"], ["n"]]],
    ["struct<dotted:struct<in:struct<x:bigint>>,n:bigint>", [["dotted", "in", "x"], ["n"]]],
    [
      "struct<actor:struct<id:bigint,login:string>,dotted:struct<a b.c-d:decimal(9,2),in:struct<x:bigint>>,n:bigint,tags:array<struct<k:string>>,src:string>",
      "all",
    ],
    ["struct<unknown:string>", "all"],
    ["struct<n:bigint", "all"],
    ["struct<n:bigint>>", "all"],
    ["array<string>", "all"],
    ["", "all"],
  ];
  for (const [text, touched] of cases) {
    test(text === "" ? "nothing" : text.slice(0, 60), () => assert.deepEqual(touchedBy(text, TABLE), touched));
  }

  test("is what was left of the table, however it was cut", () => {
    const textOf = (type: ValueType): string => {
      if (type.kind === "struct") return `struct<${type.fields.map((f) => `${f.name}:${textOf(f.type)}`).join(",")}>`;
      if (type.kind === "list") return `array<${textOf(type.element)}>`;
      return type.kind === "decimal" ? `decimal(${type.precision},${type.scale})` : type.kind;
    };
    const leaves = (fields: readonly ValueField[], above: readonly string[]): string[][] =>
      fields.flatMap(({ name, type }) =>
        type.kind === "struct" ? leaves(type.fields, [...above, name]) : [[...above, name]],
      );
    fc.assert(
      fc.property(fc.subarray(leaves(TABLE, [])), (paths) => {
        const text = `struct<${narrowed(TABLE, paths)
          .map((field) => `${field.name}:${textOf(field.type)}`)
          .join(",")}>`;
        const expected = paths.length === leaves(TABLE, []).length ? "all" : paths;
        assert.deepEqual(touchedBy(text, TABLE), expected);
      }),
      propertyRuns(200),
    );
  });
});
