/**
 * Newline-delimited JSON in, columns out. Chunks of any size go in; what a chunk leaves unfinished waits for the next.
 * Lines that are no row are handed to `onReject` and leave no trace.
 *
 * ```ts
 * const shredder = new Shredder(settings, { hints, groupBytes, onReject, onGroup: () => write(shredder.takeGroup()) });
 * for await (const chunk of input) shredder.push(chunk);
 * shredder.end();
 * ```
 */
import { isUtf8 } from "node:buffer";
import { columnsExplode, countColumns, widestObject } from "./column-limit.ts";
import { BadLine, LINE_FEED, skipBlanks } from "./cursor.ts";
import { FileSchema } from "./file-schema.ts";
import { LineBuffer, PREFIX_BYTES_MAX } from "./line-buffer.ts";
import { type NativeRows, openNativeRows } from "./native/native-rows.ts";
import type { Node } from "./node.ts";
import { clearColumns, type RowGroup, takeRowGroup } from "./row-group.ts";
import { RowState, type ShredSettings, TooManyPaths } from "./row-state.ts";
import type { Hint, Hints } from "./settle.ts";
import { shredRow } from "./shred-values.ts";
import { RepeatedKey } from "./skip.ts";
import type { SealTexts } from "./string-column.ts";

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
}

const OPEN_OBJECT = 0x7b;

export class Shredder {
  readonly #state: RowState;
  readonly #settings: ShredSettings;
  readonly #options: ShredderOptions;
  readonly #lines: LineBuffer;
  /** What shreds rows, if not this side. */
  readonly #native: NativeRows | null;
  readonly #newHints = new Map<string, Hint>();
  #rows = 0;
  #rejected = 0;
  #groupBytes = 0;
  /** How many typed nodes there were when the columns were last counted. */
  #countedAt = 0;

  constructor(settings: ShredSettings, options: ShredderOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#state = new RowState(settings, options.hints, options.groupBytes, options.sealTexts);
    this.#state.line = 1;
    this.#native = openNativeRows(this.#state, options.groupBytes, () => this.#hasFindings());
    this.#state.columns = this.#native;
    this.#lines = new LineBuffer(
      settings.lineBytesMax,
      {
        lines: (buffer, end, base) => this.#readLines(buffer, end, base),
        overlong: ({ prefix, length, offset, isBlank }) => {
          if (!isBlank) this.#rejectBytes(prefix, length, offset, this.#tooLong());
          this.#state.line++;
        },
      },
      this.#native === null
        ? undefined
        : (bytes, old, used) => this.#native?.allocate(bytes, old, used) ?? Buffer.alloc(bytes),
    );
  }

  get root(): Node {
    return this.#state.root;
  }

  get rows(): number {
    return this.#rows;
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
    this.#native?.sync();
    return new FileSchema(this.#state.root, this.#settings.conflicts);
  }

  /** The rows since the last row group, in memory that they share with the columns until `clearGroup`. */
  takeGroup(): RowGroup {
    this.#native?.sync();
    return takeRowGroup(this.#state.root);
  }

  clearGroup(): void {
    this.#native?.sync();
    clearColumns(this.#state.root);
    this.#native?.clear();
    this.#state.sealQueue.clear();
    this.#groupBytes = 0;
  }

  #readLines(buffer: Buffer, end: number, base: number): void {
    const state = this.#state;
    const { cursor } = state;
    cursor.load(buffer, 0);
    if (this.#native !== null) {
      this.#readNatively(this.#native, end, base);
      return;
    }
    // Nearly always the whole text is valid, and one native call says so; only otherwise the lines are asked one by one.
    const isValid = isUtf8(buffer.subarray(0, end));
    while (cursor.at < end) {
      state.lineOffset = base + cursor.at;
      this.#readLine(isValid);
      state.line++;
      if (state.typed > this.#settings.columnsMax) this.#checkColumns();
      if (this.#groupBytes >= this.#options.groupBytes) this.#options.onGroup();
    }
  }

  /** Whether something is to be done before the next line. */
  #hasFindings(): boolean {
    const { newHints, typed } = this.#state;
    return newHints.size > 0 || (typed > this.#settings.columnsMax && typed !== this.#countedAt);
  }

  #readNatively(native: NativeRows, end: number, base: number): void {
    const state = this.#state;
    const { cursor } = state;
    native.load(base);
    const isValid = isUtf8(cursor.bytes.subarray(0, end));
    while (cursor.at < end) {
      const lineEnd = isValid ? end : cursor.bytes.indexOf(LINE_FEED, cursor.at) + 1;
      try {
        if (isValid || this.#checkLine(native, cursor.at)) native.readLines(lineEnd);
      } catch (error) {
        this.#rejectNatively(native, error);
      }
      this.#rows = native.rows;
      state.takePages(native.takeFullPages());
      this.#takeHints();
      if (state.typed > this.#settings.columnsMax) {
        native.sync();
        this.#checkColumns();
      }
      if (native.groupBytes >= this.#options.groupBytes) this.#options.onGroup();
    }
    state.root.count = native.rootCount;
  }

  /** Whether the line is text or blank; otherwise it is rejected and the cursor stands after it. */
  #checkLine(native: NativeRows, start: number): boolean {
    const state = this.#state;
    const { cursor } = state;
    try {
      if (skipBlanks(cursor) !== LINE_FEED) this.#checkUtf8(start);
      cursor.at = start;
      return true;
    } catch (error) {
      native.beginLine(start);
      this.#rejectLine(start, error);
      cursor.at++;
      state.line++;
      return false;
    }
  }

  #rejectNatively(native: NativeRows, error: unknown): void {
    const state = this.#state;
    const start = native.lineStart;
    try {
      this.#readLineAgain(native, start, error);
    } catch (reason) {
      this.#rejectLine(start, reason);
      state.cursor.at++;
      state.line++;
    }
  }

  /** See `#readRowAgain`. */
  #readLineAgain(native: NativeRows, start: number, error: unknown): void {
    const state = this.#state;
    const { cursor } = state;
    const mayPass = error instanceof RepeatedKey || error instanceof BadLine;
    if (this.#settings.duplicateKeys !== "last" || !mayPass) throw error;
    state.rollBackRow();
    cursor.at = start;
    if (skipBlanks(cursor) !== OPEN_OBJECT) throw error;
    const superseded = state.skipper.findSuperseded(cursor);
    if (superseded.size === 0) throw error;
    cursor.at = start;
    state.superseded = superseded;
    native.hasSuperseded = true;
    try {
      native.readLines(cursor.bytes.indexOf(LINE_FEED, start) + 1);
    } finally {
      native.hasSuperseded = false;
    }
    state.superseded = null;
  }

  /** Reads the line at the cursor and leaves the cursor after its line feed. */
  #readLine(isValid: boolean): void {
    const state = this.#state;
    const { cursor } = state;
    const start = cursor.at;
    if (skipBlanks(cursor) !== LINE_FEED) {
      state.beginRow();
      try {
        if (!isValid) this.#checkUtf8(start);
        this.#readRow(start);
        state.endRow();
        this.#rows++;
        this.#groupBytes += cursor.at - start;
      } catch (error) {
        this.#rejectLine(start, error);
      }
    }
    cursor.at++;
  }

  /** Shreds the line at the cursor and leaves the cursor at its line feed. `start` is where the line begins. */
  #readRow(start: number): void {
    const state = this.#state;
    const { cursor } = state;
    const objectStart = cursor.at;
    if (cursor.bytes[objectStart] !== OPEN_OBJECT) throw new BadLine("not an object");
    try {
      shredRow(state);
    } catch (error) {
      this.#readRowAgain(objectStart, error);
    }
    if (skipBlanks(cursor) !== LINE_FEED) throw new BadLine("second value on the line");
    if (cursor.at - start > this.#settings.lineBytesMax) throw this.#tooLong();
    this.#takeHints();
  }

  #takeHints(): void {
    const { newHints } = this.#state;
    if (newHints.size === 0) return;
    for (const [path, hint] of newHints) this.#newHints.set(path, hint);
    newHints.clear();
  }

  /**
   * Where the last member with a key counts, reads a row again that has a key twice, now knowing which members to leave
   * out; what was wrong with the row (`error`) may have been in one of them.
   */
  #readRowAgain(objectStart: number, error: unknown): void {
    const state = this.#state;
    const mayPass = error instanceof RepeatedKey || error instanceof BadLine;
    if (this.#settings.duplicateKeys !== "last" || !mayPass) throw error;
    state.rollBackRow();
    state.cursor.at = objectStart;
    const superseded = state.skipper.findSuperseded(state.cursor);
    if (superseded.size === 0) throw error;
    state.cursor.at = objectStart;
    state.superseded = superseded;
    shredRow(state);
    state.superseded = null;
  }

  /** Takes the line that begins at `start` back and leaves the cursor at its line feed. */
  #rejectLine(start: number, error: unknown): void {
    const state = this.#state;
    const end = state.cursor.bytes.indexOf(LINE_FEED, start);
    let reason = error;
    if (error instanceof TooManyPaths) {
      const widest = widestObject(state.root);
      state.rollBackRow();
      reason = this.#findMistake(start);
      if (reason === undefined) throw columnsExplode(widest, this.#settings.columnsMax);
    } else state.rollBackRow();
    if (!(reason instanceof BadLine)) throw error;
    const bytes = state.cursor.bytes.subarray(start, Math.min(end, start + PREFIX_BYTES_MAX));
    const isTooLong = end - start > this.#settings.lineBytesMax;
    this.#rejectBytes(bytes, end - start, state.lineOffset, isTooLong ? this.#tooLong() : reason);
    state.cursor.at = end;
  }

  #rejectBytes(bytes: Buffer, length: number, offset: number, error: BadLine): void {
    this.#rejected++;
    this.#options.onReject({ line: this.#state.line, offset, reason: error.message, bytes, length });
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

  #checkUtf8(start: number): void {
    const { bytes } = this.#state.cursor;
    if (!isUtf8(bytes.subarray(start, bytes.indexOf(LINE_FEED, start)))) throw new BadLine("invalid UTF-8");
  }

  #tooLong(): BadLine {
    return new BadLine(`longer than ${this.#settings.lineBytesMax} bytes`);
  }

  /** Counts the columns exactly, once there are more typed nodes than columns allowed: structs and lists are no columns. */
  #checkColumns(): void {
    const { root, typed } = this.#state;
    if (typed === this.#countedAt) return;
    this.#countedAt = typed;
    if (countColumns(root) > this.#settings.columnsMax) {
      throw columnsExplode(widestObject(root), this.#settings.columnsMax);
    }
  }
}
