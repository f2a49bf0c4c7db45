/**
 * A gRPC server whose every byte a test decides: answers that are right come from `fake-spark.ts`, wrong ones from whoever
 * asks for them.
 */
import { once } from "node:events";
import * as http2 from "node:http2";
import type { Socket } from "node:net";
import { FrameReader, frameOf, piecesOf } from "./grpc-frames.ts";
import { type RpcName, rpcNameOf } from "./rpcs.ts";
import { type Status, trailersOf } from "./statuses.ts";

export interface FakeCall {
  readonly rpc: RpcName;
  /** Counts the calls of each RPC, from 1. */
  readonly nth: number;
  readonly headers: http2.IncomingHttpHeaders;
  /** The first message of the client. */
  readonly request: Buffer;
  /** All of them. */
  readonly requests: readonly Buffer[];
  readonly reply: Reply;
}

export type Handler = (call: FakeCall) => Promise<void> | void;

/** The answer to one call, piece by piece. What comes after its end, or after the client has gone, is dropped. */
export class Reply {
  readonly #stream: http2.ServerHttp2Stream;
  /** Replaces every message on its way out, for example by a damaged one. */
  damage: (message: Uint8Array) => Uint8Array = (message) => message;

  constructor(stream: http2.ServerHttp2Stream) {
    this.#stream = stream;
  }

  get isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  /** Sends the headers now; otherwise the first message does. */
  headers(more: http2.OutgoingHttpHeaders = {}): void {
    if (this.isGone || this.#stream.headersSent) return;
    this.#stream.respond({ ":status": 200, "content-type": "application/grpc", ...more }, { waitForTrailers: true });
  }

  /** Resolves when the client has room for more. */
  async message(message: Uint8Array): Promise<void> {
    await this.raw(frameOf(this.damage(message)));
  }

  async raw(bytes: Uint8Array): Promise<void> {
    this.headers();
    for (const piece of piecesOf(bytes)) {
      if (this.isGone) return;
      await new Promise<void>((resolve) => {
        this.#stream.once("close", resolve);
        this.#stream.write(piece, () => {
          this.#stream.off("close", resolve);
          resolve();
        });
      });
    }
  }

  end(status?: Status): void {
    this.endWith(trailersOf(status));
  }

  endWith(trailers: http2.OutgoingHttpHeaders): void {
    if (this.isGone) return;
    if (!this.#stream.headersSent) {
      this.#stream.respond({ ":status": 200, "content-type": "application/grpc", ...trailers }, { endStream: true });
      return;
    }
    this.#stream.once("wantTrailers", () => this.#stream.sendTrailers(trailers));
    this.#stream.end();
  }

  /** An answer that is none of gRPC. */
  page(status: number, contentType: string, text: string): void {
    if (this.isGone) return;
    this.#stream.respond({ ":status": status, "content-type": contentType });
    this.#stream.end(text);
  }

  /** Ends the stream without trailers, with a code of HTTP/2. */
  rst(code: number): void {
    if (!this.isGone) this.#stream.close(code);
  }

  destroyConnection(): void {
    this.#stream.session?.destroy();
  }

  /** When the client has gone or everything is sent. */
  async closed(): Promise<void> {
    if (!this.#stream.destroyed) await once(this.#stream, "close");
  }
}

export interface FakeServer {
  /** `sc://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  handler: Handler;
  readonly counts: ReadonlyMap<RpcName, number>;
  /** What handlers threw: a mistake of the test, not of the client. */
  readonly mistakes: readonly unknown[];
  stop(): Promise<void>;
}

export async function startFakeServer(handle: Handler): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  const counts = new Map<RpcName, number>();
  const mistakes: unknown[] = [];
  let handler = handle;
  const server = http2.createServer();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => session.on("error", () => session.destroy()));
  server.on("sessionError", () => undefined);
  server.on("stream", (stream, headers) => {
    stream.on("error", () => stream.destroy());
    serve(stream, headers).catch((error: unknown) => {
      // A client that goes while it sends its request is no mistake.
      if (!stream.aborted) mistakes.push(error);
      stream.destroy();
    });
  });
  const serve = async (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): Promise<void> => {
    const rpc = rpcNameOf(headers[":path"] ?? "");
    const nth = (counts.get(rpc) ?? 0) + 1;
    counts.set(rpc, nth);
    const frames = new FrameReader();
    for await (const chunk of stream) frames.push(chunk);
    const requests: Buffer[] = [];
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) requests.push(frame.message);
    const request = requests[0] ?? Buffer.alloc(0);
    await handler({ rpc, nth, headers, request, requests, reply: new Reply(stream) });
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a port without a number");
  return {
    url: `sc://127.0.0.1:${address.port}`,
    port: address.port,
    get handler() {
      return handler;
    },
    set handler(next) {
      handler = next;
    },
    counts,
    mistakes,
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
