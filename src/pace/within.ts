import type { Effects } from "./effects.ts";

/** What the work answers, or `undefined` if it takes longer than `ms`: then it goes on, and nobody waits for it. */
export async function withinMs<T>(work: Promise<T>, ms: number, effects: Effects): Promise<T | undefined> {
  const enough = new AbortController();
  const late = effects.sleep(ms, enough.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    enough.abort();
  }
}
