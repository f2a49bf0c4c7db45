/** Random messages: read back, passed over, cut, damaged, and arriving in pieces. `FC_RUNS` and `FC_SEED` deepen and repeat. */
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Failure } from "../../src/errors.ts";
import { answerCollector } from "../../src/thrift/answer.ts";
import { readMessageBegin, readStruct, skipValue, thriftCursor } from "../../src/thrift/reader.ts";
import { MessageType, WireType } from "../../src/thrift/types.ts";
import {
  type ThriftWriter,
  thriftWriter,
  writeFieldBegin,
  writeI32Field,
  writeMessageBegin,
  writeStruct,
  writtenBytes,
} from "../../src/thrift/writer.ts";
import { propertyRuns } from "../contract/property-runs.ts";
import { structs } from "./random-value.ts";

function written(write: (writer: ThriftWriter) => void): Buffer {
  const writer = thriftWriter();
  write(writer);
  return writtenBytes(writer);
}

const isCorrupt = (error: unknown): boolean => error instanceof Failure && error.kind === "corrupt";

/** Runs `read`, which may find damage and nothing else. */
function orCorrupt(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    assert.ok(isCorrupt(error), String(error));
  }
}

test("random values of random types are read back as they were written", () => {
  fc.assert(
    fc.property(structs, ({ kind, value }) => {
      const cursor = thriftCursor(written((writer) => kind.write(writer, value)));
      assert.deepEqual(kind.read(cursor, kind.type), value);
      assert.equal(cursor.at, cursor.end);
      assert.equal(cursor.depth, 0);
    }),
    propertyRuns(400),
  );
});

test("random values in fields that nobody knows are passed over to the byte", () => {
  fc.assert(
    fc.property(structs, structs, ({ kind, value }, other) => {
      const bytes = written((writer) =>
        writeStruct(writer, () => {
          writeFieldBegin(writer, kind.type, 1);
          kind.write(writer, value);
          writeI32Field(writer, 2, 17);
          writeFieldBegin(writer, other.kind.type, 3);
          other.kind.write(writer, other.value);
        }),
      );
      const cursor = thriftCursor(bytes);
      let found = 0;
      readStruct(cursor, WireType.struct, (id, type) => {
        if (id !== 2) return false;
        assert.equal(type, WireType.i32);
        found = cursor.bytes.readInt32BE(cursor.at);
        cursor.at += 4;
        return true;
      });
      assert.equal(found, 17);
      assert.equal(cursor.at, cursor.end);
    }),
    propertyRuns(200),
  );
});

test("a message that was cut anywhere is corrupt, whether it is read or passed over", () => {
  fc.assert(
    fc.property(structs, ({ kind, value }) => {
      const bytes = written((writer) => kind.write(writer, value));
      for (let end = 0; end < bytes.length; end++) {
        assert.throws(() => kind.read(thriftCursor(bytes.subarray(0, end)), kind.type), isCorrupt);
        assert.throws(() => skipValue(thriftCursor(bytes.subarray(0, end)), kind.type), isCorrupt);
      }
    }),
    propertyRuns(60),
  );
});

test("a message with any byte changed is read as another one or is corrupt, and nothing else", () => {
  fc.assert(
    fc.property(structs, fc.integer({ min: 1, max: 255 }), ({ kind, value }, mask) => {
      const bytes = written((writer) => kind.write(writer, value));
      for (let at = 0; at < bytes.length; at++) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        orCorrupt(() => kind.read(thriftCursor(damaged), kind.type));
        orCorrupt(() => skipValue(thriftCursor(damaged), kind.type));
      }
    }),
    propertyRuns(60),
  );
});

test("random bytes are some value or corrupt, and never more than they are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 16 }), (bytes, type) => {
      const cursor = thriftCursor(bytes);
      orCorrupt(() => skipValue(cursor, type));
      assert.ok(cursor.at <= cursor.end);
      orCorrupt(() => readMessageBegin(thriftCursor(bytes)));
    }),
    propertyRuns(2000),
  );
});

const header = { name: "get_thing", type: MessageType.reply, sequence: 5 };

/** The strict form, or the old one that servers may answer with. */
function message(isStrict: boolean, body: Buffer): Buffer {
  const strict = written((writer) => writeMessageBegin(writer, header));
  const old = Buffer.concat([strict.subarray(4, -4), Buffer.of(header.type), strict.subarray(-4)]);
  return Buffer.concat([isStrict ? strict : old, body]);
}

test("an answer that arrives in any pieces is whole at its last byte, in both transports and both forms", () => {
  fc.assert(
    fc.property(
      structs,
      fc.boolean(),
      fc.boolean(),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
      ({ kind, value }, isStrict, isFramed, sizes) => {
        const whole = message(
          isStrict,
          written((writer) => kind.write(writer, value)),
        );
        const head = Buffer.alloc(4);
        head.writeUInt32BE(whole.length);
        const stream = isFramed ? Buffer.concat([head, whole]) : whole;
        const collector = answerCollector(isFramed ? "framed" : "buffered", header.name, 1 << 20);
        let at = 0;
        for (let turn = 0; at < stream.length; turn++) {
          const piece = Buffer.from(stream.subarray(at, at + (sizes[turn % sizes.length] ?? 1)));
          at += piece.length;
          const collected = collector.push(piece);
          // What the socket gave is its own again.
          if (collected.kind === "more") assert.ok(at < stream.length);
          else {
            assert.equal(at, stream.length);
            assert.ok(collected.kind === "message");
            const cursor = thriftCursor(collected.bytes);
            assert.deepEqual(readMessageBegin(cursor), header);
            assert.deepEqual(kind.read(cursor, kind.type), value);
            assert.equal(cursor.at, cursor.end);
          }
        }
      },
    ),
    propertyRuns(200),
  );
});

test("a large answer in small pieces takes time in proportion to its size", () => {
  const item = written((writer) => writeStruct(writer, () => writeI32Field(writer, 1, 1)));
  const perByte = [20_000, 200_000].map((count) => {
    const head = Buffer.from([WireType.list, 0, 1, WireType.struct, 0, 0, 0, 0]);
    head.writeUInt32BE(count, 4);
    const items = Buffer.alloc(item.length * count, item);
    const whole = message(true, Buffer.concat([head, items, Buffer.of(0)]));
    const collector = answerCollector("buffered", header.name, 1 << 26);
    const begin = process.cpuUsage();
    let last = "";
    for (let at = 0; at < whole.length; at += 1460) last = collector.push(whole.subarray(at, at + 1460)).kind;
    assert.equal(last, "message");
    return process.cpuUsage(begin).user / whole.length;
  });
  const [small = 0, large = 0] = perByte;
  assert.ok(large < 5 * small + 0.05, `${small} and ${large} µs a byte`);
});
