/** Typed values: what must be read back from a file, whoever reads it. */
import { foldName } from "../../src/model/column-path.ts";
import type { ColumnType, Field } from "../../src/model/schema.ts";
import { encodeKey, exactInteger, isInteger, microsecondsOf, unscaledOf } from "./declared.ts";
import type { JsonObject, JsonValue } from "./json.ts";

/**
 * An int64 is a bigint, a double a number, a timestamp its microseconds since 1970 in UTC and a decimal its unscaled
 * integer, both bigint. A struct is a map of its fields that are not null, so an empty map is a struct that is there.
 */
export type Cell = null | boolean | bigint | number | string | readonly Cell[] | Row;
export type Row = ReadonlyMap<string, Cell>;

export function toRow(object: JsonObject, fields: readonly Field[]): Row {
  const row = new Map<string, Cell>();
  for (const field of fields) {
    const member = object.members.find(({ key }) => foldName(encodeKey(key)) === foldName(field.name));
    const cell = member === undefined ? null : toCell(member.value, field.type);
    if (cell !== null) row.set(field.name, cell);
  }
  return row;
}

function toCell(value: JsonValue, type: ColumnType): Cell {
  if (value.kind === "null" || type.kind === "null") return null;
  switch (type.kind) {
    case "bool":
      return value.kind === "bool" ? value.value : wrong(value, type);
    case "int64":
      return exactInteger(value.raw) ?? wrong(value, type);
    case "double":
      // The integer -0 is 0 (V1), also among doubles.
      return isInteger(value.raw) ? Number(BigInt(value.raw)) : Number(value.raw);
    case "string":
      return value.kind === "string" ? value.text : value.raw;
    case "json":
      return value.raw;
    case "timestamp":
      return (value.kind === "string" ? microsecondsOf(value.text) : undefined) ?? wrong(value, type);
    case "decimal":
      return unscaledOf(value, type.precision, type.scale) ?? wrong(value, type);
    case "list":
      return value.kind === "array" ? value.items.map((item) => toCell(item, type.element)) : wrong(value, type);
    case "struct":
      if (value.kind !== "object") return wrong(value, type);
      return type.fields.some((field) => field.type.kind !== "null") ? toRow(value, type.fields) : "{}";
  }
}

function wrong(value: JsonValue, type: ColumnType): never {
  throw new Error(`${value.raw} in a column of ${type.kind}`);
}
