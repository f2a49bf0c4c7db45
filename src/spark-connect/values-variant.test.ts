import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { SparkError } from "./errors.ts";
import { variantText } from "./values-variant.ts";

const noNames = Buffer.from("010000", "hex");

/** A metadata of these names, with offsets of four bytes. */
function metadataOf(names: readonly string[]): Buffer {
  const texts = names.map((name) => Buffer.from(name));
  const numbers = [names.length, 0];
  let end = 0;
  for (const text of texts) {
    end += text.length;
    numbers.push(end);
  }
  return Buffer.concat([Buffer.from([0xc1]), Buffer.from(Uint32Array.from(numbers).buffer), ...texts]);
}

function counted(count: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(count);
  return bytes;
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** The encoding written as its specification says, at its widest. */
function encode(value: Json, names: string[]): Buffer {
  if (value === null || typeof value === "boolean") return Buffer.from([(value === null ? 0 : value ? 1 : 2) << 2]);
  if (typeof value === "number") {
    const bytes = Buffer.alloc(9);
    bytes[0] = 7 << 2;
    bytes.writeDoubleLE(value, 1);
    return bytes;
  }
  if (typeof value === "string") {
    const text = Buffer.from(value);
    if (text.length < 64) return Buffer.concat([Buffer.from([(text.length << 2) | 1]), text]);
    return Buffer.concat([Buffer.from([16 << 2]), counted(text.length), text]);
  }
  const parts = Array.isArray(value) ? value : Object.values(value);
  const bodies = parts.map((part) => encode(part, names));
  const offsets = [counted(0)];
  let end = 0;
  for (const body of bodies) {
    end += body.length;
    offsets.push(counted(end));
  }
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from([(0b111 << 2) | 3]), counted(parts.length), ...offsets, ...bodies]);
  }
  const ids = Object.keys(value).map((name) => {
    if (!names.includes(name)) names.push(name);
    return counted(names.indexOf(name));
  });
  return Buffer.concat([Buffer.from([(0b11111 << 2) | 2]), counted(parts.length), ...ids, ...offsets, ...bodies]);
}

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: "grapheme", maxLength: 90 }),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: "grapheme", maxLength: 8 }), tie("value"), { maxKeys: 5 }),
  ),
})).value;

test("any JSON comes back as it was", () => {
  fc.assert(
    fc.property(json, (value) => {
      const names: string[] = [];
      const bytes = encode(value, names);
      // The text keeps the sign of zero, and so does its parser.
      assert.deepEqual(JSON.parse(variantText(bytes, metadataOf(names))), structuredClone(value));
    }),
    runSettings(500),
  );
});

/** What a server (Spark 4.2.0) stores, and what its `to_json` answers in a session in UTC. */
const seen: readonly (readonly [value: string, text: string])[] = [
  ["00", "null"],
  ["0c01", "1"],
  ["200296000000", "1.5"],
  ["200064000000", "100"],
  ["2800cb444271764eb6429d02000000000000", "12345678901234567890123"],
  ["1c000000205fa00242", "1.0E10"],
  ["1c000000000000f03f", "1.0"],
  ["1c48afbc9af2d77a3e", "1.0E-7"],
  ["1c00008054346f9d41", "1.23456789125E8"],
  ["1c0000000000000080", "-0.0"],
  ["1c000000000000f87f", '"NaN"'],
  ["1c000000000000f0ff", '"-Infinity"'],
  ["38cdcc8c3f", "1.1"],
  ["38f9021550", "1.0E10"],
  ["2c57470000", '"2020-01-02"'],
  ["2cdbc6f4ff", '"-0044-03-15"'],
  ["2c4fd23900", '"+12345-01-01"'],
  ["3040f326721f9b0500", '"2020-01-02 03:04:05+00:00"'],
  ["3000c828721f9b0500", '"2020-01-02 03:04:05.12+00:00"'],
  ["3460942e721f9b0500", '"2020-01-02 03:04:05.5"'],
  ["3460f4b8e7edbb6604", '"+12020-01-02 03:04:05.5"'],
  ["3c0300000000ff10", '"AP8Q"'],
];

test("values that a server made are written as it writes them", () => {
  for (const [value, text] of seen) assert.equal(variantText(Buffer.from(value, "hex"), noNames), text);
  assert.equal(
    variantText(
      Buffer.from("0203010003020014170c010304000203040b0c01000402010200020579020000", "hex"),
      metadataOf(["b", "a", "x", "é"]),
    ),
    '{"a":[1,null,true,{"x":"y"}],"b":1,"é":{}}',
  );
});

test("types that no server writes yet are read as the specification has them", () => {
  const ofLong = (type: number, value: bigint): string => {
    const bytes = Buffer.alloc(9);
    bytes[0] = type << 2;
    bytes.writeBigInt64LE(value, 1);
    return variantText(bytes, noNames);
  };
  assert.equal(ofLong(17, 3_723_000_001n), '"01:02:03.000001"');
  assert.equal(ofLong(18, -1n), '"1969-12-31 23:59:59.999999999+00:00"');
  assert.equal(ofLong(19, 1_500_000_000n), '"1970-01-01 00:00:01.5"');
  const uuid = Buffer.from(`50${"00112233445566778899aabbccddeeff"}`, "hex");
  assert.equal(variantText(uuid, noNames), '"00112233-4455-6677-8899-aabbccddeeff"');
});

test("values that overlap, to make a text without end, are refused", () => {
  // An array of two elements, both of them the array in front of it.
  let value = Buffer.from([0x0c, 1]);
  for (let depth = 0; depth < 40; depth++) {
    value = Buffer.concat([
      Buffer.from([(0b111 << 2) | 3]),
      counted(2),
      counted(0),
      counted(0),
      counted(value.length),
      value,
    ]);
  }
  assert.throws(() => variantText(value, noNames), { kind: "corrupt", message: /overlap/ });
  const selfish = Buffer.from([0x03, 1, 0, 0]);
  assert.throws(() => variantText(selfish, noNames), { kind: "corrupt" });
});

test("a value nested beyond what any parser makes is refused", () => {
  let value = Buffer.from([0]);
  for (let depth = 0; depth < 1100; depth++) {
    value = Buffer.concat([Buffer.from([(0b111 << 2) | 3]), counted(1), counted(0), counted(value.length), value]);
  }
  assert.throws(() => variantText(value, noNames), { kind: "corrupt", message: /deeper/ });
});

test("a long name at many places ends before memory does", () => {
  const count = 100_000;
  const ids = Buffer.concat(Array.from({ length: count }, () => counted(0)));
  const offsets = Buffer.from(Uint32Array.from({ length: count + 1 }, (_, index) => index).buffer);
  const value = Buffer.concat([Buffer.from([(0b11111 << 2) | 2]), counted(count), ids, offsets, Buffer.alloc(count)]);
  assert.throws(() => variantText(value, metadataOf(["x".repeat(5000)])), { kind: "application", message: /longer/ });
});

test("damage ends as corrupt or as another text, never otherwise", () => {
  fc.assert(
    fc.property(json, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 8 }), (value, numbers, flips) => {
      const names: string[] = [];
      const bytes = encode(value, names);
      const metadata = metadataOf(names);
      const next = (below: number): number => (numbers.next().value ?? 0) % below;
      for (let flip = 0; flip < flips; flip++) {
        const target = next(2) === 0 ? bytes : metadata;
        const at = next(target.length);
        target[at] = (target[at] ?? 0) ^ (1 << next(8));
      }
      const cut = next(3) === 0 ? bytes.subarray(0, next(bytes.length)) : bytes;
      try {
        JSON.parse(variantText(cut, metadata));
      } catch (error) {
        if (!(error instanceof SparkError)) throw error;
        assert.equal(error.kind, "corrupt");
      }
    }),
    runSettings(1500),
  );
});
