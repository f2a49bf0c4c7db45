/**
 * Writes Thrift's compact protocol, in which Parquet's page headers and footer are written.
 * Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import { ByteBuffer } from "./byte-buffer.ts";

/** Type codes of the compact protocol. */
export const COMPACT = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
} as const;

const text = new TextEncoder();

/** Fields must be written in ascending order of their ids within each struct. */
export class CompactWriter {
  readonly #out: ByteBuffer;
  readonly #outerFields: number[] = [];
  #lastField = 0;

  constructor(capacity = 256) {
    this.#out = new ByteBuffer(capacity);
  }

  int32(field: number, value: number): void {
    this.#field(field, COMPACT.i32);
    this.#zigzag(value);
  }

  int64(field: number, value: number): void {
    this.#field(field, COMPACT.i64);
    this.#zigzag(value);
  }

  bool(field: number, value: boolean): void {
    this.#field(field, value ? COMPACT.true : COMPACT.false);
  }

  binary(field: number, value: string | Uint8Array): void {
    this.#field(field, COMPACT.binary);
    this.binaryElement(value);
  }

  /** A field whose value somebody else has encoded already; of a boolean, whose type says it, no bytes. */
  raw(field: number, type: number, value: Uint8Array): void {
    this.#field(field, type);
    this.#out.appendBytes(value);
  }

  struct(field: number, write: () => void): void {
    this.#field(field, COMPACT.struct);
    this.structElement(write);
  }

  /** Announces a list; its `length` elements are written next by the `…Element` methods. */
  list(field: number, elementType: number, length: number): void {
    this.#field(field, COMPACT.list);
    if (length < 15) this.#out.appendByte((length << 4) | elementType);
    else {
      this.#out.appendByte(0xf0 | elementType);
      this.#out.appendVarint(length);
    }
  }

  structElement(write: () => void): void {
    this.#outerFields.push(this.#lastField);
    this.#lastField = 0;
    write();
    this.#out.appendByte(COMPACT.stop);
    this.#lastField = this.#outerFields.pop() ?? 0;
  }

  int32Element(value: number): void {
    this.#zigzag(value);
  }

  binaryElement(value: string | Uint8Array): void {
    const bytes = typeof value === "string" ? text.encode(value) : value;
    this.#out.appendVarint(bytes.length);
    this.#out.appendBytes(bytes);
  }

  /** Ends the outermost struct and answers its bytes, which stay valid until this writer is used again. */
  finish(): Uint8Array {
    this.#out.appendByte(COMPACT.stop);
    return this.#out.written();
  }

  /** Starts over with the same memory. */
  clear(): void {
    this.#out.clear();
    this.#lastField = 0;
  }

  #field(field: number, type: number): void {
    const delta = field - this.#lastField;
    if (delta > 0 && delta < 16) this.#out.appendByte((delta << 4) | type);
    else {
      this.#out.appendByte(type);
      this.#zigzag(field);
    }
    this.#lastField = field;
  }

  /** Zigzag varint without 32-bit operators, so that offsets beyond 2 GiB stay exact. */
  #zigzag(value: number): void {
    this.#out.appendVarint(value >= 0 ? value * 2 : -value * 2 - 1);
  }
}
