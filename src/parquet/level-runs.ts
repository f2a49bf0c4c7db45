/**
 * Definition and repetition levels as runs of equal levels. A column of 50,000 rows with a handful of values has a
 * handful of runs, so that working on runs costs what is present and not what is absent.
 */
export interface LevelRuns {
  /** Pairs of a level and how often it repeats; neighbours differ in level. Only the first `used` numbers count. */
  readonly pairs: Int32Array;
  readonly used: number;
  /** The sum of all repeats. */
  readonly entries: number;
}

/** The levels of one column chunk (https://parquet.apache.org/docs/file-format/nestedencoding/). */
export interface ChunkLevels {
  readonly definition: LevelRuns;
  readonly definitionMax: number;
  /** Absent if the column is in no list. */
  readonly repetition: LevelRuns | undefined;
  readonly repetitionMax: number;
}

/** Walks along runs and cuts off pieces of a wanted length. */
export class RunCutter {
  readonly #runs: LevelRuns;
  #at = 0;
  /** How much of the current run was taken already. */
  #taken = 0;

  constructor(runs: LevelRuns) {
    this.#runs = runs;
  }

  /** The next `entries` entries. Cutting all at once answers the runs themselves, so that a cache by identity hits. */
  cut(entries: number): LevelRuns {
    if (this.#at === 0 && this.#taken === 0 && entries === this.#runs.entries) {
      this.#at = this.#runs.used;
      return this.#runs;
    }
    const { pairs } = this.#runs;
    const from = this.#at;
    const takenBefore = this.#taken;
    // What was taken of the current run counts again.
    const to = this.#pass(pairs, takenBefore + entries);
    const piece = pairs.slice(from, to);
    if (this.#taken > 0) piece[piece.length - 1] = this.#taken;
    if (takenBefore > 0) piece[1] = (piece[1] ?? 0) - takenBefore;
    return { pairs: piece, used: piece.length, entries };
  }

  /** Passes over entries from the begin of the current run on; answers where the runs end that they have a part of. */
  #pass(pairs: Int32Array, entries: number): number {
    let missing = entries;
    let to = this.#at;
    for (; missing > 0; to += 2) {
      const count = pairs[to + 1] ?? 0;
      this.#at = missing < count ? to : to + 2;
      this.#taken = missing < count ? missing : 0;
      missing -= Math.min(missing, count);
    }
    return to;
  }
}

/** How many entries have the level `level`. */
export function countLevel(runs: LevelRuns, level: number): number {
  const { pairs, used } = runs;
  let count = 0;
  for (let i = 0; i < used; i += 2) if (pairs[i] === level) count += pairs[i + 1] ?? 0;
  return count;
}

/**
 * The entries at which pages with so many values each begin: each with the row of its first value, so that what is missing
 * before that row belongs to the page before it. No row may have values in two pages.
 */
export function pageStartsByValues(levels: ChunkLevels, counts: readonly number[]): number[] {
  const starts = [0];
  const definition = new RunWalker(levels.definition);
  const repetition = levels.repetition === undefined ? undefined : new RunWalker(levels.repetition);
  let values = 0;
  for (const count of counts.slice(0, -1)) {
    values += count;
    const entry = definition.find(levels.definitionMax, values);
    starts.push(repetition === undefined ? entry : repetition.lastAt(0, entry));
  }
  return starts;
}

/** Answers questions about ascending places. */
class RunWalker {
  readonly #runs: LevelRuns;
  #at = 0;
  /** Entries before the current run. */
  #entries = 0;
  /** Entries before the current run that have the wanted level. */
  #found = 0;
  #last = 0;

  constructor(runs: LevelRuns) {
    this.#runs = runs;
  }

  /** The entry of level `level` that follows `count` others. */
  find(level: number, count: number): number {
    const { pairs, used } = this.#runs;
    for (; this.#at < used; this.#at += 2) {
      const repeats = pairs[this.#at + 1] ?? 0;
      if (pairs[this.#at] === level) {
        if (count < this.#found + repeats) return this.#entries + count - this.#found;
        this.#found += repeats;
      }
      this.#entries += repeats;
    }
    throw new RangeError(`no entry ${count} of level ${level}`);
  }

  /** The last entry of level `level` up to `entry`. */
  lastAt(level: number, entry: number): number {
    const { pairs, used } = this.#runs;
    for (; this.#at < used; this.#at += 2) {
      const repeats = pairs[this.#at + 1] ?? 0;
      const isWanted = pairs[this.#at] === level;
      if (entry < this.#entries + repeats) return isWanted ? entry : this.#last;
      this.#entries += repeats;
      if (isWanted) this.#last = this.#entries - 1;
    }
    throw new RangeError(`no entry ${entry}`);
  }
}

/**
 * The entries at which pages begin, ascending, for pages of `rowsPerPage` rows; the first is 0. A row begins where the
 * repetition level is 0, so that a page never splits a row.
 */
export function pageStarts(levels: ChunkLevels, rowsPerPage: number): number[] {
  const starts = [0];
  if (levels.repetition === undefined) {
    for (let at = rowsPerPage; at < levels.definition.entries; at += rowsPerPage) starts.push(at);
    return starts;
  }
  const { pairs, used } = levels.repetition;
  let entry = 0;
  let row = 0;
  let next = rowsPerPage;
  for (let i = 0; i < used; i += 2) {
    const count = pairs[i + 1] ?? 0;
    if (pairs[i] === 0) {
      for (; next < row + count; next += rowsPerPage) starts.push(entry + next - row);
      row += count;
    }
    entry += count;
  }
  return starts;
}
