/**
 * The strings of one column, by the rules of `src/shred/string-column.ts`: what is written depends on when a dictionary is
 * given up and when pages are full, so that both decide alike at the same value.
 */
import { copyBlocks, emptyArena, endText, LENGTH_BYTES, releaseArena, roomForText, startArenaOf } from "./arena";
import {
  addNew,
  Dictionary,
  doesNotPay,
  findSlot,
  hashOf,
  isDue,
  keepRoom,
  releaseDictionary,
  releaseIndex,
  startDictionary,
  truncateDictionary,
} from "./dictionary";
import { allocate, allocateZeroed, release, resize, shrink } from "./memory";
import { roomFor } from "./room";
import { SEAL_SHIFT, SLOTS_FACTOR } from "../../src/shred/string-limits";

const FIRST_REFS: u32 = 16;
/** So many remain when what they told of was sealed. */
const KEPT_REFS: u32 = 8192;

/** Once the dictionary was given up, the arena holds every text, and of the rest nothing counts. */
@unmanaged
export class StringColumn extends Dictionary {
  /** 1 once the dictionary was given up. */
  isPlain: u32;
  /** By value behind the sealed ones: its entry in the dictionary or, without one, its offset in the arena. */
  refs: usize;
  refCapacity: u32;
  /** How many values the sealed pages have. */
  sealedCount: u32;
  /** How many values there are, as long as there is a dictionary. */
  count: u32;
  /** How many there were when the dictionary turned out not to pay, in the line that is being read; otherwise 0. */
  unpaidAt: u32;
  /** The number of the node, by which the other side knows it. */
  id: u32;
}

/**
 * Columns whose dictionary does not pay, by a line that may still be rejected: it ends with the line, since to write all
 * values out and to take that back would make a long column pay for each rejected line.
 */
let unpaid: usize = 0;
let unpaidCount: u32 = 0;
let unpaidCapacity: u32 = 0;

/** The nodes of columns, once for each page that this line completed in them. */
let full: usize = 0;
let fullCapacity: u32 = 0;
/** How many there are. */
export let fullCount: u32 = 0;

/** Where the numbers of those nodes stand, of 32 bits each. */
export function fullPages(): usize {
  return full;
}

/** An empty column of the node with the number `id`. */
export function newStringColumn(id: u32): StringColumn {
  const column = changetype<StringColumn>(allocateZeroed(offsetof<StringColumn>()));
  column.id = id;
  start(column);
  return column;
}

function start(column: StringColumn): void {
  startDictionary(column);
  column.isPlain = 0;
  column.refs = allocate((<usize>FIRST_REFS) << 2);
  column.refCapacity = FIRST_REFS;
  column.sealedCount = 0;
  column.count = 0;
  column.unpaidAt = 0;
}

/** Gives all memory but the record's own back. */
function releaseStorage(column: StringColumn): void {
  release(column.refs, (<usize>column.refCapacity) << 2);
  if (column.isPlain) releaseArena(column);
  else releaseDictionary(column);
}

/** Gives the column's memory back. */
export function releaseStrings(column: StringColumn): void {
  releaseStorage(column);
  release(changetype<usize>(column), offsetof<StringColumn>());
}

/** Starts over, with a dictionary again. */
export function restartStrings(column: StringColumn): void {
  releaseStorage(column);
  start(column);
}

/** To be called before a line is read, whatever became of the one before it. */
@inline
export function beginStrings(): void {
  unpaidCount = 0;
  fullCount = 0;
}

/** To be called when a line is certain to stay: dictionaries end that it showed not to pay. */
@inline
export function keepStrings(): void {
  if (unpaidCount !== 0) giveUpUnpaid();
}

function giveUpUnpaid(): void {
  for (let i: u32 = 0; i < unpaidCount; i++) {
    const column = changetype<StringColumn>(load<usize>(unpaid + ((<usize>i) << 2)));
    if (column.unpaidAt !== 0) giveUp(column);
  }
  unpaidCount = 0;
}

/** Notes that the text which was written to `roomForText`, without a dictionary, is value number `value`. */
@inline
export function appended(column: StringColumn, value: u32, length: usize): void {
  const place = value - column.sealedCount;
  if (place >= column.refCapacity) growRefs(column, place);
  const offset = column.used;
  store<u32>(column.refs + ((<usize>place) << 2), <u32>offset);
  endText(column, length);
  if (offset >> SEAL_SHIFT !== column.used >> SEAL_SHIFT) notePages(column, offset);
}

/** Adds the bytes from `text` on as value number `value`, which must be one more than the last. Reads behind the text. */
export function addString(column: StringColumn, value: u32, text: usize, length: usize): void {
  if (column.isPlain) {
    copyBlocks(roomForText(column, length), text, length);
    appended(column, value, length);
    return;
  }
  if (value >= column.refCapacity) growRefs(column, value);
  column.count = value + 1;
  const hash = hashOf(text, length);
  const slot = findSlot(column, hash, text, length);
  if (slot.entry !== 0) {
    store<u32>(column.refs + ((<usize>value) << 2), slot.entry - 1);
    return;
  }
  store<u32>(column.refs + ((<usize>value) << 2), column.entries);
  addNew(column, slot, hash, value, text, length);
  if (isDue(column)) {
    if (column.unpaidAt === 0 && doesNotPay(column, value + 1)) {
      column.unpaidAt = value + 1;
      noteUnpaid(column);
    }
    column.slotCount *= SLOTS_FACTOR;
  }
  keepRoom(column);
}

function growRefs(column: StringColumn, place: u32): void {
  const length = column.refCapacity;
  const capacity = roomFor(place + 1, length);
  column.refs = enlarged(column.refs, length, capacity);
  column.refCapacity = capacity;
}

/** Writes all values out, one after the other, and lets the dictionary go. */
function giveUp(column: StringColumn): void {
  const old = column.arena;
  const capacity = column.capacity;
  const offsets = column.offsets;
  const refs = column.refs;
  const count = column.count;
  let bytes: usize = 0;
  for (let i: u32 = 0; i < count; i++) bytes += LENGTH_BYTES + load<u32>(old + offsetOf(offsets, refs, i));
  startArenaOf(column, bytes);
  const arena = column.arena;
  let used: usize = 0;
  for (let i: u32 = 0; i < count; i++) {
    const text = old + offsetOf(offsets, refs, i);
    const length = LENGTH_BYTES + load<u32>(text);
    store<u32>(refs + ((<usize>i) << 2), <u32>used);
    copyBlocks(arena + used, text, length);
    used += length;
  }
  column.used = used;
  release(old, capacity);
  releaseIndex(column);
  column.isPlain = 1;
  column.unpaidAt = 0;
  notePages(column, 0);
}

@inline
function offsetOf(offsets: usize, refs: usize, value: u32): u32 {
  return load<u32>(offsets + ((<usize>load<u32>(refs + ((<usize>value) << 2))) << 2));
}

/** Notes the pages that were completed since the arena held `before` bytes. */
function notePages(column: StringColumn, before: usize): void {
  const pages = column.used >> SEAL_SHIFT;
  for (let page = before >> SEAL_SHIFT; page < pages; page++) {
    if (fullCount === fullCapacity) {
      const capacity = nextCapacity(fullCapacity);
      full = enlarged(full, fullCapacity, capacity);
      fullCapacity = capacity;
    }
    const index = fullCount++;
    store<u32>(full + ((<usize>index) << 2), column.id);
  }
}

function noteUnpaid(column: StringColumn): void {
  if (unpaidCount === unpaidCapacity) {
    const capacity = nextCapacity(unpaidCapacity);
    unpaid = enlarged(unpaid, unpaidCapacity, capacity);
    unpaidCapacity = capacity;
  }
  const index = unpaidCount++;
  store<usize>(unpaid + ((<usize>index) << 2), changetype<usize>(column));
}

@inline
function nextCapacity(capacity: u32): u32 {
  return max<u32>(16, capacity * 2);
}

/** Room for `capacity` numbers of 32 bits, beginning with the `length` that are there. */
@inline
function enlarged(numbers: usize, length: u32, capacity: u32): usize {
  const bytes = (<usize>length) << 2;
  return resize(numbers, bytes, bytes, (<usize>capacity) << 2);
}

/** Forgets all values from number `keep` on, as if they had never been added. `count` is how many there are. */
export function truncateStrings(column: StringColumn, keep: u32, count: u32): void {
  if (keep >= count) return;
  if (keep < column.unpaidAt) column.unpaidAt = 0;
  column.count = keep;
  if (!column.isPlain) {
    truncateDictionary(column, keep);
    return;
  }
  const place = keep - column.sealedCount;
  column.used = load<u32>(column.refs + ((<usize>place) << 2));
}

/** The texts in the arena were sealed: `count` values. */
export function sealedStrings(column: StringColumn, count: u32): void {
  column.sealedCount += count;
  emptyArena(column);
  if (column.refCapacity <= KEPT_REFS) return;
  shrink(column.refs, (<usize>column.refCapacity) << 2, (<usize>KEPT_REFS) << 2);
  column.refCapacity = KEPT_REFS;
}
