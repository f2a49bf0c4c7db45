/**
 * The directory of one process's held copies: `held/<process>/`. A held copy is a hard link there, so that whatever other
 * processes remove, what this one reads stays; and that a file has more than one link tells them that it is in use.
 */
import { randomBytes } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAbsent } from "../storage/durable.ts";
import { ownerText, parseOwner, stateOf, thisProcess } from "../storage/owner.ts";

export interface Holder {
  readonly directory: string;
  /** Makes the directory, once. */
  prepare(): Promise<void>;
  /** Removes it with all links in it. */
  remove(): Promise<void>;
}

const HELD = "held";
const OWNER = "owner";
/** Where the owner cannot be asked (another host) its links are taken for abandoned after so long without a change. */
const ABANDONED_MS = 24 * 3_600_000;

export function openHolder(cache: string): Holder {
  const directory = join(cache, HELD, `${process.pid}-${randomBytes(4).toString("hex")}`);
  let prepared: Promise<void> | undefined;
  const make = async (): Promise<void> => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, OWNER), ownerText(thisProcess()));
    await sweepHolders(cache, Date.now());
  };
  return {
    directory,
    prepare() {
      prepared ??= make().catch((error: unknown) => {
        prepared = undefined;
        throw error;
      });
      return prepared;
    },
    async remove() {
      if (prepared === undefined) return;
      prepared = undefined;
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** Removes what processes that are gone have held. */
async function sweepHolders(cache: string, nowMs: number): Promise<void> {
  for (const name of await readdir(join(cache, HELD))) {
    const directory = join(cache, HELD, name);
    const owner = await ownerOf(directory);
    const state = owner === undefined ? "unknown" : stateOf(owner);
    if (state === "alive" || (state === "unknown" && !(await isAbandoned(directory, nowMs)))) continue;
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

async function ownerOf(directory: string): Promise<ReturnType<typeof parseOwner>> {
  try {
    return parseOwner(await readFile(join(directory, OWNER), "utf8"));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function isAbandoned(directory: string, nowMs: number): Promise<boolean> {
  try {
    return nowMs - (await lstat(directory)).mtimeMs > ABANDONED_MS;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}
