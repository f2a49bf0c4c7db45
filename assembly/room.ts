/** How large arrays become that are full. */

/** A column that outgrows a few hundred values will nearly always have many more: it is moved half as often. */
const FEW: u32 = 1024;

export function roomFor(wanted: u32, length: u32): u32 {
  return max(wanted, length * (length < FEW ? 4 : 2));
}
