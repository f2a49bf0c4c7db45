/** A column type in Spark's own form of JSON, which the metastore's `spark.sql.sources.schema` and the logs of Delta Lake share. */
import type { SqlType } from "./column-type-text.ts";
import type { ColumnType, Field } from "./schema.ts";

/** `structOf` makes the struct of a struct's fields: what stands beside a field's type differs. A struct without fields is text. */
export function sparkTypeJson(type: ColumnType | SqlType, structOf: (fields: readonly Field[]) => unknown): unknown {
  switch (type.kind) {
    case "bool":
      return "boolean";
    case "int32":
      return "integer";
    case "int64":
      return "long";
    case "float":
    case "double":
    case "date":
    case "binary":
    case "timestamp":
      return type.kind;
    case "timestamp_local":
      return "timestamp_ntz";
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "null":
    case "string":
    case "json":
      return "string";
    case "list":
      return { type: "array", elementType: sparkTypeJson(type.element, structOf), containsNull: true };
    case "struct":
      return type.fields.length === 0 ? "string" : structOf(type.fields);
  }
}
