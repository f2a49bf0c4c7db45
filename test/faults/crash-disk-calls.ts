/**
 * Recording calls in the place of those of `node:fs` that make, name, sync or remove something. Whoever imported the calls
 * by name gets the recording ones as well.
 */
import fs, { type PathLike } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

export interface Tracker {
  /** The absolute path, if what happens there is recorded. */
  inside(path: PathLike): string | undefined;
  /** A call has come to its end. */
  done(what: string): void;
  /** Something may be new at this path; answers whether it is. */
  made(path: string): boolean;
  removed(path: string): void;
  renamed(from: string, to: string): void;
  linked(from: string, to: string): void;
  /** Asked before a sync begins; the answer is to be called when it has ended. */
  syncing(path: string): () => void;
}

/** The calls as they are, for the recording itself. */
export const real = { ...fs };
const realPromises = { ...fs.promises };

/** Begins to record. Answers how to end that. */
export function patch(tracker: Tracker): () => void {
  const { inside, done } = tracker;
  const note = (what: string, path: PathLike, change: (at: string) => boolean | undefined): void => {
    const at = inside(path);
    if (at !== undefined && change(at) !== false) done(`${what} ${at}`);
  };
  const made = (path: PathLike): void => note("make", path, tracker.made);
  const removed = (path: PathLike): void => note("remove", path, (at) => void tracker.removed(at));
  const moved = (from: PathLike, to: PathLike, change: (from: string, to: string) => void, what: string): void => {
    const [source, target] = [inside(from), inside(to)];
    if (target === undefined && source === undefined) return;
    if (source === undefined || target === undefined) throw new Error(`${from} → ${to} leaves the recorded disk`);
    change(source, target);
    done(`${what} ${target}`);
  };
  const sync = (path: PathLike): (() => void) => {
    const at = inside(path);
    if (at === undefined) return () => undefined;
    const ended = tracker.syncing(at);
    return () => {
      ended();
      done(`sync ${at}`);
    };
  };
  const notes = { made, removed, moved, sync };
  const restorePromises = replace(fs.promises, promiseCalls(notes, tracker));
  const restore = replace(fs, syncCalls(notes, tracker));
  syncBuiltinESMExports();
  return () => {
    restorePromises();
    restore();
    syncBuiltinESMExports();
  };
}

function replace(target: object, calls: object): () => void {
  const before = Object.keys(calls).map((name): [string, unknown] => [name, Reflect.get(target, name)]);
  Object.assign(target, calls);
  return () => void Object.assign(target, Object.fromEntries(before));
}

interface Notes {
  readonly made: (path: PathLike) => void;
  readonly removed: (path: PathLike) => void;
  readonly moved: (from: PathLike, to: PathLike, change: (from: string, to: string) => void, what: string) => void;
  readonly sync: (path: PathLike) => () => void;
}

type Promises = typeof fs.promises;

/** A function cannot be given the type of `mkdir`, whose answer depends on its options; that it returns what it got is enough. */
type PromiseCalls = Omit<Partial<Promises>, "mkdir"> & {
  readonly mkdir: (...args: Parameters<Promises["mkdir"]>) => Promise<string | undefined>;
};

function promiseCalls({ made, removed, moved, sync }: Notes, tracker: Tracker): PromiseCalls {
  const syncing = (handle: FileHandle, path: PathLike): FileHandle => {
    const recorded = (work: () => Promise<void>) => async (): Promise<void> => {
      const ended = sync(path);
      await work();
      ended();
    };
    return Object.assign(handle, {
      sync: recorded(handle.sync.bind(handle)),
      datasync: recorded(handle.datasync.bind(handle)),
    });
  };
  return {
    async open(path, flags, mode) {
      const handle = await realPromises.open(path, flags, mode);
      made(path);
      return syncing(handle, path);
    },
    async rename(from, to) {
      await realPromises.rename(from, to);
      moved(from, to, tracker.renamed, "rename to");
    },
    async link(from, to) {
      await realPromises.link(from, to);
      moved(from, to, tracker.linked, "link to");
    },
    async copyFile(from, to, mode) {
      await realPromises.copyFile(from, to, mode);
      made(to);
    },
    async writeFile(path, data, options) {
      await realPromises.writeFile(path, data, options);
      if (typeof path === "string") made(path);
    },
    mkdir: async (...args) => {
      const first = await realPromises.mkdir(...args);
      made(args[0]);
      return first;
    },
    async unlink(path) {
      await realPromises.unlink(path);
      removed(path);
    },
    async rmdir(path) {
      await realPromises.rmdir(path);
      removed(path);
    },
    async rm(path, options) {
      await realPromises.rm(path, options);
      removed(path);
    },
  };
}

function syncCalls({ made, removed, moved, sync }: Notes, tracker: Tracker): Partial<typeof fs> {
  const paths = new Map<number, PathLike>();
  return {
    openSync(path, flags, mode) {
      const file = real.openSync(path, flags, mode);
      paths.set(file, path);
      made(path);
      return file;
    },
    fsyncSync(file) {
      const ended = sync(paths.get(file) ?? "/");
      real.fsyncSync(file);
      ended();
    },
    renameSync(from, to) {
      real.renameSync(from, to);
      moved(from, to, tracker.renamed, "rename to");
    },
    rmSync(path, options) {
      real.rmSync(path, options);
      removed(path);
    },
    unlinkSync(path) {
      real.unlinkSync(path);
      removed(path);
    },
  };
}
