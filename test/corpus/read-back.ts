/** What a Parquet file holds, whoever read it, and how it differs from what it should hold. */
import type { ColumnType, Field, Schema } from "../../src/model/schema.ts";
import { storedSchema } from "../../src/model/stand-in.ts";
import { describeType } from "../../src/model/type-text.ts";
import type { Cell, Row } from "../reference/rows.ts";

export interface ReadBack {
  /** The columns as stored, in the file's order. */
  readonly fields: readonly Field[];
  readonly rows: readonly Row[];
}

export function isRow(cell: Cell): cell is Row {
  return cell instanceof Map;
}

export function isList(cell: Cell): cell is readonly Cell[] {
  return Array.isArray(cell);
}

/** A logical schema as the columns that readers find: stand-ins in place, and every kind of text a string. */
export function readableFields(schema: Schema): Field[] {
  return storedSchema(schema).fields.map(({ name, type }) => ({ name, type: readableType(type) }));
}

function readableType(type: ColumnType): ColumnType {
  switch (type.kind) {
    case "string":
    case "json":
      return { kind: "string" };
    case "int64":
      return { kind: "int64" };
    case "list":
      return { kind: "list", element: readableType(type.element) };
    case "struct":
      return { kind: "struct", fields: type.fields.map((field) => ({ ...field, type: readableType(field.type) })) };
    default:
      return type;
  }
}

/** The first difference in words, or nothing. */
export function compare(expected: ReadBack, actual: ReadBack): string | undefined {
  return compareFields(expected.fields, actual.fields) ?? compareRows(expected.rows, actual.rows);
}

function compareFields(expected: readonly Field[], actual: readonly Field[]): string | undefined {
  for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
    const want = describeField(expected[i]);
    const got = describeField(actual[i]);
    if (want !== got) return `column ${i}: expected ${want}, got ${got}`;
  }
  return undefined;
}

function describeField(field: Field | undefined): string {
  return field === undefined ? "none" : `${JSON.stringify(field.name)} ${describeType(field.type)}`;
}

function compareRows(expected: readonly Row[], actual: readonly Row[]): string | undefined {
  for (const [index, row] of expected.entries()) {
    const other = actual[index];
    if (other === undefined) return `row ${index}: missing; expected ${expected.length} rows, got ${actual.length}`;
    const difference = compareCells(row, other, "");
    if (difference !== undefined) return `row ${index}, ${difference}`;
  }
  return actual.length > expected.length ? `expected ${expected.length} rows, got ${actual.length}` : undefined;
}

function compareCells(expected: Cell, actual: Cell, path: string): string | undefined {
  if (isList(expected) && isList(actual)) {
    for (let i = 0; i < Math.min(expected.length, actual.length); i++) {
      const difference = compareCells(expected[i] ?? null, actual[i] ?? null, `${path}[${i}]`);
      if (difference !== undefined) return difference;
    }
    if (expected.length === actual.length) return undefined;
    return `${path}: expected ${expected.length} elements, got ${actual.length}`;
  }
  if (isRow(expected) && isRow(actual)) {
    for (const name of new Set([...expected.keys(), ...actual.keys()])) {
      const inner = path === "" ? name : `${path}.${name}`;
      const difference = compareCells(expected.get(name) ?? null, actual.get(name) ?? null, inner);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return Object.is(expected, actual) ? undefined : `${path}: expected ${show(expected)}, got ${show(actual)}`;
}

const SHOWN_MAX = 200;

export function show(cell: Cell): string {
  const text = showWhole(cell);
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}… (${text.length} characters)`;
}

function showWhole(cell: Cell): string {
  if (isList(cell)) return `[${cell.map(showWhole).join(", ")}]`;
  if (isRow(cell))
    return `{${[...cell].map(([name, inner]) => `${JSON.stringify(name)}: ${showWhole(inner)}`).join(", ")}}`;
  if (typeof cell === "bigint") return `${cell}n`;
  if (Object.is(cell, -0)) return "-0";
  return JSON.stringify(cell);
}
