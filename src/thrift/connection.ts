/**
 * One connection to one host, used strictly in turns: a request, then its answer. After anything but a whole answer it is closed, so
 * that no later call can be given what an earlier one was waiting for.
 */
import { connect, type Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { type AnswerCollector, answerCollector, type Transport } from "./answer.ts";
import { ThriftError } from "./errors.ts";

export interface ThriftHost {
  readonly host: string;
  readonly port: number;
}

/** What TLS is told beyond Node's defaults. */
export type ThriftTls = Pick<ConnectionOptions, "ca" | "cert" | "key" | "servername">;

export interface ConnectionSettings {
  readonly transport: Transport;
  /** For the name, the connection and TLS together. */
  readonly connectMs: number;
  readonly answerBytesMax: number;
  /** Whose certificate it is does not matter to those who only ask whether there is TLS. */
  readonly tls: (ThriftTls & { readonly rejectUnauthorized?: false }) | undefined;
}

export interface Request {
  readonly method: string;
  /** The whole message without a frame, in pieces. */
  readonly pieces: readonly Buffer[];
  /** For the request to be sent and the whole answer to arrive. */
  readonly answerMs: number;
  readonly signal: AbortSignal | undefined;
}

export type Exchange =
  | { readonly kind: "message"; readonly bytes: Buffer }
  /** It was closed before, so nothing was sent. */
  | { readonly kind: "unsent" }
  /** Closed or broken by the other side, having sent `bytes` of an answer. */
  | { readonly kind: "lost"; readonly bytes: number; readonly cause: unknown }
  | { readonly kind: "late"; readonly bytes: number }
  | { readonly kind: "foreign"; readonly seen: string }
  | { readonly kind: "other transport" }
  | { readonly kind: "corrupt"; readonly cause: ThriftError }
  | { readonly kind: "stopped" };

export interface Connection {
  readonly host: ThriftHost;
  isOpen(): boolean;
  exchange(request: Request): Promise<Exchange>;
  /** An idle one does not keep the process from ending. */
  setIdle(isIdle: boolean): void;
  /** Ends what waits for an answer as `stopped`. */
  close(): void;
}

const keepAliveAfterMs = 30_000;

export function hostText({ host, port }: ThriftHost): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Throws what the socket says if there is no connection, `unavailable` after `connectMs`. Closed at once when `signal` aborts. */
export async function openConnection(
  host: ThriftHost,
  settings: ConnectionSettings,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  return talkingOver(await connectedSocket(host, settings, signal), host, settings);
}

async function connectedSocket(
  { host, port }: ThriftHost,
  { connectMs, tls }: ConnectionSettings,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  const secure = tls === undefined ? undefined : await import("node:tls");
  const options = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveAfterMs };
  const socket = secure === undefined ? connect(options) : secure.connect({ ...options, ...tls });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = (): void => reject(signal?.reason);
  const timer = setTimeout(() => {
    reject(new ThriftError("unavailable", `no connection within ${connectMs} ms`));
  }, connectMs);
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted === true) stop();
  socket.once(secure === undefined ? "connect" : "secureConnect", resolve);
  socket.once("error", reject);
  socket.once("close", () => reject(new ThriftError("unavailable", "closed while connecting")));
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.on("error", () => undefined);
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    socket.removeListener("error", reject);
  }
}

interface Waiting {
  readonly collector: AnswerCollector;
  readonly resolve: (exchange: Exchange) => void;
}

function talkingOver(socket: Socket, host: ThriftHost, { transport, answerBytesMax }: ConnectionSettings): Connection {
  let waiting: Waiting | undefined;
  let isOpen = true;
  let cause: unknown;

  function settle(exchange: Exchange): void {
    waiting?.resolve(exchange);
    waiting = undefined;
  }

  function end(exchange: Exchange): void {
    isOpen = false;
    socket.destroy();
    settle(exchange);
  }

  function arrived(piece: Buffer): void {
    if (waiting === undefined) {
      // Nobody asked for it: it is the answer to nothing, or no Thrift.
      end({ kind: "stopped" });
      return;
    }
    try {
      const collected = waiting.collector.push(piece);
      if (collected.kind === "more") return;
      // A server that answers before it has read all of the request may never read the rest.
      if (collected.kind === "message" && socket.writableLength === 0) settle(collected);
      else end(collected);
    } catch (error) {
      if (!(error instanceof ThriftError)) throw error;
      end({ kind: "corrupt", cause: error });
    }
  }

  /** Nothing more will arrive: what did may still tell who it came from. */
  function giveUp(fault: Exchange): void {
    const seen = waiting?.collector.foreign();
    end(seen === undefined ? fault : { kind: "foreign", seen });
  }

  function closed(): void {
    giveUp({ kind: "lost", bytes: waiting?.collector.length ?? 0, cause });
  }

  socket.on("data", arrived);
  socket.on("error", (error) => {
    cause = error;
  });
  socket.on("end", closed);
  socket.on("close", closed);

  async function exchange({ method, pieces, answerMs, signal }: Request): Promise<Exchange> {
    if (!isOpen) return { kind: "unsent" };
    if (signal?.aborted === true) return { kind: "stopped" };
    const { promise, resolve } = Promise.withResolvers<Exchange>();
    const collector = answerCollector(transport, method, answerBytesMax);
    waiting = { collector, resolve };
    const timer = setTimeout(() => giveUp({ kind: "late", bytes: collector.length }), answerMs);
    const stop = (): void => end({ kind: "stopped" });
    signal?.addEventListener("abort", stop, { once: true });
    try {
      send(socket, transport, pieces);
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  return {
    host,
    isOpen: () => isOpen,
    exchange,
    setIdle(isIdle) {
      if (isIdle) socket.unref();
      else socket.ref();
    },
    close: () => end({ kind: "stopped" }),
  };
}

/** All of it in one write to the system. */
function send(socket: Socket, transport: Transport, pieces: readonly Buffer[]): void {
  socket.cork();
  if (transport === "framed") {
    const head = Buffer.allocUnsafe(4);
    head.writeUInt32BE(pieces.reduce((sum, { length }) => sum + length, 0));
    socket.write(head);
  }
  for (const piece of pieces) socket.write(piece);
  socket.uncork();
}
