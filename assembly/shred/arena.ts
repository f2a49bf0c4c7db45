/** Texts one after the other in Parquet's PLAIN layout, each behind its length of 32 bits. */
import { allocate, release, resize, shrink } from "./memory";

const FIRST_BYTES: usize = 256;
/** Smaller ones grow fourfold: they are many, and each move is a call. */
const SMALL_BYTES: usize = 1 << 12;
/**
 * Up to here an arena doubles, and so much of it stays when its texts were sealed. Beyond, it grows by little: hundreds of
 * columns hold a part of a page each, and room that they have once had stays touched. With arenas that were kept at a page's
 * size, an archive hour took 16 MB more.
 */
const KEPT_BYTES: usize = 1 << 14;
const STEP_BYTES: usize = 1 << 13;
/** What copying by blocks may write behind a text. */
const SPILL_BYTES: usize = 16;

/** The length of a text, before its bytes. */
export const LENGTH_BYTES: usize = 4;

/** Where the texts stand, and how many bytes there are and may be. */
@unmanaged
export class Arena {
  arena: usize;
  capacity: usize;
  used: usize;
}

/** Gives a record without memory an empty arena. */
export function startArena(arena: Arena): void {
  arena.arena = allocate(FIRST_BYTES);
  arena.capacity = FIRST_BYTES;
  arena.used = 0;
}

/** Gives a record without memory an arena for texts of so many bytes, lengths counted, and a few more. */
export function startArenaOf(arena: Arena, bytes: usize): void {
  const capacity = bytes + (bytes >> 3) + 64;
  arena.arena = allocate(capacity);
  arena.capacity = capacity;
  arena.used = 0;
}

/** Gives the texts' memory back. */
export function releaseArena(arena: Arena): void {
  release(arena.arena, arena.capacity);
}

/** Forgets all texts, and most of the memory for the next ones. */
export function emptyArena(arena: Arena): void {
  arena.used = 0;
  if (arena.capacity <= KEPT_BYTES) return;
  shrink(arena.arena, arena.capacity, KEPT_BYTES);
  arena.capacity = KEPT_BYTES;
}

/** Where the bytes of the next text may be written, `length` and a block more of them; see `endText`. */
@inline
export function roomForText(arena: Arena, length: usize): usize {
  const wanted = arena.used + length + LENGTH_BYTES + SPILL_BYTES;
  if (wanted > arena.capacity) grow(arena, wanted);
  return arena.arena + arena.used + LENGTH_BYTES;
}

/** The text that was written to `roomForText` is the last of the arena from now on. */
@inline
export function endText(arena: Arena, length: usize): void {
  store<u32>(arena.arena + arena.used, <u32>length);
  arena.used += LENGTH_BYTES + length;
}

function grow(arena: Arena, wanted: usize): void {
  const length = arena.capacity;
  const factor: usize = length < SMALL_BYTES ? 4 : 2;
  const larger = length < KEPT_BYTES ? length * factor : length + max(length >> 2, STEP_BYTES);
  const capacity = max(wanted, larger);
  arena.arena = resize(arena.arena, arena.used, length, capacity);
  arena.capacity = capacity;
}

/** Copies by blocks of 16 bytes, of which the last may reach behind both texts. */
@inline
export function copyBlocks(to: usize, from: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}
