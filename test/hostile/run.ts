/** Runs hostile hours in a process of their own and checks everything that must come of them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { HostileRun } from "./cases.ts";
import { hourOfKey } from "./cases.ts";
import type { FuzzReport } from "./fuzz.ts";
import { makeHostileLake } from "./lake.ts";

const mib = 1024 * 1024;

export async function checkRun(context: TestContext, run: HostileRun): Promise<void> {
  const lake = makeHostileLake(new Map(run.hours.map(({ body }, hour) => [hour, body])), run.options);
  try {
    const report = await lake.run();
    context.diagnostic(`peak ${Math.round(report.peakBytes / mib)} MiB, ${(report.cpuMs / 1000).toFixed(1)} CPU s`);
    const failed = run.hours.filter((hour) => hour.finding !== undefined);
    assert.equal(report.failures.length, failed.length, JSON.stringify(report.failures));
    for (const [at, { name, finding, rows }] of run.hours.entries()) {
      const id = String(at).padStart(2, "0");
      const [failure, ...others] = report.failures.filter(({ key }) => hourOfKey(key) === at);
      assert.deepEqual(others, [], name);
      assert.match(failure?.reason ?? "", finding?.message ?? /^$/, name);
      assert.equal(failure?.kind, finding && (finding.stage === "collect" ? "corrupt" : "refused"), name);
      assert.equal(lake.visible("raw").includes(id), finding?.stage !== "collect", `${name}: raw`);
      assert.equal(lake.visible("tables").includes(id), finding === undefined, `${name}: table`);
      const converted = report.converted.filter(({ key }) => hourOfKey(key) === at);
      assert.deepEqual(
        converted.map((done) => [done.rows, done.rejected]),
        rows === undefined ? [] : [[rows, 0]],
        name,
      );
    }
    // Data that was refused asks for a person, which counts for more than a download that failed.
    const refused = failed.some(({ finding }) => finding?.stage === "convert");
    assert.equal(report.exitCode, failed.length === 0 ? 0 : refused ? 3 : 1);
    assert.ok(report.peakBytes <= run.peakBytesMax, `${report.peakBytes} bytes, allowed ${run.peakBytesMax}`);
  } finally {
    lake.remove();
  }
}

export type FuzzKind = "lines" | "gzip" | "keys";

/** Fuzzing in a process of its own, which must end by itself; `FC_SEED` and `FC_RUNS` repeat and extend it. */
export function fuzz(context: TestContext, kind: FuzzKind, runs: number, seed: number): FuzzReport {
  context.diagnostic(`FC_SEED=${seed} FC_RUNS=${runs}`);
  const done = spawnSync(process.execPath, [join(import.meta.dirname, "fuzz.ts"), kind, String(seed), String(runs)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  assert.equal(done.signal, null, `seed ${seed}`);
  assert.equal(done.status, 0, `seed ${seed}`);
  const report: FuzzReport = JSON.parse(done.stdout);
  assert.equal(report.problem, undefined);
  assert.equal(report.runs, runs);
  assert.ok(report.peakBytes < 600 * mib, `${report.peakBytes} bytes`);
  context.diagnostic(`${report.rows} rows, ${report.rejected} rejected, ${report.damaged} files damaged`);
  return report;
}
