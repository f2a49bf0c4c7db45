/** What is seldom and is done on the other side. Each of these may throw, which ends the row. */
import { Node } from "./node";

/** Reads the key behind the opening quote at `at`: answers its field, new or old, and leaves `resumeAt` behind the colon. */
@external("host", "field")
export declare function field(node: Node, at: usize): Node;

/** Creates the element of a list. */
@external("host", "element")
export declare function element(list: Node): Node;

/** Decides what a node becomes by a value of the kind, which begins at `at`. */
@external("host", "settle")
export declare function settle(node: Node, kind: u32, at: usize): void;

/** Shreds the value at `at`, of whatever kind; answers where it ends. */
@external("host", "value")
export declare function otherValue(node: Node, parentEntry: u32, depth: u32, at: usize): usize;

/** Passes over the member at `at` if a later one replaces it, and answers where it ends; otherwise answers 0. */
@external("host", "superseded")
export declare function passSuperseded(at: usize, depth: u32): usize;

@external("host", "repeated")
export declare function repeatedKey(field: Node): void;

/** Rejects the line for what stands at `at`. */
@external("host", "fail")
export declare function fail(at: usize, wish: u32): void;
