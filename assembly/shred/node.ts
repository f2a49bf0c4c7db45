/**
 * The tree of columns: what `src/shred/node.ts` says of entries, positions and lengths, as records in memory. What a column
 * becomes is decided on the other side, which writes it here.
 */
import { allocate, allocateZeroed, release, resize } from "./memory";
import { roomFor } from "./room";
import { releaseStrings, restartStrings, StringColumn, truncateStrings } from "./string-column";

const NONE: u32 = 0xffffffff;

/** A path, and what is stored of it. */
@unmanaged
export class Node {
  /** Its number, by which the other side knows it. */
  id: u32;
  type: u32;
  /** Kinds of values seen, as far as they were told. */
  seen: u32;
  /** Present entries. */
  count: u32;
  /** For each present entry its place among the parent's; 0 as long as that is the same number. */
  positions: usize;
  positionCapacity: u32;
  /** The parent's entry in which this key was met last. */
  last: u32;
  /** The bytes of the key up to and including the colon, in memory of a multiple of 16 bytes. */
  key: usize;
  keyLength: u32;
  /** Which field followed last time, and the field that stood first the last time. */
  next: Node | null;
  first: Node | null;
  fields: usize;
  fieldCount: u32;
  fieldCapacity: u32;
  element: Node | null;
  /** Of a list, for each present entry the number of elements, and their sum. */
  lengths: usize;
  lengthCapacity: u32;
  total: u32;
  strings: StringColumn | null;
  numbers: usize;
  numberCapacity: u32;
  flags: usize;
  flagCapacity: u32;
}

/** A node of its own, as the root and elements are. */
export function newNode(id: u32, type: u32): Node {
  const node = changetype<Node>(allocateZeroed(offsetof<Node>()));
  node.id = id;
  node.type = type;
  node.last = NONE;
  return node;
}

/** The element of a list. */
export function newElement(list: Node, id: u32, type: u32): Node {
  const node = newNode(id, type);
  list.element = node;
  return node;
}

/** A new field of `parent`: `key` is where the text after the opening quote stands; `keyLength` counts what the colon adds. */
export function newField(parent: Node, id: u32, type: u32, key: usize, keyLength: u32): Node {
  const node = newNode(id, type);
  const room = keyRoom(keyLength);
  node.key = allocateZeroed(room);
  node.keyLength = keyLength;
  memory.copy(node.key, key, keyLength - 2);
  store<u16>(node.key + keyLength - 2, 0x3a22);
  if (parent.fieldCount === parent.fieldCapacity) {
    const capacity = max<u32>(8, parent.fieldCapacity * 2);
    const bytes = (<usize>parent.fieldCapacity) << 2;
    parent.fields = resize(parent.fields, bytes, bytes, (<usize>capacity) << 2);
    parent.fieldCapacity = capacity;
  }
  const index = parent.fieldCount++;
  store<usize>(parent.fields + ((<usize>index) << 2), changetype<usize>(node));
  return node;
}

@inline
function keyRoom(keyLength: u32): usize {
  return (<usize>keyLength + 15) & ~15;
}

/** Field number `index`, in the order in which they were created. */
@inline
export function fieldAt(node: Node, index: u32): Node {
  return changetype<Node>(load<usize>(node.fields + ((<usize>index) << 2)));
}

/** Adds an entry to the node, present in entry `parentEntry` of its parent, and answers its number. */
@inline
export function addEntry(node: Node, parentEntry: u32): u32 {
  const entry = node.count;
  if (node.positions !== 0 || parentEntry !== entry) notePosition(node, entry, parentEntry);
  node.count = entry + 1;
  return entry;
}

function notePosition(node: Node, entry: u32, parentEntry: u32): void {
  if (node.positions === 0) {
    // The first gap: until here every entry stood where its number says.
    const capacity = max<u32>(16, entry * 2);
    node.positions = allocate((<usize>capacity) << 2);
    node.positionCapacity = capacity;
    for (let i: u32 = 0; i < entry; i++) store<u32>(node.positions + ((<usize>i) << 2), i);
  } else if (entry === node.positionCapacity) {
    const capacity = roomFor(entry + 1, entry);
    const bytes = (<usize>entry) << 2;
    node.positions = resize(node.positions, bytes, bytes, (<usize>capacity) << 2);
    node.positionCapacity = capacity;
  }
  store<u32>(node.positions + ((<usize>entry) << 2), parentEntry);
}

/** Notes that list entry `entry` has `length` elements. */
@inline
export function setLength(node: Node, entry: u32, length: u32): void {
  if (entry >= node.lengthCapacity) growLengths(node, entry);
  store<u32>(node.lengths + ((<usize>entry) << 2), length);
}

function growLengths(node: Node, entry: u32): void {
  const capacity = max<u32>(16, roomFor(entry + 1, node.lengthCapacity));
  const bytes = (<usize>node.lengthCapacity) << 2;
  node.lengths = resize(node.lengths, bytes, bytes, (<usize>capacity) << 2);
  node.lengthCapacity = capacity;
}

/** Notes a number as value number `index`. */
@inline
export function addNumber(node: Node, index: u32, value: f64): void {
  if (index >= node.numberCapacity) growNumbers(node, index);
  store<f64>(node.numbers + ((<usize>index) << 3), value);
}

function growNumbers(node: Node, index: u32): void {
  const capacity = max<u32>(16, roomFor(index + 1, node.numberCapacity));
  const bytes = (<usize>node.numberCapacity) << 3;
  node.numbers = resize(node.numbers, bytes, bytes, (<usize>capacity) << 3);
  node.numberCapacity = capacity;
}

/** Notes a boolean, 0 or 1, as value number `index`. */
@inline
export function addFlag(node: Node, index: u32, flag: u32): void {
  if (index >= node.flagCapacity) growFlags(node, index);
  store<u8>(node.flags + index, flag);
}

function growFlags(node: Node, index: u32): void {
  const capacity = max<u32>(32, roomFor(index + 1, node.flagCapacity));
  node.flags = resize(node.flags, node.flagCapacity, node.flagCapacity, capacity);
  node.flagCapacity = capacity;
}

/** Forgets entries from number `keep` on, and whatever stands in them. */
export function truncateNode(node: Node, keep: u32): void {
  const count = node.count;
  node.count = keep;
  if (keep === 0) forgetPositions(node);
  const strings = node.strings;
  const element = node.element;
  if (strings !== null) truncateStrings(strings, keep, count);
  if (element !== null) {
    for (let i = keep; i < count; i++) node.total -= load<u32>(node.lengths + ((<usize>i) << 2));
    truncateChild(element, node.total);
  }
  for (let i: u32 = 0; i < node.fieldCount; i++) truncateChild(fieldAt(node, i), keep);
}

/** `keep` is how many entries of the parent remain (for a list, how many elements). */
function truncateChild(node: Node, keep: u32): void {
  if (node.last >= keep) node.last = NONE;
  let remaining = node.count;
  if (node.positions === 0) remaining = min(remaining, keep);
  else while (remaining > 0 && load<u32>(node.positions + ((<usize>(remaining - 1)) << 2)) >= keep) remaining--;
  if (remaining < node.count) truncateNode(node, remaining);
}

function forgetPositions(node: Node): void {
  release(node.positions, (<usize>node.positionCapacity) << 2);
  node.positions = 0;
  node.positionCapacity = 0;
}

/** Removes the field that was created last, with all that is below it. */
export function removeLastField(parent: Node): void {
  releaseNode(fieldAt(parent, --parent.fieldCount));
}

/** Forgets every prediction that could lead to a removed field. */
export function forgetPredictions(node: Node): void {
  node.first = null;
  for (let i: u32 = 0; i < node.fieldCount; i++) fieldAt(node, i).next = null;
}

function releaseNode(node: Node): void {
  releaseContent(node);
  forgetPositions(node);
  release(node.key, keyRoom(node.keyLength));
  release(changetype<usize>(node), offsetof<Node>());
}

/** Gives back what makes a node more than unknown: values, fields, element. */
export function releaseContent(node: Node): void {
  const strings = node.strings;
  const element = node.element;
  if (strings !== null) releaseStrings(strings);
  node.strings = null;
  releaseValues(node);
  release(node.lengths, (<usize>node.lengthCapacity) << 2);
  node.lengths = 0;
  node.lengthCapacity = 0;
  node.total = 0;
  if (element !== null) releaseNode(element);
  node.element = null;
  for (let i: u32 = 0; i < node.fieldCount; i++) releaseNode(fieldAt(node, i));
  release(node.fields, (<usize>node.fieldCapacity) << 2);
  node.fields = 0;
  node.fieldCount = 0;
  node.fieldCapacity = 0;
  node.first = null;
}

function releaseValues(node: Node): void {
  release(node.numbers, (<usize>node.numberCapacity) << 3);
  node.numbers = 0;
  node.numberCapacity = 0;
  release(node.flags, node.flagCapacity);
  node.flags = 0;
  node.flagCapacity = 0;
}

/** Empties the node and all below it for the next row group. Types, known fields and predictions stay. */
export function clearNode(node: Node): void {
  node.count = 0;
  forgetPositions(node);
  node.last = NONE;
  node.total = 0;
  const strings = node.strings;
  const element = node.element;
  if (strings !== null) restartStrings(strings);
  releaseValues(node);
  for (let i: u32 = 0; i < node.fieldCount; i++) clearNode(fieldAt(node, i));
  if (element !== null) clearNode(element);
}
