/**
 * What nothing refers to any more, decided from listings, the catalog's records and ages alone. Pure. All times are of the
 * store's clock: the times of objects and records are, and `nowMs` is the time of an object that was written just now.
 */
import type { Dated } from "../catalog/contract.ts";
import type { Every } from "../model/calendar.ts";
import { intervalId, parseIntervalId } from "../model/calendar.ts";
import { matchKey } from "../model/key-pattern.ts";
import { parseRejectedKey, parseRevisionKey, parseVersionName, partitionKey, rejectedKey } from "../model/layout.ts";
import { keptFromMs } from "../schedule/cadence.ts";
import type { ObjectInfo } from "../storage/contract.ts";
import { partitionDecider, tableWindow } from "./convert-steps.ts";
import type { Seen, SourceSeen, TableSeen } from "./seen.ts";

export type { Dated };

export interface Rules {
  /** By the store's clock. */
  readonly nowMs: number;
  /** Garbage for less than this stays: somebody may still be reading it. Milliseconds. */
  readonly retentionMs: number;
}

const isOld = (sinceMs: number, { nowMs, retentionMs }: Rules): boolean => nowMs - sinceMs >= retentionMs;

export const bytesOf = (objects: readonly ObjectInfo[]): number =>
  objects.reduce((sum, object) => sum + object.size, 0);

const newestOf = (objects: readonly ObjectInfo[]): number =>
  objects.reduce((newest, object) => Math.max(newest, object.modifiedMs), Number.NEGATIVE_INFINITY);

/** The directory of one version of a mart, with everything that lies in it. */
export interface VersionDirectory {
  readonly mart: string;
  readonly name: string;
  /** The number of the record that names it, or that its builder wanted to append. */
  readonly number: number;
  readonly objects: readonly ObjectInfo[];
}

/** The version directories of each mart, from a listing of the place; objects that lie elsewhere are not ours to judge. */
export function versionDirectories(objects: Iterable<ObjectInfo>): ReadonlyMap<string, readonly VersionDirectory[]> {
  const found = new Map<string, Map<string, ObjectInfo[]>>();
  for (const object of objects) {
    const [mart = "", name = "", ...rest] = object.key.split("/");
    if (rest.length === 0 || parseVersionName(name) === undefined) continue;
    const versions = found.get(mart) ?? new Map<string, ObjectInfo[]>();
    found.set(mart, versions);
    versions.set(name, [...(versions.get(name) ?? []), object]);
  }
  const directories = new Map<string, readonly VersionDirectory[]>();
  for (const [mart, versions] of found) {
    const each = [...versions].map(([name, objects]) => ({
      mart,
      name,
      number: parseVersionName(name)?.number ?? 0,
      objects,
    }));
    directories.set(
      mart,
      each.sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1)),
    );
  }
  return directories;
}

export interface GarbageVersion {
  readonly directory: VersionDirectory;
  /** `superseded`: readers saw it once. `orphan`: it lost its swap, or its builder died. */
  readonly why: "superseded" | "orphan";
  /** Since when nothing needs it. */
  readonly sinceMs: number;
}

export interface MartGarbage {
  /** The log holds a record of the number already, so nobody can publish it any more. */
  readonly settled: readonly GarbageVersion[];
  /** Somebody can still publish it with the next number: only behind a fence of that number does it join the settled. */
  readonly open: readonly GarbageVersion[];
  /** Old, but of a number that the log is far from, or of a mart without a log: something was lost, and nothing is touched. */
  readonly unknown: readonly GarbageVersion[];
}

/** How far back the log must be known to judge these directories. */
export function isFarEnough(
  directories: readonly VersionDirectory[],
  chain: readonly Dated[],
  versions: number,
): boolean {
  const last = chain.at(-1);
  const lowest = directories.reduce((least, { number }) => Math.min(least, number), Number.POSITIVE_INFINITY);
  const isKnown = publishedVersions(chain).size >= versions && (!isRolledBack(chain) || lastBuilt(chain) !== undefined);
  return last !== undefined && last.number <= lowest && isKnown;
}

/** Newest first; a version that was gone back to counts where it was published last. */
const publishedVersions = (chain: readonly Dated[]): ReadonlySet<string> =>
  new Set(chain.flatMap(({ record }) => (record.kind === "publish" ? [record.version] : [])));

const isRolledBack = ([head]: readonly Dated[]): boolean => head?.record.rollback === true;

/** What was built last: after a rollback its manifest says which statement is not wanted, and people go forward to it again. */
const lastBuilt = (chain: readonly Dated[]): string | undefined =>
  chain.find(({ record }) => record.kind === "publish" && record.rollback !== true)?.record.version;

/**
 * `chain` is the log from the newest record down to what `isFarEnough` demands, or to its beginning. A version that was
 * replaced counts as garbage from the moment its successor was recorded, since until then it was what readers were given.
 */
export function martGarbage(
  directories: readonly VersionDirectory[],
  chain: readonly Dated[],
  rules: Rules & { readonly versions: number },
): MartGarbage {
  const [head] = chain;
  const publishes = chain.filter(({ record }) => record.kind === "publish");
  const kept = new Set([...publishedVersions(chain)].slice(0, rules.versions));
  if (head !== undefined) kept.add(head.record.version);
  const built = isRolledBack(chain) ? lastBuilt(chain) : undefined;
  if (built !== undefined) kept.add(built);
  const restored = head?.record.kind === "fence" ? head.record.restores : undefined;
  if (head !== undefined && restored !== undefined && !isOld(head.writtenMs, rules)) kept.add(restored);
  const found: GarbageVersion[] = [];
  for (const directory of directories) {
    if (kept.has(directory.name)) continue;
    const at = publishes.findIndex(({ record }) => record.version === directory.name);
    const replacedMs = publishes[at - 1]?.writtenMs;
    const why = at < 0 ? "orphan" : "superseded";
    const sinceMs = Math.max(newestOf(directory.objects), replacedMs ?? Number.NEGATIVE_INFINITY);
    if (isOld(sinceMs, rules)) found.push({ directory, why, sinceMs });
  }
  const last = head?.number;
  const isOpen = ({ directory }: GarbageVersion): boolean =>
    last !== undefined && (directory.number === last + 1 || directory.name === restored);
  return {
    settled: found.filter((each) => last !== undefined && each.directory.number <= last && !isOpen(each)),
    open: found.filter(isOpen),
    unknown: found.filter(({ directory }) => last === undefined || directory.number > last + 1),
  };
}

export interface GarbageRejected {
  readonly table: string;
  readonly id: string;
  readonly object: ObjectInfo;
}

/**
 * Rejected lines that no partition names. Those of the raw object's newest bytes are left alone even so: a conversion of
 * these bytes may be about to put them anew, under the same key, and then name them.
 */
export function rejectedGarbage(
  objects: readonly ObjectInfo[],
  seen: Pick<Seen, "sources" | "tables">,
  rules: Rules,
): readonly GarbageRejected[] {
  return objects.flatMap((object): GarbageRejected[] => {
    const parsed = parseRejectedKey(object.key);
    const table = parsed === undefined ? undefined : seen.tables.get(parsed.table);
    if (parsed === undefined || table === undefined || !isOld(object.modifiedMs, rules)) return [];
    const source = seen.sources.get(table.settings.from);
    const interval = parseIntervalId(parsed.id);
    if (interval === undefined || interval.every !== source?.settings.every) return [];
    const named = [
      table.partitions.get(interval.startMs)?.facts.rawSha256,
      source.raw.get(interval.startMs)?.facts?.sha256,
    ];
    const isNamed = named.some(
      (sha256) => sha256 !== undefined && rejectedKey(parsed.table, parsed.id, sha256) === object.key,
    );
    return isNamed ? [] : [{ table: parsed.table, id: parsed.id, object }];
  });
}

export interface ExpiredRaw {
  readonly id: string;
  readonly startMs: number;
  /** In the order of removal: the object itself first, then its later revisions, which nobody finds without it. */
  readonly objects: readonly ObjectInfo[];
  /** The partitions that were made from it, which must still be those when it is removed. */
  readonly partitions: readonly { readonly key: string; readonly token: string }[];
}

export interface RawGarbage {
  readonly expired: readonly ExpiredRaw[];
  /** Expired as well, but a table is still to be made from them. */
  readonly needed: readonly (ExpiredRaw & { readonly tables: readonly string[] })[];
}

/** What a source's `keep` lets go. `originals` and `revisions` are listings of its objects. */
export function rawGarbage(
  source: SourceSeen,
  listed: { readonly originals: readonly ObjectInfo[]; readonly revisions: readonly ObjectInfo[] },
  seen: Seen,
  rules: Rules & { readonly converter: string },
): RawGarbage {
  const { settings } = source;
  // The clock that says how old an interval is: ours, unless the store's is behind it.
  const keptMs = keptFromMs(settings, Math.min(seen.atMs, rules.nowMs));
  const byStart = new Map<number, ObjectInfo[]>();
  const note = (key: string, object: ObjectInfo): void => {
    const startMs = matchKey(settings.object, key)?.startMs;
    if (startMs === undefined || startMs >= keptMs) return;
    byStart.set(startMs, [...(byStart.get(startMs) ?? []), object]);
  };
  for (const object of listed.originals) note(object.key, object);
  for (const object of listed.revisions) note(parseRevisionKey(object.key)?.rawKey ?? "", object);
  const tables = tablesFrom(source, seen, rules.converter);
  const expired: ExpiredRaw[] = [];
  const needed: (ExpiredRaw & { readonly tables: readonly string[] })[] = [];
  for (const [startMs, objects] of [...byStart].sort(([a], [b]) => a - b)) {
    if (!isOld(newestOf(objects), rules)) continue;
    const judged = tables.map((table) => table(startMs));
    const partitions = judged.flatMap(({ partition }) => partition ?? []);
    const raw = { id: intervalId({ every: settings.every, startMs }), startMs, objects, partitions };
    const waiting = judged.flatMap(({ needs }) => needs ?? []);
    if (waiting.length === 0) expired.push(raw);
    else needed.push({ ...raw, tables: waiting });
  }
  return { expired, needed };
}

interface Judged {
  readonly partition: { readonly key: string; readonly token: string } | undefined;
  /** The table's name, if its partition is not there or not as it should be. */
  readonly needs: string | undefined;
}

/** For each table that is made from the source: whether it still needs an interval's raw object. */
function tablesFrom(source: SourceSeen, seen: Seen, converter: string): readonly ((startMs: number) => Judged)[] {
  const { every } = source.settings;
  const tables = [...seen.tables.values()].filter((table) => table.settings.from === source.settings.name);
  return tables.map((table) => {
    const decide = partitionDecider(table, source, seen, { converter });
    const { fromMs, toMs } = tableWindow(table, seen.atMs, {});
    return (startMs) => {
      const partition = partitionOf(table, every, startMs);
      const isWanted = startMs >= fromMs && startMs < toMs && source.raw.has(startMs);
      return { partition, needs: isWanted && decide(startMs) !== "current" ? table.settings.name : undefined };
    };
  });
}

function partitionOf(table: TableSeen, every: Every, startMs: number): Judged["partition"] {
  const partition = table.partitions.get(startMs);
  if (partition === undefined) return undefined;
  return { key: partitionKey(table.settings.name, intervalId({ every, startMs })), token: partition.token };
}
