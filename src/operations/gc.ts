/**
 * Takes away what nothing refers to any more. Each part looks by this machine's clock first, which writes nothing; where
 * that finds something it judges once more by the store's own time, and only then removes.
 */
import type { GcItem, GcOptions, GcReport } from "../answers.ts";
import { exitCodeOf, Failure } from "../errors.ts";
import { dayMs } from "../model/calendar.ts";
import type { Parts } from "../reconcile/parts.ts";
import { leftProbes } from "../step/collect-garbage.ts";
import { beginCollection, type Collection, isoOf, type Place, placeOf } from "./gc-collection.ts";
import { collectMarts } from "./gc-marts.ts";
import { collectRaw } from "./gc-raw.ts";
import { collectTables } from "./gc-tables.ts";

/** An upload, a test of the place or an interrupted attempt that is younger may be under way, whatever the retention. */
const leftoverAgeMs = dayMs;

/** The marts first: theirs is what grows fastest. */
const places = ["marts", "tables", "raw"] as const;

const collectors: Readonly<Record<Place, (run: Collection) => Promise<void>>> = {
  marts: collectMarts,
  tables: collectTables,
  raw: collectRaw,
};

export async function gc(parts: Parts, options: GcOptions & { readonly signal?: AbortSignal } = {}): Promise<GcReport> {
  const run = beginCollection(parts, options);
  for (const place of places) {
    if (options.only !== undefined && options.only !== place) continue;
    await run.guard(place, "", () => collectors[place](run));
    await run.guard(place, "", () => collectLeftovers(run, place));
  }
  const codes = run.failures.map(({ kind }) => exitCodeOf(new Failure(kind, "")));
  return {
    at: isoOf(parts.clock()),
    dryRun: run.dryRun,
    retentionMs: run.retentionMs,
    versions: run.versions,
    removed: [...run.removed].sort(byPlace),
    kept: run.kept,
    failures: run.failures,
    exitCode: codes.includes(5) ? 5 : codes.length > 0 ? 1 : 0,
  };
}

/** By place and name; what was removed side by side came in any order. */
function byPlace(a: GcItem, b: GcItem): number {
  const order = (item: GcItem): string => [places.indexOf(item.place), item.name, item.kind, item.key].join("\t");
  return order(a) < order(b) ? -1 : 1;
}

/** What lies in a place without belonging to anything: tests of the place, uploads in pieces, scratch space. */
async function collectLeftovers(run: Collection, place: Place): Promise<void> {
  const { parts, call } = run;
  const storage = placeOf(parts, place);
  const ageMs = Math.max(run.retentionMs, leftoverAgeMs);
  const common = { place, name: "", id: undefined } as const;
  const isOld = (nowMs: number) => (object: { readonly modifiedMs: number }) => nowMs - object.modifiedMs >= ageMs;

  const listed = await leftProbes(storage, call);
  const left = listed.filter(isOld(run.guess(listed)));
  const probes = run.dryRun || left.length === 0 ? left : left.filter(isOld(await run.time(place)));
  for (const { key, size, modifiedMs } of probes) {
    if (!run.dryRun) await storage.remove(key, call);
    run.note({ ...common, kind: "probe", key, since: isoOf(modifiedMs), objects: 1, bytes: size });
  }

  const stale = (await storage.sweepUploads?.(run.guess(listed) - ageMs, { ...call, dryRun: true })) ?? [];
  const uploads =
    run.dryRun || stale.length === 0
      ? stale
      : ((await storage.sweepUploads?.((await run.time(place)) - ageMs, call)) ?? []);
  for (const { key, begunMs } of uploads) {
    const kind = key.startsWith("_staging/") ? "probe" : "upload";
    run.note({ ...common, kind, key, since: isoOf(begunMs), objects: 1, bytes: 0 });
  }

  // Scratch space lies on this machine's disk, so this machine's clock is the one that counts.
  const swept = run.dryRun ? 0 : await storage.sweep(ageMs);
  if (swept > 0) run.note({ ...common, kind: "scratch", key: "_staging/", since: undefined, objects: swept, bytes: 0 });
}
