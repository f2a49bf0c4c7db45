/**
 * The SELECTs that stand for a table: over its files as they lie there (at most `WIDE_FILES_MAX` of them), or over narrow
 * copies of the touched columns.
 */
import { foldName } from "../../model/column-path.ts";
import { quoteForDuckdb } from "../../model/ddl.ts";
import type { InputFile } from "../contract.ts";
import { SRC } from "./bind.ts";
import { quoteText } from "./session.ts";
import { countLeaves, declaredType, type ValueField, type ValueType } from "./types.ts";

/** Binding a wide file costs megabytes that no memory limit counts, so one statement binds no more of them. */
export const WIDE_FILES_MAX = 64;

/**
 * The files of a partitioned table with the whole-schema `emptyFile` in front, so that every path binds, and the
 * partition's text as `src`. `columns` are expressions over the relation `f`.
 */
export function partitionsRelation(
  columns: readonly string[],
  fields: readonly ValueField[],
  emptyFile: string,
  files: readonly InputFile[],
): string {
  const paths = [emptyFile, ...files.map((file) => file.path)];
  const { option, index } = fileIndex(fields, paths);
  const texts = files.map((file) => quoteText(file.src ?? "")).join(", ");
  const src = `([${texts}]::VARCHAR[])[${index}] AS ${SRC}`;
  return `SELECT ${[...columns, src].join(", ")} FROM ${parquet(paths, ["union_by_name = true", ...option])} AS f`;
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

/** Files that all have the same columns: a mart's parts, or narrow copies. */
export function uniformRelation(columns: readonly string[], paths: readonly string[]): string {
  return `SELECT ${columns.join(", ")} FROM ${parquet(paths, [])} AS f`;
}

function parquet(paths: readonly string[], options: readonly string[]): string {
  return `read_parquet([${paths.map(quoteText).join(", ")}], ${["hive_partitioning = false", ...options].join(", ")})`;
}

/**
 * The columns of `kept` (`narrowed` fields) as expressions over `f`. A struct of which only fields are touched is packed
 * anew and never null, which no statement can see: to ask whether it is null would touch it as a whole. Asking here
 * would make DuckDB read every leaf below it.
 */
export function projection(fields: readonly ValueField[], kept: readonly ValueField[], cast = false): string[] {
  return kept.map((field) => {
    const full = fields.find((other) => other.name === field.name);
    const column = quoteForDuckdb(field.name);
    const expression = packed(`f.${column}`, full?.type, field.type);
    return `${cast ? `CAST(${expression} AS ${declaredType(field.type)})` : expression} AS ${column}`;
  });
}

function packed(expression: string, full: ValueType | undefined, kept: ValueType): string {
  if (full === kept || full?.kind !== "struct" || kept.kind !== "struct") return expression;
  const entries = kept.fields.map((field) => {
    const inner = full.fields.find((other) => other.name === field.name);
    return `${quoteText(field.name)}: ${packed(`${expression}.${quoteForDuckdb(field.name)}`, inner?.type, field.type)}`;
  });
  return `{${entries.join(", ")}}`;
}
