/**
 * Calls methods of a Thrift service: binary protocol, framed or buffered, over a few connections that are opened when needed. It
 * knows no service; arguments are written and results read by whoever calls.
 */

import { type Effects, realEffects } from "../pace/effects.ts";
import type { Transport } from "./answer.ts";
import { asker, inContext } from "./asking.ts";
import { type ConnectionSettings, openConnection, type ThriftHost, type ThriftTls } from "./connection.ts";
import { hostsInOrder } from "./hosts.ts";
import { connectionPool } from "./pool.ts";
import type { ThriftCursor } from "./reader.ts";
import { type ThriftWriter, thriftWriter, writeStruct, writtenBytes } from "./writer.ts";

export interface ThriftClientSettings {
  /** For messages: `metastore`. */
  readonly name: string;
  /** Asked in this order: the next one if one cannot be connected to. */
  readonly hosts: readonly ThriftHost[];
  readonly transport: Transport;
  /** For one host: its name, the connection and TLS together. */
  readonly connectMs: number;
  /** For one request to be sent and its whole answer to arrive. */
  readonly callMs: number;
  readonly answerBytesMax: number;
  /** Default 64 MiB. */
  readonly requestBytesMax?: number;
  /** How many calls run side by side; more wait for their turn. Default 4. */
  readonly connectionsMax?: number;
  /** How long a connection is kept that nobody uses. Default a minute. */
  readonly idleMs?: number;
  /** Without it the connection is in the clear. */
  readonly tls?: ThriftTls;
  readonly effects?: Pick<Effects, "nowMs" | "random">;
}

export interface ThriftCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Doing it twice does what doing it once does, so a call whose answer was lost is made once more. */
  readonly isIdempotent: boolean;
  /** Instead of the client's. */
  readonly callMs?: number;
}

export interface ThriftClient {
  /**
   * `writeArguments` writes the fields of the arguments' struct; `readResult` reads the result's struct, whose field 0 is the result
   * and whose other fields are the declared exceptions, and may throw. All else that goes wrong is a `ThriftError`: `isOutcomeUnknown`
   * says whether the call may have been done nevertheless.
   */
  call<T>(
    method: string,
    writeArguments: (writer: ThriftWriter) => void,
    readResult: (cursor: ThriftCursor) => T,
    options: ThriftCallOptions,
  ): Promise<T>;
  /** Calls that are under way fail as `cancelled`. */
  close(): void;
}

const requestBytesMaxDefault = 64 << 20;
const connectionsMaxDefault = 4;
const idleMsDefault = 60_000;

export function openThriftClient(settings: ThriftClientSettings): ThriftClient {
  const { name, hosts, transport, connectMs, answerBytesMax, tls, effects = realEffects } = settings;
  const { connectionsMax = connectionsMaxDefault, idleMs = idleMsDefault } = settings;
  const { requestBytesMax: bytesMax = requestBytesMaxDefault } = settings;
  const wire: ConnectionSettings = { transport, connectMs, answerBytesMax, tls };
  const inOrder = hostsInOrder(name, hosts, (host, signal) => openConnection(host, wire, signal), effects);
  const pool = connectionPool({ name, connectionsMax, idleMs, open: inOrder.connect });
  const ask = asker({ name, wire, hosts: inOrder, pool });

  async function call<T>(
    method: string,
    writeArguments: (writer: ThriftWriter) => void,
    readResult: (cursor: ThriftCursor) => T,
    { callMs = settings.callMs, isIdempotent, signal }: ThriftCallOptions,
  ): Promise<T> {
    const writer = thriftWriter({ bytesMax });
    writeStruct(writer, writeArguments);
    const asking = { method, body: writtenBytes(writer), callMs, isIdempotent, signal };
    const { cursor, subject } = await ask(asking);
    try {
      return readResult(cursor);
    } catch (error) {
      throw inContext(error, subject, isIdempotent);
    }
  }

  return { call, close: pool.close };
}
