/**
 * Every call of a collection × every fault, where the order of removal matters: raw objects with revisions that `keep` lets
 * go, and the files of a mart's version (`matrix-gc.test.ts` has everything else). Right behind the fault an ordinary run
 * must find nothing to do, and no directory may look like a version that it no longer is.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { gc } from "../../src/operations/gc.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { type Fault, faults, faulty, noFault, oneFault } from "../faulty.ts";
import { countsOf, runWith, type Workflow, workOf } from "./matrix-run.ts";
import { assertReadable, keysIn, partsOn, publish } from "./published-mart.ts";
import { copySmallLake, makeSmallLake, type SmallLake, startMs, stateOf } from "./small-lake.ts";

const deep = process.env.FAULTS === "all";
/** The ordinary run takes every call with two faults, one of which rotates. */
const faultsOf = (call: number): ReadonlySet<Fault> =>
  new Set(deep ? faults : [faults[call % faults.length] ?? "lost", "crash-after"]);

/** Objects have the times of this machine; by then both hours have expired. */
const laterDays = Math.ceil((Date.now() - startMs) / 86_400_000) + 1;
const collect: Workflow = (app, signal) => app.gc({ retentionMs: 0, only: "raw", signal });

function letGo(lake: SmallLake): SmallLake {
  const file = join(lake.directory, "millrace.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("    retry: 0\n", "    retry: 0\n    keep: 1d\n"));
  return lake;
}

/** The second hour changed at its source, and the table was made from its second revision. */
async function grownLake(): Promise<SmallLake> {
  const lake = makeSmallLake();
  await runWith(lake, noFault, 0);
  const name = "2026-03-01-23.json.gz";
  writeFileSync(join(lake.directory, "archive", name), gzipSync('{"id":"5","actor":{"login":"zoe"},"size":2}\n'));
  await runWith(lake, noFault, 1, (app, signal) => app.run({ signal, rerun: true, only: "collect" }));
  await runWith(lake, noFault, 2);
  return letGo(lake);
}

/** What a crash may leave of the object that was written for the store's time. */
const withoutProbes = (state: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(state).filter(([name]) => !name.includes("/_probe/")));

test("raw objects expire whole: no revision becomes current because a newer one went first", async (context) => {
  const grown = await grownLake();
  const before = await stateOf(grown);
  const clean = letGo(copySmallLake(grown));
  const calls = await runWith(clean, noFault, laterDays, collect);
  const expected = await stateOf(clean);
  clean.remove();
  const gone = Object.keys(before).filter((name) => !(name in expected) && !name.includes("_receipts"));
  assert.deepEqual(gone, [
    "raw/_revisions/hours/2026/03/01/23.json.gz/0002",
    "raw/hours/2026/03/01/22.json.gz",
    "raw/hours/2026/03/01/23.json.gz",
  ]);
  assert.deepEqual(
    Object.keys(expected).filter((name) => name.startsWith("raw/")),
    [],
    "receipts go with their objects",
  );
  context.diagnostic(countsOf(calls));
  let runs = 0;
  for (let call = 1; call <= calls.length; call++) {
    for (const fault of faultsOf(call)) {
      const name = `call ${call} (${calls[call - 1]}) × ${fault}`;
      const lake = letGo(copySmallLake(grown));
      try {
        await runWith(lake, oneFault(call, fault), laterDays, collect);
        const app = await lake.open(laterDays);
        assert.deepEqual(await workOf(app), [], `${name}: a run behind the fault found something to do`);
        const report = await app.gc({ retentionMs: 0, only: "raw" });
        assert.deepEqual([report.failures, report.kept], [[], []], name);
        assert.deepEqual(await workOf(app), [], `${name}: a run behind the collection found something to do`);
        await app.close();
        assert.deepEqual(withoutProbes(await stateOf(lake)), expected, name);
        runs++;
      } finally {
        lake.remove();
      }
    }
  }
  grown.remove();
  context.diagnostic(`${runs} disturbed collections converged`);
});

/** Directories that have a manifest and not all of its files: whoever believes manifests would take them for versions. */
async function pretenders(storage: Storage): Promise<readonly string[]> {
  const keys = new Set(await keysIn(storage));
  const found: string[] = [];
  for (const key of keys) {
    if (!key.endsWith("/_manifest.json")) continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of storage.read(key)) chunks.push(chunk);
    const { files }: { files: { name: string }[] } = JSON.parse(Buffer.concat(chunks).toString());
    if (!files.every(({ name }) => keys.has(key.replace("_manifest.json", name)))) found.push(key);
  }
  return found;
}

test("a version is removed from its manifest on, so that what remains looks like nothing", async (context) => {
  const rules = { retentionMs: 0, versions: 1, only: "marts" } as const;
  const grown = async (): Promise<Storage> => {
    const storage = memoryStorage();
    for (let version = 1; version <= 3; version++) await publish(partsOn(storage));
    return storage;
  };
  const counted = faulty(await grown(), noFault);
  await gc(partsOn(counted.port), rules);
  let runs = 0;
  for (let call = 1; call <= counted.calls.length; call++) {
    for (const fault of faultsOf(call)) {
      const name = `call ${call} (${counted.calls[call - 1]}) × ${fault}`;
      const storage = await grown();
      // A stalled call ends with the collection, as when somebody stops it.
      const stop = AbortSignal.timeout(fault === "stall" ? 20 : 60_000);
      await Promise.allSettled([gc(partsOn(faulty(storage, oneFault(call, fault)).port), { ...rules, signal: stop })]);
      assert.deepEqual(await pretenders(storage), [], `${name}: right behind the fault`);
      await assertReadable(storage, name);
      assert.deepEqual((await gc(partsOn(storage), rules)).failures, [], name);
      assert.equal((await keysIn(storage)).length, 3, `${name}: one version of two parts and a manifest`);
      await assertReadable(storage, name);
      runs++;
    }
  }
  context.diagnostic(`${runs} disturbed collections of ${counted.calls.length} calls converged`);
});
