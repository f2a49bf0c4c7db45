/** Arrow batches out of a stream's messages: chunks are put together, and no row may be missing or come twice. */
import { SparkError } from "./errors.ts";
import type { ExecutePlanResponse_ArrowBatch } from "./gen/spark_connect_pb.ts";

export interface ArrowBatch {
  readonly rows: number;
  /** A complete Arrow IPC stream. */
  readonly data: Uint8Array;
}

export interface BatchReader {
  /** Answers a batch once it is whole. `SparkError` "corrupt" if it is not the one that must come next. */
  take(message: ExecutePlanResponse_ArrowBatch): ArrowBatch | undefined;
  /** At the end of the result. */
  end(): void;
}

export function makeBatchReader(): BatchReader {
  let nextRow = 0n;
  let chunks: Uint8Array[] = [];
  let expectedChunks = 0n;
  let expectedRows = 0n;

  function begin(message: ExecutePlanResponse_ArrowBatch): void {
    const { startOffset, chunkIndex = 0n, rowCount } = message;
    if (startOffset !== undefined && startOffset !== nextRow) {
      throw corrupt(`row ${nextRow} must come next, and the server sent row ${startOffset}`);
    }
    if (chunkIndex !== 0n) throw corrupt(`a batch begins with its chunk ${chunkIndex}`);
    if (rowCount < 0n) throw corrupt(`a batch has ${rowCount} rows`);
    expectedChunks = message.numChunksInBatch ?? 0n;
    expectedRows = rowCount;
  }

  function proceed(message: ExecutePlanResponse_ArrowBatch): void {
    const { startOffset, chunkIndex = 0n, numChunksInBatch = 0n, rowCount } = message;
    if (chunkIndex !== BigInt(chunks.length)) {
      throw corrupt(`chunk ${chunks.length} of a batch must come next, and the server sent chunk ${chunkIndex}`);
    }
    const isSame = numChunksInBatch === expectedChunks && rowCount === expectedRows;
    if (!isSame || (startOffset !== undefined && startOffset !== nextRow)) {
      throw corrupt("chunks of different batches are mixed");
    }
  }

  return {
    take(message) {
      if (chunks.length === 0) begin(message);
      else proceed(message);
      if (expectedChunks > 1n) {
        chunks.push(message.data);
        if (BigInt(chunks.length) < expectedChunks) return undefined;
      }
      const data = chunks.length === 0 ? message.data : concatenated(chunks);
      chunks = [];
      nextRow += expectedRows;
      return { rows: Number(expectedRows), data };
    },
    end() {
      if (chunks.length > 0) throw corrupt("the last batch is not whole");
    },
  };
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function corrupt(fact: string): SparkError {
  return new SparkError("corrupt", `result: ${fact}`);
}
