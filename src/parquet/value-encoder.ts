/** Turns the values of a column chunk into the bytes of its dictionary page and of any range of its data pages. */
import { ByteBuffer } from "./byte-buffer.ts";
import { bitWidth } from "./hybrid.ts";
import type { Loops } from "./loops.ts";
import { encodeFixed, flagStatistics, numberStatistics, type Statistics, textStatistics } from "./statistics.ts";
import { type ColumnValues, PHYSICAL, type PhysicalType, WIDE_DECIMAL_BYTES } from "./values.ts";

/** Encodings, by their codes in the format. */
export const ENCODING = { plain: 0, rle: 3, rleDictionary: 8 } as const;

export interface ValueEncoder {
  readonly physical: PhysicalType;
  readonly encoding: number;
  readonly dictionary: { readonly bytes: Uint8Array; readonly entries: number } | undefined;
  readonly statistics: Statistics | undefined;
  /** About how many bytes all values take in data pages, to decide on the number of pages. */
  readonly dataBytes: number;
  /** Appends the values with numbers from `from` to `to` (exclusive). */
  append(out: ByteBuffer, from: number, to: number): void;
}

/** `physical` is the type of the column. */
export function valueEncoder(
  values: Exclude<ColumnValues, { kind: "sealed" }>,
  physical: PhysicalType,
  loops: Loops,
): ValueEncoder {
  switch (values.kind) {
    case "none":
      return { ...plain, physical, dataBytes: 0, statistics: undefined, append: () => undefined };
    case "flags":
      return flagEncoder(values.flags, values.count, loops);
    case "numbers":
      return numberEncoder(values, physical, loops);
    case "dictionary":
      return {
        ...throughDictionary(values.arena, values.entries, values.indices, values.count, loops),
        physical: PHYSICAL.byteArray,
        statistics: textStatistics(values.arena, loops),
      };
    case "texts":
      return {
        ...plain,
        physical: PHYSICAL.byteArray,
        statistics: textStatistics(values.arena, loops),
        dataBytes: values.arena.length,
        append: (out, from, to) => {
          const end = to < values.count ? (values.offsets[to] ?? 0) : values.arena.length;
          out.appendBytes(values.arena.subarray(from < to ? values.offsets[from] : end, end));
        },
      };
  }
}

const plain = { encoding: ENCODING.plain, dictionary: undefined } as const;

function throughDictionary(bytes: Uint8Array, entries: number, indices: Int32Array, count: number, loops: Loops) {
  const width = bitWidth(Math.max(entries - 1, 0));
  return {
    encoding: ENCODING.rleDictionary,
    dictionary: { bytes, entries },
    dataBytes: (count * width) / 8,
    append: (out: ByteBuffer, from: number, to: number): void => loops.appendIndices(out, indices, from, to, width),
  };
}

function flagEncoder(flags: Uint8Array, count: number, loops: Loops): ValueEncoder {
  return {
    ...plain,
    physical: PHYSICAL.boolean,
    statistics: flagStatistics(flags, count),
    dataBytes: count / 8,
    append: (out, from, to) => loops.appendFlags(out, flags, from, to),
  };
}

type Numbers = Extract<ColumnValues, { kind: "numbers" }>;

function numberEncoder({ values, wide, count }: Numbers, physical: PhysicalType, loops: Loops): ValueEncoder {
  if (physical === PHYSICAL.fixedByteArray) return decimalEncoder({ kind: "numbers", values, wide, count }, loops);
  const stored = physical === PHYSICAL.double ? PHYSICAL.double : PHYSICAL.int64;
  const hasWide = wide !== null && wide.size > 0;
  const dictionary = hasWide ? undefined : loops.numberDictionary(values, count);
  if (dictionary !== undefined) {
    const { distinct, entries, indices } = dictionary;
    const statistics = numberStatistics(physical, distinct, null, entries, loops);
    const bytes = new ByteBuffer(entries * 8);
    loops.appendNumbers(bytes, stored, distinct, 0, entries);
    return { ...throughDictionary(bytes.written(), entries, indices, count, loops), physical, statistics };
  }
  return {
    ...plain,
    physical,
    statistics: numberStatistics(physical, values, wide, count, loops),
    dataBytes: count * 8,
    append: (out, from, to) => {
      const start = out.length;
      loops.appendNumbers(out, stored, values, from, to);
      if (!hasWide) return;
      for (const [i, value] of wide) {
        if (i >= from && i < to) out.view.setBigInt64(start + (i - from) * 8, value, true);
      }
    },
  };
}

/** Decimals of more than 18 digits. */
function decimalEncoder({ values, wide, count }: Numbers, loops: Loops): ValueEncoder {
  return {
    ...plain,
    physical: PHYSICAL.fixedByteArray,
    statistics: numberStatistics(PHYSICAL.fixedByteArray, values, wide, count, loops),
    dataBytes: count * WIDE_DECIMAL_BYTES,
    append: (out, from, to) => {
      for (let i = from; i < to; i++) out.appendBytes(encodeFixed(wide?.get(i) ?? values[i] ?? 0));
    },
  };
}
