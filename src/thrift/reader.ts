/**
 * Reads Thrift's binary protocol: a cursor and plain functions, one for each type. Every reader is told the type that the wire
 * announced and refuses another one; every length is compared with what is left before anything is taken for it. What is wrong is
 * a `corrupt` failure with the place.
 */
import { isUtf8 } from "node:buffer";
import { corruptAt } from "./errors.ts";
import { checkedCount, goOn, scanValue } from "./scan.ts";
import { depthMax, strictVersion, WireType, wireTypeName } from "./types.ts";
import type { MessageHeader } from "./writer.ts";

export interface ThriftCursor {
  readonly bytes: Buffer;
  /** The next byte. */
  at: number;
  /** Behind the last byte. */
  readonly end: number;
  /** How many structs, lists and maps are being read within each other. */
  depth: number;
}

/** Reads a value; `type` is what the wire says of it. */
export type ReadValue<T> = (cursor: ThriftCursor, type: number) => T;

/** A name in a message has no business to be longer. */
const nameBytesMax = 4096;

export function thriftCursor(bytes: Uint8Array): ThriftCursor {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return { bytes: buffer, at: 0, end: buffer.length, depth: 0 };
}

/** Takes `size` bytes if they are there; answers where they begin. */
function take(cursor: ThriftCursor, size: number, what: string): number {
  const { at } = cursor;
  if (size > cursor.end - at) {
    throw corruptAt(at, `${what} of ${size} bytes was expected, ${cursor.end - at} are left`);
  }
  cursor.at = at + size;
  return at;
}

function expect(cursor: ThriftCursor, type: number, expected: number): void {
  if (type !== expected) {
    throw corruptAt(cursor.at, `${wireTypeName(type)}, where ${wireTypeName(expected)} was expected`);
  }
}

export function readBool(cursor: ThriftCursor, type: number): boolean {
  expect(cursor, type, WireType.bool);
  return cursor.bytes[take(cursor, 1, "bool")] !== 0;
}

export function readByte(cursor: ThriftCursor, type: number): number {
  expect(cursor, type, WireType.byte);
  return cursor.bytes.readInt8(take(cursor, 1, "byte"));
}

export function readI16(cursor: ThriftCursor, type: number): number {
  expect(cursor, type, WireType.i16);
  return cursor.bytes.readInt16BE(take(cursor, 2, "i16"));
}

export function readI32(cursor: ThriftCursor, type: number): number {
  expect(cursor, type, WireType.i32);
  return cursor.bytes.readInt32BE(take(cursor, 4, "i32"));
}

export function readI64(cursor: ThriftCursor, type: number): bigint {
  expect(cursor, type, WireType.i64);
  return cursor.bytes.readBigInt64BE(take(cursor, 8, "i64"));
}

/** An i64 that counts something: one that a number does not hold exactly is `corrupt`. */
export function readI64Number(cursor: ThriftCursor, type: number): number {
  const { at } = cursor;
  const value = readI64(cursor, type);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw corruptAt(at, `${value}, where a number below 2^53 was expected`);
  return number;
}

export function readDouble(cursor: ThriftCursor, type: number): number {
  expect(cursor, type, WireType.double);
  return cursor.bytes.readDoubleBE(take(cursor, 8, "double"));
}

/** A view of the message's own bytes. */
export function readBinary(cursor: ThriftCursor, type: number): Buffer {
  expect(cursor, type, WireType.string);
  const headAt = take(cursor, 4, "length");
  const length = cursor.bytes.readInt32BE(headAt);
  if (length < 0) throw corruptAt(headAt, `a text of ${length} bytes`);
  const at = take(cursor, length, "text");
  return cursor.bytes.subarray(at, at + length);
}

/** Bytes that are no UTF-8 are `corrupt`. */
export function readString(cursor: ThriftCursor, type: number): string {
  const { at } = cursor;
  const bytes = readBinary(cursor, type);
  if (!isUtf8(bytes)) throw corruptAt(at + 4, "a text that is no UTF-8");
  return bytes.toString("utf8");
}

/**
 * Calls `onField` at the value of each field, which it reads and answers `true`, or leaves alone and answers `false`: then it is
 * passed over. The end of the struct is taken.
 */
export function readStruct(cursor: ThriftCursor, type: number, onField: (id: number, type: number) => boolean): void {
  expect(cursor, type, WireType.struct);
  deeper(cursor);
  for (;;) {
    const fieldType = cursor.bytes[take(cursor, 1, "field")] ?? 0;
    if (fieldType === WireType.stop) break;
    const id = cursor.bytes.readInt16BE(take(cursor, 2, "field number"));
    const { at } = cursor;
    if (onField(id, fieldType)) continue;
    cursor.at = at;
    skipValue(cursor, fieldType);
  }
  cursor.depth -= 1;
}

export function readList<T>(cursor: ThriftCursor, type: number, readItem: ReadValue<T>): T[] {
  expect(cursor, type, WireType.list);
  return readElements(cursor, readItem);
}

/** In the order of the wire; the promise that nothing is there twice is the server's. */
export function readSet<T>(cursor: ThriftCursor, type: number, readItem: ReadValue<T>): T[] {
  expect(cursor, type, WireType.set);
  return readElements(cursor, readItem);
}

function readElements<T>(cursor: ThriftCursor, readItem: ReadValue<T>): T[] {
  const at = take(cursor, 5, "list");
  const elementType = cursor.bytes[at] ?? 0;
  const count = checkedCount(cursor.bytes.readInt32BE(at + 1), at, cursor.end - cursor.at, elementType);
  deeper(cursor);
  const items: T[] = [];
  for (let index = 0; index < count; index++) items.push(readItem(cursor, elementType));
  cursor.depth -= 1;
  return items;
}

/** The last of several values of a key counts. */
export function readMap<K, V>(
  cursor: ThriftCursor,
  type: number,
  readKey: ReadValue<K>,
  readValue: ReadValue<V>,
): Map<K, V> {
  expect(cursor, type, WireType.map);
  const at = take(cursor, 6, "map");
  const keyType = cursor.bytes[at] ?? 0;
  const valueType = cursor.bytes[at + 1] ?? 0;
  const count = checkedCount(cursor.bytes.readInt32BE(at + 2), at, cursor.end - cursor.at, keyType, valueType);
  deeper(cursor);
  const entries = new Map<K, V>();
  for (let index = 0; index < count; index++) {
    const key = readKey(cursor, keyType);
    entries.set(key, readValue(cursor, valueType));
  }
  cursor.depth -= 1;
  return entries;
}

export function readStringList(cursor: ThriftCursor, type: number): string[] {
  return readList(cursor, type, readString);
}

export function readStringMap(cursor: ThriftCursor, type: number): Map<string, string> {
  return readMap(cursor, type, readString, readString);
}

/** Passes over a value of any type. */
export function skipValue(cursor: ThriftCursor, type: number): void {
  const scan = scanValue(type, cursor.at);
  if (!goOn(scan, cursor.bytes, cursor.end, cursor.end)) {
    throw corruptAt(scan.at, `the message ends in the middle of ${wireTypeName(type)}`);
  }
  cursor.at = scan.at;
}

/** In the strict form or the old one, which does not tell its version. A struct follows. */
export function readMessageBegin(cursor: ThriftCursor): MessageHeader {
  const at = take(cursor, 4, "message");
  const first = cursor.bytes.readInt32BE(at);
  if (first >>> 16 === strictVersion) {
    const name = readName(cursor);
    return { name, type: first & 0xff, sequence: readI32(cursor, WireType.i32) };
  }
  if (first < 0) throw corruptAt(at, `version 0x${(first >>> 16).toString(16)}, where 0x8001 was expected`);
  cursor.at = at;
  const name = readName(cursor);
  const type = readByte(cursor, WireType.byte);
  return { name, type, sequence: readI32(cursor, WireType.i32) };
}

function readName(cursor: ThriftCursor): string {
  const { at } = cursor;
  const name = readString(cursor, WireType.string);
  if (name.length > nameBytesMax) throw corruptAt(at, `a method's name of ${name.length} characters`);
  return name;
}

function deeper(cursor: ThriftCursor): void {
  cursor.depth += 1;
  if (cursor.depth > depthMax) throw corruptAt(cursor.at, `more than ${depthMax} values within each other`);
}
