/**
 * Larger arrays in place of full ones. The memory moves and the old array is gone at once: a copy would leave it to the
 * garbage collector, to which it is a small object of which there is no hurry to get rid, and yet what such arrays hold
 * decides when it collects.
 */

/** A column that outgrows a few hundred values will nearly always have many more: it is moved half as often. */
const FEW = 1024;

/** With room for `wanted` numbers, and at least twice as large. The old array may not be used any more. */
export function grownInts(array: Int32Array, wanted: number): Int32Array<ArrayBuffer> {
  if (!(array.buffer instanceof ArrayBuffer)) throw new RangeError("memory that is not ours to move");
  return new Int32Array(array.buffer.transfer(4 * roomFor(wanted, array.length)));
}

export function grownDoubles(array: Float64Array<ArrayBuffer>, wanted: number): Float64Array<ArrayBuffer> {
  return new Float64Array(array.buffer.transfer(8 * roomFor(wanted, array.length)));
}

export function grownBytes(array: Uint8Array<ArrayBuffer>, wanted: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer.transfer(roomFor(wanted, array.length)));
}

function roomFor(wanted: number, length: number): number {
  return Math.max(wanted, length * (length < FEW ? 4 : 2));
}
