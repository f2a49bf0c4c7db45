/**
 * The total table between Spark's types and ours: how a table's columns are declared, what a result's column is called, and
 * which of Spark's types a mart may hold, after which cast (`designs/formats.md`, "mart types").
 */
import { quoteForSpark, sparkType } from "../../model/ddl.ts";
import type { ColumnType } from "../../model/schema.ts";
import { type SparkType, type StructType, typeText } from "../../spark-connect/types.ts";
import { isEngineType, type ValueField, type ValueType } from "../value-types.ts";

/** Spark's name of a type. */
export function declaredType(type: ValueType): string {
  switch (type.kind) {
    case "int32":
      return "INT";
    case "float":
      return "FLOAT";
    case "date":
      return "DATE";
    case "binary":
      return "BINARY";
    case "timestamp_local":
      return "TIMESTAMP_NTZ";
    default:
      return sparkType(type);
  }
}

/** Column definitions as Spark's readers take them. */
export function declaredColumns(fields: readonly ValueField[]): string {
  return fields.map((field) => `${quoteForSpark(field.name)} ${declaredType(field.type)}`).join(", ");
}

/** What a column of a result is for us. */
export interface ResultType {
  readonly type: ValueType;
  /** The type to cast to before it is written into a mart's file; absent if the column is written as it is. */
  readonly stored?: string;
  /** Why a mart cannot hold it, and what to write instead. */
  readonly refused?: string;
}

const STRING: ColumnType = { kind: "string" };

const text: ResultType = { type: STRING, stored: "STRING" };

const refused = (advice: string, type: ValueType = STRING): ResultType => ({ type, refused: advice });

/** A type that is not in the table is refused rather than guessed. */
export function resultType(type: SparkType): ResultType {
  switch (type.kind) {
    case "boolean":
      return { type: { kind: "bool" } };
    case "byte":
    case "short":
      return { type: { kind: "int32" }, stored: "INT" };
    case "integer":
      return { type: { kind: "int32" } };
    case "long":
      return { type: { kind: "int64" } };
    case "float":
    case "double":
    case "binary":
    case "date":
    case "timestamp":
      return { type: { kind: type.kind } };
    case "timestamp_ntz":
      return { type: { kind: "timestamp_local" } };
    case "decimal":
      return { type: { kind: "decimal", precision: type.precision, scale: type.scale } };
    case "string":
      return isPlainString(type.collation) ? { type: STRING } : text;
    case "char":
    case "varchar":
    case "null":
      return text;
    case "array":
      return arrayResult(type.element);
    case "struct":
      return structResult(type);
    case "map":
      return mapResult(type.key, type.value);
    case "year_month_interval":
      return refused("give its length as a number, for example extract(months from column)");
    case "day_time_interval":
    case "calendar_interval":
      return refused("give its length as a number, for example unix_micros(b) - unix_micros(a)");
    case "time":
      return refused("cast it to string");
    case "variant":
      return refused("cast it to a type of its own, or write to_json(column)");
    case "other":
      return refused("cast it to a type of its own");
  }
}

function isPlainString(collation: string | undefined): boolean {
  return collation === undefined || collation === "" || collation === "UTF8_BINARY";
}

function arrayResult(element: SparkType): ResultType {
  const result = nestedResult(element);
  return {
    type: { kind: "list", element: result.type },
    ...(result.stored === undefined ? {} : { stored: `ARRAY<${result.stored}>` }),
    ...(result.refused === undefined ? {} : { refused: result.refused }),
  };
}

function structResult(type: StructType): ResultType {
  const fields = type.fields.map(({ name, type: inner }) => ({ name, inner, result: nestedResult(inner) }));
  const stored = fields.map(({ name, inner, result }) => `${quoteForSpark(name)}: ${result.stored ?? typeText(inner)}`);
  const advice = fields.find(({ result }) => result.refused !== undefined)?.result.refused;
  return {
    type: { kind: "struct", fields: fields.map(({ name, result }) => ({ name, type: result.type })) },
    ...(fields.some(({ result }) => result.stored !== undefined) ? { stored: `STRUCT<${stored.join(", ")}>` } : {}),
    ...(advice === undefined ? {} : { refused: advice }),
  };
}

/** A query shows a map as a list of its entries; a mart cannot hold one. */
function mapResult(key: SparkType, value: SparkType): ResultType {
  const fields = [
    { name: "key", type: nestedResult(key).type },
    { name: "value", type: nestedResult(value).type },
  ];
  return refused("use map_entries(column), which is a list of structs", {
    kind: "list",
    element: { kind: "struct", fields },
  });
}

/** Inside of lists and structs the lattice alone counts: integers become bigint and floats double, the rest is refused. */
function nestedResult(type: SparkType): ResultType & { readonly type: ColumnType } {
  const result = resultType(type);
  const found = result.type;
  if (!isEngineType(found)) return { ...result, type: found };
  if (found.kind === "int32") return { type: { kind: "int64" }, stored: "BIGINT" };
  if (found.kind === "float") return { type: { kind: "double" }, stored: "DOUBLE" };
  return { type: STRING, refused: "take it out of the list or struct, or cast it to string or timestamp there" };
}
