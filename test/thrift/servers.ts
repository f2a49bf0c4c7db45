/** Small servers that speak Thrift, badly where a test wants it, and a client for them. All end with their test. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { answerCollector, type Transport } from "../../src/thrift/answer.ts";
import {
  openThriftClient,
  type ThriftCallOptions,
  type ThriftClient,
  type ThriftClientSettings,
} from "../../src/thrift/client.ts";
import type { ThriftHost } from "../../src/thrift/connection.ts";
import { readMessageBegin, readString, readStruct, thriftCursor } from "../../src/thrift/reader.ts";
import { MessageType, WireType } from "../../src/thrift/types.ts";
import {
  type ThriftWriter,
  thriftWriter,
  writeMessageBegin,
  writeStringField,
  writeStruct,
  writtenBytes,
} from "../../src/thrift/writer.ts";

/** A call of `echo`, whose argument and result are one text. */
export interface Received {
  readonly method: string;
  readonly sequence: number;
  readonly text: string;
  /** Which connection of the server, counting from 1. */
  readonly connection: number;
  readonly socket: Socket;
}

export interface FakeServer {
  readonly host: ThriftHost;
  readonly calls: readonly Received[];
  /** Connections that were ever accepted. */
  readonly accepted: () => number;
  /** Connections that are open now. */
  readonly open: () => number;
  /** Breaks all connections and stops listening. */
  close(): Promise<void>;
}

/** Does what a test wants with a call; `message` is the honest answer as it goes over the wire. */
export type Behave = (call: Received, message: Buffer) => void;

export const honest: Behave = ({ socket }, message) => socket.write(message);

export async function listen(context: TestContext, server: Server, port = 0): Promise<ThriftHost> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
  });
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { host: "127.0.0.1", port: address.port };
}

export async function fakeServer(
  context: TestContext,
  {
    transport = "buffered",
    behave = honest,
    port,
  }: { readonly transport?: Transport; readonly behave?: Behave; readonly port?: number } = {},
): Promise<FakeServer> {
  const calls: Received[] = [];
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    const connection = accepted;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    let collector = answerCollector(transport, "", 1 << 26);
    socket.on("data", (piece) => {
      const collected = collector.push(piece);
      if (collected.kind === "more") return;
      collector = answerCollector(transport, "", 1 << 26);
      // As a real server does with what is no request to it.
      if (collected.kind !== "message") {
        socket.destroy();
        return;
      }
      const call = { ...received(collected.bytes), connection, socket };
      calls.push(call);
      behave(call, answerTo(call, transport));
    });
  });
  const host = await listen(context, server, port);
  return {
    host,
    calls,
    accepted: () => accepted,
    open: () => sockets.size,
    async close() {
      const ended = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await ended;
    },
  };
}

function received(bytes: Buffer): Omit<Received, "connection" | "socket"> {
  const cursor = thriftCursor(bytes);
  const { name, sequence } = readMessageBegin(cursor);
  return { method: name, sequence, text: readText(1)(cursor) };
}

const readText =
  (field: number) =>
  (cursor: ReturnType<typeof thriftCursor>): string => {
    let text = "";
    readStruct(cursor, WireType.struct, (id, type) => {
      if (id !== field) return false;
      text = readString(cursor, type);
      return true;
    });
    return text;
  };

export interface Answering {
  readonly method: string;
  readonly sequence: number;
  readonly text: string;
  readonly type?: number;
  readonly writeBody?: (writer: ThriftWriter) => void;
}

/** A whole answer; without a change the honest one. */
export function answerTo(
  { method, sequence, text, type = MessageType.reply, writeBody }: Answering,
  transport: Transport = "buffered",
): Buffer {
  const writer = thriftWriter();
  writeMessageBegin(writer, { name: method, type, sequence });
  writeStruct(writer, writeBody ?? (() => writeStringField(writer, 0, text)));
  const message = writtenBytes(writer);
  if (transport === "buffered") return message;
  const head = Buffer.alloc(4);
  head.writeUInt32BE(message.length);
  return Buffer.concat([head, message]);
}

export function fakeClient(
  context: TestContext,
  hosts: readonly ThriftHost[],
  settings: Partial<ThriftClientSettings> = {},
): ThriftClient {
  const client = openThriftClient({
    name: "fake",
    hosts,
    transport: "buffered",
    connectMs: 5_000,
    callMs: 5_000,
    answerBytesMax: 1 << 20,
    ...settings,
  });
  context.after(() => client.close());
  return client;
}

/** Not idempotent unless a test says so. */
export async function echo(
  client: ThriftClient,
  text: string,
  options: Partial<ThriftCallOptions> = {},
): Promise<string> {
  return await client.call("echo", (writer) => writeStringField(writer, 1, text), readText(0), {
    isIdempotent: false,
    ...options,
  });
}
