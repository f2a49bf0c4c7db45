/**
 * Definition and repetition levels, derived from what is stored about presence: top-down, as runs of equal levels. The
 * work is proportional to the number of runs, not of rows, and a column that is as dense as its parent costs nothing.
 */
import type { Node } from "./node.ts";

/** Pairs of a level and how often it repeats; neighbours differ in level. */
export interface Runs {
  readonly pairs: Int32Array;
  /** How many numbers of `pairs` count. */
  readonly used: number;
  /** The sum of all repeats. */
  readonly entries: number;
}

/** The levels at one node: an entry for each of its slots and for each place where something above it is missing. */
export interface NodeLevels {
  readonly definition: Runs;
  /** The level at which a slot of this node exists (for a list: of its elements). */
  readonly level: number;
  readonly repetition: Runs | undefined;
  readonly repetitionMax: number;
}

/** Who makes levels: `typescriptLevels`, which is the reference, or where the columns lie; both give the same. */
export interface LevelMaker {
  /** So many times the level. */
  constant(level: number, entries: number): Runs;
  /** Splits the places where the parent's slot exists by whether the child is present in it: one level more if so. */
  presence(parent: NodeLevels, child: Node): Runs;
  /** From the levels of a list (`presence`: runs where `level` means present) to those of its elements. */
  elements(list: Node, presence: Runs, level: number, parent: NodeLevels): NodeLevels;
  /** Gives the memory back at once. The runs may not be read any more. */
  free(runs: Runs): void;
}

class RunBuilder {
  #pairs: Int32Array<ArrayBuffer>;
  #used = 0;
  #entries = 0;

  constructor(capacity: number) {
    this.#pairs = new Int32Array(Math.max(capacity, 16));
  }

  add(level: number, count: number): void {
    if (count === 0) return;
    const used = this.#used;
    this.#entries += count;
    if (used > 0 && this.#pairs[used - 2] === level) {
      this.#pairs[used - 1] = (this.#pairs[used - 1] ?? 0) + count;
      return;
    }
    if (used + 2 > this.#pairs.length) {
      this.#pairs = new Int32Array(this.#pairs.buffer.transfer(8 * this.#pairs.length));
    }
    this.#pairs[used] = level;
    this.#pairs[used + 1] = count;
    this.#used = used + 2;
  }

  /** The runs, in memory of just their size: some are kept until the file ends. */
  finish(): Runs {
    const pairs = new Int32Array(this.#pairs.buffer.transfer(4 * this.#used));
    return { pairs, used: this.#used, entries: this.#entries };
  }
}

function freeRuns({ pairs }: Runs): void {
  if (pairs.buffer instanceof ArrayBuffer) pairs.buffer.transfer(0);
}

export function constantRuns(level: number, entries: number): Runs {
  const runs = new RunBuilder(2);
  runs.add(level, entries);
  return runs.finish();
}

/** The levels of the rows themselves. */
export function rootLevels(rows: number, maker = typescriptLevels): NodeLevels {
  return { definition: maker.constant(0, rows), level: 0, repetition: undefined, repetitionMax: 0 };
}

/** See `LevelMaker`. */
export function presenceRuns(parent: NodeLevels, child: Node): Runs {
  const { used } = parent.definition;
  const runs = new RunBuilder(used + 2 * Math.min(child.positions === null ? 1 : child.count, 1 << 12));
  addAllPresence(runs, parent, child);
  return runs.finish();
}

// Each of the following loops ends its function: see `appendRuns` of the Parquet writer for what V8 makes of others.

function addAllPresence(runs: RunBuilder, { definition, level: absent }: NodeLevels, child: Node): void {
  const { pairs, used } = definition;
  let slot = 0;
  let entry = 0;
  for (let i = 0; i < used; i += 2) {
    const level = pairs[i] ?? 0;
    const count = pairs[i + 1] ?? 0;
    if (level < absent) {
      runs.add(level, count);
      continue;
    }
    const end = slot + count;
    if (child.positions === null) {
      const there = Math.max(Math.min(end, child.count) - slot, 0);
      runs.add(absent + 1, there);
      runs.add(absent, count - there);
    } else entry = addPresence(runs, child, child.positions, entry, slot, end, absent + 1);
    slot = end;
  }
}

/** Adds runs for the slots `from..to` of the parent, where `entry` is the child's first entry in them; answers the next. */
function addPresence(
  runs: RunBuilder,
  child: Node,
  positions: Int32Array,
  entry: number,
  from: number,
  to: number,
  present: number,
): number {
  let slot = from;
  let next = entry;
  while (slot < to) {
    const first = next < child.count ? Math.min(positions[next] ?? 0, to) : to;
    runs.add(present - 1, first - slot);
    const end = lastInRow(positions, next, child.count, to - first);
    runs.add(present, end - next);
    slot = first + end - next;
    next = end;
  }
  return next;
}

/** Behind the last of the entries from `entry` on that stand directly one after the other, at most `room` of them. */
function lastInRow(positions: Int32Array, entry: number, count: number, room: number): number {
  const end = Math.min(count, entry + room);
  if (entry >= end) return entry;
  const start = (positions[entry] ?? 0) - entry;
  let next = entry + 1;
  while (next < end && positions[next] === start + next) next++;
  return next;
}

/** See `LevelMaker`. */
export function elementLevels(list: Node, presence: Runs, level: number, parent: NodeLevels): NodeLevels {
  const definition = new RunBuilder(presence.used);
  const repetition = new RunBuilder(presence.used);
  const repeated = parent.repetitionMax + 1;
  addElements(list, presence, level, repeated, new RunReader(parent.repetition), definition, repetition);
  return {
    definition: definition.finish(),
    level: level + 1,
    repetition: repetition.finish(),
    repetitionMax: repeated,
  };
}

function addElements(
  list: Node,
  { pairs, used }: Runs,
  level: number,
  repeated: number,
  outer: RunReader,
  definition: RunBuilder,
  repetition: RunBuilder,
): void {
  let entry = 0;
  for (let i = 0; i < used; i += 2) {
    const found = pairs[i] ?? 0;
    const count = pairs[i + 1] ?? 0;
    if (found < level) {
      definition.add(found, count);
      outer.copy(count, repetition);
      continue;
    }
    for (const end = entry + count; entry < end; entry++) {
      const length = list.lengths[entry] ?? 0;
      outer.copy(1, repetition);
      if (length === 0) definition.add(level, 1);
      else {
        definition.add(level + 1, length);
        repetition.add(repeated, length - 1);
      }
    }
  }
}

/** Reads runs along; without runs every level is 0. */
class RunReader {
  readonly #runs: Runs | undefined;
  #at = 0;
  #left: number;

  constructor(runs: Runs | undefined) {
    this.#runs = runs;
    this.#left = runs?.pairs[1] ?? 0;
  }

  /** Adds the next `count` levels to `to`. */
  copy(count: number, to: RunBuilder): void {
    if (this.#runs === undefined) {
      to.add(0, count);
      return;
    }
    const { pairs } = this.#runs;
    for (let missing = count; missing > 0; ) {
      const step = Math.min(missing, this.#left);
      to.add(pairs[this.#at] ?? 0, step);
      missing -= step;
      this.#left -= step;
      if (this.#left > 0) continue;
      if (this.#at + 2 >= this.#runs.used) return;
      this.#at += 2;
      this.#left = pairs[this.#at + 1] ?? 0;
    }
  }
}

/** The levels made here. */
export const typescriptLevels: LevelMaker = {
  constant: constantRuns,
  presence: presenceRuns,
  elements: elementLevels,
  free: freeRuns,
};
