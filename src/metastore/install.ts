/**
 * Brings a metastore: the release and the jars that it lacks, by the user's own Maven or from one repository, each with its sum
 * checked, into a directory that appears when it is whole. The same directory is what an image is made of.
 */
import { createHash, randomUUID } from "node:crypto";
import { chmod, copyFile, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { DistributionOptions, DistributionProgress, Environment } from "../distribution/contract.ts";
import { demandEmpty, removeLeftovers } from "../distribution/install.ts";
import { bringJars } from "../distribution/jars.ts";
import { cacheRoot, downloadsIn } from "../distribution/places.ts";
import { lastLines, run } from "../distribution/programs.ts";
import { asFailure, Failure } from "../errors.ts";
import { jarsKept, type MetastoreVersions } from "../model/metastore-versions.ts";
import { jarFile } from "../model/versions.ts";
import { metastoreScript } from "./script.ts";

export interface InstallMetastore extends Pick<DistributionOptions, "environment" | "signal" | "onProgress"> {
  readonly versions: MetastoreVersions;
  /** Where to, instead of the cache. Absolute; must not exist, or be empty. */
  readonly to?: string | undefined;
  /** A Maven repository to fetch from, instead of running Maven. */
  readonly mavenRepository?: string | undefined;
}

export interface InstalledMetastore {
  /** With `lib/`, `s3/`, `schema/` and `entrypoint.sh`. Absolute. */
  readonly home: string;
  /** `false` if it was there. */
  readonly isNew: boolean;
}

/** What is there, or else what was brought. */
export async function installMetastore(options: InstallMetastore): Promise<InstalledMetastore> {
  const { versions, environment, signal, onProgress, mavenRepository: repository } = options;
  const home = options.to ?? homeOf(versions, environment);
  if (await isWhole(home, versions)) return { home, isNew: false };
  await demandEmpty(home);
  await mkdir(dirname(home), { recursive: true });
  await removeLeftovers(home);
  const began = performance.now();
  const version = `metastore ${versions.metastore}`;
  onProgress?.({ code: "install.start", version, directory: home });
  const downloads = downloadsIn(cacheRoot(environment, "metastore"));
  await mkdir(downloads, { recursive: true });
  const part = `${home}.part-${process.pid}-${randomUUID().slice(0, 8)}`;
  try {
    const all = [versions.archive, ...versions.jars, ...versions.s3Jars];
    const jars = await bringJars(all, downloads, { environment, signal, onProgress, repository });
    await fill(part, jars, versions, { environment, signal, onProgress });
    await appear(part, home, versions);
    // Another installation may still copy from there; what it lacks it brings again.
    await rm(jars, { recursive: true, force: true });
  } catch (error) {
    throw asFailure(error);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  onProgress?.({ code: "install.done", version, directory: home, ms: performance.now() - began });
  return { home, isNew: true };
}

/** Another set of jars is another directory: nothing is ever changed in place. */
function homeOf({ metastore, archive, jars, s3Jars }: MetastoreVersions, environment: Environment): string {
  const sums = [archive, ...jars, ...s3Jars].map(({ sha256 }) => sha256).join("\n");
  const mark = createHash("sha256").update(sums).digest("hex").slice(0, 8);
  return join(cacheRoot(environment, "metastore"), `${metastore}-${mark}`);
}

const schemaFile = ({ schema }: MetastoreVersions): string => `hive-schema-${schema}.postgres.sql`;

/** Whether that version is there. The directory appears in one step, so the schema stands for all of it. */
export async function isWhole(home: string, versions: MetastoreVersions): Promise<boolean> {
  try {
    await stat(join(home, "schema", schemaFile(versions)));
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return false;
    throw asFailure(error, home);
  }
}

interface FillOptions {
  readonly environment: Environment;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: DistributionProgress) => void) | undefined;
}

async function fill(part: string, from: string, versions: MetastoreVersions, options: FillOptions): Promise<void> {
  const { environment, signal, onProgress } = options;
  const archive = join(from, jarFile(versions.archive));
  onProgress?.({ code: "install.unpack", name: basename(archive) });
  const release = join(part, "release");
  for (const directory of ["lib", "s3", "schema", "release"]) await mkdir(join(part, directory), { recursive: true });
  const ran = await run(["tar", "-xzf", archive, "-C", release, "--strip-components=1"], { environment, signal });
  if (ran === undefined) throw new Failure("usage", "tar: there is no such program", { remedy: "install tar" });
  if (ran.code !== 0) throw new Failure("corrupt", `${archive}: cannot be unpacked: ${lastLines(ran.stderr, 1)}`);
  for (const name of jarsKept(await readdir(join(release, "lib")), versions.jars)) {
    await rename(join(release, "lib", name), join(part, "lib", name));
  }
  for (const jar of versions.jars) await copyFile(join(from, jarFile(jar)), join(part, "lib", jarFile(jar)));
  for (const jar of versions.s3Jars) await copyFile(join(from, jarFile(jar)), join(part, "s3", jarFile(jar)));
  const schema = schemaFile(versions);
  await rename(join(release, "scripts/metastore/upgrade/postgres", schema), join(part, "schema", schema));
  await rm(release, { recursive: true });
  await writeFile(join(part, "entrypoint.sh"), metastoreScript(versions));
  await openToAll(part);
  await chmod(join(part, "entrypoint.sh"), 0o755);
}

/** In an image these are root's and somebody else runs them, whatever umask they were made under. */
async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else await chmod(path, 0o644);
  }
}

/** Of two installations at once the first one's stays. */
async function appear(part: string, target: string, versions: MetastoreVersions): Promise<void> {
  try {
    await rename(part, target);
  } catch (error) {
    if (!(await isWhole(target, versions))) throw asFailure(error, target);
  }
}
