/** What is seldom and is done on the other side. Each of these may throw, which ends the row. */
import { Node } from "./node";

/** Reads the key behind the opening quote at `at`: answers its field, new or old, and leaves `resumeAt` behind the colon. */
export declare function field(node: Node, at: usize): Node;

/** Creates the element of a list. */
export declare function element(list: Node): Node;

/** Decides what a node becomes by a value of the kind, which begins at `at`. */
export declare function settle(node: Node, kind: u32, at: usize): void;

/** Shreds the value at `at`, of whatever kind; answers where it ends. */
export declare function value(node: Node, parentEntry: u32, depth: u32, at: usize): usize;

/** Passes over the member at `at` if a later one replaces it, and answers where it ends; otherwise answers 0. */
export declare function superseded(at: usize, depth: u32): usize;

/** A key stands twice in an object. */
export declare function repeated(field: Node): void;

/** Rejects the line for what stands at `at`. */
export declare function fail(at: usize, wish: u32): void;
