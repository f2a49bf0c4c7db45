/**
 * Larger arrays in place of full ones. The memory moves and the old array is gone at once: a copy would leave it to the
 * garbage collector, to which it is a small object of which there is no hurry to get rid, and yet what such arrays hold
 * decides when it collects.
 */

/** With room for `wanted` numbers, and at least twice as large. The old array may not be used any more. */
export function grownInts(array: Int32Array<ArrayBuffer>, wanted: number): Int32Array<ArrayBuffer> {
  return new Int32Array(array.buffer.transfer(4 * Math.max(wanted, array.length * 2)));
}

export function grownDoubles(array: Float64Array<ArrayBuffer>, wanted: number): Float64Array<ArrayBuffer> {
  return new Float64Array(array.buffer.transfer(8 * Math.max(wanted, array.length * 2)));
}

export function grownBytes(array: Uint8Array<ArrayBuffer>, wanted: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer.transfer(Math.max(wanted, array.length * 2)));
}
