/**
 * What our files cost to read: DuckDB's CPU for four shapes of query, on our file and on the one DuckDB itself made of the
 * same input with the same columns.
 *
 *     node bench/read.ts [--input generated|real|large] [--rounds 5] [--repeat 20] [--threads 1]
 *
 * Both files answer every query in every round, alternately first, in a fresh instance without caches of its own. With
 * one thread, unless told otherwise: a second one has no row group to read, and makes the figures unsteady. Each time
 * `repeat` runs are added up. The answers must be equal. A ratio is taken within a round.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { cacheDirectory, input, inputNames } from "./inputs.ts";
import { runProcess } from "./process.ts";
import { geometricMean, markdownTable, spreadOf, spreadText } from "./statistics.ts";

const queries = {
  "group by": "SELECT type, count(*) AS events FROM FILE GROUP BY type ORDER BY events DESC, type",
  "count distinct": "SELECT count(DISTINCT actor.login), count(DISTINCT repo.id) FROM FILE",
  "deep field": `SELECT payload.pull_request.head.repo.language AS language, count(*) AS pulls,
      max(payload.pull_request.base.repo.stargazers_count)
    FROM FILE WHERE type = 'PullRequestEvent' GROUP BY language ORDER BY pulls DESC, language`,
  "list unnest": `SELECT committed.author.name AS author, count(*) AS commits
    FROM (SELECT unnest(payload.commits) AS committed FROM FILE)
    GROUP BY author ORDER BY commits DESC, author LIMIT 20`,
} as const;

const { values: options } = parseArgs({
  options: {
    input: { type: "string", default: "generated" },
    rounds: { type: "string", default: "5" },
    repeat: { type: "string", default: "20" },
    threads: { type: "string", default: "1" },
  },
});
const inputName = inputNames.find((name) => name === options.input);
if (inputName === undefined) throw new Error(`--input: expected one of ${inputNames.join(", ")}, got ${options.input}`);
const rounds = Number(options.rounds);
const repeat = Number(options.repeat);

const { ours, theirs } = await makeFiles(await input(inputName));
const loadBefore = loadavg()[0] ?? 0;
const measured = new Map<string, { readonly ours: number[]; readonly theirs: number[] }>();
for (let round = 0; round < rounds; round += 1) {
  for (const [shape, query] of Object.entries(queries)) {
    const costs = measured.get(shape) ?? { ours: [], theirs: [] };
    measured.set(shape, costs);
    const first = await cpuOf(query, round % 2 === 0 ? ours : theirs);
    const second = await cpuOf(query, round % 2 === 0 ? theirs : ours);
    if (!isDeepStrictEqual(first.answer, second.answer)) throw new Error(`${shape}: the two files answer differently`);
    costs.ours.push((round % 2 === 0 ? first : second).cpuMs);
    costs.theirs.push((round % 2 === 0 ? second : first).cpuMs);
  }
}
report();

/** Both files, freshly converted. */
async function makeFiles(source: string): Promise<{ readonly ours: string; readonly theirs: string }> {
  const directory = join(cacheDirectory, "read");
  mkdirSync(directory, { recursive: true });
  const files = { ours: join(directory, "ours.parquet"), theirs: join(directory, "duckdb.parquet") };
  const schema = join(directory, "schema.json");
  await runProcess([process.execPath, join(import.meta.dirname, "convert-once.ts"), source, files.ours, schema]);
  const duckdb = join(import.meta.dirname, "peers", "duckdb-convert.ts");
  await runProcess([process.execPath, duckdb, source, files.theirs, schema]);
  return files;
}

/** CPU milliseconds of one run, on average over `repeat` runs after one that is not counted. */
async function cpuOf(query: string, file: string): Promise<{ readonly cpuMs: number; readonly answer: unknown }> {
  const instance = await DuckDBInstance.create(":memory:", {
    enable_external_file_cache: "false",
    threads: options.threads,
  });
  const connection = await instance.connect();
  try {
    const sql = query.replace("FILE", `read_parquet('${file.replaceAll("'", "''")}')`);
    const answer = (await connection.runAndReadAll(sql)).getRowsJson();
    const before = process.cpuUsage();
    for (let run = 0; run < repeat; run += 1) await connection.runAndReadAll(sql);
    const { user, system } = process.cpuUsage(before);
    return { cpuMs: (user + system) / 1000 / repeat, answer };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function report(): void {
  const rows: string[][] = [];
  const medians: number[] = [];
  for (const [shape, costs] of measured) {
    const ratio = spreadOf(costs.ours.map((cpuMs, round) => cpuMs / (costs.theirs[round] ?? Number.NaN)));
    medians.push(ratio.median);
    rows.push([shape, spreadText(spreadOf(costs.ours), 1), spreadText(spreadOf(costs.theirs), 1), spreadText(ratio)]);
  }
  const load = `${loadBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after`;
  console.log(
    `\`${inputName}\`: ${rounds} rounds of ${repeat} runs, ${options.threads} thread(s); load average ${load}; Node ${process.version}.\n`,
  );
  console.log(markdownTable(["query", "our file, CPU ms", "DuckDB's file, CPU ms", "ratio"], rows));
  console.log(`\nGeometric mean of the median ratios: ${geometricMean(medians).toFixed(3)}`);
  const directory = join(cacheDirectory, "results");
  mkdirSync(directory, { recursive: true });
  const result = { input: inputName, rounds, repeat, load, queries: Object.fromEntries(measured) };
  writeFileSync(join(directory, `read-${inputName}-${options.threads}.json`), `${JSON.stringify(result, null, 2)}\n`);
}
