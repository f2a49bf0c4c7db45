/** The type of a column: what the file's values say (V1–V8), and what the table and the file make of it (T2–T6). */
import { compareNames, ELEMENT, foldName, formatPath } from "../../src/model/column-path.ts";
import type { ColumnType, Field } from "../../src/model/schema.ts";
import {
  type Declarations,
  EXACT_MAX,
  encodeKey,
  type FoldedPath,
  INT64_MAX,
  INT64_MIN,
  isInteger,
} from "./declared.ts";
import type { JsonValue } from "./json.ts";

/** A value with the line it stands on. */
export interface Seen {
  readonly value: JsonValue;
  readonly line: number;
  readonly offset: number;
}

/** Everything that one file holds at one path, in the order of the lines. */
export interface Column {
  readonly name: string;
  readonly path: FoldedPath;
  readonly seen: readonly Seen[];
  readonly declared: Declarations;
}

const MIXED: ColumnType = { kind: "string", mixed: true };

/** The columns one level below: of a list its elements, of a struct its fields as first seen. */
export function elementsOf(column: Column): Column {
  const seen = column.seen.flatMap(({ value, ...line }) =>
    value.kind === "array" ? value.items.map((item): Seen => ({ value: item, ...line })) : [],
  );
  return { name: "[]", path: [...column.path, ELEMENT], seen, declared: column.declared };
}

export function fieldsOf(column: Column): Column[] {
  const byName = new Map<string, { name: string; seen: Seen[] }>();
  for (const { value, ...line } of column.seen) {
    if (value.kind !== "object") continue;
    for (const member of value.members) {
      const name = encodeKey(member.key);
      const field = byName.get(foldName(name)) ?? { name, seen: [] };
      byName.set(foldName(name), field);
      field.seen.push({ value: member.value, ...line });
    }
  }
  return [...byName].map(([folded, { name, seen }]) => ({
    name,
    path: [...column.path, folded],
    seen,
    declared: column.declared,
  }));
}

/** The type that the file's own values give, with bottoms where they give none. */
export function seenType(column: Column): ColumnType {
  const values = column.seen.map((entry) => entry.value).filter((value) => value.kind !== "null");
  const declared = column.declared(column.path);
  if (values.length === 0) return { kind: "null" };
  if (declared !== undefined && declared.kind !== "drop") return declared;
  const kinds = new Set(values.map((value) => value.kind));
  if (kinds.size === 1 && kinds.has("array")) return { kind: "list", element: seenType(elementsOf(column)) };
  if (kinds.size === 1 && kinds.has("object")) {
    return { kind: "struct", fields: fieldsOf(column).map((field) => ({ name: field.name, type: seenType(field) })) };
  }
  if (kinds.has("array") || kinds.has("object")) return MIXED;
  if (kinds.size > 1 || kinds.has("string")) return { kind: "string" };
  return kinds.has("bool") ? { kind: "bool" } : numberType(values.map((value) => value.raw));
}

function numberType(lexemes: readonly string[]): ColumnType {
  const integers = lexemes.filter(isInteger).map(BigInt);
  if (integers.some((value) => value < INT64_MIN || value > INT64_MAX)) return { kind: "string" };
  const big = integers.some((value) => value < -EXACT_MAX || value > EXACT_MAX);
  if (integers.length === lexemes.length) return big ? { kind: "int64", big: true } : { kind: "int64" };
  return big ? { kind: "string" } : { kind: "double" };
}

/** What happened where a file's column met the table's. */
export interface Meeting {
  readonly path: string;
  readonly table: ColumnType;
  readonly file: ColumnType;
  /** The first value that the table's type cannot hold. */
  readonly culprit: Seen;
}

export interface Meetings {
  readonly conflicts: "hold" | "text";
  readonly widened: Meeting[];
  readonly clashed: Meeting[];
}

/** The type that the file writes, given what its values say and what the table knows. */
export function typeToWrite(
  column: Column,
  seen: ColumnType,
  known: ColumnType | undefined,
  path: string,
  meetings: Meetings,
): ColumnType {
  if (known === undefined || known.kind === "null" || seen.kind === "null") return seen;
  if (seen.kind === "list" && known.kind === "list") {
    if (seen.element.kind === "null") return { kind: "list", element: leastOf(known.element) };
    const element = typeToWrite(elementsOf(column), seen.element, known.element, `${path}.[]`, meetings);
    return { kind: "list", element };
  }
  if (seen.kind === "struct" && known.kind === "struct") {
    const fields = fieldsToWrite(column, seen.fields, known.fields, path, meetings);
    return { kind: "struct", fields: fields.some(isStored) ? fields : fillStruct(fields, known.fields) };
  }
  if (isNested(seen) || isNested(known)) {
    const culprit = findCulprit(column, known);
    if (meetings.conflicts === "hold") {
      meetings.clashed.push({ path, table: known, file: seen, culprit });
      return seen;
    }
    if (!isMixed(known)) meetings.widened.push({ path, table: known, file: MIXED, culprit });
    return MIXED;
  }
  const wider = widerScalar(seen, known);
  if (!isSameScalar(wider, known))
    meetings.widened.push({ path, table: known, file: wider, culprit: findCulprit(column, known) });
  return wider;
}

export function fieldsToWrite(
  column: Column,
  seen: readonly Field[],
  known: readonly Field[],
  path: string,
  meetings: Meetings,
): Field[] {
  const columns = new Map(fieldsOf(column).map((field) => [foldName(field.name), field]));
  return seen.map((field) => {
    const inner = columns.get(foldName(field.name));
    if (inner === undefined) throw new Error(`no column for ${field.name}`);
    const wide = known.find((candidate) => foldName(candidate.name) === foldName(field.name))?.type;
    const step = formatPath([field.name]);
    return {
      name: field.name,
      type: typeToWrite(inner, field.type, wide, path === "" ? step : `${path}.${step}`, meetings),
    };
  });
}

/** Whether a field has a column in a file; whatever is not only null has one, if need be a stand-in. */
function isStored(field: Field): boolean {
  return field.type.kind !== "null";
}

/** A struct without a column takes the known struct's first stored field by name (T3). */
function fillStruct(fields: readonly Field[], known: readonly Field[]): Field[] {
  const [first] = known.filter(isStored).sort((a, b) => compareNames(a.name, b.name));
  if (first === undefined) return [...fields];
  const type = leastOf(first.type);
  const isThere = fields.some((field) => foldName(field.name) === foldName(first.name));
  if (!isThere) return [...fields, { name: first.name, type }];
  return fields.map((field) => (foldName(field.name) === foldName(first.name) ? { name: field.name, type } : field));
}

/** Enough of a known type for nothing but nulls to be read as it. */
function leastOf(known: ColumnType): ColumnType {
  if (known.kind === "list") return { kind: "list", element: leastOf(known.element) };
  return known.kind === "struct" ? { kind: "struct", fields: fillStruct([], known.fields) } : known;
}

function isNested(type: ColumnType): boolean {
  return type.kind === "list" || type.kind === "struct";
}

function isSameScalar(left: ColumnType, right: ColumnType): boolean {
  return left.kind === right.kind && isMixed(left) === isMixed(right);
}

function isMixed(type: ColumnType): boolean {
  return type.kind === "string" && type.mixed === true;
}

/** `big` says something about the file's own values, so it is not taken over from the table. */
function widerScalar(seen: ColumnType, known: ColumnType): ColumnType {
  if (isMixed(seen) || isMixed(known)) return MIXED;
  if (seen.kind === known.kind) return seen;
  const big = (seen.kind === "int64" && seen.big === true) || (known.kind === "int64" && known.big === true);
  const numbers = [seen.kind, known.kind].every((kind) => kind === "int64" || kind === "double");
  return numbers && !big ? { kind: "double" } : { kind: "string" };
}

function findCulprit(column: Column, known: ColumnType): Seen {
  const present = column.seen.filter(({ value }) => value.kind !== "null");
  const culprit = present.find(({ value }) => !holds(known, value)) ?? present[0];
  if (culprit === undefined) throw new Error(`nothing but nulls at ${formatPath(column.path)}`);
  return culprit;
}

/** Whether a column of the type holds the value without changing its meaning. */
function holds(type: ColumnType, value: JsonValue): boolean {
  switch (type.kind) {
    case "list":
      return value.kind === "array";
    case "struct":
      return value.kind === "object";
    case "bool":
      return value.kind === "bool";
    case "int64":
      return value.kind === "number" && numberType([value.raw]).kind === "int64";
    case "double":
      return value.kind === "number" && numberType([value.raw, "0.0"]).kind === "double";
    case "string":
      return type.mixed === true || (value.kind !== "array" && value.kind !== "object");
    default:
      return true;
  }
}
