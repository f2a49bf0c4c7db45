/** Which of several hosts is asked: the first that can be connected to, in the order in which they were named. */
import { stopIfAborted } from "../pace/abort.ts";
import { type Backoff, waitMs } from "../pace/backoff.ts";
import type { Effects } from "../pace/effects.ts";
import { type Connection, hostText, type ThriftHost } from "./connection.ts";
import { ThriftError } from "./errors.ts";

export type Open = (host: ThriftHost, signal: AbortSignal | undefined) => Promise<Connection>;

export interface Hosts {
  /** Throws `unavailable` if none can be connected to; then nothing was sent to anybody. */
  connect(signal: AbortSignal | undefined): Promise<Connection>;
  /** A host that hangs up or keeps silent is avoided like one that cannot be connected to … */
  noteFailure(host: ThriftHost): void;
  /** … until it answers. */
  noteAnswer(host: ThriftHost): void;
}

interface Remembered {
  readonly host: ThriftHost;
  failures: number;
  /** Until then others are asked before it. */
  avoidedUntilMs: number;
}

const avoidance: Backoff = { tries: Number.POSITIVE_INFINITY, firstMs: 1_000, capMs: 60_000 };

export function hostsInOrder(
  name: string,
  hosts: readonly ThriftHost[],
  open: Open,
  effects: Pick<Effects, "nowMs" | "random">,
): Hosts {
  const remembered = hosts.map((host): Remembered => ({ host, failures: 0, avoidedUntilMs: 0 }));

  /** A host that just failed comes last, but it comes: perhaps all of them failed. */
  function inOrder(): readonly Remembered[] {
    const now = effects.nowMs();
    const isAvoided = ({ avoidedUntilMs }: Remembered): boolean => avoidedUntilMs > now;
    const avoided = remembered.filter(isAvoided).sort((a, b) => a.avoidedUntilMs - b.avoidedUntilMs);
    return [...remembered.filter((one) => !isAvoided(one)), ...avoided];
  }

  async function connect(signal: AbortSignal | undefined): Promise<Connection> {
    const errors: { readonly host: ThriftHost; readonly error: unknown }[] = [];
    for (const one of inOrder()) {
      stopIfAborted(signal);
      try {
        return await open(one.host, signal);
      } catch (error) {
        stopIfAborted(signal);
        noteFailure(one.host);
        errors.push({ host: one.host, error });
      }
    }
    const facts = errors.map(({ host, error }) => `${hostText(host)} ${connectFact(error)}`);
    throw new ThriftError("unavailable", `${name}: ${facts.join("; ")}`, {
      remedy: "see whether it runs, and whether host and port are right",
      cause: errors[0]?.error,
    });
  }

  function noteFailure(host: ThriftHost): void {
    for (const one of remembered) {
      if (one.host !== host) continue;
      one.failures += 1;
      one.avoidedUntilMs = effects.nowMs() + waitMs(avoidance, one.failures, effects.random);
    }
  }

  function noteAnswer(host: ThriftHost): void {
    for (const one of remembered) if (one.host === host) Object.assign(one, { failures: 0, avoidedUntilMs: 0 });
  }

  return { connect, noteFailure, noteAnswer };
}

const codeFacts: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses connections",
  ENOTFOUND: "is not a known host",
  EAI_AGAIN: "cannot be looked up now",
  ETIMEDOUT: "does not answer",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached",
  ECONNRESET: "breaks the connection off",
  EPROTO: "does not speak TLS",
  ERR_SSL_WRONG_VERSION_NUMBER: "does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "does not speak TLS",
};

function connectFact(error: unknown): string {
  if (!(error instanceof Error)) return `cannot be connected to: ${String(error)}`;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return codeFacts[code] ?? `cannot be connected to: ${error.message === "" ? code : error.message}`;
}
