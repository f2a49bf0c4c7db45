/**
 * Listing a tree of files quickly: synchronous calls, because 87,600 trips through the thread pool cost seconds, in
 * pages between which the event loop gets its turn.
 */
import { type Dir, type Dirent, lstatSync, opendirSync, readdirSync, type Stats } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import type { ObjectInfo } from "./contract.ts";
import { isAbsent } from "./durable.ts";
import { compareEnded, end, isSegment, slash } from "./keys.ts";

/** Objects in a page, and file system calls between two turns of the event loop. */
const pageLength = 512;
const callsPerTurn = 8192;

export interface Stamp {
  readonly ino: number;
  readonly mtimeMs: number;
  readonly size: number;
}

/**
 * Inode, time of change in microseconds and size. `mtimeMs` is a double and exact to a quarter of a microsecond today,
 * a tenth of what asking for nanoseconds as BigInt costs; `put` gives every object a time of its own to that precision,
 * so an inode that is reused at once does not repeat a token.
 */
export function tokenOf({ ino, mtimeMs, size }: Stamp): string {
  return `${ino}-${Math.round(mtimeMs * 1000)}-${size}`;
}

export async function* listTree(
  directory: string,
  prefix: string,
  hidden: (name: string) => boolean,
  check: () => void,
): AsyncGenerator<readonly ObjectInfo[]> {
  const budget = { calls: 0 };
  let page: ObjectInfo[] = [];
  for (const found of walk(directory, prefix, hidden, budget)) {
    if (found !== undefined) page.push(found);
    if (page.length >= pageLength) {
      yield page;
      page = [];
    }
    if (budget.calls >= callsPerTurn || page.length === 0) {
      budget.calls = 0;
      await turn();
      check();
    }
  }
  if (page.length > 0) yield page;
}

/** The objects named `leaf` in the directories directly below: one call each instead of three. */
export async function* listLeaves(
  directory: string,
  prefix: string,
  leaf: string,
  hidden: (name: string) => boolean,
  check: () => void,
): AsyncGenerator<readonly ObjectInfo[]> {
  const names = sortedDirectories(directory, hidden);
  for (let at = 0; at < names.length; at += pageLength) {
    const page: ObjectInfo[] = [];
    for (const name of names.slice(at, at + pageLength)) {
      const stats = lstatSync(`${directory}/${name}/${leaf}`, { throwIfNoEntry: false });
      if (stats?.isFile() === true) page.push(infoOf(`${prefix}${name}/${leaf}`, stats));
    }
    if (page.length > 0) yield page;
    await turn();
    check();
  }
}

/** Names of the directories directly below, as their objects' keys sort. Entries are read one by one, since there may be 87,600. */
function sortedDirectories(directory: string, hidden: (name: string) => boolean): string[] {
  const names: string[] = [];
  let open: Dir;
  try {
    open = opendirSync(directory, { bufferSize: 1024 });
  } catch (error) {
    // Removed while the listing ran.
    if (isAbsent(error)) return [];
    throw error;
  }
  try {
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
      // A symbolic link is no directory here, so none is followed.
      if (entry.isDirectory() && !hidden(entry.name) && isSegment(entry.name)) names.push(entry.name);
    }
  } finally {
    open.closeSync();
  }
  return names.sort((a, b) => compareEnded(a, slash, b, slash));
}

const infoOf = (key: string, stats: Stats): ObjectInfo => ({
  key,
  size: stats.size,
  token: tokenOf(stats),
  modifiedMs: Math.floor(stats.mtimeMs),
});

/** Yields objects in the order of their keys, and `undefined` from time to time where there are none. */
function* walk(
  directory: string,
  prefix: string,
  hidden: (name: string) => boolean,
  budget: { calls: number },
): Generator<ObjectInfo | undefined> {
  for (const entry of sortedEntries(directory)) {
    if (hidden(entry.name) || !isSegment(entry.name)) continue;
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) {
      yield* walk(path, `${prefix}${entry.name}/`, nothingHidden, budget);
    } else if (entry.isFile()) {
      // Neither symbolic links nor sockets and devices are objects.
      const stats = lstatSync(path, { throwIfNoEntry: false });
      budget.calls++;
      if (stats?.isFile() !== true) continue;
      yield infoOf(prefix + entry.name, stats);
    }
  }
  budget.calls++;
  if (budget.calls >= callsPerTurn) yield undefined;
}

const nothingHidden = () => false;

function sortedEntries(directory: string): Dirent[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    // Removed while the listing ran.
    if (isAbsent(error)) return [];
    throw error;
  }
  if (entries.length < 2) return entries;
  // A directory sorts as the keys of its children do: with the slash.
  return entries.sort((a, b) =>
    compareEnded(a.name, a.isDirectory() ? slash : end, b.name, b.isDirectory() ? slash : end),
  );
}
