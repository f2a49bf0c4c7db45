/** A whole number from the environment: `SEED`, `SEEDS`, `RUNS`. Unset and empty are the same. */
export function fromEnvironment(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  if (!/^\d+$/.test(text)) throw new Error(`${name}: expected a whole number, got "${text}"`);
  return Number(text);
}

/** `SEED`, or one that nobody has chosen. Whoever uses it prints it. */
export const seedOf = (): number => fromEnvironment("SEED") ?? Math.floor(Math.random() * 2 ** 31);
