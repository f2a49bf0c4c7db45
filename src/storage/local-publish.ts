/**
 * Publication on a local disk: body complete and synced in `_staging/` → metadata pending and synced → rename or link
 * into place → sync of the directory → metadata in place. `link` fails if the name exists, which makes exactly one racer
 * win.
 */
import { randomUUID } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { copyFile, lstat, open, rm, rmdir } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import type { Failure } from "../errors.ts";
import { stopIfAborted } from "../pace/abort.ts";
import type { Body, Metadata, ObjectInfo, PutOptions } from "./contract.ts";
import {
  isAbsent,
  linkPatiently,
  patiently,
  renamePatiently,
  symbolicLink,
  syncDirectory,
  systemCode,
} from "./durable.ts";
import { metadataText, prefixClash } from "./keys.ts";
import { type Disk, infoOf, look, parentOf } from "./local-disk.ts";
import { tokenOf } from "./local-list.ts";
import { openScratch, stagingName } from "./local-scratch.ts";
import { hasSidecar, type Pending, writePending } from "./local-sidecar.ts";
import { inTurn } from "./turns.ts";

/** A body that is complete and synced under a name that nobody reads. */
interface Staged {
  readonly path: string;
  readonly stats: Stats;
  /** Removes what staging made; the caller's own file stays where it is unless it was published. */
  dispose(): Promise<void>;
}

async function stage(disk: Disk, body: Body): Promise<Staged> {
  const own = body instanceof Uint8Array ? undefined : await ownScratchFile(disk, body.file);
  if (own !== undefined) return { path: own, stats: await seal(own), dispose: async () => undefined };
  const scratch = await openScratch(disk.tree, disk.name, `put-${randomUUID()}`);
  try {
    const path = join(scratch.directory, "body");
    if (body instanceof Uint8Array) {
      const handle = await open(path, "wx");
      try {
        await handle.writeFile(body);
      } finally {
        await handle.close();
      }
    } else {
      await copyFile(body.file, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    }
    return { path, stats: await seal(path), dispose: scratch.dispose };
  } catch (error) {
    await scratch.dispose();
    throw error;
  }
}

/** The real path of a body that may be moved: a plain file in our own scratch space without a second name. */
async function ownScratchFile(disk: Disk, file: string): Promise<string | undefined> {
  const root = await disk.tree.root();
  if (root === undefined) return undefined;
  const at = resolve(file);
  const below = [disk.path, root].find((base) => at.startsWith(join(base, stagingName) + sep));
  if (below === undefined) return undefined;
  const segments = at.slice(below.length + 1).split(sep);
  if (!(await disk.tree.check(segments.slice(0, -1)))) return undefined;
  const path = join(root, ...segments);
  const stats = await lstat(path);
  return stats.isFile() && stats.nlink === 1 ? path : undefined;
}

let stamps = 0;

/**
 * The current time, different for each of the puts of a process that share a millisecond: an inode that is freed and
 * used again at once must not make the same token.
 */
function stampSeconds(): number {
  stamps = (stamps + 1) % 500;
  return (Date.now() + stamps * 0.002) / 1000;
}

/** Gives the file the time of its publication, syncs it, and returns what it will look like as an object. */
async function seal(path: string): Promise<Stats> {
  const handle = await open(path, "r+");
  try {
    const at = stampSeconds();
    await handle.utimes(at, at);
    await handle.sync();
    return await handle.stat();
  } finally {
    await handle.close();
  }
}

export async function publish(
  disk: Disk,
  key: string,
  body: Body,
  options: PutOptions | undefined,
  mode: "replace" | "create",
): Promise<ObjectInfo | undefined> {
  const { metadata, signal } = options ?? {};
  if (metadata !== undefined) metadataText(disk.name, key, metadata);
  stopIfAborted(signal);
  if (mode === "create" && (await look(disk, key)) !== undefined) return undefined;
  const staged = await stage(disk, body);
  try {
    stopIfAborted(signal);
    return await inTurn(join(disk.path, key), () => show(disk, key, staged, metadata, mode));
  } finally {
    await staged.dispose();
  }
}

/**
 * Makes the staged file visible with its metadata. Within a process one after the other for each key. Between processes
 * only replacements of the same key with metadata at the same moment can meet, and then the object may end without
 * metadata (see `promote`), never with another's.
 */
async function show(
  disk: Disk,
  key: string,
  staged: Staged,
  metadata: Metadata | undefined,
  mode: "replace" | "create",
): Promise<ObjectInfo | undefined> {
  const info = infoOf(key, staged.stats);
  const pending = await announce(disk, info, metadata);
  let directory: string;
  let visible: boolean;
  try {
    ({ directory, visible } = await place(disk, key, staged.path, mode));
  } catch (error) {
    await pending?.discard();
    throw error;
  }
  // Whoever lost syncs too: its next steps build on an object whose writer may not have come to this line.
  await syncDirectory(directory);
  if (!visible) {
    await pending?.discard();
    return undefined;
  }
  // After a link, the object must not keep a second name through which its bytes could be changed.
  if (mode === "create") await patiently(() => rm(staged.path, { force: true }));
  await pending?.promote(async () => {
    const there = await look(disk, key);
    return there !== undefined && tokenOf(there.stats) === info.token;
  });
  return info;
}

async function announce(disk: Disk, info: ObjectInfo, metadata: Metadata | undefined): Promise<Pending | undefined> {
  const root = await disk.tree.root();
  // Without metadata there is something to do only where an older object's sidecar could be taken for the new one's.
  if (metadata === undefined && (root === undefined || !(await hasSidecar(root, info.key)))) return undefined;
  return writePending(disk.tree, disk.name, { key: info.key, size: info.size, token: info.token, metadata });
}

/** Directories that vanish under a put because somebody prunes them are made again this many times. */
const placeTriesMax = 20;

interface Placed {
  readonly directory: string;
  /** `false`: it must not replace the one that is there. */
  readonly visible: boolean;
}

/** Makes the staged file the object. When it throws, the object did not become visible. */
async function place(disk: Disk, key: string, staged: string, mode: "replace" | "create"): Promise<Placed> {
  const segments = parentOf(key);
  for (let tries = 1; ; tries++) {
    const directory = await disk.tree.make(segments, (path) => clashWith(disk, key, path));
    await disk.tree.check(segments);
    const target = join(directory, key.slice(key.lastIndexOf("/") + 1));
    try {
      if ((await standing(disk, target)) === "directory") {
        // Left behind by a removal that was interrupted; with anything in it this fails.
        await rmdir(target);
        disk.tree.forget(key.split("/"));
      }
      if (mode === "create") return { directory, visible: await linkNew(disk, staged, target) };
      await renamePatiently(staged, target);
      return { directory, visible: true };
    } catch (error) {
      const code = systemCode(error) ?? "";
      if (clashCodes.has(code)) throw prefixClash(disk.name, key, `${key}/…`);
      if (!isAbsent(error) || tries >= placeTriesMax) throw error;
      disk.tree.forget(segments);
    }
  }
}

const clashCodes: ReadonlySet<string> = new Set(["ENOTEMPTY", "EISDIR", "EEXIST"]);

async function standing(disk: Disk, target: string): Promise<"directory" | "file" | undefined> {
  try {
    const stats = await lstat(target);
    if (stats.isSymbolicLink()) throw symbolicLink(disk.name, target);
    return stats.isDirectory() ? "directory" : "file";
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function linkNew(disk: Disk, staged: string, target: string): Promise<boolean> {
  try {
    await linkPatiently(staged, target);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    if ((await standing(disk, target)) === "directory") throw error;
    return false;
  }
  return true;
}

function clashWith(disk: Disk, key: string, path: string): Failure {
  const other = path
    .slice(disk.path.length + 1)
    .split(sep)
    .join("/");
  return prefixClash(disk.name, key, other);
}
