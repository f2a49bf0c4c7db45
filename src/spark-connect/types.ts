/** Spark's types as plain values: what a result's columns are, what a schema says. */
import { SparkError } from "./errors.ts";
import type { DataType } from "./gen/spark_connect_pb.ts";

export type SparkType =
  | AtomicType
  | { readonly kind: "string"; readonly collation?: string }
  | { readonly kind: "char" | "varchar"; readonly length: number }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "time"; readonly precision: number }
  | { readonly kind: "year_month_interval" | "day_time_interval"; readonly start: number; readonly end: number }
  | { readonly kind: "array"; readonly element: SparkType; readonly containsNull: boolean }
  | { readonly kind: "map"; readonly key: SparkType; readonly value: SparkType; readonly valueContainsNull: boolean }
  | StructType
  /** A type that this client has no values for; its columns can be read as Arrow. */
  | { readonly kind: "other"; readonly name: string };

/** Types that need nothing but their name. */
export type AtomicKind =
  | "null"
  | "boolean"
  | "byte"
  | "short"
  | "integer"
  | "long"
  | "float"
  | "double"
  | "binary"
  | "date"
  | "timestamp"
  | "timestamp_ntz"
  | "calendar_interval"
  | "variant";

/** One type for each, so that a `switch` tells them apart. */
export type AtomicType = { readonly [K in AtomicKind]: { readonly kind: K } }[AtomicKind];

export interface StructType {
  readonly kind: "struct";
  readonly fields: readonly StructField[];
}

export interface StructField {
  readonly name: string;
  readonly type: SparkType;
  readonly nullable: boolean;
}

/** Deeper types than any server makes: the walk over one must end before the stack does. */
const nestingMax = 500;

/**
 * What the protocol's type says, as a plain value. `SparkError` "corrupt" for one that lacks a part or nests deeper than 500.
 * User-defined types, geometries and types that this client has never heard of become `other`.
 */
export function sparkTypeOf(dataType: DataType): SparkType {
  return typeAt(dataType, 0);
}

/** The type of a whole result or relation, which must be a struct. */
export function structOf(dataType: DataType): StructType {
  const type = typeAt(dataType, 0);
  if (type.kind !== "struct") throw corrupt(`a schema is a ${type.kind}, not a struct`);
  return type;
}

function typeAt(dataType: DataType | undefined, depth: number): SparkType {
  if (depth > nestingMax) throw corrupt(`a type is nested deeper than ${nestingMax}`);
  const kind = dataType?.kind;
  switch (kind?.case) {
    case "null":
    case "boolean":
    case "byte":
    case "short":
    case "integer":
    case "long":
    case "float":
    case "double":
    case "binary":
    case "date":
    case "timestamp":
    case "variant":
      return { kind: kind.case };
    case "timestampNtz":
      return { kind: "timestamp_ntz" };
    case "calendarInterval":
      return { kind: "calendar_interval" };
    case "string":
      return plainCollations.has(kind.value.collation)
        ? { kind: "string" }
        : { kind: "string", collation: kind.value.collation };
    case "char":
      return { kind: "char", length: kind.value.length };
    case "varChar":
      return { kind: "varchar", length: kind.value.length };
    case "decimal":
      return decimalOf(kind.value.precision ?? 10, kind.value.scale ?? 0);
    case "time":
      return { kind: "time", precision: kind.value.precision ?? 6 };
    case "yearMonthInterval":
      return intervalOf("year_month_interval", kind.value.startField ?? 0, kind.value.endField ?? 1);
    case "dayTimeInterval":
      return intervalOf("day_time_interval", kind.value.startField ?? 0, kind.value.endField ?? 3);
    case "array":
      return {
        kind: "array",
        element: typeAt(kind.value.elementType, depth + 1),
        containsNull: kind.value.containsNull,
      };
    case "map":
      return {
        kind: "map",
        key: typeAt(kind.value.keyType, depth + 1),
        value: typeAt(kind.value.valueType, depth + 1),
        valueContainsNull: kind.value.valueContainsNull,
      };
    case "struct":
      return {
        kind: "struct",
        fields: kind.value.fields.map((field) => ({
          name: field.name,
          type: typeAt(field.dataType, depth + 1),
          nullable: field.nullable,
        })),
      };
    case "udt":
      return { kind: "other", name: kind.value.jvmClass ?? kind.value.pythonClass ?? "udt" };
    case "unparsed":
      return { kind: "other", name: kind.value.dataTypeString };
    case "geometry":
    case "geography":
      return { kind: "other", name: `${kind.case.toUpperCase()}(${kind.value.srid === -1 ? "ANY" : kind.value.srid})` };
    case undefined:
      // A kind that was added to the protocol after ours has arrived as an unknown field.
      if (dataType === undefined) throw corrupt("a type lacks one of its parts");
      return { kind: "other", name: "unknown" };
  }
}

/** How the server names the collation of strings that have none of their own; older ones leave it empty. */
const plainCollations: ReadonlySet<string> = new Set(["", "UTF8_BINARY"]);

function decimalOf(precision: number, scale: number): SparkType {
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    throw corrupt(`a type is DECIMAL(${precision},${scale})`);
  }
  return { kind: "decimal", precision, scale };
}

function intervalOf(kind: "year_month_interval" | "day_time_interval", start: number, end: number): SparkType {
  const units = intervalUnits[kind];
  if (units[start] === undefined || units[end] === undefined || end < start) {
    throw corrupt(`a type is ${kind} from ${start} to ${end}`);
  }
  return { kind, start, end };
}

/** Units by the number that the protocol gives them. */
const intervalUnits = {
  year_month_interval: ["YEAR", "MONTH"],
  day_time_interval: ["DAY", "HOUR", "MINUTE", "SECOND"],
} as const;

const atomicTexts: Readonly<Record<AtomicKind, string>> = {
  null: "VOID",
  boolean: "BOOLEAN",
  byte: "TINYINT",
  short: "SMALLINT",
  integer: "INT",
  long: "BIGINT",
  float: "FLOAT",
  double: "DOUBLE",
  binary: "BINARY",
  date: "DATE",
  timestamp: "TIMESTAMP",
  timestamp_ntz: "TIMESTAMP_NTZ",
  calendar_interval: "INTERVAL",
  variant: "VARIANT",
};

/**
 * The type as SQL writes it, for example `STRUCT<a: INT NOT NULL, b: ARRAY<STRING>>`. That an array's elements or a map's
 * values are never null has no words in SQL.
 */
export function typeText(type: SparkType): string {
  switch (type.kind) {
    case "string":
      return type.collation === undefined ? "STRING" : `STRING COLLATE ${nameText(type.collation)}`;
    case "char":
      return `CHAR(${type.length})`;
    case "varchar":
      return `VARCHAR(${type.length})`;
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "time":
      return `TIME(${type.precision})`;
    case "year_month_interval":
    case "day_time_interval": {
      const units = intervalUnits[type.kind];
      const start = `INTERVAL ${units[type.start]}`;
      return type.end === type.start ? start : `${start} TO ${units[type.end]}`;
    }
    case "array":
      return `ARRAY<${typeText(type.element)}>`;
    case "map":
      return `MAP<${typeText(type.key)}, ${typeText(type.value)}>`;
    case "struct":
      return `STRUCT<${type.fields.map((field) => `${nameText(field.name)}: ${fieldTypeText(field)}`).join(", ")}>`;
    case "other":
      return type.name;
    default:
      return atomicTexts[type.kind];
  }
}

/** A table's columns as SQL lists them, for example `a INT NOT NULL, b STRING`: what a reader takes as a schema. */
export function columnsText(schema: StructType): string {
  return schema.fields.map((field) => `${nameText(field.name)} ${fieldTypeText(field)}`).join(", ");
}

function fieldTypeText(field: StructField): string {
  return field.nullable ? typeText(field.type) : `${typeText(field.type)} NOT NULL`;
}

/** A name as SQL writes it: in back quotes unless it consists of letters, digits and underscores and begins with none of the digits. */
export function nameText(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}

function corrupt(fact: string): SparkError {
  return new SparkError("corrupt", `Spark: ${fact}`);
}
