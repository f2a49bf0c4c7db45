/** The types of a mart's columns as text, in both directions: those of JSON, and the few more that SQL can yield. */

import { Failure } from "../errors.ts";
import type { ColumnType } from "./schema.ts";
import { describeType, parseType } from "./type-text.ts";

/** Types that an engine can yield beyond the lattice of JSON. */
export type SqlType = { readonly kind: "int32" | "float" | "date" | "binary" | "timestamp_local" };

const sqlKinds: ReadonlySet<string> = new Set(["int32", "float", "date", "binary", "timestamp_local"]);

export const isSqlType = (type: ColumnType | SqlType): type is SqlType => sqlKinds.has(type.kind);

export function describeColumnType(type: ColumnType | SqlType): string {
  return isSqlType(type) ? type.kind : describeType(type);
}

/** Throws `usage` for text that is no column type. */
export function parseColumnType(text: string): ColumnType | SqlType {
  switch (text) {
    case "int32":
    case "float":
    case "date":
    case "binary":
    case "timestamp_local":
      return { kind: text };
  }
  const type = parseType(text);
  if (type.kind === "drop") throw new Failure("usage", `${text}: is no type of a column`);
  return type;
}
