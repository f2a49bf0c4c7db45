/** What readers answer, in one form: integers, decimals and instants as text, bytes as hex, structs by their fields' names. */
import type { QueryValue } from "../../src/engine/contract.ts";
import type { Session, Value } from "../../src/spark-connect/contract.ts";
import type { SparkType } from "../../src/spark-connect/types.ts";

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain };

export interface Answer {
  /** Names and Spark's own words for their types. */
  readonly columns: readonly (readonly [name: string, type: string])[];
  readonly rows: readonly (readonly Plain[])[];
}

export async function askConnect(session: Session, sql: string): Promise<Answer> {
  const result = await session.sql(sql);
  const rows = await Array.fromAsync(result.rows());
  const columns = result.schema.fields.map(({ name, type }) => [name, simpleString(type)] as const);
  // An INT is a number there and an integer to everybody else.
  const isInteger = columns.map(([, type]) => type === "int");
  const plainRow = (row: readonly Value[]): readonly Plain[] =>
    row.map((value, index) => (isInteger[index] === true && value !== null ? String(value) : plainValue(value)));
  return { columns, rows: rows.map(plainRow) };
}

/** Values of the engine contract and of Spark Connect are the same but for maps, which marts do not have. */
export function plainValue(value: QueryValue | Value): Plain {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (value instanceof Map) throw new Error("a mart has no maps");
  if (Array.isArray(value)) return value.map(plainValue);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plainValue(field)]));
}

/** Rows as a set: files have no order. */
export const sorted = (rows: Answer["rows"]): readonly string[] => rows.map((row) => JSON.stringify(row)).sort();

/** As Spark itself writes a type: `struct<id:bigint,tags:array<string>>`. */
function simpleString(type: SparkType): string {
  switch (type.kind) {
    case "integer":
      return "int";
    case "long":
      return "bigint";
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "array":
      return `array<${simpleString(type.element)}>`;
    case "struct":
      return `struct<${type.fields.map((field) => `${field.name}:${simpleString(field.type)}`).join(",")}>`;
    default:
      return type.kind;
  }
}
