/** Delta Lake for a Spark of this machine: jars beside the distribution, in a directory of their own that appears when it is whole. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asFailure, Failure } from "../errors.ts";
import { type DeltaVersions, deltaVersions, deltaVersionsOf } from "../model/delta-versions.ts";
import type { Distribution, DistributionOptions } from "./contract.ts";
import { removeLeftovers } from "./install.ts";
import { bringJars } from "./jars.ts";
import { cacheRoot } from "./places.ts";

export interface DeltaJars {
  /** Of Delta Lake. */
  readonly version: string;
  /** The directory of the jars; `undefined` for a distribution that has them among its own. Absolute. */
  readonly directory: string | undefined;
}

export interface DeltaOptions extends Pick<DistributionOptions, "environment" | "signal" | "onProgress"> {
  /** A Maven repository to fetch the jars from, instead of running Maven. */
  readonly mavenRepository?: string | undefined;
}

/** What was brought before, else brings it. Throws `usage` for a Spark whose Delta Lake is not known. */
export async function bringDelta({ home, spark }: Distribution, options: DeltaOptions): Promise<DeltaJars> {
  const own = await deltaIn(home);
  if (own !== undefined) return { version: own, directory: undefined };
  const row = knownDelta(spark);
  const directory = join(cacheRoot(options.environment), `delta-${row.delta}-${sumOfSums(row)}`);
  if ((await jarsIn(directory)).length === 0) await appear(directory, row, options);
  return { version: row.delta, directory };
}

/** The Delta Lake that stands among a distribution's own jars. */
async function deltaIn(home: string): Promise<string | undefined> {
  for (const file of await jarsIn(join(home, "jars"))) {
    const version = /^delta-spark_2\.\d+-(.+)\.jar$/.exec(file)?.[1];
    if (version !== undefined) return version;
  }
  return undefined;
}

async function jarsIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw asFailure(error, directory);
  }
}

function knownDelta(spark: string): DeltaVersions {
  const row = deltaVersionsOf(spark);
  if (row !== undefined) return row;
  throw new Failure("usage", `Spark ${spark}: nobody has said which Delta Lake fits it`, {
    remedy: `take ${deltaVersions.map((each) => each.spark).join(" or ")}, or a distribution with Delta's jars in jars/`,
  });
}

const sumOfSums = ({ jars }: DeltaVersions): string =>
  createHash("sha256")
    .update(jars.map(({ sha256 }) => sha256).join("\n"))
    .digest("hex")
    .slice(0, 8);

async function appear(directory: string, { jars }: DeltaVersions, options: DeltaOptions): Promise<void> {
  const { environment, signal, onProgress, mavenRepository: repository } = options;
  await mkdir(dirname(directory), { recursive: true });
  await removeLeftovers(directory);
  const part = `${directory}.part-${process.pid}-${randomUUID().slice(0, 8)}`;
  try {
    const whole = await bringJars(jars, part, { environment, signal, onProgress, repository });
    // Of two that bring it at once the first one's stays.
    await rename(whole, directory).catch(async (error: unknown) => {
      if ((await jarsIn(directory)).length === 0) throw asFailure(error, directory);
    });
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}
