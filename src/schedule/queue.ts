/** A queue of named work with a bounded number of slots: duplicates collapse, and names may be added while it runs. */

export interface Queue<T> {
  /** Adds work under a name; a name that waits already is not added twice. Returns whether it was new. */
  add(name: string, item: T): boolean;
  /** Resolves when nothing waits and nothing runs. Rejects with the first error that `work` throws, after the running items ended. */
  drained(): Promise<void>;
  /** What waits is taken in another order from now on: that of `rank` of the names. */
  reorder(rank: (name: string) => number): void;
}

/**
 * `work` is called with at most `slots` items at a time, in the order of adding. `work` reports an item's failure
 * itself; whatever it throws stops the queue. When `signal` aborts, waiting items are dropped.
 */
export function makeQueue<T>(slots: number, work: (item: T) => Promise<void>, signal?: AbortSignal): Queue<T> {
  const waiting = new Map<string, T>();
  let running = 0;
  let broken: { readonly error: unknown } | undefined;
  const watchers: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  const settle = (): void => {
    if (running > 0 || (waiting.size > 0 && broken === undefined && signal?.aborted !== true)) return;
    for (const watcher of watchers.splice(0)) {
      if (broken === undefined) watcher.resolve();
      else watcher.reject(broken.error);
    }
  };

  const pump = (): void => {
    while (running < slots && broken === undefined && signal?.aborted !== true) {
      const next = waiting.entries().next();
      if (next.done === true) break;
      const [name, item] = next.value;
      waiting.delete(name);
      running++;
      work(item)
        .catch((error: unknown) => {
          broken ??= { error };
        })
        .finally(() => {
          running--;
          pump();
        });
    }
    settle();
  };

  return {
    add(name, item) {
      if (waiting.has(name)) return false;
      waiting.set(name, item);
      // Started in a later turn, so that whoever adds many items in a row has added them all before the first begins.
      queueMicrotask(pump);
      return true;
    },
    drained() {
      return new Promise((resolve, reject) => {
        watchers.push({ resolve, reject });
        queueMicrotask(settle);
      });
    },
    reorder(rank) {
      const entries = [...waiting].map(([name, item]) => ({ name, item, rank: rank(name) }));
      waiting.clear();
      for (const { name, item } of entries.sort((a, b) => a.rank - b.rank)) waiting.set(name, item);
    },
  };
}
