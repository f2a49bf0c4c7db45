/** Writes one hour to a file, for benchmarks and tests that need it on disk. */
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { HourGenerator } from "./generator.ts";
import { gzip } from "./gzip.ts";

export interface WrittenHour {
  readonly file: string;
  readonly events: number;
  /** Bytes of the newline-delimited JSON before compression. */
  readonly jsonBytes: number;
  /** Bytes of the file. */
  readonly fileBytes: number;
}

/** Writes the hour as one gzip member, or plain with `plain`. The file appears under its name only when it is whole. */
export async function writeHour(
  generator: HourGenerator,
  startMs: number,
  file: string,
  options: { readonly plain?: boolean } = {},
): Promise<WrittenHour> {
  let jsonBytes = 0;
  let fileBytes = 0;
  async function* json(): AsyncGenerator<Buffer> {
    for await (const chunk of generator.hour(startMs)) {
      jsonBytes += chunk.length;
      yield chunk;
    }
  }
  async function* counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      fileBytes += chunk.length;
      yield chunk;
    }
  }
  const part = `${file}.part`;
  try {
    await pipeline(counted(options.plain === true ? json() : gzip(json())), createWriteStream(part));
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
  return { file, events: generator.eventsIn(startMs), jsonBytes, fileBytes };
}
