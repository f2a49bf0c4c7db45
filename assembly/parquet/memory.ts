/** Blocks of the memory in which the columns lie, from whoever gives them out. It may grow, but nothing in it moves. */

/** A block of `size` bytes, with anything in them. */
@external("host", "allocate")
export declare function allocate(size: usize): usize;

/** Gives back a block of `size` bytes. */
@external("host", "release")
export declare function release(block: usize, size: usize): void;
