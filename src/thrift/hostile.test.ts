import assert from "node:assert/strict";
import test from "node:test";
import { Failure } from "../errors.ts";
import { answerCollector } from "./answer.ts";
import { readList, readMap, readString, readStruct, skipValue, type ThriftCursor, thriftCursor } from "./reader.ts";
import { depthMax, WireType } from "./types.ts";

const bytesOf = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const isCorrupt = (error: unknown): boolean => error instanceof Failure && error.kind === "corrupt";

/** Whether it is read or passed over. */
function bothWays(type: number, bytes: Buffer, read: (cursor: ThriftCursor, type: number) => unknown): void {
  assert.throws(() => read(thriftCursor(bytes), type), isCorrupt);
  assert.throws(() => skipValue(thriftCursor(bytes), type), isCorrupt);
}

test("lengths that are negative or larger than what is left are refused before memory is taken", () => {
  for (const length of ["7fffffff", "80000000", "ffffffff", "00000003"]) {
    bothWays(WireType.string, bytesOf(`${length} 6161`), readString);
    bothWays(WireType.list, bytesOf(`0b ${length} 0000`), (cursor, type) => readList(cursor, type, readString));
    bothWays(WireType.set, bytesOf(`0b ${length} 0000`), (cursor, type) => readList(cursor, type, readString));
    bothWays(WireType.map, bytesOf(`0b 0b ${length} 0000`), (cursor, type) =>
      readMap(cursor, type, readString, readString),
    );
    bothWays(WireType.list, bytesOf(`08 ${length} 0000`), (cursor, type) => readList(cursor, type, readString));
  }
});

test("elements of a type that takes no bytes are refused, however few they are", () => {
  for (const type of ["00", "01", "05", "ff"]) {
    bothWays(WireType.list, bytesOf(`${type} 00000001 00`), (cursor, listType) =>
      readList(cursor, listType, readString),
    );
    bothWays(WireType.map, bytesOf(`0b ${type} 00000001 00000000`), (cursor, mapType) =>
      readMap(cursor, mapType, readString, readString),
    );
  }
});

test("values within each other end at a depth", () => {
  const levels = 100_000;
  const structs = Buffer.concat(Array.from({ length: levels }, () => bytesOf("0c 0001")));
  const lists = Buffer.concat(Array.from({ length: levels }, () => bytesOf("0f 00000001")));
  const maps = Buffer.concat(Array.from({ length: levels }, () => bytesOf("0d 0d 00000001")));
  const nested = (cursor: ThriftCursor, type: number): void =>
    readStruct(cursor, type, (_, fieldType) => {
      nested(cursor, fieldType);
      return true;
    });
  const nestedList = (cursor: ThriftCursor, type: number): unknown => readList(cursor, type, nestedList);
  const nestedMap = (cursor: ThriftCursor, type: number): unknown => readMap(cursor, type, nestedMap, nestedMap);
  bothWays(WireType.struct, structs, nested);
  bothWays(WireType.list, lists, nestedList);
  bothWays(WireType.map, maps, nestedMap);
});

test("values within each other are read up to that depth", () => {
  const bytes = Buffer.concat([
    ...Array.from({ length: depthMax - 1 }, () => bytesOf("0f 00000001")),
    bytesOf("0b 00000000"),
  ]);
  const nested = (cursor: ThriftCursor, type: number): unknown => readList(cursor, type, nested);
  assert.doesNotThrow(() => nested(thriftCursor(bytes), WireType.list));
  assert.doesNotThrow(() => skipValue(thriftCursor(bytes), WireType.list));
});

test("a collector of answers holds no more than has arrived, and no more than it may", () => {
  const strict = "80010002 00000001 6d 00000001";
  const huge = [
    // A text, a list and a map that would not fit.
    `${strict} 0b 0001 7fffffff`,
    `${strict} 0f 0001 0c 7fffffff`,
    `${strict} 0d 0001 0b 0b 7fffffff`,
    `${strict} 0f 0001 08 00100000`,
    "80010002 7fffffff",
    "80010002 ffffffff",
  ];
  for (const text of huge) {
    assert.throws(() => answerCollector("buffered", "m", 1 << 20).push(bytesOf(text)), isCorrupt, text);
  }
  assert.throws(() => answerCollector("framed", "m", 1 << 20).push(bytesOf("00100001 80010002")), isCorrupt);
  const endless = answerCollector("buffered", "m", 1 << 16);
  endless.push(bytesOf(strict));
  const field = Buffer.concat(Array.from({ length: 1000 }, () => bytesOf("08 0001 00000001")));
  assert.throws(() => {
    for (let pieces = 0; pieces < 100; pieces++) endless.push(field);
  }, isCorrupt);
});

test("a frame that ends before or after its message is refused", () => {
  const message = "80010002 00000001 6d 00000001";
  for (const text of [
    `0000000e ${message} 00`,
    `0000000f ${message} 00 00`,
    `0000000d ${message}`,
    `0000000c ${message}`,
  ]) {
    const collector = answerCollector("framed", "m", 1 << 20);
    if (text.startsWith("0000000e")) assert.equal(collector.push(bytesOf(text)).kind, "message");
    else assert.throws(() => collector.push(bytesOf(text)), isCorrupt, text);
  }
});
