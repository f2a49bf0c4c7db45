/** Limits that many callers share: a rate (token bucket) and a number of slots. */
import { stopIfAborted, stopped } from "./abort.ts";
import type { Effects } from "./effects.ts";

export interface Rate {
  /** Takes `amount` from the bucket and waits for as long as it is overdrawn. First come, first served. */
  take(amount: number, signal?: AbortSignal): Promise<void>;
}

/**
 * A bucket that fills with `perSecond` and holds at most one `burstSeconds`' worth. An amount larger than the bucket is
 * not refused: it overdraws, and whoever comes next waits for that too, so the mean rate holds whatever the sizes are.
 */
export function makeRate(perSecond: number | undefined, effects: Effects, burstSeconds = 1): Rate {
  if (perSecond === undefined) return { take: async (_, signal) => stopIfAborted(signal) };
  const capacity = perSecond * burstSeconds;
  let level = capacity;
  let filledMs = effects.nowMs();
  return {
    async take(amount, signal) {
      stopIfAborted(signal);
      const nowMs = effects.nowMs();
      level = Math.min(capacity, level + ((nowMs - filledMs) / 1000) * perSecond);
      filledMs = nowMs;
      level -= amount;
      if (level < 0) await effects.sleep((-level / perSecond) * 1000, signal);
    },
  };
}

export interface Slots {
  /** Runs `work` as soon as one of the slots is free. First come, first served. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export function makeSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];

  async function acquire(signal: AbortSignal | undefined): Promise<void> {
    stopIfAborted(signal);
    if (free > 0) {
      free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(enter), 1);
        if (signal !== undefined) reject(stopped(signal));
      };
      waiting.push(enter);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  function release(): void {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }

  return {
    async run(work, signal) {
      await acquire(signal);
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}
