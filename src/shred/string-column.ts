/**
 * The strings of one column. Each new text is appended once to an arena that has Parquet's PLAIN layout already (a
 * little-endian 32-bit length before each text), so that the arena itself is the dictionary page. When the dictionary
 * does not pay, the arena takes every text, and is the data page itself. Where columns hold much, they are sealed: whoever
 * encodes pages compresses what they hold, so that it need not lie here until the row group ends.
 */
import type { Cursor } from "./cursor.ts";
import { grownInts } from "./room.ts";
import { SEAL_BYTES, type Sealable, type SealedTexts, type SealTexts } from "./seal-queue.ts";
import {
  DISTINCT_SHARE_MAX,
  ENTRIES_MAX,
  FIRST_SLOTS,
  LARGE_BYTES,
  LARGE_SHARE_MAX,
  SEAL_SHIFT,
  SHARE_FROM_COUNT,
  SLOTS_FACTOR,
} from "./string-limits.ts";
import { copyText, hashRange, type Text } from "./text.ts";

export type TextValues =
  | {
      readonly kind: "dictionary";
      readonly arena: Uint8Array;
      readonly entries: number;
      readonly indices: Int32Array;
      readonly count: number;
    }
  | { readonly kind: "texts"; readonly arena: Uint8Array; readonly offsets: Int32Array; readonly count: number }
  /** The first texts in sealed pages, the rest in PLAIN layout in `arena`. */
  | { readonly kind: "sealed"; readonly pages: readonly SealedTexts[]; readonly arena: Uint8Array };

/** An arena of texts grows to a page and the row that completes it, without being doubled for that row. */
const PAGE_ARENA_BYTES = SEAL_BYTES + (SEAL_BYTES >> 3);

const FIRST_ARENA_BYTES = 256;
/** Smaller ones grow fourfold: they are many, and each move is a call. */
const SMALL_ARENA_BYTES = 1 << 12;

/** Numbers in a slot. */
const SLOT = 2;

/**
 * The hash table over the entries of a dictionary, with open addressing. A slot is two neighbouring numbers, the hash and
 * the entry's number plus one, so that looking it up touches one line of memory.
 */
interface Dictionary {
  slots: Int32Array<ArrayBuffer>;
  /** How many slots there would be if nothing had been taken back: whether it pays is asked when half of them are taken. */
  slotCount: number;
  entries: number;
  /** By entry: where its length stands in the arena, and the first value that had it. */
  offsets: Int32Array<ArrayBuffer>;
  firstValues: Int32Array<ArrayBuffer>;
}

interface Arena {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView;
  used: number;
}

/**
 * Columns whose dictionary does not pay, by a line that may still be rejected: it ends with the line, since to write all
 * values out and to take that back would make a long column pay for each rejected line. Lines are read in one go, so one list
 * serves all.
 */
const unpaid: StringColumn[] = [];

/** Columns for each page that this line completed in them, unless it is rejected. */
const full: StringColumn[] = [];

/** To be called before a line is read, whatever became of the one before it. */
export function beginStrings(): void {
  unpaid.length = 0;
  full.length = 0;
}

/**
 * To be called when a line is certain to stay: dictionaries end that it showed not to pay. Answers the columns with pages that
 * the line completed, once for each page.
 */
export function takeFullPages(): readonly StringColumn[] {
  for (let column = unpaid.pop(); column !== undefined; column = unpaid.pop()) column.giveUp();
  return full.length === 0 ? none : full.splice(0);
}

const none: readonly StringColumn[] = [];

/** The strings of a column, wherever they are kept. A value's number is one more than that of the value before it. */
export interface Strings extends Sealable {
  /**
   * Appends the string at the cursor, if it can be taken as it stands, and moves behind it; otherwise nothing has happened
   * and it is to be read and added.
   */
  copy(value: number, cursor: Cursor): boolean;
  /** Appends the text. */
  add(value: number, text: Text): void;
  /** Forgets all values from number `keep` on, as if they had never been added. `count` is how many there are. */
  truncate(keep: number, count: number): void;
  /** The first `count` values, in memory that they share with the column. */
  values(count: number): TextValues;
  /** Begins again, without a value. */
  clear(): void;
  /** Gives the memory back as soon as the values are written. What `values` answered may not be read any more. */
  release(): void;
}

/** Strings kept here. */
export class StringColumn implements Strings {
  #arena: Arena = newArena(FIRST_ARENA_BYTES);
  #dictionary: Dictionary | null = newDictionary();
  #sealed: SealedTexts[] = [];
  /** How many values the sealed pages have. */
  #sealedCount = 0;
  /** By value behind the sealed ones: its entry in the dictionary or, without one, its offset in the arena. */
  #refs = new Int32Array(16);
  /** How many values there are, as long as there is a dictionary. */
  #count = 0;
  /** How many values there were when the dictionary turned out not to pay, in the line that is being read; otherwise 0. */
  #unpaidAt = 0;

  /**
   * Without a dictionary nobody needs a hash, so that finding the end of a text and keeping it are one loop: that takes
   * 0.36 ms a megabyte instead of 0.56 by itself, in a loop; an archive hour has 100 MB of such texts.
   */
  copy(value: number, cursor: Cursor): boolean {
    const place = value - this.#sealedCount;
    if (this.#dictionary !== null || place >= this.#refs.length) return false;
    const arena = this.#arena;
    const offset = arena.used;
    const end = copyText(cursor, arena.view, offset + 4, arena.bytes.length);
    if (end < 0) return false;
    arena.view.setInt32(offset, end - offset - 4, true);
    arena.used = end;
    this.#refs[place] = offset;
    if (offset >> SEAL_SHIFT !== end >> SEAL_SHIFT) this.#notePages(offset);
    return true;
  }

  add(value: number, text: Text): void {
    const place = value - this.#sealedCount;
    if (place >= this.#refs.length) this.#refs = grownInts(this.#refs, place + 1);
    const dictionary = this.#dictionary;
    if (dictionary === null) {
      const offset = this.#append(text);
      this.#refs[place] = offset;
      this.#notePages(offset);
      return;
    }
    this.#count = value + 1;
    const { slots } = dictionary;
    const mask = slots.length - 1;
    const { hash } = text;
    let slot = (hash << 1) & mask;
    let entry = slots[slot + 1] ?? 0;
    while (entry !== 0) {
      if (slots[slot] === hash && this.#equals(dictionary.offsets[entry - 1] ?? 0, text)) {
        this.#refs[value] = entry - 1;
        return;
      }
      slot = (slot + 2) & mask;
      entry = slots[slot + 1] ?? 0;
    }
    this.#addEntry(dictionary, slot, value, text);
  }

  #addEntry(dictionary: Dictionary, slot: number, value: number, text: Text): void {
    const entry = dictionary.entries++;
    if (entry === dictionary.offsets.length) {
      dictionary.offsets = grownInts(dictionary.offsets, entry + 1);
      dictionary.firstValues = grownInts(dictionary.firstValues, entry + 1);
    }
    this.#refs[value] = entry;
    dictionary.offsets[entry] = this.#append(text);
    dictionary.firstValues[entry] = value;
    dictionary.slots[slot] = text.hash;
    dictionary.slots[slot + 1] = entry + 1;
    if (dictionary.entries * 2 > dictionary.slotCount) this.#askIfPaid(dictionary, value + 1);
  }

  /** `count` is how many values there are. */
  #askIfPaid(dictionary: Dictionary, count: number): void {
    if (this.#unpaidAt === 0 && this.#doesNotPay(dictionary, count)) {
      this.#unpaidAt = count;
      unpaid.push(this);
    }
    dictionary.slotCount *= SLOTS_FACTOR;
    const length = SLOT * dictionary.slotCount;
    if (length > dictionary.slots.length) dictionary.slots = rehashed(dictionary, length);
  }

  /** Whether the arena's text at `offset` is the same; four bytes at a time, which may read behind both. */
  #equals(offset: number, text: Text): boolean {
    const mine = this.#arena.view;
    const theirs = text.view;
    if (mine.getInt32(offset, true) !== text.length) return false;
    let left = offset + 4;
    let right = text.start;
    for (const end = right + text.length - 3; right < end; left += 4, right += 4) {
      if (mine.getInt32(left, true) !== theirs.getInt32(right, true)) return false;
    }
    const rest = text.start + text.length - right;
    if (rest === 0) return true;
    return ((mine.getInt32(left, true) ^ theirs.getInt32(right, true)) & ((1 << (rest << 3)) - 1)) === 0;
  }

  /** Appends length and bytes to the arena, by words of four; the last may spill over the end, never beyond the room. */
  #append(text: Text): number {
    const { length } = text;
    let arena = this.#arena;
    if (arena.used + length + 12 > arena.bytes.length) arena = this.#growArena(arena.used + length + 12);
    const { view } = arena;
    const source = text.view;
    const offset = arena.used;
    view.setInt32(offset, length, true);
    let from = text.start;
    let to = offset + 4;
    for (const end = from + length; from < end; from += 4, to += 4)
      view.setInt32(to, source.getInt32(from, true), true);
    arena.used = offset + 4 + length;
    return offset;
  }

  #growArena(wanted: number): Arena {
    const old = this.#arena;
    const { length } = old.bytes;
    const factor = length < SMALL_ARENA_BYTES ? 4 : 2;
    const larger = length < PAGE_ARENA_BYTES ? Math.min(length * factor, PAGE_ARENA_BYTES) : Math.ceil(length * 1.25);
    const capacity = Math.max(wanted, larger);
    // The memory moves: a copy would leave the old arena to the garbage collector, which sees only a small object and
    // takes its time. Together with the smaller factor this saves a fifth of the peak memory of an hour.
    const buffer = old.bytes.buffer.transfer(capacity);
    const arena = { bytes: new Uint8Array(buffer), view: new DataView(buffer), used: old.used };
    this.#arena = arena;
    return arena;
  }

  #doesNotPay(dictionary: Dictionary, count: number): boolean {
    if (dictionary.entries >= ENTRIES_MAX) return true;
    const share = dictionary.entries / count;
    if (count >= SHARE_FROM_COUNT && share > DISTINCT_SHARE_MAX) return true;
    return this.#arena.used > LARGE_BYTES && share > LARGE_SHARE_MAX;
  }

  /** Writes all values out, one after the other, and lets the dictionary go. */
  giveUp(): void {
    const dictionary = this.#dictionary;
    if (dictionary === null || this.#unpaidAt === 0) return;
    const old = this.#arena;
    const refs = this.#refs;
    const count = this.#count;
    let bytes = 0;
    for (let i = 0; i < count; i++) bytes += 4 + old.view.getInt32(dictionary.offsets[refs[i] ?? 0] ?? 0, true);
    const arena = newArena(Math.ceil(bytes * 1.5) + 64);
    for (let i = 0; i < count; i++) {
      const start = dictionary.offsets[refs[i] ?? 0] ?? 0;
      const end = start + 4 + old.view.getInt32(start, true);
      refs[i] = arena.used;
      arena.bytes.set(old.bytes.subarray(start, end), arena.used);
      arena.used += end - start;
    }
    old.bytes.buffer.transfer(0);
    freeDictionary(dictionary);
    this.#arena = arena;
    this.#dictionary = null;
    this.#unpaidAt = 0;
    this.#notePages(0);
  }

  /** Notes the pages that were completed since the arena held `before` bytes. */
  #notePages(before: number): void {
    const pages = Math.floor(this.#arena.used / SEAL_BYTES);
    for (let page = Math.floor(before / SEAL_BYTES); page < pages; page++) full.push(this);
  }

  seal(seal: SealTexts, bytesMin: number): void {
    const { bytes, used } = this.#arena;
    if (this.#dictionary !== null || used < bytesMin) return;
    const page = seal(bytes.subarray(0, used));
    this.#sealed.push(page);
    this.#sealedCount += page.count;
    // The next texts will need the same room: with an arena that begins small again, and no less memory in the end, an archive
    // hour took 3 % longer.
    this.#arena.used = 0;
  }

  truncate(keep: number, count: number): void {
    if (keep >= count) return;
    if (keep < this.#unpaidAt) this.#unpaidAt = 0;
    this.#count = keep;
    const dictionary = this.#dictionary;
    if (dictionary === null) {
      this.#arena.used = this.#refs[keep - this.#sealedCount] ?? 0;
      return;
    }
    // Entries are numbered in order of first use, so the ones to forget are the last.
    let { entries } = dictionary;
    while (entries > 0 && (dictionary.firstValues[entries - 1] ?? 0) >= keep) entries--;
    if (entries === dictionary.entries) return;
    for (let entry = entries; entry < dictionary.entries; entry++) this.#removeEntry(dictionary, entry);
    this.#arena.used = dictionary.offsets[entries] ?? 0;
    dictionary.entries = entries;
    let slotCount = FIRST_SLOTS;
    while (entries * 2 > slotCount) slotCount *= SLOTS_FACTOR;
    dictionary.slotCount = slotCount;
  }

  /** Takes an entry out of the table. */
  #removeEntry({ slots, offsets }: Dictionary, entry: number): void {
    const mask = slots.length - 1;
    const { view } = this.#arena;
    const offset = offsets[entry] ?? 0;
    let slot = (hashRange(view, offset + 4, view.getInt32(offset, true)) << 1) & mask;
    while (slots[slot + 1] !== entry + 1) slot = (slot + SLOT) & mask;
    emptySlot(slots, slot);
  }

  /** The first `count` values, sharing memory with this column: to be encoded before it is cleared. */
  values(count: number): TextValues {
    const arena = this.#arena.bytes.subarray(0, this.#arena.used);
    const dictionary = this.#dictionary;
    if (this.#sealedCount > 0) return { kind: "sealed", pages: this.#sealed, arena };
    if (dictionary === null) return { kind: "texts", arena, offsets: this.#refs, count };
    return { kind: "dictionary", arena, entries: dictionary.entries, indices: this.#refs, count };
  }

  /** Gives the memory back as soon as the values are written. What `values` answered may not be read any more. */
  release(): void {
    this.#arena.bytes.buffer.transfer(0);
    this.#refs.buffer.transfer(0);
    for (const { body } of this.#sealed) body.buffer.transfer(0);
    this.#arena = newArena(FIRST_ARENA_BYTES);
    this.#refs = new Int32Array(16);
    this.#dictionary = newDictionary();
    this.#unpaidAt = 0;
    this.#sealed = [];
    this.#sealedCount = 0;
  }

  /** Starts over, with a dictionary again. */
  clear(): void {
    this.#arena.used = 0;
    this.#unpaidAt = 0;
    this.#sealed = [];
    this.#sealedCount = 0;
    if (this.#dictionary === null) this.#dictionary = newDictionary();
    else {
      this.#dictionary.entries = 0;
      this.#dictionary.slotCount = FIRST_SLOTS;
      this.#dictionary.slots = new Int32Array(SLOT * FIRST_SLOTS);
    }
  }
}

function newArena(capacity: number): Arena {
  return arenaOf(new ArrayBuffer(capacity));
}

function arenaOf(buffer: ArrayBuffer): Arena {
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer), used: 0 };
}

function newDictionary(): Dictionary {
  return {
    slots: new Int32Array(SLOT * FIRST_SLOTS),
    slotCount: FIRST_SLOTS,
    entries: 0,
    offsets: new Int32Array(16),
    firstValues: new Int32Array(16),
  };
}

function freeDictionary({ slots, offsets, firstValues }: Dictionary): void {
  for (const { buffer } of [slots, offsets, firstValues]) buffer.transfer(0);
}

/**
 * Empties a slot. What was put behind it because it was taken moves up, so that no search ends at the gap (Knuth, The Art of
 * Computer Programming, 6.4, algorithm R): to build the table anew for each rejected line took half a minute for 80,000 of them.
 */
function emptySlot(slots: Int32Array, slot: number): void {
  const mask = slots.length - 1;
  let gap = slot;
  for (let at = (gap + SLOT) & mask; slots[at + 1] !== 0; at = (at + SLOT) & mask) {
    const home = ((slots[at] ?? 0) << 1) & mask;
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    slots[gap] = slots[at] ?? 0;
    slots[gap + 1] = slots[at + 1] ?? 0;
    gap = at;
  }
  slots[gap + 1] = 0;
}

/** The slots of the dictionary's entries in a table of the given length; frees the old ones. */
function rehashed(dictionary: Dictionary, length: number): Int32Array<ArrayBuffer> {
  const old = dictionary.slots;
  const slots = new Int32Array(length);
  const mask = length - 1;
  for (let i = 0; i < old.length; i += 2) {
    const entry = old[i + 1] ?? 0;
    if (entry === 0) continue;
    const hash = old[i] ?? 0;
    let slot = (hash << 1) & mask;
    while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
    slots[slot] = hash;
    slots[slot + 1] = entry;
  }
  old.buffer.transfer(0);
  return slots;
}
