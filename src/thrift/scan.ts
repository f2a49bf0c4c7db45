/**
 * Walks over values of the binary protocol without reading them, and goes on where it stopped when more bytes have arrived. So it
 * finds the end of a message in a stream that does not tell lengths, and passes over fields that nobody asked for. It needs no
 * memory but for its depth, and looks at each byte of structure once.
 */
import { corruptAt } from "./errors.ts";
import { depthMax, fixedSizes, leastSizes, WireType, wireTypeName } from "./types.ts";

export interface Scan {
  /** Where the next byte of structure is: behind `end` while the inside of a text has not arrived. */
  at: number;
  /** What is open, the innermost last. */
  readonly open: Open[];
}

/** Types of what is still to come in it, in turns (an even number of values begins with `first`); a struct tells with each field. */
interface Open {
  readonly first: number;
  readonly second: number;
  remaining: number;
}

const struct = -1;

/** A value of `type` that begins at `at`. */
export function scanValue(type: number, at: number): Scan {
  return { at, open: [{ first: type, second: type, remaining: 1 }] };
}

/**
 * Goes on as far as `bytes` up to `end` reach; `true` once the value is complete, and then `scan.at` is behind it. No value may
 * reach beyond `limit`: throws `corrupt` as soon as one says that it does, and for anything else that is no value.
 */
export function goOn(scan: Scan, bytes: Buffer, end: number, limit: number): boolean {
  const { open } = scan;
  for (;;) {
    const innermost = open.at(-1);
    if (innermost === undefined) return scan.at <= end;
    if (innermost.remaining === 0) {
      open.pop();
      continue;
    }
    if (innermost.remaining === struct) {
      if (scan.at >= end) return false;
      const type = bytes[scan.at] ?? 0;
      if (type === WireType.stop) {
        scan.at += 1;
        open.pop();
        continue;
      }
      if (scan.at + 3 > end) return false;
      if (!enter(scan, type, bytes, end, limit, 3)) return false;
      continue;
    }
    const type = innermost.remaining % 2 === 0 ? innermost.first : innermost.second;
    const size = fixedSizes[type] ?? 0;
    if (size > 0 && innermost.first === innermost.second) {
      pass(scan, size * innermost.remaining, limit, type);
      innermost.remaining = 0;
      continue;
    }
    if (!enter(scan, type, bytes, end, limit, 0)) return false;
    innermost.remaining -= 1;
  }
}

/** Takes the head of the value that begins `before` bytes ahead; `false` if it has not arrived, and then nothing is taken. */
function enter(scan: Scan, type: number, bytes: Buffer, end: number, limit: number, before: number): boolean {
  const at = scan.at + before;
  const size = fixedSizes[type] ?? 0;
  if (size > 0) {
    scan.at = at;
    pass(scan, size, limit, type);
    return true;
  }
  switch (type) {
    case WireType.struct:
      scan.at = at;
      descend(scan, { first: type, second: type, remaining: struct });
      return true;
    case WireType.string: {
      if (at + 4 > end) return false;
      const length = bytes.readInt32BE(at);
      if (length < 0) throw corruptAt(at, `a text of ${length} bytes`);
      scan.at = at + 4;
      pass(scan, length, limit, type);
      return true;
    }
    case WireType.list:
    case WireType.set: {
      if (at + 5 > end) return false;
      const element = bytes[at] ?? 0;
      const count = checkedCount(bytes.readInt32BE(at + 1), at, limit - at - 5, element);
      scan.at = at + 5;
      descend(scan, { first: element, second: element, remaining: count });
      return true;
    }
    case WireType.map: {
      if (at + 6 > end) return false;
      const key = bytes[at] ?? 0;
      const value = bytes[at + 1] ?? 0;
      const count = checkedCount(bytes.readInt32BE(at + 2), at, limit - at - 6, key, value);
      scan.at = at + 6;
      descend(scan, { first: key, second: value, remaining: 2 * count });
      return true;
    }
    default:
      throw corruptAt(scan.at, `${wireTypeName(type)}, where the type of a value was expected`);
  }
}

function pass(scan: Scan, size: number, limit: number, type: number): void {
  if (size > limit - scan.at) {
    throw corruptAt(scan.at, `${wireTypeName(type)} of ${size} bytes, where at most ${limit - scan.at} are left`);
  }
  scan.at += size;
}

function descend({ at, open }: Scan, inside: Open): void {
  if (open.length > depthMax) throw corruptAt(at, `more than ${depthMax} values within each other`);
  open.push(inside);
}

/**
 * The number of elements that a list, set or map at `at` says it has, if so many fit into the `left` bytes behind its head. Of an
 * empty one the types say nothing.
 */
export function checkedCount(count: number, at: number, left: number, first: number, second?: number): number {
  if (count === 0) return 0;
  const firstSize = leastSizes[first] ?? 0;
  const secondSize = second === undefined ? 1 : (leastSizes[second] ?? 0);
  if (firstSize === 0 || secondSize === 0) {
    const wrong = firstSize === 0 ? first : (second ?? 0);
    throw corruptAt(at, `elements of ${wireTypeName(wrong)}, where the type of a value was expected`);
  }
  const least = firstSize + (second === undefined ? 0 : secondSize);
  if (count < 0 || count * least > left) throw corruptAt(at, `${count} elements, where at most ${left} bytes are left`);
  return count;
}
