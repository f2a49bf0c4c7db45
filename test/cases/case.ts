/**
 * Golden cases: a folder is a test of the whole pipeline. It is run on the embedded engine, once with the lake on the disk and
 * once with it in memory, which for the engine is like a bucket (it reads local copies), and on Spark. Every engine has to give
 * the same.
 *
 *     <case>/case.json       {"about": "…", "runs": [{"clock": "2026-03-02T00:00:00Z", "options": {"acceptRewrite": true}}]};
 *                            with "gc": true garbage is collected after the run, whatever its age; with "rollback": "NAME" that
 *                            mart is rolled back before it. "registry": true has marts and tables found by name in a registry in
 *                            memory, which with "lose": true is empty before the run
 *     <case>/millrace.yaml   the project; ${ARCHIVE} is the directory of the archive
 *     <case>/in/1/, in/2/ …  what the archive has before the first run, what is added before the second …; `x.json` is
 *                            stored as `x.json.gz`, everything else as it is
 *     <case>/out/run-1.txt   what the run said: codes, keys and the figures that do not depend on the machine
 *     <case>/out/x.ndjson    the rows of every table and mart after the last run, ordered
 *     <case>/out/x.columns   the merged schema of every table, the columns of every mart
 *     <case>/out/x.spark.txt what Spark says instead of x.txt, where an engine's own words are in it
 *
 * `UPDATE_CASES=1 npm test -- test/cases` writes `out/` anew; read the difference before committing it.
 */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { App, RunSummary, Selection } from "../../src/answers.ts";
import { type AppOptions, openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import type { QueryValue } from "../../src/engine/contract.ts";
import { Failure } from "../../src/errors.ts";
import { describeColumnType } from "../../src/model/column-type-text.ts";
import type { Event } from "../../src/model/events.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { memoryRegistry } from "../memory-registry.ts";

const here = new URL(".", import.meta.url).pathname;
const update = process.env.UPDATE_CASES === "1";

export interface CaseFile {
  readonly about: string;
  readonly registry?: boolean;
  readonly runs: readonly {
    readonly clock: string;
    readonly options?: Pick<Selection, "only" | "max" | "rerun" | "acceptRewrite">;
    readonly gc?: boolean;
    readonly rollback?: string;
    readonly lose?: boolean;
  }[];
}

export interface Case {
  readonly name: string;
  readonly directory: string;
  readonly definition: CaseFile;
}

export function allCases(): readonly Case[] {
  return readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const directory = join(here, name);
      return { name, directory, definition: JSON.parse(readFileSync(join(directory, "case.json"), "utf8")) };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export interface Setting {
  readonly inMemory?: boolean;
  /** URL of the Spark Connect server that runs marts and queries. */
  readonly spark?: string;
}

/** Runs the case and compares what it made with `out/`. */
export async function checkCase({ directory, definition }: Case, setting: Setting): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "millrace-case-"));
  try {
    const seen = await runCase(directory, definition, work, setting);
    compare(join(directory, "out"), seen, setting);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Three places that outlive the app of one run. */
function lakeInMemory(work: string): Pick<AppOptions, "wrapStorage"> {
  const storages = new Map(
    (["raw", "tables", "marts"] as const).map((place) => [
      place,
      memoryStorage({ name: `lake/${place}`, scratchRoot: join(work, "scratch", place) }),
    ]),
  );
  return { wrapStorage: (place, local) => storages.get(place) ?? local };
}

/** File name in `out/` → text. */
async function runCase(
  directory: string,
  definition: CaseFile,
  work: string,
  { inMemory = false, spark }: Setting,
): Promise<Map<string, string>> {
  const registry = memoryRegistry("golden");
  const lake: AppOptions = {
    ...(inMemory ? lakeInMemory(work) : {}),
    ...(definition.registry === true ? { wrapCatalog: (log) => registry.over(log, { tables: true }) } : {}),
  };
  const engine = spark === undefined ? {} : { MILLRACE_ENGINE__SPARK__URL: spark };
  const archive = join(work, "archive");
  mkdirSync(archive);
  for (const entry of readdirSync(directory))
    if (entry.endsWith(".yaml") || entry.endsWith(".sql")) cpSync(join(directory, entry), join(work, entry));
  const out = new Map<string, string>();
  let clock = 0;
  for (const [at, { clock: text, options, gc, rollback, lose }] of definition.runs.entries()) {
    arrive(join(directory, "in", String(at + 1)), archive);
    clock = Date.parse(text);
    const project = readProject({ file: join(work, "millrace.yaml"), environment: { ARCHIVE: archive, ...engine } });
    const app = await openApp(project, { clock: () => clock, workers: 0, ...lake });
    const lines: string[] = [];
    if (lose === true) for (const names of [registry.marts, registry.tables]) names.clear();
    try {
      if (rollback !== undefined) lines.push(await rolledBack(app, rollback));
      const summary = await app.run({ ...options, report: (event) => lines.push(...line(event)) });
      // A second run right behind the first finds nothing to do: reconciliation has converged.
      const idle: string[] = [];
      const bounded = options?.max === undefined ? {} : { max: 0 };
      await app.run({ ...options, ...bounded, rerun: false, report: (event) => idle.push(...line(event)) });
      assert.deepEqual(
        idle.filter((text) => !/^(fetch|source)\./.test(text)),
        [],
        `run ${at + 1} left something to do`,
      );
      out.set(
        `run-${at + 1}.txt`,
        `${[...byStage(lines), ...ending(summary), ...(gc === true ? await collected(app) : [])].join("\n")}\n`.replaceAll(
          archive,
          "ARCHIVE",
        ),
      );
      if (at === definition.runs.length - 1) await dump(app, out);
    } finally {
      await app.close();
    }
  }
  return out;
}

async function rolledBack(app: App, mart: string): Promise<string> {
  const { state, from, to } = await app.rollback(mart);
  return `rollback ${mart} ${state}: ${from.number} → ${to.number}`;
}

async function collected(app: App): Promise<readonly string[]> {
  const { removed, kept, failures } = await app.gc({ retentionMs: 0, versions: 1 });
  assert.deepEqual(failures, []);
  return [
    ...removed.map(({ kind, name, id }) => `gc: ${kind} ${id === undefined ? name : `${name}@${id}`}`),
    ...kept.map(({ kind, name, id }) => `gc kept: ${kind} ${id === undefined ? name : `${name}@${id}`}`),
  ];
}

function arrive(from: string, archive: string): void {
  if (!existsSync(from)) return;
  for (const name of readdirSync(from)) {
    const bytes = readFileSync(join(from, name));
    if (name.endsWith(".json")) writeFileSync(join(archive, `${name}.gz`), gzipSync(bytes));
    else writeFileSync(join(archive, name), bytes);
  }
}

/** What of an event is the same on every machine. */
function line(event: Event): string[] {
  switch (event.code) {
    case "fetch.done":
      return [`${event.code} ${event.key} revision ${event.revision}`];
    case "source.pending":
    case "source.gap":
      return [`${event.code} ${event.key}`];
    case "raw.adopted":
      return [`${event.code} ${event.key}`];
    case "fetch.failed":
    case "convert.failed":
    case "mart.failed":
      return [`${event.code} ${event.key} ${event.kind}: ${event.reason}`];
    case "convert.done":
      return [`${event.code} ${event.key} ${event.rows} rows, ${event.rejected} rejected`];
    case "convert.held":
    case "mart.held":
      return [`${event.code} ${event.key}: ${event.reason}`];
    case "schema.published":
      return [
        `${event.code} ${event.table} version ${event.version}: ${event.columns} columns, ${event.added} added, ${event.widened} widened`,
      ];
    case "mart.published":
      return [`${event.code} ${event.key} ${event.rows} rows`];
    case "mart.registered":
      return [`${event.code} ${event.key} as ${event.name}, record ${event.number}`];
    case "table.registered":
      return [`${event.code} ${event.key} ${event.added} added, ${event.removed} removed`];
    default:
      return [];
  }
}

/** Collecting overlaps with converting, so only the order within each of the two is the same every time. */
function byStage(lines: readonly string[]): readonly string[] {
  const isCollecting = (line: string): boolean => /^(fetch|source|raw)\./.test(line);
  return [...lines.filter(isCollecting), ...lines.filter((line) => !isCollecting(line))];
}

function ending(summary: RunSummary): string[] {
  const left = summary.waiting.map(
    (item) =>
      `left: ${item.kind} ${"key" in item ? item.key : item.kind === "rewrite" ? `${item.table} ${item.partitions} partitions` : item.kind === "catalog" ? `${item.name} ${item.failure}` : `${item.mart} ${item.reason} ${item.done}/${item.of}`}`,
  );
  return [...left, `exit ${summary.exitCode}`];
}

async function dump(app: App, out: Map<string, string>): Promise<void> {
  for (const name of app.project.tables.keys()) {
    const columns = await attempt(async () =>
      (await app.schema(name)).columns
        .map(({ path, typeText, first }) => `${path}  ${typeText}  ${first ?? "declared"}\n`)
        .join(""),
    );
    out.set(`${name}.columns`, columns);
  }
  // Engines order nulls differently, and rows of Spark are put in order afterwards.
  const order = app.project.engine.kind === "spark" ? "" : " order by all";
  for (const name of [...app.project.tables.keys(), ...app.project.marts.keys()]) {
    out.set(`${name}.ndjson`, await attempt(() => rowsOf(app, `select * from ${name}${order}`)));
  }
  for (const name of app.project.marts.keys()) {
    out.set(`${name}.columns`, await attempt(() => columnsOf(app, name)));
  }
}

async function columnsOf(app: App, mart: string): Promise<string> {
  const answer = await app.query(`select * from ${mart}`);
  await answer.close();
  return answer.columns.map(({ name, type }) => `${name}  ${describeColumnType(type)}\n`).join("");
}

/** Rows as JSON lines; integers without quotes, whatever their size. */
export async function rowsOf(app: App, sql: string): Promise<string> {
  const answer = await app.query(sql);
  const names = answer.columns.map((column) => column.name);
  const lines: string[] = [];
  try {
    for await (const batch of answer.rows()) {
      for (const row of batch)
        lines.push(`{${names.map((name, at) => `${JSON.stringify(name)}:${json(row[at] ?? null)}`).join(",")}}\n`);
    }
  } finally {
    await answer.close();
  }
  return lines.join("");
}

function json(value: QueryValue): string {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString("base64"));
  if (Array.isArray(value)) return `[${value.map(json).join(",")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([name, inner]) => `${JSON.stringify(name)}:${json(inner)}`)
      .join(",")}}`;
  return JSON.stringify(value);
}

async function attempt(make: () => Promise<string>): Promise<string> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof Failure) return `${error.kind}: ${error.message}\n`;
    throw error;
  }
}

function compare(directory: string, seen: ReadonlyMap<string, string>, { spark }: Setting): void {
  if (spark !== undefined) {
    compareSpark(directory, seen);
    return;
  }
  if (update) {
    const others = readdirSync(directory).filter(isOfSpark);
    const kept = others.map((name) => [name, readFileSync(join(directory, name))] as const);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    for (const [name, text] of [...seen, ...kept]) writeFileSync(join(directory, name), text);
    return;
  }
  const names = readdirSync(directory).filter((name) => !isOfSpark(name));
  assert.deepEqual([...seen.keys()].sort(), names.sort());
  for (const name of names) assert.equal(seen.get(name), readFileSync(join(directory, name), "utf8"), name);
}

const isOfSpark = (name: string): boolean => /\.spark\.\w+$/.test(name);
const ofSpark = (name: string): string => name.replace(/\.(\w+)$/, ".spark.$1");

/** Rows have no order of their own. */
const inOrder = (name: string, text: string): string =>
  name.endsWith(".ndjson") ? text.split("\n").sort().join("\n") : text;

function compareSpark(directory: string, seen: ReadonlyMap<string, string>): void {
  for (const [name, text] of seen) {
    const common = readFileSync(join(directory, name), "utf8");
    const own = join(directory, ofSpark(name));
    if (update) {
      rmSync(own, { force: true });
      if (inOrder(name, text) !== inOrder(name, common)) writeFileSync(own, text);
    } else {
      const expected = existsSync(own) ? readFileSync(own, "utf8") : common;
      assert.equal(inOrder(name, text), inOrder(name, expected), name);
    }
  }
}
