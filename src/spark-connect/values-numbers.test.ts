import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { decimalNumbers, decimalTexts, exactNumbers } from "./values-numbers.ts";

function wordsOf(values: readonly bigint[]): Int32Array<ArrayBuffer> {
  const words = new BigInt64Array(
    values.flatMap((value) => [BigInt.asIntN(64, value), BigInt.asIntN(64, value >> 64n)]),
  );
  return new Int32Array(words.buffer);
}

function plainText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const point = scale === 0 ? "" : `.${digits.slice(digits.length - scale)}`;
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, digits.length - scale)}${point}`;
}

/** All sizes up to 38 digits alike, and the edges at which ways part. */
const unscaled = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 38 }), fc.bigInt(0n, 10n ** 38n))
    .map(([digits, value]) => value % 10n ** BigInt(digits)),
  fc.tuple(fc.constantFrom(31n, 32n, 53n, 63n, 64n), fc.bigInt(-2n, 2n)).map(([bits, off]) => 2n ** bits + off),
  fc.tuple(fc.integer({ min: 0, max: 37 }), fc.bigInt(-2n, 2n)).map(([digits, off]) => 10n ** BigInt(digits) + off),
);
const signed = fc.tuple(unscaled, fc.boolean()).map(([value, isNegative]) => (isNegative ? -value : value));

test("decimals have all their digits", () => {
  fc.assert(
    fc.property(fc.array(signed, { maxLength: 30 }), fc.integer({ min: 0, max: 38 }), (values, scale) => {
      const expected = values.map((value) => plainText(value, scale));
      assert.deepEqual(decimalTexts(wordsOf(values), scale), expected);
      assert.deepEqual(
        decimalNumbers(wordsOf(values), scale).map(String),
        expected.map((text) => String(Number(text))),
      );
    }),
    runSettings(1500),
  );
});

test("every scale of a value of as many digits as a number holds", () => {
  for (let scale = 0; scale <= 16; scale++) {
    for (const value of [2n ** 53n - 1n, 1n - 2n ** 53n, 9_999_999_999_999_99n, 0n, 5n, -5n]) {
      assert.deepEqual(decimalTexts(wordsOf([value]), scale), [plainText(value, scale)]);
    }
  }
});

test("integers as numbers are exact or an error, except where they are null", () => {
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  const values = BigInt64Array.of(limit, -limit, 0n, -1n, 2n ** 32n, -(2n ** 32n));
  assert.deepEqual(
    exactNumbers(values, () => false, "n"),
    [...values].map(Number),
  );
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
      const read = (): number[] => exactNumbers(BigInt64Array.of(value), () => false, "n");
      if (value >= -limit && value <= limit) assert.deepEqual(read(), [Number(value)]);
      else
        assert.throws(read, {
          kind: "application",
          message: `column n: ${value} is beyond what a number holds exactly`,
        });
    }),
    runSettings(500),
  );
  assert.equal(exactNumbers(BigInt64Array.of(2n ** 63n - 1n), () => true, "n").length, 1);
});
