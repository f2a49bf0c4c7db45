/** Scratch directories of a local storage: `_staging/<attempt>/` with a file that names the owner. */
import { randomUUID } from "node:crypto";
import { lstat, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import type { Scratch } from "./contract.ts";
import { isAbsent, systemCode, type Tree } from "./durable.ts";
import { ownerText, parseOwner, stateOf, thisProcess } from "./owner.ts";

export const stagingName = "_staging";
const ownerName = ".owner.json";

const attemptPattern = /^[A-Za-z0-9][A-Za-z0-9._@=-]{0,199}$/;

/**
 * Makes `_staging/<attempt>`, or takes over what a released attempt or a dead process left under that name. While its
 * owner lives, the caller gets a directory of its own.
 */
export async function openScratch(tree: Tree, name: string, attempt: string): Promise<Scratch> {
  if (!attemptPattern.test(attempt)) {
    throw new Failure("usage", `${name}: ${JSON.stringify(attempt)} cannot name a scratch directory`);
  }
  const inTheWay = (path: string) => new Failure("usage", `${name}: ${path} is a file where a directory is needed`);
  for (let unique = attempt; ; unique = `${attempt}.${randomUUID().slice(0, 8)}`) {
    const directory = await tree.makePassing([stagingName, unique], inTheWay);
    try {
      await claim(directory);
    } catch (error) {
      // EEXIST: the name is taken. ENOENT: swept or pruned between the two calls.
      if (systemCode(error) === "EEXIST" || isAbsent(error)) continue;
      throw error;
    }
    return {
      directory,
      async dispose() {
        await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      },
      async release() {
        await rm(join(directory, ownerName), { force: true });
      },
    };
  }
}

/** Puts this process's name on the directory. EEXIST if somebody who lives, or may live, has it. */
async function claim(directory: string): Promise<void> {
  const file = join(directory, ownerName);
  const owner = parseOwner(await textOf(file));
  if (owner !== undefined && stateOf(owner) === "gone") {
    // Of several processes that find the dead one's mark, only one can move it away; the others meet ENOENT.
    const mark = `${file}.${randomUUID()}`;
    await rename(file, mark);
    await rm(mark);
  }
  await writeFile(file, ownerText(thisProcess()), { flag: "wx" });
}

/**
 * Removes the scratch directories whose last change is older than `ageMs`, unless their owner lives. Where the owner
 * cannot be asked (another host) or is not named, age alone decides.
 */
export async function sweepScratch(root: string, ageMs: number, nowMs: number): Promise<number> {
  const staging = join(root, stagingName);
  let swept = 0;
  for (const entry of await entriesOf(staging)) {
    const path = join(staging, entry);
    const changedMs = await lastChangeMs(path);
    if (changedMs === undefined || nowMs - changedMs < ageMs) continue;
    const owner = parseOwner(await textOf(join(path, ownerName)));
    if (owner !== undefined && stateOf(owner) === "alive") continue;
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    swept++;
  }
  return swept;
}

/** The latest change of the directory or of anything directly in it. */
async function lastChangeMs(path: string): Promise<number | undefined> {
  let latest = await changeMs(path);
  for (const entry of await entriesOf(path)) {
    const at = await changeMs(join(path, entry));
    if (at !== undefined && (latest === undefined || at > latest)) latest = at;
  }
  return latest;
}

async function changeMs(path: string): Promise<number | undefined> {
  try {
    // In whole milliseconds, as the clock it is compared with: otherwise what just changed lies in the future.
    return Math.floor((await lstat(path)).mtimeMs);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function entriesOf(path: string): Promise<string[]> {
  try {
    if (!(await lstat(path)).isDirectory()) return [];
    return await readdir(path);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isAbsent(error)) return "";
    throw error;
  }
}
