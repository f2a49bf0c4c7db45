/**
 * Metadata of objects on a local disk, kept in sidecars: `_receipts/<key>.json`.
 *
 * The metadata must be durable before the object is visible, and a writer that loses a race must not touch the
 * winner's. Therefore a writer first writes a *pending* sidecar that is named by the token its file will have as an
 * object (inode, mtime and size do not change by rename or link), then makes the object visible, then renames the pending
 * sidecar to its place. A reader that finds no sidecar of the object's own token looks for the pending one, so a crash
 * between the last two steps loses nothing, and `settle` finishes what a crashed writer began.
 */
import { constants } from "node:fs";
import { link, lstat, open, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "../errors.ts";
import type { Metadata, ObjectDetail } from "./contract.ts";
import {
  isAbsent,
  renamePatiently,
  syncAfterRemoval,
  syncDirectory,
  systemCode,
  type Tree,
  writeSynced,
} from "./durable.ts";
import { keyFault, metadataBytesMax } from "./keys.ts";
import { type Owner, ownerText, parseJson, parseOwner, stateOf, thisProcess } from "./owner.ts";

const receiptsName = "_receipts";
const pendingName = "_pending";

export interface Sidecar {
  readonly key: string;
  readonly size: number;
  readonly token: string;
  /** Absent in the sidecar of an object that was put without metadata over one that had some. */
  readonly metadata: Metadata | undefined;
}

/** The longest text a sidecar of ours can have, with room; anything longer is not read. */
const sidecarBytesMax = 8 * (metadataBytesMax + 1024);

function sidecarPath(root: string, key: string): string {
  return join(root, receiptsName, ...`${key}.json`.split("/"));
}

function pendingPath(root: string, token: string): string {
  return join(root, receiptsName, pendingName, token);
}

export async function hasSidecar(root: string, key: string): Promise<boolean> {
  try {
    await lstat(sidecarPath(root, key));
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

export interface Pending {
  /**
   * The object is visible: puts the sidecar in its place, or removes the old one if the object has no metadata.
   * `isCurrent` tells whether the object is still the one that the sidecar describes.
   */
  promote(isCurrent: () => Promise<boolean>): Promise<void>;
  /** The object did not become visible. */
  discard(): Promise<void>;
}

const inTheWay = (name: string) => (path: string) =>
  new Failure("usage", `${name}: ${path} is a file where a directory is needed`);

export async function writePending(tree: Tree, name: string, sidecar: Sidecar): Promise<Pending> {
  const directory = await tree.make([receiptsName, pendingName], inTheWay(name));
  const pending = join(directory, sidecar.token);
  const owner: Owner = thisProcess();
  try {
    await writeSynced(pending, `${JSON.stringify({ ...sidecar, owner: ownerText(owner) })}\n`);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") await rm(pending, { force: true });
    throw error;
  }
  await syncDirectory(directory);
  return {
    promote: (isCurrent) => promote(tree, name, pending, sidecar, isCurrent),
    discard: () => rm(pending, { force: true }),
  };
}

/**
 * Another process may replace the object while this one promotes, and be overtaken by it. Looking before keeps that
 * rare; looking afterwards takes a sidecar away that describes a replaced object, so that it is never read as the
 * metadata of a successor of the same size.
 */
async function promote(
  tree: Tree,
  name: string,
  pending: string,
  sidecar: Sidecar,
  isCurrent: () => Promise<boolean>,
): Promise<void> {
  const root = await tree.root();
  if (root === undefined) throw new Failure("missing", `${name}: the place was removed`);
  const path = sidecarPath(root, sidecar.key);
  if (!(await isCurrent())) return rm(pending, { force: true });
  if (sidecar.metadata === undefined) {
    await rm(path, { force: true });
    await syncAfterRemoval(dirname(path));
    return rm(pending, { force: true });
  }
  const segments = [receiptsName, ...sidecar.key.split("/").slice(0, -1)];
  for (let tries = 1; ; tries++) {
    const directory = await tree.make(segments, inTheWay(name));
    try {
      await renamePatiently(pending, path);
      await syncDirectory(directory);
      break;
    } catch (error) {
      if (!isAbsent(error) || tries > promoteTriesMax) throw error;
      // Either another process settled the pending sidecar for us, or an emptied directory was pruned meanwhile.
      tree.forget(segments);
      if (!(await exists(pending))) return;
    }
  }
  if (!(await isCurrent()) && (await readSidecar(path))?.token === sidecar.token) await rm(path, { force: true });
}

const promoteTriesMax = 20;

/** The metadata of the object that has this token and size, or what lies in its place. */
export async function readMetadata(
  root: string,
  key: string,
  object: { readonly token: string; readonly size: number },
): Promise<Pick<ObjectDetail, "metadata" | "stray">> {
  const text = await readSmall(sidecarPath(root, key));
  const settled = text === undefined ? undefined : parseSidecar(text.text);
  if (settled?.token === object.token) return { metadata: settled.metadata };
  const pending = await readSidecar(pendingPath(root, object.token));
  if (pending !== undefined && pending.key === key && pending.token === object.token) {
    return { metadata: pending.metadata };
  }
  // A lake that was copied has other inodes and times: there the size has to do.
  if (settled?.size === object.size) return { metadata: settled.metadata };
  if (settled !== undefined) {
    const { size, metadata } = settled;
    return metadata === undefined ? { metadata } : { metadata: undefined, stray: { size, metadata } };
  }
  return { metadata: undefined, ...((await hasSidecar(root, key)) ? { stray: "unreadable" as const } : {}) };
}

/** Writes a sidecar for an object that has none; `false` if one is there already. */
export async function addSidecar(tree: Tree, name: string, scratch: string, sidecar: Sidecar): Promise<boolean> {
  const directory = await tree.make([receiptsName, ...sidecar.key.split("/").slice(0, -1)], inTheWay(name));
  const root = await tree.root();
  if (root === undefined) throw new Failure("missing", `${name}: the place was removed`);
  const written = join(scratch, "sidecar.json");
  await writeSynced(written, `${JSON.stringify(sidecar)}\n`);
  const path = sidecarPath(root, sidecar.key);
  try {
    await link(written, path);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    const there = await readSidecar(path);
    // One that belongs to no object of this size is a leftover and makes room.
    if (there !== undefined && (there.token === sidecar.token || there.size === sidecar.size)) return false;
    await renamePatiently(written, path);
  }
  await syncDirectory(directory);
  return true;
}

export async function removeSidecars(tree: Tree, root: string, key: string, token: string | undefined): Promise<void> {
  if (token !== undefined) await rm(pendingPath(root, token), { force: true });
  try {
    await rm(sidecarPath(root, key), { force: true });
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  await tree.prune([receiptsName, ...key.split("/").slice(0, -1)]);
}

/**
 * Finishes or removes pending sidecars that a crashed writer left. `tokenOf` answers what an object's token is now.
 */
export async function settle(
  tree: Tree,
  name: string,
  options: { readonly olderThanMs: number; readonly tokenOf: (key: string) => Promise<string | undefined> },
): Promise<void> {
  const root = await tree.root();
  if (root === undefined) return;
  const directory = join(root, receiptsName, pendingName);
  for (const entry of await namesIn(directory)) {
    const path = join(directory, entry);
    const text = await readSmall(path);
    if (text === undefined) continue;
    const { owner: written } = { owner: undefined, ...asRecord(parseJson(text.text)) };
    const owner = typeof written === "string" ? parseOwner(written) : undefined;
    const state = owner === undefined ? "unknown" : stateOf(owner);
    // A dead writer will not finish; of one that cannot be asked, only age tells.
    if (state === "alive" || (state === "unknown" && Math.floor(text.modifiedMs) > options.olderThanMs)) continue;
    const sidecar = parseSidecar(text.text);
    if (sidecar !== undefined && keyFault(sidecar.key) === undefined) {
      await promote(tree, name, path, sidecar, async () => (await options.tokenOf(sidecar.key)) === sidecar.token);
      continue;
    }
    await rm(path, { force: true });
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

async function readSidecar(path: string): Promise<Sidecar | undefined> {
  const found = await readSmall(path);
  return found === undefined ? undefined : parseSidecar(found.text);
}

async function readSmall(path: string): Promise<{ readonly text: string; readonly modifiedMs: number } | undefined> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    // ELOOP: a symbolic link, which is no sidecar of ours.
    if (isAbsent(error) || systemCode(error) === "ELOOP") return undefined;
    throw error;
  }
  try {
    const { size, mtimeMs } = await handle.stat();
    if (size > sidecarBytesMax) return undefined;
    return { text: await handle.readFile("utf8"), modifiedMs: mtimeMs };
  } finally {
    await handle.close();
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function parseSidecar(text: string): Sidecar | undefined {
  const record = asRecord(parseJson(text));
  if (record === undefined) return undefined;
  const { key, size, token, metadata: kept } = record;
  if (typeof key !== "string" || typeof size !== "number" || typeof token !== "string") return undefined;
  if (kept === undefined) return { key, size, token, metadata: undefined };
  const given = asRecord(kept);
  if (given === undefined) return undefined;
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== "string") return undefined;
    metadata[name] = value;
  }
  return { key, size, token, metadata };
}
