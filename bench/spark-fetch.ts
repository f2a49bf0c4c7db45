/**
 * Fetching results over Spark Connect: our client and the official Python client, each a whole process, from one server with
 * one session each, in interleaved rounds.
 *
 *     node bench/spark-fetch.ts [--rows 1000000] [--rounds 3] [--only MODE,…] [--url sc://host:port]
 *
 * Promises: a million rows at least as fast as the official client (Arrow against `toArrow()`, objects against `collect()`)
 * with less memory; five million, one after the other, below 300 MB; 200 small queries in sequence with a median latency that
 * is no higher (figures: bench/spark-fetch.md).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sqlRelation } from "../src/spark-connect/plans.ts";
import { connect } from "../src/spark-connect/session.ts";
import { pythonWith } from "../test/real/installed.ts";
import { startSparkServer } from "../test/real/spark-server.ts";
import { cacheDirectory } from "./inputs.ts";
import { isRecord, numberIn, type ProcessCost, runProcess } from "./process.ts";
import { markdownTable, megabytes, spreadOf, spreadText } from "./statistics.ts";

const { values: settings } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "arrow,objects,small,objects-stream" },
    url: { type: "string" },
  },
});
const rounds = Number(settings.rounds);

/** Ten columns of everyday kinds; one in seven of the last is null. */
const mixed = `
  id,
  CAST(id % 1000 AS INT) AS size,
  rand(7) * 1000 AS score,
  CAST(rand(8) * 100000 AS DECIMAL(12,2)) AS amount,
  element_at(array('PushEvent', 'WatchEvent', 'IssuesEvent', 'PullRequestEvent'), CAST(id % 4 AS INT) + 1) AS type,
  concat('user-', hash(id), '/repository-', id) AS name,
  date_add(DATE'2020-01-01', CAST(id % 2000 AS INT)) AS day,
  timestamp_micros(1577836800000000L + id * 1234567) AS created,
  id % 3 = 0 AS is_public,
  if(id % 7 = 0, NULL, concat('message ', id)) AS message`;

const context = {
  skip(reason?: string) {
    throw new Error(reason ?? "something is missing");
  },
};

/** Compiled, as a published package is: no types to strip at every start. */
function build(): string {
  const compiler = join(import.meta.dirname, "..", "node_modules", "typescript", "bin", "tsc");
  const project = join(import.meta.dirname, "spark-fetch.tsconfig.json");
  const { status } = spawnSync(process.execPath, [compiler, "-p", project], { stdio: ["ignore", "ignore", "inherit"] });
  if (status === null) throw new Error("the TypeScript compiler was stopped");
  return join(cacheDirectory, "build", "bench", "spark-fetch-once.js");
}

const python = pythonWith(context, "pyspark-client");
if (python === undefined) throw new Error("the Python client is missing");
const clients: readonly (readonly [string, readonly string[]])[] = [
  ["millrace", [process.execPath, build()]],
  ["pyspark", [python, join(import.meta.dirname, "spark-fetch.py")]],
];

interface Run {
  readonly cost: ProcessCost;
  readonly seconds: number;
  readonly latencies: readonly number[];
}

async function run(command: readonly string[], url: string, mode: string, query: string, rows: number): Promise<Run> {
  const cost = await runProcess([...command, url, mode, query]);
  const printed: unknown = JSON.parse(cost.stdout);
  if (numberIn(printed, "rows") !== rows) throw new Error(`${command[0]} ${mode}: ${numberIn(printed, "rows")} rows`);
  const latencies = isRecord(printed) && Array.isArray(printed.latencies) ? printed.latencies.map(Number) : [];
  return { cost, seconds: numberIn(printed, "seconds"), latencies };
}

function row(mode: string, name: string, runs: readonly Run[], ours: readonly Run[]): readonly string[] {
  const spread = (of: (run: Run) => number): string => spreadText(spreadOf(runs.map(of)));
  const ratio = (of: (run: Run) => number): string =>
    spreadText(
      spreadOf(runs.map((each, round) => of(each) / (ours[round] === undefined ? Number.NaN : of(ours[round])))),
    );
  const latency = (each: Run): number => (each.latencies.length === 0 ? Number.NaN : spreadOf(each.latencies).median);
  return [
    `${mode}, ${name}`,
    spread(({ seconds }) => seconds),
    ratio(({ seconds }) => seconds),
    spread(({ cost }) => cost.wallSeconds),
    spread(({ cost }) => cost.cpuSeconds),
    ratio(({ cost }) => cost.cpuSeconds),
    megabytes(Math.max(...runs.map(({ cost }) => cost.peakBytes))),
    runs.some(({ latencies }) => latencies.length > 0) ? spread(latency) : "",
  ];
}

const directory = mkdtempSync(join(tmpdir(), "millrace-bench-spark-"));
const server = settings.url === undefined ? await startSparkServer(context, { memory: "2g" }) : undefined;
const url = settings.url ?? server?.url ?? "";
try {
  const session = await connect(url);
  const table = join(directory, "rows");
  const query = `SELECT ${mixed} FROM range(0, ${settings.rows}, 1, 2)`;
  await session.write(sqlRelation(query, {}), { format: "parquet", to: { path: table }, mode: "overwrite" });
  await session.close();
  const whole = `SELECT * FROM parquet.\`${table}\``;
  const five = Array.from({ length: 5 }, () => whole).join(" UNION ALL ");
  const rows = Number(settings.rows);
  const modes = [
    { mode: "arrow", text: whole, rows },
    { mode: "objects", text: whole, rows },
    { mode: "small", text: "SELECT id, id * 2 AS twice FROM range(10)", rows: 2000 },
    { mode: "objects-stream", text: five, rows: 5 * rows },
  ].filter(({ mode }) => settings.only.split(",").includes(mode));
  const report: (readonly string[])[] = [];
  for (const { mode, text, rows } of modes) {
    const runs = new Map<string, Run[]>(clients.map(([name]) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [name, command] of round % 2 === 0 ? clients : clients.toReversed()) {
        runs.get(name)?.push(await run(command, url, mode, text, rows));
      }
    }
    const ours = runs.get("millrace") ?? [];
    for (const [name, own] of runs) report.push(row(mode, name, own, ours));
  }
  const head = ["result, client", "fetch s", "× ours", "process s", "CPU s", "× ours", "peak MB", "median latency ms"];
  process.stdout.write(
    `${rows.toLocaleString("en")} rows of ten columns, ${rounds} rounds, load ${loadavg()[0]?.toFixed(1)}\n\n${markdownTable(head, report)}\n`,
  );
} finally {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
}
