import assert from "node:assert/strict";
import test from "node:test";
import { interval } from "../../../test/cli/fixtures.ts";
import { rangeArgument, rangesOf, rangesText, rangeText, splitKey } from "./ranges.ts";

const ranges = (...ids: string[]) => rangesOf(ids.map(interval));

test("neighbours become one range, in any order and however often they are named", () => {
  const found = ranges("2026-03-01-23", "2026-03-01-21", "2026-03-01-22", "2026-03-01-22", "2026-03-02-05");
  assert.deepEqual(found.map(rangeText), ["2026-03-01-21 … 23", "2026-03-02-05"]);
  assert.deepEqual(
    found.map((range) => range.items),
    [3, 1],
  );
});

test("a range over midnight has both ids; as an argument it always has", () => {
  const [range] = ranges("2026-03-01-23", "2026-03-02-00");
  assert.ok(range);
  assert.equal(rangeText(range), "2026-03-01-23 … 2026-03-02-00");
  assert.equal(rangeArgument(range), "2026-03-01-23..2026-03-02-00");
});

test("days are ranges of days", () => {
  assert.deepEqual(ranges("2026-02-28", "2026-03-01").map(rangeText), ["2026-02-28 … 2026-03-01"]);
});

test("what is not shown is counted", () => {
  const found = ranges("2026-03-01-01", "2026-03-01-03", "2026-03-01-05", "2026-03-01-06");
  assert.equal(rangesText(found, 2), "2026-03-01-01, 2026-03-01-03 and 2 more");
  assert.equal(rangesText(found, 9), "2026-03-01-01, 2026-03-01-03, 2026-03-01-05 … 06");
});

test("keys are taken apart", () => {
  assert.deepEqual(splitKey("gharchive@2026-03-01-05"), { name: "gharchive", interval: interval("2026-03-01-05") });
  assert.deepEqual(splitKey("activity"), { name: "activity", interval: undefined });
});
