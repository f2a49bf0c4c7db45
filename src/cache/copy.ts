/**
 * One copy: a sparse file as long as its object, of which some ranges are there. It is made as a private file of this
 * process, and gets its name in the cache, and the record that names it, when something was brought and synced.
 *
 * Of several processes that make the same copy at once one's becomes known, the others stay private. Processes that share
 * one write the same bytes at the same places, and at worst lose each other's ranges from the record: what is there is then
 * fetched again, and nothing is ever claimed that is not there.
 */
import { randomBytes } from "node:crypto";
import { link, lstat, mkdir, open, rm, utimes } from "node:fs/promises";
import { isAbsent, systemCode } from "../storage/durable.ts";
import type { CopyPaths } from "./names.ts";
import { type RangeSet, union } from "./ranges.ts";
import { type CopyIdentity, readRecord, writeRecord } from "./record.ts";

export interface Copy {
  /** The file's own part of its name. */
  readonly file: string;
  present: RangeSet;
  /** The record that this copy may replace: what it names is not what it should be. */
  readonly distrusted: string | undefined;
}

/** Opens the known copy, unless it is the distrusted one, or makes an empty one. */
export async function openCopy(
  paths: CopyPaths,
  identity: CopyIdentity,
  distrusted: string | undefined,
): Promise<Copy> {
  await rm(paths.held, { force: true });
  const record = await readRecord(paths.record, identity);
  if (record !== undefined && record.file !== distrusted) {
    if (await takeOver(paths.data(record.file), paths.held, identity.size)) {
      return { file: record.file, present: record.ranges, distrusted };
    }
  }
  const file = await open(paths.held, "wx");
  try {
    await file.truncate(identity.size);
  } finally {
    await file.close();
  }
  return { file: randomBytes(8).toString("hex"), present: [], distrusted: record?.file };
}

/** Answers whether the file was there in its whole length. Its time of change is that of its last use. */
async function takeOver(data: string, held: string, size: number): Promise<boolean> {
  try {
    await link(data, held);
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
  const found = await lstat(held);
  if (!found.isFile() || found.size !== size) {
    await rm(held);
    return false;
  }
  const now = new Date();
  await utimes(held, now, now);
  return true;
}

/** Ends this process's use of a copy. Windows keeps what a reader still has open; it goes with the whole directory later. */
export async function giveBack(held: string): Promise<void> {
  try {
    await rm(held, { force: true });
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
}

/** Windows removes nothing that somebody has open. */
export function isBusy(error: unknown): boolean {
  return ["EPERM", "EBUSY", "EACCES"].includes(systemCode(error) ?? "");
}

/** What says that a file system has no hard links, or no more for this file. */
const noLinks: ReadonlySet<string | undefined> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/** Makes known what is there of the copy, which must be synced. Without hard links the copy stays this process's own. */
export async function publishCopy(paths: CopyPaths, identity: CopyIdentity, copy: Copy): Promise<void> {
  const known = await readRecord(paths.record, identity);
  const isOwn = known?.file === copy.file;
  if (known !== undefined && !isOwn && known.file !== copy.distrusted) return;
  await mkdir(paths.shard, { recursive: true });
  try {
    await link(paths.held, paths.data(copy.file));
  } catch (error) {
    if (noLinks.has(systemCode(error))) return;
    if (systemCode(error) !== "EEXIST") throw error;
  }
  const ranges = isOwn ? union(known.ranges, copy.present) : copy.present;
  await writeRecord(paths.record, paths.newTemporary(), identity, { file: copy.file, ranges });
}
