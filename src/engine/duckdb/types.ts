/**
 * The total table between DuckDB's types and ours: how a table's columns are declared, what a result's column is called,
 * and which of DuckDB's types a mart may hold, after which cast (`designs/formats.md`, "mart types").
 */
import {
  DuckDBArrayType as ArrayType,
  type DuckDBArrayType,
  DuckDBDecimalType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from "@duckdb/node-api";
import { duckdbType, quoteForDuckdb } from "../../model/ddl.ts";
import type { ColumnType } from "../../model/schema.ts";
import { isEngineType, type ValueType } from "../value-types.ts";

/** DuckDB's name of a type. */
export function declaredType(type: ValueType): string {
  switch (type.kind) {
    case "int32":
      return "INTEGER";
    case "float":
      return "FLOAT";
    case "date":
      return "DATE";
    case "binary":
      return "BLOB";
    case "timestamp_local":
      return "TIMESTAMP";
    default:
      return duckdbType(type);
  }
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
const INT64: ColumnType = { kind: "int64" };
/** 20 digits hold every unsigned 64-bit integer; Spark reads that Parquet type in the same way. */
const UINT64: ColumnType = { kind: "decimal", precision: 20, scale: 0 };

const bigint: ResultType = { type: INT64, stored: "BIGINT" };
const text: ResultType = { type: STRING, stored: "VARCHAR" };
const integer: ResultType = { type: { kind: "int32" } };
const smaller: ResultType = { type: { kind: "int32" }, stored: "INTEGER" };
const local: ResultType = { type: { kind: "timestamp_local" }, stored: "TIMESTAMP" };

const refused = (advice: string, type: ValueType = STRING): ResultType => ({ type, refused: advice });

const scalars: ReadonlyMap<DuckDBTypeId, ResultType> = new Map([
  [DuckDBTypeId.BOOLEAN, { type: { kind: "bool" } }],
  [DuckDBTypeId.TINYINT, smaller],
  [DuckDBTypeId.SMALLINT, smaller],
  [DuckDBTypeId.INTEGER, integer],
  [DuckDBTypeId.BIGINT, { type: INT64 }],
  [DuckDBTypeId.HUGEINT, bigint],
  [DuckDBTypeId.UTINYINT, smaller],
  [DuckDBTypeId.USMALLINT, smaller],
  [DuckDBTypeId.UINTEGER, bigint],
  [DuckDBTypeId.UBIGINT, { type: UINT64, stored: "DECIMAL(20,0)" }],
  [DuckDBTypeId.UHUGEINT, bigint],
  [DuckDBTypeId.BIGNUM, bigint],
  [DuckDBTypeId.FLOAT, { type: { kind: "float" } }],
  [DuckDBTypeId.DOUBLE, { type: { kind: "double" } }],
  [DuckDBTypeId.UUID, text],
  [DuckDBTypeId.ENUM, text],
  [DuckDBTypeId.SQLNULL, text],
  [DuckDBTypeId.STRING_LITERAL, text],
  [DuckDBTypeId.INTEGER_LITERAL, bigint],
  [DuckDBTypeId.BLOB, { type: { kind: "binary" } }],
  [DuckDBTypeId.DATE, { type: { kind: "date" } }],
  [DuckDBTypeId.TIMESTAMP, { type: { kind: "timestamp_local" } }],
  [DuckDBTypeId.TIMESTAMP_S, local],
  [DuckDBTypeId.TIMESTAMP_MS, local],
  [DuckDBTypeId.TIMESTAMP_NS, refused("cast it to timestamp (microseconds)", { kind: "timestamp_local" })],
  [DuckDBTypeId.TIMESTAMP_TZ, { type: { kind: "timestamp" } }],
  [DuckDBTypeId.INTERVAL, refused("give its length as a number, for example epoch(column)")],
  [DuckDBTypeId.TIME, refused("cast it to varchar")],
  [DuckDBTypeId.TIME_TZ, refused("cast it to varchar")],
  [DuckDBTypeId.TIME_NS, refused("cast it to varchar")],
  [DuckDBTypeId.BIT, refused("cast it to varchar or bigint")],
  [DuckDBTypeId.GEOMETRY, refused("give it as text, for example st_astext(column)")],
  [DuckDBTypeId.VARIANT, refused("cast it to a type of its own")],
  [DuckDBTypeId.UNION, refused("take the member that you need, for example union_extract(column, 'name')")],
]);

/** The table itself. A type that is not in it is refused rather than guessed. */
export function resultType(type: DuckDBType): ResultType {
  if (type instanceof DuckDBListType || type instanceof ArrayType) return listResult(type);
  if (type instanceof DuckDBStructType) return structResult(type);
  if (type instanceof DuckDBMapType) return mapResult(type);
  if (type instanceof DuckDBDecimalType) {
    return { type: { kind: "decimal", precision: type.width, scale: type.scale } };
  }
  // JSON is a VARCHAR with another name; a file would carry that name, which Spark does not know.
  if (type.typeId === DuckDBTypeId.VARCHAR) return type.alias === undefined ? { type: STRING } : text;
  return scalars.get(type.typeId) ?? refused("cast it to varchar");
}

function listResult(type: DuckDBListType | DuckDBArrayType): ResultType {
  const element = nestedResult(type.valueType);
  const stored = type instanceof DuckDBListType ? element.stored : (element.stored ?? type.valueType.toString());
  return {
    type: { kind: "list", element: element.type },
    ...(stored === undefined ? {} : { stored: `${stored}[]` }),
    ...(element.refused === undefined ? {} : { refused: element.refused }),
  };
}

function structResult(type: DuckDBStructType): ResultType {
  const fields = type.entryTypes.map((entry, index) => ({
    name: type.entryNames[index] ?? "",
    entry,
    result: nestedResult(entry),
  }));
  const stored = fields.map(
    ({ name, entry, result }) => `${quoteForDuckdb(name)} ${result.stored ?? entry.toString()}`,
  );
  const advice = fields.find(({ result }) => result.refused !== undefined)?.result.refused;
  return {
    type: { kind: "struct", fields: fields.map(({ name, result }) => ({ name, type: result.type })) },
    ...(fields.some(({ result }) => result.stored !== undefined) ? { stored: `STRUCT(${stored.join(", ")})` } : {}),
    ...(advice === undefined ? {} : { refused: advice }),
  };
}

/** A query shows a map as a list of its entries; a mart cannot hold one. */
function mapResult(type: DuckDBMapType): ResultType {
  const fields = [
    { name: "key", type: nestedResult(type.keyType).type },
    { name: "value", type: nestedResult(type.valueType).type },
  ];
  return refused("use map_entries(column), which is a list of structs", {
    kind: "list",
    element: { kind: "struct", fields },
  });
}

/** Inside of lists and structs the lattice alone counts: integers become bigint and floats double, the rest is refused. */
function nestedResult(type: DuckDBType): ResultType & { readonly type: ColumnType } {
  const result = resultType(type);
  const found = result.type;
  if (!isEngineType(found)) return { ...result, type: found };
  if (found.kind === "int32") return { type: INT64, stored: "BIGINT" };
  if (found.kind === "float") return { type: { kind: "double" }, stored: "DOUBLE" };
  return { type: STRING, refused: "take it out of the list or struct, or cast it to varchar or timestamptz there" };
}
