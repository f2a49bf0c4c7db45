/** The guard against objects whose keys are data (rule L10). */
import { Failure } from "../errors.ts";
import type { Node } from "./node.ts";
import { DROP, LIST, STRUCT } from "./node-type.ts";

/** How many leaf columns the tree will have in a file. */
export function countColumns(node: Node): number {
  if (!node.hasValues || node.type === DROP) return 0;
  if (node.type === LIST) return node.element === null ? 1 : Math.max(countColumns(node.element), 1);
  if (node.type !== STRUCT) return 1;
  return Math.max(
    node.fields.reduce((sum, field) => sum + countColumns(field), 0),
    1,
  );
}

/** The object with the most different keys. */
export function widestObject(root: Node): Node {
  let widest = root;
  for (const field of root.fields) {
    const inner = widestObject(field);
    if (inner.fields.length > widest.fields.length) widest = inner;
  }
  if (root.element !== null) {
    const inner = widestObject(root.element);
    if (inner.fields.length > widest.fields.length) widest = inner;
  }
  return widest;
}

export function columnsExplode(widest: Node, columnsMax: number): Failure {
  const subject = widest.path === "" ? "the top-level object" : `object "${widest.path.slice(0, 200)}"`;
  const keys = widest.fields.length.toLocaleString("en");
  const message = `more than ${columnsMax.toLocaleString("en")} columns: ${subject} has ${keys} different keys`;
  const remedy =
    widest.path === ""
      ? "raise `columns_max`, or leave fields out by declaring them as `drop`"
      : `declare it as JSON text: \`columns: { "${widest.path.slice(0, 200)}": json }\`, or raise \`columns_max\``;
  return new Failure("refused", message, { remedy });
}
