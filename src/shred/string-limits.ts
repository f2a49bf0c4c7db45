/**
 * When the strings of a column stop having a dictionary and when they are sealed. Both decide what is written, so that
 * `assembly/` reads this file too: it holds nothing but numbers.
 */

/** A dictionary ends at so many entries, */
export const ENTRIES_MAX = 65536;
/** or where more than this share of at least so many values is distinct, */
export const DISTINCT_SHARE_MAX = 0.6;
export const SHARE_FROM_COUNT = 256;
/** or where it is larger than this and more than this share is distinct. */
export const LARGE_BYTES = 1048576;
export const LARGE_SHARE_MAX = 0.3;
/** It is asked for when half of a table's slots are taken. A table begins with so many, and then has four times as many. */
export const FIRST_SLOTS = 32;
export const SLOTS_FACTOR = 4;

/** Less of a column than 2 to this power bytes is not sealed: pages of half the size make an archive hour 3 % larger. */
export const SEAL_SHIFT = 17;
