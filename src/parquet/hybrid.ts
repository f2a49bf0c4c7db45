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

/** Appends runs of levels, each level `width` bits. Levels are small (at most 8 bits by our depth guard). */
export function appendRuns(out: ByteBuffer, runs: LevelRuns, width: number): void {
  const { pairs, used } = runs;
  let at = 0;
  let left = pairs[1] ?? 0;
  while (at < used) {
    if (left >= 8 || at + 2 >= used) {
      appendRepeated(out, pairs[at] ?? 0, left, width);
      at += 2;
      left = pairs[at + 1] ?? 0;
      continue;
    }
    // Short runs are packed until a group of eight ends where a long run begins.
    out.reserve(1 + (GROUPS_MAX * 8 * width) / 8 + 8);
    const { bytes } = out;
    const header = out.length++;
    let groups = 0;
    do {
      let bits = 0;
      let bitCount = 0;
      for (let i = 0; i < 8; i++) {
        if (at < used) {
          bits |= (pairs[at] ?? 0) << bitCount;
          if (--left === 0) {
            at += 2;
            left = pairs[at + 1] ?? 0;
          }
        }
        for (bitCount += width; bitCount >= 8; bitCount -= 8) {
          bytes[out.length++] = bits;
          bits >>>= 8;
        }
      }
      groups++;
    } while (groups < GROUPS_MAX && at < used && left < 8);
    bytes[header] = (groups << 1) | 1;
  }
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
