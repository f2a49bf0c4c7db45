import { makeSlots } from "../pace/rate.ts";
import type { Storage } from "./contract.ts";

/**
 * At most `count` calls of a storage at a time; further ones wait their turn. A stream holds a slot only while it is
 * asked for its next piece, so a caller that writes what it reads cannot wait for itself.
 */
export function withLimit(storage: Storage, count: number): Storage {
  const slots = makeSlots(count);

  async function* stream<T>(open: () => AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
    const pieces = open()[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await slots.run(() => pieces.next(), signal);
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await pieces.return?.();
    }
  }

  const { sweepUploads } = storage;
  return {
    ...storage,
    put: (key, body, options) => slots.run(() => storage.put(key, body, options), options?.signal),
    putIfAbsent: (key, body, options) => slots.run(() => storage.putIfAbsent(key, body, options), options?.signal),
    head: (key, options) => slots.run(() => storage.head(key, options), options?.signal),
    annotate: (key, token, metadata, options) =>
      slots.run(() => storage.annotate(key, token, metadata, options), options?.signal),
    remove: (key, options) => slots.run(() => storage.remove(key, options), options?.signal),
    ...(sweepUploads === undefined
      ? {}
      : { sweepUploads: (beforeMs, options) => slots.run(() => sweepUploads(beforeMs, options), options?.signal) }),
    list: (prefix, options) => stream(() => storage.list(prefix, options), options?.signal),
    read: (key, options) => stream(() => storage.read(key, options), options?.signal),
  };
}
