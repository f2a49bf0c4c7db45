import { randomUUID } from "node:crypto";
import { lstat } from "node:fs/promises";
import { Failure, isRetriable } from "../errors.ts";
import { type Backoff, pauseAfter, repeating } from "../pace/backoff.ts";
import type { Effects } from "../pace/effects.ts";
import type { Body, CallOptions, ListOptions, ObjectInfo, PutOptions, ReadOptions, Storage } from "./contract.ts";
import { isAbsent } from "./durable.ts";
import { compareKeys } from "./keys.ts";

/** How often to try, by what went wrong. */
export interface Patience extends Backoff {
  /**
   * Tries of a call that the other side answers with a request to slow down (`retryAfterMs`): it is there, and more of
   * them only mean that it is busy. `tries` counts all other failures.
   */
  readonly busyTries?: number;
}

/**
 * Repeats calls that failed as `unavailable`. Every call of the contract may be repeated, with three cautions:
 * - A body in a file may have been consumed by the try that failed; then the first failure stands, and its outcome is
 *   unknown to us: the caller looks again.
 * - `putIfAbsent` after an unknown outcome must not take our own object for somebody else's. All tries carry one put id,
 *   by which a storage that keeps it knows its own. With any other storage the first failure stands, too, if a later
 *   try finds an object: `undefined` always means that somebody else was first.
 * - A stream continues where it broke only if what follows cannot be another object's bytes.
 */
export function withRetry(storage: Storage, patience: Patience, effects: Effects): Storage {
  const backoff = { ...patience, tries: Math.max(patience.tries, patience.busyTries ?? 0) };
  const again = (error: unknown, failures: Failures): boolean => isRetriable(error) && failures.allow(error);

  const simply = <T>(work: () => Promise<T>, options: CallOptions | undefined): Promise<T> => {
    const failures = failuresOf(patience);
    return repeating(work, backoff, effects, { signal: options?.signal, again: (error) => again(error, failures) });
  };

  function put(key: string, body: Body, options?: PutOptions): Promise<ObjectInfo> {
    const failures = failuresOf(patience);
    return repeating(() => storage.put(key, body, options), backoff, effects, {
      signal: options?.signal,
      again: async (error) => again(error, failures) && (await isThere(body)),
    });
  }

  async function putIfAbsent(key: string, body: Body, options: PutOptions = {}): Promise<ObjectInfo | undefined> {
    const failures = failuresOf(patience);
    const wish = { putId: newPutId(), ...options };
    let first: unknown;
    const info = await repeating(() => storage.putIfAbsent(key, body, wish), backoff, effects, {
      signal: options.signal,
      again: async (error) => {
        first ??= error;
        return again(error, failures) && (await isThere(body));
      },
    });
    if (info === undefined && first !== undefined && storage.knowsPutIds !== true) throw first;
    return info;
  }

  async function* list(prefix: string, options?: ListOptions): AsyncGenerator<readonly ObjectInfo[]> {
    let last: string | undefined;
    let allowed = failuresOf(patience);
    for (let failures = 0; ; ) {
      try {
        const after = last;
        for await (const page of storage.list(prefix, after === undefined ? options : { ...options, after })) {
          const rest = after === undefined ? page : page.filter((object) => compareKeys(object.key, after) > 0);
          last = rest.at(-1)?.key ?? last;
          if (rest.length > 0) {
            failures = 0;
            allowed = failuresOf(patience);
            yield rest;
          }
        }
        return;
      } catch (error) {
        failures++;
        const { signal } = options ?? {};
        await pauseAfter(error, failures, backoff, effects, { signal, again: (error) => again(error, allowed) });
      }
    }
  }

  async function* read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const { start: from = 0, end } = options.range ?? {};
    let start = from;
    let done = 0;
    let { token } = options;
    const onVersion: ReadOptions["onVersion"] = (version) => {
      token = version.token;
      if (from < 0) start = Math.max(0, version.size + from);
      options.onVersion?.(version);
    };
    let allowed = failuresOf(patience);
    for (let failures = 0; ; ) {
      const range = { start: start + done, ...(end === undefined ? {} : { end }) };
      const rest = done === 0 || token === undefined ? {} : { token, range };
      try {
        for await (const chunk of storage.read(key, { ...options, ...rest, onVersion })) {
          done += chunk.length;
          failures = 0;
          allowed = failuresOf(patience);
          yield chunk;
        }
        return;
      } catch (error) {
        // Of an unknown version the rest could be another object's; from an unknown end, who knows where the break was.
        if (done > 0 && (token === undefined || start < 0)) throw error;
        failures++;
        const { signal } = options;
        await pauseAfter(error, failures, backoff, effects, { signal, again: (error) => again(error, allowed) });
      }
    }
  }

  const { sweepUploads } = storage;
  return {
    ...storage,
    put,
    putIfAbsent,
    list,
    read,
    head: (key, options) => simply(() => storage.head(key, options), options),
    annotate: (key, token, metadata, options) => simply(() => storage.annotate(key, token, metadata, options), options),
    remove: (key, options) => simply(() => storage.remove(key, options), options),
    ...(sweepUploads === undefined
      ? {}
      : { sweepUploads: (beforeMs, options) => simply(() => sweepUploads(beforeMs, options), options) }),
  };
}

interface Failures {
  /** Counts a failure and answers whether another try is due after it. */
  allow(error: unknown): boolean;
}

function failuresOf({ tries, busyTries = tries }: Patience): Failures {
  let busy = 0;
  let other = 0;
  return {
    allow(error) {
      const asked = error instanceof Failure && error.detail.retryAfterMs !== undefined;
      if (asked) busy++;
      else other++;
      return busy < busyTries && other < tries;
    },
  };
}

/** 32 hex digits. */
function newPutId(): string {
  return randomUUID().replaceAll("-", "");
}

async function isThere(body: Body): Promise<boolean> {
  if (body instanceof Uint8Array) return true;
  try {
    await lstat(body.file);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}
