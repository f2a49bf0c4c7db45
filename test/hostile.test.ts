/**
 * Hostile input, each kind in a process of its own whose memory is read from the operating system: one clear finding,
 * nothing of it visible in the lake, and the process ends by itself. The large sizes are in `hostile.deep.test.ts`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runSettings } from "./corpus/runs.ts";
import { largeRuns, ordinarySizes, smallHours } from "./hostile/cases.ts";
import { checkRun, fuzz } from "./hostile/run.ts";

const mib = 1024 * 1024;

test(`${smallHours.length} small hostile hours in one process`, (t) =>
  checkRun(t, { hours: smallHours, options: { source: ", ratio_max: 100000" }, peakBytesMax: 300 * mib }));

for (const run of largeRuns(ordinarySizes)) {
  test(run.hours.map(({ name }) => name).join(", "), (t) => checkRun(t, run));
}

const { seed, numRuns } = runSettings(100);

test("fuzzed lines: what comes out is what the reference says", (t) => {
  const report = fuzz(t, "lines", numRuns, seed);
  assert.ok(report.rows > 0 && report.rejected > 0);
});

test("fuzzed gzip: whole, or refused without a trace", (t) => {
  const report = fuzz(t, "gzip", numRuns, seed);
  assert.ok(report.rows > 0 && report.damaged > 0);
});

test("fuzzed keys: no spelling is lost or read as another", (t) => {
  const report = fuzz(t, "keys", numRuns, seed);
  assert.ok(report.rows > 0);
});
