/**
 * The strings of one column, by the rules of `src/shred/string-column.ts`: what is written depends on when a dictionary is
 * given up and when pages are full, so that both decide alike at the same value.
 */
import { allocate, allocateZeroed, release, resize } from "./memory";
import { roomFor } from "./room";

const ENTRIES_MAX: u32 = 65536;
const DISTINCT_SHARE_MAX: f64 = 0.6;
const SHARE_FROM_COUNT: u32 = 256;
const LARGE_BYTES: usize = 1 << 20;
const LARGE_SHARE_MAX: f64 = 0.3;

const SEAL_SHIFT: usize = 17;
const SEAL_BYTES: usize = 1 << SEAL_SHIFT;
const PAGE_ARENA_BYTES: usize = SEAL_BYTES + (SEAL_BYTES >> 3);

const FIRST_ARENA_BYTES: usize = 256;
const SMALL_ARENA_BYTES: usize = 1 << 12;
const FIRST_SLOTS: u32 = 32;
const FIRST_ENTRIES: u32 = 16;
/** What copying by blocks may write behind a text. */
const SPILL: usize = 16;

/** The hash table has so many slots at first; it grows twofold when three quarters of them are taken. */
const FIRST_TABLE: u32 = 32;

/**
 * A slot of the hash table, with open addressing: all that is to be known before the texts are compared, since each access
 * elsewhere is a miss of the cache.
 */
@unmanaged
class Slot {
  hash: u32;
  /** The entry's number plus one; 0 if the slot is free. */
  entry: u32;
  /** Where the text's length stands in the arena. */
  offset: u32;
  length: u32;
}

@unmanaged
export class StringColumn {
  /** Texts in Parquet's PLAIN layout. */
  arena: usize;
  capacity: usize;
  used: usize;
  /** 1 once the dictionary was given up. */
  isPlain: u32;
  table: usize;
  tableSize: u32;
  /** The size that the table of the reference has, which decides when it is asked whether the dictionary pays. */
  slotCount: u32;
  entries: u32;
  /** By entry: where its length stands in the arena, and the first value that had it. */
  offsets: usize;
  firstValues: usize;
  entryCapacity: u32;
  /** By value behind the sealed ones: its entry in the dictionary or, without one, its offset in the arena. */
  refs: usize;
  refCapacity: u32;
  /** How many values the sealed pages have. */
  sealedCount: u32;
  /** Until it is certain that the line stays which gave the dictionary up: at how many values, and what was there before. */
  givenUpAt: u32;
  formerArena: usize;
  formerCapacity: usize;
  formerUsed: usize;
  formerRefs: usize;
  formerRefCapacity: u32;
  /** The number of the node, by which the other side knows it. */
  id: u32;
}

/** Columns whose dictionary was given up by a line that may still be rejected. */
let unsettled: usize = 0;
let unsettledCount: u32 = 0;
let unsettledCapacity: u32 = 0;

/** The nodes of columns, once for each page that this line completed in them. */
let full: usize = 0;
let fullCapacity: u32 = 0;
export let fullCount: u32 = 0;

export function fullPages(): usize {
  return full;
}

export function newStringColumn(id: u32): StringColumn {
  const column = changetype<StringColumn>(allocateZeroed(offsetof<StringColumn>()));
  column.id = id;
  start(column);
  return column;
}

function start(column: StringColumn): void {
  column.arena = allocate(FIRST_ARENA_BYTES);
  column.capacity = FIRST_ARENA_BYTES;
  column.used = 0;
  column.refs = allocate((<usize>FIRST_ENTRIES) << 2);
  column.refCapacity = FIRST_ENTRIES;
  column.sealedCount = 0;
  startDictionary(column);
}

function startDictionary(column: StringColumn): void {
  column.isPlain = 0;
  column.entries = 0;
  column.slotCount = FIRST_SLOTS;
  column.tableSize = FIRST_TABLE;
  column.table = allocateZeroed(<usize>FIRST_TABLE * offsetof<Slot>());
  column.entryCapacity = FIRST_ENTRIES;
  column.offsets = allocate((<usize>FIRST_ENTRIES) << 2);
  column.firstValues = allocate((<usize>FIRST_ENTRIES) << 2);
}

function releaseDictionary(column: StringColumn): void {
  release(column.table, <usize>column.tableSize * offsetof<Slot>());
  release(column.offsets, (<usize>column.entryCapacity) << 2);
  release(column.firstValues, (<usize>column.entryCapacity) << 2);
  column.table = 0;
}

/** Gives all memory but the record's own back. Nothing may be unsettled. */
function releaseStorage(column: StringColumn): void {
  release(column.arena, column.capacity);
  release(column.refs, (<usize>column.refCapacity) << 2);
  if (!column.isPlain) releaseDictionary(column);
}

export function releaseStrings(column: StringColumn): void {
  releaseStorage(column);
  release(changetype<usize>(column), offsetof<StringColumn>());
}

/** Starts over, with a dictionary again. */
export function restartStrings(column: StringColumn): void {
  releaseStorage(column);
  start(column);
}

/** To be called when a line is certain to stay or has been taken back. */
export function settleStrings(): void {
  for (let i: u32 = 0; i < unsettledCount; i++)
    settle(changetype<StringColumn>(load<usize>(unsettled + ((<usize>i) << 2))));
  unsettledCount = 0;
  fullCount = 0;
}

function settle(column: StringColumn): void {
  if (column.givenUpAt === 0) return;
  release(column.formerArena, column.formerCapacity);
  release(column.formerRefs, (<usize>column.formerRefCapacity) << 2);
  releaseDictionary(column);
  column.givenUpAt = 0;
}

/** Where a text of `length` bytes may be written, as the next of a column without a dictionary; see `appended`. */
@inline
export function roomForText(column: StringColumn, length: usize): usize {
  const wanted = column.used + length + 4 + SPILL;
  if (wanted > column.capacity) growArena(column, wanted);
  return column.arena + column.used + 4;
}

/** Notes that the text which was written to `roomForText` is value number `value`. */
@inline
export function appended(column: StringColumn, value: u32, length: usize): void {
  const place = value - column.sealedCount;
  if (place >= column.refCapacity) growRefs(column, place);
  const offset = column.used;
  store<u32>(column.arena + offset, <u32>length);
  store<u32>(column.refs + ((<usize>place) << 2), <u32>offset);
  const end = offset + 4 + length;
  column.used = end;
  if (offset >> SEAL_SHIFT !== end >> SEAL_SHIFT) notePages(column, offset);
}

/** Adds the bytes from `text` on as value number `value`, which must be one more than the last. Reads behind the text. */
export function addString(column: StringColumn, value: u32, text: usize, length: usize): void {
  if (column.isPlain) {
    copyBlocks(roomForText(column, length), text, length);
    appended(column, value, length);
    return;
  }
  if (value >= column.refCapacity) growRefs(column, value);
  const hash = hashOf(text, length);
  const mask = column.tableSize - 1;
  const table = column.table;
  let index = hash & mask;
  let slot = slotAt(table, index);
  while (slot.entry !== 0) {
    if (slot.hash === hash && slot.length === <u32>length && isSame(column.arena + slot.offset + 4, text, length)) {
      store<u32>(column.refs + ((<usize>value) << 2), slot.entry - 1);
      return;
    }
    index = (index + 1) & mask;
    slot = slotAt(table, index);
  }
  addEntryOfDictionary(column, slot, hash, value, text, length);
}

@inline
function slotAt(table: usize, index: u32): Slot {
  return changetype<Slot>(table + <usize>index * offsetof<Slot>());
}

function addEntryOfDictionary(
  column: StringColumn,
  slot: Slot,
  hash: u32,
  value: u32,
  text: usize,
  length: usize,
): void {
  const entry = column.entries++;
  if (entry === column.entryCapacity) growEntries(column);
  store<u32>(column.refs + ((<usize>value) << 2), entry);
  copyBlocks(roomForText(column, length), text, length);
  store<u32>(column.offsets + ((<usize>entry) << 2), <u32>column.used);
  store<u32>(column.firstValues + ((<usize>entry) << 2), value);
  store<u32>(column.arena + column.used, <u32>length);
  slot.hash = hash;
  slot.entry = entry + 1;
  slot.offset = <u32>column.used;
  slot.length = <u32>length;
  column.used += 4 + length;
  // Half of the reference's slots are taken.
  if (column.entries * 2 > column.slotCount) {
    if (doesNotPay(column, value + 1)) {
      giveUp(column, value + 1);
      return;
    }
    column.slotCount *= 4;
  }
  if (column.entries * 4 > column.tableSize * 3) rebuildTable(column, column.tableSize * 2);
}

function growEntries(column: StringColumn): void {
  const length = column.entryCapacity;
  const capacity = roomFor(length + 1, length);
  const bytes = (<usize>length) << 2;
  column.offsets = resize(column.offsets, bytes, bytes, (<usize>capacity) << 2);
  column.firstValues = resize(column.firstValues, bytes, bytes, (<usize>capacity) << 2);
  column.entryCapacity = capacity;
}

function growRefs(column: StringColumn, place: u32): void {
  const length = column.refCapacity;
  const capacity = roomFor(place + 1, length);
  const bytes = (<usize>length) << 2;
  column.refs = resize(column.refs, bytes, bytes, (<usize>capacity) << 2);
  column.refCapacity = capacity;
}

function growArena(column: StringColumn, wanted: usize): void {
  const length = column.capacity;
  const factor: usize = length < SMALL_ARENA_BYTES ? 4 : 2;
  const larger = length < PAGE_ARENA_BYTES ? min(length * factor, PAGE_ARENA_BYTES) : length + (length >> 2);
  const capacity = max(wanted, larger);
  column.arena = resize(column.arena, column.used, length, capacity);
  column.capacity = capacity;
}

function doesNotPay(column: StringColumn, count: u32): bool {
  if (column.entries >= ENTRIES_MAX) return true;
  const share = <f64>column.entries / <f64>count;
  if (count >= SHARE_FROM_COUNT && share > DISTINCT_SHARE_MAX) return true;
  return column.used > LARGE_BYTES && share > LARGE_SHARE_MAX;
}

/** Writes all values out, one after the other. The former state is kept until it is certain that the line stays. */
function giveUp(column: StringColumn, count: u32): void {
  const old = column.arena;
  const oldRefs = column.refs;
  const offsets = column.offsets;
  column.givenUpAt = count;
  column.formerArena = old;
  column.formerCapacity = column.capacity;
  column.formerUsed = column.used;
  column.formerRefs = oldRefs;
  column.formerRefCapacity = column.refCapacity;
  noteUnsettled(column);
  let bytes: usize = 0;
  for (let i: u32 = 0; i < count; i++) bytes += 4 + load<u32>(old + offsetOf(offsets, oldRefs, i));
  const capacity = bytes + (bytes >> 1) + 64;
  const arena = allocate(capacity);
  const refs = allocate((<usize>column.refCapacity) << 2);
  let used: usize = 0;
  for (let i: u32 = 0; i < count; i++) {
    const text = old + offsetOf(offsets, oldRefs, i);
    const length = 4 + load<u32>(text);
    store<u32>(refs + ((<usize>i) << 2), <u32>used);
    copyBlocks(arena + used, text, length);
    used += length;
  }
  column.arena = arena;
  column.capacity = capacity;
  column.used = used;
  column.refs = refs;
  column.isPlain = 1;
  notePages(column, 0);
}

@inline
function offsetOf(offsets: usize, refs: usize, value: u32): u32 {
  return load<u32>(offsets + ((<usize>load<u32>(refs + ((<usize>value) << 2))) << 2));
}

function noteUnsettled(column: StringColumn): void {
  if (unsettledCount === unsettledCapacity) {
    const capacity = max<u32>(16, unsettledCapacity * 2);
    const bytes = (<usize>unsettledCapacity) << 2;
    unsettled = resize(unsettled, bytes, bytes, (<usize>capacity) << 2);
    unsettledCapacity = capacity;
  }
  store<usize>(unsettled + (<usize>(unsettledCount++) << 2), changetype<usize>(column));
}

/** Notes the pages that were completed since the arena held `before` bytes. */
function notePages(column: StringColumn, before: usize): void {
  const pages = column.used >> SEAL_SHIFT;
  for (let page = before >> SEAL_SHIFT; page < pages; page++) {
    if (fullCount === fullCapacity) {
      const capacity = max<u32>(16, fullCapacity * 2);
      const bytes = (<usize>fullCapacity) << 2;
      full = resize(full, bytes, bytes, (<usize>capacity) << 2);
      fullCapacity = capacity;
    }
    store<u32>(full + (<usize>(fullCount++) << 2), column.id);
  }
}

/** Puts the dictionary's entries into a table of the given size, without those that were forgotten. */
function rebuildTable(column: StringColumn, tableSize: u32): void {
  const old = column.table;
  const oldSize = column.tableSize;
  const table = allocateZeroed(<usize>tableSize * offsetof<Slot>());
  const mask = tableSize - 1;
  const entries = column.entries;
  for (let i: u32 = 0; i < oldSize; i++) {
    const slot = slotAt(old, i);
    if (slot.entry === 0 || slot.entry > entries) continue;
    let index = slot.hash & mask;
    while (slotAt(table, index).entry !== 0) index = (index + 1) & mask;
    v128.store(changetype<usize>(slotAt(table, index)), v128.load(changetype<usize>(slot)));
  }
  release(old, <usize>oldSize * offsetof<Slot>());
  column.table = table;
  column.tableSize = tableSize;
}

/** Forgets all values from number `keep` on, as if they had never been added. `count` is how many there are. */
export function truncateStrings(column: StringColumn, keep: u32, count: u32): void {
  if (keep >= count) return;
  if (column.givenUpAt !== 0 && keep < column.givenUpAt) restoreDictionary(column);
  if (column.isPlain) {
    const place = keep - column.sealedCount;
    column.used = load<u32>(column.refs + ((<usize>place) << 2));
    return;
  }
  let entries = column.entries;
  // Entries are numbered in order of first use, so the ones to forget are the last.
  while (entries > 0 && load<u32>(column.firstValues + ((<usize>(entries - 1)) << 2)) >= keep) entries--;
  if (entries === column.entries) return;
  column.used = load<u32>(column.offsets + ((<usize>entries) << 2));
  column.entries = entries;
  let slotCount = FIRST_SLOTS;
  while (entries * 2 > slotCount) slotCount *= 4;
  column.slotCount = slotCount;
  rebuildTable(column, column.tableSize);
}

function restoreDictionary(column: StringColumn): void {
  release(column.arena, column.capacity);
  release(column.refs, (<usize>column.refCapacity) << 2);
  column.arena = column.formerArena;
  column.capacity = column.formerCapacity;
  column.used = column.formerUsed;
  column.refs = column.formerRefs;
  column.refCapacity = column.formerRefCapacity;
  column.isPlain = 0;
  column.givenUpAt = 0;
}

/** The texts in the arena were sealed: `count` values. */
export function sealedStrings(column: StringColumn, count: u32): void {
  settle(column);
  column.sealedCount += count;
  column.used = 0;
}

/** Copies by blocks of 16 bytes, of which the last may reach behind both texts. */
@inline
function copyBlocks(to: usize, from: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}

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

/** Two words at a time, of which neither waits for the other. */
@inline
function hashOf(text: usize, length: usize): u32 {
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
