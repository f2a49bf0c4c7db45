/** So many at once, and whoever comes later waits, in order. */
import type { Failure } from "../errors.ts";
import { stopped } from "../pace/abort.ts";

export interface Turns {
  /** Resolves when it is the caller's turn, which `pass` ends. */
  take(signal: AbortSignal | undefined): Promise<void>;
  pass(): void;
  /** Sends away those who wait. */
  close(reason: Failure): void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Failure) => void;
}

export function turns(max: number): Turns {
  const queue: Waiting[] = [];
  let taken = 0;
  return {
    async take(signal) {
      if (taken < max) {
        taken += 1;
        return;
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const waiting: Waiting = { resolve, reject };
      const leave = (): void => {
        const at = queue.indexOf(waiting);
        if (at < 0 || signal === undefined) return;
        queue.splice(at, 1);
        reject(stopped(signal));
      };
      queue.push(waiting);
      signal?.addEventListener("abort", leave, { once: true });
      try {
        await promise;
      } finally {
        signal?.removeEventListener("abort", leave);
      }
    },
    pass() {
      const next = queue.shift();
      if (next === undefined) taken -= 1;
      else next.resolve();
    },
    close(reason) {
      for (const { reject } of queue.splice(0)) reject(reason);
    },
  };
}
