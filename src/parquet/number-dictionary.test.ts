import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { numberDictionary } from "./number-dictionary.ts";

test("values are found again through the dictionary, zeros with their sign", (t) => {
  const settings = runSettings(200);
  t.diagnostic(`seed ${settings.seed}`);
  const value = fc.oneof(fc.constantFrom(0, -0, 1, -1, 0.5, 1e300, 2 ** 53), fc.integer({ min: 0, max: 900 }));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 3_000, size: "max" }), (values) => {
      const found = numberDictionary(Float64Array.from(values), values.length);
      if (found === undefined) return;
      const { distinct, entries, indices } = found;
      for (const [i, each] of values.entries()) assert.ok(Object.is(distinct[indices[i] ?? -1], each));
      const texts = (numbers: Iterable<number>) =>
        Array.from(numbers, (each) => (Object.is(each, -0) ? "-0" : `${each}`));
      assert.equal(new Set(texts(distinct.subarray(0, entries))).size, entries, "no entry twice");
      assert.equal(entries, new Set(texts(values)).size);
    }),
    settings,
  );
});

test("mostly distinct values have no dictionary", () => {
  assert.equal(
    numberDictionary(
      Float64Array.from({ length: 5_000 }, (_, i) => i),
      5_000,
    ),
    undefined,
  );
  assert.equal(numberDictionary(Float64Array.of(1, 2, 3), 3), undefined);
});

test("more entries than a dictionary may have", () => {
  const values = Float64Array.from({ length: 400_000 }, (_, i) => i % 100_000);
  assert.equal(numberDictionary(values, values.length), undefined);
});
