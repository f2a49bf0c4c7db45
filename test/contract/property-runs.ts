import type { Parameters } from "fast-check";

/** Runs and seed of a property: `FC_RUNS` and `FC_SEED` repeat or deepen what a failure printed. */
export function propertyRuns(runs: number): Parameters<unknown> {
  const { FC_RUNS, FC_SEED } = process.env;
  return {
    numRuns: FC_RUNS === undefined ? runs : Number(FC_RUNS),
    ...(FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }),
  };
}
