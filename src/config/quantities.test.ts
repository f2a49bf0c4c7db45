import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatDuration, parseBytes, parseCount, parseDuration, parseShare } from "./quantities.ts";

const runs: { readonly numRuns: number; readonly seed?: number } = {
  numRuns: Number(process.env.FC_RUNS ?? 300),
  ...(process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) }),
};

type Table<T> = readonly (readonly [string, T])[];

describe("quantities", () => {
  it("durations", () => {
    const table: Table<number | undefined> = [
      ["7d", 604_800_000],
      ["6h", 21_600_000],
      ["5m", 300_000],
      ["30s", 30_000],
      ["1d12h", 129_600_000],
      ["500ms", 500],
      ["2w", 1_209_600_000],
      ["1m500ms", 60_500],
      ["0", 0],
      ["0s", 0],
      ["", undefined],
      ["5", undefined],
      ["12h1d", undefined],
      ["1.5h", undefined],
      ["-5m", undefined],
      ["5 m", undefined],
      ["5M", undefined],
      ["999999999999999999d", undefined],
    ];
    for (const [text, expected] of table) assert.equal(parseDuration(text), expected, text);
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 53 - 1 }), (ms) => assert.equal(parseDuration(formatDuration(ms)), ms)),
      runs,
    );
  });

  it("sizes", () => {
    const table: Table<number | undefined> = [
      ["256MB", 256_000_000],
      ["1GiB", 1_073_741_824],
      ["1.5 GB", 1_500_000_000],
      ["20kB", 20_000],
      ["20KiB", 20_480],
      ["4096", 4096],
      ["4096B", 4096],
      ["0", 0],
      ["1TB", 1e12],
      ["1PB", undefined],
      ["MB", undefined],
      ["-1MB", undefined],
      ["1.5B", undefined],
      ["9999999TB", undefined],
      ["", undefined],
    ];
    for (const [text, expected] of table) assert.equal(parseBytes(text), expected, text);
  });

  it("shares and counts", () => {
    const shares: Table<number | undefined> = [
      ["0.1%", 0.001],
      ["0.1 %", 0.001],
      ["0.001", 0.001],
      ["0", 0],
      ["100%", 1],
      ["1", 1],
      ["101%", undefined],
      ["1.01", undefined],
      ["%", undefined],
      ["-1%", undefined],
      [".5", undefined],
    ];
    for (const [text, expected] of shares) assert.equal(parseShare(text), expected, text);
    const counts: Table<number | undefined> = [
      ["0", 0],
      ["007", 7],
      ["1e3", undefined],
      ["1.0", undefined],
      ["-1", undefined],
      ["99999999999999999999", undefined],
    ];
    for (const [text, expected] of counts) assert.equal(parseCount(text), expected, text);
  });
});
