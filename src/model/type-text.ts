/**
 * Column types as short text: `struct<a int64, b list<double>>`. What `describeType` writes in full for a type that can
 * be declared, `parseType` reads back.
 */
import { Failure } from "../errors.ts";
import { fieldNamed } from "./column-path.ts";
import type { ColumnType, DeclaredType, Field } from "./schema.ts";

/** Hive's and Spark's limit, which DuckDB and Parquet share. */
export const DECIMAL_PRECISION_MAX = 38;

/** The type as a person reads it, cut at `widthMax` characters with an ellipsis. */
export function describeType(type: DeclaredType, widthMax = Number.POSITIVE_INFINITY): string {
  const text = describe(type);
  return text.length <= widthMax ? text : `${text.slice(0, Math.max(0, widthMax - 1))}…`;
}

function describe(type: DeclaredType): string {
  switch (type.kind) {
    case "list":
      return `list<${describe(type.element)}>`;
    case "struct":
      return `struct<${type.fields.map((field) => `${describeName(field.name)} ${describe(field.type)}`).join(", ")}>`;
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "string":
      return type.mixed === true ? "mixed" : "string";
    default:
      return type.kind;
  }
}

/** Columns of JSON have no such characters but white space and brackets (rule K3); fields that a mart's statement names may have any. */
function describeName(name: string): string {
  return name === "" || /[\s,:;<>()`]/u.test(name) ? `\`${name.replaceAll("`", "``")}\`` : name;
}

const scalars: ReadonlyMap<string, DeclaredType> = new Map<string, DeclaredType>([
  ["bool", { kind: "bool" }],
  ["boolean", { kind: "bool" }],
  ["int64", { kind: "int64" }],
  ["bigint", { kind: "int64" }],
  ["double", { kind: "double" }],
  ["string", { kind: "string" }],
  ["json", { kind: "json" }],
  ["timestamp", { kind: "timestamp" }],
  ["drop", { kind: "drop" }],
]);

const REMEDY =
  "types are bool, int64, double, string, timestamp, decimal(p,s), json, drop, list<type> and struct<name type, …>";

/**
 * Reads a declared type: `timestamp`, `decimal(10,2)`, `list<string>`, `struct<a int64, b list<double>>`. Keywords match
 * in any case; a name with spaces is written in backticks, a backtick in it twice. Throws a `usage` failure that says where the text goes wrong.
 */
export function parseType(text: string): DeclaredType {
  const cursor: Cursor = { text, at: 0 };
  const type = readType(cursor);
  skipSpace(cursor);
  if (cursor.at < text.length) throw unexpected(cursor, "the end");
  return type;
}

interface Cursor {
  readonly text: string;
  at: number;
}

function readType(cursor: Cursor): DeclaredType {
  const start = nextWordAt(cursor);
  const word = readWord(cursor).toLowerCase();
  const scalar = scalars.get(word);
  if (scalar !== undefined) return scalar;
  switch (word) {
    case "decimal":
      return readDecimal(cursor, start);
    case "list": {
      expect(cursor, "<");
      const element = readColumnType(cursor);
      expect(cursor, ">");
      return { kind: "list", element };
    }
    case "struct":
      return { kind: "struct", fields: readFields(cursor) };
    default:
      cursor.at = start;
      throw unexpected(cursor, "a type");
  }
}

function readColumnType(cursor: Cursor): ColumnType {
  const start = nextWordAt(cursor);
  const type = readType(cursor);
  if (type.kind !== "drop") return type;
  cursor.at = start;
  throw unexpected(cursor, "a type that holds values (`drop` stands alone; declare the inner path)");
}

function readFields(cursor: Cursor): Field[] {
  const fields: Field[] = [];
  expect(cursor, "<");
  do {
    const start = nextWordAt(cursor);
    const name = readName(cursor);
    if (fieldNamed(fields, name) !== undefined) {
      cursor.at = start;
      throw unexpected(cursor, `a name other than "${name}", which is there already`);
    }
    accept(cursor, ":");
    fields.push({ name, type: readColumnType(cursor) });
  } while (accept(cursor, ","));
  expect(cursor, ">");
  return fields;
}

function readDecimal(cursor: Cursor, start: number): ColumnType {
  expect(cursor, "(");
  const precision = readCount(cursor);
  const scale = accept(cursor, ",") ? readCount(cursor) : 0;
  expect(cursor, ")");
  if (precision >= 1 && precision <= DECIMAL_PRECISION_MAX && scale <= precision) {
    return { kind: "decimal", precision, scale };
  }
  cursor.at = start;
  throw unexpected(cursor, `decimal(p,s) with 1 ≤ p ≤ ${DECIMAL_PRECISION_MAX} and s ≤ p`);
}

function readCount(cursor: Cursor): number {
  const start = nextWordAt(cursor);
  const word = readWord(cursor);
  if (/^\d{1,3}$/.test(word)) return Number(word);
  cursor.at = start;
  throw unexpected(cursor, "a number of digits");
}

function readName(cursor: Cursor): string {
  skipSpace(cursor);
  if (cursor.text.charAt(cursor.at) !== "`") return readWord(cursor);
  const quoted = /^`((?:[^`]|``)*)`(?!`)/u.exec(cursor.text.slice(cursor.at));
  if (quoted === null) throw unexpected(cursor, "a name in backticks");
  cursor.at += quoted[0].length;
  return (quoted[1] ?? "").replaceAll("``", "`");
}

/** Everything up to white space or a character that the grammar uses and a column's name cannot hold. */
function readWord(cursor: Cursor): string {
  skipSpace(cursor);
  const word = /^[^\s,:;<>()`]+/u.exec(cursor.text.slice(cursor.at))?.[0];
  if (word === undefined) throw unexpected(cursor, "a word");
  cursor.at += word.length;
  return word;
}

function nextWordAt(cursor: Cursor): number {
  skipSpace(cursor);
  return cursor.at;
}

function skipSpace(cursor: Cursor): void {
  while (/\s/u.test(cursor.text.charAt(cursor.at))) cursor.at++;
}

function accept(cursor: Cursor, character: string): boolean {
  skipSpace(cursor);
  if (cursor.text.charAt(cursor.at) !== character) return false;
  cursor.at++;
  return true;
}

function expect(cursor: Cursor, character: string): void {
  if (!accept(cursor, character)) throw unexpected(cursor, `"${character}"`);
}

function unexpected(cursor: Cursor, wish: string): Failure {
  const rest = cursor.text.slice(cursor.at);
  const found = rest === "" ? "the end" : `"${rest.length > 20 ? `${rest.slice(0, 20)}…` : rest}"`;
  const message = `type "${cursor.text}": expected ${wish}, got ${found} at character ${cursor.at + 1}`;
  return new Failure("usage", message, { remedy: REMEDY });
}
