/**
 * The published schema of a table, `_schema/<20 digits>.json`: its columns with the partition in which each first
 * appeared, and every widening with the line that caused it. Its last entry is the sha256 of its own text with zeros in the
 * place of those digits (`designs/recorded-sums.md`).
 *
 * ```json
 * { "version": 1, "fingerprint": "5a58b655b6c7df4f",
 *   "fields": [{ "name": "actor", "first": "2015-01-01-00", "type": "struct", "fields": [
 *                { "name": "id", "first": "2015-01-01-00", "type": "int64" } ] }],
 *   "widenings": [], "sha256": "…" }
 * ```
 */
import { createHash } from "node:crypto";
import { Failure } from "../errors.ts";
import { type ColumnPath, ELEMENT, foldName, foldPath, formatPath } from "./column-path.ts";
import { fingerprint } from "./merge.ts";
import type { ColumnType, Field, Schema } from "./schema.ts";

/** What is remembered of a table: its schema, ordered by name, and how it came about. */
export interface TableState {
  readonly schema: Schema;
  /** By folded path: the least `src` among the partitions that have the path, be it only as null. */
  readonly first: ReadonlyMap<string, string>;
  readonly widenings: readonly RecordedWidening[];
}

/** A column became wider (T5), and what did it: the partition, its line, the byte offset there, the value's text. */
export interface RecordedWidening {
  readonly path: string;
  readonly from: ColumnType;
  readonly to: ColumnType;
  readonly src: string;
  readonly line: number;
  readonly offset: number;
  readonly value: string;
}

export interface TableDocument {
  readonly version: 1;
  readonly fingerprint: string;
  readonly fields: readonly DocumentField[];
  readonly widenings: readonly DocumentWidening[];
}

export type DocumentType =
  | { readonly type: "null" | "bool" | "double" | "json" | "timestamp" }
  | { readonly type: "int64"; readonly big?: true }
  | { readonly type: "string"; readonly mixed?: true }
  | { readonly type: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly type: "list"; readonly element: DocumentType }
  | { readonly type: "struct"; readonly fields: readonly DocumentField[] };

export type DocumentField = { readonly name: string; readonly first?: string } & DocumentType;

export interface DocumentWidening extends Omit<RecordedWidening, "from" | "to"> {
  readonly from: DocumentType;
  readonly to: DocumentType;
}

export const emptyTable: TableState = { schema: { fields: [] }, first: new Map(), widenings: [] };

/** The earliest partition of every path, with those of one more file; the order of files does not matter. */
export function noteFirst(first: ReadonlyMap<string, string>, file: Schema, src: string): Map<string, string> {
  const noted = new Map(first);
  const walk = (path: ColumnPath, type: ColumnType): void => {
    if (type.kind === "list") walk([...path, ELEMENT], type.element);
    if (type.kind !== "struct") return;
    for (const field of type.fields) {
      const inner = [...path, foldName(field.name)];
      const key = formatPath(inner);
      const known = noted.get(key);
      if (known === undefined || src < known) noted.set(key, src);
      walk(inner, field.type);
    }
  };
  walk([], { kind: "struct", fields: file.fields });
  return noted;
}

export function toDocument(state: TableState): TableDocument {
  return {
    version: 1,
    fingerprint: fingerprint(state.schema),
    fields: toDocumentFields(state.schema.fields, [], state.first),
    widenings: state.widenings.map((widening) => ({
      ...widening,
      from: toDocumentType(widening.from, [], new Map()),
      to: toDocumentType(widening.to, [], new Map()),
    })),
  };
}

function toDocumentFields(
  fields: readonly Field[],
  path: ColumnPath,
  first: ReadonlyMap<string, string>,
): DocumentField[] {
  return fields.map((field) => {
    const inner = [...path, foldName(field.name)];
    const src = first.get(formatPath(inner));
    const type = toDocumentType(field.type, inner, first);
    return src === undefined ? { name: field.name, ...type } : { name: field.name, first: src, ...type };
  });
}

function toDocumentType(type: ColumnType, path: ColumnPath, first: ReadonlyMap<string, string>): DocumentType {
  switch (type.kind) {
    case "list":
      return { type: "list", element: toDocumentType(type.element, [...path, ELEMENT], first) };
    case "struct":
      return { type: "struct", fields: toDocumentFields(type.fields, path, first) };
    case "decimal":
      return { type: "decimal", precision: type.precision, scale: type.scale };
    case "int64":
      return type.big === true ? { type: "int64", big: true } : { type: "int64" };
    case "string":
      return type.mixed === true ? { type: "string", mixed: true } : { type: "string" };
    default:
      return { type: type.kind };
  }
}

/** The end of a stored document: its sum. */
const sumPattern = /,"sha256":"([0-9a-f]{64})"\}\n$/;
const noSum = "0".repeat(64);

const withoutSum = (state: TableState): string => `${JSON.stringify(toDocument(state))}\n`;

/** The document as it is stored. */
export function documentText(state: TableState): string {
  const text = withoutSum(state);
  return withSum(`${text.slice(0, -2)},"sha256":"${noSum}"}\n`);
}

/** The text with the sum that it should have. */
function withSum(text: string): string {
  const zeroed = text.replace(sumPattern, `,"sha256":"${noSum}"}\n`);
  const sum = createHash("sha256").update(zeroed).digest("hex");
  return zeroed.replace(sumPattern, `,"sha256":"${sum}"}\n`);
}

/**
 * Whether a stored document is, byte for byte, what was written. One of an earlier version has no sum (`unsummed`); it can
 * only be compared with the text that its content gives. Throws `corrupt` for what is no document at all.
 */
export function checkDocument(text: string): "whole" | "unsummed" | "changed" {
  const state = fromDocument(parseDocument(text));
  if (sumPattern.test(text)) return withSum(text) === text ? "whole" : "changed";
  return withoutSum(state) === text ? "unsummed" : "changed";
}

/** Reads a stored document. Throws `corrupt` for anything else. */
export function readDocument(text: string): TableState {
  return fromDocument(parseDocument(text));
}

function parseDocument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failure("corrupt", "schema document: is no JSON", { cause, remedy });
  }
}

/** Reads what `toDocument` wrote, after JSON. Throws a `corrupt` failure that names the place, also for a wrong sum. */
export function fromDocument(value: unknown): TableState {
  const document = readObject(value, "schema document");
  if (document.version !== 1) throw corrupt("version", "1", document.version);
  const first = new Map<string, string>();
  const fields = readFields(document.fields, "fields", [], first);
  const widenings = readArray(document.widenings, "widenings").map((entry, index) =>
    readWidening(readObject(entry, `widenings[${index}]`), `widenings[${index}]`),
  );
  const sum = fingerprint({ fields });
  if (document.fingerprint !== sum) throw corrupt("fingerprint", sum, document.fingerprint);
  return { schema: { fields }, first, widenings };
}

type JsonObject = Readonly<Record<string, unknown>>;

function readFields(value: unknown, place: string, path: ColumnPath, first: Map<string, string>): Field[] {
  const names = new Set<string>();
  return readArray(value, place).map((entry, index) => {
    const at = `${place}[${index}]`;
    const field = readObject(entry, at);
    const name = readText(field.name, `${at}.name`);
    const folded = foldName(name);
    if (name === "" || names.has(folded)) throw corrupt(`${at}.name`, "a name of its own", name);
    names.add(folded);
    const inner = [...path, folded];
    if (field.first !== undefined) first.set(formatPath(inner), readText(field.first, `${at}.first`));
    return { name, type: readType(field, at, inner, first) };
  });
}

function readType(value: JsonObject, place: string, path: ColumnPath, first: Map<string, string>): ColumnType {
  const kind = value.type;
  switch (kind) {
    case "null":
    case "bool":
    case "double":
    case "json":
    case "timestamp":
      return { kind };
    case "int64":
      return readFlag(value, "big", place) ? { kind, big: true } : { kind };
    case "string":
      return readFlag(value, "mixed", place) ? { kind, mixed: true } : { kind };
    case "decimal": {
      const precision = readCount(value.precision, `${place}.precision`);
      return { kind, precision, scale: readCount(value.scale, `${place}.scale`) };
    }
    case "list": {
      const element = readObject(value.element, `${place}.element`);
      return { kind, element: readType(element, `${place}.element`, [...path, ELEMENT], first) };
    }
    case "struct":
      return { kind, fields: readFields(value.fields, `${place}.fields`, path, first) };
    default:
      throw corrupt(`${place}.type`, "a column type", kind);
  }
}

function readWidening(value: JsonObject, place: string): RecordedWidening {
  return {
    path: readPath(value.path, `${place}.path`),
    from: readType(readObject(value.from, `${place}.from`), `${place}.from`, [], new Map()),
    to: readType(readObject(value.to, `${place}.to`), `${place}.to`, [], new Map()),
    src: readText(value.src, `${place}.src`),
    line: readCount(value.line, `${place}.line`),
    offset: readCount(value.offset, `${place}.offset`),
    value: readText(value.value, `${place}.value`),
  };
}

function readPath(value: unknown, place: string): string {
  const text = readText(value, place);
  try {
    foldPath(text);
    return text;
  } catch (error) {
    throw new Failure("corrupt", `schema document: ${place} is no column path`, { cause: error });
  }
}

function readObject(value: unknown, place: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw corrupt(place, "an object", value);
  return Object.fromEntries(Object.entries(value));
}

function readArray(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw corrupt(place, "an array", value);
  return value;
}

function readText(value: unknown, place: string): string {
  if (typeof value !== "string") throw corrupt(place, "text", value);
  return value;
}

function readCount(value: unknown, place: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw corrupt(place, "a count", value);
  return value;
}

function readFlag(value: JsonObject, name: string, place: string): boolean {
  const flag = value[name];
  if (flag !== undefined && flag !== true) throw corrupt(`${place}.${name}`, "true or nothing", flag);
  return flag === true;
}

function corrupt(place: string, wish: string, found: unknown): Failure {
  const shown = found === undefined ? "nothing" : (JSON.stringify(found) ?? String(found));
  return new Failure("corrupt", `schema document: ${place}: expected ${wish}, got ${shown.slice(0, 60)}`, { remedy });
}

const remedy = "`millrace rebuild-index` derives the table's schema again from the footers of its partitions";
