/**
 * A second fault inside the recovery: call i goes wrong in one way, call j of the run that repairs it in another, and the
 * third run, undisturbed, must make the lake that an undisturbed one makes. Sampled with a seed: `SEED` repeats a sample,
 * `RUNS` sets its size, `FAULTS=all` (the deep catalogue) takes a large one.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Random } from "../../sample/random.ts";
import { faults, noFault, oneFault } from "../faulty.ts";
import { fromEnvironment, seedOf } from "../model/seed.ts";
import { runWith, workOf } from "./matrix-run.ts";
import { catalogFaults, makeSmallLake, stateOf } from "./small-lake.ts";

const seed = seedOf();
const runs = fromEnvironment("RUNS") ?? (process.env.FAULTS === "all" ? 1000 : 60);

test("a second fault inside the recovery", async (context) => {
  const clean = makeSmallLake();
  const calls = await runWith(clean, noFault, 0);
  const expected = await stateOf(clean);
  clean.remove();
  const random = new Random(seed);
  let reached = 0;
  for (let run = 1; run <= runs; run++) {
    const first = { call: random.between(1, calls.length), fault: random.pick(faults) };
    const second = { call: random.between(1, calls.length), fault: random.pick(faults) };
    const name = `SEED=${seed}, sample ${run}: call ${first.call} × ${first.fault}, then call ${second.call} × ${second.fault}`;
    const lake = makeSmallLake();
    try {
      await runWith(lake, oneFault(first.call, first.fault), 0);
      const recovery = await runWith(lake, oneFault(second.call, second.fault), 1);
      if (recovery.length >= second.call) reached++;
      assert.deepEqual(catalogFaults(lake), [], `${name}: right behind the second fault`);
      const app = await lake.open(3);
      try {
        const { exitCode, failures, waiting } = await app.run();
        assert.equal(exitCode, 0, `${name}: ${JSON.stringify(failures)} ${JSON.stringify(waiting)}`);
        assert.deepEqual(await workOf(app), [], `${name}: a further run found something to do`);
      } finally {
        await app.close();
      }
      assert.deepEqual(await stateOf(lake), expected, name);
      assert.deepEqual(catalogFaults(lake), [], name);
    } finally {
      lake.remove();
    }
  }
  context.diagnostic(
    `SEED=${seed}: ${runs} samples, ${reached} with the second fault inside the recovery, all converged`,
  );
  assert.ok(reached > runs / 3, `only ${reached} of ${runs} samples had their second fault`);
});
