import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { appendIndices, appendRuns, bitWidth } from "./hybrid.ts";
import type { LevelRuns } from "./level-runs.ts";

/** The encoding read as its specification says, value by value. */
function decode(bytes: Uint8Array, width: number, count: number): number[] {
  const values: number[] = [];
  let at = 0;
  while (values.length < count) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      header |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    if (header % 2 === 0) {
      let value = 0;
      for (let shift = 0; shift < width; shift += 8) value |= (bytes[at++] ?? 0) << shift;
      for (let i = 0; i < header >> 1; i++) values.push(value);
    } else {
      const bits = (header >> 1) * 8 * width;
      assert.ok(at * 8 + bits <= bytes.length * 8, "a packed run is whole");
      for (let value = 0; value < (header >> 1) * 8; value++) {
        let packed = 0;
        for (let bit = 0; bit < width; bit++) {
          const place = at * 8 + value * width + bit;
          packed |= (((bytes[place >> 3] ?? 0) >> (place & 7)) & 1) << bit;
        }
        values.push(packed);
      }
      at += bits / 8;
    }
  }
  assert.equal(at, bytes.length, "nothing follows the last run");
  return values.slice(0, count);
}

function runsOf(levels: readonly number[]): LevelRuns {
  const pairs: number[] = [];
  for (const level of levels) {
    if (pairs.at(-2) === level) pairs[pairs.length - 1] = (pairs.at(-1) ?? 0) + 1;
    else pairs.push(level, 1);
  }
  return { pairs: Int32Array.from(pairs), used: pairs.length, entries: levels.length };
}

/** Values that come in runs of all lengths around the eight that matter. */
function runny(max: number): fc.Arbitrary<number[]> {
  const run = fc.tuple(
    fc.integer({ min: 0, max }),
    fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(1, 1, 500)),
  );
  return fc.array(run, { maxLength: 60 }).map((runs) => runs.flatMap(([value, count]) => Array(count).fill(value)));
}

test("levels are read back as they were", (t) => {
  const settings = runSettings(300);
  t.diagnostic(`seed ${settings.seed}`);
  const levels = fc.integer({ min: 1, max: 300 }).chain((max) => fc.tuple(fc.constant(max), runny(max)));
  fc.assert(
    fc.property(levels, ([max, values]) => {
      const out = new ByteBuffer(1);
      appendRuns(out, runsOf(values), bitWidth(max));
      assert.deepEqual(decode(out.written(), bitWidth(max), values.length), values);
    }),
    settings,
  );
});

test("dictionary indices are read back as they were, from any range", (t) => {
  const settings = runSettings(300);
  t.diagnostic(`seed ${settings.seed}`);
  const indices = fc.constantFrom(0, 1, 2, 5, 255, 256, 65_535).chain((max) => fc.tuple(fc.constant(max), runny(max)));
  fc.assert(
    fc.property(indices, fc.nat(10), fc.nat(10), ([max, values], skipped, left) => {
      const from = Math.min(skipped, values.length);
      const to = Math.max(from, values.length - left);
      const out = new ByteBuffer(1);
      appendIndices(out, Int32Array.from(values), from, to, bitWidth(max));
      const bytes = out.written();
      assert.equal(bytes[0], bitWidth(max));
      assert.deepEqual(decode(bytes.subarray(1), bitWidth(max), to - from), values.slice(from, to));
    }),
    settings,
  );
});

test("a long run takes a few bytes, whatever its length", () => {
  const out = new ByteBuffer();
  appendRuns(out, { pairs: Int32Array.of(3, 1_000_000), used: 2, entries: 1_000_000 }, 2);
  assert.deepEqual([...out.written()], [0x80, 0x89, 0x7a, 3]);
});
