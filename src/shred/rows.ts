/** How lines become rows: in TypeScript, which is the reference, or in WebAssembly, which gives the same. */

import type { SharedMemory } from "../webassembly.ts";
import { BadLine } from "./cursor.ts";
import type { LevelMaker } from "./levels.ts";
import type { AllocateLines } from "./line-buffer.ts";

/**
 * Rows by one of both. What they share with the `Shredder` is the `RowState`: its cursor stands at a line's first byte, and
 * `line` is that line's number.
 */
export interface Rows {
  /** Rows since the text began. */
  readonly count: number;
  /** Bytes of the lines of rows since the group began. */
  readonly groupBytes: number;
  /** Memory for the text that the cursor moves in. */
  readonly allocate: AllocateLines;
  /** Makes levels of the columns. */
  readonly levels: LevelMaker;
  /** The memory in which columns and levels lie, if that is a module's. */
  readonly memory: SharedMemory | null;
  /**
   * Reads the line at the cursor and, if it likes, more before byte `end` of the buffer, but none after a line that fills
   * the row group or leaves findings. Cursor and line number move behind what was read.
   *
   * A line that is no row throws: `BadLine`, `RepeatedKey` or `TooManyPaths`. Then `line` and `lineStart` say which line
   * it is, and it is still to be taken back.
   */
  read(end: number): void;
  /** Takes back what the line brought about that `read` has thrown for. */
  rollBack(): void;
  /** Brings what the tree says of entries and values up to date; they share memory with the columns until `clear`. */
  sync(): void;
  /** Forgets the row group. */
  clear(): void;
  /** Gives memory back, once for all: nothing of the columns may be read any more. */
  close(): void;
}

/** `webassembly` where it can be had, otherwise TypeScript as well. */
export type RowsBy = "webassembly" | "typescript";

export interface RowsOptions {
  readonly by: RowsBy;
  /** A row group ends with the row by which its lines reach so many bytes. */
  readonly groupBytes: number;
  /** How much memory WebAssembly may have, in pages of 64 KiB. */
  readonly memoryPagesMax: number;
}

/** What to throw at a line of more than so many bytes. */
export function tooLong(lineBytesMax: number): BadLine {
  return new BadLine(`longer than ${lineBytesMax} bytes`);
}
