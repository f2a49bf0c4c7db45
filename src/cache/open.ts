/** Opens the cache of a directory. Nothing is read or made there before the first copy is used. */
import { asFailure, Failure } from "../errors.ts";
import { makeSlots, type Slots } from "../pace/rate.ts";
import type { Storage } from "../storage/contract.ts";
import type { ByteRange, HeldObject, ObjectCache, StoredObject } from "./contract.ts";
import { type Copy, giveBack, openCopy, publishCopy } from "./copy.ts";
import { fetchInto } from "./fetch.ts";
import { openHolder } from "./holder.ts";
import { type CopyPaths, copyPaths, heldPath } from "./names.ts";
import { bytesIn, planFetch, rangeSet, subtract, union } from "./ranges.ts";
import { type CopyIdentity, copyName } from "./record.ts";
import { openRoom } from "./room.ts";

export interface CacheOptions {
  readonly directory: string;
  readonly bytesMax: number;
  /** Tells a storage's place from all others, on whatever server. */
  readonly placeOf: (storage: Storage) => string;
  /** Requests side by side. */
  readonly parallel?: number;
  /** From 0 up to but excluding 1. */
  readonly random?: () => number;
}

/** A copy as the holders within this process share it. */
interface Shared {
  readonly identity: CopyIdentity;
  readonly paths: CopyPaths;
  /** One at a time opens, fills or closes the copy. */
  readonly turn: Slots;
  holders: number;
  copy: Copy | undefined;
  /** The file of a record whose copy was discarded. */
  distrusted: string | undefined;
}

const PARALLEL = 32;
/** A disk that is full again after so much was removed is being filled by somebody else. */
const ROOM_TRIES_MAX = 10;
const ROOM_BYTES_MIN = 1 << 20;

export function openCache({
  directory,
  bytesMax,
  placeOf,
  parallel = PARALLEL,
  random = Math.random,
}: CacheOptions): ObjectCache {
  const holder = openHolder(directory);
  const room = openRoom(directory, bytesMax, random);
  const slots = makeSlots(parallel);
  const all = new Map<string, Shared>();
  const fetched = { bytes: 0, requests: 0 };

  const identify = (storage: Storage, { key, size, token }: StoredObject): CopyIdentity => ({
    ...{ place: placeOf(storage), key, size, token },
  });

  function share(identity: CopyIdentity): Shared {
    const name = copyName(identity);
    let shared = all.get(name);
    if (shared === undefined) {
      const paths = copyPaths(directory, holder.directory, name);
      shared = { identity, paths, turn: makeSlots(1), holders: 0, copy: undefined, distrusted: undefined };
      all.set(name, shared);
    }
    return shared;
  }

  async function opened(shared: Shared): Promise<Copy> {
    if (shared.copy === undefined) {
      await holder.prepare();
      shared.copy = await openCopy(shared.paths, shared.identity, shared.distrusted);
    }
    return shared.copy;
  }

  /** Repeats what found the disk full, as long as something unused can be removed. */
  async function withRoom<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        const failure = asFailure(error, directory);
        if (failure.kind !== "full") throw failure;
        if (tries < ROOM_TRIES_MAX && (await room.free(Math.max(bytes, ROOM_BYTES_MIN))) > 0) continue;
        throw new Failure("full", `${directory}: no room for ${bytes} bytes of local copies`, {
          cause: error,
          remedy: "free some space there, or name a directory with more as cache.directory",
        });
      }
    }
  }

  async function bring(
    shared: Shared,
    storage: Storage,
    ranges: readonly ByteRange[],
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const { identity, paths } = shared;
    const wanted = rangeSet(ranges, identity.size);
    const options = {
      ...{ slots, signal },
      onBytes: (bytes: number) => {
        fetched.bytes += bytes;
      },
      onRequest: () => {
        fetched.requests += 1;
      },
    };
    return await withRoom(bytesIn(wanted), async () => {
      const copy = await opened(shared);
      const plan = planFetch(wanted, copy.present, identity.size);
      if (plan.length === 0) return 0;
      try {
        await fetchInto(paths.held, storage, identity, plan, options);
      } catch (error) {
        // What came of it is not known to be there, but takes room; a copy that holds nothing else gives it back.
        if (copy.present.length === 0) await forget(shared);
        throw error;
      }
      copy.present = union(copy.present, rangeSet(plan, identity.size));
      await publish(shared, copy);
      return bytesIn(plan);
    });
  }

  async function forget(shared: Shared): Promise<void> {
    if (shared.copy === undefined) return;
    shared.copy = undefined;
    await giveBack(shared.paths.held);
  }

  /** What was brought is there, whether or not the disk has room to say so to others. */
  async function publish({ paths, identity }: Shared, copy: Copy): Promise<void> {
    try {
      await publishCopy(paths, identity, copy);
    } catch (error) {
      if (asFailure(error).kind !== "full") throw error;
    }
  }

  /** The last holder in this process gives the link back. */
  async function close(shared: Shared): Promise<void> {
    await shared.turn.run(async () => {
      if (shared.holders > 0) return;
      await forget(shared);
      if (shared.holders === 0) all.delete(copyName(shared.identity));
    });
    if (all.size === 0) await room.idle();
  }

  function hold(storage: Storage, object: StoredObject): HeldObject {
    const shared = share(identify(storage, object));
    shared.holders += 1;
    let isReleased = false;
    const using = async <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
      if (isReleased) throw new Failure("bug", `${storage.name}/${object.key}: its copy was released already`);
      return await shared.turn.run(work, signal);
    };
    return {
      path: shared.paths.held,
      has: (ranges) =>
        using(async () => {
          const copy = await withRoom(0, () => opened(shared));
          return subtract(rangeSet(ranges, object.size), copy.present).length === 0;
        }),
      async bring(ranges, { signal } = {}) {
        const bytes = await using(() => bring(shared, storage, ranges, signal), signal);
        await room.grew(bytes);
      },
      discard: () =>
        using(async () => {
          shared.distrusted = shared.copy?.file;
          shared.copy = undefined;
        }),
      async release() {
        if (isReleased) return;
        isReleased = true;
        shared.holders -= 1;
        if (shared.holders === 0) await close(shared);
      },
    };
  }

  return {
    directory,
    pathOf: (storage, object) => heldPath(holder.directory, copyName(identify(storage, object))),
    hold,
    fetched,
    close: async () => {
      await Promise.all([...all.values()].map(({ turn }) => turn.run(async () => undefined)));
      all.clear();
      await holder.remove();
    },
  };
}
