/**
 * Decides what a column becomes when a value arrives that it does not hold so far: its type from the first value and
 * what the table knows (rules T3–T6), a wider type, or text (V3, V7). All of this is rare; the common value finds its
 * column settled.
 */
import { type ConflictRule, joinTypes } from "../model/merge.ts";
import type { ColumnType } from "../model/schema.ts";
import { beforeChange, type Node, type Offense } from "./node.ts";
import {
  BOOL,
  DOUBLE,
  INT,
  LIST,
  LOST,
  SEEN_BIG,
  SEEN_BOOL,
  SEEN_DOUBLE,
  SEEN_HUGE,
  SEEN_INT,
  SEEN_LIST,
  SEEN_STRING,
  SEEN_STRUCT,
  STRING,
  STRUCT,
  TEXT,
  UNKNOWN,
} from "./node-type.ts";

/**
 * What a pass over the file found out too late for its earlier rows, by folded path: to begin with in the next pass.
 * `shape` means that a column which the table knows as mixed text has structs or lists only.
 */
export type Hint = "double" | "text" | "shape";
export type Hints = ReadonlyMap<string, Hint>;

/** The part of a pass over a file that settling needs. */
export interface SettleContext {
  readonly conflicts: ConflictRule;
  readonly hints: Hints;
  /** The line being read. */
  readonly line: number;
  /** What this line asks to be known from the file's first row on; it counts if the line is not rejected. */
  readonly newHints: Map<string, Hint>;
  /** Counts the nodes that got a type. */
  typed: number;
  /** The value being read, for a report. */
  describeValue(start: number): Offense;
}

/** The type that a value of each kind has by itself. */
const ownTypes: ReadonlyMap<number, { readonly node: number; readonly column: ColumnType }> = new Map([
  [SEEN_BOOL, { node: BOOL, column: { kind: "bool" } }],
  [SEEN_INT, { node: INT, column: { kind: "int64" } }],
  [SEEN_BIG, { node: INT, column: { kind: "int64", big: true } }],
  [SEEN_HUGE, { node: TEXT, column: { kind: "string" } }],
  [SEEN_DOUBLE, { node: DOUBLE, column: { kind: "double" } }],
  [SEEN_STRING, { node: STRING, column: { kind: "string" } }],
  [SEEN_LIST, { node: LIST, column: { kind: "list", element: { kind: "null" } } }],
  [SEEN_STRUCT, { node: STRUCT, column: { kind: "struct", fields: [] } }],
]);

/**
 * Makes the node take a value of the kind `kind`, which begins at byte `start`. Afterwards its type is the kind's own,
 * or DOUBLE for an integer, or TEXT, or LOST.
 */
export function settle(context: SettleContext, node: Node, kind: number, start: number): void {
  note(context, node, kind, start);
  const type = nextType(context, node, kind);
  if (type === node.type) return;
  if (node.type === UNKNOWN) context.typed++;
  beforeChange(node, context.line);
  node.type = type;
}

/** Remembers that a value of this kind was seen, and where, if it is the first that widens what the table knows. */
export function note(context: SettleContext, node: Node, kind: number, start: number): void {
  if ((node.seen & kind) !== 0) return;
  beforeChange(node, context.line);
  node.seen |= kind;
  if ((node.offending & kind) !== 0) node.offense ??= context.describeValue(start);
}

function nextType(context: SettleContext, node: Node, kind: number): number {
  switch (node.type) {
    case UNKNOWN:
      return firstType(context, node, kind);
    case STRING:
      // The strings so far stand as they are in a text column too: nothing needs to be read again.
      return TEXT;
    case INT:
      if (kind === SEEN_BIG) return INT;
      if (kind !== SEEN_DOUBLE || !isDoubleEnough(node)) return tooLate(context, node, "text");
      // The integers are kept as doubles anyway; only if they are written already it is too late.
      return node.hasFlushedValues ? tooLate(context, node, "double") : DOUBLE;
    default:
      return tooLate(context, node, "text");
  }
}

/** Whether integers and doubles may share the column as doubles (V3): no integer beyond ±2^53, here or in the table. */
function isDoubleEnough(node: Node): boolean {
  return (node.seen & SEEN_BIG) === 0 && !(node.known?.kind === "int64" && node.known.big === true);
}

/**
 * Earlier values would have to be other than they are. This pass goes on, to find what else there is, but what it would
 * write is lost; the next one begins with the hint.
 */
function tooLate(context: SettleContext, node: Node, hint: Hint): number {
  context.newHints.set(node.foldedPath, hint);
  return hint === "double" ? DOUBLE : LOST;
}

function firstType(context: SettleContext, node: Node, kind: number): number {
  const own = ownTypes.get(kind);
  if (own === undefined) throw new RangeError(`no such kind of value: ${kind}`);
  const hint = context.hints.get(node.foldedPath);
  if (hint === "double" && kind === SEEN_INT) return DOUBLE;
  if (hint === "text") return TEXT;
  if (node.known === undefined || node.known.kind === "null") return own.node;
  const joined = joinTypes(node.known, own.column, context.conflicts);
  if ("type" in joined) return typeFor(joined.type, kind);
  // A clash that will hold the partition back, unless a scalar still turns up and makes the file's column mixed as
  // well. The table knows such a mixture, so that is the better guess.
  return node.known.kind === "string" && node.known.mixed === true && hint !== "shape" ? TEXT : own.node;
}

/** How a value of the kind is stored in a column of the type. */
function typeFor(type: ColumnType, kind: number): number {
  switch (type.kind) {
    case "bool":
      return BOOL;
    case "int64":
      return INT;
    case "double":
      return DOUBLE;
    case "list":
      return LIST;
    case "struct":
      return STRUCT;
    default:
      return kind === SEEN_STRING ? STRING : TEXT;
  }
}

/** The kinds of values that a column cannot take without becoming other than `known`. */
export function offendingKinds(known: ColumnType | undefined, conflicts: ConflictRule): number {
  if (known === undefined || known.kind === "null") return 0;
  let offending = 0;
  for (const [kind, own] of ownTypes) {
    const joined = joinTypes(known, own.column, conflicts);
    if (!("type" in joined) || !isSameShape(joined.type, known)) offending |= kind;
  }
  return offending;
}

function isSameShape(left: ColumnType, right: ColumnType): boolean {
  if (left.kind === "string" && right.kind === "string") return left.mixed === right.mixed;
  return left.kind === right.kind;
}
