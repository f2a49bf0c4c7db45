/** Reads JSON numbers and literals from bytes. */
import { BadLine, type Cursor, unexpected } from "./cursor.ts";
import { SEEN_BIG, SEEN_DOUBLE, SEEN_HUGE, SEEN_INT } from "./node-type.ts";

/** Up to this many digits an integer is exact in a double, however it is built up. */
const EXACT_DIGITS = 15;

/** Powers of ten that a double holds exactly. */
const exactPowers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** A number that no double holds, though its grammar is right. */
class OutOfRange extends BadLine {}

const SAFE = 2n ** 53n;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** The words `null`, `true` and `alse` as little-endian integers. */
const NULL_WORD = 0x6c6c756e;
const TRUE_WORD = 0x65757274;
const ALSE_WORD = 0x65736c61;

/** Passes over `null`, `true` or `false` at the cursor. Answers whether one stands there. */
export function passLiteral(cursor: Cursor): boolean {
  const { view, at } = cursor;
  const word = view.getInt32(at, true);
  if (word === NULL_WORD || word === TRUE_WORD) cursor.at = at + 4;
  else if (view.getUint8(at) === 0x66 && view.getInt32(at + 1, true) === ALSE_WORD) cursor.at = at + 5;
  else return false;
  return true;
}

/** Reads numbers; what was read last stands in `value` and `wide`. */
export class NumberReader {
  /** The value as a double; a typed array, so that storing it allocates nothing. */
  readonly value = new Float64Array(1);
  /** The exact value of an integer beyond ±2^53 within int64. */
  wide = 0n;

  /**
   * Reads the number at the cursor, leaves the cursor after it, and answers which kind it is: SEEN_INT (within ±2^53),
   * SEEN_BIG (int64 beyond that), SEEN_HUGE (an integer beyond int64, whose digits are its only exact value) or
   * SEEN_DOUBLE. Rejects the line for anything that is no JSON number or overflows a double.
   */
  read(cursor: Cursor): number {
    const { bytes } = cursor;
    const start = cursor.at;
    let at = start;
    const negative = bytes[at] === 0x2d;
    if (negative) at++;
    const first = at;
    let value = 0;
    let byte = bytes[at] ?? 0;
    while (byte >= 0x30 && byte <= 0x39) {
      value = value * 10 + (byte - 0x30);
      byte = bytes[++at] ?? 0;
    }
    const digits = at - first;
    cursor.at = at;
    if (digits === 0) throw unexpected(cursor, "a digit");
    if (digits > 1 && bytes[first] === 0x30) throw new BadLine("number with a leading zero");
    if (byte === 0x2e || (byte | 0x20) === 0x65) return this.#readFraction(cursor, start, negative, value, digits);
    if (digits > EXACT_DIGITS) return this.#readLong(cursor, start);
    // Not `-value`: the integer -0 is 0.
    this.value[0] = negative ? 0 - value : value;
    return SEEN_INT;
  }

  /** Passes over the number at the cursor, whatever its size. */
  pass(cursor: Cursor): void {
    try {
      this.read(cursor);
    } catch (error) {
      if (!(error instanceof OutOfRange)) throw error;
    }
  }

  #readLong(cursor: Cursor, start: number): number {
    const digits = cursor.bytes.toString("latin1", start, cursor.at);
    // A line may hold millions of digits, and BigInt takes quadratic time.
    if (digits.length > 20) return SEEN_HUGE;
    const value = BigInt(digits);
    if (value > INT64_MAX || value < INT64_MIN) return SEEN_HUGE;
    this.wide = value;
    this.value[0] = Number(value);
    return value > SAFE || value < -SAFE ? SEEN_BIG : SEEN_INT;
  }

  /** Reads on at the point or the exponent. `whole` and `wholeDigits` are what stands before it. */
  #readFraction(cursor: Cursor, start: number, negative: boolean, whole: number, wholeDigits: number): number {
    const { bytes } = cursor;
    let digits = wholeDigits;
    let mantissa = whole;
    let fractionDigits = 0;
    if (bytes[cursor.at] === 0x2e) {
      let at = cursor.at + 1;
      const first = at;
      let byte = bytes[at] ?? 0;
      while (byte >= 0x30 && byte <= 0x39) {
        mantissa = mantissa * 10 + (byte - 0x30);
        byte = bytes[++at] ?? 0;
      }
      cursor.at = at;
      fractionDigits = at - first;
      digits += fractionDigits;
      if (fractionDigits === 0) throw unexpected(cursor, "a digit");
    }
    const exponent = this.#readExponent(cursor);
    const scale = fractionDigits - exponent;
    if (digits <= EXACT_DIGITS && scale >= -22 && scale <= 22) {
      // Both operands are exact, so that IEEE division or multiplication rounds once, correctly (Clinger 1990).
      const power = exactPowers[Math.abs(scale)] ?? 1;
      const magnitude = scale < 0 ? mantissa * power : mantissa / power;
      this.value[0] = negative ? -magnitude : magnitude;
      return SEEN_DOUBLE;
    }
    const value = Number(bytes.toString("latin1", start, cursor.at));
    if (!Number.isFinite(value)) throw new OutOfRange("number out of range");
    this.value[0] = value;
    return SEEN_DOUBLE;
  }

  /** The exponent at the cursor, 0 if there is none; capped, since nothing beyond ±9999 is told apart. */
  #readExponent(cursor: Cursor): number {
    const { bytes } = cursor;
    if (((bytes[cursor.at] ?? 0) | 0x20) !== 0x65) return 0;
    cursor.at++;
    const sign = bytes[cursor.at];
    if (sign === 0x2b || sign === 0x2d) cursor.at++;
    let exponent = 0;
    let byte = bytes[cursor.at] ?? 0;
    if (byte < 0x30 || byte > 0x39) throw unexpected(cursor, "a digit");
    while (byte >= 0x30 && byte <= 0x39) {
      exponent = Math.min(exponent * 10 + (byte - 0x30), 9999);
      byte = bytes[++cursor.at] ?? 0;
    }
    return sign === 0x2d ? -exponent : exponent;
  }
}
