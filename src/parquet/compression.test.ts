import assert from "node:assert/strict";
import { test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import { ByteBuffer } from "./byte-buffer.ts";
import { appendCompressed, CODEC } from "./compression.ts";

function compressed(bytes: Uint8Array): Uint8Array {
  const out = new ByteBuffer(16);
  appendCompressed(out, bytes, CODEC.zstd);
  return out.copy();
}

test("a frame of Zstandard of every size, with and without a call of the compressor", () => {
  const text = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `${i % 997},`).join(""));
  for (const length of [0, 1, 2, 31, 255, 256, 257, 511, 512, 513, 4096, 65_535, 65_792, text.length]) {
    const bytes = text.subarray(0, length);
    assert.deepEqual(zstdDecompressSync(compressed(bytes)), bytes, `${length} bytes`);
  }
});

test("what was compressed before stays as it is", () => {
  const out = new ByteBuffer(16);
  const [first, second] = [Buffer.alloc(9_000, "one "), Buffer.alloc(20_000, "two ")];
  appendCompressed(out, first, CODEC.zstd);
  const end = out.length;
  appendCompressed(out, second, CODEC.zstd);
  assert.deepEqual(zstdDecompressSync(out.written().subarray(0, end)), first);
  assert.deepEqual(zstdDecompressSync(out.written().subarray(end)), second);
});
