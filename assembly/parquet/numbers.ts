/** Numbers of a column: their dictionary, as `src/parquet/number-dictionary.ts` decides about it, limits and bytes. */
import { allocate, release } from "./memory";
import { DISTINCT_SHARE_MAX, ENTRIES_MAX, FIRST_SLOTS, FEW_VALUES, SHARE_FROM, SLOTS_FACTOR } from "../../src/parquet/number-limits";

/** The last dictionary: the distinct values by entry, and by value its entry. */
export let distinct: usize = 0;
export let indices: usize = 0;

/** By slot the entry plus one, 0 if it is free. */
let slots: usize = 0;
let slotCount: u32 = 0;
let indexBytes: usize = 0;

/** Gives back what the last dictionary took. */
export function releaseDictionary(): void {
  if (slots === 0) return;
  release(indices, indexBytes);
  releaseTable();
}

/** Half of the slots may be taken, and the entry that makes it more is written too. */
@inline
function distinctBytes(): usize {
  return (<usize>slotCount + 2) << 2;
}

function releaseTable(): void {
  release(distinct, distinctBytes());
  release(slots, (<usize>slotCount) << 2);
  slots = 0;
}

function newTable(size: u32): void {
  slotCount = size;
  const bytes = (<usize>size) << 2;
  slots = allocate(bytes);
  memory.fill(slots, 0, bytes);
  distinct = allocate(distinctBytes());
}

/** Answers how many distinct values there are, or 0 where plain values are smaller. */
export function makeDictionary(values: usize, count: u32): u32 {
  releaseDictionary();
  if (count < <u32>FEW_VALUES) return 0;
  newTable(FIRST_SLOTS);
  indexBytes = (<usize>count) << 2;
  indices = allocate(indexBytes);
  let entries: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<u64>(values + ((<usize>i) << 3));
    const slot = findSlot(value);
    let entry = load<u32>(slot);
    if (entry === 0) {
      store<u64>(distinct + ((<usize>entries) << 3), value);
      entry = ++entries;
      store<u32>(slot, entry);
    }
    store<u32>(indices + ((<usize>i) << 2), entry - 1);
    if (entries * 2 <= slotCount) continue;
    const isTooMany = i + 1 > <u32>SHARE_FROM && <f64>entries > <f64>i * DISTINCT_SHARE_MAX;
    if (isTooMany || entries >= <u32>ENTRIES_MAX) return 0;
    enlarge(entries);
  }
  return count > 16 && <f64>entries > <f64>count * DISTINCT_SHARE_MAX ? 0 : entries;
}

/** The slot of the value, or the free one where it belongs. Equal means equal bits. */
@inline
function findSlot(value: u64): usize {
  const mask = slotCount - 1;
  let index = hashOf(value) & mask;
  let entry = load<u32>(slots + ((<usize>index) << 2));
  while (entry !== 0 && load<u64>(distinct + ((<usize>(entry - 1)) << 3)) !== value) {
    index = (index + 1) & mask;
    entry = load<u32>(slots + ((<usize>index) << 2));
  }
  return slots + ((<usize>index) << 2);
}

/** The upper bits of a product depend on all bits of the value; it need not be the reference's. */
@inline
function hashOf(value: u64): u32 {
  return <u32>((value * 0x9e3779b97f4a7c15) >> 40);
}

function enlarge(entries: u32): void {
  const old = distinct;
  const oldBytes = distinctBytes();
  release(slots, (<usize>slotCount) << 2);
  newTable(slotCount * SLOTS_FACTOR);
  memory.copy(distinct, old, (<usize>entries) << 3);
  release(old, oldBytes);
  const mask = slotCount - 1;
  for (let i: u32 = 0; i < entries; i++) {
    let index = hashOf(load<u64>(distinct + ((<usize>i) << 3))) & mask;
    while (load<u32>(slots + ((<usize>index) << 2)) !== 0) index = (index + 1) & mask;
    store<u32>(slots + ((<usize>index) << 2), i + 1);
  }
}

/** The limits of the last numbers. */
export let least: f64 = 0;
export let greatest: f64 = 0;

/** Finds the limits of at least one number. */
export function findRange(values: usize, count: u32): void {
  let low = load<f64>(values);
  let high = low;
  for (let at = values + 8, end = values + ((<usize>count) << 3); at < end; at += 8) {
    const value = load<f64>(at);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  least = low;
  greatest = high;
}

/** Writes numbers without a fraction as integers of 64 bits. */
export function encodeInt64s(values: usize, count: u32, out: usize): void {
  let target = out;
  for (let at = values, end = values + ((<usize>count) << 3); at < end; at += 8, target += 8) {
    store<i64>(target, <i64>load<f64>(at));
  }
}
