/** The values of one column chunk, as a writer of shredded columns holds them: only those that are present. */
import type { Statistics } from "./statistics.ts";

/** Parquet's physical types, by their codes in the footer. */
export const PHYSICAL = { boolean: 0, int64: 2, double: 5, byteArray: 6, fixedByteArray: 7 } as const;
export type PhysicalType = (typeof PHYSICAL)[keyof typeof PHYSICAL];

export type ColumnValues =
  | { readonly kind: "none" }
  /** One byte a value: 0 or 1. */
  | { readonly kind: "flags"; readonly flags: Uint8Array; readonly count: number }
  /**
   * Integers or doubles; the column's type decides. `wide` holds, by value number, the integers that a double cannot
   * (beyond ±2^53); `values` holds anything in their place.
   */
  | {
      readonly kind: "numbers";
      readonly values: Float64Array;
      readonly wide: ReadonlyMap<number, bigint> | null;
      readonly count: number;
    }
  /**
   * Texts through a dictionary. `arena` holds the distinct texts in PLAIN layout (a little-endian 32-bit length before
   * each), which is the dictionary page itself; value number i is entry `indices[i]`.
   */
  | {
      readonly kind: "dictionary";
      readonly arena: Uint8Array;
      readonly entries: number;
      readonly indices: Int32Array;
      readonly count: number;
    }
  /** Texts one after the other in PLAIN layout; value number i begins at byte `offsets[i]`. */
  | {
      readonly kind: "texts";
      readonly arena: Uint8Array;
      readonly offsets: Int32Array;
      readonly count: number;
    }
  /** Texts of which the first are in pages already, each of whole rows; the rest stands in PLAIN layout in `arena`. */
  | { readonly kind: "sealed"; readonly pages: readonly SealedTexts[]; readonly arena: Uint8Array };

/** A data page without its levels, which are known only when the row group ends. */
export interface SealedTexts {
  /** Compressed by the codec of the chunk, in memory of its own. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly uncompressedBytes: number;
  readonly count: number;
  readonly statistics: Statistics;
}

/** Bytes of a decimal beyond 18 digits: 38 digits take 127 bits. */
export const WIDE_DECIMAL_BYTES = 16;
