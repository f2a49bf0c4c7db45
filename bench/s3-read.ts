/**
 * What the embedded engine fetches, and what it costs: the reference select over wide partitions in a bucket of a real
 * server, through the cache of local copies, beside the same partitions on the local disk.
 *
 *     node bench/s3-read.ts [--hours 72] [--distinct 4] [--events 50000] [--rounds 3]
 *
 * Promise: at most 1.5 times the bytes of the chunks of the touched columns, footers included (figures: bench/s3.md). The
 * distinct hours are generated, converted for real (about 1,200 leaf columns each) and put under the names of all the
 * others. Each run is a process of its own; the answers of all ways must be equal.
 */
import { spawn } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { openGenerator } from "../sample/generator.ts";
import { writeHour } from "../sample/write-hour.ts";
import { openCache } from "../src/cache/open.ts";
import type { InputFile } from "../src/engine/contract.ts";
import { openEngine } from "../src/engine/open.ts";
import { hourMs, intervalId } from "../src/model/calendar.ts";
import { leafPaths } from "../src/model/column-path.ts";
import { partitionFile, partitionId, partitionKey } from "../src/model/layout.ts";
import type { Schema } from "../src/model/schema.ts";
import { type FooterGuess, storedInput } from "../src/step/stored-input.ts";
import type { Storage } from "../src/storage/contract.ts";
import { convertHours } from "../test/converted-hours.ts";
import { type BenchStore, openBucket, startBenchStore } from "./s3.ts";
import { markdownTable, megabytes, spreadOf, spreadText } from "./statistics.ts";

const COLUMNS =
  "actor.login as actor, actor.display_login as actor_display, org.login as org, repo.name as repo, type, payload.action, src";
const LEAVES = ["actor, login", "actor, display_login", "org, login", "repo, name", "type", "payload, action"];
const FIRST_MS = Date.UTC(2023, 0, 1);

const { values: options } = parseArgs({
  options: {
    hours: { type: "string", default: "72" },
    distinct: { type: "string", default: "4" },
    events: { type: "string", default: "50000" },
    rounds: { type: "string", default: "3" },
    child: { type: "string" },
    directory: { type: "string", default: "" },
    endpoint: { type: "string", default: "" },
    region: { type: "string", default: "" },
  },
});

interface Cost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakBytes: number;
  readonly fetched: { readonly bytes: number; readonly requests: number };
  readonly rows: number;
  readonly sum: string;
}

if (options.child !== undefined) await runChild(options.child, options.directory);
else await compare(Number(options.hours), Number(options.distinct), Number(options.events), Number(options.rounds));

function srcOf(hour: number): string {
  return intervalId({ every: "hour", startMs: FIRST_MS + hour * hourMs });
}

async function compare(hours: number, distinct: number, events: number, rounds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-s3-read-"));
  const store = await startBenchStore();
  try {
    const facts = await fill(directory, store, { hours, distinct, events });
    const cache = join(directory, "cache");
    const costs = new Map<string, Cost[]>();
    for (let round = 0; round < rounds; round++) {
      rmSync(cache, { recursive: true, force: true });
      for (const [name, way] of [
        ["local disk", "local"],
        ["bucket, the cache is empty", "bucket"],
        ["bucket, the cache has it", "bucket"],
      ] as const) {
        const cost = await measure(way, directory, store);
        costs.set(name, [...(costs.get(name) ?? []), cost]);
        console.error(`${name}: ${cost.wallSeconds.toFixed(1)} s, ${megabytes(cost.fetched.bytes)} MB fetched`);
      }
    }
    const answers = new Set([...costs.values()].flat().map(({ rows, sum }) => `${rows} rows, ${sum}`));
    if (answers.size > 1) throw new Error(`different answers: ${[...answers].join("; ")}`);
    const [cold] = costs.get("bucket, the cache is empty") ?? [];
    const fetched = cold?.fetched ?? { bytes: 0, requests: 0 };
    console.log(
      `${hours} partitions of ${events.toLocaleString("en")} events on versitygw, ${facts.leaves.toLocaleString("en")} leaf ` +
        `columns, ${megabytes(facts.bytes)} MB together; chunks of the touched columns ${megabytes(facts.chunks, 1)} MB; ` +
        `fetched ${megabytes(fetched.bytes, 1)} MB in ${fetched.requests} requests: ` +
        `${(fetched.bytes / facts.chunks).toFixed(2)} times the chunks; ${rounds} rounds, median (least–most); ` +
        `load ${loadavg()[0]?.toFixed(1)} at the end.\n`,
    );
    console.log(table(costs));
  } finally {
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Facts {
  readonly leaves: number;
  /** Of all partitions together, and of the touched columns' chunks in them. */
  readonly bytes: number;
  readonly chunks: number;
}

async function fill(
  directory: string,
  store: BenchStore,
  { hours, distinct, events }: { readonly hours: number; readonly distinct: number; readonly events: number },
): Promise<Facts> {
  const generator = openGenerator({ seed: 7, eventsPerHour: events });
  const raw: { src: string; file: string }[] = [];
  for (let hour = 0; hour < distinct; hour++) {
    const file = join(directory, `${hour}.json.gz`);
    await writeHour(generator, FIRST_MS + hour * hourMs, file);
    raw.push({ src: srcOf(hour), file });
  }
  const { schema, parts } = await convertHours(raw, directory);
  writeFileSync(join(directory, "schema.json"), JSON.stringify(schema));
  const tables = await store.open("tables");
  mkdirSync(join(directory, "local"));
  let bytes = 0;
  let chunks = 0;
  for (let hour = 0; hour < hours; hour++) {
    const { path } = parts[hour % distinct] ?? { path: "" };
    linkSync(path, join(directory, "local", `${srcOf(hour)}.parquet`));
    await tables.put(partitionKey("events", srcOf(hour)), { file: join(directory, "local", `${srcOf(hour)}.parquet`) });
    bytes += statSync(path).size;
    chunks += await touchedBytes(path);
  }
  return { leaves: leafPaths(schema).length, bytes, chunks };
}

/** As DuckDB counts them. */
async function touchedBytes(path: string): Promise<number> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const names = LEAVES.map((leaf) => `'${leaf}'`).join(", ");
  const sql = `SELECT sum(total_compressed_size)::DOUBLE FROM parquet_metadata('${path}') WHERE path_in_schema IN (${names})`;
  const [row] = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  instance.closeSync();
  return Number(row?.[0]);
}

function measure(way: string, directory: string, store: BenchStore): Promise<Cost> {
  const args = ["--child", way, "--directory", directory, "--endpoint", store.endpoint, "--region", store.region];
  const child = spawn(process.execPath, [import.meta.filename, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += String(chunk);
    });
    child.once("error", reject);
    child.once("close", (status) => {
      if (status === 0) resolve(JSON.parse(text));
      else reject(new Error(`${way} ended with ${status}`));
    });
  });
}

async function runChild(way: string, directory: string): Promise<void> {
  const started = performance.now();
  const [out, scratch] = [mkdtempSync(join(directory, "out-")), mkdtempSync(join(directory, "scratch-"))];
  const schema: Schema = JSON.parse(readFileSync(join(directory, "schema.json"), "utf8"));
  const cache = openCache({ directory: join(directory, "cache"), bytesMax: 10e9, placeOf: ({ name }) => name });
  const files = way === "local" ? localFiles(join(directory, "local")) : await storedFiles(await openTables(), cache);
  const engine = openEngine({ kind: "duckdb", threads: 0, memoryBytes: 2_000_000_000 });
  await engine.select({
    sql: `select ${COLUMNS} from events`,
    tables: new Map([["events", { schema, partitioned: true, files: async () => files }]]),
    ...{ scratch, directory: out, compression: "zstd" },
  });
  await engine.close();
  const { fetched } = cache;
  await cache.close();
  const usage = process.resourceUsage();
  const account = {
    cpuSeconds: (usage.userCPUTime + usage.systemCPUTime) / 1e6,
    wallSeconds: (performance.now() - started) / 1000,
    peakBytes: usage.maxRSS * 1024,
    fetched,
  };
  const cost: Cost = { ...account, ...(await summary(out)) };
  console.log(JSON.stringify(cost));
}

function localFiles(directory: string): InputFile[] {
  return readdirSync(directory)
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const { size, ino } = statSync(path);
      return { path, src: basename(name, ".parquet"), size, token: String(ino), check: async () => String(ino) };
    });
}

async function storedFiles(storage: Storage, cache: Parameters<typeof storedInput>[1]): Promise<InputFile[]> {
  const files: InputFile[] = [];
  const guess: FooterGuess = { bytes: undefined };
  for await (const page of storage.list("events/", { leaf: partitionFile })) {
    for (const info of page) {
      files.push(storedInput(storage, cache, info, { src: partitionId("events", info.key), guess }));
    }
  }
  return files;
}

function openTables(): Promise<Storage> {
  const { endpoint, region } = options;
  return openBucket("tables", { endpoint, region, caFile: undefined, profile: "versitygw" });
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

function table(costs: ReadonlyMap<string, readonly Cost[]>): string {
  return markdownTable(
    ["way", "CPU s", "wall s", "peak MB", "MB fetched", "requests"],
    [...costs].map(([name, runs]) => [
      name,
      spreadText(spreadOf(runs.map((run) => run.cpuSeconds)), 1),
      spreadText(spreadOf(runs.map((run) => run.wallSeconds)), 1),
      spreadText(spreadOf(runs.map((run) => run.peakBytes / 1e6)), 0),
      megabytes(runs[0]?.fetched.bytes ?? 0, 1),
      String(runs[0]?.fetched.requests ?? 0),
    ]),
  );
}
