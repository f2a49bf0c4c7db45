/** When numbers have a dictionary, which decides what is written. Plain numbers, which `assembly/` reads too. */

/** Fewer values have none. */
export const FEW_VALUES = 4;
/** A dictionary ends where so many entries are found when it is to be enlarged, */
export const ENTRIES_MAX = 65536;
/** or more than this share of the values, if they are more than so many: it would cost more than it saves. */
export const DISTINCT_SHARE_MAX = 0.5;
export const SHARE_FROM = 256;
/** It is enlarged where half of the slots are taken: so many at first, then so many times as many. */
export const FIRST_SLOTS = 1024;
export const SLOTS_FACTOR = 4;
