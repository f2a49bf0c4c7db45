/** Finds out whether a column of numbers is worth a dictionary, and builds it. */
import { DISTINCT_SHARE_MAX, ENTRIES_MAX, FEW_VALUES, FIRST_SLOTS, SHARE_FROM, SLOTS_FACTOR } from "./number-limits.ts";

export interface NumberDictionary {
  readonly distinct: Float64Array;
  readonly entries: number;
  readonly indices: Int32Array;
}

// Scratch memory that grows to the largest column seen: allocating it anew for each of a thousand columns costs more
// than the work itself. Nothing of it is read after the caller has encoded its pages.
let slots = new Int32Array(1024);
let distinct = new Float64Array(1024);
let indices = new Int32Array(4096);

const floatBits = new Float64Array(1);
const intBits = new Int32Array(floatBits.buffer);

/** Of `slots` those in use, a power of two, and how many entries they lead to. */
let slotCount = 0;
let entries = 0;

/** So many values are looked up in one go; see `appendRuns` for why long loops are cut. */
const STEP = 1024;

/**
 * The dictionary of `values[0..count)` in order of first appearance, or nothing where plain values are smaller. Equal
 * means equal bits, so that -0 and 0 stay apart. The answer is valid until the next call.
 */
export function numberDictionary(values: Float64Array, count: number): NumberDictionary | undefined {
  if (count < FEW_VALUES) return undefined;
  if (indices.length < count) indices = new Int32Array(count * 2);
  slotCount = FIRST_SLOTS;
  slots.fill(0, 0, slotCount);
  entries = 0;
  for (let at = 0; at < count; ) {
    at = lookUp(values, at, Math.min(at + STEP, count));
    if (entries * 2 <= slotCount) continue;
    if ((at > SHARE_FROM && entries > (at - 1) * DISTINCT_SHARE_MAX) || entries >= ENTRIES_MAX) return undefined;
    enlarge();
  }
  if (count > 16 && entries > count * DISTINCT_SHARE_MAX) return undefined;
  return { distinct, entries, indices };
}

/** Looks up `values[from..to)`, or fewer: until more than half of the slots are taken. Answers where it stopped. */
function lookUp(values: Float64Array, from: number, to: number): number {
  const [table, known, places] = [slots, distinct, indices];
  const mask = slotCount - 1;
  for (let i = from; i < to; i++) {
    const value = values[i] ?? 0;
    let slot = hashOf(value) & mask;
    let entry = table[slot] ?? 0;
    while (entry !== 0 && !Object.is(known[entry - 1], value)) {
      slot = (slot + 1) & mask;
      entry = table[slot] ?? 0;
    }
    if (entry === 0) {
      known[entries++] = value;
      entry = entries;
      table[slot] = entry;
    }
    places[i] = entry - 1;
    if (entry * 2 > mask + 1) return i + 1;
  }
  return to;
}

function enlarge(): void {
  slotCount *= SLOTS_FACTOR;
  if (distinct.length < slotCount) distinct = grown(distinct, slotCount);
  fillSlots();
}

function hashOf(value: number): number {
  floatBits[0] = value;
  return Math.imul((intBits[0] ?? 0) ^ Math.imul(intBits[1] ?? 0, 0x85ebca6b), 0x9e3779b1) >>> 7;
}

function fillSlots(): void {
  if (slots.length < slotCount) slots = new Int32Array(slotCount);
  else slots.fill(0, 0, slotCount);
  for (let i = 0; i < entries; i++) {
    let slot = hashOf(distinct[i] ?? 0) & (slotCount - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
    slots[slot] = i + 1;
  }
}

function grown(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length);
  larger.set(array);
  return larger;
}
