/**
 * The different texts of a column, with a hash table by which they are found. When it is asked whether they pay, and what the
 * answer is, decides what is written, so that both are as in `src/shred/string-column.ts`; the table itself need not be.
 */
import { Arena, copyBlocks, endText, LENGTH_BYTES, releaseArena, roomForText, startArena } from "./arena";
import { allocate, allocateZeroed, release, resize } from "./memory";
import { roomFor } from "./room";
import {
  DISTINCT_SHARE_MAX,
  ENTRIES_MAX,
  FIRST_SLOTS,
  LARGE_BYTES,
  LARGE_SHARE_MAX,
  SHARE_FROM_COUNT,
  SLOTS_FACTOR,
} from "../../src/shred/string-limits";

const FIRST_ENTRIES: u32 = 16;
/** So many slots ours has at first; it grows twofold when three quarters of them are taken. */
const FIRST_TABLE: u32 = 32;

/**
 * A slot of the hash table, with open addressing: all that is to be known before the texts are compared, since each access
 * elsewhere is a miss of the cache.
 */
@unmanaged
export class Slot {
  hash: u32;
  /** The entry's number plus one; 0 if the slot is free. */
  entry: u32;
  /** Where the text's length stands in the arena. */
  offset: u32;
  length: u32;
}

/** The arena holds each text once, in the order of their first values. */
@unmanaged
export class Dictionary extends Arena {
  table: usize;
  tableSize: u32;
  /** The size that the table of the reference has, which decides when it is asked whether the dictionary pays. */
  slotCount: u32;
  entries: u32;
  /** By entry: where its length stands in the arena, and the first value that had it. */
  offsets: usize;
  firstValues: usize;
  entryCapacity: u32;
}

/** Gives a record without memory an empty dictionary. */
export function startDictionary(dictionary: Dictionary): void {
  startArena(dictionary);
  dictionary.entries = 0;
  dictionary.slotCount = FIRST_SLOTS;
  dictionary.tableSize = FIRST_TABLE;
  dictionary.table = allocateZeroed(<usize>FIRST_TABLE * offsetof<Slot>());
  dictionary.entryCapacity = FIRST_ENTRIES;
  dictionary.offsets = allocate((<usize>FIRST_ENTRIES) << 2);
  dictionary.firstValues = allocate((<usize>FIRST_ENTRIES) << 2);
}

/** Gives all memory back but that of the texts. */
export function releaseIndex(dictionary: Dictionary): void {
  release(dictionary.table, <usize>dictionary.tableSize * offsetof<Slot>());
  release(dictionary.offsets, (<usize>dictionary.entryCapacity) << 2);
  release(dictionary.firstValues, (<usize>dictionary.entryCapacity) << 2);
  dictionary.table = 0;
}

/** Gives all memory back. */
export function releaseDictionary(dictionary: Dictionary): void {
  releaseArena(dictionary);
  releaseIndex(dictionary);
}

/** The slot of the text, or the free one where it belongs. */
@inline
export function findSlot(dictionary: Dictionary, hash: u32, text: usize, length: usize): Slot {
  const mask = dictionary.tableSize - 1;
  const table = dictionary.table;
  let index = hash & mask;
  let slot = slotAt(table, index);
  while (slot.entry !== 0 && !isText(dictionary, slot, hash, text, length)) {
    index = (index + 1) & mask;
    slot = slotAt(table, index);
  }
  return slot;
}

@inline
function isText(dictionary: Dictionary, slot: Slot, hash: u32, text: usize, length: usize): bool {
  return (
    slot.hash === hash &&
    slot.length === <u32>length &&
    isSame(dictionary.arena + slot.offset + LENGTH_BYTES, text, length)
  );
}

@inline
function slotAt(table: usize, index: u32): Slot {
  return changetype<Slot>(table + <usize>index * offsetof<Slot>());
}

/** Adds a text that value number `value` is the first to have, in the slot that `findSlot` answered. */
export function addNew(dictionary: Dictionary, slot: Slot, hash: u32, value: u32, text: usize, length: usize): void {
  const entry = dictionary.entries++;
  if (entry === dictionary.entryCapacity) growEntries(dictionary);
  copyBlocks(roomForText(dictionary, length), text, length);
  const offset = <u32>dictionary.used;
  store<u32>(dictionary.offsets + ((<usize>entry) << 2), offset);
  store<u32>(dictionary.firstValues + ((<usize>entry) << 2), value);
  endText(dictionary, length);
  slot.hash = hash;
  slot.entry = entry + 1;
  slot.offset = offset;
  slot.length = <u32>length;
}

/** Whether half of the reference's slots are taken, which is when it asks `doesNotPay`. */
@inline
export function isDue(dictionary: Dictionary): bool {
  return dictionary.entries * 2 > dictionary.slotCount;
}

/** Whether texts one after the other are better. `count` is how many values there are. */
export function doesNotPay(dictionary: Dictionary, count: u32): bool {
  if (dictionary.entries >= <u32>ENTRIES_MAX) return true;
  const share = <f64>dictionary.entries / <f64>count;
  if (count >= <u32>SHARE_FROM_COUNT && share > DISTINCT_SHARE_MAX) return true;
  return dictionary.used > <usize>LARGE_BYTES && share > LARGE_SHARE_MAX;
}

function growEntries(dictionary: Dictionary): void {
  const length = dictionary.entryCapacity;
  const capacity = roomFor(length + 1, length);
  const bytes = (<usize>length) << 2;
  dictionary.offsets = resize(dictionary.offsets, bytes, bytes, (<usize>capacity) << 2);
  dictionary.firstValues = resize(dictionary.firstValues, bytes, bytes, (<usize>capacity) << 2);
  dictionary.entryCapacity = capacity;
}

/** Makes the table larger before it is crowded. */
@inline
export function keepRoom(dictionary: Dictionary): void {
  if (dictionary.entries * 4 > dictionary.tableSize * 3) rebuildTable(dictionary, dictionary.tableSize * 2);
}

/** Puts the entries into a table of the given size. */
function rebuildTable(dictionary: Dictionary, tableSize: u32): void {
  const old = dictionary.table;
  const oldSize = dictionary.tableSize;
  const table = allocateZeroed(<usize>tableSize * offsetof<Slot>());
  const mask = tableSize - 1;
  for (let i: u32 = 0; i < oldSize; i++) {
    const slot = slotAt(old, i);
    if (slot.entry === 0) continue;
    let index = slot.hash & mask;
    while (slotAt(table, index).entry !== 0) index = (index + 1) & mask;
    v128.store(changetype<usize>(slotAt(table, index)), v128.load(changetype<usize>(slot)));
  }
  release(old, <usize>oldSize * offsetof<Slot>());
  dictionary.table = table;
  dictionary.tableSize = tableSize;
}

/** Forgets the texts that only values from number `keep` on had. */
export function truncateDictionary(dictionary: Dictionary, keep: u32): void {
  let entries = dictionary.entries;
  // Entries are numbered in order of first use, so the ones to forget are the last.
  while (entries > 0 && load<u32>(dictionary.firstValues + ((<usize>(entries - 1)) << 2)) >= keep) entries--;
  if (entries === dictionary.entries) return;
  for (let entry = entries; entry < dictionary.entries; entry++) removeEntry(dictionary, entry);
  dictionary.used = load<u32>(dictionary.offsets + ((<usize>entries) << 2));
  dictionary.entries = entries;
  let slotCount: u32 = FIRST_SLOTS;
  while (entries * 2 > slotCount) slotCount *= SLOTS_FACTOR;
  dictionary.slotCount = slotCount;
}

/** Takes an entry out of the table. */
function removeEntry(dictionary: Dictionary, entry: u32): void {
  const text = dictionary.arena + load<u32>(dictionary.offsets + ((<usize>entry) << 2));
  const mask = dictionary.tableSize - 1;
  let index = hashOf(text + LENGTH_BYTES, load<u32>(text)) & mask;
  while (slotAt(dictionary.table, index).entry !== entry + 1) index = (index + 1) & mask;
  emptySlot(dictionary.table, mask, index);
}

/** Empties a slot; what was put behind it because it was taken moves up (see `emptySlot` of the reference). */
function emptySlot(table: usize, mask: u32, index: u32): void {
  let gap = index;
  for (let at = (gap + 1) & mask; slotAt(table, at).entry !== 0; at = (at + 1) & mask) {
    const home = slotAt(table, at).hash & mask;
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    v128.store(changetype<usize>(slotAt(table, gap)), v128.load(changetype<usize>(slotAt(table, at))));
    gap = at;
  }
  slotAt(table, gap).entry = 0;
}

/** Eight bytes at a time, of which the last may reach behind both texts. */
@inline
function isSame(left: usize, right: usize, length: usize): bool {
  let i: usize = 0;
  for (; i + 8 <= length; i += 8) if (load<u64>(left + i) !== load<u64>(right + i)) return false;
  const rest = length - i;
  return rest === 0 || (load<u64>(left + i) ^ load<u64>(right + i)) << (64 - ((<u64>rest) << 3)) === 0;
}

// Constants of 64 bits in two halves: the large odd number near 2^64 divided by the golden ratio, a prime, and the multiplier
// of MurmurHash 3's finalizer.
const SPREAD: u64 = ((<u64>0x9e3779b9) << 32) | 0x7f4a7c15;
const SEED: u64 = ((<u64>0xc2b2ae3d) << 32) | 0x27d4eb4f;
const MIX: u64 = ((<u64>0xff51afd7) << 32) | 0xed558ccd;

/** Two words at a time, of which neither waits for the other. Reads up to seven bytes behind the text. */
@inline
export function hashOf(text: usize, length: usize): u32 {
  let left: u64 = <u64>length * SPREAD;
  let right: u64 = SEED;
  let i: usize = 0;
  for (; i + 16 <= length; i += 16) {
    left = mixed(left, load<u64>(text + i));
    right = mixed(right, load<u64>(text + i, 8));
  }
  let rest = length - i;
  if (rest >= 8) {
    left = mixed(left, load<u64>(text + i));
    rest -= 8;
    i += 8;
  }
  if (rest !== 0) right = mixed(right, load<u64>(text + i) << (64 - ((<u64>rest) << 3)));
  const hash = mixed(left, right);
  return <u32>(hash ^ (hash >> 29));
}

/** A multiplication spreads every bit upwards, the shift back down. */
@inline
function mixed(hash: u64, word: u64): u64 {
  const product = (hash ^ word) * MIX;
  return product ^ (product >> 32);
}
