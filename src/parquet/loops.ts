/**
 * The loops over what a column holds: where the time goes in which pages are made. Those of TypeScript are the reference; who
 * holds columns in a WebAssembly module's memory brings `webassembly/loops.ts`, which gives the same bytes. A conversion is a
 * short process, of which V8 would spend a tenth on finding out what these loops are made of.
 */
import type { ByteBuffer } from "./byte-buffer.ts";
import { appendIndices, appendRuns } from "./hybrid.ts";
import type { LevelRuns } from "./level-runs.ts";
import { type NumberDictionary, numberDictionary } from "./number-dictionary.ts";
import { appendFlags, appendNumbers } from "./plain.ts";
import { countTexts, extremeTexts } from "./text-range.ts";
import type { PHYSICAL } from "./values.ts";

export interface Loops {
  /** Appends runs of levels, each level `width` bits, in the hybrid encoding. */
  appendRuns(out: ByteBuffer, runs: LevelRuns, width: number): void;
  /** Appends `values[from..to)` as dictionary indices: one byte with the bit width, then the hybrid. */
  appendIndices(out: ByteBuffer, values: Int32Array, from: number, to: number, width: number): void;
  /** Appends `flags[from..to)`, one byte each, as bits. */
  appendFlags(out: ByteBuffer, flags: Uint8Array, from: number, to: number): void;
  /** Appends `values[from..to)` in eight bytes each; integers have no fraction. */
  appendNumbers(
    out: ByteBuffer,
    physical: typeof PHYSICAL.int64 | typeof PHYSICAL.double,
    values: Float64Array,
    from: number,
    to: number,
  ): void;
  /** The dictionary of `values[0..count)`, or nothing where plain values are smaller. Valid until the next call. */
  numberDictionary(values: Float64Array, count: number): NumberDictionary | undefined;
  /** The least and the greatest of `values[0..count)`, of which there is at least one. */
  rangeOf(values: Float64Array, count: number): readonly [least: number, greatest: number];
  /** Where in `texts`, in PLAIN layout and at least one, the lengths of the least and the greatest stand. */
  extremeTexts(texts: Uint8Array): readonly [least: number, greatest: number];
  /** How many texts there are, in PLAIN layout. */
  countTexts(texts: Uint8Array): number;
}

export const typescriptLoops: Loops = {
  appendRuns,
  appendIndices,
  appendFlags,
  appendNumbers,
  numberDictionary,
  rangeOf: (values, count) => [leastOf(values, count), greatestOf(values, count)],
  extremeTexts,
  countTexts,
};

function leastOf(values: Float64Array, count: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++) if ((values[i] ?? 0) < least) least = values[i] ?? 0;
  return least;
}

function greatestOf(values: Float64Array, count: number): number {
  let greatest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) if ((values[i] ?? 0) > greatest) greatest = values[i] ?? 0;
  return greatest;
}
