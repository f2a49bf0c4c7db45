/** Integers of 64 bits and decimals of up to 38 digits, a column at a time, without losing a digit. */
import { SparkError } from "./errors.ts";
import { AsciiWriter } from "./values-texts.ts";

const dash = 45;
const point = 46;

/** Values as numbers; `isNull` says which mean nothing, `column` names it in the error for one that a number cannot hold. */
export function exactNumbers(values: BigInt64Array, isNull: (index: number) => boolean, column: string): number[] {
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const numbers = new Array<number>(values.length);
  for (let index = 0; index < numbers.length; index++) {
    const value = (words[2 * index + 1] ?? 0) * 2 ** 32 + ((words[2 * index] ?? 0) >>> 0);
    if (!Number.isSafeInteger(value) && !isNull(index)) {
      throw new SparkError("application", `column ${column}: ${values[index]} is beyond what a number holds exactly`, {
        remedy: "read integers as bigint",
      });
    }
    numbers[index] = value;
  }
  return numbers;
}

/** `words` holds four of 32 bits for each decimal, the lowest first: a two's complement in units of 10^-scale. */
export function decimalTexts(words: Int32Array<ArrayBuffer>, scale: number): string[] {
  const count = words.length / 4;
  const writer = new AsciiWriter(count, 42);
  for (let index = 0; index < count; index++) {
    const value = smallValue(words, 4 * index);
    if (value === undefined) writeDigits(writer, largeValue(words, 4 * index).toString(), scale);
    else if (scale < smallDigits.length) writeSmall(writer, value, scale);
    else writeDigits(writer, value.toString(), scale);
    writer.end();
  }
  return writer.texts();
}

/** Each as the number nearest to it. */
export function decimalNumbers(words: Int32Array<ArrayBuffer>, scale: number): number[] {
  const numbers = new Array<number>(words.length / 4);
  for (let index = 0; index < numbers.length; index++) {
    const value = smallValue(words, 4 * index);
    // Both sides of the division are exact, as powers of ten up to the 22nd are: it rounds once.
    if (value !== undefined && scale <= 22) numbers[index] = value / 10 ** scale;
    else numbers[index] = Number(`${value ?? largeValue(words, 4 * index)}e-${scale}`);
  }
  return numbers;
}

/** The unscaled value, or `undefined` if a number does not hold it exactly. */
function smallValue(words: Int32Array, at: number): number | undefined {
  const high = words[at + 1] ?? 0;
  const sign = high >> 31;
  if (words[at + 2] !== sign || words[at + 3] !== sign) return undefined;
  const value = high * 2 ** 32 + ((words[at] ?? 0) >>> 0);
  return Number.isSafeInteger(value) ? value : undefined;
}

function largeValue(words: Int32Array<ArrayBuffer>, at: number): bigint {
  const view = new DataView(words.buffer, words.byteOffset + 4 * at, 16);
  return (view.getBigInt64(8, true) << 64n) + view.getBigUint64(0, true);
}

/** The least number that needs as many digits as its place in this list and one more; numbers below 2^53 have 16 at most. */
const smallDigits = Array.from({ length: 16 }, (_, digits) => 10 ** digits);

function writeSmall(writer: AsciiWriter, value: number, scale: number): void {
  if (value < 0) writer.byte(dash);
  const size = Math.abs(value);
  let unit = scale;
  while (unit + 1 < smallDigits.length && size >= (smallDigits[unit + 1] ?? 0)) unit++;
  // From the first digit, at least the one in front of the point, to the last.
  const scaleUnit = smallDigits[scale] ?? 1;
  const whole = Math.floor(size / scaleUnit);
  writeInteger(writer, whole, unit - scale + 1);
  if (scale === 0) return;
  writer.byte(point);
  writeInteger(writer, size - whole * scaleUnit, scale);
}

/** An integer below 2^53 by that many digits. */
function writeInteger(writer: AsciiWriter, value: number, digits: number): void {
  if (digits <= 9) {
    writer.digits(value, digits);
    return;
  }
  const high = Math.floor(value / 1e9);
  writer.digits(high, digits - 9);
  writer.digits(value - high * 1e9, 9);
}

function writeDigits(writer: AsciiWriter, text: string, scale: number): void {
  const isNegative = text.startsWith("-");
  const digits = (isNegative ? text.slice(1) : text).padStart(scale + 1, "0");
  if (isNegative) writer.byte(dash);
  for (let at = 0; at < digits.length; at++) {
    if (at === digits.length - scale) writer.byte(point);
    writer.byte(digits.charCodeAt(at));
  }
}
