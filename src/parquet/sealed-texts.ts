/** Pages of texts that are compressed before their row group is complete. */
import { ByteBuffer } from "./byte-buffer.ts";
import { appendCompressed } from "./compression.ts";
import { textStatistics } from "./statistics.ts";
import type { SealedTexts } from "./values.ts";

const scratch = new ByteBuffer(1 << 16);

/** Seals at least one text, in PLAIN layout. */
export function sealTexts(texts: Uint8Array, codec: number): SealedTexts {
  const statistics = textStatistics(texts);
  if (statistics === undefined) throw new RangeError("a page without a text");
  scratch.clear();
  appendCompressed(scratch, texts, codec);
  return { body: scratch.copy(), uncompressedBytes: texts.length, count: countTexts(texts), statistics };
}

function countTexts(texts: Uint8Array): number {
  const view = new DataView(texts.buffer, texts.byteOffset, texts.byteLength);
  let count = 0;
  for (let at = 0; at < texts.length; at += 4 + view.getUint32(at, true)) count++;
  return count;
}
