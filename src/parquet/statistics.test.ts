import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { typescriptLoops } from "./loops.ts";
import {
  encodeFixed,
  flagStatistics,
  mergedTextStatistics,
  numberStatistics,
  type Statistics,
  textStatistics,
} from "./statistics.ts";
import { PHYSICAL } from "./values.ts";

function arenaOf(texts: readonly string[]): Uint8Array {
  return Buffer.concat(
    texts.map((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return Buffer.concat([length, bytes]);
    }),
  );
}

/** Few letters and lengths around four and 48, so that beginnings agree. */
const text = fc
  .tuple(
    fc.constantFrom("", "a", "aaaa", "b".repeat(46), "b".repeat(48), "é".repeat(24), "\u007f".repeat(60)),
    fc.string({ unit: fc.constantFrom("a", "b", "\0", "é", "𝄞", "\u007f"), maxLength: 5 }),
  )
  .map(([beginning, end]) => beginning + end);

test("limits of texts bound all of them and are exact where they say so", (t) => {
  const settings = runSettings(500);
  t.diagnostic(`seed ${settings.seed}`);
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), fc.nat(7), (texts, firstPage) => {
      const pages = [texts.slice(0, firstPage), texts.slice(firstPage)].map((page) =>
        textStatistics(arenaOf(page), typescriptLoops),
      );
      assertBounds(textStatistics(arenaOf(texts), typescriptLoops), texts);
      assertBounds(mergedTextStatistics(pages.filter((page) => page !== undefined)), texts);
    }),
    settings,
  );
});

function assertBounds(found: Statistics | undefined, texts: readonly string[]): void {
  assert.ok(found !== undefined);
  const sorted = texts.map((each) => Buffer.from(each)).sort(Buffer.compare);
  const [least, greatest] = [sorted[0], sorted.at(-1)];
  assert.ok(least !== undefined && greatest !== undefined);
  assert.ok(found.min.length <= 48);
  assert.ok(Buffer.compare(Buffer.from(found.min), least) <= 0);
  if (found.minExact) assert.ok(texts.includes(Buffer.from(found.min).toString()));
  if (found.max === undefined) return;
  assert.ok(found.max.length <= 48);
  assert.ok(Buffer.compare(Buffer.from(found.max), greatest) >= 0);
  if (found.maxExact) assert.deepEqual(Buffer.from(found.max), greatest);
  assert.equal(Buffer.from(found.max).toString().includes("\ufffd"), false, "a limit is UTF-8");
}

test("of equal limits of pages the exact one counts", () => {
  const exact = "x".repeat(48);
  const [short, long] = [exact, `${exact}y`].map((each) => textStatistics(arenaOf([each]), typescriptLoops));
  assert.ok(short !== undefined && long !== undefined);
  for (const pages of [
    [short, long],
    [long, short],
  ]) {
    const merged = mergedTextStatistics(pages);
    assert.deepEqual([Buffer.from(merged.min).toString(), merged.minExact, merged.maxExact], [exact, true, false]);
  }
});

test("a limit is cut at a character and raised", () => {
  const long = `${"x".repeat(47)}é and more`;
  const found = textStatistics(arenaOf([long]), typescriptLoops);
  assert.equal(Buffer.from(found?.min ?? []).toString(), "x".repeat(47));
  assert.equal(Buffer.from(found?.max ?? []).toString(), `${"x".repeat(46)}y`);
  assert.deepEqual([found?.minExact, found?.maxExact], [false, false]);
});

test("a text that cannot be raised has no upper limit", () => {
  assert.equal(textStatistics(arenaOf(["é".repeat(40)]), typescriptLoops)?.max, undefined);
});

test("zeros of doubles are widened to both signs", () => {
  const found = numberStatistics(PHYSICAL.double, Float64Array.of(0, -0), null, 2, typescriptLoops);
  assert.ok(found?.max !== undefined);
  assert.ok(Object.is(Buffer.from(found.min).readDoubleLE(), -0));
  assert.ok(Object.is(Buffer.from(found.max).readDoubleLE(), 0));
});

test("integers that a double cannot hold count exactly", () => {
  const wide = new Map([[1, 2n ** 63n - 1n]]);
  const found = numberStatistics(PHYSICAL.int64, Float64Array.of(5, 0), wide, 2, typescriptLoops);
  assert.ok(found?.max !== undefined);
  assert.equal(Buffer.from(found.min).readBigInt64LE(), 5n);
  assert.equal(Buffer.from(found.max).readBigInt64LE(), 2n ** 63n - 1n);
});

test("wide decimals are written big endian in two's complement", () => {
  assert.equal(Buffer.from(encodeFixed(-1n)).toString("hex"), "f".repeat(32));
  assert.equal(Buffer.from(encodeFixed(258)).toString("hex"), `${"0".repeat(28)}0102`);
  assert.equal(
    Buffer.from(encodeFixed(-(10n ** 38n))).toString("hex"),
    BigInt.asUintN(128, -(10n ** 38n)).toString(16),
  );
});

test("nothing has no limits", () => {
  assert.equal(textStatistics(new Uint8Array(), typescriptLoops), undefined);
  assert.equal(flagStatistics(new Uint8Array(4), 0), undefined);
  assert.equal(numberStatistics(PHYSICAL.int64, new Float64Array(4), null, 0, typescriptLoops), undefined);
});

test("booleans", () => {
  const found = flagStatistics(Uint8Array.of(1, 1, 0), 2);
  assert.deepEqual([[...(found?.min ?? [])], [...(found?.max ?? [])]], [[1], [1]]);
});
