/**
 * The planted bugs of `mutants/` fit the code, and tests find them: two of them in every run, others each day; all of them
 * with `FAULTS=all` (the deep catalogue) or by `npm run mutants`.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { mutants } from "../mutants/all.ts";
import { makeBed, mutated } from "../mutants/plant.ts";

const perRun = 2;

test("every planted bug fits the code, has a name of its own and tests that exist", () => {
  assert.ok(mutants.length >= 20);
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
  for (const mutant of mutants) {
    mutated(mutant);
    for (const file of mutant.killedBy)
      assert.ok(existsSync(new URL(`../${file}`, import.meta.url)), `${mutant.name}: there is no ${file}`);
  }
});

const day = Math.floor(Date.now() / 86_400_000);
const chosen =
  process.env.FAULTS === "all"
    ? mutants
    : Array.from({ length: perRun }, (_, at) => mutants[(perRun * day + at) % mutants.length]).filter(
        (mutant) => mutant !== undefined,
      );

test("tests find what was planted", async (context) => {
  const bed = makeBed();
  try {
    for (const mutant of chosen) {
      await context.test(mutant.name, async (context) => {
        const { killed, by, seconds } = await bed.plant(mutant);
        assert.ok(killed, `${mutant.killedBy.join(" ")} does not notice: ${mutant.why}`);
        context.diagnostic(`found by "${by}" (${seconds.toFixed(1)} s)`);
      });
    }
  } finally {
    bed.remove();
  }
});
