/**
 * Takes a rejected line back, as if it had never been read: values, entries of dictionaries, types, and columns that it
 * brought about. Nothing is recorded for it while lines are good. What a line added are the entries beyond the root's
 * former count, and below a node those that stand in entries that are taken back; only branches that the line entered
 * are visited.
 */
import type { Node } from "./node.ts";
import { UNKNOWN } from "./node-type.ts";

/** Takes back everything of `line` from entry `keep` of the root on. */
export function rollBack(root: Node, keep: number, line: number): void {
  if (root.count > keep) truncate(root, keep, line);
}

function truncate(node: Node, keep: number, line: number): void {
  const { count } = node;
  node.count = keep;
  if (keep === 0) node.positions = null;
  node.strings?.truncate(keep, count);
  node.numbers?.truncate(keep);
  if (node.element !== null) {
    for (let i = keep; i < count; i++) node.total -= node.lengths[i] ?? 0;
    truncateChild(node.element, node.total, line);
  }
  if (node.fields.length > 0) truncateFields(node, keep, line);
}

function truncateFields(node: Node, keep: number, line: number): void {
  const { fields } = node;
  let remaining = fields.length;
  // Fields are in order of their creation, so the ones that the line created are the last.
  while (remaining > 0 && fields[remaining - 1]?.createdLine === line) remaining--;
  if (remaining < fields.length) removeFields(node, remaining);
  for (const field of fields) truncateChild(field, keep, line);
}

/** Removes the fields from number `from` on, and every prediction that could lead to one of them. */
function removeFields(node: Node, from: number): void {
  for (const field of node.fields.splice(from)) node.fieldsByKey.delete(field.key);
  node.first = null;
  for (const field of node.fields) field.next = null;
}

/** `keep` is how many entries of the parent remain (for a list, how many elements). */
function truncateChild(node: Node, keep: number, line: number): void {
  if (node.last >= keep) node.last = -1;
  let remaining = node.count;
  if (node.positions === null) remaining = Math.min(remaining, keep);
  else while (remaining > 0 && (node.positions[remaining - 1] ?? 0) >= keep) remaining--;
  if (remaining < node.count) truncate(node, remaining, line);
  if (node.undo?.line === line) restore(node, node.undo);
}

/** Makes the node what it was before the line. */
export function restore(node: Node, undo: NonNullable<Node["undo"]>): void {
  node.type = undo.type;
  node.seen = undo.seen;
  node.offense = undo.offense;
  node.undo = null;
  if (undo.type !== UNKNOWN) return;
  node.strings = null;
  node.numbers = null;
  node.flags = null;
  node.element = null;
  node.fields.length = 0;
  node.fieldsByKey.clear();
  node.first = null;
}
