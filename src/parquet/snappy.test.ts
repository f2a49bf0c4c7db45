import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compressors } from "hyparquet-compressors";
import { runSettings } from "../../test/corpus/runs.ts";
import { compressSnappy } from "./snappy.ts";

function decompress(compressed: Uint8Array, length: number): Buffer {
  const { SNAPPY } = compressors;
  assert.ok(SNAPPY !== undefined);
  return Buffer.from(SNAPPY(compressed, length));
}

test("another implementation reads what was compressed", (t) => {
  const settings = runSettings(300);
  t.diagnostic(`seed ${settings.seed}`);
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 400 }))
      .map(([unit, times]) => Uint8Array.from({ length: unit.length * times }, (_, i) => unit[i % unit.length] ?? 0)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const source = Buffer.concat(pieces);
      assert.deepEqual(decompress(compressSnappy(source), source.length), source);
    }),
    settings,
  );
});

test("blocks of 64 KiB follow each other", () => {
  const source = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `${i * 7919} `).join(""));
  const compressed = compressSnappy(source);
  assert.ok(compressed.length < source.length);
  assert.deepEqual(decompress(compressed, source.length), source);
});

test("random bytes grow by little", () => {
  const source = Uint8Array.from({ length: 200_000 }, (_, i) => Math.imul(i * i + 17, 0x9e3779b1) >>> 24);
  const compressed = compressSnappy(source);
  assert.ok(compressed.length < source.length * 1.01);
  assert.deepEqual(decompress(compressed, source.length), Buffer.from(source));
});
