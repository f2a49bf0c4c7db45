/** Which columns a name can stand for, and where findings go. */
import { foldName } from "./column-path.ts";
import type { ConstructName } from "./portable-sql-constructs.ts";
import type { Query } from "./portable-sql-tree.ts";
import { type NamedValue, UNKNOWN, type Value } from "./portable-sql-types.ts";

/** Columns of a table, query or common table expression; `undefined` if they are not known. */
export type Columns = readonly NamedValue[] | undefined;

export interface Check {
  refuse(at: number, construct: ConstructName, word?: string): void;
  /** A function, named by its reason instead of a construct. */
  refuseFunction(at: number, name: string, reason: string, instead: string | undefined): void;
  /** Checks a query inside of an expression, whose names nobody sees. */
  query(query: Query, scope: Scope): Columns;
}

export interface Scope {
  readonly sources: readonly { readonly name: string | undefined; readonly columns: Columns }[];
  /** Names of the select list, where they may be used. */
  readonly aliases: readonly NamedValue[];
  /** Parameters of lambdas. */
  readonly parameters: readonly NamedValue[];
  /** Common table expressions and the project's tables, by folded name. */
  readonly tables: ReadonlyMap<string, Columns>;
  readonly outer: Scope | undefined;
}

export interface Resolved {
  readonly value: Value;
  /** The column itself, if the whole chain names one. */
  readonly column?: NamedValue;
  /** A field was asked of a list. */
  readonly isFieldOfList?: true;
}

/** A chain of names as a value; `undefined` if something on the way is not known. */
export function resolve(names: readonly string[], scope: Scope): Resolved | undefined {
  const [first = "", second, ...rest] = names;
  const source = scope.sources.find(({ name }) => name !== undefined && same(name, first));
  const qualified = second === undefined ? undefined : find(source?.columns, second);
  if (qualified !== undefined) return walk(qualified, rest);
  if (source !== undefined && source.columns === undefined) return undefined;
  const bare = find(scope.parameters, first) ?? firstOf(scope.sources.map(({ columns }) => find(columns, first)));
  if (bare !== undefined) return walk(bare, names.slice(1));
  const alias = find(scope.aliases, first);
  if (alias !== undefined) return walk(alias, names.slice(1));
  return scope.outer === undefined ? undefined : resolve(names, scope.outer);
}

function walk(column: NamedValue, names: readonly string[]): Resolved {
  let { value } = column;
  for (const name of names) {
    if (value.kind === "list") return { value: UNKNOWN, isFieldOfList: true };
    value = fieldOf(value, name);
  }
  return names.length === 0 ? { value, column } : { value };
}

export function fieldOf(value: Value, name: string): Value {
  return find(value.fields, name)?.value ?? UNKNOWN;
}

export function find(columns: Columns, name: string): NamedValue | undefined {
  return columns?.find((column) => same(column.name, name));
}

export function same(a: string, b: string): boolean {
  return foldName(a) === foldName(b);
}

function firstOf<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}
