/** What every operation of a local storage works on: the root, and one object's file as it is now. */
import type { Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectInfo } from "./contract.ts";
import { isAbsent, symbolicLink, type Tree } from "./durable.ts";
import { tokenOf } from "./local-list.ts";

export interface Disk {
  readonly name: string;
  readonly path: string;
  readonly tree: Tree;
}

export const parentOf = (key: string): readonly string[] => key.split("/").slice(0, -1);

export function infoOf(key: string, stats: Stats): ObjectInfo {
  return { key, size: stats.size, token: tokenOf(stats), modifiedMs: Math.floor(stats.mtimeMs) };
}

/** The object's file as it is now; `undefined` if there is none. */
export async function look(
  disk: Disk,
  key: string,
): Promise<{ readonly path: string; readonly stats: Stats } | undefined> {
  if (!(await disk.tree.check(parentOf(key)))) return undefined;
  const root = await disk.tree.root();
  if (root === undefined) return undefined;
  const path = join(root, ...key.split("/"));
  try {
    const stats = await lstat(path);
    if (stats.isSymbolicLink()) throw symbolicLink(disk.name, path);
    return stats.isFile() ? { path, stats } : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
