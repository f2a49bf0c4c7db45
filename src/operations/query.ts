/** SQL over tables and marts by name. Reads exactly the files of one observation, bound to the published schema. */
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { QueryAnswer } from "../answers.ts";
import type { Engine, InputFile, ShapeSchema, TableInput } from "../engine/contract.ts";
import { asFailure, Failure } from "../errors.ts";
import { foldPath } from "../model/column-path.ts";
import { parseColumnType } from "../model/column-type-text.ts";
import { partKey } from "../model/layout.ts";
import { unsettledOf } from "../reconcile/convert-steps.ts";
import { martInputs } from "../reconcile/mart-inputs.ts";
import { callOptions } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { Seen } from "../reconcile/seen.ts";
import type { PublishedMart } from "../step/manifest.ts";
import { readPublishedMart } from "../step/manifest.ts";
import { locatedInput, storedInput } from "../step/stored-input.ts";

export async function query(
  sql: string,
  parts: Parts,
  seen: Seen,
  options: { readonly signal?: AbortSignal },
): Promise<QueryAnswer> {
  const engine = await parts.engine();
  const tables = await boundTables(engine, sql, parts, seen, options.signal);
  const scratch = await parts.tables.scratch(`query-${parts.newId()}`);
  try {
    await mkdir(scratch.directory, { recursive: true });
    const result = await engine.query({ sql, tables, scratch: scratch.directory }, callOptions(options.signal));
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
  options: { readonly signal?: AbortSignal },
): Promise<{ readonly rows: number; readonly bytes: number }> {
  const engine = await parts.engine();
  const tables = await boundTables(engine, sql, parts, seen, options.signal);
  const scratch = await parts.tables.scratch(`query-${parts.newId()}`);
  try {
    const directory = join(scratch.directory, "files");
    const work = join(scratch.directory, "work");
    await mkdir(directory, { recursive: true });
    await mkdir(work, { recursive: true });
    const request = { sql, tables, scratch: work, directory, compression: "zstd" } as const;
    const result = await engine.select(request, callOptions(options.signal));
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
    return { rows: result.rows, bytes: part.size };
  } finally {
    await scratch.dispose();
  }
}

/** The tables that a statement reads, after checking that it binds and that no column it touches is being widened. */
async function boundTables(
  engine: Engine,
  sql: string,
  parts: Parts,
  seen: Seen,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, TableInput>> {
  const offered = offerTables(engine, parts, seen, signal);
  const description = await engine.describe(sql, offered, callOptions(signal));
  refuseUnsettled(description.columns, seen);
  return new Map(
    description.tables.flatMap((name) => {
      const input = offered.get(name);
      return input === undefined ? [] : [[name, input] as const];
    }),
  );
}

function offerTables(
  engine: Engine,
  parts: Parts,
  seen: Seen,
  signal: AbortSignal | undefined,
): ReadonlyMap<string, TableInput> {
  const tables = new Map<string, TableInput>();
  for (const [name, input] of martInputs(parts, seen, engine, signal)) {
    tables.set(name, { ...input.shape, files: async () => (await input.snapshot()).files });
  }
  for (const [name, { current }] of seen.marts) {
    if (current !== undefined) tables.set(name, martTable(engine, parts, name, current, signal));
  }
  return tables;
}

function martTable(
  engine: Engine,
  parts: Parts,
  name: string,
  first: PublishedMart,
  signal: AbortSignal | undefined,
): TableInput {
  let known: PublishedMart | undefined = first;
  return {
    schema: martSchema(first),
    partitioned: false,
    files: async () => {
      const mart = known ?? (await readPublishedMart(parts.marts, parts.catalog, name, signal));
      known = undefined;
      if (mart === undefined) throw new Failure("missing", `mart ${name}: it is no longer in the catalog`);
      return Promise.all(
        mart.manifest.files.map((file) => martFile(engine, parts, name, mart.manifest.version, file.name, signal)),
      );
    },
  };
}

async function martFile(
  engine: Engine,
  parts: Parts,
  mart: string,
  version: string,
  file: string,
  signal: AbortSignal | undefined,
): Promise<InputFile> {
  const key = partKey(mart, version, file);
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
