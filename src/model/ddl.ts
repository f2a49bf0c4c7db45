/**
 * A table's schema as the column definitions of both engines. Every path is there: one that no file has a type for yet is
 * a nullable string, so that SQL can name it (`boundSchema`).
 */
import type { ColumnType, Schema } from "./schema.ts";
import { boundSchema } from "./stand-in.ts";

/** Column definitions for DuckDB, one a line: `"actor" STRUCT("id" BIGINT, "login" VARCHAR)`. */
export function duckdbColumns(schema: Schema): string {
  const columns = boundSchema(schema).fields.map((field) => `${quoteForDuckdb(field.name)} ${duckdbType(field.type)}`);
  return columns.join(",\n");
}

export function duckdbType(type: ColumnType): string {
  switch (type.kind) {
    case "bool":
      return "BOOLEAN";
    case "int64":
      return "BIGINT";
    case "double":
      return "DOUBLE";
    case "null":
    case "string":
    case "json":
      return "VARCHAR";
    case "timestamp":
      return "TIMESTAMP WITH TIME ZONE";
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "list":
      return `${duckdbType(type.element)}[]`;
    case "struct": {
      const fields = type.fields.map((field) => `${quoteForDuckdb(field.name)} ${duckdbType(field.type)}`);
      return fields.length === 0 ? "VARCHAR" : `STRUCT(${fields.join(", ")})`;
    }
  }
}

export function quoteForDuckdb(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The schema text that Spark's readers take, one column a line: `` `actor` STRUCT<`id`: BIGINT, `login`: STRING> ``. */
export function sparkColumns(schema: Schema): string {
  const columns = boundSchema(schema).fields.map((field) => `${quoteForSpark(field.name)} ${sparkType(field.type)}`);
  return columns.join(",\n");
}

export function sparkType(type: ColumnType): string {
  switch (type.kind) {
    case "bool":
      return "BOOLEAN";
    case "int64":
      return "BIGINT";
    case "double":
      return "DOUBLE";
    case "null":
    case "string":
    case "json":
      return "STRING";
    case "timestamp":
      return "TIMESTAMP";
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "list":
      return `ARRAY<${sparkType(type.element)}>`;
    case "struct": {
      const fields = type.fields.map((field) => `${quoteForSpark(field.name)}: ${sparkType(field.type)}`);
      return fields.length === 0 ? "STRING" : `STRUCT<${fields.join(", ")}>`;
    }
  }
}

export function quoteForSpark(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
