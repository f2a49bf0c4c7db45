/**
 * Shreds newline-delimited JSON into columns: the same as `src/shred/shred-values.ts` for what nearly every value is. This
 * file is what the other side sees.
 */
import { addEntry, addFlag as addFlagTo, addNumber as addNumberTo, clearNode, Node, releaseContent } from "./node";
import { root } from "./rows";
import { addString, newStringColumn, restartStrings, StringColumn } from "./string-column";

export {
  constantRuns,
  elementRuns,
  presenceRuns,
  repetitionBytes,
  repetitionRuns,
  runBytes,
  runEntries,
} from "./levels";
export { allocate, release } from "./memory";
export { forgetPredictions, newElement, newField, removeLastField } from "./node";
export {
  beginGroup,
  configure,
  groupBytes,
  line,
  lineStart,
  readLines,
  resume,
  rollBack,
  root,
  rows,
  stopAfterLine,
  supersede,
} from "./rows";
export { beginStrings, fullCount, fullPages, sealedStrings } from "./string-column";

// Where fields stand in the records that the other side reads.
export const TYPE = offsetof<Node>("type");
export const SEEN = offsetof<Node>("seen");
export const COUNT = offsetof<Node>("count");
export const POSITIONS = offsetof<Node>("positions");
export const LENGTHS = offsetof<Node>("lengths");
export const STRINGS = offsetof<Node>("strings");
export const NUMBERS = offsetof<Node>("numbers");
export const FLAGS = offsetof<Node>("flags");
export const ARENA = offsetof<StringColumn>("arena");
export const USED = offsetof<StringColumn>("used");
export const IS_PLAIN = offsetof<StringColumn>("isPlain");
export const ENTRIES = offsetof<StringColumn>("entries");
export const REFS = offsetof<StringColumn>("refs");
export const SEALED_COUNT = offsetof<StringColumn>("sealedCount");

/** See `addEntry`. */
export function addPresent(node: Node, parentEntry: u32): u32 {
  return addEntry(node, parentEntry);
}

/** See `addString`. */
export function addText(node: Node, value: u32, text: usize, length: usize): void {
  let strings = node.strings;
  if (strings === null) {
    strings = newStringColumn(node.id);
    node.strings = strings;
  }
  addString(strings, value, text, length);
}

/** Notes a number as value number `index`. */
export function addNumber(node: Node, index: u32, value: f64): void {
  addNumberTo(node, index, value);
}

/** Notes a boolean, 0 or 1, as value number `index`. */
export function addFlag(node: Node, index: u32, flag: u32): void {
  addFlagTo(node, index, flag);
}

/** Makes a node unknown again. */
export function forget(node: Node): void {
  releaseContent(node);
}

/** Gives back what the texts of a leaf take, once they are written. */
export function releaseLeaf(node: Node): void {
  const strings = node.strings;
  if (strings !== null) restartStrings(strings);
}

/** Empties all columns for the next row group. */
export function clear(): void {
  clearNode(root);
}
