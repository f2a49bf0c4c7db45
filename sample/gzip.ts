/** An hour as the archive stores it: one gzip member. */
import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { HourGenerator } from "./generator.ts";

/** Where a gzip member's header names the operating system (RFC 1952); zlib writes the one it was built on. */
const operatingSystemAt = 9;
const unix = 3;

/** Compresses a stream into one member whose header is the same everywhere (its modification time is 0). */
export async function* gzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const packed: AsyncIterable<Buffer> = pipeline(
    Readable.from(chunks),
    createGzip({ level: 6, chunkSize: 256 * 1024 }),
    () => {
      // A failure of the input reaches the loop below, and a consumer that stops early wants to hear of none.
    },
  );
  let position = 0;
  for await (const chunk of packed) {
    if (position <= operatingSystemAt && position + chunk.length > operatingSystemAt) {
      chunk[operatingSystemAt - position] = unix;
    }
    position += chunk.length;
    yield chunk;
  }
}

export function gzipHour(generator: HourGenerator, startMs: number): AsyncIterable<Buffer> {
  return gzip(generator.hour(startMs));
}
