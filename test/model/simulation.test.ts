/**
 * Histories of two or three writers on one lake, made by a seed: their calls interleave in any order, some fail, some
 * answers are lost or late, listings are behind, processes die and are started again, hours appear, garbage is collected
 * without mercy. After every effect the promises hold; in the end everything is as one undisturbed writer would have made
 * it. `SEED` repeats one history, `SEEDS` sets how many there are.
 */
import assert from "node:assert/strict";
import test, { before } from "node:test";
import { forgetSync } from "./forget-sync.ts";
import { fromEnvironment, seedOf } from "./seed.ts";
import { planOf, simulate, undisturbed } from "./simulation.ts";

const first = seedOf();
const usual = process.env.FAULTS === "all" ? 5000 : 200;
const count = fromEnvironment("SEEDS") ?? (fromEnvironment("SEED") === undefined ? usual : 1);

before(forgetSync);

test("writers, faults and collections in any order end as one undisturbed writer would", async (context) => {
  const expected = (await simulate(undisturbed)).state;
  const cpu = process.cpuUsage();
  const total = { turns: 0, faults: 0 };
  for (let seed = first; seed < first + count; seed++) {
    const { state, turns, faults } = await simulate(planOf(seed));
    assert.deepEqual(state, expected, `SEED=${seed}`);
    total.turns += turns;
    total.faults += faults;
  }
  const { user, system } = process.cpuUsage(cpu);
  context.diagnostic(
    `SEED=${first}, SEEDS=${count}: ${total.turns} calls, ${total.faults} faults, ${((user + system) / 1e6).toFixed(1)} CPU seconds`,
  );
});

test("the same seed makes the same history", async () => {
  for (let seed = first; seed < first + 5; seed++) {
    const [one, other] = [await simulate(planOf(seed)), await simulate(planOf(seed))];
    assert.deepEqual(other.events, one.events, `SEED=${seed}`);
  }
});
