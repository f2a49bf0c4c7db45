/** Requests of a probe: they keep asking while the store is merely busy, and come to their end even after a stop. */
import { type Failure, isRetriable } from "../../errors.ts";
import { stopped } from "../../pace/abort.ts";
import { type Backoff, repeating } from "../../pace/backoff.ts";
import { realEffects } from "../../pace/effects.ts";
import { answerOf } from "./answer.ts";
import { request, type SendOptions, type Store, type StoreCall } from "./client.ts";

/** What the store said: that it did it, or why it will not, however often it is asked. */
export type Reply<T> = Done<T> | Refused;

export interface Done<T> {
  readonly output: T;
  readonly refusal?: undefined;
  /** A try before this one ended without an answer and may have had its effect. */
  readonly repeated: boolean;
}

export interface Refused {
  readonly refusal: Refusal;
  readonly repeated: boolean;
}

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly failure: Failure;
}

/** The output, or the refusal as an error. */
export function must<T>(reply: Reply<T>): T {
  if (reply.refusal !== undefined) throw reply.refusal.failure;
  return reply.output;
}

/** Three of four requests may be turned away for as long as it takes: a busy store is no bad store. */
export const patient: Backoff = { tries: 60, firstMs: 50, capMs: 300 };
/** Who cannot be connected to gets a second chance, not a minute. */
const connectTries = 3;
const internalTries = 4;
/** Without any progress. Milliseconds. */
const idleMs = 20_000;
/**
 * After a stop, what is under way may end: a put that is cut off may still become an object, after everything was
 * removed. Milliseconds.
 */
const endMsMax = 3_000;

export interface Requests {
  /** `send` gets what every call of the client takes. Throws when there is no answer, and for a stop. */
  ask<T>(what: StoreCall, send: (options: SendOptions) => Promise<T>, signals?: Signals): Promise<Reply<T>>;
  /** Breaks requests off a while after the stop. */
  readonly cut: AbortSignal;
  /** When nothing is under way any more. */
  settled(): Promise<void>;
  /** Forgets the caller's signal. */
  end(): void;
}

export interface Signals {
  /** No further try after this. */
  readonly stop: AbortSignal | undefined;
  /** Breaks off what is under way. */
  readonly cut: AbortSignal | undefined;
}

export function makeRequests(store: Store, stop: AbortSignal | undefined): Requests {
  const cutting = new AbortController();
  const cutLater = (): void => {
    if (stop !== undefined) setTimeout(() => cutting.abort(stopped(stop)), endMsMax).unref();
  };
  stop?.addEventListener("abort", cutLater, { once: true });
  const own: Signals = { stop, cut: cutting.signal };
  const underWay = new Set<Promise<unknown>>();
  let isKnown = false;

  async function tries<T>(
    what: StoreCall,
    send: (options: SendOptions) => Promise<T>,
    signals: Signals,
  ): Promise<Reply<T>> {
    let repeated = false;
    let refusal: Refusal | undefined;
    const once = (): Promise<Reply<T>> =>
      request(store, { ...what, idleMs, signal: signals.cut }, async (options): Promise<Reply<T>> => {
        refusal = undefined;
        try {
          const output = await send(options);
          isKnown = true;
          return { output, repeated };
        } catch (error) {
          refusal = refusalOf(error, store.describe(error, what));
          if (refusal === undefined || triesMax(refusal.status) > 1) throw error;
          isKnown = true;
          return { refusal, repeated };
        }
      });
    try {
      return await repeating(once, patient, realEffects, {
        signal: signals.stop,
        again(error, failures) {
          repeated = true;
          const most = refusal !== undefined ? triesMax(refusal.status) : isKnown ? patient.tries : connectTries;
          return isRetriable(error) && failures < most;
        },
      });
    } catch (error) {
      if (refusal !== undefined && signals.stop?.aborted !== true) return { refusal, repeated };
      throw error;
    }
  }

  return {
    ask(what, send, signals = own) {
      const asked = tries(what, send, signals);
      underWay.add(asked);
      const done = (): void => {
        underWay.delete(asked);
      };
      asked.then(done, done);
      return asked;
    },
    cut: cutting.signal,
    async settled() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
    end: () => stop?.removeEventListener("abort", cutLater),
  };
}

function refusalOf(error: unknown, failure: Failure): Refusal | undefined {
  const { status, code } = answerOf(error);
  return status === undefined ? undefined : { status, code: code === "" ? String(status) : code, failure };
}

/** Busy is not broken; what fails inside may be; everything else would be answered the same again. */
function triesMax(status: number): number {
  if (status === 503 || status === 429) return patient.tries;
  if (status === 501) return 1;
  return status >= 500 || status === 408 ? internalTries : 1;
}

/** The first error ends it, once the jobs that had begun are through. */
export async function inParallel<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<unknown>,
  count = requestsMax,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true && failures.length === 0; next = rest.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: count }, worker));
  if (failures.length > 0) throw failures[0];
}

const requestsMax = 32;
