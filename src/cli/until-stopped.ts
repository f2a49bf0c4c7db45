import type { Call } from "./command.ts";

/** What `ended` resolves to; `undefined` if the command is stopped before. */
export async function endBeforeStop<T>(call: Call, ended: Promise<T>): Promise<T | undefined> {
  const stopped = new Promise<undefined>((done) => {
    if (call.signal.aborted) done(undefined);
    else call.signal.addEventListener("abort", () => done(undefined), { once: true });
  });
  return await Promise.race([ended, stopped]);
}
