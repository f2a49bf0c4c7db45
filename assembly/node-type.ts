/** What a node holds, and kinds of values: the same numbers as in `src/shred/node-type.ts`. */
export const UNKNOWN: u32 = 0;
export const BOOL: u32 = 1;
export const INT: u32 = 2;
export const DOUBLE: u32 = 3;
export const STRING: u32 = 4;
export const STRUCT: u32 = 5;
export const LIST: u32 = 6;
export const TEXT: u32 = 7;

export const SEEN_DOUBLE: u32 = 16;
export const SEEN_STRING: u32 = 32;
export const SEEN_LIST: u32 = 64;
export const SEEN_STRUCT: u32 = 128;
