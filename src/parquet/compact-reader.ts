/**
 * Reads Thrift's compact protocol, with every bound checked: a file's footer is input from outside.
 * Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import { Failure } from "../errors.ts";
import { COMPACT } from "./compact-writer.ts";

export type ThriftValue = number | boolean | Uint8Array | ThriftStruct | readonly ThriftValue[];

/** Field id to value. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

/** The ids of the fields to hold; in a map, with those to hold of the structs in such a field. */
export type WantedFields = ReadonlySet<number> | ReadonlyMap<number, WantedFields | undefined>;

const DEPTH_MAX = 32;

export class CompactReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Reads a struct. If `wanted` is given, other fields are passed over without being held. Throws a `corrupt` failure if
   * the bytes end early or are no struct.
   */
  struct(wanted?: WantedFields, depth = 0): ThriftStruct {
    if (depth > DEPTH_MAX) throw corrupt("nested too deeply");
    const fields = new Map<number, ThriftValue>();
    let field = 0;
    for (;;) {
      const header = this.#byte();
      const type = header & 15;
      if (type === COMPACT.stop) return fields;
      const delta = header >> 4;
      field = delta === 0 ? this.#zigzag() : field + delta;
      if (type === COMPACT.true || type === COMPACT.false) fields.set(field, type === COMPACT.true);
      else if (wanted === undefined || wanted.has(field)) {
        const below = wanted instanceof Map ? wanted.get(field) : undefined;
        fields.set(field, this.#value(type, depth, below));
      } else this.#skip(type, depth);
    }
  }

  #value(type: number, depth: number, wanted?: WantedFields): ThriftValue {
    switch (type) {
      case COMPACT.true:
      case COMPACT.false:
        return this.#byte() === COMPACT.true;
      case COMPACT.byte:
        return (this.#byte() << 24) >> 24;
      case COMPACT.i16:
      case COMPACT.i32:
      case COMPACT.i64:
        return this.#zigzag();
      case COMPACT.double:
      case COMPACT.binary:
        return this.#slice(type === COMPACT.double ? 8 : this.#varint());
      case COMPACT.list:
      case COMPACT.set:
        return this.#list(depth, wanted);
      case COMPACT.struct:
        return this.struct(wanted, depth + 1);
      default:
        throw corrupt(`type ${type} is not used by Parquet`);
    }
  }

  #list(depth: number, wanted: WantedFields | undefined): ThriftValue[] {
    const [type, length] = this.#listHeader();
    const values: ThriftValue[] = [];
    for (let i = 0; i < length; i++) values.push(this.#value(type, depth + 1, wanted));
    return values;
  }

  #listHeader(): [type: number, length: number] {
    const header = this.#byte();
    const length = header >> 4 === 15 ? this.#varint() : header >> 4;
    // Every element takes at least one byte, so that a wrong length cannot ask for more memory than there is input.
    if (length > this.#bytes.length - this.#at) throw corrupt("a list is longer than the bytes that hold it");
    return [header & 15, length];
  }

  #skip(type: number, depth: number): void {
    if (depth > DEPTH_MAX) throw corrupt("nested too deeply");
    if (type === COMPACT.list || type === COMPACT.set) {
      const [elementType, length] = this.#listHeader();
      for (let i = 0; i < length; i++) this.#skip(elementType, depth + 1);
    } else if (type === COMPACT.struct) this.#skipStruct(depth);
    else if (type === COMPACT.binary) this.#pass(this.#varint());
    else this.#value(type, depth);
  }

  #skipStruct(depth: number): void {
    for (;;) {
      const header = this.#byte();
      const type = header & 15;
      if (type === COMPACT.stop) return;
      if (header >> 4 === 0) this.#zigzag();
      if (type !== COMPACT.true && type !== COMPACT.false) this.#skip(type, depth + 1);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw corrupt("ends early");
    return byte;
  }

  #slice(length: number): Uint8Array {
    this.#pass(length);
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #pass(length: number): void {
    if (length > this.#bytes.length - this.#at) throw corrupt("ends early");
    this.#at += length;
  }

  /** Unsigned LEB128. Values beyond 2^53 lose digits; none that we read is that large. */
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

export function corrupt(fact: string): Failure {
  return new Failure("corrupt", `Parquet footer: ${fact}`);
}
