/** Reads back what our own files say of themselves: the provenance from the end of the footer, and the schema. */
import type { Schema } from "../model/schema.ts";
import { type ColumnNotes, logicalSchema } from "./column-notes.ts";
import { CompactReader, corrupt, type ThriftStruct } from "./compact-reader.ts";
import { provenancePlace } from "./file-sum.ts";
import { NOTES_KEY, PLACEHOLDER_COLUMN, PROVENANCE_KEY } from "./names.ts";
import { readElements } from "./schema-elements.ts";

const FOOTER_SCHEMA = 2;
const FOOTER_ROWS = 3;
const FOOTER_KEY_VALUES = 5;
const END_BYTES = 8;

/**
 * The provenance in `tail`, which must hold the last bytes of a file (64 KiB are enough). Absent if there is none, or the
 * file is not ours.
 */
export function readKeyValue(tail: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (!endsLikeParquet(tail)) return undefined;
  const at = provenancePlace(tail);
  return at === undefined ? undefined : parseObject(new CompactReader(tail.subarray(at)).struct());
}

/**
 * The logical schema of a file of ours. `end` holds the end of the file, from no later than where its footer begins: its
 * last eight bytes tell how long that is. Throws a `corrupt` failure for anything else.
 */
export function readSchema(end: Uint8Array): Schema {
  const footer = new CompactReader(footerIn(end)).struct(new Set([FOOTER_SCHEMA, FOOTER_KEY_VALUES]));
  const elements = footer.get(FOOTER_SCHEMA);
  if (!Array.isArray(elements)) throw corrupt("it has no schema");
  const stored = readElements(elements);
  const fields = stored.fields.filter((field) => field.name !== PLACEHOLDER_COLUMN);
  return logicalSchema({ fields }, readNotes(footer));
}

/** How many bytes at the end of a file its footer and the eight behind it take. Throws `corrupt` for what ends in another way. */
export function footerLength(end: Uint8Array): number {
  if (!endsLikeParquet(end)) throw corrupt("the file does not end like a Parquet file");
  return footerBytes(end) + END_BYTES;
}

/** How many rows a file of any writer holds. `end` is as for `readSchema`. Throws `corrupt` for anything else. */
export function readRows(end: Uint8Array): number {
  const rows = new CompactReader(footerIn(end)).struct(new Set([FOOTER_ROWS])).get(FOOTER_ROWS);
  if (typeof rows !== "number" || rows < 0) throw corrupt("it does not tell how many rows there are");
  return rows;
}

/** Whether a whole footer has our provenance. */
export function isOurs(end: Uint8Array): boolean {
  return notesIn(new CompactReader(footerIn(end)).struct(new Set([FOOTER_KEY_VALUES]))) !== undefined;
}

export function footerIn(end: Uint8Array): Uint8Array {
  if (!endsLikeParquet(end)) throw corrupt("the file does not end like a Parquet file");
  const length = footerBytes(end);
  const start = end.length - END_BYTES - length;
  if (start < 0) throw corrupt(`it takes ${length} bytes and only ${end.length - END_BYTES} are there`);
  return end.subarray(start, end.length - END_BYTES);
}

function footerBytes(end: Uint8Array): number {
  return new DataView(end.buffer, end.byteOffset, end.byteLength).getUint32(end.length - END_BYTES, true);
}

function endsLikeParquet(bytes: Uint8Array): boolean {
  return bytes.length >= END_BYTES && Buffer.from(bytes.subarray(bytes.length - 4)).toString("latin1") === "PAR1";
}

function notesIn(footer: ThriftStruct): Readonly<Record<string, unknown>> | undefined {
  const keyValues = footer.get(FOOTER_KEY_VALUES);
  const byKey = new Map<string, Readonly<Record<string, unknown>>>();
  for (const entry of Array.isArray(keyValues) ? keyValues : []) {
    if (!(entry instanceof Map)) continue;
    const key = textOf(entry.get(1));
    if (key === PROVENANCE_KEY || key === NOTES_KEY) byKey.set(key, parseObject(entry) ?? {});
  }
  return byKey.get(NOTES_KEY) ?? byKey.get(PROVENANCE_KEY);
}

function readNotes(footer: ThriftStruct): ColumnNotes {
  const notes = notesIn(footer);
  if (notes === undefined) throw corrupt("it holds no provenance of ours");
  return {
    stand_ins: arrayOf(notes.stand_ins).map(readStandIn),
    seen_null: arrayOf(notes.seen_null).map(String),
    big: arrayOf(notes.big).map(String),
    mixed: arrayOf(notes.mixed).map(String),
    json: arrayOf(notes.json).map(String),
  };
}

function readStandIn(value: unknown): ColumnNotes["stand_ins"][number] {
  const path: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "path") : undefined;
  const seen: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "seen") : undefined;
  if (typeof path !== "string" || (seen !== "list" && seen !== "struct")) throw corrupt("a stand-in is not readable");
  return { path, seen };
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The JSON object that is the value of a KeyValue struct. */
function parseObject(entry: ThriftStruct): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(textOf(entry.get(2)));
    return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
  } catch (cause) {
    throw corrupt(`its provenance is no JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : "";
}
