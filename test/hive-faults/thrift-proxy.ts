/**
 * A proxy that understands Thrift: it counts requests, and takes one away from the server, an answer away from the client, or time from
 * both. It writes down what the server really did.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { answerCollector } from "../../src/thrift/answer.ts";
import type { ThriftHost } from "../../src/thrift/connection.ts";
import { readMessageBegin, thriftCursor } from "../../src/thrift/reader.ts";

export const proxyFaults = [
  /** The server is gone: this connection breaks before the request reaches it, and new ones are refused until `heal`. */
  "refused",
  "request lost",
  /** Done, and the connection is closed instead of the answer. */
  "answer lost",
  "answer cut",
  /** Done, and the answer comes when the client has given up. */
  "answer late",
  /** The request reaches the server when the client has given up. */
  "request late",
  /** The request reaches the server at `release`, long after everything else. */
  "request kept",
  /** Nothing passes on this connection any more, in either direction, and nothing closes it. */
  "half-open",
] as const;
export type ProxyFault = (typeof proxyFaults)[number];

/** Faults that a client only finds out about by its deadline. */
export const isSlow = (fault: ProxyFault): boolean =>
  fault === "answer late" || fault === "request late" || fault === "request kept" || fault === "half-open";

/** A request that the server was sent. */
export interface Done {
  readonly method: string;
  readonly request: Buffer;
  /** `undefined` where the server broke off. */
  readonly answer: Buffer | undefined;
}

export interface ThriftProxy {
  readonly host: ThriftHost;
  /** Methods in the order in which clients asked, also those that were taken away. */
  readonly asked: readonly string[];
  /** In the order in which they were answered. */
  readonly done: readonly Done[];
  /** No fault any more, also those that were not reached; connections serve again. */
  heal(): Promise<void>;
  /** Sends what was kept, each on a connection of its own, and waits until the server has answered all that it was sent. Answers how many were kept. */
  release(): Promise<number>;
  close(): Promise<void>;
}

export interface ProxyPlan {
  /** By the number of the request, counting from 1. */
  readonly at: ReadonlyMap<number, ProxyFault>;
  /** Called before the request with that number is sent on. */
  readonly before?: (number: number, method: string) => void;
  /** Called right after the server was sent it. */
  readonly sent?: (number: number, method: string) => void;
}

const bytesMax = 64 << 20;

export async function thriftProxy(server: ThriftHost, plan: ProxyPlan): Promise<ThriftProxy> {
  const asked: string[] = [];
  const done: Done[] = [];
  const kept: Request[] = [];
  const sockets = new Set<Socket>();
  const running = new Set<Promise<unknown>>();

  let isHealed = false;
  const faultAt = (number: number): ProxyFault | undefined => (isHealed ? undefined : plan.at.get(number));

  function hold(socket: Socket): Socket {
    sockets.add(socket);
    return socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
  }

  /** Ends with the answer, also when nobody wants it any more; with nothing when the server breaks off. */
  function ask({ upstream, method, bytes }: Request & { readonly upstream: Socket }): Promise<Buffer | undefined> {
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
    const collector = answerCollector("buffered", method, bytesMax);
    const onClose = (): void => {
      done.push({ method, request: bytes, answer: undefined });
      resolve(undefined);
    };
    const onData = (piece: Buffer): void => {
      const collected = collector.push(piece);
      if (collected.kind === "more") return;
      upstream.off("data", onData).off("close", onClose);
      assert.ok(collected.kind === "message", `the metastore answers ${method} with ${collected.kind}`);
      done.push({ method, request: bytes, answer: collected.bytes });
      resolve(collected.bytes);
    };
    upstream.on("data", onData).once("close", onClose).write(bytes);
    running.add(promise);
    void promise.then(() => running.delete(promise));
    return promise;
  }

  /** Whatever became of the client. */
  async function askApart(request: Request): Promise<void> {
    const upstream = hold(connect(server.port, server.host));
    await ask({ ...request, upstream });
    upstream.destroy();
  }

  function accept(client: Socket): void {
    hold(client);
    const upstream = hold(connect(server.port, server.host));
    upstream.once("close", () => client.destroy());
    let pending: Promise<unknown> = Promise.resolve();
    client.once("close", () => void pending.then(() => upstream.destroy()));
    let collector = answerCollector("buffered", "", bytesMax);
    let isDeaf = false;
    client.on("data", (piece) => {
      if (isDeaf) return;
      const collected = collector.push(piece);
      if (collected.kind === "more") return;
      collector = answerCollector("buffered", "", bytesMax);
      // A client that wonders what it talks to.
      if (collected.kind !== "message") {
        client.destroy();
        return;
      }
      const { name: method } = readMessageBegin(thriftCursor(collected.bytes));
      const number = asked.push(method);
      isDeaf = faultAt(number) === "half-open";
      pending = handle(number, { method, bytes: Buffer.from(collected.bytes) }, client, upstream);
    });
  }

  async function handle(number: number, request: Request, client: Socket, upstream: Socket): Promise<void> {
    const { method } = request;
    plan.before?.(number, method);
    const fault = faultAt(number);
    switch (fault) {
      case "refused":
        listener.close();
        for (const socket of sockets) socket.destroy();
        return;
      case "request lost":
        client.destroy();
        return;
      case "half-open":
        return;
      case "request kept":
        kept.push(request);
        return;
      case "request late":
        await once(client, "close");
        await askApart(request);
        return;
    }
    const answering = ask({ ...request, upstream });
    plan.sent?.(number, method);
    const answer = await answering;
    if (answer === undefined || fault === "answer lost") client.destroy();
    else if (fault === "answer cut") client.end(answer.subarray(0, answer.length >> 1));
    else {
      if (fault === "answer late" && !client.destroyed) await once(client, "close");
      client.write(answer);
    }
  }

  const listener = createServer(accept);
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  assert.ok(typeof address === "object" && address !== null);
  const { port } = address;

  return {
    host: { host: "127.0.0.1", port },
    asked,
    done,
    async heal() {
      isHealed = true;
      if (listener.listening) return;
      listener.listen(port, "127.0.0.1");
      await once(listener, "listening");
    },
    async release() {
      const late = kept.splice(0);
      await Promise.all([...running, ...late.map(askApart)]);
      return late.length;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      if (!listener.listening) return;
      listener.close();
      await once(listener, "close");
    },
  };
}

interface Request {
  readonly method: string;
  readonly bytes: Buffer;
}
