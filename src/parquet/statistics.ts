/** The smallest and largest value of a column chunk, for readers that skip what they need not read. */
import { PHYSICAL, WIDE_DECIMAL_BYTES } from "./values.ts";

export interface Statistics {
  readonly min: Uint8Array;
  /** Absent where a limit had to be cut and nothing greater could be found. */
  readonly max: Uint8Array | undefined;
  /** False where a limit was cut: it still bounds the values, but is not one of them. */
  readonly minExact: boolean;
  readonly maxExact: boolean;
}

/**
 * Longer limits are cut here. Texts of a thousand columns would otherwise make the footer larger than the data of a
 * small file (48 bytes kept the footer of an archive hour near 200 KB).
 */
const LIMIT_BYTES = 48;

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
): Statistics | undefined {
  if (count === 0) return undefined;
  if (physical === PHYSICAL.double) return doubleStatistics(values, count);
  const [min, max] = wide === null || wide.size === 0 ? rangeOf(values, count) : wideRangeOf(values, wide, count);
  const encode = physical === PHYSICAL.int64 ? encodeInt64 : encodeFixed;
  return { min: encode(min), max: encode(max), minExact: true, maxExact: true };
}

/** Zeros of both signs are equal, so the format wants -0 as a lower and +0 as an upper limit. */
function doubleStatistics(values: Float64Array, count: number): Statistics {
  const [min, max] = rangeOf(values, count);
  return {
    min: encodeDouble(min === 0 ? -0 : min),
    max: encodeDouble(max === 0 ? 0 : max),
    minExact: true,
    maxExact: true,
  };
}

function rangeOf(values: Float64Array, count: number): [min: number, max: number] {
  return [leastOf(values, count), greatestOf(values, count)];
}

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
export function textStatistics(arena: Uint8Array): Statistics | undefined {
  if (arena.length === 0) return undefined;
  const view = new DataView(arena.buffer, arena.byteOffset, arena.byteLength);
  const [min, max] = extremeTexts(view, arena.length);
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

/**
 * Where the lengths of the least and the greatest text stand. What those two have in common at their beginnings, all texts
 * so far have; the four bytes behind it tell nearly every other text that begins so from both.
 */
function extremeTexts(view: DataView, end: number): [min: number, max: number] {
  let min = 0;
  let max = 0;
  let shared = 0;
  let minWord = 0;
  let maxWord = 0;
  for (let at = 0; at < end; ) {
    const isLess = compareTexts(view, at, min) < 0;
    if (isLess || compareTexts(view, at, max) > 0) {
      if (isLess) min = at;
      else max = at;
      shared = sharedBytes(view, min, max);
      minWord = wordAt(view, min, shared);
      maxWord = wordAt(view, max, shared);
    }
    at = passBetween(view, at + 4 + view.getInt32(at, true), end, min, shared, minWord, maxWord);
  }
  return [min, max];
}

/**
 * The first text between `from` and `end` that is not certain to stand between two others, because it does not share their first
 * `shared` bytes, or the four bytes behind these are not between theirs.
 */
function passBetween(
  view: DataView,
  from: number,
  end: number,
  least: number,
  shared: number,
  leastWord: number,
  greatestWord: number,
): number {
  let at = from;
  while (at < end) {
    const length = view.getInt32(at, true);
    if (length < shared + 4) return at;
    const word = view.getUint32(at + 4 + shared);
    if (word <= leastWord || word >= greatestWord || !beginEqual(view, at, least, shared)) return at;
    at += 4 + length;
  }
  return at;
}

/** Whether two texts that are no shorter agree in their first `bytes`, a multiple of four. */
function beginEqual(view: DataView, left: number, right: number, bytes: number): boolean {
  for (let i = 4; i < bytes + 4; i += 4) {
    if (view.getInt32(left + i, true) !== view.getInt32(right + i, true)) return false;
  }
  return true;
}

/** In how many bytes, a multiple of four, two texts agree at their beginnings. */
function sharedBytes(view: DataView, left: number, right: number): number {
  const shorter = Math.min(view.getUint32(left, true), view.getUint32(right, true), LIMIT_BYTES);
  let shared = 0;
  while (shared + 4 <= shorter && beginEqual(view, left + shared, right + shared, 4)) shared += 4;
  return shared;
}

/** Four bytes of a text as a number that orders like them; missing ones count as zeros. */
function wordAt(view: DataView, text: number, from: number): number {
  const length = view.getUint32(text, true);
  if (length >= from + 4) return view.getUint32(text + 4 + from);
  let word = 0;
  for (let i = from; i < from + 4; i++) word = word * 256 + (i < length ? view.getUint8(text + 4 + i) : 0);
  return word;
}

/**
 * Compares two texts by their unsigned bytes, as far as a limit reaches; of two that agree so far the longer is greater,
 * which is wrong for a lower limit of cut texts only in that it need not be the least. `left` and `right` are where
 * lengths stand.
 */
function compareTexts(view: DataView, left: number, right: number): number {
  const leftLength = view.getUint32(left, true);
  const rightLength = view.getUint32(right, true);
  const shorter = Math.min(leftLength, rightLength, LIMIT_BYTES);
  const a = left + 4;
  const b = right + 4;
  let i = 0;
  for (; i + 4 <= shorter; i += 4) {
    const difference = view.getUint32(a + i) - view.getUint32(b + i);
    if (difference !== 0) return difference;
  }
  for (; i < shorter; i++) {
    const difference = view.getUint8(a + i) - view.getUint8(b + i);
    if (difference !== 0) return difference;
  }
  return leftLength - rightLength;
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
