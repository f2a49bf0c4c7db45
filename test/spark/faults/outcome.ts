/** How a call that was struck must end: in bounded time, with a result or with one clear error. */
import assert from "node:assert/strict";
import { Failure, type FailureKind } from "../../../src/errors.ts";

/** Rejects if the work takes longer: a client that hangs is a failure of its own. */
export async function within<T>(msMax: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing after ${msMax} ms`)), msMax);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a moment that must come, and does not wait for ever. */
export async function reached(msMax: number, what: string, isReached: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + msMax;
  while (!isReached()) {
    if (performance.now() > giveUpMs) assert.fail(`${what}: not after ${msMax} ms`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

/** The failure with which the work must end; anything else, a result above all, fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error === undefined) assert.fail("a result came where an error was due");
  if (error instanceof Failure) return error;
  throw error;
}

/** A failure that a person can act upon: of one of these kinds, one line, and a remedy unless that goes without saying. */
export function assertClear(failure: Failure, kinds: readonly FailureKind[], message?: RegExp): void {
  assert.ok(kinds.includes(failure.kind), `${failure.kind}: ${failure.message}`);
  assert.notEqual(failure.message.trim(), "");
  if (message !== undefined) assert.match(failure.message, message);
}
