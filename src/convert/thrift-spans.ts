/**
 * Where the fields of a struct of Thrift's compact protocol lie, so that they can be taken over without being understood.
 * Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import { corrupt } from "../parquet/compact-reader.ts";
import { COMPACT } from "../parquet/compact-writer.ts";

export interface FieldSpan {
  readonly field: number;
  readonly type: number;
  /** Of the value, without the field's header. */
  readonly start: number;
  readonly end: number;
}

const DEPTH_MAX = 32;

/** The fields of the struct that begins the bytes. Throws `corrupt` for bytes that end early or are no struct. */
export function fieldSpans(bytes: Uint8Array): readonly FieldSpan[] {
  const spans: FieldSpan[] = [];
  new SpanReader(bytes).struct(0, (span) => spans.push(span));
  return spans;
}

class SpanReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  struct(depth: number, onField?: (span: FieldSpan) => void): void {
    if (depth > DEPTH_MAX) throw corrupt("nested too deeply");
    let field = 0;
    for (;;) {
      const header = this.#byte();
      const type = header & 15;
      if (type === COMPACT.stop) return;
      const delta = header >> 4;
      field = delta === 0 ? this.#zigzag() : field + delta;
      const start = this.#at;
      // A boolean field is its own header.
      if (type !== COMPACT.true && type !== COMPACT.false) this.#value(type, depth);
      onField?.({ field, type, start, end: this.#at });
    }
  }

  #value(type: number, depth: number): void {
    switch (type) {
      case COMPACT.true:
      case COMPACT.false:
      case COMPACT.byte:
        this.#pass(1);
        return;
      case COMPACT.i16:
      case COMPACT.i32:
      case COMPACT.i64:
        this.#varint();
        return;
      case COMPACT.double:
        this.#pass(8);
        return;
      case COMPACT.binary:
        this.#pass(this.#varint());
        return;
      case COMPACT.list:
      case COMPACT.set:
        this.#list(depth);
        return;
      case COMPACT.struct:
        this.struct(depth + 1);
        return;
      default:
        throw corrupt(`type ${type} is not used by Parquet`);
    }
  }

  #list(depth: number): void {
    const header = this.#byte();
    const length = header >> 4 === 15 ? this.#varint() : header >> 4;
    if (length > this.#bytes.length - this.#at) throw corrupt("a list is longer than the bytes that hold it");
    for (let i = 0; i < length; i++) this.#value(header & 15, depth + 1);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw corrupt("ends early");
    return byte;
  }

  #pass(length: number): void {
    if (length > this.#bytes.length - this.#at) throw corrupt("ends early");
    this.#at += length;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      if (factor > 2 ** 63) throw corrupt("an integer is too long");
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
