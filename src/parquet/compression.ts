/** Block compression of pages. */
import { constants, zstdCompressSync } from "node:zlib";
import { compressSnappy } from "./snappy.ts";

export type Compression = "zstd" | "snappy";

/** Codecs, by their codes in the format. */
export const CODEC = { uncompressed: 0, snappy: 1, zstd: 6 } as const;

export function codecOf(compression: Compression): number {
  return compression === "zstd" ? CODEC.zstd : CODEC.snappy;
}

/** Level 1: on an archive hour, level 3 was slower and not smaller. */
const zstdParams = { [constants.ZSTD_c_compressionLevel]: 1 };

export function compress(bytes: Uint8Array, codec: number): Uint8Array {
  if (codec === CODEC.uncompressed) return bytes;
  if (codec === CODEC.snappy) return compressSnappy(bytes);
  // Room for the worst case in one piece: growing by pieces, or a much too large piece, costs more than small pages take.
  return zstdCompressSync(bytes, { params: zstdParams, chunkSize: bytes.length + (bytes.length >> 7) + 128 });
}
