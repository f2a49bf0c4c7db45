/** Texts in PLAIN layout (a little-endian 32-bit length before each): how many there are, and between which they stand. */
import { LIMIT_BYTES } from "./text-limits.ts";

/** How many texts there are. */
export function countTexts(texts: Uint8Array): number {
  const view = new DataView(texts.buffer, texts.byteOffset, texts.byteLength);
  let count = 0;
  for (let at = 0; at < texts.length; at += 4 + view.getUint32(at, true)) count++;
  return count;
}

/**
 * Where the lengths of the least and the greatest text stand. What those two have in common at their beginnings, all texts
 * so far have; the four bytes behind it tell nearly every other text that begins so from both.
 */
export function extremeTexts(texts: Uint8Array): [min: number, max: number] {
  const view = new DataView(texts.buffer, texts.byteOffset, texts.byteLength);
  return extremesIn(view, texts.length);
}

function extremesIn(view: DataView, end: number): [min: number, max: number] {
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
