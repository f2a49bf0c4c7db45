/**
 * Memory by size. Small blocks come in sizes of which each power of two has four and go back to a list of their size; large
 * ones are cut from runs of pages and grow together again with their neighbours when they are given back, since the arenas of
 * columns grow by little and often. Whoever holds a block remembers its size.
 */

const PAGE: usize = 1 << 12;
/** From this size on a block is made of pages. */
const LARGE: usize = 1 << 14;
/** Small blocks are cut from pieces of this size. */
const PIECE: usize = 1 << 16;
/** The module's memory grows by at least so much; what is never touched takes no room. */
const GROWTH: usize = 1 << 24;
const WASM_PAGE_BITS = 16;

/** The first free block of each small size. */
const freeSmall = memory.data(64 * sizeof<usize>(), 16);
let pieceAt: usize = 0;
let pieceEnd: usize = 0;

/** Free runs of pages in the order of their addresses: each begins with its size and the address of the next. */
let freeLarge: usize = 0;
let top: usize = (__heap_base + PAGE - 1) & ~(PAGE - 1);

export function allocate(size: usize): usize {
  if (size >= LARGE) return allocatePages(inPages(size));
  const list = listOf(size);
  const block = load<usize>(list);
  if (block !== 0) {
    store<usize>(list, load<usize>(block));
    return block;
  }
  const rounded = inClass(size);
  if (pieceAt + rounded > pieceEnd) {
    pieceAt = allocatePages(PIECE);
    pieceEnd = pieceAt + PIECE;
  }
  const fresh = pieceAt;
  pieceAt += rounded;
  return fresh;
}

export function allocateZeroed(size: usize): usize {
  const block = allocate(size);
  memory.fill(block, 0, size);
  return block;
}

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
  if (size >= LARGE && growInPlace(block, inPages(size), inPages(wanted))) return block;
  const larger = allocate(wanted);
  memory.copy(larger, block, used);
  release(block, size);
  return larger;
}

@inline
function inPages(size: usize): usize {
  return (size + PAGE - 1) & ~(PAGE - 1);
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

function allocatePages(size: usize): usize {
  let before: usize = 0;
  let block = freeLarge;
  while (block !== 0) {
    const room = load<usize>(block);
    const next = load<usize>(block, 4);
    if (room >= size) {
      link(before, room > size ? freeRun(block + size, room - size, next) : next);
      return block;
    }
    before = block;
    block = next;
  }
  const fresh = top;
  raiseTop(size);
  return fresh;
}

function raiseTop(size: usize): void {
  const end = top + size;
  if (end < top) unreachable();
  const limit = (<usize>memory.size()) << WASM_PAGE_BITS;
  if (end > limit) {
    const missing = end - limit;
    const pages = <i32>((max(missing, GROWTH) + 0xffff) >> WASM_PAGE_BITS);
    if (memory.grow(pages) < 0 && memory.grow(<i32>((missing + 0xffff) >> WASM_PAGE_BITS)) < 0) unreachable();
  }
  top = end;
}

function freeRun(block: usize, size: usize, next: usize): usize {
  store<usize>(block, size);
  store<usize>(block, next, 4);
  return block;
}

@inline
function link(before: usize, next: usize): void {
  if (before === 0) freeLarge = next;
  else store<usize>(before, next, 4);
}

function releasePages(block: usize, size: usize): void {
  let before: usize = 0;
  let next = freeLarge;
  while (next !== 0 && next < block) {
    before = next;
    next = load<usize>(next, 4);
  }
  let run = size;
  if (next !== 0 && block + size === next) {
    run += load<usize>(next);
    next = load<usize>(next, 4);
  }
  if (before !== 0 && before + load<usize>(before) === block) freeRun(before, load<usize>(before) + run, next);
  else link(before, freeRun(block, run, next));
}

/** Whether the pages behind the block were free and are now part of it. */
function growInPlace(block: usize, size: usize, wanted: usize): bool {
  if (wanted <= size) return true;
  const end = block + size;
  const missing = wanted - size;
  if (end === top) {
    raiseTop(missing);
    return true;
  }
  let before: usize = 0;
  let next = freeLarge;
  while (next !== 0 && next < end) {
    before = next;
    next = load<usize>(next, 4);
  }
  if (next !== end) return false;
  const room = load<usize>(next);
  const after = load<usize>(next, 4);
  if (room < missing) return false;
  link(before, room > missing ? freeRun(end + missing, room - missing, after) : after);
  return true;
}
