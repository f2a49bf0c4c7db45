/** The columns of a row group with their levels, as they are handed to a writer. */
import type { ColumnType } from "../model/schema.ts";
import { EMPTY_STRUCT_TEXT } from "../model/stand-in.ts";
import { leafType } from "./leaf-type.ts";
import { constantRuns, type LevelMaker, type NodeLevels, type Runs, rootLevels } from "./levels.ts";
import type { Node } from "./node.ts";
import { flagsOf, freePresence, numbersOf, stringsOf } from "./node.ts";
import { BOOL, DECLARED_BOOL, DROP, JSON_TEXT, LIST, STRING, STRUCT, TEXT, UNKNOWN } from "./node-type.ts";
import type { FlagValues, NumberValues } from "./number-column.ts";
import type { TextValues } from "./string-column.ts";

export type LeafValues = { readonly kind: "none" } | FlagValues | NumberValues | TextValues;

/** The levels of a leaf; the shape that a Parquet writer takes. */
export interface LeafLevels {
  readonly definition: Runs;
  readonly definitionMax: number;
  readonly repetition: Runs | undefined;
  readonly repetitionMax: number;
}

export interface LeafChunk {
  readonly node: Node;
  readonly type: ColumnType;
  readonly levels: LeafLevels;
  readonly values: LeafValues;
}

export interface RowGroup {
  readonly rows: number;
  /**
   * The leaves with at least one value in this group, to be visited once. They share memory with the columns, and the
   * levels of each are freed with the step to the next: those of all would take a fifth of the peak memory of an hour.
   */
  readonly leaves: Iterable<LeafChunk>;
  /**
   * The levels of structs and lists, from which columns without a value here get theirs at the end of the file. Complete
   * when the leaves were visited.
   */
  readonly levels: ReadonlyMap<Node, NodeLevels>;
  /** Gives the memory of `levels` back. They may not be read any more. */
  freeLevels(): void;
}

/** Derives levels for everything below `root`. Leaves are valid until the columns change or are cleared. */
export function takeRowGroup(root: Node, maker: LevelMaker): RowGroup {
  const levels = new Map<Node, NodeLevels>();
  const rows = root.count;
  return {
    rows,
    leaves: new Leaves(maker, levels).below(root, rootLevels(rows, maker)),
    levels,
    freeLevels() {
      const runs = [...levels.values()].flatMap(({ definition, repetition }) => [definition, repetition ?? definition]);
      for (const each of new Set(runs)) maker.free(each);
      levels.clear();
    },
  };
}

class Leaves {
  readonly #maker: LevelMaker;
  readonly #levels: Map<Node, NodeLevels>;

  constructor(maker: LevelMaker, levels: Map<Node, NodeLevels>) {
    this.#maker = maker;
    this.#levels = levels;
  }

  /** The leaves below a struct. */
  *below(node: Node, own: NodeLevels): Generator<LeafChunk> {
    const maker = this.#maker;
    this.#levels.set(node, own);
    /** Fields that are present wherever the struct is share their runs, and so their encoded levels. */
    let dense: Runs | undefined;
    let isDenseKept = false;
    for (const field of node.fields) {
      if (field.type === UNKNOWN || field.type === DROP || field.count === 0) continue;
      if (field.count === node.count) {
        dense ??= maker.presence(own, field);
        isDenseKept ||= isKept(field);
        yield* this.#of(field, dense, own);
        continue;
      }
      const runs = maker.presence(own, field);
      yield* this.#of(field, runs, own);
      if (!isKept(field)) maker.free(runs);
    }
    if (dense !== undefined && !isDenseKept) maker.free(dense);
  }

  /** The leaf itself, or those below a struct or list. */
  *#of(node: Node, presence: Runs, parent: NodeLevels): Generator<LeafChunk> {
    const maker = this.#maker;
    const level = parent.level + 1;
    const { repetition, repetitionMax } = parent;
    if (node.type === STRUCT) {
      yield* this.below(node, { definition: presence, level, repetition, repetitionMax });
    } else if (node.type === LIST) {
      const own = maker.elements(node, presence, level, parent);
      this.#levels.set(node, own);
      const { element } = node;
      if (element === null || element.type === UNKNOWN || element.type === DROP || element.count === 0) return;
      const runs = maker.presence(own, element);
      yield* this.#of(element, runs, own);
      if (!isKept(element)) maker.free(runs);
    } else {
      yield {
        node,
        type: leafType(node),
        levels: { definition: presence, definitionMax: level, repetition, repetitionMax },
        values: valuesOf(node),
      };
    }
  }
}

/** Whether the runs that say where the node is present are among the levels of the row group. */
function isKept(node: Node): boolean {
  return node.type === STRUCT;
}

function valuesOf(node: Node): LeafValues {
  switch (node.type) {
    case BOOL:
    case DECLARED_BOOL:
      return flagsOf(node).values(node.count);
    case STRING:
    case TEXT:
    case JSON_TEXT:
      return stringsOf(node).values(node.count);
    default:
      return numbersOf(node).values(node.count);
  }
}

/**
 * Frees the values of a leaf that was written. Without it the peak of a conversion is all columns and all of their
 * compressed pages together; with it the pages take the place that the columns leave.
 */
export function releaseValues(node: Node): void {
  node.strings?.release();
  node.numbers?.release();
  freePresence(node);
}

/** Empties all columns for the next row group. Types, known fields and predictions stay. */
export function clearColumns(node: Node): void {
  if (node.count > 0) node.hasFlushedValues = true;
  node.count = 0;
  node.positions = null;
  node.last = -1;
  node.total = 0;
  node.undo = null;
  node.strings?.clear();
  node.numbers?.clear();
  for (const field of node.fields) clearColumns(field);
  if (node.element !== null) clearColumns(node.element);
}

/** A column of a file as far as a row group without its values needs it (see `planLeaves`). */
export interface MissingLeaf {
  readonly containers: readonly Node[];
  readonly emptyStruct: Node | undefined;
  readonly definitionMax: number;
  readonly repetitionMax: number;
}

/** What stands for a column in a row group that has no values of it: nulls, or `{}` for each struct without fields. */
export function missingChunk(
  leaf: MissingLeaf,
  levels: ReadonlyMap<Node, NodeLevels>,
): { readonly levels: LeafLevels; readonly values: LeafValues } {
  const { definitionMax, repetitionMax } = leaf;
  const present = leaf.emptyStruct === undefined ? undefined : levels.get(leaf.emptyStruct);
  const own =
    present ??
    leaf.containers.reduce<NodeLevels | undefined>((deepest, node) => levels.get(node) ?? deepest, undefined);
  if (own === undefined) throw new RangeError("a row group without levels of its rows");
  const { definition } = own;
  const repetition = repetitionMax === 0 ? undefined : (own.repetition ?? constantRuns(0, definition.entries));
  const values: LeafValues = present === undefined ? { kind: "none" } : emptyStructs(present);
  return { levels: { definition, definitionMax, repetition, repetitionMax }, values };
}

/** A dictionary of the one text `{}`, for each place where the struct is present. */
function emptyStructs(levels: NodeLevels): LeafValues {
  const { pairs, used } = levels.definition;
  let count = 0;
  for (let i = 0; i < used; i += 2) if (pairs[i] === levels.level) count += pairs[i + 1] ?? 0;
  const arena = new Uint8Array(4 + EMPTY_STRUCT_TEXT.length);
  new DataView(arena.buffer).setUint32(0, EMPTY_STRUCT_TEXT.length, true);
  arena.set(new TextEncoder().encode(EMPTY_STRUCT_TEXT), 4);
  return { kind: "dictionary", arena, entries: 1, indices: new Int32Array(count), count };
}
