/** Access to JSON that DuckDB wrote (`json_serialize_sql`, errors) without trusting its shape. */

export interface Tree {
  readonly [key: string]: unknown;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textOf(tree: Tree, key: string): string | undefined {
  const value = tree[key];
  return typeof value === "string" ? value : undefined;
}

export function numberOf(tree: Tree, key: string): number | undefined {
  const value = tree[key];
  return typeof value === "number" ? value : undefined;
}

export function treeOf(tree: Tree, key: string): Tree | undefined {
  const value = tree[key];
  return isTree(value) ? value : undefined;
}

export function listOf(tree: Tree, key: string): readonly unknown[] {
  const value: unknown = tree[key];
  return Array.isArray(value) ? value : [];
}

export function treesOf(tree: Tree, key: string): readonly Tree[] {
  return listOf(tree, key).filter(isTree);
}

export function textsOf(tree: Tree, key: string): readonly string[] {
  return listOf(tree, key).filter((item) => typeof item === "string");
}
