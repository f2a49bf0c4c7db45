/** What is said of versions and directories that will not do. */
import { Failure } from "../errors.ts";
import { type SparkVersions, sparkVersions, versionsOf } from "../model/versions.ts";

export function noDistribution(path: string): Failure {
  return new Failure("usage", `${path}: no distribution of Spark`, {
    remedy: "name the directory with bin/ and jars/, or an archive of it",
  });
}

/** The row of the table. Throws `usage` for a version that is not in it. */
export function knownVersions(spark: string): SparkVersions {
  const versions = versionsOf(spark);
  if (versions !== undefined) return versions;
  throw new Failure("usage", `Spark ${spark}: nobody has said which jars fit it`, {
    remedy: `versions that are known: ${sparkVersions.map((row) => row.spark).join(", ")}`,
  });
}
