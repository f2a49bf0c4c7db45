/** Whether a Spark server can open buckets: the classes are there, and every jar matches the others to the digit. */

import type { MachineFacts, S3aFacts } from "./doctor-spark-facts.ts";
import { jarsIn, type S3aJars, s3aJars } from "./doctor-spark-jars.ts";
import type { MatchedRelease, SparkExpectations } from "./doctor-spark-release.ts";
import { fails, listed, note, ok, type SparkFinding } from "./doctor-spark-verdict.ts";

export interface S3aContext {
  readonly machine: MachineFacts | undefined;
  readonly addedJars: string;
  readonly release: MatchedRelease | undefined;
  readonly expected: SparkExpectations;
}

export function s3aFindings(facts: S3aFacts, context: S3aContext): readonly SparkFinding[] {
  const { machine, addedJars } = context;
  const jars = s3aJars(jarsIn(machine?.classPath ?? "", addedJars));
  const hasSystem = facts.fileSystem.driver && facts.fileSystem.tasks;
  return [
    hasSystem
      ? systemFinding(jars, context)
      : missingFinding(facts.fileSystem, "S3A", install(context), context.expected),
    ...(hasSystem ? sdkFindings(jars, context) : []),
    facts.committer.driver && facts.committer.tasks
      ? ok("committer classes", jars.cloud.length === 0 ? "there" : `spark-hadoop-cloud ${listed(jars.cloud)}`)
      : missingFinding(facts.committer, "committer classes", cloudRemedy, context.expected),
  ];
}

const cloudRemedy =
  "add spark-hadoop-cloud_2.13 to the server's jars, or take a distribution from `millrace spark install`: without it Spark writes to buckets by copying";

function install({ machine, release }: S3aContext): string {
  const hadoop = machine?.hadoop ?? release?.hadoop;
  const sdk = release === undefined ? "the AWS SDK that it names" : `the AWS SDK ${release.sdk}`;
  const accelerator = release?.accelerator === undefined ? "" : ` and analyticsaccelerator-s3 ${release.accelerator}`;
  const jars = hadoop === undefined ? "hadoop-aws of the server's Hadoop" : `hadoop-aws ${hadoop}`;
  return `add ${jars} with ${sdk}${accelerator} to the server's jars, or take a distribution from \`millrace spark install\`, which has exactly those`;
}

/** What the lake can do without is only good to know. */
function missingFinding(
  { driver, tasks }: { readonly driver: boolean; readonly tasks: boolean },
  subject: string,
  remedy: string,
  { needsS3 }: SparkExpectations,
): SparkFinding {
  if (driver !== tasks) {
    const [has, lacks] = driver ? ["driver", "executors"] : ["executors", "driver"];
    const finding = `the ${has} can load the classes, the ${lacks} cannot`;
    return (needsS3 ? fails : note)(subject, finding, `put the same jars where the ${lacks} start; ${remedy}`);
  }
  return needsS3
    ? fails(subject, "the server has no such classes, and places of this lake are in buckets", remedy)
    : note(
        subject,
        "the server has no such classes; no place of this lake is in a bucket",
        `for a lake in buckets: ${remedy}`,
      );
}

function systemFinding({ hadoopAws }: S3aJars, { machine, expected }: S3aContext): SparkFinding {
  const hadoop = machine?.hadoop;
  const [version] = hadoopAws;
  if (version === undefined || hadoop === undefined) {
    return note(
      "S3A",
      "the classes can be loaded, but no jar's name tells of which version they are",
      `make sure that it is hadoop-aws ${hadoop ?? "of the server's Hadoop"}`,
    );
  }
  const remedy = `keep only hadoop-aws ${hadoop}`;
  const verdict = expected.needsS3 ? fails : note;
  if (hadoopAws.length > 1) return verdict("S3A", `hadoop-aws is there in versions ${listed(hadoopAws)}`, remedy);
  if (version !== hadoop)
    return verdict("S3A", `hadoop-aws ${version} beside Hadoop ${hadoop}; they must be equal`, remedy);
  return ok("S3A", `hadoop-aws ${version}, as Hadoop`);
}

function sdkFindings(jars: S3aJars, { machine, release, expected }: S3aContext): readonly SparkFinding[] {
  // The names tell nothing where the jars have none: the classes could be loaded all the same.
  if (jars.hadoopAws.length === 0 || release === undefined || machine?.hadoop !== release.hadoop) return [];
  const verdict = expected.needsS3 ? fails : note;
  const isFirstSeries = release.sdk.startsWith("1.");
  const found = isFirstSeries ? jars.awsSdk1 : jars.awsSdk;
  const wanted = `AWS SDK ${release.sdk}`;
  const sdk =
    found.length === 0
      ? verdict(
          "AWS SDK",
          `none among the server's jars; hadoop-aws ${release.hadoop} needs ${wanted}`,
          `add ${wanted}`,
        )
      : found.length > 1
        ? verdict("AWS SDK", `there in versions ${listed(found)}`, `keep only ${release.sdk}`)
        : found[0] === release.sdk
          ? ok("AWS SDK", `${release.sdk}, as hadoop-aws ${release.hadoop} names it`)
          : note("AWS SDK", `${found[0]}; hadoop-aws ${release.hadoop} names ${release.sdk}`, `use ${wanted}`);
  const { accelerator } = release;
  if (accelerator === undefined) return [sdk];
  const remedy = `add analyticsaccelerator-s3 ${accelerator}`;
  const stream =
    jars.accelerator.length === 0
      ? verdict("analyticsaccelerator-s3", `missing; hadoop-aws ${release.hadoop} reads with it`, remedy)
      : jars.accelerator.length === 1 && jars.accelerator[0] === accelerator
        ? ok("analyticsaccelerator-s3", accelerator)
        : note(
            "analyticsaccelerator-s3",
            `${listed(jars.accelerator)}; hadoop-aws ${release.hadoop} names ${accelerator}`,
            remedy,
          );
  return [sdk, stream];
}
