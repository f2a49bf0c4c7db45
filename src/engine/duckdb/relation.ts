/**
 * The SELECTs that stand for a table: over its partitions as they lie there (at most `WIDE_FILES_MAX` in one statement),
 * or over files that all have the same columns.
 */
import { foldName } from "../../model/column-path.ts";
import { quoteForDuckdb } from "../../model/ddl.ts";
import type { InputFile } from "../contract.ts";
import { countLeaves, type ValueField, type ValueType } from "../value-types.ts";
import { SRC } from "./bind.ts";
import { quoteText } from "./session.ts";
import { declaredType } from "./types.ts";

/** Every wide file in a statement costs memory that no limit counts, so one statement has no more of them. */
export const WIDE_FILES_MAX = 64;

/** Consecutive partitions that have the same of the touched columns. */
export interface FileRun {
  readonly files: readonly InputFile[];
  /** What they have; none of them may be wider or narrower in type. */
  readonly present: readonly ValueField[];
  /** A file without rows and with exactly those columns. DuckDB reads all others as it reads the first. */
  readonly emptyFile: string;
}

/** The touched columns of the runs, one after the other, null where a run lacks them, and `src`. */
export function partitionsRelation(
  runs: readonly FileRun[],
  full: readonly ValueField[],
  kept: readonly ValueField[],
): string {
  return runs.map((run) => runRelation(run, full, kept)).join(" UNION ALL ");
}

function runRelation(
  { files, present, emptyFile }: FileRun,
  full: readonly ValueField[],
  kept: readonly ValueField[],
): string {
  const paths = [emptyFile, ...files.map((file) => file.path)];
  const { option, index } = fileIndex(present, paths);
  const columns = kept.map((field) => {
    const column = quoteForDuckdb(field.name);
    const [own, whole] = [typeOf(present, field.name), typeOf(full, field.name)];
    return `${fieldValue(`f.${column}`, whole, field.type, own)} AS ${column}`;
  });
  const texts = files.map((file) => quoteText(file.src ?? "")).join(", ");
  const src = `([${texts}]::VARCHAR[])[${index}] AS ${SRC}`;
  return `SELECT ${[...columns, src].join(", ")} FROM ${parquet(paths, option)} AS f`;
}

function typeOf(fields: readonly ValueField[], name: string): ValueType | undefined {
  return fields.find((field) => field.name === name)?.type;
}

/**
 * An expression of the type `kept` for a column of which a file has `own`. A struct of which only fields are touched is
 * packed anew and never null, which no statement can see: to ask whether it is null would touch it as a whole. Asking
 * here would make DuckDB read every leaf below it.
 */
function fieldValue(
  expression: string,
  full: ValueType | undefined,
  kept: ValueType,
  own: ValueType | undefined,
): string {
  if (own === undefined) return `NULL::${declaredType(kept)}`;
  if (full === kept || full?.kind !== "struct" || kept.kind !== "struct" || own.kind !== "struct") return expression;
  const entries = kept.fields.map((field) => {
    const inner = `${expression}.${quoteForDuckdb(field.name)}`;
    const value = fieldValue(inner, typeOf(full.fields, field.name), field.type, typeOf(own.fields, field.name));
    return `${quoteText(field.name)}: ${value}`;
  });
  return `{${entries.join(", ")}}`;
}

/** The virtual column `file_index` counts from 0, the empty file; a data column of that name would hide it. */
function fileIndex(fields: readonly ValueField[], paths: readonly string[]): { option: string[]; index: string } {
  const names = new Set(fields.map((field) => foldName(field.name)));
  if (!names.has("file_index")) return { option: [], index: "f.file_index::BIGINT" };
  let name = "input_file";
  while (names.has(name)) name += "_";
  return {
    option: [`filename = ${quoteText(name)}`],
    index: `list_position([${paths.map(quoteText).join(", ")}], f.${quoteForDuckdb(name)}) - 1`,
  };
}

/** Files that all have the same columns: a mart's parts, or narrow copies. */
export function uniformRelation(columns: readonly string[], paths: readonly string[]): string {
  return `SELECT ${columns.join(", ")} FROM ${parquet(paths, [])} AS f`;
}

function parquet(paths: readonly string[], options: readonly string[]): string {
  return `read_parquet([${paths.map(quoteText).join(", ")}], ${["hive_partitioning = false", ...options].join(", ")})`;
}

/** All dictionaries of strings that a writer has open, and the bounds of one of them. Bytes. */
const DICTIONARIES_BYTES = 64 << 20;
const DICTIONARY_BYTES_MAX = 1 << 20;
const DICTIONARY_BYTES_MIN = 4 << 10;

/** The settings of COPY. DuckDB reserves a whole dictionary for every column of strings: a gigabyte for a thousand. */
export function parquetSettings(compression: "zstd" | "snappy", fields: readonly ValueField[]): string {
  const share = Math.floor(DICTIONARIES_BYTES / Math.max(1, countLeaves(fields)));
  const bytes = Math.max(DICTIONARY_BYTES_MIN, Math.min(DICTIONARY_BYTES_MAX, share));
  return `FORMAT parquet, COMPRESSION ${compression}, STRING_DICTIONARY_PAGE_SIZE_LIMIT ${bytes}`;
}
