/**
 * The nth-call matrix of a collection of garbage: every call of it × every fault, and at no point is anything gone that
 * somebody can reach. The next collection, undisturbed, leaves exactly what one alone would have left. The retention is
 * zero, so that nothing but the protocol protects what is in use. `FAULTS=all` takes every pair.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { faults, noFault, oneFault } from "../faulty.ts";
import { countsOf, laterDays, reachableFaults, runWith, type Workflow } from "./matrix-run.ts";
import type { SmallLake } from "./small-lake.ts";
import { copySmallLake, makeSmallLake, stateOf } from "./small-lake.ts";

const deep = process.env.FAULTS === "all";
const rules = { retentionMs: 0, versions: 1 } as const;
const collect: Workflow = (app, signal) => app.gc({ ...rules, signal });
const rebuild: Workflow = (app, signal) => app.run({ signal, rerun: true, only: "marts" });

/** Two versions that were replaced, one that was never published, and the rejected lines of bytes that were replaced. */
async function grownLake(): Promise<SmallLake> {
  const lake = makeSmallLake();
  await runWith(lake, noFault, 0);
  const name = "2026-03-01-23.json.gz";
  writeFileSync(join(lake.directory, "archive", name), gzipSync('{"id":"5","actor":{"login":"zoe"},"size":2}\n{cut\n'));
  await runWith(lake, noFault, 1, (app, signal) => app.run({ signal, rerun: true, only: "collect" }));
  await runWith(lake, noFault, 2);
  const twin = copySmallLake(lake);
  const swap = (await runWith(twin, noFault, 3, rebuild)).findIndex((call) => call.startsWith("putIfAbsent _catalog"));
  twin.remove();
  await runWith(lake, oneFault(swap + 1, "crash-before"), 3, rebuild);
  await runWith(lake, oneFault(swap + 1, "crash-after"), 4, rebuild);
  return lake;
}

const martsOf = (lake: SmallLake): string => join(lake.directory, "lake/marts");

function versionsOf(lake: SmallLake): readonly string[] {
  const directory = join(martsOf(lake), "activity");
  return existsSync(directory) ? readdirSync(directory) : [];
}

test("every call of a collection of garbage may go wrong in every way", async (context) => {
  const grown = await grownLake();
  const reached = await stateOf(grown);
  assert.equal(versionsOf(grown).length, 4);
  const clean = copySmallLake(grown);
  const calls = await runWith(clean, noFault, laterDays, collect);
  const expected = await stateOf(clean);
  assert.equal(versionsOf(clean).length, 1);
  const gone = Object.keys(reached).filter((name) => !(name in expected));
  assert.deepEqual(
    gone.map((name) => name.split("/").slice(0, 2).join("/")),
    ["tables/_rejected"],
  );
  clean.remove();
  context.diagnostic(countsOf(calls));
  let runs = 0;
  for (let call = 1; call <= calls.length; call++) {
    for (const fault of new Set(deep ? faults : [faults[call % faults.length] ?? "lost", "crash-after" as const])) {
      const name = `call ${call} (${calls[call - 1]}) × ${fault}`;
      const lake = copySmallLake(grown);
      try {
        await runWith(lake, oneFault(call, fault), laterDays, collect);
        assert.deepEqual(reachableFaults(lake), [], `${name}: right behind the fault`);
        const now = await stateOf(lake);
        const lost = Object.keys(expected).filter((object) => now[object] !== expected[object]);
        assert.deepEqual(lost, [], `${name}: right behind the fault`);
        const app = await lake.open(laterDays);
        const report = await app.gc(rules);
        await app.close();
        assert.deepEqual([report.failures, report.kept], [[], []], name);
        assert.deepEqual(reachableFaults(lake), [], name);
        assert.equal(versionsOf(lake).length, 1, name);
        // What the store's clock was read from may stay for a day: it could be another collection's that is under way.
        const left = Object.entries(await stateOf(lake)).filter(([object]) => !object.includes("/_probe/"));
        assert.deepEqual(Object.fromEntries(left), expected, name);
        runs++;
      } finally {
        lake.remove();
      }
    }
  }
  grown.remove();
  context.diagnostic(`${runs} disturbed collections converged`);
});
