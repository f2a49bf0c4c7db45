/** The functions that nearly every query calls. All others: `call("name", …)`, or SQL text. */
import { type Column, type ColumnLike, call, callDistinct } from "./column.ts";

export const functions = {
  /** Rows, or the values of a column that are not null. */
  count: (column: ColumnLike = "1"): Column => call("count", column),
  countDistinct: (...columns: readonly ColumnLike[]): Column => callDistinct("count", ...columns),
  sum: (column: ColumnLike): Column => call("sum", column),
  avg: (column: ColumnLike): Column => call("avg", column),
  min: (column: ColumnLike): Column => call("min", column),
  max: (column: ColumnLike): Column => call("max", column),
  /** The first that is not null. */
  coalesce: (...columns: readonly ColumnLike[]): Column => call("coalesce", ...columns),
} as const;
