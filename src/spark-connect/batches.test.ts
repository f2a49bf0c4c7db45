import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { type ArrowBatch, makeBatchReader } from "./batches.ts";
import { SparkError } from "./errors.ts";
import { ExecutePlanResponse_ArrowBatchSchema } from "./gen/spark_connect_pb.ts";

type Init = MessageInitShape<typeof ExecutePlanResponse_ArrowBatchSchema>;

function read(messages: readonly Init[]): ArrowBatch[] {
  const reader = makeBatchReader();
  const batches: ArrowBatch[] = [];
  for (const message of messages) {
    const batch = reader.take(create(ExecutePlanResponse_ArrowBatchSchema, message));
    if (batch !== undefined) batches.push(batch);
  }
  reader.end();
  return batches;
}

function refuses(messages: readonly Init[], fact: RegExp): void {
  assert.throws(
    () => read(messages),
    (error) => error instanceof SparkError && error.kind === "corrupt" && fact.test(error.message),
  );
}

const data = (...bytes: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);

describe("batches", () => {
  test("of a server without offsets and chunks (4.0) are taken as they come", () => {
    const messages = [
      { rowCount: 2n, data: data(1) },
      { rowCount: 0n, data: data(2) },
      { rowCount: 3n, data: data(3) },
    ];
    assert.deepEqual(read(messages), [
      { rows: 2, data: data(1) },
      { rows: 0, data: data(2) },
      { rows: 3, data: data(3) },
    ]);
  });

  test("that are cut are put together, whether or not that was asked for", () => {
    const cut = { rowCount: 2n, startOffset: 0n, numChunksInBatch: 3n };
    const messages = [
      { ...cut, chunkIndex: 0n, data: data(1, 2) },
      { ...cut, chunkIndex: 1n, data: data(3) },
      { ...cut, chunkIndex: 2n, data: data(4, 5) },
      { rowCount: 1n, startOffset: 2n, chunkIndex: 0n, numChunksInBatch: 1n, data: data(6) },
      { rowCount: 1n, startOffset: 3n, data: data(7) },
    ];
    assert.deepEqual(read(messages), [
      { rows: 2, data: data(1, 2, 3, 4, 5) },
      { rows: 1, data: data(6) },
      { rows: 1, data: data(7) },
    ]);
  });

  test("a gap, a repetition and a mixture are corrupt", () => {
    refuses([{ rowCount: 1n, startOffset: 1n }], /row 0 must come next, and the server sent row 1/);
    refuses(
      [
        { rowCount: 2n, startOffset: 0n },
        { rowCount: 2n, startOffset: 0n },
      ],
      /row 2 must come next, and the server sent row 0/,
    );
    refuses([{ rowCount: -1n }], /-1 rows/);
    refuses([{ rowCount: 1n, chunkIndex: 1n, numChunksInBatch: 2n }], /begins with its chunk 1/);
    const cut = { rowCount: 1n, startOffset: 0n, numChunksInBatch: 3n };
    refuses([{ ...cut, chunkIndex: 0n }], /last batch is not whole/);
    refuses(
      [
        { ...cut, chunkIndex: 0n },
        { ...cut, chunkIndex: 2n },
      ],
      /chunk 1 of a batch must come next, and the server sent chunk 2/,
    );
    refuses(
      [
        { ...cut, chunkIndex: 0n },
        { ...cut, chunkIndex: 1n, startOffset: 5n },
      ],
      /mixed/,
    );
    refuses(
      [
        { ...cut, chunkIndex: 0n },
        { ...cut, chunkIndex: 1n, numChunksInBatch: 2n },
      ],
      /mixed/,
    );
  });

  test("however a result is cut, it is the same", () => {
    const seed = process.env.FC_SEED === undefined ? Date.now() : Number(process.env.FC_SEED);
    const batch = fc.record({
      rows: fc.integer({ min: 0, max: 9 }),
      chunks: fc.array(fc.uint8Array(), { minLength: 1 }),
    });
    const property = fc.property(fc.array(batch), (batches) => {
      let row = 0n;
      const messages = batches.flatMap(({ rows, chunks }) => {
        const startOffset = row;
        row += BigInt(rows);
        return chunks.map((chunk, index) => ({
          rowCount: BigInt(rows),
          startOffset,
          chunkIndex: BigInt(index),
          numChunksInBatch: BigInt(chunks.length),
          data: Uint8Array.from(chunk),
        }));
      });
      const whole = batches.map(({ rows, chunks }) => ({ rows, data: Buffer.concat(chunks).toString("hex") }));
      const got = read(messages).map(({ rows, data: bytes }) => ({ rows, data: Buffer.from(bytes).toString("hex") }));
      assert.deepEqual(got, whole);
    });
    fc.assert(property, { seed, numRuns: Number(process.env.FC_RUNS ?? 200) });
  });
});
