/**
 * The RLE / bit-packing hybrid, in which Parquet writes levels and dictionary indices
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE): runs of at least eight equal values as a count and
 * the value, anything else bit-packed in groups of eight.
 */
import type { ByteBuffer } from "./byte-buffer.ts";
import type { LevelRuns } from "./level-runs.ts";

/** How many bits a value up to `max` takes. */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}

/** A bit-packed run announces its groups of eight in one header byte, which holds at most this many. */
const GROUPS_MAX = 63;

/**
 * Appends runs of levels, each level `width` bits, of which there are few by our depth guard.
 *
 * Loops that are hot in their very first call are compiled while they run, without knowing what follows them, and V8 then
 * falls back to slow code each time it leaves such a loop, forever. So here as in other loops over a column's values: an
 * inner loop has a function of its own, which is soon known from end to end, and behind a long loop nothing is done but to
 * return. (An archive hour had 820 such falls, now 30;
 * in CPU of the whole process no more than the noise.)
 */
export function appendRuns(out: ByteBuffer, { pairs, used }: LevelRuns, width: number): void {
  let at = 0;
  let left = pairs[1] ?? 0;
  while (at < used) {
    if (left >= 8 || at + 2 >= used) {
      appendRepeated(out, pairs[at] ?? 0, left, width);
      at += 2;
      left = at < used ? (pairs[at + 1] ?? 0) : 0;
    } else {
      at = appendShortRuns(out, pairs, used, at, left, width);
      left = leftOfRun;
    }
  }
}

/** How much is left of the run at which `appendShortRuns` stopped. */
let leftOfRun = 0;

/** No level has more bits: twice the deepest nesting allowed. */
const LEVEL_BITS_MAX = 16;

/** By `width * 8 + count`, the latter from 1 to 8: `count` ones, `width` bits apart, as far as 32 bits reach. */
const repeatedOnes = new Int32Array(LEVEL_BITS_MAX * 8 + 9);
for (let width = 1; width <= LEVEL_BITS_MAX; width++) {
  for (let count = 1, ones = 0; count <= 8 && (count - 1) * width < 32; count++) {
    ones |= 1 << ((count - 1) * width);
    repeatedOnes[width * 8 + count] = ones;
  }
}

/** Packs short runs until a group of eight ends where a long run begins; answers at which run it stopped. */
function appendShortRuns(
  out: ByteBuffer,
  pairs: Int32Array,
  used: number,
  from: number,
  left: number,
  width: number,
): number {
  out.reserve(1 + GROUPS_MAX * width + 8);
  const { bytes } = out;
  const header = out.length;
  // Up to 7 bits are left over from before, so that with these 32 bits hold both.
  const countMax = Math.floor(24 / width);
  let length = header + 1;
  let at = from;
  let rest = left;
  let groups = 0;
  let missing = 8;
  let bits = 0;
  let bitCount = 0;
  do {
    const count = Math.min(rest, missing, countMax);
    bits |= Math.imul(pairs[at] ?? 0, repeatedOnes[width * 8 + count] ?? 0) << bitCount;
    bitCount += count * width;
    missing -= count;
    rest -= count;
    if (rest === 0) {
      at += 2;
      if (at < used) rest = pairs[at + 1] ?? 0;
      else {
        // Zeros complete the last group.
        bitCount += missing * width;
        missing = 0;
      }
    }
    for (; bitCount >= 8; bitCount -= 8) {
      bytes[length++] = bits;
      bits >>>= 8;
    }
    if (missing > 0) continue;
    groups++;
    missing = 8;
    if (rest >= 8) break;
  } while (at < used && groups < GROUPS_MAX);
  bytes[header] = (groups << 1) | 1;
  out.length = length;
  leftOfRun = rest;
  return at;
}

function appendRepeated(out: ByteBuffer, value: number, count: number, width: number): void {
  out.appendVarint(count * 2);
  for (let shift = 0; shift < width; shift += 8) out.appendByte(value >>> shift);
}

/** Appends `values[from..to)` as dictionary indices: one byte with the bit width, then the hybrid. */
export function appendIndices(out: ByteBuffer, values: Int32Array, from: number, to: number, width: number): void {
  out.appendByte(width);
  out.reserve(((to - from) * width) / 8 + (to - from) / 4 + 64);
  let at = from;
  while (at < to) {
    const end = runEnd(values, at, to);
    if (end - at >= 8 || width === 0 || end === to) {
      appendRepeated(out, values[at] ?? 0, end - at, width);
      at = end;
    } else at = appendPacked(out, values, at, to, width);
  }
}

function runEnd(values: Int32Array, from: number, to: number): number {
  const value = values[from];
  let end = from + 1;
  while (end < to && values[end] === value) end++;
  return end;
}

/** Packs groups of eight until the next eight values are equal; answers where it stopped. */
function appendPacked(out: ByteBuffer, values: Int32Array, from: number, to: number, width: number): number {
  out.reserve(1 + GROUPS_MAX * width + 8);
  const { bytes } = out;
  const header = out.length++;
  let length = out.length;
  let groups = 0;
  let at = from;
  do {
    let bits = 0;
    let bitCount = 0;
    for (let i = 0; i < 8; i++, at++) {
      // Fewer than 8 bits are left over from before, and indices are narrower than 24 bits (a dictionary has at most
      // 65,536 entries), so that 32 bits hold both.
      bits |= (at < to ? (values[at] ?? 0) : 0) << bitCount;
      for (bitCount += width; bitCount >= 8; bitCount -= 8) {
        bytes[length++] = bits;
        bits >>>= 8;
      }
    }
    groups++;
  } while (groups < GROUPS_MAX && at < to && !eightEqual(values, at, to));
  bytes[header] = (groups << 1) | 1;
  out.length = length;
  return Math.min(at, to);
}

function eightEqual(values: Int32Array, from: number, to: number): boolean {
  if (from + 8 > to) return false;
  const value = values[from];
  for (let i = from + 1; i < from + 8; i++) if (values[i] !== value) return false;
  return true;
}
