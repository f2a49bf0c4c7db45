/** How large arrays become that are full. */

/** A column that outgrows a few hundred values will nearly always have many more: it is moved half as often. */
const FEW: u32 = 1024;
/** From here on arrays grow by little, since what they have too much is touched sooner or later. */
const MANY: u32 = 4096;
/** In a page of memory, four bytes each. */
const IN_PAGE: u32 = 1024;

/** Of an array of `length` that is to hold `wanted`. */
export function roomFor(wanted: u32, length: u32): u32 {
  if (length < FEW) return max(wanted, length * 4);
  if (length < MANY) return max(wanted, length * 2);
  return max(wanted, (length + (length >> 2) + IN_PAGE - 1) & ~(IN_PAGE - 1));
}
