/**
 * What a file holds where the data gave no type (rules T2 and T3): nothing for a path that was only null, a list of
 * strings for `[]`, and the text `{}` for a struct without any column, since Parquet has no empty group.
 */
import { type ColumnPath, compareNames, ELEMENT, formatPath } from "./column-path.ts";
import type { ColumnType, Schema } from "./schema.ts";

/** The text that stands for an empty struct. */
export const EMPTY_STRUCT_TEXT = "{}";

/** Whether a file can hold the type as it is, or as a list of stand-ins. A struct needs one field that can. */
export function hasColumn(type: ColumnType): boolean {
  if (type.kind === "struct") return type.fields.some((field) => field.type.kind !== "null");
  return type.kind !== "null";
}

/** The type as a file stores it, with stand-ins in the place of bottoms; absent for a path that was only null. */
export function storedType(type: ColumnType): ColumnType | undefined {
  switch (type.kind) {
    case "null":
      return undefined;
    case "list":
      return { kind: "list", element: storedType(type.element) ?? { kind: "string" } };
    case "struct":
      return hasColumn(type) ? { kind: "struct", fields: storedSchema(type).fields } : { kind: "string" };
    default:
      return type;
  }
}

export function storedSchema(schema: Schema): Schema {
  return {
    fields: schema.fields.flatMap((field) => {
      const type = storedType(field.type);
      return type === undefined ? [] : [{ name: field.name, type }];
    }),
  };
}

/**
 * The type as SQL names it: like the stored one, and a path that was only null is a string. A struct of such paths
 * alone is the string that files hold for it.
 */
export function boundSchema(schema: Schema): Schema {
  return { fields: schema.fields.map((field) => ({ name: field.name, type: boundType(field.type) })) };
}

function boundType(type: ColumnType): ColumnType {
  switch (type.kind) {
    case "null":
      return { kind: "string" };
    case "list":
      return { kind: "list", element: boundType(type.element) };
    case "struct":
      return hasColumn(type) ? { kind: "struct", fields: boundSchema(type).fields } : { kind: "string" };
    default:
      return type;
  }
}

/**
 * The least of a known type that a file must hold for a `[]` or `{}` to read as that type: of every struct its first
 * field by name that has a column (T3).
 */
export function leastType(known: ColumnType): ColumnType {
  if (known.kind === "list") return { kind: "list", element: leastType(known.element) };
  if (known.kind !== "struct") return known;
  const [first] = known.fields
    .filter((field) => field.type.kind !== "null")
    .sort((a, b) => compareNames(a.name, b.name));
  return { kind: "struct", fields: first === undefined ? [] : [{ name: first.name, type: leastType(first.type) }] };
}

export interface StandIn {
  readonly path: string;
  readonly seen: "list" | "struct";
}

/** Where a file with this logical schema holds a stand-in. */
export function standInsOf(schema: Schema): StandIn[] {
  const found: StandIn[] = [];
  visit(schema, (path, type) => {
    if (type.kind === "list" && type.element.kind === "null") found.push({ path: formatPath(path), seen: "list" });
    if (type.kind === "struct" && !hasColumn(type)) found.push({ path: formatPath(path), seen: "struct" });
  });
  return found;
}

/** The fields that were only ever null in a file with this logical schema. */
export function seenNullOf(schema: Schema): string[] {
  const found: string[] = [];
  visit(schema, (path, type) => {
    if (type.kind === "null" && path.at(-1) !== ELEMENT) found.push(formatPath(path));
  });
  return found;
}

function visit(schema: Schema, look: (path: ColumnPath, type: ColumnType) => void): void {
  const walk = (path: ColumnPath, type: ColumnType): void => {
    look(path, type);
    if (type.kind === "list") walk([...path, ELEMENT], type.element);
    if (type.kind === "struct") for (const field of type.fields) walk([...path, field.name], field.type);
  };
  for (const field of schema.fields) walk([field.name], field.type);
}
