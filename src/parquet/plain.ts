/** Flags and numbers in the PLAIN encoding (https://parquet.apache.org/docs/file-format/data-pages/encodings/#PLAIN). */
import type { ByteBuffer } from "./byte-buffer.ts";
import { PHYSICAL } from "./values.ts";

/** Appends `flags[from..to)`, one byte each, as bits. */
export function appendFlags(out: ByteBuffer, flags: Uint8Array, from: number, to: number): void {
  const bytes = (to - from + 7) >> 3;
  out.reserve(bytes);
  const packed = out.bytes.subarray(out.length, out.length + bytes);
  out.length += bytes;
  packFlags(packed.fill(0), flags, from, to);
}

function packFlags(packed: Uint8Array, flags: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const place = (i - from) >> 3;
    packed[place] = (packed[place] ?? 0) | ((flags[i] ?? 0) << ((i - from) & 7));
  }
}

/** Appends `values[from..to)` in eight bytes each; integers have no fraction. */
export function appendNumbers(
  out: ByteBuffer,
  physical: typeof PHYSICAL.int64 | typeof PHYSICAL.double,
  values: Float64Array,
  from: number,
  to: number,
): void {
  out.reserve((to - from) * 8);
  writeNumbers(out.view, out.length, physical, values, from, to);
  out.length += (to - from) * 8;
}

function writeNumbers(
  view: DataView,
  start: number,
  physical: number,
  values: Float64Array,
  from: number,
  to: number,
): void {
  let at = start;
  if (physical === PHYSICAL.double) {
    for (let i = from; i < to; i++, at += 8) view.setFloat64(at, values[i] ?? 0, true);
    return;
  }
  // Two 32-bit halves: a BigInt for each value would cost ten times as much.
  for (let i = from; i < to; i++, at += 8) {
    const value = values[i] ?? 0;
    const high = Math.floor(value / 4294967296);
    view.setUint32(at, value - high * 4294967296, true);
    view.setInt32(at + 4, high, true);
  }
}
