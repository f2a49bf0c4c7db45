/**
 * Engine-neutral column types. One lattice serves the shredder, the table's merged schema and both engines
 * (`designs/formats.md`, "Rules of the schema"). Every field is nullable; names keep the spelling seen first and match
 * case-insensitively.
 */

/**
 * - `null`: a path that was seen only as JSON `null` (or never): it has no type yet. Bottom of the lattice; such a path
 *   has no column in a file, and is a nullable string in a table's bound schema so that SQL can name it.
 * - `string` with `mixed: true`: text born of a conflict that involved a struct or a list; strings stand as they are,
 *   everything else as its raw JSON text.
 * - `int64` with `big: true`: holds a value beyond ±2^53, which a merge with `double` must not round.
 * - `list` whose element is `null` and `struct` without fields are the bottom elements `[]` and `{}`.
 * - `timestamp`, `decimal` and `json` exist only where a project declares them. A `timestamp` is an instant in UTC with
 *   microseconds. `json` keeps a subtree as its JSON text.
 */
export type ColumnType =
  | { readonly kind: "null" }
  | { readonly kind: "bool" }
  | { readonly kind: "int64"; readonly big?: true }
  | { readonly kind: "double" }
  | { readonly kind: "string"; readonly mixed?: true }
  | { readonly kind: "json" }
  | { readonly kind: "timestamp" }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "list"; readonly element: ColumnType }
  | { readonly kind: "struct"; readonly fields: readonly Field[] };

export interface Field {
  readonly name: string;
  readonly type: ColumnType;
}

/** The columns of one file, in the order in which they were first seen, or of one table, ordered by name. */
export interface Schema {
  readonly fields: readonly Field[];
}

/** What a project may declare for a named column; `drop` leaves the subtree out. */
export type DeclaredType = ColumnType | { readonly kind: "drop" };

/** Declared columns by dotted path (`payload.action`; a list's element is `[]`, as in `payload.commits.[].sha`). */
export type DeclaredColumns = ReadonlyMap<string, DeclaredType>;
