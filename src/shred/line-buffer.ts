/** Cuts a stream of chunks at line feeds, so that whole lines lie together in one buffer, and bounds what is held. */
import { LINE_FEED, SLACK_BYTES } from "./cursor.ts";

export interface LineConsumer {
  /**
   * Takes the lines in the buffer's first `end` bytes; the last of these is a line feed, and SLACK_BYTES follow. The
   * buffer's first byte stands at offset `base` of the text.
   */
  lines(buffer: Buffer, end: number, base: number): void;
  /** Takes a line that is longer than allowed, once it has ended. */
  overlong(line: OverlongLine): void;
}

/** What is kept of a line that is longer than allowed, of which nothing else is held. */
export interface OverlongLine {
  /** Its first bytes, at most `PREFIX_BYTES_MAX`. */
  readonly prefix: Buffer;
  readonly length: number;
  readonly offset: number;
  /** Nothing but white space. */
  readonly isBlank: boolean;
}

export const PREFIX_BYTES_MAX = 1 << 20;

const FIRST_BUFFER_BYTES = 1 << 21;

/** Answers memory of `bytes` bytes that begins with the first `used` bytes of `old`, which is not used any more. */
export type AllocateLines = (bytes: number, old: Buffer | null, used: number) => Buffer;

/** Memory of the process's own. */
export function allocateLines(bytes: number, old: Buffer | null, used: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  old?.copy(buffer, 0, 0, used);
  return buffer;
}

export class LineBuffer {
  readonly #lineBytesMax: number;
  readonly #consumer: LineConsumer;
  readonly #allocate: AllocateLines;
  #buffer: Buffer;
  /** Bytes at the buffer's start that wait for the rest of their line. */
  #waiting = 0;
  /** Offset in the text of the buffer's first byte. */
  #base = 0;
  /** A line that is longer than allowed, of which more may come. */
  #overlong: GrowingLine | null = null;
  #bytes = 0;

  constructor(lineBytesMax: number, consumer: LineConsumer, allocate: AllocateLines = allocateLines) {
    this.#allocate = allocate;
    this.#buffer = allocate(FIRST_BUFFER_BYTES, null, 0);
    this.#lineBytesMax = lineBytesMax;
    this.#consumer = consumer;
  }

  /** Bytes of text so far. */
  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    const rest = this.#overlong === null ? chunk : this.#passOver(this.#overlong, chunk);
    if (rest.length === 0) return;
    this.#append(rest);
    if (this.#base === 0) this.#dropMark();
    const end = this.#buffer.subarray(0, this.#waiting).lastIndexOf(LINE_FEED) + 1;
    if (end > 0) {
      this.#consumer.lines(this.#buffer, end, this.#base);
      this.#buffer.copyWithin(0, end, this.#waiting);
      this.#base += end;
      this.#waiting -= end;
    }
    if (this.#waiting > this.#lineBytesMax) {
      this.#overlong = new GrowingLine();
      this.#overlong.add(this.#buffer.subarray(0, this.#waiting));
      this.#waiting = 0;
    }
  }

  /** Ends the text: a last line without a line feed is an ordinary line. */
  end(): void {
    if (this.#overlong !== null) this.#endOverlong(this.#overlong);
    if (this.#waiting === 0) return;
    this.#buffer[this.#waiting] = LINE_FEED;
    this.#consumer.lines(this.#buffer, this.#waiting + 1, this.#base);
    this.#waiting = 0;
  }

  /** A byte order mark at the very start is no part of the text. */
  #dropMark(): void {
    if (this.#waiting < 3 || this.#buffer.readUIntBE(0, 3) !== 0xefbbbf) return;
    this.#buffer.copyWithin(0, 3, this.#waiting);
    this.#waiting -= 3;
    this.#base = 3;
  }

  #append(chunk: Uint8Array): void {
    const wanted = this.#waiting + chunk.length + SLACK_BYTES;
    if (wanted > this.#buffer.length) {
      this.#buffer = this.#allocate(Math.max(wanted, this.#buffer.length * 2), this.#buffer, this.#waiting);
    }
    // `set` would copy into shared memory word by word, in twenty times the time.
    this.#buffer.fill(chunk, this.#waiting, this.#waiting + chunk.length);
    this.#waiting += chunk.length;
  }

  /** Answers what follows the end of the overlong line in this chunk. */
  #passOver(overlong: GrowingLine, chunk: Uint8Array): Uint8Array {
    const end = chunk.indexOf(LINE_FEED);
    overlong.add(end < 0 ? chunk : chunk.subarray(0, end));
    if (end < 0) return chunk.subarray(chunk.length);
    this.#endOverlong(overlong);
    this.#base++;
    return chunk.subarray(end + 1);
  }

  #endOverlong(overlong: GrowingLine): void {
    const line = overlong.finish(this.#base);
    this.#consumer.overlong(line);
    this.#base += line.length;
    this.#overlong = null;
  }
}

/** A line of which only the beginning is kept, and whether anything was in it. */
class GrowingLine {
  readonly #prefix: Buffer[] = [];
  #length = 0;
  #isBlank = true;

  add(bytes: Uint8Array): void {
    const room = PREFIX_BYTES_MAX - this.#length;
    if (room > 0) this.#prefix.push(Buffer.from(bytes.subarray(0, room)));
    this.#length += bytes.length;
    this.#isBlank &&= bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
  }

  finish(offset: number): OverlongLine {
    return { prefix: Buffer.concat(this.#prefix), length: this.#length, offset, isBlank: this.#isBlank };
  }
}
