/**
 * What a file's columns cannot say themselves, as part of the provenance: where a stand-in is, what was only null, and
 * which integers and texts merge differently. Together with the stored schema this gives the logical one back.
 */
import { type ColumnPath, ELEMENT, formatPath, parsePath } from "../model/column-path.ts";
import type { ColumnType, Field, Schema } from "../model/schema.ts";
import { type StandIn, seenNullOf, standInsOf } from "../model/stand-in.ts";

export interface ColumnNotes {
  readonly stand_ins: readonly StandIn[];
  readonly seen_null: readonly string[];
  /** Columns of integers with a value beyond ±2^53. */
  readonly big: readonly string[];
  /** Texts born of a conflict that involved a struct or a list. */
  readonly mixed: readonly string[];
  /** Texts that are JSON by declaration. */
  readonly json: readonly string[];
}

export function columnNotes(schema: Schema): ColumnNotes {
  const big: string[] = [];
  const mixed: string[] = [];
  const json: string[] = [];
  visit(schema, (path, type) => {
    if (type.kind === "int64" && type.big === true) big.push(formatPath(path));
    if (type.kind === "string" && type.mixed === true) mixed.push(formatPath(path));
    if (type.kind === "json") json.push(formatPath(path));
  });
  return { stand_ins: standInsOf(schema), seen_null: seenNullOf(schema), big, mixed, json };
}

function visit(schema: Schema, look: (path: ColumnPath, type: ColumnType) => void): void {
  const walk = (path: ColumnPath, type: ColumnType): void => {
    look(path, type);
    if (type.kind === "list") walk([...path, ELEMENT], type.element);
    if (type.kind === "struct") for (const field of type.fields) walk([...path, field.name], field.type);
  };
  for (const field of schema.fields) walk([field.name], field.type);
}

/** The logical schema of a file with these columns. Fields that were only null come last in their struct. */
export function logicalSchema(stored: Schema, notes: ColumnNotes): Schema {
  const standIns = new Map(notes.stand_ins.map(({ path, seen }) => [path, seen]));
  const big = new Set(notes.big);
  const mixed = new Set(notes.mixed);
  const json = new Set(notes.json);
  const nullsBelow = groupByParent(notes.seen_null);
  const restoreFields = (fields: readonly Field[], path: ColumnPath): Field[] => [
    ...fields.map(({ name, type }) => ({ name, type: restore(type, [...path, name]) })),
    ...(nullsBelow.get(formatPath(path)) ?? []).map((name): Field => ({ name, type: { kind: "null" } })),
  ];
  const restore = (type: ColumnType, path: ColumnPath): ColumnType => {
    const key = formatPath(path);
    const seen = standIns.get(key);
    if (seen === "list") return { kind: "list", element: { kind: "null" } };
    if (seen === "struct") return { kind: "struct", fields: restoreFields([], path) };
    if (type.kind === "list") return { kind: "list", element: restore(type.element, [...path, ELEMENT]) };
    if (type.kind === "struct") return { kind: "struct", fields: restoreFields(type.fields, path) };
    if (type.kind === "int64" && big.has(key)) return { kind: "int64", big: true };
    if (type.kind === "string" && mixed.has(key)) return { kind: "string", mixed: true };
    return type.kind === "string" && json.has(key) ? { kind: "json" } : type;
  };
  return { fields: restoreFields(stored.fields, []) };
}

/** The last names of paths by the path of the struct they stand in. */
function groupByParent(paths: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const text of paths) {
    const path = parsePath(text);
    const name = path.at(-1);
    if (typeof name !== "string") continue;
    const parent = formatPath(path.slice(0, -1));
    const names = groups.get(parent);
    if (names === undefined) groups.set(parent, [name]);
    else names.push(name);
  }
  return groups;
}
