/**
 * Which columns of which tables a statement touches, read from its syntax tree.
 *
 * The answer may be too wide, never too narrow: scopes are ignored, so a name counts for every table that has it, and
 * whatever cannot be followed (a star, a natural join, a pivot) stands for all columns. `bind.ts` binds the statement to
 * the columns found before anybody relies on them.
 */
import { foldName } from "../../model/column-path.ts";
import { type FieldPath, type Touched, withoutCovered } from "../touched.ts";
import type { ValueField } from "../value-types.ts";
import { isTree, listOf, numberOf, type Tree, textOf, textsOf, treeOf, treesOf } from "./tree.ts";

/** A chain of names as written: `e.payload.action`, and where it stands (bytes). */
export interface NameChain {
  readonly names: readonly string[];
  readonly at: number | undefined;
}

export interface References {
  /** Folded names of the offered tables that the statement reads. */
  readonly tables: ReadonlySet<string>;
  /** By folded alias: the tables that it may stand for. */
  readonly aliases: ReadonlyMap<string, ReadonlySet<string>>;
  readonly chains: readonly NameChain[];
  /** Tables of which all columns are touched. */
  readonly whole: ReadonlySet<string>;
  /** Something asks for all columns of all tables. */
  readonly everything: boolean;
  /** Tables in the statement that were not offered: the engine's own, or misspelt. */
  readonly foreign: readonly Tree[];
}

interface Found {
  readonly offered: ReadonlySet<string>;
  readonly tables: Set<string>;
  readonly aliases: Map<string, Set<string>>;
  readonly chains: NameChain[];
  readonly stars: string[];
  readonly whole: Set<string>;
  readonly foreign: Tree[];
  everything: boolean;
}

interface Scope {
  /** Folded names of the common table expressions in sight. */
  readonly expressions: ReadonlySet<string>;
  /** The offered tables directly in the FROM of the select at hand, for its stars. */
  readonly from: readonly string[];
}

/** `offered` holds folded names. */
export function findReferences(root: Tree, offered: ReadonlySet<string>): References {
  const found: Found = {
    offered,
    tables: new Set(),
    aliases: new Map(),
    chains: [],
    stars: [],
    whole: new Set(),
    foreign: [],
    everything: false,
  };
  visit(root, { expressions: new Set(), from: [] }, found);
  for (const name of found.stars) found.chains.push({ names: [name], at: undefined });
  return found;
}

function visit(value: unknown, scope: Scope, found: Found): void {
  if (Array.isArray(value)) for (const item of value) visit(item, scope, found);
  else if (isTree(value)) visitTree(value, scope, found);
}

function visitTree(tree: Tree, outer: Scope, found: Found): void {
  const scope = withExpressions(tree, outer, found);
  const type = textOf(tree, "type");
  const chain = chainOf(tree);
  if (type === "PIVOT" || type === "POSITIONAL_REFERENCE") found.everything = true;
  if (type === "JOIN") visitJoin(tree, found);
  if (type === "STAR") visitStar(tree, scope, found);
  if (type === "SELECT_NODE") visitSelect(tree, scope, found);
  else if (type === "BASE_TABLE") visitTable(tree, scope, found);
  else if (chain !== undefined) found.chains.push(chain);
  else visitInside(isExistence(tree) ? withoutStar(tree) : tree, scope, found);
}

function visitJoin(tree: Tree, found: Found): void {
  if (textOf(tree, "ref_type") === "NATURAL") found.everything = true;
  for (const name of textsOf(tree, "using_columns")) found.chains.push({ names: [name], at: undefined });
}

function visitInside(tree: Tree, scope: Scope, found: Found): void {
  // `alice.upper(x)` is parsed as the function `upper` of a schema `alice`, which binds as a column.
  if (textOf(tree, "class") === "FUNCTION") {
    const names = [textOf(tree, "catalog"), textOf(tree, "schema")].filter((name) => name !== undefined && name !== "");
    if (names.length > 0) found.chains.push({ names: names.map(String), at: numberOf(tree, "query_location") });
  }
  for (const [key, value] of Object.entries(tree)) if (key !== "cte_map") visit(value, scope, found);
}

/** Visits the node's common table expressions; each sees those before it, and itself only if it is recursive. */
function withExpressions(tree: Tree, scope: Scope, found: Found): Scope {
  const map = treeOf(tree, "cte_map");
  if (map === undefined) return scope;
  const expressions = new Set(scope.expressions);
  for (const entry of treesOf(map, "map")) {
    const name = foldName(textOf(entry, "key") ?? "");
    const query = treeOf(treeOf(entry, "value") ?? {}, "query") ?? {};
    const isRecursive = textOf(treeOf(query, "node") ?? {}, "type") === "RECURSIVE_CTE_NODE";
    const inner = isRecursive ? new Set([...expressions, name]) : new Set(expressions);
    visit(treeOf(entry, "value"), { expressions: inner, from: [] }, found);
    expressions.add(name);
  }
  return { ...scope, expressions };
}

function visitSelect(tree: Tree, outer: Scope, found: Found): void {
  const scope = { ...outer, from: tablesIn(treeOf(tree, "from_table"), outer, found) };
  const aliases = new Set(
    treesOf(tree, "select_list").flatMap((item) => {
      const alias = textOf(item, "alias");
      return alias === undefined ? [] : [foldName(alias)];
    }),
  );
  for (const [key, value] of Object.entries(tree)) {
    if (key === "modifiers") visitModifiers(treesOf(tree, key), aliases, scope, found);
    else if (key !== "cte_map") visit(value, scope, found);
  }
}

/** In ORDER BY a bare name is first of all a name of the select list, and a bare star is ORDER BY ALL. */
function visitModifiers(modifiers: readonly Tree[], aliases: ReadonlySet<string>, scope: Scope, found: Found): void {
  for (const modifier of modifiers) {
    if (textOf(modifier, "type") !== "ORDER_MODIFIER") visit(modifier, scope, found);
    else
      for (const order of treesOf(modifier, "orders")) {
        const expression = treeOf(order, "expression");
        const [name, ...more] = expression === undefined ? [] : textsOf(expression, "column_names");
        const isAlias = name !== undefined && more.length === 0 && aliases.has(foldName(name));
        const isAll = expression !== undefined && textOf(expression, "type") === "STAR" && !("expr" in expression);
        if (!isAlias && !isAll) visit(expression, scope, found);
      }
  }
}

function isExistence(tree: Tree): boolean {
  return textOf(tree, "type") === "SUBQUERY" && textOf(tree, "subquery_type") === "EXISTS";
}

/** What EXISTS selects is never looked at, but its FROM and WHERE are. */
function withoutStar(tree: Tree): Tree {
  const subquery = treeOf(tree, "subquery");
  const node = subquery === undefined ? undefined : treeOf(subquery, "node");
  if (subquery === undefined || node === undefined) return tree;
  const list = treesOf(node, "select_list").filter((item) => textOf(item, "type") !== "STAR");
  return { ...tree, subquery: { ...subquery, node: { ...node, select_list: list } } };
}

function visitTable(tree: Tree, scope: Scope, found: Found): void {
  const name = offeredName(tree, scope, found);
  if (name === undefined) {
    if (!isExpression(tree, scope)) found.foreign.push(tree);
    return;
  }
  found.tables.add(name);
  for (const alias of [name, foldName(textOf(tree, "alias") ?? name)]) {
    const tables = found.aliases.get(alias) ?? new Set();
    found.aliases.set(alias, tables.add(name));
  }
  // `events as e(a, b)` renames by position.
  if (listOf(tree, "column_name_alias").length > 0) found.whole.add(name);
}

function isExpression(tree: Tree, scope: Scope): boolean {
  return isUnqualified(tree) && scope.expressions.has(foldName(textOf(tree, "table_name") ?? ""));
}

function isUnqualified(tree: Tree): boolean {
  return textOf(tree, "schema_name") === undefined && textOf(tree, "catalog_name") === undefined;
}

/** The offered table that a BASE_TABLE names, unless a common table expression hides it. */
function offeredName(tree: Tree, scope: Scope, found: Found): string | undefined {
  const name = foldName(textOf(tree, "table_name") ?? "");
  const isMain = textOf(tree, "schema_name") === "main" && textOf(tree, "catalog_name") === undefined;
  if (isExpression(tree, scope) || !(isMain || isUnqualified(tree))) return undefined;
  return found.offered.has(name) ? name : undefined;
}

function tablesIn(from: Tree | undefined, scope: Scope, found: Found): string[] {
  if (from === undefined) return [];
  switch (textOf(from, "type")) {
    case "JOIN":
      return [...tablesIn(treeOf(from, "left"), scope, found), ...tablesIn(treeOf(from, "right"), scope, found)];
    case "BASE_TABLE": {
      const name = offeredName(from, scope, found);
      return name === undefined ? [] : [name];
    }
    default:
      return [];
  }
}

function visitStar(tree: Tree, scope: Scope, found: Found): void {
  const relation = textOf(tree, "relation_name");
  // `payload.*` unpacks a struct, `e.*` a table; as a chain it is resolved to both.
  if (relation !== undefined && relation !== "") found.stars.push(relation);
  else for (const table of scope.from) found.whole.add(table);
}

/** A column reference with the fields taken from it by `.name`, `['name']` or `struct_extract`. */
function chainOf(tree: Tree): NameChain | undefined {
  if (textOf(tree, "type") === "COLUMN_REF") {
    return { names: textsOf(tree, "column_names"), at: numberOf(tree, "query_location") };
  }
  const isExtract =
    textOf(tree, "type") === "STRUCT_EXTRACT" ||
    textOf(tree, "type") === "ARRAY_EXTRACT" ||
    textOf(tree, "function_name") === "struct_extract";
  const [inner, key, ...more] = treesOf(tree, "children");
  if (!isExtract || inner === undefined || key === undefined || more.length > 0) return undefined;
  const name = textOf(treeOf(key, "value") ?? {}, "value");
  const chain = name === undefined ? undefined : chainOf(inner);
  return chain === undefined || name === undefined ? undefined : { names: [...chain.names, name], at: chain.at };
}

/** What the statement touches of each table it reads, by folded name. */
export function touchedColumns(
  references: References,
  tables: ReadonlyMap<string, readonly ValueField[]>,
): Map<string, Touched> {
  const touched = new Map<string, Touched>();
  for (const name of references.tables) {
    const fields = tables.get(name) ?? [];
    const isWhole = references.everything || references.whole.has(name);
    const paths = isWhole ? undefined : pathsOf(name, fields, references);
    touched.set(name, paths === undefined ? "all" : withoutCovered(paths));
  }
  return touched;
}

/** `undefined` if a chain stands for the whole row. */
function pathsOf(table: string, fields: readonly ValueField[], references: References): FieldPath[] | undefined {
  const paths: FieldPath[] = [];
  for (const { names } of references.chains) {
    for (const rest of readings(table, names, references)) {
      if (rest.length === 0) return undefined;
      const path = pathIn(fields, rest);
      if (path.length > 0) paths.push(path);
    }
  }
  return paths;
}

/** The chain from the column on, in every way in which it can be read: bare, behind an alias, behind `main.`. */
function readings(table: string, names: readonly string[], references: References): (readonly string[])[] {
  const found = [names];
  const isTable = (name: string | undefined): boolean =>
    name !== undefined && references.aliases.get(foldName(name))?.has(table) === true;
  if (isTable(names[0])) found.push(names.slice(1));
  if (names[0]?.toLowerCase() === "main" && isTable(names[1])) found.push(names.slice(2));
  if (names[1]?.toLowerCase() === "main" && isTable(names[2])) found.push(names.slice(3));
  return found;
}

/** As far down as the names lead through structs, in the table's spelling; empty if there is no such column. */
function pathIn(fields: readonly ValueField[], names: readonly string[]): string[] {
  const [name, ...rest] = names;
  const field = name === undefined ? undefined : fields.find((other) => foldName(other.name) === foldName(name));
  if (field === undefined) return [];
  return [field.name, ...(field.type.kind === "struct" ? pathIn(field.type.fields, rest) : [])];
}
