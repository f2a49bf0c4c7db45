/** Checks a body of zstd frames (RFC 8878) to its end; content checksums are checked where the frames carry them. */
import { createZstdDecompress } from "node:zlib";
import { damageOf, decode, pieceBytes } from "./decode.ts";
import { fill, type Input, position } from "./input.ts";
import type { GzipOptions, GzipReport } from "./members.ts";
import { checkSignal, corruptOf, type TextLimits, watchText } from "./text.ts";

/**
 * `members` counts the stretches that the decompressor took in one go, at least one a frame unless frames end together
 * with a chunk. Behind the last frame nothing is tolerated, since zstd has frames of its own for padding.
 */
export async function verifyZstd(input: Input, limits: TextLimits, options: GzipOptions): Promise<GzipReport> {
  const corrupt = corruptOf(options.subject);
  const text = watchText(input, limits, corrupt);
  const onPiece = (piece: Uint8Array): void => {
    text.add(piece);
    options.onText?.(piece);
  };
  let members = 0;
  while (await fill(input)) {
    members++;
    const start = position(input);
    const stream = createZstdDecompress({ chunkSize: pieceBytes });
    try {
      await decode(input, stream, onPiece, () => checkSignal(options.subject, options.signal));
    } catch (error) {
      const damage = damageOf(error);
      if (damage === undefined || !(error instanceof Error)) throw error;
      if (damage === "short") throw corrupt(`truncated after ${position(input)} bytes`);
      throw corrupt(`damaged behind byte ${position(input)}: ${error.message}`);
    }
    if (position(input) === start) throw corrupt(`no zstd frame at byte ${start}`);
  }
  return {
    members,
    bytesIn: position(input),
    bytesOut: text.bytes,
    trailingZeros: 0,
    newlineTerminated: text.last === 0x0a,
  };
}
