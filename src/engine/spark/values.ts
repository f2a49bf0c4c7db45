/** The client's values as the contract of `QueryResult` describes them. */
import type { Value } from "../../spark-connect/contract.ts";
import type { SparkType } from "../../spark-connect/types.ts";
import type { QueryValue } from "../contract.ts";

/** Makes the values of a column of this type ours. */
export function valueMaker(type: SparkType): (value: Value) => QueryValue {
  const make = makerOf(type);
  return (value) => (value === null ? null : make(value));
}

function makerOf(type: SparkType): (value: Value) => QueryValue {
  switch (type.kind) {
    case "byte":
    case "short":
    case "integer":
      return (value) => BigInt(Number(value));
    case "year_month_interval":
      return (value) => `${Number(value)} months`;
    case "day_time_interval":
      return (value) => `${String(value)} microseconds`;
    case "array": {
      const element = valueMaker(type.element);
      return (value) => (Array.isArray(value) ? value.map(element) : String(value));
    }
    case "struct": {
      const fields = type.fields.map(({ name, type: inner }) => [name, valueMaker(inner)] as const);
      return (value) => Object.fromEntries(fields.map(([name, make]) => [name, make(fieldOf(value, name))]));
    }
    case "map": {
      const [key, inner] = [valueMaker(type.key), valueMaker(type.value)];
      return (value) =>
        value instanceof Map ? [...value].map(([k, v]) => ({ key: key(k), value: inner(v) })) : String(value);
    }
    case "calendar_interval":
      return (value) => JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part));
    default:
      return plain;
  }
}

function plain(value: Value): QueryValue {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return String(value);
}

function fieldOf(value: Value, name: string): Value {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Map) return null;
  if (value instanceof Uint8Array) return null;
  return Object.getOwnPropertyDescriptor(value, name)?.value ?? null;
}
