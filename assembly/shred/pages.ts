/**
 * Runs of pages. A run that is given back grows together with its neighbours, and the lowest one with enough room is taken
 * first, since what was touched once stays with the process: the memory grows only where nothing else fits.
 */
const PAGE: usize = 1 << 12;
/** The module's memory grows by at least so much; what is never touched takes no room. */
const GROWTH: usize = 1 << 24;
const WASM_PAGE_BITS = 16;

/** A free run, in a list of its own: to look through the runs themselves would touch a page for each. */
@unmanaged
class Run {
  start: usize;
  size: usize;
}

const FIRST_RUNS: u32 = 512;

/** The free runs by address, of which no two touch and none ends at the top. */
let runs: usize = 0;
let runCount: u32 = 0;
let runCapacity: u32 = 0;

/** Where memory begins that was never given out, or was given back. */
let top: usize = inPages(__heap_base);

/** A number of bytes in whole pages. */
@inline
export function inPages(size: usize): usize {
  return (size + PAGE - 1) & ~(PAGE - 1);
}

/** Answers a run of `size` bytes, which are whole pages. */
export function takePages(size: usize): usize {
  for (let i: u32 = 0; i < runCount; i++) {
    const run = runAt(i);
    if (run.size < size) continue;
    const block = run.start;
    takeFront(i, size);
    return block;
  }
  const block = top;
  raiseTop(size);
  return block;
}

/** Gives a run back that was taken, or a part of one. */
export function releasePages(block: usize, size: usize): void {
  let index = firstFrom(block);
  let start = block;
  let end = block + size;
  if (index < runCount && runAt(index).start === end) {
    end += runAt(index).size;
    removeRun(index);
  }
  if (index > 0 && runAt(index - 1).start + runAt(index - 1).size === start) {
    start = runAt(--index).start;
    removeRun(index);
  }
  if (end === top) top = start;
  else insertRun(index, start, end - start);
}

/** Adds the `missing` bytes behind the end of a run to it, if they are free. */
export function extendPages(end: usize, missing: usize): bool {
  if (end === top) {
    raiseTop(missing);
    return true;
  }
  const index = firstFrom(end);
  if (index === runCount || runAt(index).start !== end || runAt(index).size < missing) return false;
  takeFront(index, missing);
  return true;
}

@inline
function runAt(index: u32): Run {
  return changetype<Run>(runs + <usize>index * offsetof<Run>());
}

/** The first run that does not begin before `address`. */
function firstFrom(address: usize): u32 {
  let low: u32 = 0;
  let high = runCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runAt(middle).start < address) low = middle + 1;
    else high = middle;
  }
  return low;
}

function takeFront(index: u32, size: usize): void {
  const run = runAt(index);
  if (run.size === size) {
    removeRun(index);
    return;
  }
  run.start += size;
  run.size -= size;
}

function removeRun(index: u32): void {
  moveRuns(index + 1, index);
  runCount--;
}

function insertRun(index: u32, start: usize, size: usize): void {
  if (runCount === runCapacity) {
    enlargeRuns();
    // The former list may have become a run that this one touches.
    releasePages(start, size);
    return;
  }
  moveRuns(index, index + 1);
  runCount++;
  const run = runAt(index);
  run.start = start;
  run.size = size;
}

/** Moves the runs from number `from` on, so that they begin at number `to`. */
function moveRuns(from: u32, to: u32): void {
  memory.copy(changetype<usize>(runAt(to)), changetype<usize>(runAt(from)), <usize>(runCount - from) * offsetof<Run>());
}

/** The list moves to the top, of which nothing is taken while it is changed. */
function enlargeRuns(): void {
  const old = runs;
  const oldBytes = <usize>runCapacity * offsetof<Run>();
  const capacity = max(FIRST_RUNS, runCapacity * 2);
  const larger = top;
  raiseTop(<usize>capacity * offsetof<Run>());
  memory.copy(larger, old, oldBytes);
  runs = larger;
  runCapacity = capacity;
  if (old !== 0) releasePages(old, oldBytes);
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
