/** What a statement touches of a table, as paths of columns. */
import { formatPath } from "../model/column-path.ts";
import type { Field } from "../model/schema.ts";
import { isEngineType, type ValueField } from "./value-types.ts";

/** Below a table: names of fields, through structs only. */
export type FieldPath = readonly string[];

/** What a statement touches of one table. */
export type Touched = "all" | readonly FieldPath[];

/** Without the paths below another one, ordered. */
export function withoutCovered(paths: readonly FieldPath[]): FieldPath[] {
  const byText = new Map(paths.map((path) => [formatPath(path), path]));
  return [...byText.values()]
    .filter((path) => !path.some((_, depth) => depth > 0 && byText.has(formatPath(path.slice(0, depth)))))
    .sort((a, b) => (formatPath(a) < formatPath(b) ? -1 : 1));
}

/** As the contract writes them: paths, or `*`. */
export function formatTouched(touched: Touched): string[] {
  return touched === "all" ? ["*"] : touched.map((path) => formatPath(path));
}

/** The fields that the paths lead to, with the structs around them, in the fields' own order. */
export function narrowed(fields: readonly ValueField[], touched: Touched): readonly ValueField[] {
  if (touched === "all") return fields;
  return fields.flatMap((field) => {
    const { name, type } = field;
    if (!isEngineType(type)) return narrowedFields([{ name, type }], touched);
    return touched.some((path) => path[0] === name) ? [field] : [];
  });
}

function narrowedFields(fields: readonly Field[], paths: readonly FieldPath[]): Field[] {
  return fields.flatMap((field) => {
    const below = paths.filter((path) => path[0] === field.name).map((path) => path.slice(1));
    if (below.length === 0) return [];
    if (field.type.kind !== "struct" || below.some((path) => path.length === 0)) return [field];
    return [{ name: field.name, type: { kind: "struct", fields: narrowedFields(field.type.fields, below) } }];
  });
}
