/**
 * Which partitions a statement can be answered from: where a select keeps only rows whose `src` passes a condition, the
 * partitions whose `src` does not pass are left out before anything is opened. `where src = '2026-03-01-15'` then costs
 * one partition, not ten years of them.
 *
 * Only what is certain counts: the table is named once, its rows reach the WHERE unchanged (no outer join that could fill
 * in for a row left out, no sample), and the condition is made of `src`, constants and a few plain functions.
 */
import { Failure } from "../../errors.ts";
import { foldName } from "../../model/column-path.ts";
import type { InputFile } from "../contract.ts";
import { quoteText, type Session } from "./session.ts";
import { isTree, listOf, type Tree, textOf, textsOf, treeOf, treesOf } from "./tree.ts";

/** Conditions on `src` as SQL over a relation with that one column, by the table's folded name. */
export function srcConditions(root: Tree, src: string): ReadonlyMap<string, string> {
  const conditions = new Map<string, string>();
  const named = countTables(root);
  for (const select of nodesOf(root, "SELECT_NODE")) {
    const where = treeOf(select, "where_clause");
    const from = treeOf(select, "from_table");
    // A sample is drawn from the rows before the WHERE.
    if (where === undefined || from === undefined || treeOf(select, "sample") !== undefined) continue;
    for (const table of kept(from)) {
      const name = foldName(textOf(table, "table_name") ?? "");
      const alias = foldName(textOf(table, "alias") ?? name);
      const parts = conjuncts(where).flatMap((tree) => render(tree, { src, alias }) ?? []);
      if (named.get(name) === 1 && parts.length > 0) conditions.set(name, parts.join(" AND "));
    }
  }
  return conditions;
}

function countTables(root: Tree): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const table of nodesOf(root, "BASE_TABLE")) {
    const name = foldName(textOf(table, "table_name") ?? "");
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function* nodesOf(value: unknown, type: string): Generator<Tree> {
  if (Array.isArray(value)) for (const item of value) yield* nodesOf(item, type);
  if (!isTree(value)) return;
  if (textOf(value, "type") === type) yield value;
  for (const inner of Object.values(value)) yield* nodesOf(inner, type);
}

/** The tables of a FROM whose rows the WHERE sees as they are, or not at all. */
function kept(from: Tree): Tree[] {
  if (textOf(from, "type") === "BASE_TABLE") {
    const isPlain = treeOf(from, "sample") === undefined && listOf(from, "column_name_alias").length === 0;
    return isPlain ? [from] : [];
  }
  const [left, right] = [treeOf(from, "left"), treeOf(from, "right")];
  const refType = textOf(from, "ref_type");
  const isPlain = refType === "REGULAR" || refType === "CROSS";
  // With USING, a bare `src` may be the other side's.
  if (left === undefined || right === undefined || !isPlain || listOf(from, "using_columns").length > 0) return [];
  const joinType = textOf(from, "join_type");
  if (joinType === "INNER") return [...kept(left), ...kept(right)];
  return joinType === "LEFT" ? kept(left) : [];
}

function conjuncts(tree: Tree): readonly Tree[] {
  return textOf(tree, "type") === "CONJUNCTION_AND" ? treesOf(tree, "children").flatMap(conjuncts) : [tree];
}

interface Names {
  readonly src: string;
  readonly alias: string;
}

const comparisons: ReadonlyMap<string, string> = new Map([
  ["COMPARE_EQUAL", "="],
  ["COMPARE_NOTEQUAL", "<>"],
  ["COMPARE_LESSTHAN", "<"],
  ["COMPARE_GREATERTHAN", ">"],
  ["COMPARE_LESSTHANOREQUALTO", "<="],
  ["COMPARE_GREATERTHANOREQUALTO", ">="],
]);

const infixFunctions: ReadonlyMap<string, string> = new Map([
  ["~~", "LIKE"],
  ["!~~", "NOT LIKE"],
  ["~~*", "ILIKE"],
  ["!~~*", "NOT ILIKE"],
  ["||", "||"],
]);

const plainFunctions = new Set([
  "contains",
  "ends_with",
  "left",
  "length",
  "lower",
  "prefix",
  "regexp_full_match",
  "regexp_matches",
  "right",
  "starts_with",
  "substr",
  "substring",
  "suffix",
  "upper",
]);

/** The expression as SQL, or nothing if it holds anything that is not known here. */
function render(tree: Tree, names: Names): string | undefined {
  const type = textOf(tree, "type") ?? "";
  switch (textOf(tree, "class")) {
    case "COLUMN_REF":
      return isSrc(textsOf(tree, "column_names"), names) ? names.src : undefined;
    case "CONSTANT":
      return constant(treeOf(tree, "value"));
    case "COMPARISON":
      return joined([treeOf(tree, "left"), treeOf(tree, "right")], ` ${comparisons.get(type) ?? ""} `, names);
    case "CONJUNCTION":
      return joined(treesOf(tree, "children"), type === "CONJUNCTION_OR" ? " OR " : " AND ", names);
    case "BETWEEN": {
      const [input, lower, upper] = ["input", "lower", "upper"].map((key) => renderIn(treeOf(tree, key), names));
      if (input === undefined || lower === undefined || upper === undefined) return undefined;
      return type === "COMPARE_BETWEEN" ? `(${input} BETWEEN ${lower} AND ${upper})` : undefined;
    }
    case "OPERATOR":
      return operator(type, treesOf(tree, "children"), names);
    case "FUNCTION":
      return call(textOf(tree, "function_name") ?? "", tree, names);
    default:
      return undefined;
  }
}

const renderIn = (tree: Tree | undefined, names: Names): string | undefined =>
  tree === undefined ? undefined : render(tree, names);

function joined(trees: readonly (Tree | undefined)[], between: string, names: Names): string | undefined {
  const parts = trees.flatMap((tree) => renderIn(tree, names) ?? []);
  return between.trim() === "" || parts.length < 2 || parts.length < trees.length
    ? undefined
    : `(${parts.join(between)})`;
}

function isSrc(columns: readonly string[], names: Names): boolean {
  const [first, second, ...more] = columns.map(foldName);
  if (more.length > 0) return false;
  return second === undefined ? first === names.src : first === names.alias && second === names.src;
}

function constant(value: Tree | undefined): string | undefined {
  const type = value === undefined ? undefined : treeOf(value, "type");
  if (value === undefined || type === undefined) return undefined;
  const id = textOf(type, "id");
  if (id === "VARCHAR" && typeof value.value === "string") return quoteText(value.value);
  const isInteger = (id === "INTEGER" || id === "BIGINT") && Number.isSafeInteger(value.value);
  return isInteger ? `(${String(value.value)})` : undefined;
}

function operator(type: string, children: readonly Tree[], names: Names): string | undefined {
  const parts = children.flatMap((child) => render(child, names) ?? []);
  const [first, ...rest] = parts;
  if (first === undefined || parts.length < children.length) return undefined;
  switch (type) {
    case "COMPARE_IN":
      return `(${first} IN (${rest.join(", ")}))`;
    case "COMPARE_NOT_IN":
      return `(${first} NOT IN (${rest.join(", ")}))`;
    case "OPERATOR_NOT":
      return `(NOT ${first})`;
    case "OPERATOR_IS_NULL":
      return `(${first} IS NULL)`;
    case "OPERATOR_IS_NOT_NULL":
      return `(${first} IS NOT NULL)`;
    default:
      return undefined;
  }
}

function call(name: string, tree: Tree, names: Names): string | undefined {
  const children = treesOf(tree, "children");
  const parts = children.flatMap((child) => render(child, names) ?? []);
  if (parts.length < children.length || textOf(tree, "schema") !== undefined) return undefined;
  const infix = infixFunctions.get(name);
  if (infix !== undefined) return parts.length === 2 ? `(${parts.join(` ${infix} `)})` : undefined;
  return plainFunctions.has(name) ? `${name}(${parts.join(", ")})` : undefined;
}

/** The files whose `src` passes. A condition that fails passes all: the statement itself will say why. */
export async function passing(
  session: Session,
  condition: string,
  src: string,
  files: readonly InputFile[],
): Promise<readonly InputFile[]> {
  const texts = files.map((file) => quoteText(file.src ?? "")).join(", ");
  const list = `SELECT [${texts}]::VARCHAR[] AS l`;
  const relation = `SELECT unnest(l) AS ${src}, generate_subscripts(l, 1) AS file_number FROM (${list})`;
  try {
    const rows = await session.run(`SELECT file_number FROM (${relation}) WHERE ${condition}`);
    const numbers = new Set(rows.map(([number]) => Number(number)));
    return files.filter((_, index) => numbers.has(index + 1));
  } catch (error) {
    if (error instanceof Failure && error.kind !== "cancelled") return files;
    throw error;
  }
}
