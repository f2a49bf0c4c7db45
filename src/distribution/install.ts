/**
 * Brings a distribution: Spark and the jars that fit it, into a directory that appears when it is whole. What was downloaded
 * before an interruption is not downloaded again; what is there is not touched.
 */
import { randomUUID } from "node:crypto";
import { copyFile, cp, mkdir, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { asFailure, Failure } from "../errors.ts";
import { defaultSpark, jarFile, type SparkVersions } from "../model/versions.ts";
import { bringArchive } from "./archive.ts";
import type { Distribution, DistributionOptions } from "./contract.ts";
import { inspect } from "./inspect.ts";
import { bringJars } from "./jars.ts";
import { findJava } from "./java.ts";
import { knownVersions, noDistribution } from "./known.ts";
import { cacheRoot, downloadsIn, installedAt } from "./places.ts";
import { otherSum, sumOf } from "./sums.ts";
import { unpackSpark } from "./unpack.ts";

export interface InstallOptions extends DistributionOptions {
  /** Where to, instead of the cache. Absolute; must not exist, or be empty. */
  readonly to?: string | undefined;
  /** A Maven repository to fetch the jars from, instead of running Maven. */
  readonly mavenRepository?: string | undefined;
}

export interface Installed {
  readonly distribution: Distribution;
  /** `false` if it was there. */
  readonly isNew: boolean;
  readonly ms: number;
}

/** Throws `usage` before anything is downloaded if it could not run here. */
export async function install(options: InstallOptions): Promise<Installed> {
  const began = performance.now();
  const versions = knownVersions(options.version ?? defaultSpark);
  const { environment, signal, onProgress } = options;
  await findJava(versions, environment, signal);
  const target = await targetOf(versions, options);
  const there = await inspect(target);
  if (there !== undefined) return { distribution: there, isNew: false, ms: performance.now() - began };
  demandTried(versions);
  await demandEmpty(target);
  await mkdir(dirname(target), { recursive: true });
  await removeLeftovers(target);
  await demandRoom(dirname(target), versions, options.dist === undefined);
  onProgress?.({ code: "install.start", version: versions.spark, directory: target });
  const part = `${target}.part-${process.pid}-${randomUUID().slice(0, 8)}`;
  const downloads = downloadsIn(cacheRoot(environment));
  try {
    const archive = await fill(part, versions, downloads, options);
    await appear(part, target);
    await rm(join(downloads, "jars"), { recursive: true, force: true });
    if (archive !== undefined) await rm(archive, { force: true });
  } catch (error) {
    throw asFailure(error);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  const distribution = await inspect(target);
  if (distribution === undefined) throw new Failure("bug", `${target}: was installed and is not there`);
  const ms = performance.now() - began;
  onProgress?.({ code: "install.done", version: versions.spark, directory: target, ms });
  return { distribution, isNew: true, ms };
}

/** Where it is, or would be. An archive that was named by the user is told from another one by its size and time. */
export async function targetOf(
  versions: SparkVersions,
  { to, dist, environment }: Pick<InstallOptions, "to" | "dist" | "environment">,
): Promise<string> {
  if (to !== undefined) return to;
  const root = cacheRoot(environment);
  if (dist === undefined) return installedAt(root, versions);
  const { size, mtimeMs } = await stat(dist).catch((error: unknown) => {
    throw new Failure("usage", `--dist: ${dist} cannot be read`, { cause: error });
  });
  return installedAt(root, versions, `${dist} ${size} ${mtimeMs}`);
}

/** Puts everything into `part`; answers the archive that was downloaded, if one was. */
async function fill(
  part: string,
  versions: SparkVersions,
  downloads: string,
  options: InstallOptions,
): Promise<string | undefined> {
  const { environment, signal, onProgress, mavenRepository: repository } = options;
  await mkdir(downloads, { recursive: true });
  // First what is small: who has no Maven should not wait for half a gigabyte to hear of it.
  const jars = await bringJars(versions.jars, downloads, { environment, signal, onProgress, repository });
  const archive = options.dist === undefined ? await downloaded(versions, downloads, options) : undefined;
  const from = options.dist ?? archive;
  if (from === undefined) throw new Failure("bug", "nothing to install from");
  onProgress?.({ code: "install.unpack", name: basename(from) });
  if ((await stat(from)).isDirectory())
    await cp(from, part, { recursive: true, filter: (path) => !path.endsWith("__pycache__") });
  else await unpackSpark(from, part, options);
  await demandVersions(part, from, versions);
  for (const jar of versions.jars) {
    const file = join(part, "jars", jarFile(jar));
    await copyFile(join(jars, jarFile(jar)), file);
    const found = await sumOf(file, signal);
    if (found !== jar.sha256) throw otherSum(jarFile(jar), jar.sha256, found);
  }
  return archive;
}

async function downloaded(versions: SparkVersions, downloads: string, options: InstallOptions): Promise<string> {
  if (versions.archive === undefined) throw notTried(versions);
  return await bringArchive(versions.spark, versions.archive, downloads, options);
}

function demandTried(versions: SparkVersions): void {
  if (!versions.verified || versions.jars.length === 0) throw notTried(versions);
}

function notTried({ spark, hadoop, sdk, source }: SparkVersions): Failure {
  return new Failure("usage", `Spark ${spark}: the sums of the jars that fit it are not known here`, {
    remedy: `take ${defaultSpark}, or bring hadoop-aws ${hadoop} and the AWS SDK ${sdk} into a distribution of your own (${source})`,
  });
}

async function demandVersions(part: string, from: string, { spark, hadoop }: SparkVersions): Promise<void> {
  const found = await inspect(part);
  if (found === undefined) throw noDistribution(from);
  if (found.spark !== spark || found.hadoop !== hadoop) {
    throw new Failure(
      "usage",
      `${from}: is Spark ${found.spark} with Hadoop ${found.hadoop}, not ${spark} with ${hadoop}`,
      {
        remedy: `name it with --version, or take Spark ${spark}`,
      },
    );
  }
  if (found.wrong.length > 0) {
    throw new Failure("usage", `${from}: has other versions of jars that reach S3: ${found.wrong.join(", ")}`, {
      remedy: "take a distribution without them",
    });
  }
}

/** A directory that is there and empty, or not there. Throws `usage` otherwise. */
export async function demandEmpty(target: string): Promise<void> {
  const entries = await readdir(target).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw asFailure(error, target);
  });
  if (entries.length > 0) {
    throw new Failure("usage", `${target}: there is something else`, {
      remedy: "name a directory that does not exist",
    });
  }
}

/** Half of an installation whose process is gone. */
export async function removeLeftovers(target: string): Promise<void> {
  const prefix = `${basename(target)}.part-`;
  for (const name of await readdir(dirname(target))) {
    if (!name.startsWith(prefix)) continue;
    const pid = /^(\d+)-[0-9a-f]{8}$/.exec(name.slice(prefix.length))?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** The archive, what pip unpacks of it to look into it, and the distribution. */
async function demandRoom(directory: string, { archive }: SparkVersions, isDownloaded: boolean): Promise<void> {
  if (archive === undefined) return;
  const needed = archive.unpackedBytes + (isDownloaded ? archive.bytes + archive.unpackedBytes : 0);
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= needed) return;
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString("en")} MB`;
  throw new Failure("full", `${directory}: ${megabytes(bavail * bsize)} free, ${megabytes(needed)} needed`, {
    remedy: "free some space, or install it elsewhere: --to DIR",
  });
}

/** Of two installations at once the first one's stays. */
async function appear(part: string, target: string): Promise<void> {
  try {
    await rename(part, target);
  } catch (error) {
    const isThere =
      error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EEXIST");
    if (!isThere || (await inspect(target)) === undefined) throw asFailure(error, target);
  }
}
