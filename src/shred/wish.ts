/** What stands where something else was wished for, which rejects the line. Plain numbers, which `assembly/` reads too. */
export const WISH_OBJECT = 0;
export const WISH_END = 1;
export const WISH_SHORTER = 2;
export const WISH_LIST_END = 3;
export const WISH_OBJECT_END = 4;
export const WISH_KEY = 5;
export const WISH_SHALLOWER = 6;
