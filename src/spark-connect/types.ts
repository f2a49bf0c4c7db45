/** Spark's types as plain values: what a result's columns are, what a schema says. */

export type SparkType =
  | { readonly kind: AtomicKind }
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

export interface StructType {
  readonly kind: "struct";
  readonly fields: readonly StructField[];
}

export interface StructField {
  readonly name: string;
  readonly type: SparkType;
  readonly nullable: boolean;
}
