import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { anyType } from "../../test/corpus/schemas.ts";
import { Failure } from "../errors.ts";
import { asReaders, type HiveReadable, hiveType, parseHiveType } from "./hive-type.ts";
import type { ColumnType } from "./schema.ts";

const runs = runSettings(2000);

const struct = (...fields: readonly (readonly [string, ColumnType])[]): ColumnType => ({
  kind: "struct",
  fields: fields.map(([name, type]) => ({ name, type })),
});

const refusal = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.kind, "refused");
  assert.match(error.message, words);
  assert.notEqual(error.detail.remedy, undefined);
  return true;
};

test("types as the metastore gets them", () => {
  const cases: readonly (readonly [HiveReadable, string])[] = [
    [{ kind: "bool" }, "boolean"],
    [{ kind: "int32" }, "int"],
    [{ kind: "int64", big: true }, "bigint"],
    [{ kind: "float" }, "float"],
    [{ kind: "double" }, "double"],
    [{ kind: "date" }, "date"],
    [{ kind: "binary" }, "binary"],
    [{ kind: "timestamp" }, "timestamp"],
    [{ kind: "string", mixed: true }, "string"],
    [{ kind: "json" }, "string"],
    [{ kind: "null" }, "string"],
    [{ kind: "decimal", precision: 38, scale: 0 }, "decimal(38,0)"],
    [{ kind: "list", element: { kind: "null" } }, "array<string>"],
    [struct(), "string"],
    [struct(["a", { kind: "null" }]), "string"],
    [
      struct(["+1", { kind: "int64" }], ["Two words", { kind: "list", element: struct(["id", { kind: "json" }]) }]),
      "struct<+1:bigint,Two words:array<struct<id:string>>>",
    ],
  ];
  for (const [type, text] of cases) assert.equal(hiveType(type, "column"), text);
});

test("what readers by name would get wrong is refused, with the column and the fix", () => {
  assert.throws(
    () => hiveType({ kind: "timestamp_local" }, 'column "at"'),
    refusal(/^column "at": a timestamp without a zone/),
  );
  for (const name of ["a\0b", "half \ud83d", "a,b", "a:b", "a<b", "a`b", "struct<x", ","]) {
    const column = struct([name, { kind: "int64" }]);
    assert.throws(() => hiveType(column, 'column "c"'), refusal(/^column "c": the field ".+" inside a struct/));
  }
  assert.throws(
    () => hiveType(struct(["Ab", { kind: "int64" }], ["aB", { kind: "bool" }]), 'column "c"'),
    refusal(/"Ab" and "aB" inside one struct/),
  );
  assert.throws(() => hiveType(struct(["", { kind: "int64" }]), 'column "c"'), refusal(/a field without a name/));
});

test("whatever is not refused reads back as the same type", () => {
  fc.assert(
    fc.property(anyType, (type) => {
      let text: string;
      try {
        text = hiveType(type, "column");
      } catch (error) {
        assert.ok(error instanceof Failure && error.kind === "refused", String(error));
        return;
      }
      assert.deepEqual(parseHiveType(text), asReaders(type));
    }),
    runs,
  );
});

test("any name inside a struct is kept as it is, or refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 12 }), fc.string({ maxLength: 4 }), (name, other) => {
      const type = struct([name, { kind: "double" }], [other, { kind: "list", element: { kind: "bool" } }]);
      const isUnreadable = [name, other].some((one) => one === "" || /[,:<`\0]/.test(one));
      const isRefused = isUnreadable || name.toLowerCase() === other.toLowerCase();
      if (isRefused) assert.throws(() => hiveType(type, "column"), refusal(/inside (?:a|one) struct/));
      else assert.deepEqual(parseHiveType(hiveType(type, "column")), type);
    }),
    runs,
  );
});

test("text that is no type of ours says where", () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["", /expected a type, got the end at character 1/],
    ["bigint ", /expected the end, got " " at character 7/],
    ["BIGINT", /expected a type/],
    ["map<string,bigint>", /expected a type/],
    ["timestamp_ntz", /expected the end/],
    ["array<int>", /expected a type/],
    ["array<bigint", /expected ">", got the end/],
    ["struct<>", /expected a name and a colon/],
    ["struct<a>", /expected a name and a colon/],
    ["struct<a:>", /expected a type/],
    ["struct<a:bigint,>", /expected a name and a colon/],
    ["struct<`a`:bigint>", /expected a name and a colon/],
    ["decimal", /1 ≤ p ≤ 38/],
    ["decimal(39,2)", /1 ≤ p ≤ 38/],
    ["decimal(2,3)", /s ≤ p/],
  ];
  for (const [text, words] of wrong) {
    assert.throws(
      () => parseHiveType(text),
      (error: unknown) => error instanceof Failure && error.kind === "usage" && words.test(error.message),
      text,
    );
  }
});
