/**
 * Bytes as strings, a column at a time. A value is cut out of the column's bytes by itself: a part of one large string would
 * keep all of that string alive, and with it a whole column for one value that somebody holds. Short ones are copied anyway
 * when they are cut, which is faster than a call for each.
 */
import { isAscii, isUtf8 } from "node:buffer";
import { SparkError } from "./errors.ts";

/** V8 shares the larger string's memory with parts that are this long or longer. */
const sharedLengthMin = 13;

/** Far below the length that no string may have. */
const wholeLengthMax = 2 ** 26;

/** One string for each stretch between two offsets, whose bytes are UTF-8; `column` names it in the error if they are not. */
export function utf8Texts(bytes: Uint8Array<ArrayBuffer>, offsets: Int32Array, column: string): string[] {
  const first = offsets[0] ?? 0;
  const last = offsets[offsets.length - 1] ?? 0;
  const used = bytes.subarray(first, last);
  if (isAscii(used)) return asciiTexts(bytes, offsets);
  if (!isUtf8(used) || cutsCharacter(bytes, offsets)) {
    throw new SparkError("application", `column ${column}: a text is not UTF-8`, {
      remedy: "select it as BINARY, or repair it with make_valid_utf8",
    });
  }
  const source = bufferOf(bytes);
  const texts = new Array<string>(offsets.length - 1);
  let start = first;
  for (let index = 0; index < texts.length; index++) {
    const end = offsets[index + 1] ?? 0;
    texts[index] = source.toString("utf8", start, end);
    start = end;
  }
  return texts;
}

/** The same for bytes that are known to be ASCII. */
export function asciiTexts(bytes: Uint8Array<ArrayBuffer>, offsets: Int32Array): string[] {
  const first = offsets[0] ?? 0;
  const last = offsets[offsets.length - 1] ?? 0;
  const source = bufferOf(bytes);
  const texts = new Array<string>(offsets.length - 1);
  const areShort = last - first < sharedLengthMin * texts.length && last - first <= wholeLengthMax;
  const whole = areShort ? source.toString("latin1", first, last) : "";
  let start = first;
  for (let index = 0; index < texts.length; index++) {
    const end = offsets[index + 1] ?? 0;
    texts[index] =
      areShort && end - start < sharedLengthMin
        ? whole.substring(start - first, end - first)
        : source.toString("latin1", start, end);
    start = end;
  }
  return texts;
}

/** Whether a value begins in the middle of a character, in bytes that are UTF-8 as a whole. */
function cutsCharacter(bytes: Uint8Array, offsets: Int32Array): boolean {
  const last = offsets[offsets.length - 1] ?? 0;
  for (const offset of offsets) {
    if (offset < last && ((bytes[offset] ?? 0) & 0xc0) === 0x80) return true;
  }
  return false;
}

function bufferOf(bytes: Uint8Array<ArrayBuffer>): Buffer<ArrayBuffer> {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Collects ASCII texts that are written byte by byte, one behind the other. */
export class AsciiWriter {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #offsets: Int32Array;
  #at = 0;
  #count = 0;

  /** Room for `count` texts, none longer than `textBytesMax`. */
  constructor(count: number, textBytesMax: number) {
    this.#bytes = new Uint8Array(count * textBytesMax);
    this.#offsets = new Int32Array(count + 1);
  }

  byte(code: number): void {
    this.#bytes[this.#at++] = code;
  }

  /** A number from 0 to 99 by two digits. */
  two(value: number): void {
    const tens = (value / 10) | 0;
    this.#bytes[this.#at++] = 48 + tens;
    this.#bytes[this.#at++] = 48 + value - 10 * tens;
  }

  /** An integer below 2^31 and not negative by that many digits, which suffice for it. */
  digits(value: number, count: number): void {
    let rest = value;
    for (let at = this.#at + count - 1; at >= this.#at; at--) {
      const tenth = (rest / 10) | 0;
      this.#bytes[at] = 48 + rest - 10 * tenth;
      rest = tenth;
    }
    this.#at += count;
  }

  /** Ends the text. */
  end(): void {
    this.#offsets[++this.#count] = this.#at;
  }

  texts(): string[] {
    return asciiTexts(this.#bytes, this.#offsets.subarray(0, this.#count + 1));
  }
}
