/** Texts in PLAIN layout: how many there are, and the limits, as in `src/parquet/statistics.ts`. */
import { LIMIT_BYTES } from "../../src/parquet/text-limits";

const LENGTH_BYTES: usize = 4;

/** How many texts there are. */
export function countTexts(texts: usize, bytes: usize): u32 {
  const end = texts + bytes;
  let count: u32 = 0;
  for (let at = texts; at < end; at += LENGTH_BYTES + load<u32>(at)) count++;
  return count;
}

/** Where the length of the greatest of the last texts stands. */
export let greatestText: usize = 0;

/**
 * Answers where the length of the least of the texts stands; of equal ones the first counts. What the least and the greatest have
 * in common at their beginnings, all texts between them have; the eight bytes behind it tell nearly every other text that begins
 * so from both.
 */
export function findExtremes(texts: usize, bytes: usize): usize {
  const end = texts + bytes;
  let low = texts;
  let high = texts;
  let shared = sharedBytes(low, high);
  let lowWord = wordAt(low, shared);
  let highWord = lowWord;
  let at = texts + LENGTH_BYTES + load<u32>(texts);
  while (at < end) {
    const length = <usize>load<u32>(at);
    const next = at + LENGTH_BYTES + length;
    if (length >= shared + 8) {
      const word = bswap<u64>(load<u64>(at + LENGTH_BYTES + shared));
      if (word > lowWord && word < highWord && beginEqual(at, low, shared)) {
        at = next;
        continue;
      }
    }
    const isLess = compare(at, low) < 0;
    if (isLess || compare(at, high) > 0) {
      if (isLess) low = at;
      else high = at;
      shared = sharedBytes(low, high);
      lowWord = wordAt(low, shared);
      highWord = wordAt(high, shared);
    }
    at = next;
  }
  greatestText = high;
  return low;
}

/** Whether two texts that are no shorter agree in their first `bytes`, a multiple of eight. */
@inline
function beginEqual(left: usize, right: usize, bytes: usize): bool {
  for (let i: usize = LENGTH_BYTES; i < bytes + LENGTH_BYTES; i += 8) {
    if (load<u64>(left + i) !== load<u64>(right + i)) return false;
  }
  return true;
}

/** In how many bytes, a multiple of eight, two texts agree at their beginnings. */
function sharedBytes(left: usize, right: usize): usize {
  const shorter = <usize>min(min(load<u32>(left), load<u32>(right)), LIMIT_BYTES);
  let shared: usize = 0;
  while (shared + 8 <= shorter && load<u64>(left + LENGTH_BYTES + shared) === load<u64>(right + LENGTH_BYTES + shared)) {
    shared += 8;
  }
  return shared;
}

/** Eight bytes of a text as a number that orders like them; missing ones count as zeros. */
function wordAt(text: usize, from: usize): u64 {
  const length = <usize>load<u32>(text);
  let word: u64 = 0;
  for (let i = from; i < from + 8; i++) word = (word << 8) | (i < length ? <u64>load<u8>(text + LENGTH_BYTES + i) : 0);
  return word;
}

/** Compares two texts by their unsigned bytes, as far as a limit reaches; of two that agree so far the longer is greater. */
function compare(left: usize, right: usize): i32 {
  const leftLength = load<u32>(left);
  const rightLength = load<u32>(right);
  const shorter = <usize>min(min(leftLength, rightLength), LIMIT_BYTES);
  const a = left + LENGTH_BYTES;
  const b = right + LENGTH_BYTES;
  let i: usize = 0;
  for (; i + 8 <= shorter; i += 8) {
    const x = bswap<u64>(load<u64>(a + i));
    const y = bswap<u64>(load<u64>(b + i));
    if (x !== y) return x < y ? -1 : 1;
  }
  for (; i < shorter; i++) {
    const x = load<u8>(a + i);
    const y = load<u8>(b + i);
    if (x !== y) return x < y ? -1 : 1;
  }
  return leftLength === rightLength ? 0 : leftLength < rightLength ? -1 : 1;
}
