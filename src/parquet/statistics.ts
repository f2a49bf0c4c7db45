/** The smallest and largest value of a column chunk, for readers that skip what they need not read. */
import type { Loops } from "./loops.ts";
import { LIMIT_BYTES } from "./text-limits.ts";
import { PHYSICAL, WIDE_DECIMAL_BYTES } from "./values.ts";

export interface Statistics {
  readonly min: Uint8Array;
  /** Absent where a limit had to be cut and nothing greater could be found. */
  readonly max: Uint8Array | undefined;
  /** False where a limit was cut: it still bounds the values, but is not one of them. */
  readonly minExact: boolean;
  readonly maxExact: boolean;
}

export function flagStatistics(flags: Uint8Array, count: number): Statistics | undefined {
  if (count === 0) return undefined;
  const used = flags.subarray(0, count);
  const min = Uint8Array.of(used.includes(0) ? 0 : 1);
  const max = Uint8Array.of(used.includes(1) ? 1 : 0);
  return { min, max, minExact: true, maxExact: true };
}

export function numberStatistics(
  physical: number,
  values: Float64Array,
  wide: ReadonlyMap<number, bigint> | null,
  count: number,
  loops: Loops,
): Statistics | undefined {
  if (count === 0) return undefined;
  if (physical === PHYSICAL.double) return doubleStatistics(loops.rangeOf(values, count));
  const [min, max] = wide === null || wide.size === 0 ? loops.rangeOf(values, count) : wideRangeOf(values, wide, count);
  const encode = physical === PHYSICAL.int64 ? encodeInt64 : encodeFixed;
  return { min: encode(min), max: encode(max), minExact: true, maxExact: true };
}

/** Zeros of both signs are equal, so the format wants -0 as a lower and +0 as an upper limit. */
function doubleStatistics([min, max]: readonly [number, number]): Statistics {
  return {
    min: encodeDouble(min === 0 ? -0 : min),
    max: encodeDouble(max === 0 ? 0 : max),
    minExact: true,
    maxExact: true,
  };
}

function wideRangeOf(values: Float64Array, wide: ReadonlyMap<number, bigint>, count: number): [bigint, bigint] {
  let min: bigint | undefined;
  let max: bigint | undefined;
  for (let i = 0; i < count; i++) {
    const value = wide.get(i) ?? BigInt(values[i] ?? 0);
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  return [min ?? 0n, max ?? 0n];
}

function encodeInt64(value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return bytes;
}

function encodeDouble(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

/** Two's complement, big endian: how decimals of more than 18 digits are stored. */
export function encodeFixed(value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(WIDE_DECIMAL_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt.asIntN(64, BigInt(value) >> 64n));
  view.setBigUint64(8, BigInt.asUintN(64, BigInt(value)));
  return bytes;
}

/** Over texts in PLAIN layout: the distinct ones or all of them, the answer is the same. */
export function textStatistics(arena: Uint8Array, loops: Loops): Statistics | undefined {
  if (arena.length === 0) return undefined;
  const view = new DataView(arena.buffer, arena.byteOffset, arena.byteLength);
  const [min, max] = loops.extremeTexts(arena);
  const minLength = view.getUint32(min, true);
  const maxLength = view.getUint32(max, true);
  return {
    min: cutText(arena, min + 4, minLength),
    max: upperLimit(arena, max + 4, maxLength),
    minExact: minLength <= LIMIT_BYTES,
    maxExact: maxLength <= LIMIT_BYTES,
  };
}

/** Of all pages of texts of a chunk, of which there is at least one. */
export function mergedTextStatistics(pages: readonly Statistics[]): Statistics {
  return pages.reduce((left, right) => ({ ...lower(left, right), ...upper(left, right) }));
}

/** Of equal limits the exact one tells more: a text that was cut there is greater than it. */
function lower(left: Statistics, right: Statistics): Pick<Statistics, "min" | "minExact"> {
  const order = Buffer.compare(left.min, right.min);
  const { min, minExact } = order < 0 || (order === 0 && left.minExact) ? left : right;
  return { min, minExact };
}

function upper(left: Statistics, right: Statistics): Pick<Statistics, "max" | "maxExact"> {
  if (left.max === undefined || right.max === undefined) return { max: undefined, maxExact: false };
  const order = Buffer.compare(left.max, right.max);
  const { max, maxExact } = order > 0 || (order === 0 && left.maxExact) ? left : right;
  return { max, maxExact };
}

/** The first bytes of a text, not ending inside a character; never greater than the text. */
function cutText(arena: Uint8Array, start: number, length: number): Uint8Array {
  let end = Math.min(length, LIMIT_BYTES);
  if (end < length) while (end > 0 && ((arena[start + end] ?? 0) & 0xc0) === 0x80) end--;
  return new Uint8Array(arena.subarray(start, start + end));
}

/**
 * The text itself or, if it must be cut, something greater that is still UTF-8: the last ASCII byte below 0x7f is
 * raised by one and what follows dropped. Absent if there is no such byte.
 */
function upperLimit(arena: Uint8Array, start: number, length: number): Uint8Array | undefined {
  const cut = cutText(arena, start, length);
  if (length <= LIMIT_BYTES) return cut;
  for (let i = cut.length - 1; i >= 0; i--) {
    const byte = cut[i] ?? 0x7f;
    if (byte >= 0x7f) continue;
    const limit = cut.slice(0, i + 1);
    limit[i] = byte + 1;
    return limit;
  }
  return undefined;
}
