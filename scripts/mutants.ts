/**
 * Plants the bugs of `mutants/` one after the other in a copy of the project; the tests named there must fail.
 *
 *     npm run mutants                      all of them
 *     npm run mutants -- crc s3-           those whose names contain one of these words
 *     npm run mutants -- --list            what there is
 *
 * `JOBS` sets how many are tried side by side (1). Ends with 1 if one survives or does not fit the code any more.
 */
import { mutants } from "../mutants/all.ts";
import type { Mutant } from "../mutants/mutant.ts";
import { type Bed, makeBed, mutated } from "../mutants/plant.ts";

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const chosen = mutants.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const jobs = Math.max(1, Number(process.env.JOBS ?? 1));

if (process.argv.includes("--list")) {
  for (const { name, why } of chosen) process.stdout.write(`${name.padEnd(40)}${why}\n`);
  process.exit(0);
}
if (chosen.length === 0) {
  process.stderr.write(`no mutant's name contains ${words.join(" or ")}\n`);
  process.exit(2);
}

const survivors: string[] = [];
const began = performance.now();
for (const mutant of chosen) mutated(mutant);
await sideBySide(testsOf(chosen), async (bed, tests) => {
  const { killed, by, seconds } = await bed.unplanted(tests);
  if (killed) throw new Error(`${tests.killedBy.join(" ")} fails without any bug planted: ${by}`);
  process.stdout.write(`✔ ${tests.killedBy.join(" ")} passes as it is (${seconds.toFixed(1)} s)\n`);
});
await sideBySide(chosen, async (bed, mutant) => {
  const { killed, by, seconds } = await bed.plant(mutant);
  if (!killed) survivors.push(mutant.name);
  const end = killed ? `killed by ${by}` : `survives ${mutant.killedBy.join(" ")}: ${mutant.why}`;
  process.stdout.write(`${killed ? "✔" : "✖"} ${mutant.name} ${end} (${seconds.toFixed(1)} s)\n`);
});
for (const name of survivors) process.stdout.write(`survives  ${name}\n`);
process.stdout.write(
  `${chosen.length} planted, ${survivors.length} survive (${((performance.now() - began) / 1000).toFixed(0)} s)\n`,
);
process.exitCode = survivors.length > 0 ? 1 : 0;

/** The different ways in which the mutants' tests are run. */
function testsOf(list: readonly Mutant[]): readonly Pick<Mutant, "killedBy" | "environment">[] {
  const byKey = new Map<string, Mutant>();
  for (const mutant of list) byKey.set(JSON.stringify([mutant.killedBy, mutant.environment]), mutant);
  return [...byKey.values()];
}

async function sideBySide<T>(list: readonly T[], work: (bed: Bed, item: T) => Promise<void>): Promise<void> {
  const left = [...list];
  const beds = Array.from({ length: Math.min(jobs, left.length) }, makeBed);
  try {
    await Promise.all(
      beds.map(async (bed) => {
        for (let item = left.shift(); item !== undefined; item = left.shift()) await work(bed, item);
      }),
    );
  } finally {
    for (const bed of beds) bed.remove();
  }
}
