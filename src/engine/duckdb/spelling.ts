/**
 * Names that differ by case alone are one column for us, in any script; DuckDB folds only ASCII letters and reads `é` in
 * one file and `É` in another as two columns. Such a column is refused: it would read as null where it is not.
 */
import { type DuckDBListType, DuckDBStructType, type DuckDBType, DuckDBTypeId } from "@duckdb/node-api";
import { foldName } from "../../model/column-path.ts";
import type { BoundColumn } from "./session.ts";
import type { ValueField, ValueType } from "./types.ts";

/** Whether any name has letters that DuckDB would not fold: only then are the files' spellings worth a look. */
export function hasOtherLetters(fields: readonly ValueField[]): boolean {
  return fields.some((field) => /[^\0-\x7f]/.test(field.name) || hasOtherLettersBelow(field.type));
}

function hasOtherLettersBelow(type: ValueType): boolean {
  if (type.kind === "list") return hasOtherLettersBelow(type.element);
  return type.kind === "struct" && hasOtherLetters(type.fields);
}

/** The first wanted path that the files hold in two spellings, with both. */
export function twoSpellings(
  found: readonly BoundColumn[],
  wanted: readonly ValueField[],
  path: readonly string[] = [],
): { readonly path: readonly string[]; readonly names: readonly string[] } | undefined {
  for (const field of wanted) {
    const place = [...path, field.name];
    const same = found.filter((column) => foldName(column.name) === foldName(field.name));
    if (same.length > 1) return { path: place, names: same.map((column) => column.name) };
    const inner = same[0] === undefined ? undefined : below(same[0].type, field.type, place);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function below(found: DuckDBType, wanted: ValueType, path: readonly string[]): ReturnType<typeof twoSpellings> {
  if (wanted.kind === "list" && isList(found)) return below(found.valueType, wanted.element, [...path, "[]"]);
  if (wanted.kind !== "struct" || !(found instanceof DuckDBStructType)) return undefined;
  const entries = found.entryTypes.map((type, index) => ({ name: found.entryNames[index] ?? "", type }));
  return twoSpellings(entries, wanted.fields, path);
}

function isList(type: DuckDBType): type is DuckDBListType {
  return type.typeId === DuckDBTypeId.LIST;
}
