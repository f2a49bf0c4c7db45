/** SQL over tables and marts by name. Reads exactly the files of one observation, bound to the published schema. */
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { QueryAnswer } from "../answers.ts";
import type { Engine, InputFile, ShapeSchema, TableInput } from "../engine/contract.ts";
import { asFailure, Failure } from "../errors.ts";
import { foldPath } from "../model/column-path.ts";
import { parseColumnType } from "../model/column-type-text.ts";
import type { Report } from "../model/events.ts";
import { partKey } from "../model/layout.ts";
import { unsettledOf } from "../reconcile/convert-steps.ts";
import { martInputs } from "../reconcile/mart-inputs.ts";
import { callOptions } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { Seen } from "../reconcile/seen.ts";
import type { PublishedMart } from "../step/manifest.ts";
import { readPublishedMart } from "../step/manifest.ts";
import { locatedInput, storedInput } from "../step/stored-input.ts";

export interface QueryOptions {
  readonly signal?: AbortSignal;
  /** Share done, 0 to 1, where the engine knows it. */
  readonly onProgress?: (share: number) => void;
  /** Told of a server that has to be started first. */
  readonly report?: Report;
}

export async function query(sql: string, parts: Parts, seen: Seen, options: QueryOptions): Promise<QueryAnswer> {
  const engine = await parts.engine(options);
  const tables = await boundTables({ engine, parts, seen, signal: options.signal }, sql);
  const scratch = await parts.tables.scratch(`query-${parts.newId()}`);
  try {
    await mkdir(scratch.directory, { recursive: true });
    const result = await engine.query({ sql, tables, scratch: scratch.directory }, options);
    return { columns: result.columns, rows: () => result.rows(), close: () => scratch.dispose() };
  } catch (error) {
    await scratch.dispose();
    throw error;
  }
}

/** The same into one Parquet file: written beside its place, then renamed, so that a failure leaves what was there. */
export async function queryToFile(
  sql: string,
  file: string,
  parts: Parts,
  seen: Seen,
  options: QueryOptions,
): Promise<{ readonly rows: number; readonly bytes: number }> {
  refuseFarServer(parts);
  const engine = await parts.engine(options);
  const tables = await boundTables({ engine, parts, seen, signal: options.signal }, sql);
  const scratch = await parts.tables.scratch(`query-${parts.newId()}`);
  try {
    const directory = join(scratch.directory, "files");
    const work = join(scratch.directory, "work");
    await mkdir(directory, { recursive: true });
    await mkdir(work, { recursive: true });
    const whole = engine.name === "spark" ? inOnePart(sql) : sql;
    const request = { sql: whole, tables, scratch: work, directory, compression: "zstd" } as const;
    const result = await engine.select(request, options);
    const [part, second] = result.files;
    if (part === undefined || second !== undefined) {
      throw new Failure("bug", `the engine wrote ${result.files.length} files`);
    }
    const temporary = `${file}.${parts.newId().slice(0, 8)}.tmp`;
    try {
      await copyFile(part.path, temporary);
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw asFailure(error, file);
    }
    return { rows: part.rows, bytes: part.size };
  } finally {
    await scratch.dispose();
  }
}

function refuseFarServer({ project: { engine } }: Parts): void {
  if (engine.kind !== "spark" || engine.server.kind !== "url" || engine.server.isHere) return;
  throw new Failure("usage", `the Spark server at ${engine.server.url} cannot write to this machine`, {
    remedy: "fetch the rows as --csv or --json, or let a mart keep the result in the lake",
  });
}

/** Spark writes a file for each of its partitions; they are run one behind the other here, which keeps the rows' order. */
function inOnePart(sql: string): string {
  return `select /*+ COALESCE(1) */ * from (\n${sql}\n)`;
}

/** What a statement is bound to. */
interface Reading {
  readonly engine: Engine;
  readonly parts: Parts;
  readonly seen: Seen;
  readonly signal: AbortSignal | undefined;
}

/** The tables that a statement reads, after checking that it binds and that no column it touches is being widened. */
async function boundTables(reading: Reading, sql: string): Promise<ReadonlyMap<string, TableInput>> {
  const { engine, seen, signal } = reading;
  const offered = offerTables(reading);
  const description = await engine.describe(sql, offered, callOptions(signal));
  refuseUnsettled(description.columns, seen);
  return new Map(
    description.tables.flatMap((name) => {
      const input = offered.get(name);
      return input === undefined ? [] : [[name, input] as const];
    }),
  );
}

function offerTables(reading: Reading): ReadonlyMap<string, TableInput> {
  const { engine, parts, seen, signal } = reading;
  const tables = new Map<string, TableInput>();
  for (const [name, input] of martInputs(parts, seen, engine, signal)) {
    tables.set(name, { ...input.shape, files: async () => (await input.snapshot()).files });
  }
  for (const [name, { current }] of seen.marts) {
    if (current !== undefined) tables.set(name, martTable(reading, name, current));
  }
  return tables;
}

function martTable(reading: Reading, name: string, first: PublishedMart): TableInput {
  const { parts, signal } = reading;
  let known: PublishedMart | undefined = first;
  return {
    schema: martSchema(first),
    partitioned: false,
    files: async () => {
      const mart = known ?? (await readPublishedMart(parts.marts, parts.catalog, name, signal));
      known = undefined;
      if (mart === undefined) throw new Failure("missing", `mart ${name}: it is no longer in the catalog`);
      const { version, files } = mart.manifest;
      return Promise.all(files.map((file) => martFile(reading, name, partKey(name, version, file.name))));
    },
  };
}

async function martFile({ engine, parts, signal }: Reading, mart: string, key: string): Promise<InputFile> {
  const info = await parts.marts.head(key, callOptions(signal));
  if (info === undefined) {
    throw new Failure("corrupt", `${parts.marts.name}/${key} is missing`, {
      remedy: `run \`millrace run --only marts --select ${mart} --rerun\``,
    });
  }
  if (engine.opens === "locations") {
    const tokenOf = async (key: string) => (await parts.marts.head(key, callOptions(signal)))?.token;
    return locatedInput(parts.marts, info, { src: undefined, tokenOf });
  }
  return storedInput(parts.marts, parts.cache, info, { src: undefined, ...callOptions(signal) });
}

const martSchema = (mart: PublishedMart): ShapeSchema => ({
  fields: mart.manifest.columns.map((column) => ({ name: column.name, type: parseColumnType(column.type) })),
});

/** While partitions hold a column in a narrower type than the table, an answer about that column would be wrong. */
function refuseUnsettled(columns: ReadonlyMap<string, readonly string[]>, seen: Seen): void {
  for (const [name, paths] of columns) {
    const table = seen.tables.get(name);
    if (table === undefined) continue;
    const unsettled = unsettledOf(table);
    for (const path of unsettled.paths) {
      if (!paths.some((touched) => touched === "*" || overlaps(foldPath(touched), foldPath(path)))) continue;
      throw new Failure(
        "refused",
        `table ${name}: the type of ${path} has changed, and ${unsettled.left} of ${unsettled.of} partitions are not converted to it yet`,
        {
          remedy: "run `millrace run` (or `millrace plan` to see why it waits), or leave that column out",
        },
      );
    }
  }
}

const overlaps = (a: string, b: string): boolean => a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
