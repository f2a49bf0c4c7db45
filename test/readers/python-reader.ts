/** What an independent reader in Python says of Parquet files; `encode.py` has the form. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { ColumnType, Field } from "../../src/model/schema.ts";
import type { ReadBack } from "../corpus/read-back.ts";
import type { Cell, Row } from "../reference/rows.ts";

/** A file's content, or why the reader could not read it. */
export type PythonRead = ReadBack | { readonly error: string };

/** Reads the files in one process; the answers are in their order. */
export function readWithPython(python: string, script: readonly string[], files: readonly string[]): PythonRead[] {
  return tellFiles(python, script, files).map((told) => {
    if (typeof told.error === "string") return { error: told.error };
    const fields = list(told.fields).map(toField);
    return { fields, rows: list(told.rows).map((row) => toRow(row, fields)) };
  });
}

export interface FooterFacts {
  readonly footerBytes: number;
  readonly rows: number;
  readonly rowGroups: number;
  readonly leaves: number;
  /** Of the leaves, those that stand in lists of the standard three levels. */
  readonly lists: number;
  readonly codecs: readonly string[];
  readonly problems: readonly string[];
}

export function inspectWithPython(python: string, files: readonly string[]): FooterFacts[] {
  return tellFiles(python, ["pyarrow_read.py", "inspect"], files).map((told) => {
    if (typeof told.error === "string") throw new Error(told.error);
    const count = (name: string): number => Number(told[name]);
    return {
      ...{ footerBytes: count("footerBytes"), rows: count("rows"), rowGroups: count("rowGroups") },
      ...{ leaves: count("leaves"), lists: count("lists") },
      ...{ codecs: list(told.codecs).map(String), problems: list(told.problems).map(String) },
    };
  });
}

type Told = Readonly<Record<string, unknown>>;

function tellFiles(python: string, [script = "", ...args]: readonly string[], files: readonly string[]): Told[] {
  const done = spawnSync(python, [join(import.meta.dirname, script), ...args], {
    input: files.join("\n"),
    encoding: "utf8",
    maxBuffer: 2 ** 30,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
  });
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) throw new Error(`${script} ended with ${done.status ?? done.signal}: ${done.stderr}`);
  const told = done.stdout
    .trimEnd()
    .split("\n")
    .map((line) => record(JSON.parse(line)));
  if (told.length !== files.length) throw new Error(`${script} told of ${told.length} files of ${files.length}`);
  return told;
}

function record(value: unknown): Told {
  if (typeof value !== "object" || value === null) throw new Error(`no object: ${value}`);
  return Object.fromEntries(Object.entries(value));
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`no list: ${value}`);
  return value;
}

function toField(value: unknown): Field {
  const { name, type } = record(value);
  return { name: String(name), type: toType(type) };
}

function toType(value: unknown): ColumnType {
  const { kind, element, fields, precision, scale } = record(value);
  switch (kind) {
    case "list":
      return { kind, element: toType(element) };
    case "struct":
      return { kind, fields: list(fields).map(toField) };
    case "decimal":
      return { kind, precision: Number(precision), scale: Number(scale) };
    case "bool":
    case "int64":
    case "double":
    case "string":
    case "timestamp":
      return { kind };
    default:
      throw new Error(`no type: ${kind}`);
  }
}

function toRow(value: unknown, fields: readonly Field[]): Row {
  const row = new Map<string, Cell>();
  for (const [number, cell] of Object.entries(record(value))) {
    const field = fields[Number(number)];
    if (field === undefined) throw new Error(`no field has the number ${number}`);
    row.set(field.name, toCell(cell, field.type));
  }
  return row;
}

function toCell(value: unknown, type: ColumnType): Cell {
  if (value === null) return null;
  switch (type.kind) {
    case "list":
      return list(value).map((item) => toCell(item, type.element));
    case "struct":
      return toRow(value, type.fields);
    case "int64":
    case "decimal":
    case "timestamp":
      return BigInt(String(value));
    case "double":
      return Number(value);
    default:
      if (typeof value === "string" || typeof value === "boolean") return value;
      throw new Error(`no ${type.kind}: ${value}`);
  }
}
