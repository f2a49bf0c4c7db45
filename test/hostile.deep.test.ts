/** Hostile input at the sizes that it is really feared in; `npm run test:deep -- hostile`. */
import { test } from "node:test";
import { runSettings } from "./corpus/runs.ts";
import { deepSizes, densestRuns, largeRuns } from "./hostile/cases.ts";
import { checkRun, type FuzzKind, fuzz } from "./hostile/run.ts";

for (const run of [...largeRuns(deepSizes), ...densestRuns(256)]) {
  test(run.hours.map(({ name }) => name).join(", "), (t) => checkRun(t, run));
}

const { seed, numRuns } = runSettings(3000);
const kinds: readonly FuzzKind[] = ["lines", "gzip", "keys"];
for (const kind of kinds) {
  test(`fuzzed ${kind}, many`, (t) => {
    fuzz(t, kind, numRuns, seed);
  });
}
