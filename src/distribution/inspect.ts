/** What a directory holds, by the names of its jars: which Spark, which Hadoop, and whether the rest fits. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import { type Jar, jarFile, versionsOf } from "../model/versions.ts";
import type { Distribution } from "./contract.ts";

/** `undefined` for a directory that is no distribution of Spark, or is none at all. */
export async function inspect(home: string): Promise<Distribution | undefined> {
  const files = await jarsIn(home);
  const spark = versionIn(files, /^spark-core_2\.\d+-(.+)\.jar$/);
  const hadoop = versionIn(files, /^hadoop-client-api-(.+)\.jar$/);
  if (spark === undefined || hadoop === undefined) return undefined;
  const jars = versionsOf(spark)?.jars ?? [];
  const there = new Set(files);
  return {
    home,
    spark,
    hadoop,
    hadoopAws: versionIn(files, /^hadoop-aws-(.+)\.jar$/),
    missing: jars.map(jarFile).filter((file) => !there.has(file)),
    wrong: wrongJars(files, jars),
  };
}

async function jarsIn(home: string): Promise<readonly string[]> {
  try {
    return await readdir(join(home, "jars"));
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return [];
    throw error;
  }
}

function versionIn(files: readonly string[], pattern: RegExp): string | undefined {
  for (const file of files) {
    const version = pattern.exec(file)?.[1];
    if (version !== undefined) return version;
  }
  return undefined;
}

/** The same artifact in another version, and the bundle that holds all of the SDK a second time. */
function wrongJars(files: readonly string[], jars: readonly Jar[]): readonly string[] {
  const wanted = new Map(jars.map((jar) => [jar.artifact, jarFile(jar)]));
  if (wanted.size === 0) return [];
  return files.filter((file) => {
    const artifact = /^(.+?)-\d[\w.]*\.jar$/.exec(file)?.[1] ?? "";
    if (artifact === "bundle" || artifact === "aws-java-sdk-bundle") return true;
    const expected = wanted.get(artifact);
    return expected !== undefined && expected !== file;
  });
}

/** Throws `usage` unless S3 can be reached with what is there. */
export function demandS3({ home, spark, hadoop, hadoopAws, missing, wrong }: Distribution): void {
  if (hadoopAws !== undefined && hadoopAws !== hadoop) {
    throw new Failure("usage", `${home}: hadoop-aws ${hadoopAws} does not fit Hadoop ${hadoop} of Spark ${spark}`, {
      remedy: "take a distribution without it: millrace spark install adds the one that fits",
    });
  }
  if (wrong.length > 0) {
    throw new Failure("usage", `${home}: jars of other versions than those that fit: ${some(wrong)}`, {
      remedy: "take a distribution without them: millrace spark install adds those that fit",
    });
  }
  if (missing.length > 0) {
    throw new Failure("usage", `${home}: lacks jars that reach S3: ${some(missing)}`, {
      remedy: `millrace spark install --dist ${home}`,
    });
  }
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;
}
