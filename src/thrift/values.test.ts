import assert from "node:assert/strict";
import test from "node:test";
import {
  readBinary,
  readBool,
  readByte,
  readDouble,
  readI16,
  readI32,
  readI64,
  readI64Number,
  readList,
  readMessageBegin,
  readSet,
  readString,
  readStringList,
  readStringMap,
  readStruct,
  skipValue,
  type ThriftCursor,
  thriftCursor,
} from "./reader.ts";
import { MessageType, WireType } from "./types.ts";
import {
  type ThriftWriter,
  thriftWriter,
  writeBinaryField,
  writeBoolField,
  writeByteField,
  writeDoubleField,
  writeI16Field,
  writeI32Field,
  writeI64,
  writeI64Field,
  writeListField,
  writeMessageBegin,
  writeSetField,
  writeString,
  writeStringField,
  writeStringListField,
  writeStringMapField,
  writeStruct,
  writeStructField,
  writtenBytes,
} from "./writer.ts";

const hex = (write: (writer: ThriftWriter) => void): string => {
  const writer = thriftWriter();
  write(writer);
  return writtenBytes(writer).toString("hex");
};

const cursorOf = (text: string): ThriftCursor => thriftCursor(Buffer.from(text.replaceAll(" ", ""), "hex"));

test("every type has the specification's bytes", () => {
  const cases: readonly (readonly [string, (writer: ThriftWriter) => void])[] = [
    ["02 0001 01", (writer) => writeBoolField(writer, 1, true)],
    ["03 0002 ff", (writer) => writeByteField(writer, 2, -1)],
    ["06 0003 8000", (writer) => writeI16Field(writer, 3, -32768)],
    ["08 0004 fffffffe", (writer) => writeI32Field(writer, 4, -2)],
    ["0a 0005 8000000000000000", (writer) => writeI64Field(writer, 5, -(2n ** 63n))],
    ["0a 0005 001fffffffffffff", (writer) => writeI64Field(writer, 5, Number.MAX_SAFE_INTEGER)],
    ["04 0006 3ff8000000000000", (writer) => writeDoubleField(writer, 6, 1.5)],
    ["0b 0007 00000005 6dc3bc6c6c", (writer) => writeStringField(writer, 7, "müll")],
    ["0b 0008 00000002 00ff", (writer) => writeBinaryField(writer, 8, Uint8Array.of(0, 255))],
    ["0c ffff 02 0001 00 00", (writer) => writeStructField(writer, -1, () => writeBoolField(writer, 1, false))],
    ["0f 000a 0b 00000002 00000001 61 00000000", (writer) => writeStringListField(writer, 10, ["a", ""])],
    ["0e 000b 0b 00000001 00000001 61", (writer) => writeSetField(writer, 11, WireType.string, ["a"], writeString)],
    [
      "0f 000b 0c 00000002 00 00",
      (writer) => writeListField(writer, 11, WireType.struct, [1, 2], (w) => writeStruct(w, () => undefined)),
    ],
    [
      "0d 000c 0b 0b 00000001 00000001 6b 00000001 76",
      (writer) => writeStringMapField(writer, 12, new Map([["k", "v"]])),
    ],
    [
      "80010001 00000003 676574 0000002a",
      (writer) => writeMessageBegin(writer, { name: "get", type: MessageType.call, sequence: 42 }),
    ],
  ];
  for (const [expected, write] of cases) assert.equal(hex(write), expected.replaceAll(" ", ""));
});

test("what was written is read back", () => {
  const writer = thriftWriter();
  writeStruct(writer, () => {
    writeBoolField(writer, 1, true);
    writeByteField(writer, 2, -128);
    writeI16Field(writer, 3, 32767);
    writeI32Field(writer, 4, -1);
    writeI64Field(writer, 5, 2n ** 63n - 1n);
    writeDoubleField(writer, 6, -0);
    writeStringField(writer, 7, "\u{1f300}\0");
    writeBinaryField(writer, 8, Uint8Array.of(1, 2));
    writeListField(writer, 9, WireType.i64, [1, -1], writeI64);
    writeStringMapField(writer, 10, new Map([["", "x"]]));
    writeSetField(writer, 11, WireType.string, ["a", "b"], writeString);
  });
  const cursor = thriftCursor(writtenBytes(writer));
  const seen = new Map<number, unknown>();
  readStruct(cursor, WireType.struct, (id, type) => {
    const read = [readBool, readByte, readI16, readI32, readI64, readDouble, readString, readBinary][id - 1];
    if (read !== undefined) seen.set(id, read(cursor, type));
    else if (id === 9) seen.set(id, readList(cursor, type, readI64Number));
    else if (id === 10) seen.set(id, readStringMap(cursor, type));
    else seen.set(id, readSet(cursor, type, readString));
    return true;
  });
  assert.deepEqual(
    [...seen.values()],
    [
      true,
      -128,
      32767,
      -1,
      2n ** 63n - 1n,
      -0,
      "\u{1f300}\0",
      Buffer.of(1, 2),
      [1, -1],
      new Map([["", "x"]]),
      ["a", "b"],
    ],
  );
  assert.equal(cursor.at, cursor.end);
});

test("a field that nobody reads is passed over, also one that was begun and then left", () => {
  const writer = thriftWriter();
  writeStruct(writer, () => {
    writeStringListField(writer, 1, ["a", "b"]);
    writeStructField(writer, 2, () => writeStringMapField(writer, 1, new Map([["k", "v"]])));
    writeI32Field(writer, 3, 7);
  });
  const cursor = thriftCursor(writtenBytes(writer));
  let found: number | undefined;
  readStruct(cursor, WireType.struct, (id, type) => {
    if (id === 1) cursor.at += 3;
    if (id !== 3) return false;
    found = readI32(cursor, type);
    return true;
  });
  assert.equal(found, 7);
  assert.equal(cursor.at, cursor.end);
});

test("the heads of messages are read in the strict form and in the old one", () => {
  for (const text of ["80010002 00000003 676574 ffffffff", "00000003 676574 02 ffffffff"]) {
    assert.deepEqual(readMessageBegin(cursorOf(text)), { name: "get", type: MessageType.reply, sequence: -1 });
  }
  assert.throws(() => readMessageBegin(cursorOf("80020002 00000003 676574 ffffffff")), {
    kind: "corrupt",
    message: "Thrift message, byte 0: version 0x8002, where 0x8001 was expected",
  });
});

test("an empty list may say that its elements are of no type at all", () => {
  assert.deepEqual(readStringList(cursorOf("00 00000000"), WireType.list), []);
  assert.deepEqual(readStringMap(cursorOf("00 00 00000000"), WireType.map), new Map());
});

test("a value of another type than the reader expects is named with its place", () => {
  assert.throws(() => readString(cursorOf("00000000"), WireType.i32), {
    kind: "corrupt",
    message: "Thrift message, byte 0: i32, where string was expected",
  });
  assert.throws(() => readStringList(cursorOf("08 00000001 00000001"), WireType.list), /byte 5: i32, where string/);
  assert.throws(() => skipValue(cursorOf("00"), 7), /type 7, where the type of a value was expected/);
});

test("what is no UTF-8 is not read, and what has no UTF-8 is not written", () => {
  for (const wrong of ["c0af", "eda080", "ff", "f4908080", "c3"]) {
    const cursor = cursorOf(`0000000${wrong.length / 2} ${wrong}`);
    assert.throws(() => readString(cursor, WireType.string), {
      kind: "corrupt",
      message: /byte 4: a text that is no UTF-8/,
    });
  }
  assert.throws(() => writeString(thriftWriter(), "half \ud83c"), { kind: "usage" });
});

test("numbers of 64 bits are exact or refused", () => {
  assert.equal(readI64Number(cursorOf("001fffffffffffff"), WireType.i64), Number.MAX_SAFE_INTEGER);
  assert.throws(
    () => readI64Number(cursorOf("0020000000000000"), WireType.i64),
    /9007199254740992, where a number below/,
  );
  assert.throws(() => writeI64(thriftWriter(), 2 ** 53), RangeError);
  assert.throws(() => writeI64(thriftWriter(), 1.5), RangeError);
  assert.throws(() => writeI64(thriftWriter(), 2n ** 63n), RangeError);
});

test("a writer grows up to its limit and not beyond it", () => {
  const writer = thriftWriter({ bytesMax: 5000 });
  writeString(writer, "x".repeat(4996));
  assert.equal(writtenBytes(writer).length, 5000);
  assert.throws(() => writeBoolField(writer, 1, true), { kind: "usage", message: /more than 5000 bytes/ });
});
