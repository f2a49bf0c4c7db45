/** Time and chance as parameters, so that tests of waiting do not wait. */
import { setTimeout as delay } from "node:timers/promises";
import { stopped } from "./abort.ts";

export interface Effects {
  /** Milliseconds on a clock that never goes back; its zero means nothing. */
  nowMs(): number;
  /** Resolves after `ms`; throws `cancelled` as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** From 0 up to but excluding 1. */
  random(): number;
}

export const realEffects: Effects = {
  nowMs: () => performance.now(),
  random: Math.random,
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      if (signal?.aborted === true) throw stopped(signal);
      throw error;
    }
  },
};
