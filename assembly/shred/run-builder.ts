/** Runs of equal levels while they are made: pairs of a level and how often it repeats, 32 bits each. */
import { allocate, release, resize, shrink } from "./memory";

/** As many pairs as most columns have. */
const FIRST_BYTES: usize = 256;
const PAIR_BYTES: usize = 8;
/** See `shrink`. */
const SHRUNK_BYTES_MIN: usize = 1 << 13;

/** Neighbours differ in level. */
@unmanaged
export class RunBuilder {
  pairs: usize;
  bytes: usize;
  used: usize;
  /** The sum of all repeats. */
  entries: u32;
}

/** A builder to be used again and again. */
export function newRunBuilder(): RunBuilder {
  return changetype<RunBuilder>(allocate(offsetof<RunBuilder>()));
}

/** Begins new runs. */
export function beginRuns(runs: RunBuilder): void {
  runs.pairs = allocate(FIRST_BYTES);
  runs.bytes = FIRST_BYTES;
  runs.used = 0;
  runs.entries = 0;
}

/** Appends `count` times the level. */
@inline
export function addRun(runs: RunBuilder, level: u32, count: u32): void {
  if (count === 0) return;
  runs.entries += count;
  const end = runs.pairs + runs.used;
  if (runs.used !== 0 && load<u32>(end - PAIR_BYTES) === level) {
    store<u32>(end - 4, load<u32>(end - 4) + count);
    return;
  }
  appendPair(runs, level, count);
}

function appendPair(runs: RunBuilder, level: u32, count: u32): void {
  if (runs.used === runs.bytes) {
    const bytes = runs.bytes * 4;
    runs.pairs = resize(runs.pairs, runs.used, runs.bytes, bytes);
    runs.bytes = bytes;
  }
  store<u32>(runs.pairs + runs.used, level);
  store<u32>(runs.pairs + runs.used, count, 4);
  runs.used += PAIR_BYTES;
}

/** Ends the runs: answers them in a block of `used` bytes. */
export function finishRuns(runs: RunBuilder): usize {
  const pairs = runs.pairs;
  if (runs.used >= SHRUNK_BYTES_MIN) {
    shrink(pairs, runs.bytes, runs.used);
    return pairs;
  }
  const block = allocate(runs.used);
  memory.copy(block, pairs, runs.used);
  release(pairs, runs.bytes);
  return block;
}
