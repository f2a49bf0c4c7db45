/**
 * What a node of the column tree holds, and what kinds of values were seen. Plain numbers: they are compared once or
 * more for each value of a file.
 */

/** Nothing but null so far. */
export const UNKNOWN = 0;
export const BOOL = 1;
export const INT = 2;
export const DOUBLE = 3;
/** Strings only. */
export const STRING = 4;
export const STRUCT = 5;
export const LIST = 6;
/** From here on a value's own type does not decide what becomes of it. Text: strings as they are, others as raw JSON. */
export const TEXT = 7;
/** Raw JSON text of anything, strings included. */
export const JSON_TEXT = 8;
/** Left out. */
export const DROP = 9;
/** Must be text from the file's first row on, which this pass found too late: values are read and forgotten. */
export const LOST = 10;
/** Declared scalars: what does not fit rejects the line. */
export const DECLARED_BOOL = 11;
export const DECLARED_INT = 12;
export const DECLARED_DOUBLE = 13;
export const TIMESTAMP = 14;
export const DECIMAL = 15;

/** Kinds of values, as bits of a mask. */
export const SEEN_BOOL = 1;
/** An integer within ±2^53. */
export const SEEN_INT = 2;
/** An integer beyond ±2^53 that int64 holds. */
export const SEEN_BIG = 4;
/** An integer beyond int64. */
export const SEEN_HUGE = 8;
export const SEEN_DOUBLE = 16;
export const SEEN_STRING = 32;
export const SEEN_LIST = 64;
export const SEEN_STRUCT = 128;
