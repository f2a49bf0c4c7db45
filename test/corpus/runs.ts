/**
 * How property tests run: `FC_RUNS` and `FC_SEED` override the number of runs and the seed, and the seed is printed so
 * that a failure can be repeated.
 */
export interface RunSettings {
  readonly numRuns: number;
  readonly seed: number;
}

export function runSettings(numRuns: number): RunSettings {
  const seed = readWhole("FC_SEED") ?? Math.floor(Math.random() * 0x7fffffff);
  return { numRuns: readWhole("FC_RUNS") ?? numRuns, seed };
}

function readWhole(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  if (!/^-?\d+$/.test(text)) throw new Error(`${name}: expected a whole number, got "${text}"`);
  return Number(text);
}
