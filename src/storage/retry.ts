import { lstat } from "node:fs/promises";
import { isRetriable } from "../errors.ts";
import { type Backoff, pauseAfter, repeating } from "../pace/backoff.ts";
import type { Effects } from "../pace/effects.ts";
import type { Body, CallOptions, ListOptions, ObjectInfo, PutOptions, ReadOptions, Storage } from "./contract.ts";
import { isAbsent } from "./durable.ts";
import { compareKeys } from "./keys.ts";

/**
 * Repeats calls that failed as `unavailable`. Every call of the contract may be repeated, with three cautions:
 * - A body in a file may have been consumed by the try that failed; then the first failure stands, and its outcome is
 *   unknown to us: the caller looks again.
 * - `putIfAbsent` after an unknown outcome must not take our own object for somebody else's. If a later try finds one,
 *   the first failure stands, too: `undefined` always means that somebody else was first.
 * - A stream continues where it broke only if what follows cannot be another object's bytes.
 */
export function withRetry(storage: Storage, backoff: Backoff, effects: Effects): Storage {
  const simply = <T>(work: () => Promise<T>, options: CallOptions | undefined): Promise<T> =>
    repeating(work, backoff, effects, { signal: options?.signal });

  function put(key: string, body: Body, options?: PutOptions): Promise<ObjectInfo> {
    return repeating(() => storage.put(key, body, options), backoff, effects, {
      signal: options?.signal,
      again: async (error) => isRetriable(error) && (await isThere(body)),
    });
  }

  async function putIfAbsent(key: string, body: Body, options?: PutOptions): Promise<ObjectInfo | undefined> {
    let first: unknown;
    const info = await repeating(() => storage.putIfAbsent(key, body, options), backoff, effects, {
      signal: options?.signal,
      again: async (error) => {
        first ??= error;
        return isRetriable(error) && (await isThere(body));
      },
    });
    if (info === undefined && first !== undefined) throw first;
    return info;
  }

  async function* list(prefix: string, options?: ListOptions): AsyncGenerator<readonly ObjectInfo[]> {
    let last: string | undefined;
    for (let failures = 0; ; ) {
      try {
        for await (const page of storage.list(prefix, options)) {
          const after = last;
          const rest = after === undefined ? page : page.filter((object) => compareKeys(object.key, after) > 0);
          last = rest.at(-1)?.key ?? last;
          if (rest.length > 0) {
            failures = 0;
            yield rest;
          }
        }
        return;
      } catch (error) {
        failures++;
        await pauseAfter(error, failures, backoff, effects, { signal: options?.signal });
      }
    }
  }

  async function* read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const { start = 0, end } = options.range ?? {};
    let done = 0;
    for (let failures = 0; ; ) {
      const range = { start: start + done, ...(end === undefined ? {} : { end }) };
      try {
        for await (const chunk of storage.read(key, done === 0 ? options : { ...options, range })) {
          done += chunk.length;
          failures = 0;
          yield chunk;
        }
        return;
      } catch (error) {
        // Without a token the rest could be another object's; from the end, it is unknown where the break was.
        if (done > 0 && (options.token === undefined || start < 0)) throw error;
        failures++;
        await pauseAfter(error, failures, backoff, effects, { signal: options.signal });
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
