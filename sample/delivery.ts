/** Sends a body as a fault wants it. */
import { createReadStream } from "node:fs";
import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Delivery } from "./faults.ts";
import type { ByteRange } from "./http-rules.ts";
import { type Piece, pieceLength } from "./versions.ts";

export interface Body {
  readonly file: string;
  readonly pieces: readonly Piece[];
}

export interface DeliveryPlan {
  readonly body: Body;
  readonly range: ByteRange;
  readonly how: Delivery | undefined;
  readonly bytesPerSecond: number | undefined;
}

/** How much of the body goes out before it is cut, stalled or reset: the first half. */
function sentRange({ range, how }: DeliveryPlan): ByteRange {
  const cut = how === "cut-length" || how === "cut-close" || how === "stall" || how === "reset";
  return cut ? { from: range.from, to: range.from + ((range.to - range.from) >> 1) } : range;
}

/** The Content-Length to announce; `undefined` for a body that ends with the connection. */
export function announcedLength({ range, how }: DeliveryPlan): number | undefined {
  const length = range.to - range.from;
  if (how === "cut-close") return undefined;
  return how === "short-length" ? Math.max(0, length - 16) : length;
}

/**
 * Sends the body after the head was written. `onChunk` hears of every chunk just before it is handed to the socket, so
 * that whoever has received the last byte finds it counted already.
 */
export async function deliver(
  response: ServerResponse,
  plan: DeliveryPlan,
  onChunk: (bytes: number) => void,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const chunks = read(plan.body, sentRange(plan));
  const sent = counted(
    plan.bytesPerSecond === undefined ? chunks : paced(chunks, plan.bytesPerSecond, gone.signal),
    onChunk,
  );
  try {
    await pipeline(sent, response, { end: false });
  } catch (error) {
    // A client that hung up is nothing to report; everything else is.
    if (gone.signal.aborted || response.destroyed) return;
    throw error;
  }
  await finish(response, plan.how, gone.signal);
}

async function* counted(chunks: AsyncIterable<Buffer>, onChunk: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    onChunk(chunk.length);
    yield chunk;
  }
}

async function finish(response: ServerResponse, how: Delivery | undefined, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return;
  const { socket } = response;
  switch (how) {
    case "cut-length":
      socket?.destroySoon();
      return;
    case "reset":
      // A reset discards what has not left the process yet; an empty write is done when everything before it is.
      await new Promise<void>((resolve) => (socket === null ? resolve() : socket.write("", () => resolve())));
      socket?.resetAndDestroy();
      return;
    case "stall":
      // Nothing more is sent; the client or the end of the server closes the connection.
      return;
    default:
      response.end();
  }
}

async function* read({ file, pieces }: Body, range: ByteRange): AsyncGenerator<Buffer> {
  let position = 0;
  for (const piece of pieces) {
    const length = pieceLength(piece);
    const from = Math.max(range.from - position, 0);
    const to = Math.min(range.to - position, length);
    position += length;
    if (from >= to) continue;
    if ("bytes" in piece) yield piece.bytes.subarray(from, to);
    else yield* stretch(file, piece.from + from, piece.from + to);
  }
}

function stretch(file: string, from: number, to: number): AsyncIterable<Buffer> {
  // `end` of a read stream is inclusive.
  return createReadStream(file, { start: from, end: to - 1 });
}

const beatsPerSecond = 20;

async function* paced(
  chunks: AsyncIterable<Buffer>,
  bytesPerSecond: number,
  gone: AbortSignal,
): AsyncGenerator<Buffer> {
  const step = Math.max(1, Math.round(bytesPerSecond / beatsPerSecond));
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += step) {
      const part = chunk.subarray(from, from + step);
      yield part;
      await pause((1000 * part.length) / bytesPerSecond, undefined, { signal: gone });
    }
  }
}
