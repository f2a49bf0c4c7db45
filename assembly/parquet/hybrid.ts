/** The RLE / bit-packing hybrid, as in `src/parquet/hybrid.ts`: runs of at least eight as a count and the value, else packed. */

/** A bit-packed run announces its groups of eight in one header byte, which holds at most this many. */
const GROUPS_MAX: u32 = 63;
const PAIR_BYTES: usize = 8;

/** Unsigned LEB128. */
@inline
function writeVarint(to: usize, value: u32): usize {
  let at = to;
  let rest = value;
  for (; rest >= 128; rest >>= 7) store<u8>(at++, <u8>(rest | 128));
  store<u8>(at++, <u8>rest);
  return at;
}

@inline
function writeRepeated(to: usize, value: u32, count: u32, width: u32): usize {
  let at = writeVarint(to, count * 2);
  for (let shift: u32 = 0; shift < width; shift += 8) store<u8>(at++, <u8>(value >> shift));
  return at;
}

/**
 * Writes runs of levels (pairs of a level and how often it repeats), each level `width` bits, of which there are 1 to 8;
 * answers where they end. Needs room for `runsBytesMax` and may write 8 bytes more.
 */
export function encodeRuns(pairs: usize, bytes: usize, width: u32, out: usize): usize {
  const end = pairs + bytes;
  let ones: u64 = 0;
  for (let i: u32 = 0; i < 8; i++) ones |= (<u64>1) << (i * width);
  let at = pairs;
  let left: u32 = bytes === 0 ? 0 : load<u32>(at, 4);
  let to = out;
  while (at < end) {
    if (left >= 8 || at + PAIR_BYTES >= end) {
      to = writeRepeated(to, load<u32>(at), left, width);
      at += PAIR_BYTES;
      left = at < end ? load<u32>(at, 4) : 0;
      continue;
    }
    const header = to++;
    let groups: u32 = 0;
    do {
      // Eight levels of at most eight bits: a group fits into a word.
      let group: u64 = 0;
      let filled: u32 = 0;
      do {
        const count = min(left, 8 - filled);
        const copies = ones & (((<u64>1) << (count * width)) - 1);
        group |= (<u64>load<u32>(at) * copies) << (filled * width);
        filled += count;
        left -= count;
        if (left > 0) continue;
        at += PAIR_BYTES;
        // Zeros complete the last group.
        if (at < end) left = load<u32>(at, 4);
        else filled = 8;
      } while (filled < 8);
      store<u64>(to, group);
      to += width;
      groups++;
    } while (left < 8 && at < end && groups < GROUPS_MAX);
    store<u8>(header, <u8>((groups << 1) | 1));
  }
  return to;
}

/** Writes values number `from..to` as dictionary indices of `width` bits, the width first; answers where they end. */
export function encodeIndices(values: usize, from: u32, to: u32, width: u32, out: usize): usize {
  let at = values + ((<usize>from) << 2);
  const end = values + ((<usize>to) << 2);
  let target = out;
  store<u8>(target++, <u8>width);
  while (at < end) {
    const runEnd = endOfRun(at, end);
    const count = <u32>((runEnd - at) >> 2);
    if (count < 8 && width !== 0 && runEnd !== end) {
      target = encodePacked(at, end, width, target);
      at = packedEnd;
      continue;
    }
    target = writeRepeated(target, load<u32>(at), count, width);
    at = runEnd;
  }
  return target;
}

@inline
function endOfRun(from: usize, end: usize): usize {
  const value = load<u32>(from);
  let at = from + 4;
  while (at < end && load<u32>(at) === value) at += 4;
  return at;
}

/** Where `encodePacked` stopped. */
let packedEnd: usize = 0;

/** Packs groups of eight until the next eight values are equal. */
function encodePacked(from: usize, end: usize, width: u32, out: usize): usize {
  const header = out;
  let target = out + 1;
  let groups: u32 = 0;
  let at = from;
  do {
    let bits: u64 = 0;
    let bitCount: u32 = 0;
    for (let i: u32 = 0; i < 8; i++, at += 4) {
      // Fewer than 32 bits are left over from before.
      bits |= <u64>(at < end ? load<u32>(at) : 0) << bitCount;
      bitCount += width;
      if (bitCount < 32) continue;
      store<u32>(target, <u32>bits);
      target += 4;
      bits >>= 32;
      bitCount -= 32;
    }
    for (; bitCount > 0; bitCount -= 8, bits >>= 8) store<u8>(target++, <u8>bits);
    groups++;
  } while (groups < GROUPS_MAX && at < end && !areEightEqual(at, end));
  store<u8>(header, <u8>((groups << 1) | 1));
  packedEnd = min(at, end);
  return target;
}

@inline
function areEightEqual(from: usize, end: usize): bool {
  if (from + 32 > end) return false;
  const first = i32x4.splat(load<i32>(from));
  const left = i32x4.eq(first, v128.load(from));
  const right = i32x4.eq(first, v128.load(from, 16));
  return i32x4.all_true(v128.and(left, right));
}

/** Writes booleans, one byte each, as bits; answers where they end. */
export function packFlags(flags: usize, count: u32, out: usize): usize {
  let at = flags;
  let target = out;
  for (const whole = flags + (count & ~7); at < whole; at += 8) {
    // The product brings bit 8i to 56 + i, so that the first of eight is the lowest.
    store<u8>(target++, <u8>((load<u64>(at) * 0x0102040810204080) >> 56));
  }
  const rest = count & 7;
  if (rest === 0) return target;
  let bits: u32 = 0;
  for (let i: u32 = 0; i < rest; i++) bits |= (<u32>load<u8>(at + i)) << i;
  store<u8>(target++, <u8>bits);
  return target;
}
