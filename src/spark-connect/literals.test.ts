import assert from "node:assert/strict";
import { test } from "node:test";
import type { Parameter } from "./contract.ts";
import { literalOf } from "./literals.ts";

function literal(value: Parameter): unknown {
  const { exprType } = literalOf(value);
  assert.equal(exprType.case, "literal");
  return exprType.case === "literal" ? exprType.value.literalType : undefined;
}

test("the type follows from the value", () => {
  const bytes = new Uint8Array([1, 2]);
  const cases: readonly (readonly [Parameter, unknown])[] = [
    [true, { case: "boolean", value: true }],
    [0, { case: "integer", value: 0 }],
    [-(2 ** 31), { case: "integer", value: -(2 ** 31) }],
    [2 ** 31 - 1, { case: "integer", value: 2 ** 31 - 1 }],
    [2 ** 31, { case: "double", value: 2 ** 31 }],
    [-0, { case: "double", value: -0 }],
    [0.5, { case: "double", value: 0.5 }],
    [Number.NaN, { case: "double", value: Number.NaN }],
    [Number.POSITIVE_INFINITY, { case: "double", value: Number.POSITIVE_INFINITY }],
    [5n, { case: "long", value: 5n }],
    [-(2n ** 63n), { case: "long", value: -(2n ** 63n) }],
    ["é", { case: "string", value: "é" }],
    [bytes, { case: "binary", value: bytes }],
    [new Date("1969-12-31T23:59:59.999Z"), { case: "timestamp", value: -1000n }],
    [new Date(8.64e15), { case: "timestamp", value: 8_640_000_000_000_000_000n }],
  ];
  for (const [value, expected] of cases) assert.deepEqual(literal(value), expected);
  const none = literalOf(null).exprType;
  assert.equal(none.case === "literal" && none.value.literalType.case, "null");
});

test("what no type holds is refused with what to do", () => {
  const wrong: Parameter[] = [2n ** 63n, -(2n ** 63n) - 1n, "\ud800", new Date(Number.NaN)];
  for (const value of wrong) assert.throws(() => literalOf(value), { kind: "usage", message: /^parameter: / });
  for (const value of [undefined, Symbol("x"), {}, []]) {
    // Callers without types pass such things.
    assert.throws(() => Reflect.apply(literalOf, undefined, [value]), { kind: "usage" });
  }
});
