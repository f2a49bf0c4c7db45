/** Block compression of pages. */
import { constants, zstdCompressSync } from "node:zlib";
import { ByteBuffer } from "./byte-buffer.ts";
import { compressSnappy, snappyElements } from "./snappy.ts";

export type Compression = "zstd" | "snappy";

/** Codecs, by their codes in the format. */
export const CODEC = { uncompressed: 0, snappy: 1, zstd: 6 } as const;

export function codecOf(compression: Compression): number {
  return compression === "zstd" ? CODEC.zstd : CODEC.snappy;
}

/** Level 1: on an archive hour, level 3 was slower and not smaller. */
const zstdParams = { [constants.ZSTD_c_compressionLevel]: 1 };

/** Appends `bytes` compressed. */
export function appendCompressed(out: ByteBuffer, bytes: Uint8Array, codec: number): void {
  if (codec === CODEC.uncompressed) out.appendBytes(bytes);
  else if (codec === CODEC.snappy) out.appendBytes(compressSnappy(bytes));
  else appendZstd(out, bytes);
}

/** A call of the compressor takes 30 µs before it looks at a byte: a quarter of the pages of an archive hour is not worth it. */
const ZSTD_BYTES_MIN = 512;
const ZSTD_MAGIC = 0xfd2fb528;
/** Of a frame header: its only segment is the whole content, whose size follows in two bytes (from 256 on), or in one. */
const ONE_SEGMENT = 0x20;
const SIZE_IN_TWO_BYTES = 0x40;

/** A frame of one block that holds the bytes as they are (RFC 8878, section 3.1.1). */
function appendRawFrame(out: ByteBuffer, bytes: Uint8Array): void {
  const { length } = bytes;
  out.appendUint32(ZSTD_MAGIC);
  out.appendByte(length < 256 ? ONE_SEGMENT : ONE_SEGMENT | SIZE_IN_TWO_BYTES);
  const size = length < 256 ? length : length - 256;
  out.appendByte(size);
  if (length >= 256) out.appendByte(size >> 8);
  // The last block, of the type 0 (raw), in 24 bits.
  const block = 1 | (length << 3);
  for (let shift = 0; shift < 24; shift += 8) out.appendByte(block >> shift);
  out.appendBytes(bytes);
}

function appendZstd(out: ByteBuffer, bytes: Uint8Array): void {
  if (bytes.length < ZSTD_BYTES_MIN) {
    appendRawFrame(out, bytes);
    return;
  }
  // Room for the worst case (ZSTD_COMPRESSBOUND): the compressor then writes into it at once and not through a buffer of
  // its own, and what is not written to takes no memory.
  const chunkSize = bytes.length + (bytes.length >> 8) + 128;
  const compressed = zstdCompressSync(bytes, { params: zstdParams, chunkSize });
  out.appendBytes(compressed);
  // The buffer is freed at once, unless it is a part of Node's pool. To the garbage collector it is a small object of which
  // there is no hurry to get rid, and yet its size brings the next collection nearer: an archive hour has two fewer by this.
  if (chunkSize > Buffer.poolSize) compressed.buffer.transfer(0);
}

/**
 * What decompresses to what both parts do, one after the other, in pieces; `bytes` is how much that is. Zstandard data is
 * one frame or several (RFC 8878, section 3), and Snappy's copies refer backwards by distance, so that only the length in
 * front must be written anew. So values can be compressed before the levels that precede them in a page are known.
 */
export function joinCompressed(left: Uint8Array, right: Uint8Array, bytes: number, codec: number): Uint8Array[] {
  if (codec !== CODEC.snappy) return [left, right];
  const length = new ByteBuffer(10);
  length.appendVarint(bytes);
  return [length.written(), snappyElements(left), snappyElements(right)];
}
