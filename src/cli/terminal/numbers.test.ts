import assert from "node:assert/strict";
import test from "node:test";
import { byteRate, clockTime, count, counted, duration, instant, size } from "./numbers.ts";

const cases = <T>(show: (value: T) => string, table: readonly (readonly [T, string])[]): void => {
  for (const [value, text] of table) assert.equal(show(value), text);
};

test("counts are grouped by thousands", () => {
  cases(count, [
    [0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [48_000, "48,000"],
    [1_234_567, "1,234,567"],
    [12_345_678_901_234_567_890n, "12,345,678,901,234,567,890"],
  ]);
  assert.equal(counted(1, "row"), "1 row");
  assert.equal(counted(2, "row"), "2 rows");
  assert.equal(counted(0, "entry", "entries"), "0 entries");
});

test("sizes are decimal and change units before they need four digits", () => {
  cases(size, [
    [0, "0 B"],
    [812, "812 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [99_949, "99.9 kB"],
    [99_951, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [17_800_000, "17.8 MB"],
    [61_000_000, "61.0 MB"],
    [1.7e12, "1.7 TB"],
    [5e18, "5000 PB"],
  ]);
});

test("durations have the one or two units that matter", () => {
  const [s, min, h, d] = [1000, 60_000, 3_600_000, 86_400_000];
  cases(duration, [
    [0, "0.00 s"],
    [610, "0.61 s"],
    [994, "0.99 s"],
    [995, "1.0 s"],
    [4_100, "4.1 s"],
    [9_949, "9.9 s"],
    [9_950, "10 s"],
    [40 * s, "40 s"],
    [59_499, "59 s"],
    [59_500, "1 min"],
    [200 * s, "3 min 20 s"],
    [180 * s, "3 min"],
    [12 * min, "12 min"],
    [59.5 * min, "1 h"],
    [125 * min, "2 h 5 min"],
    [9 * h, "9 h"],
    [23.6 * h, "1 d"],
    [57 * h, "2 d 9 h"],
    [48 * h, "2 d"],
    [58 * d, "58 d"],
  ]);
});

test("times are UTC", () => {
  const now = Date.parse("2026-03-27T12:00:05.678Z");
  assert.equal(instant(now), "2026-03-27T12:00:05Z");
  assert.equal(clockTime(now + 300_000, now), "12:05 UTC");
  assert.equal(clockTime(now + 86_400_000, now), "2026-03-28 12:00 UTC");
  assert.equal(byteRate(5_000_000, 500), "10.0 MB/s");
  assert.equal(byteRate(0, 500), "");
});
