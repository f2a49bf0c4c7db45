/** Opens a raw object as a stream of JSON text, whatever it is compressed with. */
import { createReadStream, type ReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { Failure } from "../errors.ts";

/** Large chunks and several in advance: decompression then runs on the thread pool while the last chunk is parsed. */
const CHUNK_BYTES = 1 << 20;
const AHEAD_BYTES = 4 << 20;

export interface TextInput {
  /** Consume with `for await`: a handler of 'data' events would run inside the decompressor and not beside it. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Bytes of the file read so far. */
  bytesRead(): number;
  close(): void;
}

export async function openTextInput(file: string): Promise<TextInput> {
  const magic = await readMagic(file);
  const source = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  const decompressor = decompressorFor(magic);
  if (decompressor === undefined) {
    return { chunks: source, bytesRead: () => source.bytesRead, close: () => source.destroy() };
  }
  // `pipe` does not hand an error of the file on.
  source.on("error", (error) => decompressor.destroy(error));
  source.pipe(decompressor);
  return {
    chunks: decompressed(decompressor, source, file),
    bytesRead: () => source.bytesRead,
    close: () => {
      source.destroy();
      decompressor.destroy();
    },
  };
}

async function readMagic(file: string): Promise<Buffer> {
  const handle = await open(file, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function decompressorFor(magic: Buffer): Transform | undefined {
  const options = { chunkSize: CHUNK_BYTES, highWaterMark: AHEAD_BYTES };
  if (magic[0] === 0x1f && magic[1] === 0x8b) return createGunzip(options);
  if (magic.length === 4 && magic.readUInt32LE(0) === 0xfd2fb528) return createZstdDecompress(options);
  return undefined;
}

async function* decompressed(stream: Transform, source: ReadStream, file: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk;
  } catch (cause) {
    if (source.errored !== null) throw source.errored;
    const fact = cause instanceof Error ? cause.message : String(cause);
    throw new Failure("corrupt", `${file}: damaged compressed data: ${fact}`, { cause });
  }
}
