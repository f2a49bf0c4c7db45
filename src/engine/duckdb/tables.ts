/** How a statement's tables are laid before it: as views over the input files, or over narrow copies made from them. */
import { join } from "node:path";
import { Failure } from "../../errors.ts";
import { foldName, formatPath } from "../../model/column-path.ts";
import { quoteForDuckdb } from "../../model/ddl.ts";
import type { InputFile } from "../contract.ts";
import { type BoundTable, columnDefinitions, SRC } from "./bind.ts";
import { narrowed } from "./references.ts";
import { parquetSettings, partitionsRelation, projection, uniformRelation } from "./relation.ts";
import { quoteText, type RunOptions, type Session } from "./session.ts";
import { hasOtherLetters, twoSpellings } from "./spelling.ts";
import { type Agreement, agreement, countLeaves, declaredType, type ValueField } from "./types.ts";

/** One `read_parquet` of the narrowing passes; with the empty file it stays below `WIDE_FILES_MAX`. */
const FILES_A_BATCH_MAX = 50;
const FILES_A_BATCH_MIN = 4;
/** Leaf columns of all files of a batch that are copied: of a whole wide table, a few files at a time. */
const LEAVES_A_BATCH = 10_000;

/**
 * Makes `main.<name>` a view over the touched columns of the files as they are. Files are written into `directory` if
 * needed.
 */
export async function viewFiles(
  session: Session,
  table: BoundTable,
  files: readonly InputFile[],
  directory: string,
): Promise<void> {
  const shape = await createShape(session, table);
  if (!table.partitioned && files.length === 0) return await createView(session, table.name, `SELECT * FROM ${shape}`);
  const fields = dataFields(table);
  const kept = keptFields(table);
  const emptyFile = table.partitioned ? await writeEmptyFile(session, shape, table, directory) : "";
  const relation = (cast: boolean): string => {
    const columns = projection(fields, kept, cast);
    if (table.partitioned) return partitionsRelation(columns, fields, emptyFile, files);
    const paths = files.map((file) => file.path);
    return uniformRelation(columns.length === 0 ? [NO_COLUMN] : columns, paths);
  };
  if (table.partitioned) await refuseTwoSpellings(session, table, kept, emptyFile, files);
  await createView(session, table.name, relation(false));
  if (await hasColumnsOf(session, shape, table.name)) return;
  const cast = await needsCast(session, `SELECT * FROM main.${quoteForDuckdb(table.name)}`, table, kept, files);
  if (cast) await createView(session, table.name, relation(true));
}

/** Copies the touched columns of all files into few narrow files and answers their paths. */
export async function copyTouched(
  session: Session,
  table: BoundTable,
  files: readonly InputFile[],
  directory: string,
  options: { readonly signal?: AbortSignal | undefined; readonly onFiles: (count: number) => void },
): Promise<string[]> {
  const shape = await createShape(session, table);
  const emptyFile = await writeEmptyFile(session, shape, table, directory);
  const fields = dataFields(table);
  const kept = keptFields(table);
  const copies: string[] = [];
  const share = Math.floor(LEAVES_A_BATCH / Math.max(1, countLeaves(kept)));
  const length = Math.max(FILES_A_BATCH_MIN, Math.min(FILES_A_BATCH_MAX, share));
  for (let at = 0; at < files.length; at += length) {
    const batch = files.slice(at, at + length);
    const copy = join(directory, `narrow-${fileName(table)}-${String(copies.length).padStart(6, "0")}.parquet`);
    const relation = (cast: boolean): string =>
      partitionsRelation(projection(fields, kept, cast), fields, emptyFile, batch);
    await refuseTwoSpellings(session, table, kept, emptyFile, batch);
    const write = (cast: boolean): Promise<void> =>
      writeParquet(session, relation(cast), kept, copy, { signal: options.signal });
    await write(false);
    const cast = await needsCast(session, uniformRelation(["*"], [copy]), table, kept, batch);
    if (cast) await write(true);
    copies.push(copy);
    options.onFiles(batch.length);
  }
  return copies;
}

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

function keptFields(table: BoundTable): readonly ValueField[] {
  return narrowed(dataFields(table), table.touched);
}

function fileName(table: BoundTable): string {
  return encodeURIComponent(table.name).replaceAll("*", "%2A");
}

/** An empty table with the touched columns as they are published; answers its name. */
async function createShape(session: Session, table: BoundTable): Promise<string> {
  await session.run("CREATE SCHEMA IF NOT EXISTS shapes");
  const name = `shapes.${quoteForDuckdb(table.name)}`;
  await session.run(
    `CREATE TABLE ${name} (${columnDefinitions(table.partitioned ? [...keptFields(table), srcField] : keptFields(table))})`,
  );
  return name;
}

async function writeEmptyFile(session: Session, shape: string, table: BoundTable, directory: string): Promise<string> {
  const file = join(directory, `empty-${fileName(table)}.parquet`);
  const names = keptFields(table).map((field) => quoteForDuckdb(field.name));
  const columns = names.length === 0 ? NO_COLUMN : names.join(", ");
  await writeParquet(session, `SELECT ${columns} FROM ${shape} LIMIT 0`, keptFields(table), file, {});
  return file;
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
async function hasColumnsOf(session: Session, shape: string, name: string): Promise<boolean> {
  const columns = (schema: string): string =>
    `(SELECT list({n: column_name, t: data_type} ORDER BY column_index) FROM duckdb_columns() ` +
    `WHERE schema_name = '${schema}' AND table_name = ${quoteText(name)})`;
  const [row] = await session.run(`SELECT ${columns("main")} = ${columns("shapes")}, ${quoteText(shape)}`);
  return row?.[0] === true;
}

/** Whether a relation must be cast to the published types; fails if the files contradict them. */
async function needsCast(
  session: Session,
  relation: string,
  table: BoundTable,
  wanted: readonly ValueField[],
  files: readonly InputFile[],
): Promise<boolean> {
  const found = new Map((await session.bind(relation)).map((column) => [foldName(column.name), column.type]));
  let cast = false;
  for (const field of wanted) {
    const type = found.get(foldName(field.name));
    const result: Agreement =
      type === undefined
        ? { kind: "differs", path: [field.name], found: "nothing" }
        : agreement(type, field.type, [field.name]);
    if (result.kind === "differs") throw contradiction(table, result.path, result.found, files);
    cast ||= result.kind === "cast";
  }
  return cast;
}

async function refuseTwoSpellings(
  session: Session,
  table: BoundTable,
  wanted: readonly ValueField[],
  emptyFile: string,
  files: readonly InputFile[],
): Promise<void> {
  if (!hasOtherLetters(wanted)) return;
  const found = twoSpellings(
    await session.bind(partitionsRelation(["f.*"], dataFields(table), emptyFile, files)),
    wanted,
  );
  if (found === undefined) return;
  const names = found.names.map((name) => `"${name}"`).join(" and ");
  throw new Failure("conflict", `${table.name}.${formatPath(found.path)}: is spelt ${names}${placeOf(files)}`, {
    remedy: "convert the partitions with the other spelling again",
  });
}

function contradiction(
  table: BoundTable,
  path: readonly string[],
  found: string,
  files: readonly InputFile[],
): Failure {
  const wanted = table.fields.find((field) => field.name === path[0]);
  const schema =
    path.length === 1 && wanted !== undefined ? ` (the published schema has ${declaredType(wanted.type)})` : "";
  return new Failure("conflict", `${table.name}.${formatPath(path)}: is ${found}${placeOf(files)}${schema}`, {
    remedy: "convert that partition again, or publish the table's schema: `millrace run --only convert`",
  });
}

function placeOf(files: readonly InputFile[]): string {
  const [first, last] = [files[0]?.src, files.at(-1)?.src];
  if (first === undefined) return "";
  return first === last ? ` in src=${first}` : ` in a partition from src=${first} to src=${last ?? first}`;
}
