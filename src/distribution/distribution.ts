/** The distribution that is meant: found, or brought. */
import { stat } from "node:fs/promises";
import { Failure } from "../errors.ts";
import { defaultSpark, type SparkVersions } from "../model/versions.ts";
import type { Distribution, DistributionOptions } from "./contract.ts";
import { inspect } from "./inspect.ts";
import { install, targetOf } from "./install.ts";
import { knownVersions, noDistribution } from "./known.ts";

export interface Matched {
  readonly distribution: Distribution;
  readonly versions: SparkVersions;
}

/** What `dist` names as it is, else what was installed; installs it if it is not there. */
export async function bringDistribution(options: DistributionOptions): Promise<Matched> {
  const inPlace = await distributionInPlace(options);
  if (inPlace !== undefined) return inPlace;
  const versions = knownVersions(options.version ?? defaultSpark);
  const there = await inspect(await targetOf(versions, options));
  if (there !== undefined) return { distribution: there, versions };
  const { distribution } = await install(options);
  return { distribution, versions };
}

/** A directory that the user named is used as it is, and never changed. */
async function distributionInPlace({ dist, version }: DistributionOptions): Promise<Matched | undefined> {
  if (dist === undefined || !(await isDirectory(dist))) return undefined;
  const distribution = await inspect(dist);
  if (distribution === undefined) throw noDistribution(dist);
  if (version !== undefined && version !== distribution.spark) {
    throw new Failure("usage", `${dist}: is Spark ${distribution.spark}, not ${version}`);
  }
  return { distribution, versions: knownVersions(distribution.spark) };
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw new Failure("usage", `${path}: cannot be read`, { remedy: "name a distribution of Spark", cause: error });
  }
}
