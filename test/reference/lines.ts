/** A file's bytes as lines (rules L1–L4, L7, L8). */
import { Reject } from "./json.ts";

export interface Line {
  /** Counts from 1; blank lines count. */
  readonly number: number;
  /** Of the line's first byte in the file. */
  readonly offset: number;
  /** Without the line feed. */
  readonly bytes: Uint8Array;
}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Every line that is not blank. A byte order mark at the start of the file belongs to no line. */
export function splitLines(file: Uint8Array): Line[] {
  const lines: Line[] = [];
  let offset = BYTE_ORDER_MARK.every((byte, index) => file[index] === byte) ? BYTE_ORDER_MARK.length : 0;
  for (let number = 1; offset < file.length; number++) {
    const feed = file.indexOf(LINE_FEED, offset);
    const end = feed === -1 ? file.length : feed;
    const bytes = file.subarray(offset, end);
    if (!isBlank(bytes)) lines.push({ number, offset, bytes });
    offset = end + 1;
  }
  return lines;
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** The line's text. Throws `Reject` for one that is too long or no UTF-8. */
export function lineText(line: Line, lineBytesMax: number): string {
  if (line.bytes.length > lineBytesMax) throw new Reject(`line longer than ${lineBytesMax} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line.bytes);
  } catch (error) {
    if (error instanceof TypeError) throw new Reject("invalid UTF-8");
    throw error;
  }
}
