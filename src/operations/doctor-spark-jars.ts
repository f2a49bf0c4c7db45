/** Which of the jars that matter for S3A are on a class path, by their names. */

export interface Jar {
  /** `hadoop-aws`, `spark-hadoop-cloud_2.13` */
  readonly artifact: string;
  readonly version: string;
}

/** What is found of one thing that S3A needs; more than one version is a fault of its own. */
export interface S3aJars {
  readonly hadoopAws: readonly string[];
  /** The AWS SDK for Java: one bundle, or the core of its single jars. */
  readonly awsSdk: readonly string[];
  /** The SDK of the 1 series, which Hadoop before 3.4 needs. */
  readonly awsSdk1: readonly string[];
  readonly accelerator: readonly string[];
  readonly cloud: readonly string[];
}

/** The jars named in a class path or in `spark.jars`; whatever has no version in its name is left out. */
export function jarsIn(...paths: readonly string[]): readonly Jar[] {
  const names = paths.flatMap((path) => path.split(/[:;,]/)).map((entry) => entry.split(/[/\\]/).at(-1) ?? "");
  return names.flatMap((name) => {
    const [, artifact, version] = /^(.+?)-(\d+(?:\.\w+)*(?:[-.][A-Za-z]\w*)*)\.jar$/.exec(name) ?? [];
    return artifact === undefined || version === undefined ? [] : [{ artifact, version }];
  });
}

export function s3aJars(jars: readonly Jar[]): S3aJars {
  const versions = (named: (artifact: string) => boolean): readonly string[] => [
    ...new Set(jars.filter(({ artifact }) => named(artifact)).map(({ version }) => version)),
  ];
  return {
    hadoopAws: versions((artifact) => artifact === "hadoop-aws"),
    awsSdk: versions((artifact) => artifact === "bundle" || artifact === "sdk-core"),
    awsSdk1: versions((artifact) => artifact === "aws-java-sdk-bundle" || artifact === "aws-java-sdk-core"),
    accelerator: versions((artifact) => artifact === "analyticsaccelerator-s3"),
    cloud: versions((artifact) => artifact.startsWith("spark-hadoop-cloud_")),
  };
}
