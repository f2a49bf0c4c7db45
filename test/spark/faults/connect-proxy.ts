/**
 * A proxy before a Spark Connect server that fails on order. It understands gRPC: it knows which call it is in, counts the
 * messages of answers, and strikes at one of them. Every connection of the client has one of its own to the server, so that
 * a cut is felt on both sides.
 *
 *     const proxy = await startConnectProxy("sc://127.0.0.1:15002");
 *     proxy.rule = ({ rpc, nth }) => (rpc === "ExecutePlan" && nth === 1 ? { at: { after: 3 }, harm: "reset" } : undefined);
 */
import { once } from "node:events";
import * as http2 from "node:http2";
import type { Socket } from "node:net";
import { type Call, forward } from "./connect-call.ts";
import { operationIdOf, type RpcName, rpcNameOf } from "./rpcs.ts";
import type { Status } from "./statuses.ts";

/** One call that goes through the proxy. */
export interface ProxiedCall {
  readonly rpc: RpcName;
  /** Counts the calls of each RPC since the start or the last `reset`, from 1. */
  readonly nth: number;
  /** Of an execution, or of what takes it up again or releases it. */
  readonly operationId: string | undefined;
  /** Messages of this operation's answers that have gone to the client in earlier calls. */
  readonly passed: number;
  /** The message that the client sent. */
  readonly request: Buffer;
}

/**
 * - `request`: the server never hears of it.
 * - `forwarded`: the server has begun to answer; nothing of the answer has gone to the client.
 * - `before`, `after`: that message of this call's answer, from 1. A shorter answer is not struck.
 * - `trailers`: all messages are with the client, the end is not.
 */
export type Moment = "request" | "forwarded" | { readonly before: number } | { readonly after: number } | "trailers";

/**
 * - `reset`, `close`: the connection ends, by a reset or in order, with everything that runs over it.
 * - `goaway`: the server says that it goes, and closes the connection.
 * - `drain`: it says so and finishes what it has begun.
 * - `rst`: only this call's stream ends, with that code of HTTP/2.
 * - `stall`: nothing comes any more.
 * - `delayMs`: goes on after so long.
 * - `status`: the call ends with an error instead.
 */
export type Harm =
  | "reset"
  | "close"
  | "goaway"
  | "drain"
  | "stall"
  | { readonly rst: number }
  | { readonly delayMs: number }
  | { readonly status: Status };

export interface Strike {
  readonly at: Moment;
  readonly harm: Harm;
}

export type Rule = (call: ProxiedCall) => Strike | undefined;

export interface ConnectProxy {
  /** `sc://host:port`; with TLS `sc://…/;use_ssl=true`. */
  readonly url: string;
  readonly port: number;
  /** Where the next connections go: another server at the same address. */
  target: string;
  /** Asked once for every call; what it answers strikes that call. */
  rule: Rule;
  /** Calls that arrived. */
  readonly counts: ReadonlyMap<RpcName, number>;
  /** Calls that a strike has reached. */
  readonly struck: number;
  /** Operations that were executed, in their order. */
  readonly operations: readonly string[];
  /** Messages of answers that went to the client, for each operation. */
  readonly passed: ReadonlyMap<string, number>;
  /** Connections that clients made. */
  readonly connections: number;
  /** Forgets the rule and the counts. */
  reset(): void;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  /** Speaks TLS to the client. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Another address of the loopback. Default 127.0.0.1. */
  readonly host?: string;
}

/** What happened since the last `reset`. */
class Journal {
  readonly counts = new Map<RpcName, number>();
  readonly operations: string[] = [];
  readonly passed = new Map<string, number>();
  struck = 0;

  open(rpc: RpcName, request: Buffer): ProxiedCall {
    const nth = (this.counts.get(rpc) ?? 0) + 1;
    this.counts.set(rpc, nth);
    const operationId = operationIdOf(rpc, request);
    if (rpc === "ExecutePlan" && operationId !== undefined && !this.operations.includes(operationId)) {
      this.operations.push(operationId);
    }
    return { rpc, nth, operationId, passed: this.passed.get(operationId ?? "") ?? 0, request };
  }

  note({ rpc, operationId }: ProxiedCall): void {
    if (operationId === undefined || (rpc !== "ExecutePlan" && rpc !== "ReattachExecute")) return;
    this.passed.set(operationId, (this.passed.get(operationId) ?? 0) + 1);
  }
}

const noRule: Rule = () => undefined;

export async function startConnectProxy(
  first: string,
  { tls, host = "127.0.0.1" }: ProxyOptions = {},
): Promise<ConnectProxy> {
  const server = tls === undefined ? http2.createServer() : http2.createSecureServer(tls);
  const sockets = new Map<number | undefined, Socket>();
  let journal = new Journal();
  let target = first;
  let rule = noRule;
  let connections = 0;

  server.on("connection", (socket: Socket) => {
    const { remotePort } = socket;
    connections++;
    sockets.set(remotePort, socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(remotePort));
  });
  server.on("session", (session) => {
    const upstream = http2.connect(target.replace(/^sc:/, "http:"));
    // Who waits for an answer notices that the connection is gone; the proxy itself has nothing to do about it.
    upstream.on("error", () => session.destroy());
    upstream.once("close", () => session.destroy());
    session.on("error", () => upstream.destroy());
    session.once("close", () => upstream.destroy());
    session.on("stream", (stream, headers) => {
      const mine = journal;
      const call: Call = {
        stream,
        headers,
        upstream,
        socket: sockets.get(session.socket?.remotePort),
        open: (request) => {
          const opened = mine.open(rpcNameOf(headers[":path"] ?? ""), request);
          return { opened, strike: rule(opened) };
        },
        onStrike: () => mine.struck++,
        onPassed: (opened) => mine.note(opened),
      };
      stream.on("error", () => stream.destroy());
      forward(call).catch(() => stream.destroy());
    });
  });
  server.on("sessionError", () => undefined);
  server.listen(0, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a port without a number");

  return {
    url: `sc://${host}:${address.port}${tls === undefined ? "" : "/;use_ssl=true"}`,
    port: address.port,
    get target() {
      return target;
    },
    set target(next) {
      target = next;
    },
    get rule() {
      return rule;
    },
    set rule(next) {
      rule = next;
    },
    get counts() {
      return journal.counts;
    },
    get struck() {
      return journal.struck;
    },
    get operations() {
      return journal.operations;
    },
    get passed() {
      return journal.passed;
    },
    get connections() {
      return connections;
    },
    reset() {
      journal = new Journal();
      rule = noRule;
      connections = 0;
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets.values()) socket.destroy();
      await closed;
    },
  };
}
