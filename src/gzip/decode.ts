/** Runs one of zlib's decompressing streams over an input and finds where it ends. */
import type { Transform } from "node:stream";
import { fill, type Input } from "./input.ts";

/** What `node:zlib`'s streams have in common. `bytesWritten` counts the bytes that were really taken. */
export interface Decompressor extends Transform {
  readonly bytesWritten: number;
}

/** Large enough that the hand-over between threads does not show, small enough for a CPU's cache. */
export const pieceBytes = 128 * 1024;

/**
 * Feeds the stream until it ends or the input does, and hands all its output to `onPiece`, in order. `ended` means that
 * the stream took less than it was offered: it is complete, and the input stands exactly behind its last byte.
 * `starved` means that the input is used up: the stream may or may not be complete. An error of `onPiece` or `check` (which
 * is called before each chunk) stops everything and is thrown as it is.
 */
export async function decode(
  input: Input,
  stream: Decompressor,
  onPiece: (piece: Uint8Array) => void,
  check: () => void,
): Promise<"ended" | "starved"> {
  const ended = new Promise<void>((resolve, reject) => {
    stream.once("end", resolve);
    stream.once("error", reject);
  });
  // Awaited only in the end; a failure before that is met by `write`.
  ended.catch(() => undefined);
  stream.on("data", (piece: Uint8Array) => {
    try {
      onPiece(piece);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  try {
    for (;;) {
      check();
      if (!(await fill(input))) {
        stream.end();
        await ended;
        return "starved";
      }
      const offered = input.chunk.subarray(input.at);
      const takenBefore = stream.bytesWritten;
      await write(stream, offered);
      const taken = stream.bytesWritten - takenBefore;
      input.at += taken;
      if (taken === offered.length) continue;
      // All output has come only when the stream says so.
      await ended;
      return "ended";
    }
  } finally {
    stream.destroy();
  }
}

/** Offers a chunk; resolves when the stream has taken of it what it will. */
function write(stream: Decompressor, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    // A stream that is destroyed by an error does not call back for the write that is under way.
    stream.once("error", reject);
    stream.write(chunk, (error) => {
      stream.removeListener("error", reject);
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}

/** What zlib throws for bytes that are wrong, and for input that ends too early. */
export function damageOf(error: unknown): "wrong" | "short" | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  if (error.code === "Z_BUF_ERROR") return "short";
  return error.code === "Z_DATA_ERROR" || error.code.startsWith("ZSTD_error_") ? "wrong" : undefined;
}
