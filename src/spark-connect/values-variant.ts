/**
 * Variants as JSON text, as `to_json` writes them on a server whose session is in UTC. Binary values are Base64, dates and times
 * texts; numbers have all their digits.
 * Source: https://github.com/apache/parquet-format/blob/master/VariantEncoding.md
 */
import { isUtf8 } from "node:buffer";
import { SparkError } from "./errors.ts";
import { dateTexts, instantTexts, timeTexts } from "./values-times.ts";

const nestingMax = 1024;

/** Names are stored once and written at every use: a small value can make a text beyond all memory. */
const textLengthMax = 2 ** 27;

/** `value` and `metadata` as the encoding has them. `SparkError` "corrupt" for what is no variant. */
export function variantText(value: Uint8Array, metadata: Uint8Array): string {
  const writer = new VariantWriter(value, namesOf(metadata));
  writer.write(0, 0);
  return writer.text;
}

type Names = (id: number) => string;

function namesOf(metadata: Uint8Array): Names {
  const source = new VariantBytes(metadata);
  const header = source.unsigned(0, 1);
  if ((header & 15) !== 1) throw corrupt(`its encoding is of version ${header & 15}`);
  const width = (header >> 6) + 1;
  const count = source.unsigned(1, width);
  const bytesAt = 1 + width * (count + 2);
  const texts = new Map<number, string>();
  return (id) => {
    const known = texts.get(id);
    if (known !== undefined) return known;
    if (id >= count) throw corrupt(`it names field ${id} of ${count}`);
    const start = source.unsigned(1 + width * (id + 1), width);
    const end = source.unsigned(1 + width * (id + 2), width);
    if (end < start) throw corrupt("its names overlap");
    const text = JSON.stringify(source.text(bytesAt + start, end - start));
    texts.set(id, text);
    return text;
  };
}

/** Basic types: the lowest two bits of a value's first byte. */
const BASIC = { primitive: 0, shortText: 1, object: 2, array: 3 } as const;

class VariantWriter {
  readonly #source: VariantBytes;
  readonly #names: Names;
  /** Values do not overlap, so that all of them together read each byte once. */
  #unread: number;
  text = "";

  constructor(value: Uint8Array, names: Names) {
    this.#source = new VariantBytes(value);
    this.#names = names;
    this.#unread = value.byteLength;
  }

  write(at: number, depth: number): void {
    if (depth > nestingMax) throw corrupt(`it is nested deeper than ${nestingMax}`);
    const header = this.#source.unsigned(at, 1);
    const basic = header & 3;
    const rest = header >> 2;
    if (basic === BASIC.object) this.#object(at, rest, depth);
    else if (basic === BASIC.array) this.#array(at, rest, depth);
    else if (basic === BASIC.shortText) {
      this.#read(1 + rest);
      this.#put(JSON.stringify(this.#source.text(at + 1, rest)));
    } else {
      const { text, bytes } = primitive(this.#source, rest, at + 1);
      this.#read(1 + bytes);
      this.#put(text);
    }
  }

  #object(at: number, header: number, depth: number): void {
    const offsetWidth = (header & 3) + 1;
    const idWidth = ((header >> 2) & 3) + 1;
    const countWidth = (header & 16) === 0 ? 1 : 4;
    const count = this.#source.unsigned(at + 1, countWidth);
    const idsAt = at + 1 + countWidth;
    const offsetsAt = idsAt + idWidth * count;
    const valuesAt = offsetsAt + offsetWidth * (count + 1);
    this.#read(valuesAt - at);
    this.#put("{");
    for (let index = 0; index < count; index++) {
      if (index > 0) this.#put(",");
      this.#put(this.#names(this.#source.unsigned(idsAt + idWidth * index, idWidth)));
      this.#put(":");
      this.write(valuesAt + this.#source.unsigned(offsetsAt + offsetWidth * index, offsetWidth), depth + 1);
    }
    this.#put("}");
  }

  #array(at: number, header: number, depth: number): void {
    const offsetWidth = (header & 3) + 1;
    const countWidth = (header & 4) === 0 ? 1 : 4;
    const count = this.#source.unsigned(at + 1, countWidth);
    const offsetsAt = at + 1 + countWidth;
    const valuesAt = offsetsAt + offsetWidth * (count + 1);
    this.#read(valuesAt - at);
    this.#put("[");
    for (let index = 0; index < count; index++) {
      if (index > 0) this.#put(",");
      this.write(valuesAt + this.#source.unsigned(offsetsAt + offsetWidth * index, offsetWidth), depth + 1);
    }
    this.#put("]");
  }

  #read(bytes: number): void {
    this.#unread -= bytes;
    if (this.#unread < 0) throw corrupt("its values overlap or are cut");
  }

  #put(text: string): void {
    this.text += text;
    if (this.text.length > textLengthMax) {
      throw new SparkError("application", `a VARIANT's JSON text is longer than ${textLengthMax} characters`, {
        remedy: "select parts of it by variant_get",
      });
    }
  }
}

/** By the numbers that the encoding gives its primitive types. The bytes are those behind the value's header. */
function primitive(source: VariantBytes, type: number, at: number): { readonly text: string; readonly bytes: number } {
  switch (type) {
    case 0:
      return { text: "null", bytes: 0 };
    case 1:
      return { text: "true", bytes: 0 };
    case 2:
      return { text: "false", bytes: 0 };
    case 3:
    case 4:
    case 5:
    case 6: {
      const bytes = 1 << (type - 3);
      return { text: source.signed(at, bytes).toString(), bytes };
    }
    case 7:
      return { text: doubleText(source.double(at)), bytes: 8 };
    case 8:
    case 9:
    case 10: {
      const bytes = 4 << (type - 8);
      return { text: decimalText(source.signed(at + 1, bytes), source.unsigned(at, 1)), bytes: 1 + bytes };
    }
    case 11:
      return { text: `"${dateOf(Number(source.signed(at, 4)))}"`, bytes: 4 };
    case 12:
    case 13:
      return { text: `"${instantOf(source.signed(at, 8), "")}${type === 12 ? "+00:00" : ""}"`, bytes: 8 };
    case 14:
      return { text: floatText(source.float(at)), bytes: 4 };
    case 15: {
      const length = source.unsigned(at, 4);
      return { text: `"${source.bytes(at + 4, length).toString("base64")}"`, bytes: 4 + length };
    }
    case 16: {
      const length = source.unsigned(at, 4);
      return { text: JSON.stringify(source.text(at + 4, length)), bytes: 4 + length };
    }
    case 17:
      return { text: `"${timeTexts(BigInt64Array.of(source.signed(at, 8) * 1000n), () => false)[0]}"`, bytes: 8 };
    case 18:
    case 19:
      return { text: `"${nanosOf(source.signed(at, 8))}${type === 18 ? "+00:00" : ""}"`, bytes: 8 };
    case 20:
      return { text: `"${uuidOf(source.bytes(at, 16))}"`, bytes: 16 };
    default:
      throw corrupt(`it has a value of type ${type}, which the encoding does not have`);
  }
}

/** Without the zeros behind the point that end it, which is how the server writes decimals of variants. */
function decimalText(unscaled: bigint, scale: number): string {
  if (scale > 38) throw corrupt(`it has a decimal of scale ${scale}`);
  const sign = unscaled < 0n ? "-" : "";
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "");
  return fraction === "" ? sign + whole : `${sign}${whole}.${fraction}`;
}

/** What is no number has no number in JSON. */
function doubleText(value: number): string {
  return Number.isFinite(value) ? javaText(value, Math.abs(value).toExponential()) : `"${value}"`;
}

/** By the least digits that are this number among those of 32 bits. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  const size = Math.abs(value);
  let digits = 0;
  while (digits < 8 && Math.fround(Number(size.toExponential(digits))) !== size) digits++;
  return javaText(value, size.toExponential(digits));
}

/**
 * A number as Java writes it: always with a point, which tells it from an integer, and without an exponent from a thousandth
 * to ten millions. `exponential` is its size as JavaScript writes it.
 */
function javaText(value: number, exponential: string): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Number(exponential);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [mantissa = "", exponent = ""] = exponential.split("e");
    return `${sign}${mantissa.includes(".") ? mantissa : `${mantissa}.0`}E${exponent.replace("+", "")}`;
  }
  const plain = size.toString();
  return `${sign}${plain.includes(".") ? plain : `${plain}.0`}`;
}

/** Years beyond four digits have as many as they need here. */
function dateOf(day: number): string {
  return shortYear(dateTexts(Int32Array.of(day))[0] ?? "");
}

/** `finer` stands behind the microseconds; zeros at the end are left out. */
function instantOf(micros: bigint, finer: string): string {
  const text = `${instantTexts(BigInt64Array.of(micros), false)[0]}${finer}`;
  return shortYear(text.replace("T", " ").replace(/\.?0+$/, ""));
}

function nanosOf(nanos: bigint): string {
  const rest = ((nanos % 1000n) + 1000n) % 1000n;
  return instantOf((nanos - rest) / 1000n, rest.toString().padStart(3, "0"));
}

function shortYear(text: string): string {
  return text.replace(/^([+-])0*(?=\d{4})/, "$1");
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Reads within its bounds. Integers are little endian. */
class VariantBytes {
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Of one to four bytes. */
  unsigned(at: number, width: number): number {
    this.#within(at, width);
    return this.#bytes.readUIntLE(at, width);
  }

  /** Of 1, 2, 4, 8 or 16 bytes. */
  signed(at: number, width: number): bigint {
    this.#within(at, width);
    if (width <= 4) return BigInt(this.#bytes.readIntLE(at, width));
    if (width === 8) return this.#bytes.readBigInt64LE(at);
    return (this.#bytes.readBigInt64LE(at + 8) << 64n) + this.#bytes.readBigUInt64LE(at);
  }

  double(at: number): number {
    this.#within(at, 8);
    return this.#bytes.readDoubleLE(at);
  }

  float(at: number): number {
    this.#within(at, 4);
    return this.#bytes.readFloatLE(at);
  }

  bytes(at: number, length: number): Buffer {
    this.#within(at, length);
    return this.#bytes.subarray(at, at + length);
  }

  text(at: number, length: number): string {
    const bytes = this.bytes(at, length);
    if (!isUtf8(bytes)) throw corrupt("a text in it is not UTF-8");
    return bytes.toString("utf8");
  }

  #within(at: number, length: number): void {
    if (at + length > this.#bytes.byteLength) throw corrupt(`it is cut after ${this.#bytes.byteLength} bytes`);
  }
}

function corrupt(fact: string): SparkError {
  return new SparkError("corrupt", `a VARIANT is damaged: ${fact}`);
}
