/**
 * The nth-call matrix: every call of a whole run × every fault, then an ordinary run, then the lake must be what an
 * undisturbed run makes. A second run behind it must find nothing to do. `FAULTS=all` (the deep catalogue) takes every
 * pair; the ordinary run takes every call with a fault that rotates by its number, so that each kind meets each method.
 */
import assert from "node:assert/strict";
import test from "node:test";
import type { Fault } from "../faulty.ts";
import { faults, noFault, oneFault } from "../faulty.ts";
import { countsOf, runWith, workOf } from "./matrix-run.ts";
import { catalogFaults, makeSmallLake, stateOf } from "./small-lake.ts";

const deep = process.env.FAULTS === "all";

test("every call of collect, convert and mart may go wrong in every way", async (context) => {
  const clean = makeSmallLake();
  const calls = await runWith(clean, noFault, 0);
  const expected = await stateOf(clean);
  assert.deepEqual(catalogFaults(clean), []);
  clean.remove();
  context.diagnostic(countsOf(calls));
  assert.ok(calls.length > 40, "the workflow was not counted");

  let runs = 0;
  for (let call = 1; call <= calls.length; call++) {
    const chosen: readonly Fault[] = deep ? faults : [faults[call % faults.length] ?? "lost", "crash-after"];
    for (const fault of new Set(chosen)) {
      const name = `call ${call} (${calls[call - 1]}) × ${fault}`;
      const lake = makeSmallLake();
      try {
        await runWith(lake, oneFault(call, fault), 0);
        assert.deepEqual(catalogFaults(lake), [], `${name}: right behind the fault`);
        const app = await lake.open(1);
        const summary = await app.run();
        assert.equal(
          summary.exitCode,
          0,
          `${name}: ${JSON.stringify(summary.failures)} ${JSON.stringify(summary.waiting)}`,
        );
        assert.deepEqual(await workOf(app), [], `${name}: a second run found something to do`);
        await app.close();
        assert.deepEqual(await stateOf(lake), expected, name);
        assert.deepEqual(catalogFaults(lake), [], name);
        runs++;
      } finally {
        lake.remove();
      }
    }
  }
  context.diagnostic(`${runs} disturbed runs converged`);
});
