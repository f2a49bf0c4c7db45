/** Repeating what failed for a reason that may pass: capped exponential waits with jitter. */
import { Failure, isRetriable } from "../errors.ts";
import { stopIfAborted } from "./abort.ts";
import type { Effects } from "./effects.ts";

export interface Backoff {
  /** Tries in all; 1 never repeats. */
  readonly tries: number;
  /** The wait after the first failure, before jitter. */
  readonly firstMs: number;
  readonly capMs: number;
}

/** However long the other side asks us to wait, we ask again after this. */
export const retryAfterMsMax = 120_000;

/**
 * The wait after the `failures`-th failure in a row: between half and all of `firstMs · 2^(failures-1)`, capped, so that
 * clients that failed together do not come back together. What the other side asked for is the least.
 */
export function waitMs(backoff: Backoff, failures: number, random: () => number, askedMs = 0): number {
  const full = Math.min(backoff.capMs, backoff.firstMs * 2 ** Math.min(failures - 1, 50));
  return Math.max(full / 2 + (full / 2) * random(), Math.min(askedMs, retryAfterMsMax));
}

export interface Repetition {
  readonly signal?: AbortSignal | undefined;
  /** Whether the failure may pass; by default what `isRetriable` says. Answering `false` ends the repetition with that failure. */
  readonly again?: (error: unknown, failures: number) => boolean | Promise<boolean>;
}

/** After the `failures`-th failure in a row: waits before the next try, or throws the error if there is to be none. */
export async function pauseAfter(
  error: unknown,
  failures: number,
  backoff: Backoff,
  effects: Effects,
  { signal, again = isRetriable }: Repetition = {},
): Promise<void> {
  if (failures >= backoff.tries || signal?.aborted === true || !(await again(error, failures))) throw error;
  const askedMs = error instanceof Failure ? error.detail.retryAfterMs : undefined;
  await effects.sleep(waitMs(backoff, failures, effects.random, askedMs), signal);
}

/** Calls `work` (with the number of the try, from 1) until it succeeds, fails for good, or was tried often enough. */
export async function repeating<T>(
  work: (tryNumber: number) => Promise<T>,
  backoff: Backoff,
  effects: Effects,
  repetition: Repetition = {},
): Promise<T> {
  for (let tryNumber = 1; ; tryNumber++) {
    stopIfAborted(repetition.signal);
    try {
      return await work(tryNumber);
    } catch (error) {
      await pauseAfter(error, tryNumber, backoff, effects, repetition);
    }
  }
}
