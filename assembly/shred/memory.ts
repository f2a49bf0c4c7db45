/**
 * Memory by size. Small blocks come in sizes of which each power of two has four and go back to a list of their size; large
 * ones are runs of pages. Whoever holds a block remembers its size.
 */
import { extendPages, inPages, releasePages, takePages } from "./pages";

/** From this size on a block is made of pages: lists of larger blocks hold memory that other sizes wait for. */
const LARGE: usize = 1 << 13;
/** Small blocks are cut from pieces of this size. */
const PIECE: usize = 1 << 16;

/** The first free block of each small size. */
const freeSmall = memory.data(64 * sizeof<usize>(), 16);
// The memory may have been another instance's: nothing in it is known to be 0.
memory.fill(freeSmall, 0, 64 * sizeof<usize>());
let pieceAt: usize = 0;
let pieceEnd: usize = 0;

/** A block of `size` bytes, with anything in them. */
export function allocate(size: usize): usize {
  if (size >= LARGE) return takePages(inPages(size));
  const list = listOf(size);
  const block = load<usize>(list);
  if (block !== 0) {
    store<usize>(list, load<usize>(block));
    return block;
  }
  const rounded = inClass(size);
  if (pieceAt + rounded > pieceEnd) {
    pieceAt = takePages(PIECE);
    pieceEnd = pieceAt + PIECE;
  }
  const fresh = pieceAt;
  pieceAt += rounded;
  return fresh;
}

/** A block of `size` bytes that are 0. */
export function allocateZeroed(size: usize): usize {
  const block = allocate(size);
  memory.fill(block, 0, size);
  return block;
}

/** Gives back a block of `size` bytes; 0 is none. */
export function release(block: usize, size: usize): void {
  if (block === 0) return;
  if (size >= LARGE) {
    releasePages(block, inPages(size));
    return;
  }
  const list = listOf(size);
  store<usize>(block, load<usize>(list));
  store<usize>(list, block);
}

/** Makes a block of `size` bytes larger, moving its first `used` bytes if it cannot stay where it is. */
export function resize(block: usize, used: usize, size: usize, wanted: usize): usize {
  if (size >= LARGE) {
    const pages = inPages(size);
    const missing = inPages(wanted) - pages;
    if (missing === 0 || extendPages(block + pages, missing)) return block;
  }
  const larger = allocate(wanted);
  memory.copy(larger, block, used);
  release(block, size);
  return larger;
}

/** Gives back what a block of `size` bytes has behind its first `kept`, which may not be fewer than a large block has. */
export function shrink(block: usize, size: usize, kept: usize): void {
  const pages = inPages(kept);
  if (pages < inPages(size)) releasePages(block + pages, inPages(size) - pages);
}

/** Sizes up to 64 in steps of 16, then four to each power of two. */
function inClass(size: usize): usize {
  if (size <= 64) return size === 0 ? 16 : (size + 15) & ~15;
  const shift = 29 - clz(<u32>(size - 1));
  return (((size - 1) >> shift) + 1) << shift;
}

function listOf(size: usize): usize {
  if (size <= 64) return freeSmall + (inClass(size) >> 4) * sizeof<usize>();
  const shift = 29 - clz(<u32>(size - 1));
  // The shift is at least 4, and the quotient from 4 to 7.
  const index = 5 + ((shift - 4) << 2) + (<u32>((size - 1) >> shift) - 4);
  return freeSmall + index * sizeof<usize>();
}
