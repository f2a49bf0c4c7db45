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

const SMALL_BYTES = 16 << 10;

/** Level 1: on an archive hour, level 3 was slower and not smaller. */
const zstdParams = { [constants.ZSTD_c_compressionLevel]: 1 };

export function compress(bytes: Uint8Array, codec: number): Uint8Array {
  if (codec === CODEC.uncompressed) return bytes;
  if (codec === CODEC.snappy) return compressSnappy(bytes);
  // The expected size of the output: zlib's default of 16 KiB costs more than a small page takes, and room for the worst
  // case of a large one is memory that the garbage collector has to look after. What exceeds it comes in pieces.
  const chunkSize = bytes.length < SMALL_BYTES ? bytes.length + 128 : bytes.length >> 1;
  return zstdCompressSync(bytes, { params: zstdParams, chunkSize });
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
