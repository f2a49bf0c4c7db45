/**
 * Column types as a Hive Metastore stores them, in both directions: `struct<id:bigint,tags:array<string>>`. Names inside a struct
 * stand there as they are, unquoted: Spark takes everything up to the colon for the name, and a table with one type that it cannot
 * read is no table at all. So nothing is registered whose text does not read back here as the same type (`hiveType`).
 */

import { Failure } from "../errors.ts";
import { describeColumnType, isSqlType, type SqlType } from "./column-type-text.ts";
import type { ColumnType, Field } from "./schema.ts";
import { hasColumn } from "./stand-in.ts";
import { DECIMAL_PRECISION_MAX } from "./type-text.ts";

/** What readers by name can tell apart: JSON text, mixed text and paths that were only null are strings to them. */
export type HiveReadable = ColumnType | SqlType;

/** The characters that end a name for Spark's own reading of the text, and the one that it quotes names with. */
const unreadable = /[,:<`]/u;

/** Whether the databases below a metastore store the text: they have no NUL, and no half of a character. */
export function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/**
 * The type as the metastore gets it. Throws `refused` for what Spark would not read, or would read as something else; `subject` is
 * what the message begins with, for example `column "at"`.
 */
export function hiveType(type: HiveReadable, subject: string): string {
  const readers = asReaders(type);
  const text = describe(readers, subject);
  const back = parseHiveType(text);
  if (!sameType(back, readers)) {
    throw new Failure("bug", `${subject}: ${text} is read as ${describeColumnType(back)}`);
  }
  return text;
}

/** What the columns of a registered table are to its readers: the least that is lost. */
export function asReaders(type: HiveReadable): HiveReadable {
  return isSqlType(type) ? type : plain(type);
}

function plain(type: ColumnType): ColumnType {
  switch (type.kind) {
    case "null":
    case "string":
    case "json":
      return { kind: "string" };
    case "int64":
      return { kind: "int64" };
    case "list":
      return { kind: "list", element: plain(type.element) };
    case "struct":
      // Parquet has no empty group: files hold such a struct as the text `{}`.
      return hasColumn(type)
        ? { kind: "struct", fields: type.fields.map((field) => ({ name: field.name, type: plain(field.type) })) }
        : { kind: "string" };
    default:
      return type;
  }
}

function describe(type: HiveReadable, subject: string): string {
  switch (type.kind) {
    case "bool":
      return "boolean";
    case "int32":
      return "int";
    case "int64":
      return "bigint";
    case "float":
    case "double":
    case "date":
    case "binary":
    case "timestamp":
      return type.kind;
    case "null":
    case "string":
    case "json":
      return "string";
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "timestamp_local":
      throw new Failure("refused", `${subject}: a timestamp without a zone would be read as an instant by name`, {
        remedy:
          "cast it in the mart's statement: to timestamptz for an instant (`… at time zone 'UTC'`), or to varchar",
      });
    case "list":
      return `array<${describe(type.element, subject)}>`;
    case "struct":
      checkTwins(type.fields, subject);
      return `struct<${type.fields.map((field) => `${fieldName(field, subject)}:${describe(field.type, subject)}`).join(",")}>`;
  }
}

/** Spark takes them for one name, and then reads nothing of the table. */
function checkTwins(fields: readonly Field[], subject: string): void {
  const seen = new Map<string, string>();
  for (const { name } of fields) {
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined) {
      const names = `${JSON.stringify(twin)} and ${JSON.stringify(name)}`;
      throw new Failure("refused", `${subject}: ${names} inside one struct are the same name to readers by name`, {
        remedy: "give one of them another name in the mart's statement, or declare the column as json",
      });
    }
    seen.set(name.toLowerCase(), name);
  }
}

function fieldName({ name }: Field, subject: string): string {
  if (name !== "" && !unreadable.test(name) && isStorable(name)) return name;
  const what = name === "" ? "a field without a name" : `the field ${JSON.stringify(name)}`;
  throw new Failure("refused", `${subject}: ${what} inside a struct makes the whole table unreadable by name`, {
    remedy:
      "names inside structs hold no comma, colon, `<`, backtick or NUL: declare the column as json, or give the field another name " +
      "in the mart's statement",
  });
}

/** Structural: names by their spelling, in their order. */
function sameType(one: HiveReadable, other: HiveReadable): boolean {
  if (one.kind === "list" && other.kind === "list") return sameType(one.element, other.element);
  if (one.kind === "struct" && other.kind === "struct") {
    return (
      one.fields.length === other.fields.length &&
      one.fields.every((field, index) => {
        const twin = other.fields[index];
        return twin !== undefined && twin.name === field.name && sameType(field.type, twin.type);
      })
    );
  }
  if (one.kind === "decimal" && other.kind === "decimal") {
    return one.precision === other.precision && one.scale === other.scale;
  }
  return one.kind === other.kind;
}

const topLevel: ReadonlyMap<string, SqlType> = new Map<string, SqlType>([
  ["int", { kind: "int32" }],
  ["float", { kind: "float" }],
  ["date", { kind: "date" }],
  ["binary", { kind: "binary" }],
]);

const scalars: ReadonlyMap<string, ColumnType> = new Map<string, ColumnType>([
  ["boolean", { kind: "bool" }],
  ["bigint", { kind: "int64" }],
  ["double", { kind: "double" }],
  ["string", { kind: "string" }],
  ["timestamp", { kind: "timestamp" }],
]);

/** Throws `usage` for text that `hiveType` does not write. */
export function parseHiveType(text: string): HiveReadable {
  const top = topLevel.get(text);
  if (top !== undefined) return top;
  const cursor: Cursor = { text, at: 0 };
  const type = readType(cursor);
  if (cursor.at < text.length) throw unexpected(cursor, "the end");
  return type;
}

interface Cursor {
  readonly text: string;
  at: number;
}

function readType(cursor: Cursor): ColumnType {
  const word = /^[a-z]+/u.exec(cursor.text.slice(cursor.at, cursor.at + 16))?.[0] ?? "";
  const scalar = scalars.get(word);
  if (scalar === undefined && word !== "decimal" && word !== "array" && word !== "struct") {
    throw unexpected(cursor, "a type");
  }
  cursor.at += word.length;
  if (scalar !== undefined) return scalar;
  if (word === "decimal") return readDecimal(cursor);
  expect(cursor, "<");
  if (word === "array") {
    const element = readType(cursor);
    expect(cursor, ">");
    return { kind: "list", element };
  }
  return { kind: "struct", fields: readFields(cursor) };
}

function readFields(cursor: Cursor): Field[] {
  const fields: Field[] = [];
  for (;;) {
    const colon = cursor.text.indexOf(":", cursor.at);
    const name = cursor.text.slice(cursor.at, Math.max(colon, cursor.at));
    if (name === "" || unreadable.test(name)) throw unexpected(cursor, "a name and a colon");
    cursor.at = colon + 1;
    fields.push({ name, type: readType(cursor) });
    if (cursor.text.charAt(cursor.at) === ",") cursor.at += 1;
    else {
      expect(cursor, ">");
      return fields;
    }
  }
}

function readDecimal(cursor: Cursor): ColumnType {
  const [all, digits = "", behind = ""] =
    /^\((\d{1,2}),(\d{1,2})\)/.exec(cursor.text.slice(cursor.at, cursor.at + 7)) ?? [];
  const precision = Number(digits);
  const scale = Number(behind);
  if (all === undefined || precision < 1 || precision > DECIMAL_PRECISION_MAX || scale > precision) {
    throw unexpected(cursor, `(p,s) with 1 ≤ p ≤ ${DECIMAL_PRECISION_MAX} and s ≤ p`);
  }
  cursor.at += all.length;
  return { kind: "decimal", precision, scale };
}

function expect(cursor: Cursor, character: string): void {
  if (cursor.text.charAt(cursor.at) !== character) throw unexpected(cursor, `"${character}"`);
  cursor.at += 1;
}

function unexpected(cursor: Cursor, wish: string): Failure {
  const rest = cursor.text.slice(cursor.at, cursor.at + 20);
  return new Failure(
    "usage",
    `Hive type of ${cursor.text.length} characters: expected ${wish}, got ${rest === "" ? "the end" : JSON.stringify(rest)} at character ${cursor.at + 1}`,
  );
}
