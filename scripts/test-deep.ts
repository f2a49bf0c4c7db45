/**
 * The expensive catalogues, one area at a time: what the ordinary run takes samples of, here is complete.
 *
 *     npm run test:deep -- faults          every fault at every call and in every hour
 *     npm run test:deep -- --help          the areas
 *
 * `FC_SEED` and `FC_RUNS` override the seed and the number of runs. Parts that come from the registries are installed.
 */
import { globSync } from "node:fs";
import { run } from "node:test";
import { spec } from "node:test/reporters";

interface Area {
  readonly about: string;
  readonly files: readonly string[];
  readonly runs: number;
}

const areas: Readonly<Record<string, Area>> = {
  faults: {
    about: "every fault at every call of a run, every kill, every fault of the archive in every hour",
    files: ["test/faults/*.test.ts"],
    runs: 10_000,
  },
  model: {
    about: "the publication of a mart in larger bounds, 5,000 histories of several writers",
    files: ["test/model/*.test.ts"],
    runs: 10_000,
  },
  mutants: {
    about: "every planted bug must be found by a test",
    files: ["test/mutants.test.ts"],
    runs: 100,
  },
  equality: {
    about: "10,000 random files and the whole edge corpus against the reference; hours in many orders",
    files: ["test/equality.test.ts", "test/corpus/*.test.ts", "test/orders.test.ts", "test/json-suite.test.ts"],
    runs: 10_000,
  },
  hostile: {
    about: "lines of a GiB, ten million keys, bombs, and thousands of damaged files",
    files: ["test/hostile*.test.ts"],
    runs: 5_000,
  },
  spark: {
    about:
      "Spark and pyarrow as readers of the edge corpus, real hours, every era; Spark installed and used; needs Java 17",
    files: ["test/readers/*.test.ts", "test/spark/**/*.deep.test.ts"],
    runs: 1_000,
  },
  metastore: {
    about: "the Hive Metastore: every fault, many writers, thousands of partitions; needs Java 17 and Maven",
    files: [
      "test/metastore/**/*.test.ts",
      "src/catalog/hive/**/*.deep.test.ts",
      "test/spark-by-name/*.deep.test.ts",
      "test/hive-faults/*.test.ts",
    ],
    runs: 1_000,
  },
};

function help(): string {
  const lines = Object.entries(areas).map(([name, { about }]) => `  ${name.padEnd(10)}${about}`);
  return `npm run test:deep -- AREA\n\n${lines.join("\n")}\n  all       everything, one area after the other\n`;
}

const [asked = "--help"] = process.argv.slice(2);
if (asked === "--help" || asked === "-h") {
  process.stdout.write(help());
  process.exit(process.argv.length > 2 ? 0 : 2);
}
const chosen = asked === "all" ? Object.values(areas) : [areas[asked]].filter((area) => area !== undefined);
if (chosen.length === 0) {
  process.stderr.write(`no area is called ${asked}\n\n${help()}`);
  process.exit(2);
}

const root = new URL("..", import.meta.url).pathname;
const totals = { passed: 0, failed: 0, skipped: 0 };
const skips: string[] = [];
const began = performance.now();
for (const area of chosen) await runArea(area);
for (const skip of skips) process.stdout.write(`skipped  ${skip}\n`);
process.stdout.write(`all checks took ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
const skipsAllowed = process.env.REQUIRE_REAL !== "all";
process.exitCode = totals.failed > 0 || totals.passed === 0 || (totals.skipped > 0 && !skipsAllowed) ? 1 : 0;

async function runArea({ files, runs }: Area): Promise<void> {
  const stream = run({
    cwd: root,
    files: globSync([...files], { cwd: root })
      .sort()
      .map((file) => `${root}${file}`),
    // One at a time: several of them measure memory, and all of them keep every core busy.
    concurrency: 1,
    timeout: 6 * 3_600_000,
    env: { FAULTS: "all", INSTALL_REAL: "1", FC_RUNS: String(runs), ...process.env },
  });
  stream.on("test:summary", (summary) => {
    // One summary comes per file and one, without a file, for the whole run.
    if (summary.file !== undefined) return;
    totals.passed += summary.counts.passed;
    totals.failed += summary.counts.tests - summary.counts.passed - summary.counts.skipped - summary.counts.todo;
    totals.skipped += summary.counts.skipped + summary.counts.todo;
  });
  stream.on("test:pass", (event) => {
    if (event.skip !== undefined) skips.push(`${event.name}${typeof event.skip === "string" ? `: ${event.skip}` : ""}`);
  });
  stream.compose(spec).pipe(process.stdout, { end: false });
  await new Promise((resolve) => stream.on("end", resolve));
  // The reporter's last lines are still on their way to the terminal when the stream of events has ended.
  await new Promise((resolve) => setImmediate(resolve));
}
