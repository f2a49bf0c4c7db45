/** Types of columns that others wrote, as text: also those that no column of ours has. */
import type { ThriftStruct, ThriftValue } from "./compact-reader.ts";

const PHYSICAL_TEXTS = ["bool", "int32", "int64", "int96", "float", "double", "binary", "binary"] as const;

/** By Parquet's ConvertedType. */
const CONVERTED_TEXTS: Readonly<Record<number, string>> = {
  0: "string",
  4: "string",
  6: "date",
  7: "time",
  8: "time",
  9: "timestamp",
  10: "timestamp",
  11: "uint8",
  12: "uint16",
  13: "uint32",
  14: "uint64",
  15: "int8",
  16: "int16",
  17: "int32",
  18: "int64",
  19: "json",
};
const CONVERTED_DECIMAL = 5;

/** By field of the union LogicalType. */
const LOGICAL_TEXTS: Readonly<Record<number, string>> = {
  1: "string",
  4: "string",
  6: "date",
  7: "time",
  8: "timestamp",
  12: "json",
  14: "uuid",
  15: "float16",
};
const LOGICAL_DECIMAL = 5;

/** SchemaElement: 1 type, 6 converted_type, 7 scale, 8 precision, 10 logicalType. */
export function foreignTypeText(element: ThriftStruct): string {
  const converted = element.get(6);
  const logical = element.get(10);
  const kind = logical instanceof Map ? [...logical.keys()][0] : undefined;
  if (converted === CONVERTED_DECIMAL || kind === LOGICAL_DECIMAL) {
    return `decimal(${digits(element.get(8))},${digits(element.get(7) ?? 0)})`;
  }
  const byLogical = kind === undefined ? undefined : LOGICAL_TEXTS[kind];
  const byConverted = typeof converted === "number" ? CONVERTED_TEXTS[converted] : undefined;
  const physical = element.get(1);
  return byLogical ?? byConverted ?? (typeof physical === "number" ? PHYSICAL_TEXTS[physical] : undefined) ?? "unknown";
}

const digits = (value: ThriftValue | undefined): string => (typeof value === "number" ? String(value) : "?");
