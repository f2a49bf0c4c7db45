import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  dayMs,
  daysInMonth,
  type Every,
  hourMs,
  intervalAt,
  intervalId,
  intervalsBetween,
  parseIntervalId,
  startOfDay,
  utcDayMs,
} from "./calendar.ts";

const runs: { readonly numRuns: number; readonly seed?: number } = {
  numRuns: Number(process.env.FC_RUNS ?? 500),
  ...(process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) }),
};

describe("calendar", () => {
  it("agrees with the platform's Date on every day it has", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9999 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 31 }),
        (year, month, day) => {
          const at = new Date(0);
          at.setUTCFullYear(year, month - 1, day);
          const exists = at.getUTCMonth() === month - 1;
          assert.equal(utcDayMs(year, month, day), exists ? at.getTime() : undefined);
          assert.equal(day <= daysInMonth(year, month), exists);
        },
      ),
      runs,
    );
  });

  it("refuses days that no calendar has", () => {
    for (const [year, month, day] of [
      [2026, 2, 29],
      [1900, 2, 29],
      [2026, 0, 1],
      [2026, 13, 1],
      [2026, 4, 31],
      [2026, 1, 0],
      [-1, 1, 1],
      [10_000, 1, 1],
    ] as const) {
      assert.equal(utcDayMs(year, month, day), undefined, `${year}-${month}-${day}`);
    }
    assert.equal(utcDayMs(1970, 1, 1), 0);
    assert.equal(utcDayMs(2000, 2, 29), Date.parse("2000-02-29"));
  });

  it("reads back the ids it writes", () => {
    const every = fc.constantFrom<Every>("hour", "day");
    fc.assert(
      fc.property(every, fc.integer({ min: -62_000_000_000_000, max: 253_000_000_000_000 }), (each, atMs) => {
        const interval = intervalAt(each, atMs);
        assert.deepEqual(parseIntervalId(intervalId(interval)), interval);
      }),
      runs,
    );
  });

  it("takes the forms people type, and no others", () => {
    const at = Date.parse("2026-03-01T05:00Z");
    for (const id of ["2026-03-01-05", "2026-03-01T05", "2026-03-01-5"]) {
      assert.deepEqual(parseIntervalId(id), { every: "hour", startMs: at }, id);
    }
    for (const id of ["2026-03-01-24", "2026-02-30", "2026-3-1", "2026-03-01 05", "2026-03", "", "2026-03-01-05x"]) {
      assert.equal(parseIntervalId(id), undefined, id);
    }
  });

  it("leaves out the interval that is still running", () => {
    const from = Date.parse("2026-02-28T22:10Z");
    const ids = [...intervalsBetween("hour", from, Date.parse("2026-03-01T01:59Z"))].map(intervalId);
    assert.deepEqual(ids, ["2026-02-28-23", "2026-03-01-00"]);
    assert.deepEqual([...intervalsBetween("day", from, from + dayMs)], []);
    assert.equal(startOfDay(from), Date.parse("2026-02-28"));
    assert.equal(intervalAt("hour", from).startMs % hourMs, 0);
  });
});
