/** Stands between a client and a metastore, and fails a call in the way that a test asks for. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Server } from "./hive-lake.ts";

/**
 * - `lost request`: the metastore never hears of it, and the connection breaks.
 * - `lost answer`: it is done, and the connection breaks before the answer.
 * - `late answer`: it is done, and the answer waits until the client has given up.
 * - `late request`: the client gives up first, and then the metastore hears of it.
 * - `unknown method`: answered as by a server that does not have it.
 */
export type Fault = "lost request" | "lost answer" | "late answer" | "late request" | "unknown method";

export interface MetastoreProxy extends Server {
  /** Fails the next call of the method; more of them the calls after. */
  fail(method: string, ...faults: readonly Fault[]): void;
  /** Methods in the order in which they were asked for. */
  readonly calls: readonly string[];
  /** Resolves when no late request is waiting for its answer any more. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export async function metastoreProxy(real: Server): Promise<MetastoreProxy> {
  const planned = new Map<string, Fault[]>();
  const calls: string[] = [];
  const late = new Set<Promise<void>>();
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    const upstream = connect(real.port, real.host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
    }
    let fault: Fault | undefined;
    let isCallOpen = false;
    client.on("data", (bytes) => {
      if (!isCallOpen) {
        const { method, sequence } = messageOf(bytes);
        calls.push(method);
        fault = planned.get(method)?.shift();
        isCallOpen = true;
        if (fault === "unknown method") client.write(unknownMethod(method, sequence));
      }
      if (fault === "lost request") client.destroy();
      else if (fault === "late request") hold(bytes);
      else if (fault !== "unknown method") upstream.write(bytes);
      else isCallOpen = false;
    });
    /** Until the client has gone; then its connection to the metastore lives on for this one call. */
    function hold(bytes: Buffer): void {
      if (client.closed) return;
      const done = once(client, "close").then(async () => {
        upstream.write(bytes);
        await Promise.race([once(upstream, "data"), once(upstream, "close")]);
        upstream.destroy();
      });
      late.add(done);
    }
    upstream.on("data", (bytes) => {
      isCallOpen = false;
      if (fault === "lost answer") client.destroy();
      else if (fault !== "late answer" && fault !== "late request") client.write(bytes);
    });
    client.once("close", () => {
      if (fault !== "late request") upstream.destroy();
    });
    upstream.once("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a port without a number");
  return {
    host: "127.0.0.1",
    port: address.port,
    calls,
    fail: (method, ...faults) => planned.set(method, [...(planned.get(method) ?? []), ...faults]),
    async settled() {
      await Promise.all(late);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Of the head of a message in the strict form. */
function messageOf(bytes: Buffer): { readonly method: string; readonly sequence: Buffer } {
  const end = 8 + bytes.readUInt32BE(4);
  return { method: bytes.toString("utf8", 8, end), sequence: bytes.subarray(end, end + 4) };
}

/** `TApplicationException { 1: string message, 2: i32 type }` of type 1. */
function unknownMethod(method: string, sequence: Buffer): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, value.length]), Buffer.from(value)]);
  const head = [Buffer.from([0x80, 1, 0, 3]), text(method), sequence];
  const message = [Buffer.from([11, 0, 1]), text(`Invalid method name: '${method}'`)];
  return Buffer.concat([...head, ...message, Buffer.from([8, 0, 2, 0, 0, 0, 1, 0])]);
}
