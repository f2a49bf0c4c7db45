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
    const piece: number[] = [];
    for (let missing = entries; missing > 0; ) {
      const level = pairs[this.#at] ?? 0;
      const left = (pairs[this.#at + 1] ?? 0) - this.#taken;
      const count = Math.min(left, missing);
      piece.push(level, count);
      missing -= count;
      if (count < left) this.#taken += count;
      else {
        this.#at += 2;
        this.#taken = 0;
      }
    }
    return { pairs: Int32Array.from(piece), used: piece.length, entries };
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
