/** Block compression of pages. */
import { constants, type ZstdOptions, zstdCompressSync } from "node:zlib";
import { compressSnappy } from "./snappy.ts";

export type Compression = "zstd" | "snappy";

/** Codecs, by their codes in the format. */
export const CODEC = { uncompressed: 0, snappy: 1, zstd: 6 } as const;

export function codecOf(compression: Compression): number {
  return compression === "zstd" ? CODEC.zstd : CODEC.snappy;
}

/**
 * Level 1: on an archive hour, level 3 was slower and not smaller. The expected output size saves reallocations; zlib's
 * default of 16 KiB for a page of 200 bytes cost more than compressing it.
 */
const zstdOptions: readonly (ZstdOptions & { readonly chunkSize: number })[] = [4_096, 65_536, 1 << 20, 4 << 20].map(
  (chunkSize) => ({ chunkSize, params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
);

export function compress(bytes: Uint8Array, codec: number): Uint8Array {
  if (codec === CODEC.uncompressed) return bytes;
  if (codec === CODEC.snappy) return compressSnappy(bytes);
  const options = zstdOptions.find((candidate) => bytes.length < candidate.chunkSize) ?? zstdOptions.at(-1);
  return zstdCompressSync(bytes, options ?? {});
}
