/** What is learned from a body's text while it passes, and the caps that keep it from being a bomb. */
import { Failure } from "../errors.ts";
import type { Input } from "./input.ts";

export interface TextLimits {
  /** Most bytes that the body may expand to. */
  readonly expandedBytesMax: number;
  /** Most expanded bytes for each compressed byte; counted from the first MiB on. */
  readonly ratioMax: number;
}

export interface Text {
  bytes: number;
  last: number;
  readonly add: (piece: Uint8Array) => void;
}

/** Small bodies may expand by any ratio: nobody is hurt by a MiB. */
const ratioFreeBytes = 1024 * 1024;

export function watchText(input: Input, limits: TextLimits, corrupt: (what: string) => Failure): Text {
  const text: Text = {
    bytes: 0,
    // An empty text counts as ended by a line feed.
    last: 0x0a,
    add(piece) {
      text.bytes += piece.length;
      text.last = piece[piece.length - 1] ?? text.last;
      if (text.bytes > limits.expandedBytesMax) throw corrupt(`expands beyond ${limits.expandedBytesMax} bytes`);
      const bytesIn = input.before + input.chunk.length;
      if (text.bytes > ratioFreeBytes && text.bytes > bytesIn * limits.ratioMax) {
        throw corrupt(`expands beyond ${limits.ratioMax} times its size`);
      }
    },
  };
  return text;
}

export type Corrupt = (what: string) => Failure;

export function corruptOf(subject: string): Corrupt {
  return (what) => new Failure("corrupt", `${subject}: ${what}`);
}

export function checkSignal(subject: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    const reason: unknown = signal.reason;
    throw reason instanceof Failure ? reason : new Failure("cancelled", `${subject}: stopped`, { cause: reason });
  }
}
