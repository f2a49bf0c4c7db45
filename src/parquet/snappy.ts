/**
 * Snappy's block format (https://github.com/google/snappy/blob/main/format_description.txt): greedy matching of four
 * bytes through a small hash table, in blocks of 64 KiB so that every distance fits two bytes.
 */

const BLOCK_BYTES = 65_536;
/** A match is only looked for where this many bytes remain, so that the inner loops need no bounds. */
const MARGIN_BYTES = 15;
const TABLE_BITS_MAX = 14;

const table = new Uint16Array(1 << TABLE_BITS_MAX);

/** Where compressed bytes go. Its capacity is enough for the worst case, so no write checks it. */
interface Output {
  readonly bytes: Uint8Array;
  length: number;
}

export function compressSnappy(source: Uint8Array): Uint8Array {
  const out: Output = { bytes: new Uint8Array(32 + source.length + Math.ceil(source.length / 6)), length: 0 };
  let rest = source.length;
  for (; rest >= 128; rest >>>= 7) out.bytes[out.length++] = (rest & 127) | 128;
  out.bytes[out.length++] = rest;
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  for (let start = 0; start < source.length; start += BLOCK_BYTES) {
    compressBlock(source, view, start, Math.min(start + BLOCK_BYTES, source.length), out);
  }
  return out.bytes.subarray(0, out.length);
}

function compressBlock(source: Uint8Array, view: DataView, start: number, end: number, out: Output): void {
  let bits = 8;
  while (1 << bits < end - start && bits < TABLE_BITS_MAX) bits++;
  const shift = 32 - bits;
  table.fill(0, 0, 1 << bits);
  const limit = end - MARGIN_BYTES;
  let literal = start;
  let at = start + 1;
  /** Raised with every miss, so that incompressible data is passed over in growing steps. */
  let misses = 32;
  while (at <= limit) {
    const word = view.getUint32(at, true);
    const slot = Math.imul(word, 0x1e35a7bd) >>> shift;
    const candidate = start + (table[slot] ?? 0);
    table[slot] = at - start;
    if (candidate >= at || view.getUint32(candidate, true) !== word) {
      at += misses++ >> 5;
      continue;
    }
    appendLiteral(source, literal, at, out);
    const length = matchLength(source, view, candidate, at, end);
    appendCopy(at - candidate, length, out);
    at += length;
    literal = at;
    misses = 32;
  }
  appendLiteral(source, literal, end, out);
}

function matchLength(source: Uint8Array, view: DataView, candidate: number, at: number, end: number): number {
  let length = 4;
  while (at + length + 4 <= end && view.getUint32(candidate + length) === view.getUint32(at + length)) length += 4;
  while (at + length < end && source[candidate + length] === source[at + length]) length++;
  return length;
}

function appendLiteral(source: Uint8Array, from: number, to: number, out: Output): void {
  if (from === to) return;
  const { bytes } = out;
  const last = to - from - 1;
  if (last < 60) bytes[out.length++] = last << 2;
  else if (last < 256) {
    bytes[out.length++] = 60 << 2;
    bytes[out.length++] = last;
  } else {
    bytes[out.length++] = 61 << 2;
    bytes[out.length++] = last;
    bytes[out.length++] = last >>> 8;
  }
  bytes.set(source.subarray(from, to), out.length);
  out.length += to - from;
}

/** Copies of at most 64 bytes each; a rest of fewer than 4 could not be written, so the last piece but one is shortened. */
function appendCopy(distance: number, length: number, out: Output): void {
  let left = length;
  while (left >= 68) {
    appendCopyPiece(distance, 64, out);
    left -= 64;
  }
  if (left > 64) {
    appendCopyPiece(distance, 60, out);
    left -= 60;
  }
  appendCopyPiece(distance, left, out);
}

function appendCopyPiece(distance: number, length: number, out: Output): void {
  const { bytes } = out;
  if (length >= 12 || distance >= 2048) {
    bytes[out.length++] = ((length - 1) << 2) | 2;
    bytes[out.length++] = distance;
    bytes[out.length++] = distance >>> 8;
  } else {
    bytes[out.length++] = ((distance >>> 8) << 5) | ((length - 4) << 2) | 1;
    bytes[out.length++] = distance;
  }
}

/** A compressed block without the length in front. */
export function snappyElements(block: Uint8Array): Uint8Array {
  let at = 0;
  while ((block[at] ?? 0) >= 128) at++;
  return block.subarray(at + 1);
}
