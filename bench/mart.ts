/**
 * What a mart over many wide partitions costs: the reference select over 1,000 and 8,760 hours (a year), by our engine,
 * beside one plain `read_parquet` of all files by DuckDB alone.
 *
 *     node bench/mart.ts [--rounds 3] [--events 400] [--no-year]
 *
 * 24 generated hours are converted for real (about 1,100 leaf columns each) and hard-linked under the names of all the
 * others, in a temporary directory. Each run is a process of its own that tells what it was charged for; the answers of
 * both ways must be equal.
 */
import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { openGenerator } from "../sample/generator.ts";
import { writeHour } from "../sample/write-hour.ts";
import type { InputFile, TableInput } from "../src/engine/contract.ts";
import { openEngine } from "../src/engine/open.ts";
import { hourMs, intervalId } from "../src/model/calendar.ts";
import { leafPaths } from "../src/model/column-path.ts";
import { partitionKey } from "../src/model/layout.ts";
import type { Schema } from "../src/model/schema.ts";
import { type ConvertedHours, convertHours } from "../test/converted-hours.ts";
import { markdownTable, megabytes, spreadOf, spreadText } from "./statistics.ts";

const COLUMNS =
  "actor.login as actor, actor.display_login as actor_display, org.login as org, repo.name as repo, type, payload.action, src";
/** What the project file gives an engine that is told nothing. */
const MEMORY_BYTES = 2_000_000_000;
const FIRST_MS = Date.UTC(2023, 0, 1);
const DISTINCT = 24;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    events: { type: "string", default: "400" },
    year: { type: "boolean", default: true },
    child: { type: "string" },
    directory: { type: "string", default: "" },
    hours: { type: "string", default: "0" },
  },
  allowNegative: true,
});

/** What one process was charged for, and what it answered. */
interface Cost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakBytes: number;
  /** Bytes that the process asked the kernel for, its own program included. */
  readonly readBytes: number;
  readonly rows: number;
  /** The rows' sum of hashes: equal for equal rows in any order. */
  readonly sum: string;
}

type Way = "engine" | "naive" | "one hour";

if (options.child !== undefined) await runChild(options.child, options.directory, Number(options.hours));
else await compare(Number(options.rounds), Number(options.events));

function srcOf(hour: number): string {
  return intervalId({ every: "hour", startMs: FIRST_MS + hour * hourMs });
}

function pathOf(directory: string, hour: number): string {
  return join(directory, partitionKey("events", srcOf(hour)));
}

async function compare(rounds: number, events: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-mart-"));
  try {
    const hours = options.year ? 8760 : 1000;
    const { leaves, bytes, rows } = await prepare(directory, hours, events);
    const runs: readonly (readonly [Way, number])[] = [
      ["engine", 1000],
      ["naive", 1000],
      ...(options.year
        ? ([
            ["engine", 8760],
            ["one hour", 8760],
          ] as const)
        : []),
    ];
    const costs = new Map<string, Cost[]>();
    for (let round = 0; round < rounds; round++) {
      for (const [way, count] of runs) {
        const name = `${way}, ${count.toLocaleString("en")} partitions`;
        const cost = measure(way, directory, count);
        costs.set(name, [...(costs.get(name) ?? []), cost]);
        console.error(`${name}: ${cost.wallSeconds.toFixed(1)} s, ${megabytes(cost.peakBytes)} MB`);
      }
    }
    checkAnswers(costs);
    console.log(
      `${DISTINCT} distinct hours of ${events} events, ${leaves.toLocaleString("en")} leaf columns, ` +
        `${(bytes / 1e6).toFixed(2)} MB a file on average; ${rows} rows in 24 hours; ${rounds} rounds, median (least–most); ` +
        `load ${loadavg()[0]?.toFixed(1)} at the end.\n`,
    );
    console.log(table(costs));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function prepare(
  directory: string,
  hours: number,
  events: number,
): Promise<{ readonly leaves: number; readonly bytes: number; readonly rows: number }> {
  const generator = openGenerator({ seed: 7, eventsPerHour: events });
  const raw: { src: string; file: string }[] = [];
  for (let hour = 0; hour < DISTINCT; hour++) {
    const file = join(directory, `${hour}.json.gz`);
    await writeHour(generator, FIRST_MS + hour * hourMs, file);
    raw.push({ src: srcOf(hour), file });
  }
  const converted = await convertHours(raw, directory);
  for (let hour = 0; hour < hours; hour++) {
    mkdirSync(join(pathOf(directory, hour), ".."), { recursive: true });
    linkSync(partOf(converted, hour).path, pathOf(directory, hour));
  }
  writeFileSync(join(directory, "schema.json"), JSON.stringify(converted.schema));
  const bytes = converted.parts.reduce((sum, part) => sum + statSync(part.path).size, 0) / DISTINCT;
  return {
    leaves: leafPaths(converted.schema).length,
    bytes,
    rows: converted.parts.reduce((sum, part) => sum + part.rows, 0),
  };
}

function partOf(converted: ConvertedHours, hour: number): ConvertedHours["parts"][number] {
  const part = converted.parts[hour % DISTINCT];
  if (part === undefined) throw new Error("no converted hour");
  return part;
}

function measure(way: Way, directory: string, hours: number): Cost {
  const args = [import.meta.filename, "--child", way, "--directory", directory, "--hours", String(hours)];
  const done = spawnSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (done.status !== 0) throw new Error(`${way} over ${hours} partitions ended with ${done.status ?? done.signal}`);
  const cost: Cost = JSON.parse(done.stdout);
  return cost;
}

async function runChild(way: string, directory: string, hours: number): Promise<void> {
  const out = mkdtempSync(join(directory, "out-"));
  const started = performance.now();
  if (way === "naive") await naive(directory, hours, out);
  else await engine(directory, hours, out, way === "one hour" ? ` where src = '${srcOf(hours - 1)}'` : "");
  const wallSeconds = (performance.now() - started) / 1000;
  const usage = process.resourceUsage();
  const readBytes = Number(/^rchar: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
  const answer = await summary(out);
  const cost: Cost = {
    cpuSeconds: (usage.userCPUTime + usage.systemCPUTime) / 1e6,
    wallSeconds,
    peakBytes: usage.maxRSS * 1024,
    readBytes,
    ...answer,
  };
  console.log(JSON.stringify(cost));
}

async function engine(directory: string, hours: number, out: string, where: string): Promise<void> {
  const schema: Schema = JSON.parse(readFileSync(join(directory, "schema.json"), "utf8"));
  const files = Array.from({ length: hours }, (_, hour): InputFile => {
    const path = pathOf(directory, hour);
    const token = (): string => {
      const found = statSync(path);
      return `${found.ino}-${found.mtimeMs}-${found.size}`;
    };
    return { path, src: srcOf(hour), size: statSync(path).size, token: token(), check: async () => token() };
  });
  const table: TableInput = { schema, partitioned: true, files: async () => files };
  const opened = openEngine({ kind: "duckdb", threads: 0, memoryBytes: MEMORY_BYTES });
  const scratch = mkdtempSync(join(directory, "scratch-"));
  const tables = new Map([["events", table]]);
  const sql = `select ${COLUMNS} from events${where}`;
  await opened.select({ sql, tables, scratch, directory: out, compression: "zstd" });
  await opened.close();
}

/** What one would write by hand: every file in one statement. */
async function naive(directory: string, hours: number, out: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { memory_limit: `${MEMORY_BYTES}B` });
  const connection = await instance.connect();
  const paths = Array.from({ length: hours }, (_, hour) => `'${pathOf(directory, hour)}'`).join(", ");
  const relation = `read_parquet([${paths}], union_by_name = true, hive_partitioning = true, hive_types_autocast = false)`;
  await connection.run(
    `COPY (SELECT ${COLUMNS} FROM ${relation}) TO '${join(out, "part-00000.parquet")}' (FORMAT parquet, COMPRESSION zstd)`,
  );
}

/** Looked at after the accounts were drawn up. */
async function summary(out: string): Promise<{ readonly rows: number; readonly sum: string }> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const sql = `SELECT count(*)::INTEGER, sum(hash(p)::HUGEINT)::VARCHAR FROM '${join(out, "part-00000.parquet")}' p`;
  const [row] = (await connection.runAndReadAll(sql)).getRows();
  rmSync(out, { recursive: true });
  return { rows: Number(row?.[0]), sum: String(row?.[1]) };
}

function checkAnswers(costs: ReadonlyMap<string, readonly Cost[]>): void {
  const answers = new Map<string, Set<string>>();
  for (const [name, runs] of costs) {
    const key = name.includes("one hour") ? name : name.replace(/^\w+/, "");
    for (const run of runs) answers.set(key, (answers.get(key) ?? new Set()).add(`${run.rows} rows, ${run.sum}`));
  }
  for (const [key, found] of answers)
    if (found.size > 1) throw new Error(`${key}: different answers: ${[...found].join("; ")}`);
}

function table(costs: ReadonlyMap<string, readonly Cost[]>): string {
  return markdownTable(
    ["way", "rows", "CPU s", "wall s", "peak MB", "MB read"],
    [...costs].map(([name, runs]) => [
      name,
      (runs[0]?.rows ?? 0).toLocaleString("en"),
      spreadText(spreadOf(runs.map((run) => run.cpuSeconds)), 1),
      spreadText(spreadOf(runs.map((run) => run.wallSeconds)), 1),
      spreadText(spreadOf(runs.map((run) => run.peakBytes / 1e6)), 0),
      spreadText(spreadOf(runs.map((run) => run.readBytes / 1e6)), 0),
    ]),
  );
}
