/** Where reading stands in a buffer of JSON lines, and what is thrown when a line is not what it should be. */

/**
 * How many bytes after the last line feed a buffer must have: words of four bytes are read without asking where the
 * text ends, since the line feed at the end of every line stops each loop.
 */
export const SLACK_BYTES = 16;

export class Cursor {
  bytes: Buffer = Buffer.alloc(SLACK_BYTES);
  /** The same memory as `bytes`. */
  view: DataView = new DataView(this.bytes.buffer);
  at = 0;

  load(bytes: Buffer, at: number): void {
    if (this.bytes !== bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.at = at;
  }
}

/** The line is rejected; the message is the reason that goes into quarantine. */
export class BadLine extends Error {
  override readonly name = "BadLine";
}

export const LINE_FEED = 0x0a;
export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;

/** Passes over white space within a line and answers the byte that follows it. */
export function skipBlanks(cursor: Cursor): number {
  const { bytes } = cursor;
  let byte = bytes[cursor.at] ?? LINE_FEED;
  while (byte === 0x20 || byte === 0x0d || byte === 0x09) byte = bytes[++cursor.at] ?? LINE_FEED;
  return byte;
}

/** What to throw at a byte that cannot stand there. */
export function unexpected(cursor: Cursor, wish: string): BadLine {
  const byte = cursor.bytes[cursor.at] ?? LINE_FEED;
  if (byte === LINE_FEED) return new BadLine("unexpected end");
  const found =
    byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `byte 0x${byte.toString(16).padStart(2, "0")}`;
  return new BadLine(`expected ${wish}, got ${found}`);
}
