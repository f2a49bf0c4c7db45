/** What the parts of a collection of garbage share: its rules, what it found and did, and the clock of each store. */
import type { GcFailure, GcItem, GcKept, GcOptions } from "../answers.ts";
import { asFailure } from "../errors.ts";
import { callOptions, observe } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { Seen } from "../reconcile/seen.ts";
import { makeQueue } from "../schedule/queue.ts";
import { storeTime } from "../step/collect-garbage.ts";
import type { ObjectInfo, Storage } from "../storage/contract.ts";

export type Place = GcItem["place"];

/** Removals side by side. */
const removersMax = 8;

export interface Collection {
  readonly parts: Parts;
  readonly dryRun: boolean;
  readonly retentionMs: number;
  readonly versions: number;
  readonly call: { readonly signal?: AbortSignal };
  readonly removed: readonly GcItem[];
  readonly kept: GcKept[];
  readonly failures: readonly GcFailure[];
  /**
   * The time for a first look, which writes nothing: this machine's, or that of the newest object where the store is ahead
   * of us.
   */
  guess(listed: readonly ObjectInfo[]): number;
  /** The time of a place's store, asked for once and only when something is about to be removed. */
  time(place: Place): Promise<number>;
  /** Sources and tables, observed when first needed. */
  seen(): Promise<Seen>;
  /** Notes what was removed, or would be in a dry run. */
  note(item: GcItem): void;
  /** Does a part of the work. Its failure is reported and does not stop the others, unless its place cannot be used at all. */
  guard(place: Place, key: string, work: () => Promise<void>): Promise<void>;
  /** The same for many items of a place, side by side. */
  each<T>(place: Place, items: readonly T[], key: (item: T) => string, work: (item: T) => Promise<void>): Promise<void>;
}

export function beginCollection(parts: Parts, options: GcOptions & { readonly signal?: AbortSignal }): Collection {
  const { signal } = options;
  const call = callOptions(signal);
  const removed: GcItem[] = [];
  const failures: GcFailure[] = [];
  const times = new Map<Place, Promise<number>>();
  /** Places that answered no: they would to every further item. */
  const closed = new Set<Place>();
  const total = { objects: 0, bytes: 0 };
  let seen: Promise<Seen> | undefined;

  async function guard(place: Place, key: string, work: () => Promise<void>): Promise<void> {
    if (closed.has(place)) return;
    signal?.throwIfAborted();
    try {
      await work();
    } catch (error) {
      const failure = asFailure(error, key === "" ? undefined : key);
      if (failure.kind === "cancelled" || signal?.aborted === true) throw failure;
      if (failure.kind === "unavailable" || failure.kind === "denied") closed.add(place);
      const { kind, message, detail } = failure;
      failures.push({ place, key, kind, reason: message, remedy: detail.remedy });
    }
  }

  return {
    parts,
    dryRun: options.dryRun === true,
    retentionMs: options.retentionMs ?? parts.project.gc.retentionMs,
    versions: options.versions ?? parts.project.gc.versions,
    call,
    removed,
    kept: [],
    failures,
    guess: (listed) => listed.reduce((newest, { modifiedMs }) => Math.max(newest, modifiedMs), parts.clock()),
    time(place) {
      let time = times.get(place);
      if (time === undefined) {
        time = parts.mayWrite([place], call).then(() => storeTime(placeOf(parts, place), parts.newId(), call));
        times.set(place, time);
      }
      return time;
    },
    seen() {
      seen ??= observe(parts, { ...call, only: "convert" });
      return seen;
    },
    note(item) {
      removed.push(item);
      total.objects += item.objects;
      total.bytes += item.bytes;
      options.onProgress?.({ ...total });
    },
    guard,
    async each(place, items, key, work) {
      const queue = makeQueue<(typeof items)[number]>(
        removersMax,
        (item) => guard(place, key(item), () => work(item)),
        signal,
      );
      items.forEach((item, at) => {
        queue.add(String(at), item);
      });
      await queue.drained();
      signal?.throwIfAborted();
    },
  };
}

export const placeOf = (parts: Parts, place: Place): Storage => parts[place];

export const isoOf = (ms: number): string => new Date(ms).toISOString();
