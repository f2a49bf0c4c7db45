/** Opens a raw object as a stream of JSON text, whatever it is compressed with. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { Readable, type Transform } from "node:stream";
import { finished } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { Failure } from "../errors.ts";
import { ZstdFrames } from "../gzip/zstd-frames.ts";

/** Large chunks and several in advance: decompression then runs on the thread pool while the last chunk is parsed. */
export const CHUNK_BYTES = 1 << 20;
const AHEAD_BYTES = 4 << 20;

/** So many bytes tell the compression. */
const MAGIC_BYTES = 4;

export interface TextInput {
  /**
   * Consume with `for await`: a handler of 'data' events would run inside the decompressor and not beside it. A chunk is
   * only valid until the next one is asked for.
   */
  readonly chunks: AsyncIterable<Buffer>;
  /** Bytes of the file read so far. */
  bytesRead(): number;
  close(): void;
}

export async function openTextInput(file: string): Promise<TextInput> {
  const magic = await readMagic(file);
  const source = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  return textOf(source, magic, file, () => source.bytesRead);
}

/**
 * Node's gunzip ends without an error at the first zero byte behind a member: padding, as tapes and some writers leave it.
 * But members behind it would be lost silently, so that whatever is not zero there is damage.
 */
async function* unpadded(text: OpenedText, source: Readable, name: string, end: DataEnd): AsyncGenerator<Buffer> {
  yield* text.chunks;
  const taken = text.bytesTaken();
  // What the decompressor did not ask for any more passes by `end` as well.
  if (!source.readableEnded && !source.destroyed) await finished(source.resume());
  if (end.at <= taken) return;
  throw new Failure("corrupt", `${name}: damaged compressed data: more behind the padding at byte ${taken}`);
}

/** Behind the last byte that is not zero, of those that have passed. */
class DataEnd {
  at = 0;
  #passed = 0;

  pass(chunk: Uint8Array): void {
    const last = chunk.findLastIndex((byte) => byte !== 0);
    if (last >= 0) this.at = this.#passed + last + 1;
    this.#passed += chunk.length;
  }
}

/** The same of bytes that arrive from elsewhere, in chunks of any size. `name` is for messages. */
export async function openTextStream(bytes: AsyncIterable<Uint8Array>, name: string): Promise<TextInput> {
  const iterator = bytes[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let bytesRead = 0;
  const take = async (): Promise<Buffer | undefined> => {
    const next = await iterator.next();
    if (next.done === true) return undefined;
    bytesRead += next.value.length;
    return Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
  };
  while (bytesRead < MAGIC_BYTES) {
    const chunk = await take();
    if (chunk === undefined) break;
    first.push(chunk);
  }
  const head = Buffer.concat(first);
  async function* all(): AsyncGenerator<Buffer> {
    try {
      yield* pieces(head);
      for (let chunk = await take(); chunk !== undefined; chunk = await take()) yield* pieces(chunk);
    } finally {
      await iterator.return?.();
    }
  }
  const source = Readable.from(all(), { highWaterMark: AHEAD_BYTES / CHUNK_BYTES });
  return textOf(source, head.subarray(0, MAGIC_BYTES), name, () => bytesRead);
}

/** No chunk that is handed on is larger than those of a file, however large those are that arrive. */
function* pieces(chunk: Buffer): Generator<Buffer> {
  for (let at = 0; at < chunk.length; at += CHUNK_BYTES) yield chunk.subarray(at, at + CHUNK_BYTES);
}

interface OpenedText {
  readonly chunks: AsyncIterable<Buffer>;
  /** Bytes that the decompressor took: fewer than were read if it ended before them. */
  bytesTaken(): number;
}

function textOf(source: Readable, magic: Buffer, name: string, bytesRead: () => number): TextInput {
  const compression = compressionOf(magic);
  if (compression === undefined) return { chunks: source, bytesRead, close: () => source.destroy() };
  const options = { chunkSize: CHUNK_BYTES, highWaterMark: AHEAD_BYTES };
  const decompressor = compression === "gzip" ? createGunzip(options) : createZstdDecompress(options);
  const feed = compression === "gzip" ? source : Readable.from(framed(source));
  // `pipe` does not hand an error of its source on.
  feed.on("error", (error) => decompressor.destroy(error));
  feed.pipe(decompressor);
  const chunks = decompressed(decompressor, feed, name);
  const end = new DataEnd();
  if (compression === "gzip") source.on("data", (chunk: Uint8Array) => end.pass(chunk));
  const text = { chunks, bytesTaken: () => decompressor.bytesWritten };
  return {
    chunks: compression === "gzip" ? unpadded(text, source, name, end) : chunks,
    bytesRead,
    close: () => {
      feed.destroy();
      source.destroy();
      decompressor.destroy();
    },
  };
}

/** What a file is compressed with; `undefined` for what is taken as text. */
export async function readCompression(file: string): Promise<"gzip" | "zstd" | undefined> {
  return compressionOf(await readMagic(file));
}

async function readMagic(file: string): Promise<Buffer> {
  const handle = await open(file, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function compressionOf(magic: Buffer): "gzip" | "zstd" | undefined {
  if (magic[0] === 0x1f && magic[1] === 0x8b) return "gzip";
  return magic.length === MAGIC_BYTES && magic.readUInt32LE(0) === 0xfd2fb528 ? "zstd" : undefined;
}

async function* framed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const frames = new ZstdFrames();
  for await (const chunk of source) yield* frames.cut(chunk);
}

async function* decompressed(stream: Transform, feed: Readable, name: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) {
      yield chunk;
      release(chunk);
    }
  } catch (cause) {
    if (feed.errored !== null) throw feed.errored;
    const fact = cause instanceof Error ? cause.message : String(cause);
    throw new Failure("corrupt", `${name}: damaged compressed data: ${fact}`, { cause });
  }
}

/**
 * Frees a chunk that was consumed, if it is the last of its memory: zlib's streams hand out one buffer piece by piece. The
 * garbage collector would do so as well, but late, since to it a chunk is a small object. None of these buffers is a part of
 * Node's shared pool, for which CHUNK_BYTES is too large.
 */
function release(chunk: Buffer): void {
  const { buffer, byteOffset, byteLength } = chunk;
  if (buffer instanceof ArrayBuffer && byteOffset + byteLength === buffer.byteLength) buffer.transfer(0);
}
