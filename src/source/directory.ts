/** A place of an archive in a local or mounted directory. */
import { createHash } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { lstat, open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { asFailure, Failure } from "../errors.ts";
import type { Interval } from "../model/calendar.ts";
import { formatKey } from "../model/key-pattern.ts";
import type { SourceLocation } from "../model/project.ts";
import { stopIfAborted } from "../pace/abort.ts";
import type { Rate } from "../pace/rate.ts";
import type { Validator } from "./contract.ts";
import type { Mirror, MirrorAnswer, MirrorRequest } from "./mirror.ts";
import { forgetPart } from "./part.ts";

export interface DirectoryPlace {
  readonly location: SourceLocation;
  readonly bytes: Rate;
  readonly requests: Rate;
  readonly bytesMax: number;
}

const chunkBytes = 1024 * 1024;

export function directoryMirror(place: DirectoryPlace): Mirror {
  const { base, pattern } = place.location;
  const pathOf = (interval: Interval): string => join(base, ...formatKey(pattern, interval).split("/"));
  return {
    locate: pathOf,
    async fetchOnce(request) {
      const path = pathOf(request.interval);
      try {
        await place.requests.take(1, request.signal);
        return await copy(place, path, request);
      } catch (error) {
        throw asFailure(error, path);
      }
    },
    // Copying again is as quick as finding out what is there.
    resumable: async () => 0,
    async probe(interval, signal) {
      stopIfAborted(signal);
      const path = pathOf(interval);
      try {
        const found = await find(base, path);
        return found === undefined ? `${base} can be read; ${path} is not there` : `${path} can be read`;
      } catch (error) {
        throw asFailure(error, path);
      }
    },
    close: async () => undefined,
  };
}

/**
 * The file's real path, which lies inside the base; `undefined` if there is none. A base that is not there is a failure and
 * no absence: a share that is not mounted must not look like an archive full of gaps.
 */
async function find(base: string, path: string): Promise<string | undefined> {
  let root: string;
  try {
    root = await realpath(base);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    throw new Failure("unavailable", `${base}: the directory does not exist`, {
      remedy: "check the path, and that the share is mounted",
    });
  }
  let real: string;
  try {
    real = await realpath(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new Failure("denied", `${path}: a symbolic link leads out of ${base}`);
  }
  return real;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

async function copy(place: DirectoryPlace, path: string, request: MirrorRequest): Promise<MirrorAnswer> {
  const real = await find(place.location.base, path);
  if (real === undefined) return { kind: "absent", url: path };
  await forgetPart(request.file);
  const source = await open(real, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const before = await source.stat();
    if (!before.isFile()) throw new Failure("denied", `${path}: not a plain file`);
    const validator = validatorOf(before);
    if (request.unlessValidator?.etag === validator.etag) return { kind: "unchanged", url: path };
    if (before.size > place.bytesMax) throw new Failure("corrupt", `${path}: longer than ${place.bytesMax} bytes`);
    const hash = createHash("sha256");
    const target = await open(request.file, "w");
    let at = 0;
    try {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      for (;;) {
        stopIfAborted(request.signal);
        // One byte more than expected shows a file that grew.
        const length = Math.min(chunk.length, before.size - at + 1);
        const { bytesRead } = await source.read(chunk, 0, length, at);
        if (bytesRead === 0) break;
        await place.bytes.take(bytesRead, request.signal);
        await target.writeFile(chunk.subarray(0, bytesRead));
        hash.update(chunk.subarray(0, bytesRead));
        at += bytesRead;
        if (at > before.size) break;
        request.onProgress?.(at, before.size);
      }
    } finally {
      await target.close();
    }
    const stood = at === before.size && isSame(before, await source.stat()) && isSame(before, await lstat(real));
    if (!stood) throw new Failure("unavailable", `${path}: changed while it was copied`);
    return { kind: "fetched", url: path, bytes: at, sha256: hash.digest("hex"), validator, resumedFrom: 0 };
  } finally {
    await source.close();
  }
}

function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs;
}

/** Size and time of change stand for the version; shares round the time, but alike each time. */
function validatorOf(stats: Stats): Required<Validator> {
  return {
    etag: `"${stats.size}-${Math.round(stats.mtimeMs * 1000)}"`,
    lastModified: new Date(stats.mtimeMs).toUTCString(),
  };
}
