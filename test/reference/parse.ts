/**
 * The plain reference for `designs/schema-rules.md`: a whole file's bytes to rows, schema and rejected lines. It shares
 * no code with the converter but the names of columns and types, holds everything in memory and takes its time.
 */
import { formatPath } from "../../src/model/column-path.ts";
import type { ColumnType, DeclaredColumns, Field, Schema } from "../../src/model/schema.ts";
import { checkObject, declarationsOf } from "./declared.ts";
import { type JsonObject, parseObject, Reject } from "./json.ts";
import { lineText, splitLines } from "./lines.ts";
import { type Row, toRow } from "./rows.ts";
import { type Column, fieldsToWrite, type Meeting, type Meetings, seenType } from "./types.ts";

export interface ReferenceSettings {
  readonly known: Schema;
  readonly declared: DeclaredColumns;
  readonly conflicts: "hold" | "text";
  readonly duplicateKeys: "reject" | "last";
  readonly lineBytesMax: number;
  readonly depthMax: number;
}

export const defaultSettings: ReferenceSettings = {
  known: { fields: [] },
  declared: new Map(),
  conflicts: "hold",
  duplicateKeys: "reject",
  lineBytesMax: 32 * 1024 * 1024,
  depthMax: 128,
};

export interface RejectedLine {
  readonly line: number;
  readonly offset: number;
  readonly reason: string;
  /** At most the first MiB. */
  readonly bytes: Uint8Array;
  /** Of the whole line, without its line feed. */
  readonly length: number;
}

/** Where a file's column is wider than the table's, or clashes with it; the raw value is cut at 100 characters. */
export interface Difference {
  readonly path: string;
  readonly table: ColumnType;
  readonly file: ColumnType;
  readonly line: number;
  readonly offset: number;
  readonly value: string;
}

export interface ReferenceFile {
  readonly rows: readonly Row[];
  /** The logical schema: bottoms where a stand-in is stored, `null` for paths that were only null. */
  readonly schema: Schema;
  readonly rejects: readonly RejectedLine[];
  readonly standIns: readonly { readonly path: string; readonly seen: "list" | "struct" }[];
  readonly seenNull: readonly string[];
  readonly widened: readonly Difference[];
  readonly conflicts: readonly Difference[];
}

const REJECTED_BYTES_MAX = 1024 * 1024;
const VALUE_LENGTH_MAX = 100;

export function parseFile(file: Uint8Array, settings: ReferenceSettings = defaultSettings): ReferenceFile {
  const declared = declarationsOf(settings.declared);
  const objects: { object: JsonObject; line: number; offset: number }[] = [];
  const rejects: RejectedLine[] = [];
  for (const line of splitLines(file)) {
    try {
      const object = parseObject(lineText(line, settings.lineBytesMax), settings.depthMax);
      const checked = checkObject(object, [], declared, settings.duplicateKeys);
      objects.push({ object: checked, line: line.number, offset: line.offset });
    } catch (error) {
      if (!(error instanceof Reject)) throw error;
      const bytes = line.bytes.subarray(0, REJECTED_BYTES_MAX);
      rejects.push({ line: line.number, offset: line.offset, reason: error.message, bytes, length: line.bytes.length });
    }
  }
  const top: Column = {
    name: "",
    path: [],
    seen: objects.map(({ object, line, offset }) => ({ value: object, line, offset })),
    declared,
  };
  const seen = seenType(top);
  const meetings: Meetings = { conflicts: settings.conflicts, widened: [], clashed: [] };
  const fields = seen.kind === "struct" ? fieldsToWrite(top, seen.fields, settings.known.fields, "", meetings) : [];
  return {
    rows: objects.map(({ object }) => toRow(object, fields)),
    schema: { fields },
    rejects,
    ...bottomsOf(fields),
    widened: meetings.widened.map(differenceOf),
    conflicts: meetings.clashed.map(differenceOf),
  };
}

function differenceOf({ path, table, file, culprit }: Meeting): Difference {
  const { value, line, offset } = culprit;
  return { path, table, file, line, offset, value: value.raw.slice(0, VALUE_LENGTH_MAX) };
}

/** The paths without a type, told apart by what stands in the file: a stand-in, or nothing. */
function bottomsOf(fields: readonly Field[]): Pick<ReferenceFile, "standIns" | "seenNull"> {
  const standIns: { path: string; seen: "list" | "struct" }[] = [];
  const seenNull: string[] = [];
  const visitFields = (inner: readonly Field[], path: string): void => {
    for (const { name, type } of inner) {
      const below = path === "" ? formatPath([name]) : `${path}.${formatPath([name])}`;
      if (type.kind === "null") seenNull.push(below);
      else visit(type, below);
    }
  };
  const visit = (type: ColumnType, path: string): void => {
    if (type.kind === "list") {
      if (type.element.kind === "null") standIns.push({ path, seen: "list" });
      else visit(type.element, `${path}.[]`);
    }
    if (type.kind === "struct") {
      if (type.fields.every((field) => field.type.kind === "null")) standIns.push({ path, seen: "struct" });
      visitFields(type.fields, path);
    }
  };
  visitFields(fields, "");
  return { standIns, seenNull };
}
