/** Reads values of columns that a project declares as scalars: what does not fit rejects the line (rule T7). */
import type { DeclaredType } from "../model/schema.ts";
import { BadLine, type Cursor, LINE_FEED, QUOTE } from "./cursor.ts";
import { parseDecimal, parseTimestamp, unscaledDecimal } from "./declared-values.ts";
import { SEEN_DOUBLE, SEEN_INT } from "./node-type.ts";
import { NumberReader, passLiteral } from "./number.ts";
import { decodeText, readText, Text } from "./text.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const INT64_DIGITS = 19;
const TIMESTAMP_BYTES_MAX = 64;
const FOUND_BYTES_MAX = 60;

export class DeclaredReader {
  readonly #numbers = new NumberReader();
  readonly #text = new Text();

  /**
   * Reads the value at the cursor, which is not null, as the declared type: a boolean as 0 or 1, a timestamp in
   * microseconds, a decimal as its unscaled integer; a bigint where a number could not hold it.
   */
  read(cursor: Cursor, type: DeclaredType, path: string): number | bigint {
    const start = cursor.at;
    const value = this.#readAs(cursor, type);
    if (value === undefined) throw misfit(cursor, type, path, start);
    if (typeof value === "number") return value;
    const asNumber = Number(value);
    return Number.isSafeInteger(asNumber) ? asNumber : value;
  }

  #readAs(cursor: Cursor, type: DeclaredType): number | bigint | undefined {
    switch (type.kind) {
      case "bool":
        return this.#readBool(cursor);
      case "int64":
        return this.#readInteger(cursor);
      case "double":
        return this.#readDouble(cursor);
      case "timestamp":
        return this.#readTimestamp(cursor);
      case "decimal":
        return this.#readDecimal(cursor, type.precision, type.scale);
      default:
        throw new RangeError(`${type.kind} is not read by value`);
    }
  }

  #readBool(cursor: Cursor): number | undefined {
    const first = cursor.bytes[cursor.at];
    if ((first !== 0x74 && first !== 0x66) || !passLiteral(cursor)) return undefined;
    return first === 0x74 ? 1 : 0;
  }

  #readDouble(cursor: Cursor): number | undefined {
    if (!startsNumber(cursor)) return undefined;
    const kind = this.#numbers.read(cursor);
    return kind === SEEN_INT || kind === SEEN_DOUBLE ? this.#numbers.value[0] : undefined;
  }

  #readInteger(cursor: Cursor): number | bigint | undefined {
    const start = cursor.at;
    if (!startsNumber(cursor)) return undefined;
    if (this.#numbers.read(cursor) === SEEN_INT) return this.#numbers.value[0];
    const decimal = parseDecimal(cursor.bytes.toString("latin1", start, cursor.at));
    const value = decimal === undefined ? undefined : unscaledDecimal(decimal, INT64_DIGITS, 0);
    return value === undefined || value > INT64_MAX || value < INT64_MIN ? undefined : value;
  }

  #readTimestamp(cursor: Cursor): bigint | undefined {
    if (cursor.bytes[cursor.at] !== QUOTE) return undefined;
    readText(cursor, this.#text);
    return this.#text.length > TIMESTAMP_BYTES_MAX ? undefined : parseTimestamp(decodeText(this.#text));
  }

  #readDecimal(cursor: Cursor, precision: number, scale: number): bigint | undefined {
    const start = cursor.at;
    let digits: string;
    if (cursor.bytes[start] === QUOTE) {
      readText(cursor, this.#text);
      digits = decodeText(this.#text);
    } else {
      if (!startsNumber(cursor)) return undefined;
      this.#numbers.pass(cursor);
      digits = cursor.bytes.toString("latin1", start, cursor.at);
    }
    const decimal = parseDecimal(digits);
    return decimal === undefined ? undefined : unscaledDecimal(decimal, precision, scale);
  }
}

function startsNumber(cursor: Cursor): boolean {
  const byte = cursor.bytes[cursor.at] ?? 0;
  return byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
}

function misfit(cursor: Cursor, type: DeclaredType, path: string, start: number): BadLine {
  const name = type.kind === "decimal" ? `decimal(${type.precision},${type.scale})` : type.kind;
  const end = cursor.at > start ? cursor.at : cursor.bytes.indexOf(LINE_FEED, start);
  return new BadLine(
    `column ${path}: expected ${name}, got ${cursor.bytes.toString("utf8", start, Math.min(end, start + FOUND_BYTES_MAX))}`,
  );
}
