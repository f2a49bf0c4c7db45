/**
 * Making files and directory entries survive a power cut on a local disk, and the few places where Windows differs:
 * it cannot sync a directory, and renaming over a file that a scanner or an indexer has open fails for a moment.
 */
import { constants } from "node:fs";
import { link, lstat, mkdir, open, realpath, rename, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../errors.ts";

/** For how long a rename is repeated on Windows while somebody else holds the file. */
export const renamePatienceMs = 10_000;

export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Absent in either form: no such name, or a parent that is a file. */
export function isAbsent(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** `read only` is enough for POSIX; Windows flushes only handles that may write. */
const syncFlags = process.platform === "win32" ? "r+" : "r";

export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, syncFlags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A directory that another removal has emptied and pruned meanwhile needs no sync any more: its parent was synced for that. */
export async function syncAfterRemoval(path: string): Promise<void> {
  try {
    await syncDirectory(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** Writes a new file and syncs it; the name's own durability is the caller's. */
export async function writeSynced(path: string, bytes: Uint8Array | string): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const busyCodes: ReadonlySet<string> = new Set(["EPERM", "EBUSY", "EACCES"]);

export interface Patience {
  readonly platform: NodeJS.Platform;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

const patience: Patience = { platform: process.platform, nowMs: () => performance.now(), sleep: (ms) => delay(ms) };

/** Repeats on Windows what fails because somebody else has the file open, for at most ten seconds. */
export async function patiently<T>(
  operation: () => Promise<T>,
  { platform, nowMs, sleep }: Patience = patience,
): Promise<T> {
  const untilMs = nowMs() + renamePatienceMs;
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 500)) {
    try {
      return await operation();
    } catch (error) {
      if (platform !== "win32" || !busyCodes.has(systemCode(error) ?? "") || nowMs() + waitMs > untilMs) throw error;
    }
    await sleep(waitMs);
  }
}

export function renamePatiently(from: string, to: string): Promise<void> {
  return patiently(() => rename(from, to));
}

export function linkPatiently(from: string, to: string): Promise<void> {
  return patiently(() => link(from, to));
}

/** The directories below one root: made when needed, durable once, never reached through a symbolic link. */
export interface Tree {
  /** The root without symbolic links, or `undefined` while it does not exist. */
  root(): Promise<string | undefined>;
  /**
   * Makes the directory of these segments below the root and returns its path. When it returns, the directory and all
   * above it are durable, whoever made them. A file in the way is reported by `onFile` with the segments that lead to it.
   */
  make(segments: readonly string[], onFile: (path: string) => Failure): Promise<string>;
  /** As `make`, for what need not survive a power cut. */
  makePassing(segments: readonly string[], onFile: (path: string) => Failure): Promise<string>;
  /** Throws `denied` if the directory is reached through a symbolic link; answers whether it exists. */
  check(segments: readonly string[]): Promise<boolean>;
  /** Forgets what is known of the directory: somebody removed it. */
  forget(segments: readonly string[]): void;
  /** Removes the directory and those above it, below the root, as far as they are empty. */
  prune(segments: readonly string[]): Promise<void>;
}

/** More directories than this are not remembered; forgetting one costs one more sync. */
const rememberedMax = 10_000;
const makeTriesMax = 20;

export function directoryTree(path: string, name: string): Tree {
  let real: string | undefined;
  const made = new Map<string, Promise<void>>();

  async function root(): Promise<string | undefined> {
    if (real !== undefined) return real;
    try {
      real = await realpath(path);
      return real;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async function makeRoot(): Promise<string> {
    const found = await root();
    if (found !== undefined) return found;
    const first = await mkdir(path, { recursive: true });
    if (first !== undefined) {
      for (let at = path; at.length >= first.length; at = dirname(at)) await syncDirectory(dirname(at));
    }
    return (await root()) ?? path;
  }

  async function makeOne(at: string, onFile: (path: string) => Failure, durable: boolean): Promise<void> {
    try {
      await mkdir(at);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
      const found = await lstat(at);
      if (found.isSymbolicLink()) throw symbolicLink(name, at);
      if (!found.isDirectory()) throw onFile(at);
    }
    if (durable) await syncDirectory(dirname(at));
  }

  const make: Tree["make"] = (segments, onFile) => again(segments, () => makeAll(segments, onFile));

  const makePassing: Tree["make"] = (segments, onFile) =>
    again(segments, async () => {
      let at = await makeRoot();
      for (const segment of segments) {
        at = join(at, segment);
        await makeOne(at, onFile, false);
      }
      return at;
    });

  /** Begins again when somebody removed a directory between two of our calls, or the whole place since the last. */
  async function again(segments: readonly string[], work: () => Promise<string>): Promise<string> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (systemCode(error) !== "ENOENT" || tries >= makeTriesMax) throw error;
        forget(segments);
        real = undefined;
      }
    }
  }

  async function makeAll(segments: readonly string[], onFile: (path: string) => Failure): Promise<string> {
    let at = await makeRoot();
    for (const segment of segments) {
      at = join(at, segment);
      let making = made.get(at);
      if (making === undefined) {
        if (made.size >= rememberedMax) made.clear();
        making = makeOne(at, onFile, true);
        made.set(at, making);
        const failed = at;
        making.catch(() => made.delete(failed));
      }
      await making;
    }
    return at;
  }

  async function check(segments: readonly string[]): Promise<boolean> {
    const base = await root();
    if (base === undefined) return false;
    const expected = join(base, ...segments);
    try {
      const found = await realpath(expected);
      if (sameName(found, expected)) return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      if (systemCode(error) !== "ELOOP") throw error;
    }
    throw symbolicLink(name, expected);
  }

  function forget(segments: readonly string[]): void {
    let at = real ?? path;
    for (const segment of segments) {
      at = join(at, segment);
      made.delete(at);
    }
  }

  async function prune(segments: readonly string[]): Promise<void> {
    const base = await root();
    if (base === undefined) return;
    for (let depth = segments.length; depth > 0; depth--) {
      const at = join(base, ...segments.slice(0, depth));
      try {
        await rmdir(at);
      } catch (error) {
        // Not empty, in use or already gone: pruning is a courtesy and stops here.
        if (systemCode(error) !== undefined) return;
        throw error;
      }
      made.delete(at);
    }
  }

  return { root, make, makePassing, check, forget, prune };
}

/** Windows finds names whatever their case and answers with the one on disk. */
function sameName(found: string, expected: string): boolean {
  return process.platform === "win32" ? found.toLowerCase() === expected.toLowerCase() : found === expected;
}

export function symbolicLink(name: string, path: string): Failure {
  return new Failure("denied", `${name}: ${path} is or lies behind a symbolic link, and a lake follows none`, {
    remedy: "replace the link by a real directory or file, or name its target as the place",
  });
}
