/** What the parts of a verification share: which objects are meant, how bytes are read and summed, and what was found. */
import { createHash } from "node:crypto";
import type { DamagedObject, VerifyOptions } from "../answers.ts";
import { asFailure } from "../errors.ts";
import { callOptions } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { Summing } from "../step/partition.ts";
import type { ObjectInfo, Storage } from "../storage/contract.ts";
import type { Cure } from "./cure.ts";

export type Place = DamagedObject["place"];

/** What is wrong with one object, and what would put it right. */
export interface Damage {
  readonly place: Place;
  readonly key: string;
  readonly reason: string;
  readonly cure: Cure;
}

/** What one object's check answers; nothing for one that is as it was written, or that is gone by now. */
export interface Checked {
  readonly damages: readonly Damage[];
  /** There was nothing to compare the bytes with. */
  readonly isUnverified: boolean;
}

export const good: Checked = { damages: [], isUnverified: false };
export const damaged = (...damages: readonly Damage[]): Checked => ({ damages, isUnverified: false });

/** The bytes of an object, or why they cannot be read. */
export type Sum =
  | { readonly kind: "sum"; readonly sha256: string; readonly size: number }
  | { readonly kind: "unreadable"; readonly reason: string };

export interface Scrub {
  readonly parts: Parts;
  readonly signal: AbortSignal | undefined;
  readonly call: { readonly signal?: AbortSignal };
  /** Whether only some items were chosen, so that nothing can be said of the whole. */
  readonly isPartial: boolean;
  wants(place: Place, name: string): boolean;
  /** Notes what is wrong with something that is not one object. */
  note(damage: Damage): void;
  /** Counts bytes that were read. */
  read(bytes: number): void;
  /** Reads a version of an object to its end. A `conflict` failure says that it was replaced meanwhile. */
  sum(storage: Storage, info: Pick<ObjectInfo, "key" | "token">, own?: Summing): Promise<Sum>;
  /** Checks objects side by side; one that changes under its check is looked at again. */
  each<T>(items: AsyncIterable<T> | Iterable<T>, check: (item: T) => Promise<Checked>): Promise<void>;
}

export interface Findings {
  readonly scrub: Scrub;
  readonly totals: { objects: number; bytes: number; unverified: number };
  /** In the order of their keys. */
  damages(): readonly Damage[];
}

/** Objects read side by side. */
const readersMax = 4;
/** Looks at an object that is replaced again and again. */
const looksMax = 3;

export function beginScrub(
  parts: Parts,
  options: VerifyOptions & { readonly signal?: AbortSignal },
  total: number,
): Findings {
  const { only, select, signal, onProgress } = options;
  const call = callOptions(signal);
  const totals = { objects: 0, bytes: 0, unverified: 0 };
  const found = new Map<string, Damage>();
  const note = (damage: Damage): void => {
    found.set(`${damage.place} ${damage.key}`, damage);
  };
  const read = (bytes: number): void => {
    totals.bytes += bytes;
    onProgress?.(totals.bytes, total);
  };

  async function sum(storage: Storage, { key, token }: Pick<ObjectInfo, "key" | "token">, own?: Summing): Promise<Sum> {
    const hash = createHash("sha256");
    let size = 0;
    try {
      for await (const chunk of storage.read(key, { token, ...call })) {
        if (own === undefined) hash.update(chunk);
        else own.update(chunk);
        size += chunk.length;
        read(chunk.length);
      }
    } catch (error) {
      const failure = asFailure(error);
      if (!isOfObject(failure.kind, storage, key)) throw failure;
      return { kind: "unreadable", reason: failure.message };
    }
    return { kind: "sum", sha256: own === undefined ? hash.digest("hex") : own.digest(), size };
  }

  async function look<T>(item: T, check: (item: T) => Promise<Checked>): Promise<void> {
    for (let looks = 1; ; looks++) {
      signal?.throwIfAborted();
      try {
        const { damages, isUnverified } = await check(item);
        totals.objects++;
        if (isUnverified) totals.unverified++;
        damages.forEach(note);
        return;
      } catch (error) {
        const failure = asFailure(error);
        if (failure.kind !== "conflict" && failure.kind !== "missing") throw failure;
        // Somebody works on it: what it holds next is as new as anything that this run could compare it with.
        if (looks >= looksMax) {
          totals.unverified++;
          return;
        }
      }
    }
  }

  const scrub: Scrub = {
    parts,
    signal,
    call,
    isPartial: only !== undefined || select !== undefined,
    wants: (place, name) =>
      (only === undefined || only === place) &&
      (select === undefined || select(name) || select(name.split("@")[0] ?? name)),
    note,
    read,
    sum,
    each: (items, check) => sideBySide(items, readersMax, (item) => look(item, check)),
  };
  return {
    scrub,
    totals,
    damages: () => [...found.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)),
  };
}

/** A disk that cannot read one file is that file's damage; a store that does not answer says nothing of the object. */
function isOfObject(kind: string, storage: Storage, key: string): boolean {
  return kind === "corrupt" || (kind === "unavailable" && storage.locate(key) !== undefined);
}

/** Takes items as they come, so many at a time; none is held that is not worked on. */
async function sideBySide<T>(
  items: AsyncIterable<T> | Iterable<T>,
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let isStopped = false;
  // Asked one after the other: not every iterator takes a second question before it has answered the first.
  let turn: Promise<unknown> = Promise.resolve();
  const next = (): Promise<IteratorResult<T>> => {
    const mine = turn.then(() => iterator.next());
    turn = mine.catch(() => undefined);
    return mine;
  };
  const lane = async (): Promise<void> => {
    try {
      for (;;) {
        if (isStopped) return;
        const item = await next();
        if (item.done === true) return;
        await work(item.value);
      }
    } catch (error) {
      isStopped = true;
      throw error;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
  const broken = ended.find((result) => result.status === "rejected");
  if (broken === undefined) return;
  await iterator.return?.();
  throw broken.reason;
}
