/** Pages of texts that are compressed before their row group is complete. */
import { ByteBuffer } from "./byte-buffer.ts";
import { appendCompressed } from "./compression.ts";
import type { Loops } from "./loops.ts";
import { textStatistics } from "./statistics.ts";
import type { SealedTexts } from "./values.ts";

const scratch = new ByteBuffer(1 << 16);

/** Seals at least one text, in PLAIN layout. */
export function sealTexts(texts: Uint8Array, codec: number, loops: Loops): SealedTexts {
  const statistics = textStatistics(texts, loops);
  if (statistics === undefined) throw new RangeError("a page without a text");
  scratch.clear();
  appendCompressed(scratch, texts, codec);
  return { body: scratch.copy(), uncompressedBytes: texts.length, count: loops.countTexts(texts), statistics };
}
