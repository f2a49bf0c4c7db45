import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/contract/property-runs.ts";
import type { ByteRange } from "./contract.ts";
import { bytesIn, fetchLimits, planFetch, type RangeSet, rangeSet, subtract, union } from "./ranges.ts";

const SIZE = 200;

/** Any ranges, also empty, reversed and beyond the object. */
const ranges = fc.array(
  fc.record({ start: fc.integer({ min: -20, max: SIZE + 20 }), end: fc.integer({ min: -20, max: SIZE + 20 }) }),
  { maxLength: 12 },
);

/** The same as bits, one a byte. */
function bits(of: readonly ByteRange[]): boolean[] {
  return Array.from({ length: SIZE }, (_, at) => of.some(({ start, end }) => start <= at && at < end));
}

function assertSet(set: RangeSet): void {
  for (const [index, range] of set.entries()) {
    assert.ok(range.start < range.end, "not empty");
    const before = set[index - 1];
    assert.ok(before === undefined || before.end < range.start, "ascending, with a gap between");
  }
}

describe("ranges", () => {
  test("are sets of bytes", () => {
    fc.assert(
      fc.property(ranges, ranges, (some, others) => {
        const [a, b] = [rangeSet(some, SIZE), rangeSet(others, SIZE)];
        for (const set of [a, b, union(a, b), subtract(a, b)]) assertSet(set);
        const [inA, inB] = [bits(some), bits(others)];
        assert.deepEqual(bits(a), inA);
        assert.deepEqual(
          bits(union(a, b)),
          inA.map((bit, at) => bit || inB[at] === true),
        );
        assert.deepEqual(
          bits(subtract(a, b)),
          inA.map((bit, at) => bit && inB[at] !== true),
        );
        assert.equal(bytesIn(a), inA.filter(Boolean).length);
      }),
      propertyRuns(500),
    );
  });

  test("a plan brings what is wanted, no byte twice, and no more in vain than its limits say", () => {
    const limits = { gapBytesMax: 12, gapsShare: 0.2, gapsBytesMin: 3, wholeShare: 0.7, requestBytesMax: 40 };
    fc.assert(
      fc.property(ranges, ranges, (some, others) => {
        const [wanted, present] = [rangeSet(some, SIZE), rangeSet(others, SIZE)];
        const missing = subtract(wanted, present);
        const plan = planFetch(wanted, present, SIZE, limits);
        const sorted = [...plan].sort((a, b) => a.start - b.start);
        for (const [index, { start, end }] of sorted.entries()) {
          assert.ok(start < end && start >= 0 && end <= SIZE && end - start <= limits.requestBytesMax);
          assert.ok((sorted[index - 1]?.end ?? 0) <= start, "no byte twice");
        }
        assert.deepEqual(subtract(missing, rangeSet(plan, SIZE)), []);
        const absent = SIZE - bytesIn(present);
        const [fetched, needed] = [bytesIn(plan), bytesIn(missing)];
        if (needed === 0) assert.equal(fetched, 0);
        else if (needed > limits.wholeShare * absent) assert.equal(fetched, absent);
        else assert.ok(fetched <= needed + Math.max(limits.gapsBytesMin, limits.gapsShare * needed));
      }),
      propertyRuns(500),
    );
  });

  test("the usual limits: near chunks in one request, far ones each in its own, most of an object as a whole", () => {
    const [kib, mib] = [1024, 1024 * 1024];
    const plan = (wanted: readonly ByteRange[], size: number) => planFetch(rangeSet(wanted, size), [], size);
    const near = [
      { start: 0, end: 300 * kib },
      { start: 350 * kib, end: 600 * kib },
      { start: 900 * kib, end: 1000 * kib },
    ];
    assert.deepEqual(plan(near, 40 * mib), [
      { start: 0, end: 600 * kib },
      { start: 900 * kib, end: 1000 * kib },
    ]);
    assert.deepEqual(plan([{ start: 0, end: 80 * kib }], 100 * kib), [{ start: 0, end: 100 * kib }]);
    assert.equal(
      plan([{ start: 0, end: 30 * mib }], 31 * mib).length,
      Math.ceil((31 * mib) / fetchLimits.requestBytesMax),
    );
  });
});
