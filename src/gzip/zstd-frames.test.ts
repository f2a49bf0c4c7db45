import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, zstdCompressSync } from "node:zlib";
import { ZstdFrames } from "./zstd-frames.ts";

/** The lengths of the pieces that come of chunks of `size` bytes. */
function pieces(bytes: Uint8Array, size: number): number[] {
  const frames = new ZstdFrames();
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    for (const piece of frames.cut(bytes.subarray(at, at + size))) found.push(piece.length);
  }
  return found;
}

/** Where pieces end. */
const ends = (lengths: readonly number[]): Set<number> => {
  let at = 0;
  return new Set(lengths.map((length) => (at += length)));
};

const noise = Buffer.from(Array.from({ length: 400_000 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 0xff));
const skippable = Buffer.concat([Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]), Buffer.from("abc")]);
const frames = [
  zstdCompressSync(Buffer.from("{}\n")),
  zstdCompressSync(Buffer.from("x".repeat(300_000))),
  skippable,
  zstdCompressSync(noise, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
  zstdCompressSync(Buffer.alloc(0)),
  zstdCompressSync(noise.subarray(0, 70_000)),
];

test("every frame begins a piece, whatever the chunks", () => {
  const all = Buffer.concat(frames);
  assert.deepEqual(
    pieces(all, all.length),
    frames.map((frame) => frame.length),
  );
  const borders = ends(frames.map((frame) => frame.length));
  for (const size of [1, 2, 7, 4096, 100_000]) {
    const found = pieces(all, size);
    assert.equal(
      found.reduce((sum, length) => sum + length, 0),
      all.length,
    );
    assert.ok([...borders].every((border) => ends(found).has(border)));
  }
});

test("what is no frame is handed on from there, for the decompressor to refuse", () => {
  const [first = Buffer.alloc(0)] = frames;
  assert.deepEqual(pieces(Buffer.concat([first, Buffer.from("garbage behind it")]), 1 << 20), [first.length, 17]);
});
