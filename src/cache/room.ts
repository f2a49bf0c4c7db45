/**
 * Keeps a cache's directory within its bound: what was used longest ago goes first, and nothing that anybody holds.
 *
 * How much there is nobody keeps count of: processes come and go, and a count would be wrong after the first crash. It is
 * looked at, file by file, on average every 64th of the bound that any process fetched: each fetch draws a lot with odds by
 * its bytes.
 */
import type { Stats } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isAbsent } from "../storage/durable.ts";
import { isBusy } from "./copy.ts";
import { parseEntryName, SHARD } from "./names.ts";

export interface Room {
  /** Takes note of what was fetched, and makes room where it is time to. */
  grew(bytes: number): Promise<void>;
  /** Takes note that nothing is held any more. */
  idle(): Promise<void>;
  /** Removes what nobody holds until so many bytes are free, and answers how many became so. */
  free(bytes: number): Promise<number>;
}

const LOOKS_A_BOUND = 64;
/** Down to this share of the bound, so that not every fetch removes something. */
const KEPT_SHARE = 0.9;
/** A record that was being written when its process died. */
const TEMPORARY_MS = 3_600_000;

export function openRoom(directory: string, bytesMax: number, random: () => number): Room {
  let isOver = false;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const found = await findCopies(directory);
    const total = found.reduce((sum, copy) => sum + copy.bytes, 0);
    isOver = total > bytesMax;
    if (!isOver) return;
    const freed = await removeOldest(found, total - KEPT_SHARE * bytesMax);
    isOver = total - freed > bytesMax;
  }

  function makeRoom(): Promise<void> {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  return {
    async grew(bytes) {
      if (bytes > 0 && random() * bytesMax < bytes * LOOKS_A_BOUND) await makeRoom();
    },
    async idle() {
      if (isOver) await makeRoom();
    },
    async free(bytes) {
      return removeOldest(await findCopies(directory), bytes);
    },
  };
}

interface FoundCopy {
  /** The data, and the record unless it names another file. */
  readonly paths: readonly string[];
  /** Really allocated. */
  readonly bytes: number;
  readonly usedMs: number;
  readonly isHeld: boolean;
}

async function findCopies(directory: string): Promise<FoundCopy[]> {
  const found: FoundCopy[] = [];
  for (const shard of (await entriesOf(directory)).filter((name) => SHARD.test(name))) {
    found.push(...(await findIn(join(directory, shard))));
  }
  return found;
}

async function findIn(shard: string): Promise<FoundCopy[]> {
  const entries = (await entriesOf(shard)).map((entry) => ({
    path: join(shard, entry),
    parsed: parseEntryName(entry),
  }));
  const records = new Map(
    entries.flatMap(({ path, parsed }) => (parsed?.kind === "record" ? [[parsed.name, path]] : [])),
  );
  const found: FoundCopy[] = [];
  const named = new Set<string>();
  for (const { path, parsed } of entries) {
    if (parsed === undefined || parsed.kind === "record") continue;
    const stats = await statsOf(path);
    if (stats === undefined) continue;
    if (parsed.kind === "temporary") {
      if (Date.now() - stats.mtimeMs > TEMPORARY_MS) await rm(path, { force: true });
      continue;
    }
    const record = records.get(parsed.name);
    named.add(parsed.name);
    // A file that no record names serves nobody; it counts as the oldest.
    const usedMs = record === undefined ? 0 : stats.mtimeMs;
    const paths = record === undefined ? [path] : [record, path];
    found.push({ paths, bytes: allocated(stats), usedMs, isHeld: stats.nlink > 1 });
  }
  for (const [name, path] of records) if (!named.has(name)) await rm(path, { force: true });
  return found;
}

function allocated({ blocks, size }: Stats): number {
  return Number.isFinite(blocks) ? blocks * 512 : size;
}

/** The record goes first: a copy without one is not there. */
async function removeOldest(found: readonly FoundCopy[], bytes: number): Promise<number> {
  const unused = found.filter((copy) => !copy.isHeld).sort((a, b) => a.usedMs - b.usedMs);
  let freed = 0;
  for (const copy of unused) {
    if (freed >= bytes) break;
    if (await remove(copy.paths)) freed += copy.bytes;
  }
  return freed;
}

async function remove(paths: readonly string[]): Promise<boolean> {
  try {
    for (const path of paths) await rm(path, { force: true });
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

async function entriesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
