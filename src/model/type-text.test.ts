import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { anyType } from "../../test/corpus/schemas.ts";
import { Failure } from "../errors.ts";
import { foldName } from "./column-path.ts";
import type { ColumnType, Field } from "./schema.ts";
import { describeType, parseType } from "./type-text.ts";

const runs = runSettings(2000);

test("declared types are read", () => {
  assert.deepEqual(parseType("timestamp"), { kind: "timestamp" });
  assert.deepEqual(parseType(" DECIMAL( 10 , 2 ) "), { kind: "decimal", precision: 10, scale: 2 });
  assert.deepEqual(parseType("decimal(5)"), { kind: "decimal", precision: 5, scale: 0 });
  assert.deepEqual(parseType("drop"), { kind: "drop" });
  assert.deepEqual(parseType("List<String>"), { kind: "list", element: { kind: "string" } });
  assert.deepEqual(parseType("struct<A int64, b: list<double>, `c d` bool>"), {
    kind: "struct",
    fields: [
      { name: "A", type: { kind: "int64" } },
      { name: "b", type: { kind: "list", element: { kind: "double" } } },
      { name: "c d", type: { kind: "bool" } },
    ],
  });
});

test("anything else is a usage failure that names the place", () => {
  const wrong: [string, RegExp][] = [
    ["", /expected a word, got the end/],
    ["text", /expected a type, got "text" at character 1/],
    ["list", /expected "<", got the end/],
    ["list<int64", /expected ">", got the end/],
    ["list<drop>", /expected a type that holds values/],
    ["struct<>", /expected a word, got ">"/],
    ["struct<a>", /expected a word, got ">"/],
    ["struct<a int64, A string>", /a name other than "A"/],
    ["decimal(39,2)", /1 ≤ p ≤ 38/],
    ["decimal(2,3)", /s ≤ p/],
    ["decimal(x)", /a number of digits, got "x\)"/],
    ["int64 string", /expected the end, got "string"/],
    ["struct<`a int64>", /a name in backticks/],
    ["struct<`a`` int64>", /a name in backticks/],
  ];
  for (const [text, message] of wrong) {
    assert.throws(
      () => parseType(text),
      (error) =>
        error instanceof Failure && error.kind === "usage" && message.test(error.message) && "remedy" in error.detail,
      text,
    );
  }
});

test("descriptions are cut at a width", () => {
  const type = parseType("struct<a int64, b list<struct<c decimal(10,2)>>>");
  assert.equal(describeType(type), "struct<a int64, b list<struct<c decimal(10,2)>>>");
  assert.equal(describeType(type, 16), "struct<a int64,…");
});

test("what is described in full is read back", (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  fc.assert(
    fc.property(anyType.filter(canBeDeclared), (type) => assert.deepEqual(parseType(describeType(type)), type)),
    runs,
  );
});

test("fields of any name are read back: a mart's statement may give them any", (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  const name = fc.oneof(
    fc.constantFrom(
      "semi;colon",
      "more>than",
      "com,ma",
      "col:on",
      "less<than",
      "back`tick",
      "`",
      "``",
      " ",
      "new\nline",
      "",
    ),
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom(..."`<>,:;() a") }),
  );
  const names = fc.uniqueArray(name, { selector: foldName, minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(names, (list) => {
      const fields = list.map((each): Field => ({ name: each, type: { kind: "int64" } }));
      const type: ColumnType = { kind: "list", element: { kind: "struct", fields } };
      assert.deepEqual(parseType(describeType(type)), type);
    }),
    runs,
  );
});

function canBeDeclared(type: ColumnType): boolean {
  if (type.kind === "list") return canBeDeclared(type.element);
  if (type.kind === "struct") return type.fields.length > 0 && type.fields.every((field) => canBeDeclared(field.type));
  if (type.kind === "string") return type.mixed !== true;
  return type.kind === "int64" ? type.big !== true : type.kind !== "null";
}
