/** What the lint knows of a value: its type, and whether that type is the same on both engines. */
import type { ColumnType } from "./schema.ts";

/** A column's type as the engines report it; a table's schema and a mart's columns both are made of these. */
export type PortableType =
  | ColumnType
  | { readonly kind: "int32" }
  | { readonly kind: "float" }
  | { readonly kind: "date" }
  | { readonly kind: "binary" }
  | { readonly kind: "timestamp_local" };

/** Why a value's type is not the same on both engines, as a construct; it may be compared or cast, but not given out. */
export type Unsettled =
  | "type-integer"
  | "type-moment"
  | "type-decimal"
  | "type-decimal-literal"
  | "type-null"
  | "type-rounded"
  | "type-sign"
  | "type-interval";

export type ValueKind = PortableType["kind"] | "interval" | "unknown";

export interface Value {
  readonly kind: ValueKind;
  readonly unsettled?: Unsettled;
  readonly precision?: number;
  readonly scale?: number;
  readonly element?: Value;
  readonly fields?: readonly NamedValue[];
}

export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

export const UNKNOWN: Value = { kind: "unknown" };

export function typedValue(type: PortableType): Value {
  switch (type.kind) {
    case "null":
    case "json":
      return { kind: "string" };
    case "decimal":
      return { kind: "decimal", precision: type.precision, scale: type.scale };
    case "list":
      return { kind: "list", element: typedValue(type.element) };
    case "struct":
      return {
        kind: "struct",
        fields: type.fields.map((field) => ({ name: field.name, value: typedValue(field.type) })),
      };
    default:
      return { kind: type.kind };
  }
}

export function isInteger({ kind }: Value): boolean {
  return kind === "int32" || kind === "int64";
}

export function isNumber({ kind }: Value): boolean {
  return kind === "int32" || kind === "int64" || kind === "double" || kind === "decimal" || kind === "float";
}

export function isMoment({ kind }: Value): boolean {
  return kind === "timestamp" || kind === "date" || kind === "timestamp_local";
}

export function isNested({ kind }: Value): boolean {
  return kind === "list" || kind === "struct";
}

export function isOpen({ kind }: Value): boolean {
  return kind === "unknown" || kind === "null";
}

/** What comes of several values in one column: of COALESCE, CASE, UNION. `undefined`: the engines do not agree. */
export function united(values: readonly Value[]): Value | undefined {
  let found: Value = { kind: "null", unsettled: "type-null" };
  for (const value of values) {
    const both = unitedPair(found, value);
    if (both === undefined) return undefined;
    found = both;
  }
  return found;
}

function unitedPair(a: Value, b: Value): Value | undefined {
  if (a.kind === "null") return b;
  if (b.kind === "null") return a;
  if (a.kind === "unknown" || b.kind === "unknown") return a.kind === b.kind ? UNKNOWN : a.kind === "unknown" ? b : a;
  if (isNumber(a) && isNumber(b)) return unitedNumbers(a, b);
  if (isMoment(a) && isMoment(b)) return unitedMoments(a, b);
  if (a.kind !== b.kind) return undefined;
  if (a.kind !== "list" || a.element === undefined || b.element === undefined) return a;
  const element = unitedPair(a.element, b.element);
  return element === undefined ? undefined : { kind: "list", element };
}

function unitedNumbers(a: Value, b: Value): Value | undefined {
  const unsettled = a.unsettled ?? b.unsettled;
  if (a.kind === "float" || b.kind === "float") return a.kind === b.kind ? a : undefined;
  if (a.kind === "double" || b.kind === "double") return { kind: "double" };
  if (a.kind === "decimal" || b.kind === "decimal") return unitedDecimals(a, b);
  if (a.kind === "int64" && a.unsettled === undefined) return a;
  if (b.kind === "int64" && b.unsettled === undefined) return b;
  return unsettled === undefined ? { kind: "int32" } : { kind: "int64", unsettled };
}

/** An INT has ten digits as a decimal; a BIGINT has 19 for DuckDB and 20 for Spark. */
function unitedDecimals(a: Value, b: Value): Value | undefined {
  const shapes = [a, b].map((value) =>
    value.kind === "int32"
      ? { whole: 10, scale: 0 }
      : { whole: (value.precision ?? 0) - (value.scale ?? 0), scale: value.scale ?? 0 },
  );
  if ([a, b].some((value) => value.kind === "int64")) return undefined;
  const soft = [a, b].filter((value) => value.unsettled !== undefined);
  if (soft.some((value) => value.unsettled !== "type-decimal-literal"))
    return { kind: "decimal", unsettled: "type-decimal" };
  const whole = Math.max(...shapes.map((shape) => shape.whole));
  const scale = Math.max(...shapes.map((shape) => shape.scale));
  const isSettled = soft.length < 2 && whole > 0 && whole + scale <= 38;
  return { kind: "decimal", precision: whole + scale, scale, ...(isSettled ? {} : { unsettled: "type-decimal" }) };
}

function unitedMoments(a: Value, b: Value): Value | undefined {
  const settled = [a, b].find((value) => value.kind === "timestamp" && value.unsettled === undefined);
  if (settled !== undefined && [a, b].every((value) => value.kind === "timestamp")) return settled;
  if (a.kind === b.kind) return a.unsettled === undefined ? b : a;
  return { kind: "timestamp", unsettled: "type-moment" };
}
