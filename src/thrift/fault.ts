/** What to tell the caller when no answer came, or none that is an answer. */
import type { Transport } from "./answer.ts";
import type { Exchange } from "./connection.ts";
import { ThriftError } from "./errors.ts";

export interface FaultContext {
  readonly transport: Transport;
  readonly answerMs: number;
  readonly isIdempotent: boolean;
  readonly isTls: boolean;
  /** It has answered in Thrift before. */
  readonly hasSpoken: boolean;
}

export function faultOf(
  exchange: Exclude<Exchange, { readonly kind: "message" | "unsent" | "stopped" }>,
  { transport, answerMs, isIdempotent, isTls, hasSpoken }: FaultContext,
): ThriftError {
  const outcome = {
    ...(isIdempotent ? {} : { outcomeUnknown: true }),
    ...(hasSpoken ? {} : { remedy: "see whether a Thrift service without TLS and Kerberos listens there" }),
  };
  switch (exchange.kind) {
    case "lost": {
      const when = exchange.bytes === 0 ? "before it answered" : `after ${exchange.bytes} bytes of its answer`;
      return new ThriftError("unavailable", `the server closed the connection ${when}`, {
        ...outcome,
        ...(exchange.cause === undefined ? {} : { cause: exchange.cause }),
      });
    }
    case "late": {
      const what = exchange.bytes === 0 ? "no answer" : `no more than ${exchange.bytes} bytes of an answer`;
      return new ThriftError("unavailable", `${what} within ${answerMs} ms`, outcome);
    }
    case "corrupt":
      return exchange.cause;
    case "foreign": {
      const remedy =
        exchange.seen === "TLS" && !isTls ? "it demands TLS" : "give the host and the port of the Thrift service";
      return new ThriftError("denied", `not a Thrift port: it answers as ${exchange.seen}`, { remedy });
    }
    case "other transport": {
      const other = otherTransport(transport);
      return new ThriftError("denied", `the server speaks the ${other} transport, not the ${transport} one`, {
        remedy: `say transport: ${other}`,
      });
    }
  }
}

export function otherTransport(transport: Transport): Transport {
  return transport === "framed" ? "buffered" : "framed";
}
