/** How full a table's columns are, from the footers of its partitions: no page of data is read. */
import type { ReadPartitions, SchemaColumn } from "../answers.ts";
import { intervalId } from "../model/calendar.ts";
import { foldPath } from "../model/column-path.ts";
import { partitionKey } from "../model/layout.ts";
import { type FileProfile, joinSingles } from "../parquet/profile.ts";
import type { Seen } from "../reconcile/seen.ts";
import { readPartitionProfile } from "../step/partition.ts";
import type { Storage } from "../storage/contract.ts";

/** Footers read side by side: each is some 200 KB, and remote places answer slowly. */
const READS_AT_A_TIME = 8;

export type ColumnFigures = Pick<SchemaColumn, "last" | "present" | "values" | "distinct">;

export interface FigureOptions {
  /** So many of the newest partitions; `Infinity` reads all. */
  readonly newest: number;
  readonly signal: AbortSignal | undefined;
}

/** By folded path. `undefined` for a table without partitions. */
export async function readFigures(
  table: string,
  tables: Storage,
  seen: Seen,
  { newest, signal }: FigureOptions,
): Promise<{ readonly read: ReadPartitions; readonly columns: ReadonlyMap<string, ColumnFigures> } | undefined> {
  const found = seen.tables.get(table);
  if (found === undefined) return undefined;
  const every = seen.sources.get(found.settings.from)?.settings.every ?? "hour";
  const starts = [...found.partitions.keys()].sort((a, b) => b - a).slice(0, newest);
  const sums = new FigureSums();
  const waiting = starts.values();
  const work = async (): Promise<void> => {
    for (const startMs of waiting) {
      signal?.throwIfAborted();
      const partition = found.partitions.get(startMs);
      if (partition === undefined) continue;
      const id = intervalId({ every, startMs });
      const info = { key: partitionKey(table, id), size: partition.size, token: partition.token };
      sums.add(id, await readPartitionProfile(tables, info, signal));
    }
  };
  await Promise.all(Array.from({ length: READS_AT_A_TIME }, work));
  const [newestMs, oldestMs] = [starts[0], starts.at(-1)];
  if (newestMs === undefined || oldestMs === undefined) return undefined;
  const [first, last] = [intervalId({ every, startMs: oldestMs }), intervalId({ every, startMs: newestMs })];
  const read = { partitions: starts.length, rows: sums.rows, oldest: first, newest: last };
  return { read, columns: sums.figures() };
}

interface Sum {
  last: string;
  values: number | undefined;
  least: number;
  most: number;
  /** In some file; */
  isRepeated: boolean;
  /** in all of them: what is read first must not decide. */
  isFlag: boolean;
  single: string | null | undefined;
}

/** Adds up what files say of their columns, in any order. */
class FigureSums {
  readonly #sums = new Map<string, Sum>();
  /** Folding a path takes it apart; the same ones come in every file. */
  readonly #folded = new Map<string, string>();
  rows = 0;

  add(src: string, profile: FileProfile): void {
    this.rows += profile.rows;
    for (const { path, type, isRepeated, values, distinct, single } of profile.leaves) {
      const key = this.#fold(path);
      let sum = this.#sums.get(key);
      if (sum === undefined) {
        sum = { last: src, values: 0, least: 0, most: 0, isRepeated, isFlag: true, single };
        this.#sums.set(key, sum);
      }
      sum.isRepeated ||= isRepeated;
      sum.isFlag &&= type?.kind === "bool";
      if (src > sum.last) sum.last = src;
      sum.values = values === undefined || sum.values === undefined ? undefined : sum.values + values;
      sum.least = Math.max(sum.least, distinct.least);
      sum.most += distinct.most;
      sum.single = joinSingles(sum.single, single);
    }
  }

  figures(): Map<string, ColumnFigures> {
    const figures = new Map<string, ColumnFigures>();
    for (const [path, { last, values, least, most, isRepeated, isFlag, single }] of this.#sums) {
      const share = values === undefined || this.rows === 0 ? undefined : values / this.rows;
      const distinct = { least, most: typeof single === "string" ? 1 : isFlag ? Math.min(2, most) : most };
      figures.set(path, { last, present: isRepeated ? undefined : share, values, distinct });
    }
    return figures;
  }

  #fold(path: string): string {
    let folded = this.#folded.get(path);
    if (folded === undefined) {
      folded = foldPath(path);
      this.#folded.set(path, folded);
    }
    return folded;
  }
}
