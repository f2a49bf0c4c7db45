/**
 * A storage on a local disk: POSIX file systems and NTFS. Objects are plain files below one root, so that every program
 * can read them; scratch space and metadata lie beside them under names that begin with `_`.
 */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { asFailure, Failure } from "../errors.ts";
import { stopIfAborted } from "../pace/abort.ts";
import type { ListOptions, Metadata, ObjectDetail, ObjectInfo, ReadOptions, Storage } from "./contract.ts";
import { directoryTree, isAbsent, patiently, symbolicLink, syncAfterRemoval, systemCode } from "./durable.ts";
import { checkKey, checkName, checkPrefix, compareKeys, metadataText, quote, reservedNames } from "./keys.ts";
import { type Disk, infoOf, look, parentOf } from "./local-disk.ts";
import { listLeaves, listTree, tokenOf } from "./local-list.ts";
import { publish } from "./local-publish.ts";
import { openScratch, sweepScratch } from "./local-scratch.ts";
import { addSidecar, hasSidecar, readMetadata, removeSidecars, settle } from "./local-sidecar.ts";
import { contractTests, findings } from "./probe.ts";
import { spanOf } from "./span.ts";
import { inTurn } from "./turns.ts";

export interface LocalPlace {
  /** Absolute. */
  readonly path: string;
  /** As the user wrote it, for messages. */
  readonly name: string;
}

const chunkBytes = 1024 * 1024;

export function localStorage(place: LocalPlace): Storage {
  const { name } = place;
  const path = resolve(place.path);
  const tree = directoryTree(path, name);
  const disk: Disk = { name, path, tree };
  return {
    name,
    probe(options) {
      return findings(contractTests(this, options), options.signal);
    },
    put: async (key, body, options) => {
      const info = await guarded(disk, key, () => publish(disk, key, body, options, "replace"));
      if (info === undefined) throw new Failure("bug", `${name}: put of ${key} gave no answer`);
      return info;
    },
    putIfAbsent: (key, body, options) => guarded(disk, key, () => publish(disk, key, body, options, "create")),
    head: (key, options) =>
      guarded(disk, key, () => {
        stopIfAborted(options?.signal);
        return head(disk, key);
      }),
    annotate: (key, token, metadata, options) =>
      guarded(disk, key, () => {
        stopIfAborted(options?.signal);
        return annotate(disk, key, token, metadata);
      }),
    list: (prefix, options) => list(disk, prefix, options),
    read: (key, options) => read(disk, key, options),
    remove: (key, options) =>
      guarded(disk, key, () => {
        stopIfAborted(options?.signal);
        return inTurn(join(path, key), () => remove(disk, key));
      }),
    locate: (key) => {
      checkKey(name, key);
      checkPlatformKey(name, key);
      return join(path, ...key.split("/"));
    },
    location: (key) => {
      checkName(name, key);
      checkPlatformKey(name, key);
      const slashed = path.replaceAll("\\", "/");
      return `file://${slashed.startsWith("/") ? "" : "/"}${slashed}/${key}`;
    },
    scratch: (attempt) => failing(name, () => openScratch(tree, name, attempt)),
    sweep: (ageMs) => failing(name, () => sweep(disk, ageMs)),
  };
}

/** Checks the key, and turns whatever the file system throws into a `Failure` that names the object. */
async function guarded<T>(disk: Disk, key: string, work: () => Promise<T>): Promise<T> {
  checkKey(disk.name, key);
  checkPlatformKey(disk.name, key);
  return failing(`${disk.name}: ${key}`, work);
}

async function failing<T>(subject: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asFailure(error, subject);
  }
}

const windowsReserved =
  /[<>:"|?*]|[. ](?:\/|$)|(?:^|\/)(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.[^/]*)?(?:\/|$)/i;

/** Windows reads more than names into some characters: streams, devices, patterns, dropped dots. */
export function checkPlatformKey(name: string, key: string, platform: NodeJS.Platform = process.platform): void {
  if (platform === "win32" && windowsReserved.test(key)) {
    throw new Failure("usage", `${name}: key ${quote(key)}: Windows cannot store a file of this name`);
  }
}

async function head(disk: Disk, key: string): Promise<ObjectDetail | undefined> {
  for (;;) {
    const found = await look(disk, key);
    if (found === undefined) return undefined;
    const info = infoOf(key, found.stats);
    const kept = await readMetadata((await disk.tree.root()) ?? disk.path, key, info);
    if (kept.metadata !== undefined) return { ...info, ...kept };
    // A put that ran between the two looks moves the sidecar; only an object that stood still has none.
    const again = await look(disk, key);
    if (again === undefined || tokenOf(again.stats) === info.token) return { ...info, ...kept };
  }
}

async function annotate(disk: Disk, key: string, token: string, metadata: Metadata): Promise<void> {
  metadataText(disk.name, key, metadata);
  const found = await head(disk, key);
  if (found === undefined) throw new Failure("missing", `${disk.name}: ${key} does not exist`);
  if (found.token !== token) throw new Failure("conflict", `${disk.name}: ${key} was replaced meanwhile`);
  if (found.metadata === undefined) {
    const scratch = await openScratch(disk.tree, disk.name, `annotate-${randomUUID()}`);
    try {
      const sidecar = { key, size: found.size, token, metadata };
      if (await addSidecar(disk.tree, disk.name, scratch.directory, sidecar)) return;
    } finally {
      await scratch.dispose();
    }
  }
  const there = found.metadata ?? (await head(disk, key))?.metadata;
  // The same again is a repetition whose first answer was lost.
  if (there !== undefined && sameMetadata(there, metadata)) return;
  throw new Failure("conflict", `${disk.name}: ${key} has other metadata already`);
}

function sameMetadata(a: Metadata, b: Metadata): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

async function* list(
  disk: Disk,
  prefix: string,
  { signal, leaf, stem = "", after }: ListOptions = {},
): AsyncGenerator<readonly ObjectInfo[]> {
  checkPrefix(disk.name, prefix);
  const segments = prefix === "" ? [] : prefix.slice(0, -1).split("/");
  if (reservedNames.has(segments[0] ?? "")) return;
  try {
    stopIfAborted(signal);
    if (!(await disk.tree.check(segments))) return;
    const root = (await disk.tree.root()) ?? disk.path;
    const directory = join(root, ...segments);
    const check = (): void => stopIfAborted(signal);
    const hidden = (name: string) => name.startsWith("_") || !name.startsWith(stem);
    const pages =
      leaf === undefined
        ? listTree(directory, prefix, hidden, check)
        : listLeaves(directory, prefix, leaf, hidden, check);
    for await (const page of pages) {
      const rest = after === undefined ? page : page.filter(({ key }) => compareKeys(key, after) > 0);
      if (rest.length > 0) yield rest;
    }
  } catch (error) {
    throw asFailure(error, `${disk.name}: listing ${prefix === "" ? "everything" : prefix}`);
  }
}

async function* read(disk: Disk, key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
  checkKey(disk.name, key);
  checkPlatformKey(disk.name, key);
  const { range, token, signal } = options;
  try {
    stopIfAborted(signal);
    const found = await look(disk, key);
    if (found === undefined) throw new Failure("missing", `${disk.name}: ${key} does not exist`);
    const handle = await openObject(disk, key, found.path);
    try {
      const stats = await handle.stat();
      if (token !== undefined && tokenOf(stats) !== token) {
        throw new Failure("conflict", `${disk.name}: ${key} was replaced meanwhile`);
      }
      const { start, end } = spanOf(stats.size, range);
      for (let at = start; at < end; ) {
        stopIfAborted(signal);
        const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, end - at));
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
        if (bytesRead === 0) {
          throw new Failure("corrupt", `${disk.name}: ${key} ended at byte ${at} of ${stats.size}`);
        }
        at += bytesRead;
        yield bytesRead === chunk.length ? chunk : chunk.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw asFailure(error, `${disk.name}: ${key}`);
  }
}

async function openObject(disk: Disk, key: string, path: string) {
  // Between the look and this call the name may have become a symbolic link (ELOOP) or a pipe (which must not block).
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  try {
    return await open(path, flags);
  } catch (error) {
    if (systemCode(error) === "ELOOP") throw symbolicLink(disk.name, path);
    if (isAbsent(error)) throw new Failure("missing", `${disk.name}: ${key} does not exist`, { cause: error });
    throw error;
  }
}

async function remove(disk: Disk, key: string): Promise<void> {
  const found = await look(disk, key);
  const root = await disk.tree.root();
  if (root === undefined) return;
  if (found !== undefined) {
    await patiently(() => rm(found.path, { force: true }));
    await syncAfterRemoval(dirname(found.path));
  }
  if (found !== undefined || (await hasSidecar(root, key))) {
    await removeSidecars(disk.tree, root, key, found === undefined ? undefined : tokenOf(found.stats));
  }
  await disk.tree.prune(parentOf(key));
}

async function sweep(disk: Disk, ageMs: number): Promise<number> {
  const root = await disk.tree.root();
  if (root === undefined) return 0;
  const nowMs = Date.now();
  await settle(disk.tree, disk.name, {
    olderThanMs: nowMs - ageMs,
    tokenOf: async (key) => {
      const found = await look(disk, key);
      return found === undefined ? undefined : tokenOf(found.stats);
    },
  });
  return sweepScratch(root, ageMs, nowMs);
}
