/** Finds out whether a column of numbers is worth a dictionary, and builds it. */

export interface NumberDictionary {
  readonly distinct: Float64Array;
  readonly entries: number;
  readonly indices: Int32Array;
}

const ENTRIES_MAX = 65_536;

/** A dictionary of more than this share of the values costs more than it saves. */
const DISTINCT_SHARE_MAX = 0.5;

// Scratch memory that grows to the largest column seen: allocating it anew for each of a thousand columns costs more
// than the work itself. Nothing of it is read after the caller has encoded its pages.
let slots = new Int32Array(1024);
let distinct = new Float64Array(1024);
let indices = new Int32Array(4096);

const floatBits = new Float64Array(1);
const intBits = new Int32Array(floatBits.buffer);

/**
 * The dictionary of `values[0..count)` in order of first appearance, or nothing where plain values are smaller. Equal
 * means equal bits, so that -0 and 0 stay apart. The answer is valid until the next call.
 */
export function numberDictionary(values: Float64Array, count: number): NumberDictionary | undefined {
  if (count < 4) return undefined;
  if (indices.length < count) indices = new Int32Array(count * 2);
  let slotCount = 1024;
  slots.fill(0, 0, slotCount);
  let entries = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i] ?? 0;
    let slot = hashOf(value) & (slotCount - 1);
    let entry = slots[slot] ?? 0;
    while (entry !== 0 && !Object.is(distinct[entry - 1], value)) {
      slot = (slot + 1) & (slotCount - 1);
      entry = slots[slot] ?? 0;
    }
    if (entry !== 0) {
      indices[i] = entry - 1;
      continue;
    }
    if (entries === distinct.length) distinct = grown(distinct);
    indices[i] = entries;
    distinct[entries++] = value;
    slots[slot] = entries;
    if (entries * 2 > slotCount) {
      if ((i >= 256 && entries > i * DISTINCT_SHARE_MAX) || entries >= ENTRIES_MAX) return undefined;
      slotCount *= 4;
      fillSlots(slotCount, entries);
    }
  }
  if (count > 16 && entries > count * DISTINCT_SHARE_MAX) return undefined;
  return { distinct, entries, indices };
}

function hashOf(value: number): number {
  floatBits[0] = value;
  return Math.imul((intBits[0] ?? 0) ^ Math.imul(intBits[1] ?? 0, 0x85ebca6b), 0x9e3779b1) >>> 7;
}

function fillSlots(slotCount: number, entries: number): void {
  if (slots.length < slotCount) slots = new Int32Array(slotCount);
  else slots.fill(0, 0, slotCount);
  for (let i = 0; i < entries; i++) {
    let slot = hashOf(distinct[i] ?? 0) & (slotCount - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
    slots[slot] = i + 1;
  }
}

function grown(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
