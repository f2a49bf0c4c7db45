/** Directories below `.cache/real/` that are there only when they are whole. */
import { randomUUID } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** An installation that takes longer than this has lost its process. Milliseconds. */
const waitMsMax = 25 * 60_000;

/**
 * Makes a directory in one step, unless it is there. Of several processes that want it at once one makes it and the
 * others wait: a lock that goes wrong costs double work, never a broken directory. A virtual environment bears being
 * renamed, as long as only its interpreter is started.
 */
export function appear(directory: string, make: (part: string) => void): void {
  mkdirSync(dirname(directory), { recursive: true });
  const lock = `${directory}.lock`;
  waitForTurn(lock, directory);
  const part = `${directory}.${randomUUID().slice(0, 8)}`;
  try {
    if (existsSync(directory)) return;
    removeLeftovers(directory);
    make(part);
    if (!existsSync(directory)) renameSync(part, directory);
  } finally {
    rmSync(part, { recursive: true, force: true });
    if (ownerOf(lock) === process.pid) rmSync(lock, { force: true });
  }
}

/** Half an installation whose process was ended. */
function removeLeftovers(directory: string): void {
  for (const name of readdirSync(dirname(directory))) {
    const isPart = name.startsWith(`${basename(directory)}.`) && /\.[0-9a-f]{8}$/.test(name);
    if (isPart && !name.includes(".lock")) rmSync(join(dirname(directory), name), { recursive: true, force: true });
  }
}

/** Returns with the lock, or when the directory has appeared, or when waiting no longer makes sense. */
function waitForTurn(lock: string, directory: string): void {
  const giveUpMs = Date.now() + waitMsMax;
  for (let told = false; !existsSync(directory) && Date.now() < giveUpMs; ) {
    if (takeLock(lock)) return;
    if (!isAlive(ownerOf(lock))) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!told) process.stderr.write(`waiting for ${basename(directory)}, which another process installs\n`);
    told = true;
    // Tests ask for their parts before they do anything else, so nothing suffers from standing still.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
  }
}

/** A link appears with its content, so that nobody reads a lock without an owner. */
function takeLock(lock: string): boolean {
  const own = `${lock}.${randomUUID().slice(0, 8)}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function ownerOf(lock: string): number | undefined {
  try {
    return Number(readFileSync(lock, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive, too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
