/**
 * Newline-delimited JSON in, columns out. Chunks of any size go in; what a chunk leaves unfinished waits for the next.
 * Lines that are no row are handed to `onReject` and leave no trace.
 *
 * ```ts
 * const shredder = new Shredder(settings, { hints, groupBytes, onReject, onGroup: () => write(shredder.takeGroup()) });
 * for await (const chunk of input) shredder.push(chunk);
 * shredder.end();
 * …
 * shredder.close();
 * ```
 */
import { isUtf8 } from "node:buffer";
import type { SharedMemory } from "../webassembly.ts";
import { columnsExplode, countColumns, widestObject } from "./column-limit.ts";
import { BadLine, LINE_FEED, skipBlanks } from "./cursor.ts";
import { FileSchema } from "./file-schema.ts";
import { LineBuffer, type LineConsumer, PREFIX_BYTES_MAX } from "./line-buffer.ts";
import type { Node } from "./node.ts";
import { openRows } from "./open-rows.ts";
import { type RowGroup, takeRowGroup } from "./row-group.ts";
import { RowState, type ShredSettings, TooManyPaths } from "./row-state.ts";
import { type Rows, type RowsBy, tooLong } from "./rows.ts";
import type { SealTexts } from "./seal-queue.ts";
import type { Hint, Hints } from "./settle.ts";
import { RepeatedKey } from "./skip.ts";
import { PAGES_MAX } from "./webassembly/module.ts";

export interface RejectedLine {
  /** From 1; blank lines count. */
  readonly line: number;
  /** Byte offset in the text of the line's first byte. */
  readonly offset: number;
  readonly reason: string;
  /** The line without its line feed, at most its first 1 MiB; valid during the call. */
  readonly bytes: Uint8Array;
  /** The length of the whole line. */
  readonly length: number;
}

export interface ShredderOptions {
  /** What earlier passes over the same text found out. */
  readonly hints: Hints;
  /** A row group ends with the row by which its lines reach so many bytes. */
  readonly groupBytes: number;
  readonly onReject: (rejected: RejectedLine) => void;
  /** Compresses pages of texts ahead of their row group, where columns hold much. Without it texts stay as they are until the row group is taken. */
  readonly sealTexts?: SealTexts;
  /** A row group is full: it is to be taken and cleared. */
  readonly onGroup: () => void;
  /** Default: `webassembly`. Both give the same. */
  readonly rows?: RowsBy | undefined;
  /** For tests: how much memory WebAssembly may have, in pages of 64 KiB. With more needed, `isMemoryExhausted` is thrown. */
  readonly memoryPagesMax?: number | undefined;
}

const OPEN_OBJECT = 0x7b;

export class Shredder {
  readonly #state: RowState;
  readonly #settings: ShredSettings;
  readonly #options: ShredderOptions;
  readonly #rows: Rows;
  readonly #lines: LineBuffer;
  readonly #newHints = new Map<string, Hint>();
  #rejected = 0;

  constructor(settings: ShredSettings, options: ShredderOptions) {
    this.#settings = settings;
    this.#options = options;
    const { hints, groupBytes, sealTexts, rows: by = "webassembly", memoryPagesMax = PAGES_MAX } = options;
    const state = new RowState(settings, hints, groupBytes, sealTexts);
    this.#state = state;
    this.#rows = openRows(state, { by, groupBytes, memoryPagesMax });
    const consumer: LineConsumer = {
      lines: (buffer, end, base) => this.#readLines(buffer, end, base),
      overlong: ({ prefix, length, offset, isBlank }) => {
        if (!isBlank) this.#tellRejected(prefix, length, offset, this.#tooLong());
        state.line++;
      },
    };
    this.#lines = new LineBuffer(settings.lineBytesMax, consumer, this.#rows.allocate);
  }

  get root(): Node {
    return this.#state.root;
  }

  get rows(): number {
    return this.#rows.count;
  }

  get rejected(): number {
    return this.#rejected;
  }

  /** Bytes of text so far. */
  get bytes(): number {
    return this.#lines.bytes;
  }

  /** What must be known from the first row on: if there is anything, the columns of this pass are lost. */
  get newHints(): Hints {
    return this.#newHints;
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  /** Ends the text. The rows since the last row group are still to be taken. */
  end(): void {
    this.#lines.end();
  }

  /** What the columns are so far. */
  fileSchema(): FileSchema {
    this.#rows.sync();
    return new FileSchema(this.#state.root, this.#settings.conflicts);
  }

  /** The memory in which columns and levels lie, if that is a module's. */
  get memory(): SharedMemory | null {
    return this.#rows.memory;
  }

  /** The rows since the last row group, in memory that they share with the columns until `clearGroup`. */
  takeGroup(): RowGroup {
    this.#rows.sync();
    return takeRowGroup(this.#state.root, this.#rows.levels);
  }

  clearGroup(): void {
    this.#rows.clear();
    this.#state.sealQueue.clear();
  }

  /** To be called once, at whatever end: nothing of the columns may be read any more. */
  close(): void {
    this.#rows.close();
  }

  #readLines(buffer: Buffer, end: number, base: number): void {
    const state = this.#state;
    const { cursor } = state;
    cursor.load(buffer, 0);
    state.base = base;
    // Nearly always the whole text is valid, and one native call says so; only otherwise the lines are asked one by one.
    const isValid = isUtf8(buffer.subarray(0, end));
    while (cursor.at < end) {
      if (isValid) this.#read(end);
      else this.#readIfText();
      this.#takeHints();
      if (state.mayExplode) this.#checkColumns();
      if (this.#rows.groupBytes >= this.#options.groupBytes) this.#options.onGroup();
    }
  }

  /** Reads the line at the cursor if it is valid UTF-8, and otherwise rejects it. */
  #readIfText(): void {
    const { bytes, at } = this.#state.cursor;
    const end = bytes.indexOf(LINE_FEED, at);
    if (isUtf8(bytes.subarray(at, end))) this.#read(end + 1);
    else this.#reject(at, new BadLine("invalid UTF-8"));
  }

  /** Reads the line at the cursor, and maybe more before byte `end`. */
  #read(end: number): void {
    try {
      this.#rows.read(end);
    } catch (error) {
      const start = this.#state.lineStart;
      try {
        this.#readAgain(start, error);
      } catch (reason) {
        this.#reject(start, this.#takeBack(start, reason));
      }
    }
  }

  /**
   * Where the last member with a key counts, reads the line at `start` again that has a key twice, now knowing which members
   * to leave out; what was wrong with the line (`error`) may have been in one of them.
   */
  #readAgain(start: number, error: unknown): void {
    const state = this.#state;
    const { cursor } = state;
    const mayPass = error instanceof RepeatedKey || error instanceof BadLine;
    if (this.#settings.duplicateKeys !== "last" || !mayPass) throw error;
    cursor.at = start;
    if (skipBlanks(cursor) !== OPEN_OBJECT) throw error;
    const superseded = state.skipper.findSuperseded(cursor);
    if (superseded.size === 0) throw error;
    this.#rows.rollBack();
    cursor.at = start;
    state.superseded = superseded;
    this.#rows.read(cursor.bytes.indexOf(LINE_FEED, start) + 1);
    state.superseded = null;
  }

  #takeHints(): void {
    const { newHints } = this.#state;
    if (newHints.size === 0) return;
    for (const [path, hint] of newHints) this.#newHints.set(path, hint);
    newHints.clear();
  }

  /** Takes the line at `start` back and answers what it is to be rejected for; whatever is no fault of the line is thrown. */
  #takeBack(start: number, error: unknown): BadLine {
    if (error instanceof BadLine) {
      this.#rows.rollBack();
      return error;
    }
    if (!(error instanceof TooManyPaths)) throw error;
    const widest = widestObject(this.#state.root);
    this.#rows.rollBack();
    const mistake = this.#findMistake(start);
    if (mistake === undefined) throw columnsExplode(widest, this.#settings.columnsMax);
    if (!(mistake instanceof BadLine)) throw error;
    return mistake;
  }

  /** Rejects the line at `start`, which has left nothing, and moves behind it. */
  #reject(start: number, reason: BadLine): void {
    const state = this.#state;
    const { cursor, base } = state;
    const end = cursor.bytes.indexOf(LINE_FEED, start);
    const bytes = cursor.bytes.subarray(start, Math.min(end, start + PREFIX_BYTES_MAX));
    const isTooLong = end - start > this.#settings.lineBytesMax;
    this.#tellRejected(bytes, end - start, base + start, isTooLong ? this.#tooLong() : reason);
    cursor.at = end + 1;
    state.line++;
  }

  #tellRejected(bytes: Buffer, length: number, offset: number, { message: reason }: BadLine): void {
    this.#rejected++;
    this.#options.onReject({ line: this.#state.line, offset, reason, bytes, length });
  }

  /** What is wrong with the text of the line at `start` by itself, if anything. */
  #findMistake(start: number): unknown {
    const { cursor, skipper, root } = this.#state;
    cursor.at = start;
    skipBlanks(cursor);
    const objectStart = cursor.at;
    try {
      if (this.#settings.duplicateKeys === "last") skipper.superseded = skipper.findSuperseded(cursor);
      cursor.at = objectStart;
      skipper.skip(cursor, 0, root.declared, "");
      return skipBlanks(cursor) === LINE_FEED ? undefined : new BadLine("second value on the line");
    } catch (error) {
      return error;
    } finally {
      skipper.superseded = null;
    }
  }

  #tooLong(): BadLine {
    return tooLong(this.#settings.lineBytesMax);
  }

  /** Counts the columns exactly, once there are more typed nodes than columns allowed: structs and lists are no columns. */
  #checkColumns(): void {
    const { root } = this.#state;
    this.#rows.sync();
    this.#state.noteCounted();
    if (countColumns(root) > this.#settings.columnsMax) {
      throw columnsExplode(widestObject(root), this.#settings.columnsMax);
    }
  }
}
