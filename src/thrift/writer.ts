/** Writes Thrift's binary protocol into a growing buffer: a cursor and plain functions, one for each type. */
import { Failure } from "../errors.ts";
import { strictVersion, WireType } from "./types.ts";

export interface ThriftWriter {
  /** Replaced as it grows: only the first `length` bytes mean something. */
  bytes: Buffer;
  length: number;
  readonly bytesMax: number;
}

export interface ThriftWriterOptions {
  /** More is refused before memory is taken for it. Default 64 MiB. */
  readonly bytesMax?: number;
}

const bytesMaxDefault = 64 << 20;

/** Writes the inside of a struct or of a value; the functions below add what belongs around it. */
export type WriteInto = (writer: ThriftWriter) => void;
export type WriteItem<T> = (writer: ThriftWriter, item: T) => void;

export function thriftWriter({ bytesMax = bytesMaxDefault }: ThriftWriterOptions = {}): ThriftWriter {
  return { bytes: Buffer.allocUnsafe(Math.min(1024, bytesMax)), length: 0, bytesMax };
}

/** What was written, sharing memory with the writer. */
export function writtenBytes({ bytes, length }: ThriftWriter): Buffer {
  return bytes.subarray(0, length);
}

/** Makes room for `size` more bytes and takes it; answers where it begins. */
function claim(writer: ThriftWriter, size: number): number {
  const at = writer.length;
  const wanted = at + size;
  if (wanted > writer.bytes.length) grow(writer, wanted);
  writer.length = wanted;
  return at;
}

function grow(writer: ThriftWriter, wanted: number): void {
  const { bytes, length, bytesMax } = writer;
  if (wanted > bytesMax) {
    throw new Failure("usage", `a Thrift message of more than ${bytesMax} bytes is not sent`, {
      remedy: "send less with one call",
    });
  }
  const grown = Buffer.allocUnsafe(Math.min(bytesMax, Math.max(wanted, bytes.length * 2)));
  bytes.copy(grown, 0, 0, length);
  writer.bytes = grown;
}

export function writeByte(writer: ThriftWriter, value: number): void {
  const at = claim(writer, 1);
  writer.bytes.writeInt8(value, at);
}

export function writeBool(writer: ThriftWriter, value: boolean): void {
  writeByte(writer, value ? 1 : 0);
}

export function writeI16(writer: ThriftWriter, value: number): void {
  const at = claim(writer, 2);
  writer.bytes.writeInt16BE(value, at);
}

export function writeI32(writer: ThriftWriter, value: number): void {
  const at = claim(writer, 4);
  writer.bytes.writeInt32BE(value, at);
}

/** A number must be a safe integer. */
export function writeI64(writer: ThriftWriter, value: bigint | number): void {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new RangeError(`${value} is no safe integer: give a bigint`);
  }
  const at = claim(writer, 8);
  writer.bytes.writeBigInt64BE(BigInt(value), at);
}

export function writeDouble(writer: ThriftWriter, value: number): void {
  const at = claim(writer, 8);
  writer.bytes.writeDoubleBE(value, at);
}

/** As UTF-8. Throws `usage` for a text that has none: one with half of a surrogate pair. */
export function writeString(writer: ThriftWriter, text: string): void {
  if (!text.isWellFormed()) {
    throw new Failure("usage", `a text with half of a character cannot be written as UTF-8: ${JSON.stringify(text)}`);
  }
  const size = Buffer.byteLength(text);
  writeI32(writer, size);
  const at = claim(writer, size);
  writer.bytes.write(text, at, "utf8");
}

export function writeBinary(writer: ThriftWriter, value: Uint8Array): void {
  writeI32(writer, value.length);
  const at = claim(writer, value.length);
  writer.bytes.set(value, at);
}

/** `write` writes the fields; the end of the struct is added. */
export function writeStruct(writer: ThriftWriter, write: WriteInto): void {
  write(writer);
  writeStop(writer);
}

export function writeStop(writer: ThriftWriter): void {
  writeByte(writer, WireType.stop);
}

/** The value has to follow. */
export function writeFieldBegin(writer: ThriftWriter, type: WireType, id: number): void {
  writeByte(writer, type);
  writeI16(writer, id);
}

export function writeList<T>(
  writer: ThriftWriter,
  elementType: WireType,
  items: readonly T[],
  writeItem: WriteItem<T>,
): void {
  writeByte(writer, elementType);
  writeI32(writer, items.length);
  for (const item of items) writeItem(writer, item);
}

export function writeMap<K, V>(
  writer: ThriftWriter,
  types: readonly [key: WireType, value: WireType],
  entries: ReadonlyMap<K, V>,
  writeKey: WriteItem<K>,
  writeValue: WriteItem<V>,
): void {
  writeByte(writer, types[0]);
  writeByte(writer, types[1]);
  writeI32(writer, entries.size);
  for (const [key, value] of entries) {
    writeKey(writer, key);
    writeValue(writer, value);
  }
}

export function writeBoolField(writer: ThriftWriter, id: number, value: boolean): void {
  writeFieldBegin(writer, WireType.bool, id);
  writeBool(writer, value);
}

export function writeByteField(writer: ThriftWriter, id: number, value: number): void {
  writeFieldBegin(writer, WireType.byte, id);
  writeByte(writer, value);
}

export function writeI16Field(writer: ThriftWriter, id: number, value: number): void {
  writeFieldBegin(writer, WireType.i16, id);
  writeI16(writer, value);
}

export function writeI32Field(writer: ThriftWriter, id: number, value: number): void {
  writeFieldBegin(writer, WireType.i32, id);
  writeI32(writer, value);
}

export function writeI64Field(writer: ThriftWriter, id: number, value: bigint | number): void {
  writeFieldBegin(writer, WireType.i64, id);
  writeI64(writer, value);
}

export function writeDoubleField(writer: ThriftWriter, id: number, value: number): void {
  writeFieldBegin(writer, WireType.double, id);
  writeDouble(writer, value);
}

export function writeStringField(writer: ThriftWriter, id: number, text: string): void {
  writeFieldBegin(writer, WireType.string, id);
  writeString(writer, text);
}

export function writeBinaryField(writer: ThriftWriter, id: number, value: Uint8Array): void {
  writeFieldBegin(writer, WireType.string, id);
  writeBinary(writer, value);
}

export function writeStructField(writer: ThriftWriter, id: number, write: WriteInto): void {
  writeFieldBegin(writer, WireType.struct, id);
  writeStruct(writer, write);
}

/** `writeItem` writes a whole value: for structs with `writeStruct`. */
export function writeListField<T>(
  writer: ThriftWriter,
  id: number,
  elementType: WireType,
  items: readonly T[],
  writeItem: WriteItem<T>,
): void {
  writeFieldBegin(writer, WireType.list, id);
  writeList(writer, elementType, items, writeItem);
}

/** On the wire a set is a list that promises not to repeat itself. */
export function writeSetField<T>(
  writer: ThriftWriter,
  id: number,
  elementType: WireType,
  items: readonly T[],
  writeItem: WriteItem<T>,
): void {
  writeFieldBegin(writer, WireType.set, id);
  writeList(writer, elementType, items, writeItem);
}

export function writeMapField<K, V>(
  writer: ThriftWriter,
  id: number,
  types: readonly [key: WireType, value: WireType],
  entries: ReadonlyMap<K, V>,
  writeKey: WriteItem<K>,
  writeValue: WriteItem<V>,
): void {
  writeFieldBegin(writer, WireType.map, id);
  writeMap(writer, types, entries, writeKey, writeValue);
}

export function writeStringListField(writer: ThriftWriter, id: number, texts: readonly string[]): void {
  writeListField(writer, id, WireType.string, texts, writeString);
}

export function writeStringMapField(writer: ThriftWriter, id: number, entries: ReadonlyMap<string, string>): void {
  writeMapField(writer, id, [WireType.string, WireType.string], entries, writeString, writeString);
}

export interface MessageHeader {
  readonly name: string;
  /** One of `MessageType`. */
  readonly type: number;
  /** 32 bits with a sign; the answer repeats it. */
  readonly sequence: number;
}

/** In the strict form, which tells its version. A struct has to follow. */
export function writeMessageBegin(writer: ThriftWriter, { name, type, sequence }: MessageHeader): void {
  writeI32(writer, (strictVersion << 16) | type);
  writeString(writer, name);
  writeI32(writer, sequence);
}
