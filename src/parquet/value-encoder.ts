/** Turns the values of a column chunk into the bytes of its dictionary page and of any range of its data pages. */
import type { ByteBuffer } from "./byte-buffer.ts";
import { appendIndices, bitWidth } from "./hybrid.ts";
import { numberDictionary } from "./number-dictionary.ts";
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
export function valueEncoder(values: Exclude<ColumnValues, { kind: "sealed" }>, physical: PhysicalType): ValueEncoder {
  switch (values.kind) {
    case "none":
      return { ...plain, physical, dataBytes: 0, statistics: undefined, append: () => undefined };
    case "flags":
      return flagEncoder(values.flags, values.count);
    case "numbers":
      return numberEncoder(values, physical);
    case "dictionary":
      return {
        ...throughDictionary(values.arena, values.entries, values.indices, values.count),
        physical: PHYSICAL.byteArray,
        statistics: textStatistics(values.arena),
      };
    case "texts":
      return {
        ...plain,
        physical: PHYSICAL.byteArray,
        statistics: textStatistics(values.arena),
        dataBytes: values.arena.length,
        append: (out, from, to) => {
          const end = to < values.count ? (values.offsets[to] ?? 0) : values.arena.length;
          out.appendBytes(values.arena.subarray(from < to ? values.offsets[from] : end, end));
        },
      };
  }
}

const plain = { encoding: ENCODING.plain, dictionary: undefined } as const;

function throughDictionary(bytes: Uint8Array, entries: number, indices: Int32Array, count: number) {
  const width = bitWidth(Math.max(entries - 1, 0));
  return {
    encoding: ENCODING.rleDictionary,
    dictionary: { bytes, entries },
    dataBytes: (count * width) / 8,
    append: (out: ByteBuffer, from: number, to: number): void => appendIndices(out, indices, from, to, width),
  };
}

function flagEncoder(flags: Uint8Array, count: number): ValueEncoder {
  return {
    ...plain,
    physical: PHYSICAL.boolean,
    statistics: flagStatistics(flags, count),
    dataBytes: count / 8,
    append: (out, from, to) => {
      const bytes = (to - from + 7) >> 3;
      out.reserve(bytes);
      const packed = out.bytes.subarray(out.length, out.length + bytes);
      out.length += bytes;
      packFlags(packed.fill(0), flags, from, to);
    },
  };
}

function packFlags(packed: Uint8Array, flags: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const place = (i - from) >> 3;
    packed[place] = (packed[place] ?? 0) | ((flags[i] ?? 0) << ((i - from) & 7));
  }
}

type Numbers = Extract<ColumnValues, { kind: "numbers" }>;

function numberEncoder({ values, wide, count }: Numbers, physical: PhysicalType): ValueEncoder {
  const hasWide = wide !== null && wide.size > 0;
  const dictionary = hasWide || physical === PHYSICAL.fixedByteArray ? undefined : numberDictionary(values, count);
  if (dictionary !== undefined) {
    const { distinct, entries, indices } = dictionary;
    const statistics = numberStatistics(physical, distinct, null, entries);
    const bytes = new Uint8Array(entries * 8);
    writeNumbers(new DataView(bytes.buffer), 0, physical, distinct, 0, entries);
    return { ...throughDictionary(bytes, entries, indices, count), physical, statistics };
  }
  const statistics = numberStatistics(physical, values, wide, count);
  const valueBytes = physical === PHYSICAL.fixedByteArray ? WIDE_DECIMAL_BYTES : 8;
  return {
    ...plain,
    physical,
    statistics,
    dataBytes: count * valueBytes,
    append: (out, from, to) => {
      out.reserve((to - from) * valueBytes);
      if (physical === PHYSICAL.fixedByteArray) {
        for (let i = from; i < to; i++) out.appendBytes(encodeFixed(wide?.get(i) ?? values[i] ?? 0));
        return;
      }
      writeNumbers(out.view, out.length, physical, values, from, to);
      if (hasWide) {
        for (const [i, value] of wide) {
          if (i >= from && i < to) out.view.setBigInt64(out.length + (i - from) * 8, value, true);
        }
      }
      out.length += (to - from) * 8;
    },
  };
}

function writeNumbers(
  view: DataView,
  start: number,
  physical: PhysicalType,
  values: Float64Array,
  from: number,
  to: number,
): void {
  let at = start;
  if (physical === PHYSICAL.double) {
    for (let i = from; i < to; i++, at += 8) view.setFloat64(at, values[i] ?? 0, true);
    return;
  }
  // Two 32-bit halves: a BigInt for each value would cost ten times as much.
  for (let i = from; i < to; i++, at += 8) {
    const value = values[i] ?? 0;
    const high = Math.floor(value / 4294967296);
    view.setUint32(at, value - high * 4294967296, true);
    view.setInt32(at + 4, high, true);
  }
}
