/** The order in which one of several writers goes on. Pure. */
import { crc32 } from "node:zlib";

/**
 * An order of this process alone. Several writers that work through the same list in the same order do everything twice,
 * each a moment behind the other; whoever meets another one's work goes on in an order that is nobody else's.
 */
export function ownOrder(id: string): (name: string) => number {
  const own = crc32(id);
  // Sums are linear: those of two writers differ by the same bits for every name, and their orders would be much alike. What mixes the
  // bits after that is the last step of MurmurHash3.
  return (name) => {
    let mixed = crc32(name) ^ own;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
}
