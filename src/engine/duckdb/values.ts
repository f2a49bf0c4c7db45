/** DuckDB's values as the contract of `QueryResult` describes them. */
import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionValue,
  type DuckDBValue,
  DuckDBVariantValue,
} from "@duckdb/node-api";
import type { QueryValue } from "../contract.ts";

/** Small integers come as numbers, large ones as bigints; the type tells them from floating point. */
const smallIntegers = new Set<DuckDBTypeId>([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
]);

export function queryValue(value: DuckDBValue, type: DuckDBType): QueryValue {
  if (value === null || typeof value === "boolean" || typeof value === "bigint" || typeof value === "string")
    return value;
  if (typeof value === "number") return smallIntegers.has(type.typeId) ? BigInt(value) : value;
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    const element = "valueType" in type ? type.valueType : type;
    return value.items.map((item) => queryValue(item, element));
  }
  if (value instanceof DuckDBStructValue) return structValue(value, type);
  if (value instanceof DuckDBMapValue) return mapEntries(value, type);
  if (value instanceof DuckDBBlobValue) return Uint8Array.from(value.bytes);
  if (value instanceof DuckDBUnionValue && type.typeId === DuckDBTypeId.UNION) {
    return queryValue(value.value, type.memberTypes[type.memberTags.indexOf(value.tag)] ?? type);
  }
  if (value instanceof DuckDBVariantValue)
    return value.type === undefined ? value.toString() : queryValue(value.value, value.type);
  return instantText(value) ?? String(value);
}

function structValue(value: DuckDBStructValue, type: DuckDBType): QueryValue {
  const types = type.typeId === DuckDBTypeId.STRUCT ? type.entryTypes : [];
  const names = type.typeId === DuckDBTypeId.STRUCT ? type.entryNames : Object.keys(value.entries);
  return Object.fromEntries(
    names.map((name, index) => [name, queryValue(value.entries[name] ?? null, types[index] ?? type)]),
  );
}

function mapEntries(value: DuckDBMapValue, type: DuckDBType): QueryValue {
  if (type.typeId !== DuckDBTypeId.MAP) return value.toString();
  return value.entries.map((entry) => ({
    key: queryValue(entry.key, type.keyType),
    value: queryValue(entry.value, type.valueType),
  }));
}

function instantText(value: DuckDBValue): string | undefined {
  if (value instanceof DuckDBTimestampTZValue) return isoText(value.micros, value, "Z");
  if (value instanceof DuckDBTimestampValue) return isoText(value.micros, value, "");
  if (value instanceof DuckDBTimestampSecondsValue) return isoText(value.seconds * 1_000_000n, value, "");
  if (value instanceof DuckDBTimestampMillisecondsValue) return isoText(value.millis * 1_000n, value, "");
  if (value instanceof DuckDBTimestampNanosecondsValue) {
    const micros = floorDivide(value.nanos, 1_000n);
    return `${isoText(micros, value, "")}${String(value.nanos - micros * 1_000n).padStart(3, "0")}`;
  }
  return value instanceof DuckDBDateValue ? value.toString() : undefined;
}

/** Furthest from the epoch that a `Date` counts, in milliseconds. */
const DATE_MS_MAX = 8_640_000_000_000_000n;

/** `2026-03-01T15:00:00.000000Z`; what has no such form (infinity, far years) keeps DuckDB's text. */
function isoText(micros: bigint, value: { readonly isFinite?: boolean; toString(): string }, zone: string): string {
  const ms = floorDivide(micros, 1_000n);
  if (value.isFinite === false || ms > DATE_MS_MAX || ms < -DATE_MS_MAX) return value.toString();
  const rest = String(micros - ms * 1_000n).padStart(3, "0");
  return `${new Date(Number(ms)).toISOString().slice(0, -1)}${rest}${zone}`;
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}
