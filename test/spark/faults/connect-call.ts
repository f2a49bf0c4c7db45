/** One call on its way through the proxy: the request as a whole, the answer message by message, the strike in between. */
import { once } from "node:events";
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Stream,
} from "node:http2";
import { constants } from "node:http2";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Harm, Moment, ProxiedCall, Strike } from "./connect-proxy.ts";
import { FrameReader, frameOf, piecesOf } from "./grpc-frames.ts";
import { type Status, trailersOf } from "./statuses.ts";

export interface Call {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly upstream: ClientHttp2Session;
  /** The client's connection. */
  readonly socket: Socket | undefined;
  readonly open: (request: Buffer) => { readonly opened: ProxiedCall; readonly strike: Strike | undefined };
  readonly onStrike: () => void;
  readonly onPassed: (call: ProxiedCall) => void;
}

/** How long a client may take to say that it has read what was sent, before a cut. Milliseconds. */
const barrierMsMax = 2_000;

export async function forward(call: Call): Promise<void> {
  const { stream, upstream } = call;
  const body = await bytesOf(stream);
  const first = new FrameReader();
  first.push(body);
  const { opened, strike } = call.open(first.next()?.message ?? Buffer.alloc(0));
  const strikes = async (at: Moment): Promise<boolean> => {
    if (strike === undefined || !isSame(strike.at, at)) return true;
    call.onStrike();
    return harm(call, strike.harm);
  };
  if (!(await strikes("request"))) return;
  const out = upstream.request(forwardedHeaders(call.headers));
  out.on("error", () => undefined);
  stream.once("close", () => out.close(constants.NGHTTP2_CANCEL));
  out.end(body);
  await answer(call, opened, out, strikes);
}

async function answer(
  { stream, onPassed }: Call,
  opened: ProxiedCall,
  out: ClientHttp2Stream,
  strikes: (at: Moment) => Promise<boolean>,
): Promise<void> {
  let trailers: OutgoingHttpHeaders = {};
  out.on("trailers", (received) => {
    trailers = received;
  });
  const [headers]: IncomingHttpHeaders[] = await once(out, "response");
  if (headers === undefined) throw new Error("an answer without headers");
  if (!(await strikes("forwarded"))) return;
  const frames = new FrameReader();
  let sent = 0;
  for await (const chunk of out) {
    frames.push(chunk);
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
      sent++;
      if (!(await strikes({ before: sent }))) return;
      await send(stream, frameOf(frame.message, { flags: frame.flags }), headers);
      onPassed(opened);
      if (!(await strikes({ after: sent }))) return;
    }
  }
  if (!(await strikes("trailers"))) return;
  // An error without a message comes as one block of headers.
  if (headers["grpc-status"] !== undefined) stream.respond(plain(headers), { endStream: true });
  else finish(stream, plain(headers), trailers);
}

/** Strikes. Answers whether the call goes on. */
async function harm({ stream, socket }: Call, what: Harm): Promise<boolean> {
  const { session } = stream;
  if (session === undefined) return false;
  if (what === "stall") return false;
  if (typeof what === "object" && "delayMs" in what) {
    await pause(what.delayMs);
    return !stream.destroyed;
  }
  if (typeof what === "object" && "status" in what) {
    fail(stream, what.status);
    return false;
  }
  await arrived(session);
  if (typeof what === "object") {
    stream.close(what.rst);
    return false;
  }
  if (what === "drain") {
    session.goaway(constants.NGHTTP2_NO_ERROR);
    return true;
  }
  if (what === "goaway") {
    session.goaway(constants.NGHTTP2_NO_ERROR, Math.max(0, (stream.id ?? 1) - 2));
    await arrived(session);
  }
  if (what === "reset") socket?.resetAndDestroy();
  else socket?.destroy();
  return false;
}

/** Waits until the client has read what was sent so far: its answer to a ping comes after it. */
async function arrived(session: NonNullable<ServerHttp2Stream["session"]>): Promise<void> {
  if (session.destroyed) return;
  const answered = new Promise<void>((resolve) => {
    session.ping(() => resolve());
  });
  await Promise.race([answered, pause(barrierMsMax, undefined, { ref: false })]);
}

async function send(stream: ServerHttp2Stream, frame: Buffer, headers: IncomingHttpHeaders): Promise<void> {
  begin(stream, plain(headers));
  // Resolves when the bytes are with the client's machine, so that a strike after them strikes after them.
  for (const piece of piecesOf(frame)) {
    await new Promise<void>((resolve, reject) => {
      stream.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  }
}

function begin(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  if (!stream.headersSent) stream.respond(headers, { waitForTrailers: true });
}

function finish(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders, trailers: OutgoingHttpHeaders): void {
  stream.once("wantTrailers", () => stream.sendTrailers(trailers));
  begin(stream, headers);
  stream.end();
}

const grpcHeaders = { ":status": 200, "content-type": "application/grpc" };

function fail(stream: ServerHttp2Stream, status: Status): void {
  const trailers = trailersOf(status);
  if (stream.headersSent) finish(stream, grpcHeaders, trailers);
  else stream.respond({ ...grpcHeaders, ...trailers }, { endStream: true });
}

function isSame(a: Moment, b: Moment): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  if ("before" in a) return "before" in b && a.before === b.before;
  return "after" in b && a.after === b.after;
}

/** Without what belongs to one connection. */
function forwardedHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return { ...plain(headers), ":scheme": "http" };
}

/** A copy without the marks that Node keeps on headers that it parsed. */
function plain(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers));
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
