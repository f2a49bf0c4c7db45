/**
 * Calls methods of a Thrift service: binary protocol, framed or buffered, over a few connections that are opened when needed. It
 * knows no service; arguments are written and results read by whoever calls.
 */

import { Failure } from "../errors.ts";
import { stopped } from "../pace/abort.ts";
import { type Effects, realEffects } from "../pace/effects.ts";
import type { Transport } from "./answer.ts";
import {
  type Connection,
  type ConnectionSettings,
  type Exchange,
  hostText,
  openConnection,
  type ThriftHost,
  type ThriftTls,
} from "./connection.ts";
import { ThriftError } from "./errors.ts";
import { faultOf } from "./fault.ts";
import { hostsInOrder } from "./hosts.ts";
import { connectionPool } from "./pool.ts";
import { whySilent } from "./probe.ts";
import type { ThriftCursor } from "./reader.ts";
import { type Asked, resultOf } from "./reply.ts";
import { MessageType } from "./types.ts";
import { type ThriftWriter, thriftWriter, writeMessageBegin, writeStruct, writtenBytes } from "./writer.ts";

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

/** Of an idempotent call, counting the first. */
const triesMax = 2;

interface Asking extends Omit<ThriftCallOptions, "callMs"> {
  readonly method: string;
  readonly body: Buffer;
  readonly callMs: number;
}

export function openThriftClient(settings: ThriftClientSettings): ThriftClient {
  const { name, hosts, transport, connectMs, answerBytesMax, tls, effects = realEffects } = settings;
  const { connectionsMax = connectionsMaxDefault, idleMs = idleMsDefault } = settings;
  const { requestBytesMax: bytesMax = requestBytesMaxDefault } = settings;
  const wire: ConnectionSettings = { transport, connectMs, answerBytesMax, tls };
  const inOrder = hostsInOrder(name, hosts, (host, signal) => openConnection(host, wire, signal), effects);
  const pool = connectionPool({ name, connectionsMax, idleMs, open: inOrder.connect });
  /** Hosts that have answered in Thrift. */
  const spoken = new Set<ThriftHost>();
  let lastSequence = 0;

  function messageHead(method: string, sequence: number): Buffer {
    const writer = thriftWriter();
    writeMessageBegin(writer, { name: method, type: MessageType.call, sequence });
    return writtenBytes(writer);
  }

  /** The cursor at the result of a call whose answer is whole, and whose it is. */
  async function ask(asking: Asking): Promise<{ readonly cursor: ThriftCursor; readonly host: ThriftHost }> {
    const { method, body, callMs, isIdempotent, signal } = asking;
    let triesLeft = isIdempotent ? triesMax : 1;
    for (;;) {
      const connection = await pool.take(signal);
      try {
        lastSequence = (lastSequence + 1) & 0x7fffffff;
        const sequence = lastSequence;
        const pieces = [messageHead(method, sequence), body];
        const exchange = await connection.exchange({ method, pieces, answerMs: callMs, signal });
        if (exchange.kind === "unsent") continue;
        if (exchange.kind === "message") {
          spoken.add(connection.host);
          inOrder.noteAnswer(connection.host);
          return { cursor: answered(exchange.bytes, { method, sequence }, connection), host: connection.host };
        }
        triesLeft -= 1;
        if (exchange.kind === "lost" || exchange.kind === "late") {
          inOrder.noteFailure(connection.host);
          pool.forgetIdle();
          if (triesLeft > 0) continue;
        }
        throw await explained(exchange, connection.host, asking);
      } catch (error) {
        throw inContext(error, subjectOf(connection.host, method), isIdempotent);
      } finally {
        pool.giveBack(connection);
      }
    }
  }

  const subjectOf = (host: ThriftHost, method: string): string => `${name} ${hostText(host)}: ${method}`;

  async function explained(
    exchange: Exclude<Exchange, { readonly kind: "message" | "unsent" }>,
    host: ThriftHost,
    { callMs, isIdempotent, signal }: Asking,
  ): Promise<Failure> {
    if (exchange.kind === "stopped") {
      return signal?.aborted === true ? stopped(signal) : new Failure("cancelled", `${name}: the client was closed`);
    }
    const isSilent = (exchange.kind === "lost" || exchange.kind === "late") && exchange.bytes === 0;
    const hasSpoken = spoken.has(host);
    const reason = isSilent && !hasSpoken ? await whySilent(host, wire, signal) : undefined;
    return faultOf(reason ?? exchange, {
      transport,
      answerMs: callMs,
      isIdempotent,
      isTls: tls !== undefined,
      hasSpoken,
    });
  }

  async function call<T>(
    method: string,
    writeArguments: (writer: ThriftWriter) => void,
    readResult: (cursor: ThriftCursor) => T,
    options: ThriftCallOptions,
  ): Promise<T> {
    const { callMs = settings.callMs, isIdempotent, signal } = options;
    const writer = thriftWriter({ bytesMax });
    writeStruct(writer, writeArguments);
    const { cursor, host } = await ask({ method, body: writtenBytes(writer), callMs, isIdempotent, signal });
    try {
      return readResult(cursor);
    } catch (error) {
      throw inContext(error, subjectOf(host, method), isIdempotent);
    }
  }

  return { call, close: pool.close };
}

function answered(bytes: Buffer, asked: Asked, connection: Connection): ThriftCursor {
  try {
    return resultOf(bytes, asked);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Says whose answer it was. After one that cannot be read nobody knows what was done. */
function inContext(error: unknown, subject: string, isIdempotent: boolean): unknown {
  if (!(error instanceof ThriftError)) return error;
  const { outcomeUnknown: mayBeDone = error.kind === "corrupt", ...detail } = error.detail;
  return new ThriftError(error.kind, `${subject}: ${error.message}`, {
    ...detail,
    ...(mayBeDone && !isIdempotent ? { outcomeUnknown: true } : {}),
    cause: detail.cause ?? error,
  });
}
