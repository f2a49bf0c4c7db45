/** How a statement's tables are laid before it: as views over the input files, or over narrow copies made from them. */
import { join } from "node:path";
import { Failure } from "../../errors.ts";
import { foldName } from "../../model/column-path.ts";
import { quoteForDuckdb } from "../../model/ddl.ts";
import type { InputFile, WantedLeaves } from "../contract.ts";
import { readFilesFields } from "../file-schema.ts";
import { fittingFields } from "../fit.ts";
import { bringFiles, releaseFiles } from "../inputs.ts";
import { narrowed } from "../touched.ts";
import { countLeaves, type ValueField, type ValueType } from "../value-types.ts";
import { type BoundTable, columnDefinitions, SRC } from "./bind.ts";
import { type FileRun, parquetSettings, partitionsRelation, uniformRelation } from "./relation.ts";
import { quoteText, type RunOptions, type Session } from "./session.ts";
import { declaredType } from "./types.ts";
import { wantedColumns, wantedLeaves } from "./wanted.ts";

const FILES_A_BATCH_MAX = 50;
const FILES_A_BATCH_MIN = 4;
/** Leaf columns of all files of a batch that are copied: of a whole wide table, a few files at a time. */
const LEAVES_A_BATCH = 10_000;

/** Makes `main.<name>` a view over the touched columns of a table's partitions as they are. */
export async function viewPartitions(
  session: Session,
  table: BoundTable,
  files: readonly InputFile[],
  { directory, signal }: { readonly directory: string; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const kept = keptFields(table);
  await bringFiles(files, partitionLeaves(table), signal);
  const runs = await runsOf(session, table, files, directory);
  await createView(session, table.name, partitionsRelation(runs, dataFields(table), kept));
}

/** Makes `main.<name>` a view over the touched columns of a mart's parts. */
export async function viewParts(
  session: Session,
  table: BoundTable,
  files: readonly InputFile[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const kept = keptFields(table);
  await bringFiles(files, wantedColumns(kept), signal);
  await session.run("CREATE SCHEMA IF NOT EXISTS shapes");
  const shape = `shapes.${quoteForDuckdb(table.name)}`;
  await session.run(`CREATE TABLE ${shape} (${columnDefinitions(kept)})`);
  if (files.length === 0) return await createView(session, table.name, `SELECT * FROM ${shape}`);
  const paths = files.map((file) => file.path);
  const found = new Set((await session.bind(uniformRelation(["*"], paths))).map((column) => foldName(column.name)));
  if (kept.every((field) => found.has(foldName(field.name)))) {
    const columns = kept.map((field) => quoteForDuckdb(field.name));
    await createView(session, table.name, uniformRelation(columns.length === 0 ? [NO_COLUMN] : columns, paths));
    if (await hasColumnsOf(session, "shapes", table.name)) return;
  }
  throw new Failure("corrupt", `${table.name}: its files have other columns than its manifest names`, {
    remedy: "build the mart again",
  });
}

/** Copies the touched columns of all partitions into few narrow files and answers their paths. */
export async function copyTouched(
  session: Session,
  table: BoundTable,
  files: readonly InputFile[],
  directory: string,
  options: { readonly signal?: AbortSignal | undefined; readonly onFiles: (count: number) => void },
): Promise<string[]> {
  const kept = keptFields(table);
  const copies: string[] = [];
  const share = Math.floor(LEAVES_A_BATCH / Math.max(1, countLeaves(kept)));
  const length = Math.max(FILES_A_BATCH_MIN, Math.min(FILES_A_BATCH_MAX, share));
  for await (const batch of broughtBatches(files, length, partitionLeaves(table), options.signal)) {
    const copy = join(directory, `narrow-${fileName(table)}-${String(copies.length).padStart(6, "0")}.parquet`);
    const relation = partitionsRelation(await runsOf(session, table, batch, directory), dataFields(table), kept);
    await writeParquet(session, relation, kept, copy, { signal: options.signal });
    copies.push(copy);
    options.onFiles(batch.length);
  }
  return copies;
}

/** The files by batches, each brought while the one before it is worked on, and released after its own turn. */
async function* broughtBatches(
  files: readonly InputFile[],
  length: number,
  wanted: WantedLeaves,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly InputFile[]> {
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const bring = (at: number): { readonly batch: readonly InputFile[]; readonly brought: Promise<Outcome> } => {
    const batch = files.slice(at, at + length);
    // Its failure is told when its turn comes, or never.
    const brought = bringFiles(batch, wanted, both).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    return { batch, brought };
  };
  let next = bring(0);
  try {
    for (let at = 0; at < files.length; at += length) {
      const { batch, brought } = next;
      const failed = await brought;
      if (failed !== undefined) throw failed.error;
      next = bring(at + length);
      yield batch;
      await releaseFiles(batch);
    }
  } finally {
    stop.abort();
    await next.brought;
  }
}

type Outcome = { readonly error: unknown } | undefined;

/** Whether copying these tables' columns is a matter of thousands of leaves. */
export function isWide(tables: readonly BoundTable[]): boolean {
  return tables.some((table) => countLeaves(keptFields(table)) > LEAVES_A_BATCH / FILES_A_BATCH_MAX);
}

/** Makes `main.<name>` a view over what `copyTouched` wrote. */
export async function viewCopies(session: Session, table: BoundTable, copies: readonly string[]): Promise<void> {
  const columns = [...keptFields(table), srcField].map((field) => quoteForDuckdb(field.name));
  await createView(session, table.name, uniformRelation(columns, copies));
}

/** Stands for the columns where none is touched: Parquet and DuckDB need one. */
const NO_COLUMN = 'NULL::BOOLEAN AS "(no column)"';

const srcField: ValueField = { name: SRC, type: { kind: "string" } };

/** Without `src`, which is in no file. */
function dataFields(table: BoundTable): readonly ValueField[] {
  return table.partitioned ? table.fields.filter((field) => foldName(field.name) !== SRC) : table.fields;
}

/** Of a mart's columns none is cut: its files have them as its manifest says, and DuckDB reads no more of them than it needs. */
function keptFields(table: BoundTable): readonly ValueField[] {
  const { touched } = table;
  if (table.partitioned || touched === "all") return narrowed(dataFields(table), touched);
  return table.fields.filter((field) => touched.some(([name]) => name === field.name));
}

/** What of a partition's file is read. */
function partitionLeaves(table: BoundTable): WantedLeaves {
  return table.touched === "all" ? "all" : wantedLeaves(dataFields(table), keptFields(table));
}

function fileName(table: BoundTable): string {
  return encodeURIComponent(table.name).replaceAll("*", "%2A");
}

/** The files in their order, cut where what they have of the touched columns changes; at least one run. */
async function runsOf(
  session: Session,
  table: BoundTable,
  files: readonly InputFile[],
  directory: string,
): Promise<FileRun[]> {
  const [full, kept] = [dataFields(table), keptFields(table)];
  const runs: { files: InputFile[]; readonly present: readonly ValueField[]; readonly signature: string }[] = [];
  const found = await readFilesFields(files.map((file) => file.path));
  for (const [index, file] of files.entries()) {
    const place = { table: table.name, file: `src=${file.src ?? ""}` };
    const present = fittingFields(found[index] ?? [], full, kept, place);
    const signature = signatureOf(present, kept);
    const last = runs.at(-1);
    if (last?.signature === signature) last.files.push(file);
    else runs.push({ files: [file], present, signature });
  }
  if (runs.length === 0) runs.push({ files: [], present: kept, signature: "" });
  const emptyFiles = new Map<string, string>();
  for (const { present, signature } of runs) {
    if (emptyFiles.has(signature)) continue;
    const emptyFile = join(directory, `empty-${fileName(table)}-${emptyFiles.size}.parquet`);
    await writeEmptyFile(session, present, emptyFile);
    emptyFiles.set(signature, emptyFile);
  }
  return runs.map((run) => ({ ...run, emptyFile: emptyFiles.get(run.signature) ?? "" }));
}

/** Tells apart what files have. What is there as a whole is named, not described: it has the type of `kept`. */
function signatureOf(present: readonly ValueField[], kept: readonly ValueField[]): string {
  const parts = present.map((field) => {
    const whole = kept.find((other) => other.name === field.name)?.type;
    const name = JSON.stringify(field.name);
    return whole === field.type ? name : `${name}${typeSignature(field.type, whole)}`;
  });
  return parts.join();
}

function typeSignature(type: ValueType, kept: ValueType | undefined): string {
  if (type.kind !== "struct") return type.kind;
  return `{${signatureOf(type.fields, kept?.kind === "struct" ? kept.fields : [])}}`;
}

async function writeEmptyFile(session: Session, fields: readonly ValueField[], file: string): Promise<void> {
  const columns = fields.map((field) => `NULL::${declaredType(field.type)} AS ${quoteForDuckdb(field.name)}`);
  const select = `SELECT ${columns.length === 0 ? NO_COLUMN : columns.join(", ")} LIMIT 0`;
  await writeParquet(session, select, fields, file, {});
}

async function writeParquet(
  session: Session,
  select: string,
  fields: readonly ValueField[],
  file: string,
  options: RunOptions,
): Promise<void> {
  await session.run(`COPY (${select}) TO ${quoteText(file)} (${parquetSettings("snappy", fields)})`, options);
}

async function createView(session: Session, name: string, select: string): Promise<void> {
  await session.run(`CREATE OR REPLACE VIEW main.${quoteForDuckdb(name)} AS ${select}`);
}

/** Compares the types of a view and of its shape as the catalog holds them, which opens no file again. */
async function hasColumnsOf(session: Session, schema: string, name: string): Promise<boolean> {
  const columns = (place: string): string =>
    `(SELECT list({n: column_name, t: data_type} ORDER BY column_index) FROM duckdb_columns() ` +
    `WHERE schema_name = '${place}' AND table_name = ${quoteText(name)})`;
  const [row] = await session.run(`SELECT ${columns("main")} = ${columns(schema)}`);
  return row?.[0] === true;
}
