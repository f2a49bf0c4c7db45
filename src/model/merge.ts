/**
 * The lattice of column types and the merge of a file's schema into its table's (rules V3, V7, V8 and T1–T8 of
 * `designs/schema-rules.md`). Merging is associative, commutative and idempotent up to the spelling of names, so the
 * order in which files arrive does not matter.
 *
 * A file's schema is the logical one: a path that was only null has the type `null`, `[]` is a list of `null` and `{}` a
 * struct without fields, whatever the file holds in their place.
 */
import { createHash } from "node:crypto";
import {
  type ColumnPath,
  compareNames,
  ELEMENT,
  foldName,
  foldPath,
  formatPath,
  leafPathsBelow,
  parsePath,
} from "./column-path.ts";
import type { ColumnType, DeclaredColumns, DeclaredType, Field, Schema } from "./schema.ts";
import { hasColumn } from "./stand-in.ts";

/** What a clash of struct, list and scalar becomes: reported and not merged, or text. */
export type ConflictRule = "hold" | "text";

/** A clash below the joined types; `path` counts from them and is empty if they clash themselves. */
export interface TypeClash {
  readonly path: ColumnPath;
  readonly left: ColumnType;
  readonly right: ColumnType;
}

export type Joined = { readonly type: ColumnType } | { readonly clash: TypeClash };

const STRING: ColumnType = { kind: "string" };
const MIXED: ColumnType = { kind: "string", mixed: true };

/** The least type that holds the values of both. Under `hold` a struct, a list and a scalar have none: the first clash. */
export function joinTypes(left: ColumnType, right: ColumnType, conflicts: ConflictRule): Joined {
  const clashes: TypeClash[] = [];
  const type = join(left, right, [], (path, a, b) => {
    if (conflicts === "text") return MIXED;
    clashes.push({ path, left: a, right: b });
    return a;
  });
  const clash = clashes[0];
  return clash === undefined ? { type } : { clash };
}

/** Answers what stands where two shapes cannot be joined. */
type OnClash = (path: ColumnPath, left: ColumnType, right: ColumnType) => ColumnType;

function join(left: ColumnType, right: ColumnType, path: ColumnPath, onClash: OnClash): ColumnType {
  if (right.kind === "null") return sorted(left);
  if (left.kind === "null") return sorted(right);
  if (left.kind === "list" && right.kind === "list") {
    return { kind: "list", element: join(left.element, right.element, [...path, ELEMENT], onClash) };
  }
  if (left.kind === "struct" && right.kind === "struct") {
    return { kind: "struct", fields: joinFields(left.fields, right.fields, path, onClash) };
  }
  if (isNested(left) || isNested(right)) return sorted(onClash(path, left, right));
  return joinScalars(left, right);
}

function joinFields(left: readonly Field[], right: readonly Field[], path: ColumnPath, onClash: OnClash): Field[] {
  const byName = new Map(left.map((field) => [foldName(field.name), { name: field.name, type: sorted(field.type) }]));
  for (const field of right) {
    const folded = foldName(field.name);
    const known = byName.get(folded);
    const name = known?.name ?? field.name;
    const type = known === undefined ? sorted(field.type) : join(known.type, field.type, [...path, name], onClash);
    byName.set(folded, { name, type });
  }
  return [...byName.values()].sort((a, b) => compareNames(a.name, b.name));
}

/** The same type with the fields of every struct ordered by name. */
function sorted(type: ColumnType): ColumnType {
  if (type.kind === "list") return { kind: "list", element: sorted(type.element) };
  if (type.kind === "struct") return { kind: "struct", fields: joinFields(type.fields, [], [], (_, a) => a) };
  return type;
}

function isNested(type: ColumnType): boolean {
  return type.kind === "list" || type.kind === "struct";
}

function isMixed(type: ColumnType): boolean {
  return type.kind === "string" && type.mixed === true;
}

/** Declared types meet others only when a declaration was changed; like any two scalars they then join as text. */
function joinScalars(left: ColumnType, right: ColumnType): ColumnType {
  if (isMixed(left) || isMixed(right)) return MIXED;
  if (left.kind === "int64" && right.kind === "int64") return left.big === true ? left : right;
  if (left.kind === "int64" && right.kind === "double") return left.big === true ? STRING : right;
  if (left.kind === "double" && right.kind === "int64") return right.big === true ? STRING : left;
  if (left.kind === "decimal" && right.kind === "decimal") {
    return left.precision === right.precision && left.scale === right.scale ? left : STRING;
  }
  return left.kind === right.kind ? left : STRING;
}

export interface MergeOptions {
  readonly conflicts: ConflictRule;
  readonly declared: DeclaredColumns;
}

export interface TypeChange {
  readonly path: string;
  readonly from: ColumnType;
  readonly to: ColumnType;
}

export interface SchemaMerge {
  /** The table's schema afterwards, ordered by name. Where shapes clash under `hold` it keeps the table's. */
  readonly schema: Schema;
  /** Leaf paths that the table did not have at all, also those that are only null so far. */
  readonly added: readonly string[];
  /** Paths that had no type (only null, `[]`, `{}`) and have one now: files with a stand-in there are converted again. */
  readonly settled: readonly TypeChange[];
  /** Paths whose type became wider (T5): files that hold the column are converted again, except string to mixed. */
  readonly widened: readonly TypeChange[];
  /** Clashes of shape (T6). Not empty means: hold the file back and do not publish `schema`. */
  readonly conflicts: readonly { readonly path: string; readonly table: ColumnType; readonly file: ColumnType }[];
}

/**
 * Merges a file's schema into its table's. The declared columns are always part of the result, with their declared
 * type whatever the file holds; dropped ones never are.
 */
export function mergeSchemas(table: Schema, file: Schema, options: MergeOptions): SchemaMerge {
  const declared = expandDeclared(options.declared);
  const conflicts: { path: string; table: ColumnType; file: ColumnType }[] = [];
  const onClash: OnClash = (path, left, right) => {
    if (options.conflicts === "text") return MIXED;
    conflicts.push({ path: formatPath(path), table: left, file: right });
    return left;
  };
  const known = joinFields(withDeclared(table.fields, declared), declaredFields(options.declared), [], onClash);
  const fields = joinFields(known, withDeclared(file.fields, declared), [], onClash);
  const changes: Changes = { added: [], settled: [], widened: [] };
  compareFields(table.fields, fields, [], changes);
  return { schema: { fields }, ...changes, conflicts };
}

/**
 * The declarations by folded path, where a declared list or struct is taken apart: what cannot be found in data
 * (`timestamp`, `decimal`, `json`) is declared at its own path, and the rest acts as a type the table already knows.
 */
export function expandDeclared(declared: DeclaredColumns): Map<string, DeclaredType> {
  const expanded = new Map<string, DeclaredType>();
  const expand = (path: ColumnPath, type: ColumnType): void => {
    if (type.kind === "list") expand([...path, ELEMENT], type.element);
    else if (type.kind === "struct")
      for (const field of type.fields) expand([...path, foldName(field.name)], field.type);
    else if (isDeclaredOnly(type)) expanded.set(formatPath(path), type);
  };
  for (const [path, type] of declared) {
    const folded = foldPath(path);
    expanded.set(folded, type);
    if (type.kind !== "drop" && isNested(type)) expand(parsePath(folded), type);
  }
  return expanded;
}

function isDeclaredOnly(type: ColumnType): boolean {
  return type.kind === "timestamp" || type.kind === "decimal" || type.kind === "json";
}

/** The fields as the declarations see them: dropped ones left out, declared scalars with their declared type. */
function withDeclared(fields: readonly Field[], declared: ReadonlyMap<string, DeclaredType>): Field[] {
  const apply = (type: ColumnType, path: ColumnPath): ColumnType | undefined => {
    const wish = declared.get(formatPath(path));
    if (wish?.kind === "drop") return undefined;
    if (wish !== undefined && !isNested(wish)) return wish;
    if (type.kind === "list") {
      return { kind: "list", element: apply(type.element, [...path, ELEMENT]) ?? { kind: "null" } };
    }
    return type.kind === "struct" ? { kind: "struct", fields: applyAll(type.fields, path) } : type;
  };
  const applyAll = (inner: readonly Field[], path: ColumnPath): Field[] =>
    inner.flatMap((field) => {
      const type = apply(field.type, [...path, foldName(field.name)]);
      return type === undefined ? [] : [{ name: field.name, type }];
    });
  return declared.size === 0 ? [...fields] : applyAll(fields, []);
}

/** The fields that the declarations alone describe, spelled as they were declared. */
function declaredFields(declared: DeclaredColumns): Field[] {
  let fields: Field[] = [];
  for (const [text, type] of declared) {
    if (type.kind === "drop") continue;
    const nested = parsePath(text).reduceRight<ColumnType>(
      (inner, step) =>
        step === ELEMENT ? { kind: "list", element: inner } : { kind: "struct", fields: [{ name: step, type: inner }] },
      type,
    );
    if (nested.kind === "struct") fields = joinFields(fields, nested.fields, [], (_, a) => a);
  }
  return fields;
}

interface Changes {
  readonly added: string[];
  readonly settled: TypeChange[];
  readonly widened: TypeChange[];
}

function compareFields(before: readonly Field[], after: readonly Field[], path: ColumnPath, changes: Changes): void {
  const old = new Map(before.map((field) => [foldName(field.name), field.type]));
  for (const field of after) compareTypes(old.get(foldName(field.name)), field.type, [...path, field.name], changes);
}

/** Follows one path; `before` is absent where the table had no such path. */
function compareTypes(before: ColumnType | undefined, after: ColumnType, path: ColumnPath, changes: Changes): void {
  if (before === undefined) {
    changes.added.push(...leafPathsBelow(path, after));
  } else if (isBottom(before)) {
    if (!isBottom(after)) changes.settled.push({ path: formatPath(path), from: before, to: after });
    const had = [formatPath(path), ...leafPathsBelow(path, before)];
    changes.added.push(...leafPathsBelow(path, after).filter((leaf) => !had.includes(leaf)));
  } else if (before.kind === "list" && after.kind === "list") {
    compareTypes(before.element, after.element, [...path, ELEMENT], changes);
  } else if (before.kind === "struct" && after.kind === "struct") {
    compareFields(before.fields, after.fields, path, changes);
  } else if (!isSameColumn(before, after)) {
    changes.widened.push({ path: formatPath(path), from: before, to: after });
  }
}

/** What a file holds no column of, or only a stand-in. */
function isBottom(type: ColumnType): boolean {
  return type.kind === "list" ? type.element.kind === "null" : !hasColumn(type);
}

/** Equal as far as SQL can tell, `mixed` included; a large integer does not make a column another one. */
function isSameColumn(before: ColumnType, after: ColumnType): boolean {
  return isSameScalar(before, after) && isMixed(before) === isMixed(after);
}

function isSameScalar(left: ColumnType, right: ColumnType): boolean {
  if (left.kind === "decimal" && right.kind === "decimal") {
    return left.precision === right.precision && left.scale === right.scale;
  }
  return left.kind === right.kind;
}

/**
 * Whether a file whose column has `file` must be converted again to be read as `table`: it holds a stand-in or a
 * narrower scalar (T3–T5). A string needs nothing to become mixed, and a path that was only null has no column.
 */
export function isNarrower(file: ColumnType, table: ColumnType): boolean {
  return narrowerBelow(file, table, []).length > 0;
}

/** The paths of a file that must be converted again before the table's schema can be bound to it. */
export function narrowerPaths(file: Schema, table: Schema): string[] {
  return narrowerFields(file.fields, table.fields, []).map(formatPath);
}

function narrowerFields(file: readonly Field[], table: readonly Field[], path: ColumnPath): ColumnPath[] {
  const byName = new Map(table.map((field) => [foldName(field.name), field.type]));
  return file.flatMap((field) => {
    const wide = byName.get(foldName(field.name));
    return wide === undefined ? [] : narrowerBelow(field.type, wide, [...path, field.name]);
  });
}

function narrowerBelow(file: ColumnType, table: ColumnType, path: ColumnPath): ColumnPath[] {
  if (file.kind === "null" || table.kind === "null") return [];
  if (file.kind === "list" && table.kind === "list") {
    if (file.element.kind === "null") return isTextInFile(table.element) ? [] : [path];
    return narrowerBelow(file.element, table.element, [...path, ELEMENT]);
  }
  if (file.kind === "struct" && table.kind === "struct") {
    if (!hasColumn(file)) return hasColumn(table) ? [path] : [];
    return narrowerFields(file.fields, table.fields, path);
  }
  return isSameScalar(file, table) ? [] : [path];
}

/** What a list's stand-in, a list of strings, can be read as. */
function isTextInFile(type: ColumnType): boolean {
  return type.kind === "null" || type.kind === "string" || (type.kind === "struct" && !hasColumn(type));
}

/**
 * 16 hexadecimal digits that name a schema. Neither the order of fields nor the spelling of names counts, since both
 * may depend on which file came first; `big` and `mixed` do, since they decide later merges.
 */
export function fingerprint(schema: Schema): string {
  return createHash("sha256")
    .update(canonical({ kind: "struct", fields: schema.fields }))
    .digest("hex")
    .slice(0, 16);
}

function canonical(type: ColumnType): string {
  switch (type.kind) {
    case "list":
      return `list<${canonical(type.element)}>`;
    case "struct": {
      const fields = [...type.fields].sort((a, b) => compareNames(a.name, b.name));
      return `struct<${fields.map((field) => `${JSON.stringify(foldName(field.name))}:${canonical(field.type)}`).join()}>`;
    }
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "int64":
      return type.big === true ? "int64 big" : "int64";
    case "string":
      return type.mixed === true ? "string mixed" : "string";
    default:
      return type.kind;
  }
}
