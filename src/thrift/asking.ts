/** Asks one of the hosts over one of the connections, again where that is harmless, until there is an answer or a reason why not. */
import { Failure } from "../errors.ts";
import { stopped } from "../pace/abort.ts";
import { type Connection, type ConnectionSettings, type Exchange, hostText, type ThriftHost } from "./connection.ts";
import { ThriftError } from "./errors.ts";
import { faultOf } from "./fault.ts";
import type { Hosts } from "./hosts.ts";
import type { Pool } from "./pool.ts";
import { whySilent } from "./probe.ts";
import type { ThriftCursor } from "./reader.ts";
import { type Asked, resultOf } from "./reply.ts";
import { MessageType } from "./types.ts";
import { thriftWriter, writeMessageBegin, writtenBytes } from "./writer.ts";

export interface Asking {
  readonly method: string;
  /** The arguments' struct. */
  readonly body: Buffer;
  readonly callMs: number;
  readonly isIdempotent: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface Answered {
  /** At the result's struct. */
  readonly cursor: ThriftCursor;
  /** Whose answer it is, for messages. */
  readonly subject: string;
}

export interface AskerParts {
  readonly name: string;
  readonly wire: ConnectionSettings;
  readonly hosts: Hosts;
  readonly pool: Pool;
}

/** Of an idempotent call, counting the first. */
const triesMax = 2;

export function asker({ name, wire, hosts, pool }: AskerParts): (asking: Asking) => Promise<Answered> {
  /** Hosts that have answered in Thrift. */
  const spoken = new Set<ThriftHost>();
  let lastSequence = 0;

  async function ask(asking: Asking): Promise<Answered> {
    const { method, body, callMs, isIdempotent, signal } = asking;
    let triesLeft = isIdempotent ? triesMax : 1;
    for (;;) {
      const connection = await pool.take(signal);
      const { host } = connection;
      const subject = `${name} ${hostText(host)}: ${method}`;
      try {
        lastSequence = (lastSequence + 1) & 0x7fffffff;
        const asked: Asked = { method, sequence: lastSequence };
        const pieces = [messageHead(asked), body];
        const exchange = await connection.exchange({ method, pieces, answerMs: callMs, signal });
        if (exchange.kind === "unsent") continue;
        if (exchange.kind === "message") {
          spoken.add(host);
          hosts.noteAnswer(host);
          return { cursor: answered(exchange.bytes, asked, connection), subject };
        }
        triesLeft -= 1;
        if (exchange.kind === "lost" || exchange.kind === "late") {
          hosts.noteFailure(host);
          pool.forgetIdle();
          if (triesLeft > 0) continue;
        }
        throw await explained(exchange, host, asking);
      } catch (error) {
        throw inContext(error, subject, isIdempotent);
      } finally {
        pool.giveBack(connection);
      }
    }
  }

  async function explained(
    exchange: Exclude<Exchange, { readonly kind: "message" | "unsent" }>,
    host: ThriftHost,
    { callMs, isIdempotent, signal }: Asking,
  ): Promise<Failure> {
    if (exchange.kind === "stopped") {
      return signal?.aborted === true ? stopped(signal) : new Failure("cancelled", `${name}: the client was closed`);
    }
    const hasSpoken = spoken.has(host);
    const isSilent = (exchange.kind === "lost" || exchange.kind === "late") && exchange.bytes === 0;
    const reason = isSilent && !hasSpoken ? await whySilent(host, wire, signal) : undefined;
    const { transport, tls } = wire;
    const context = { transport, answerMs: callMs, isIdempotent, isTls: tls !== undefined, hasSpoken };
    return faultOf(reason ?? exchange, context);
  }

  return ask;
}

function messageHead({ method, sequence }: Asked): Buffer {
  const writer = thriftWriter();
  writeMessageBegin(writer, { name: method, type: MessageType.call, sequence });
  return writtenBytes(writer);
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
export function inContext(error: unknown, subject: string, isIdempotent: boolean): unknown {
  if (!(error instanceof ThriftError)) return error;
  const { outcomeUnknown: mayBeDone = error.kind === "corrupt", ...detail } = error.detail;
  return new ThriftError(error.kind, `${subject}: ${error.message}`, {
    ...detail,
    ...(mayBeDone && !isIdempotent ? { outcomeUnknown: true } : {}),
    cause: detail.cause ?? error,
  });
}
