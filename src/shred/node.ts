/**
 * The tree of columns. A node stands for a path and stores only its entries that are present: how many, and where they
 * are among the present entries of its parent, but that only if they are not simply all of them. An absent value costs
 * nothing, a column that appears late costs nothing for the rows before it.
 */
import type { ColumnType } from "../model/schema.ts";
import type { DeclaredTree } from "./declared-tree.ts";
import { UNKNOWN } from "./node-type.ts";
import { FlagColumn, type Flags, NumberColumn, type Numbers } from "./number-column.ts";
import { grownInts } from "./room.ts";
import { StringColumn, type Strings } from "./string-column.ts";

/** The first value that made a column other than the table knows it. */
export interface Offense {
  readonly line: number;
  readonly offset: number;
  readonly value: string;
}

/** What to put back if the line in which a node changed is rejected. */
interface Undo {
  readonly line: number;
  readonly type: number;
  readonly seen: number;
  readonly offense: Offense | null;
}

/** Entries and values of a node that are kept elsewhere than in the node. */
export interface NodeStore {
  /** See `addEntry`. */
  addEntry(parentEntry: number): number;
  /** The node's values, of which no column has been asked for before. */
  strings(): Strings;
  numbers(): Numbers;
  flags(): Flags;
}

export type NodePlace = Pick<Node, "name" | "key" | "path" | "foldedPath" | "known" | "declared" | "createdLine">;

export class Node {
  /** As it stands in the file; of a list's element "[]". */
  readonly name: string;
  /** The folded key (its text in lower case), by which the parent finds a field. */
  readonly key: string;
  /** In the notation of reports, in the file's spelling and folded; empty for the root. */
  readonly path: string;
  readonly foldedPath: string;
  /** What the table knows of this column. */
  readonly known: ColumnType | undefined;
  /** What the project declares for it and below it. */
  readonly declared: DeclaredTree | undefined;
  /** The line that brought this node about. */
  readonly createdLine: number;

  /** Where entries and values are, if not here: then `count`, `positions` and `lengths` are as of the last look there. */
  store: NodeStore | null = null;

  type = UNKNOWN;
  /** Present entries in this row group. */
  count = 0;
  /** For each present entry its place among the parent's; null as long as that is the same number. */
  positions: Int32Array | null = null;
  /** The parent's entry in which this key was met last, be it with null: tells a duplicate key. */
  last = -1;

  // Of a field: the bytes of its key as first met, up to and including the colon, and which field followed last time.
  keyStart = 0;
  keyLength = 0;
  next: Node | null = null;

  // Of a struct.
  readonly fields: Node[] = [];
  /** By folded key. */
  readonly fieldsByKey = new Map<string, Node>();
  /** The field that stood first the last time. */
  first: Node | null = null;

  // Of a list: for each present entry the number of elements, and their sum.
  element: Node | null = null;
  lengths: Int32Array = noNumbers;
  total = 0;

  // Of a leaf, created with the first value.
  strings: Strings | null = null;
  numbers: Numbers | null = null;
  flags: Flags | null = null;

  /** Kinds of values seen in the whole file. Complete only for text columns; others have what their type says. */
  seen = 0;
  /** Whether row groups that are written already hold values. */
  hasFlushedValues = false;
  /** The kinds of values that would make the column other than `known`, and the first that did. */
  offending = 0;
  offense: Offense | null = null;
  undo: Undo | null = null;

  constructor(place: NodePlace) {
    this.name = place.name;
    this.key = place.key;
    this.path = place.path;
    this.foldedPath = place.foldedPath;
    this.known = place.known;
    this.declared = place.declared;
    this.createdLine = place.createdLine;
  }

  /** Whether any value but null was seen. */
  get hasValues(): boolean {
    return this.count > 0 || this.hasFlushedValues;
  }
}

const noNumbers = new Int32Array(0);

/** Adds an entry to the node, present in entry `parentEntry` of its parent, and answers its number. */
export function addEntry(node: Node, parentEntry: number): number {
  if (node.store !== null) return addStored(node, node.store, parentEntry);
  const entry = node.count;
  if (node.positions !== null) {
    if (entry === node.positions.length) node.positions = grownInts(node.positions, entry + 1);
    node.positions[entry] = parentEntry;
  } else if (parentEntry !== entry) {
    // The first gap: until here every entry stood where its number says.
    const positions = new Int32Array(Math.max(16, entry * 2));
    for (let i = 0; i < entry; i++) positions[i] = i;
    positions[entry] = parentEntry;
    node.positions = positions;
  }
  node.count = entry + 1;
  return entry;
}

function addStored(node: Node, store: NodeStore, parentEntry: number): number {
  const entry = store.addEntry(parentEntry);
  node.count = entry + 1;
  return entry;
}

/** Notes that list entry `entry` has `length` elements. */
export function setLength(node: Node, entry: number, length: number): void {
  if (entry >= node.lengths.length) {
    node.lengths = node.lengths === noNumbers ? new Int32Array(16) : grownInts(node.lengths, entry + 1);
  }
  node.lengths[entry] = length;
}

/** Gives the memory back that says where entries are and how long, once the levels were derived from it. */
export function freePresence(node: Node): void {
  if (node.store === null && node.positions?.buffer instanceof ArrayBuffer) node.positions.buffer.transfer(0);
  node.positions = null;
}

export function stringsOf(node: Node): Strings {
  node.strings ??= node.store?.strings() ?? new StringColumn();
  return node.strings;
}

export function numbersOf(node: Node): Numbers {
  node.numbers ??= node.store?.numbers() ?? new NumberColumn();
  return node.numbers;
}

export function flagsOf(node: Node): Flags {
  node.flags ??= node.store?.flags() ?? new FlagColumn();
  return node.flags;
}

/** Remembers how the node is before the first change that the line makes to it. */
export function beforeChange(node: Node, line: number): void {
  if (node.undo?.line === line) return;
  node.undo = { line, type: node.type, seen: node.seen, offense: node.offense };
}
