/**
 * When a call is made again, as all official clients do it: 15 times, after 50 ms and four times as long each time up to a
 * minute, with up to half a second of chance once a wait takes 2 s. A wait that the server asks for is the least, up to ten minutes.
 */
import type { Effects } from "../pace/effects.ts";

const firstWaitMs = 50;
const waitFactor = 4;
const waitMsMax = 60_000;
const jitterMs = 500;
const jitterFromMs = 2000;
const askedMsMax = 10 * 60_000;

export interface RetryLimits {
  /** Repetitions, not counting the first try. */
  readonly retriesMax: number;
  /** From the first failure in a row until the last try begins. */
  readonly msMax: number;
}

/** What the official clients do: it outlasts ten minutes. */
export const officialLimits: RetryLimits = { retriesMax: 15, msMax: Number.POSITIVE_INFINITY };

/** `retryMsMax` of the options: as often as the time allows. */
export function limitsWithin(msMax: number | undefined): RetryLimits {
  return msMax === undefined ? officialLimits : { retriesMax: Number.POSITIVE_INFINITY, msMax };
}

/** In whole milliseconds, after the `failures`-th failure in a row (from 1). */
export function retryWaitMs(failures: number, askedMs: number | undefined, random: () => number): number {
  const scheduled = Math.min(waitMsMax, firstWaitMs * waitFactor ** Math.min(failures - 1, 20));
  const wait = Math.max(scheduled, Math.min(askedMs ?? 0, askedMsMax));
  return Math.floor(wait >= jitterFromMs ? wait + jitterMs * random() : wait);
}

export interface Patience {
  /** Waits before the next try and answers `true`, or answers `false` at once if there is to be none. */
  pause(askedMs: number | undefined, signal?: AbortSignal): Promise<boolean>;
  /** Something worked: the next failure is the first again. */
  reset(): void;
}

export function makePatience(limits: RetryLimits, effects: Effects): Patience {
  let failures = 0;
  let beganMs = 0;
  return {
    async pause(askedMs, signal) {
      if (failures === 0) beganMs = effects.nowMs();
      failures++;
      const leftMs = beganMs + limits.msMax - effects.nowMs();
      if (failures > limits.retriesMax || leftMs <= 0) return false;
      // The last wait is cut, so that the whole time is used.
      await effects.sleep(Math.min(retryWaitMs(failures, askedMs, effects.random), leftMs), signal);
      return true;
    },
    reset() {
      failures = 0;
    },
  };
}
