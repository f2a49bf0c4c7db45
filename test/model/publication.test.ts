/**
 * Every state that the publication of a mart can reach within some bounds. The protocol keeps its promises in all of them;
 * each variant that is known to be wrong breaks one, and the shortest way there is printed. `FAULTS=all` (the deep
 * catalogue) takes larger bounds; `BOUNDS='{"faults":2}'` takes any.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { explore } from "./explore.ts";
import { type Bounds, knownBad, protocol } from "./protocol.ts";
import { publication } from "./publication.ts";

const least: Bounds = {
  writers: 2,
  attempts: 2,
  parts: 1,
  collections: 1,
  rounds: 2,
  keep: 1,
  faults: 1,
  crashes: 1,
  swapTries: 2,
};
const usual: readonly Partial<Bounds>[] = [
  {},
  { attempts: 3, faults: 0 },
  { attempts: 3, parts: 2, keep: 2, faults: 0, crashes: 0 },
];
const large: readonly Partial<Bounds>[] = [
  { attempts: 3, crashes: 0 },
  { faults: 2, crashes: 0 },
  { parts: 2 },
  { collections: 2, keep: 2 },
  { writers: 3, attempts: 3, faults: 0 },
  { attempts: 3 },
];
const statesMax = 10_000_000;

function chosen(): readonly Partial<Bounds>[] {
  const asked = process.env.BOUNDS;
  if (asked !== undefined && asked !== "") return [JSON.parse(asked)];
  return process.env.FAULTS === "all" ? [...usual, ...large] : usual;
}

for (const change of chosen()) {
  const bounds = { ...least, ...change };
  const name = Object.entries(bounds).map(([what, count]) => `${what} ${count}`);
  test(`the protocol keeps its promises: ${name.join(", ")}`, (context) => {
    const { states, transitions, calmSteps, counterexample } = explore(publication(protocol, bounds), statesMax);
    context.diagnostic(`${states} states, ${transitions} transitions, at most ${calmSteps} steps to the end`);
    assert.equal(counterexample, undefined, JSON.stringify(counterexample, undefined, 1));
  });
}

for (const [name, change] of Object.entries(knownBad)) {
  test(`it fails as it must: ${name}`, (context) => {
    const { counterexample } = explore(publication({ ...protocol, ...change }, least), statesMax);
    assert.ok(counterexample !== undefined, "no state breaks a promise");
    for (const [at, action] of counterexample.trace.entries()) context.diagnostic(`${at + 1}. ${action}`);
    context.diagnostic(counterexample.broken);
  });
}
