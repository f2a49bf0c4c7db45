import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Value } from "../../spark-connect/contract.ts";
import type { SparkType } from "../../spark-connect/types.ts";
import { declaredColumns, declaredType, resultType } from "./types.ts";
import { valueMaker } from "./values.ts";

const STRING: SparkType = { kind: "string" };
const INT: SparkType = { kind: "integer" };
const structOf = (fields: Readonly<Record<string, SparkType>>): SparkType => ({
  kind: "struct",
  fields: Object.entries(fields).map(([name, type]) => ({ name, type, nullable: true })),
});
const arrayOf = (element: SparkType): SparkType => ({ kind: "array", element, containsNull: true });

describe("types of Spark", () => {
  test("tables are declared in names that Spark takes", () => {
    const columns = declaredColumns([
      { name: "a b", type: { kind: "struct", fields: [{ name: "x`y", type: { kind: "json" } }] } },
      { name: "day", type: { kind: "date" } },
      { name: "n", type: { kind: "int32" } },
      { name: "at", type: { kind: "timestamp_local" } },
    ]);
    assert.equal(columns, "`a b` STRUCT<`x``y`: STRING>, `day` DATE, `n` INT, `at` TIMESTAMP_NTZ");
    assert.deepEqual(
      (["float", "binary", "timestamp", "bool", "double", "int64"] as const).map((kind) => declaredType({ kind })),
      ["FLOAT", "BINARY", "TIMESTAMP", "BOOLEAN", "DOUBLE", "BIGINT"],
    );
  });

  test("what a mart stores is cast to it, also inside", () => {
    const stored = (type: SparkType): string | undefined => resultType(type).stored;
    assert.equal(stored({ kind: "short" }), "INT");
    assert.equal(stored(INT), undefined);
    assert.equal(stored({ kind: "string", collation: "UNICODE_CI" }), "STRING");
    assert.equal(stored({ kind: "string", collation: "UTF8_BINARY" }), undefined);
    assert.equal(stored({ kind: "varchar", length: 3 }), "STRING");
    assert.equal(stored(arrayOf(INT)), "ARRAY<BIGINT>");
    assert.equal(
      stored(structOf({ a: STRING, "b c": arrayOf({ kind: "float" }) })),
      "STRUCT<`a`: STRING, `b c`: ARRAY<DOUBLE>>",
    );
    assert.equal(stored(arrayOf(STRING)), undefined);
  });

  test("what no mart can hold is refused with a way out, wherever it stands", () => {
    const time: SparkType = { kind: "time", precision: 6 };
    const map: SparkType = { kind: "map", key: STRING, value: INT, valueContainsNull: true };
    for (const type of [time, map, { kind: "variant" }, { kind: "calendar_interval" }] as const) {
      for (const nested of [type, arrayOf(type), structOf({ a: STRING, b: type })])
        assert.ok((resultType(nested).refused ?? "").length > 10, type.kind);
    }
    for (const kind of ["date", "binary", "timestamp_ntz"] as const) {
      assert.equal(resultType({ kind }).refused, undefined);
      assert.match(resultType(arrayOf({ kind })).refused ?? "", /take it out/);
    }
  });
});

describe("values of Spark", () => {
  const cases: readonly (readonly [SparkType, Value, unknown])[] = [
    [INT, 7, 7n],
    [{ kind: "byte" }, -1, -1n],
    [{ kind: "long" }, 2n ** 60n, 2n ** 60n],
    [{ kind: "double" }, 1.5, 1.5],
    [{ kind: "decimal", precision: 9, scale: 2 }, "1.50", "1.50"],
    [{ kind: "timestamp" }, "2026-03-01T15:00:00.000001Z", "2026-03-01T15:00:00.000001Z"],
    [{ kind: "binary" }, new Uint8Array([1]), new Uint8Array([1])],
    [{ kind: "year_month_interval", start: 0, end: 1 }, 13, "13 months"],
    [{ kind: "day_time_interval", start: 0, end: 3 }, 5n, "5 microseconds"],
    [{ kind: "calendar_interval" }, { months: 1, days: 2, nanoseconds: 3n }, '{"months":1,"days":2,"nanoseconds":"3"}'],
    [arrayOf(INT), [1, null], [1n, null]],
    [structOf({ a: INT, __proto__x: STRING }), { a: 1, __proto__x: "y" }, { a: 1n, __proto__x: "y" }],
    [
      { kind: "map", key: STRING, value: INT, valueContainsNull: true },
      new Map<Value, Value>([["k", 1]]),
      [{ key: "k", value: 1n }],
    ],
  ];
  for (const [type, value, expected] of cases) {
    test(type.kind, () => {
      assert.deepEqual(valueMaker(type)(value), expected);
      assert.equal(valueMaker(type)(null), null);
    });
  }
});
