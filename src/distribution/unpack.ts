/** An archive of Spark as a directory with `bin/` and `jars/`: that of the Python registry, or Spark's own. */
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { Failure } from "../errors.ts";
import { sparkVersions } from "../model/versions.ts";
import type { DistributionOptions } from "./contract.ts";
import { noDistribution } from "./known.ts";
import { lastLines, run } from "./programs.ts";
import { otherSum, sumOf } from "./sums.ts";

type UnpackOptions = Pick<DistributionOptions, "environment" | "signal">;

/** Throws `corrupt` for one that bears the name of a known archive and is not it, or cannot be read. */
export async function unpackSpark(archive: string, directory: string, options: UnpackOptions): Promise<void> {
  await demandSum(archive, options.signal);
  const room = `${directory}/unpacked`;
  await mkdir(room, { recursive: true });
  const ran = await run(["tar", "-xzf", archive, "-C", room, "--strip-components=1"], options);
  if (ran === undefined) throw new Failure("usage", "tar: there is no such program", { remedy: "install tar" });
  if (ran.code !== 0) {
    const full = /No space left/.test(ran.stderr);
    throw new Failure(full ? "full" : "corrupt", `${archive}: cannot be unpacked: ${lastLines(ran.stderr, 1)}`);
  }
  if (await exists(join(room, "deps", "jars"))) await arrangeSources(room, directory);
  else if (await exists(join(room, "jars"))) await moveAll(room, directory);
  else throw noDistribution(archive);
  await rm(room, { recursive: true, force: true });
}

async function demandSum(archive: string, signal: AbortSignal | undefined): Promise<void> {
  const known = sparkVersions.find((row) => row.archive?.file === basename(archive))?.archive;
  if (known === undefined) return;
  const found = await sumOf(archive, signal);
  if (found !== known.sha256) throw otherSum(archive, known.sha256, found);
}

/** `deps/` holds what Spark's own archive has at its top; the rest is its Python side. */
async function arrangeSources(room: string, directory: string): Promise<void> {
  await moveAll(join(room, "deps"), directory);
  await mkdir(join(directory, "python"), { recursive: true });
  for (const name of ["pyspark", "lib"]) await rename(join(room, name), join(directory, "python", name));
}

async function moveAll(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) await rename(join(from, name), join(to, name));
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}
