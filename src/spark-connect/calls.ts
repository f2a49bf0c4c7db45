/** Calls of one session: who calls, repetition, translation of errors, and the check that the server still is the same. */
import { type Client, Code, createClient } from "@connectrpc/connect";
import { Failure } from "../errors.ts";
import { stopIfAborted, stopped } from "../pace/abort.ts";
import type { Effects } from "../pace/effects.ts";
import { withinMs } from "../pace/within.ts";
import { SparkError } from "./errors.ts";
import { type Fault, faultOf, isTransient } from "./fault.ts";
import { type FetchErrorDetailsResponse, SparkConnectService } from "./gen/spark_connect_pb.ts";
import { makePatience, type Patience, type RetryLimits } from "./retry.ts";
import { sparkErrorOf } from "./server-error.ts";
import type { Wire } from "./transport.ts";

export interface Caller {
  readonly sessionId: string;
  readonly userId: string;
  /** Names this client in the server's logs. */
  readonly clientType: string;
  /** `host:port`, for messages. */
  readonly endpoint: string;
}

/** Fields that every request has. */
export interface Identity {
  readonly sessionId: string;
  readonly userContext: { readonly userId: string; readonly userName: string };
  readonly clientType: string;
  readonly clientObservedServerSideSessionId?: string;
}

interface Reply {
  readonly sessionId: string;
  readonly serverSideSessionId: string;
}

export interface SendOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface CallLimits extends SendOptions {
  readonly limits?: RetryLimits;
}

export interface Calls {
  readonly client: Client<typeof SparkConnectService>;
  readonly effects: Effects;
  identity(): Identity;
  /** Sends, repeats what may pass, checks the reply. Throws `SparkError`, or `Failure` "cancelled" once the signal aborts. */
  call<T extends Reply>(send: (options: SendOptions) => Promise<T>, options?: CallLimits): Promise<T>;
  patience(limits?: RetryLimits): Patience;
  mayPass(fault: Fault): boolean;
  /** Throws `conflict` if the reply is another session's. */
  check(reply: Reply): void;
  /** The error to throw for a fault that is final. Asks the server for its details. */
  errorOf(fault: Fault): Promise<SparkError>;
  /** Lets work go on beside, whose failure means nothing. */
  beside(work: Promise<unknown>): void;
  /** The same for work that the end of the session would spoil. */
  beforeEnd(work: Promise<unknown>): void;
  /** Resolves when no such work is left. It has a limit of its own. */
  ready(): Promise<void>;
  /** Resolves when nothing goes on beside any more, or after `msMax`. */
  settled(msMax: number): Promise<void>;
  /** From now on everything fails as `cancelled`. */
  end(): void;
}

const detailsMsMax = 5000;

export function makeCalls(wire: Wire, caller: Caller, limits: RetryLimits, effects: Effects): Calls {
  const client = createClient(SparkConnectService, wire.transport);
  const peer = { endpoint: caller.endpoint, spoke: wire.spoke };
  const besides = new Set<Promise<unknown>>();
  const before = new Set<Promise<unknown>>();
  let observed: string | undefined;
  let conflict: SparkError | undefined;
  let hasEnded = false;

  function identity(): Identity {
    const { sessionId, userId, clientType } = caller;
    const own = { sessionId, userContext: { userId, userName: userId }, clientType };
    return observed === undefined ? own : { ...own, clientObservedServerSideSessionId: observed };
  }

  function check(reply: Reply): void {
    const { sessionId, serverSideSessionId } = reply;
    if (sessionId !== caller.sessionId) {
      throw new SparkError("corrupt", `${caller.endpoint}: an answer belongs to another session`);
    }
    if (serverSideSessionId === "") return;
    observed ??= serverSideSessionId;
    if (serverSideSessionId === observed) return;
    conflict ??= new SparkError("conflict", `${caller.endpoint}: the server was restarted, and the session is gone`, {
      remedy: "connect again: what the session held (views, settings, artifacts) is gone",
    });
    throw conflict;
  }

  function mayPass(fault: Fault): boolean {
    return !hasEnded && isTransient(fault, wire.spoke());
  }

  async function fetched(fault: Fault): Promise<FetchErrorDetailsResponse | undefined> {
    const errorId = fault.details.error?.errorId;
    if (errorId === undefined || hasEnded) return undefined;
    try {
      return await client.fetchErrorDetails({ ...identity(), errorId }, { timeoutMs: detailsMsMax });
    } catch {
      // The error itself is known; it must not be hidden by a failure to learn more of it.
      return undefined;
    }
  }

  async function errorOf(fault: Fault): Promise<SparkError> {
    if (fault.cause instanceof SparkError) return fault.cause;
    if (hasEnded) return new SparkError("cancelled", "the session was closed", { cause: fault.cause });
    return sparkErrorOf(fault, peer, await fetched(fault));
  }

  async function call<T extends Reply>(
    send: (options: SendOptions) => Promise<T>,
    { limits: own = limits, ...options }: CallLimits = {},
  ): Promise<T> {
    const patience = makePatience(own, effects);
    for (;;) {
      stopIfAborted(options.signal);
      if (hasEnded) throw new SparkError("usage", "the session is closed", { remedy: "connect again" });
      if (conflict !== undefined) throw conflict;
      try {
        const reply = await send(options);
        check(reply);
        return reply;
      } catch (error) {
        if (options.signal?.aborted === true) throw stopped(options.signal);
        if (error instanceof Failure) throw error;
        const fault = faultOf(error);
        // A call that has a time of its own has used it up.
        const isLate = options.timeoutMs !== undefined && fault.code === Code.DeadlineExceeded;
        if (!isLate && mayPass(fault) && (await patience.pause(fault.details.retryAfterMs, options.signal))) continue;
        throw await errorOf(fault);
      }
    }
  }

  return {
    client,
    effects,
    identity,
    call,
    check,
    mayPass,
    errorOf,
    patience: (own = limits) => makePatience(own, effects),
    beside: (work) => keep(besides, work),
    beforeEnd: (work) => keep(before, work),
    async ready() {
      await Promise.all(before);
    },
    async settled(msMax) {
      await withinMs(Promise.all(besides), msMax, effects);
    },
    end() {
      hasEnded = true;
    },
  };
}

/** Keeps work in a set until it has ended, whichever way. */
function keep(set: Set<Promise<unknown>>, work: Promise<unknown>): void {
  const quiet: Promise<unknown> = work
    .catch((error: unknown) => error)
    .finally(() => {
      set.delete(quiet);
    });
  set.add(quiet);
}
