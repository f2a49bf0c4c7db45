/**
 * The jars that a distribution lacks: by the user's own Maven, whatever repositories that is set to, or from one repository
 * that the user names. Each is checked, and kept in `downloads` until the distribution is whole.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import { type Jar, jarFile } from "../model/versions.ts";
import type { DistributionOptions } from "./contract.ts";
import { fetchFile, openFetching } from "./fetch-file.ts";
import { lastLines, run } from "./programs.ts";
import { otherSum, sumOf } from "./sums.ts";

export interface JarOptions extends Pick<DistributionOptions, "environment" | "signal" | "onProgress"> {
  /** `https://host/path`, in Maven's layout. */
  readonly repository: string | undefined;
}

/** All of them in one directory. */
export async function bringJars(jars: readonly Jar[], downloads: string, options: JarOptions): Promise<string> {
  const directory = join(downloads, "jars");
  await mkdir(directory, { recursive: true });
  const lacking: Jar[] = [];
  for (const jar of jars) {
    if ((await sumOf(join(directory, jarFile(jar)), options.signal)) !== jar.sha256) lacking.push(jar);
  }
  if (lacking.length === 0) return directory;
  const room = await mkdtemp(join(downloads, "jars-"));
  try {
    if (options.repository === undefined) await byMaven(lacking, room, options);
    else await byFetching(lacking, room, options.repository, options);
    for (const jar of lacking) {
      const came = join(room, jarFile(jar));
      const found = await sumOf(came, options.signal);
      if (found !== jar.sha256) throw otherSum(jarFile(jar), jar.sha256, found);
      await rename(came, join(directory, jarFile(jar)));
    }
    return directory;
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}

async function byMaven(
  jars: readonly Jar[],
  room: string,
  { environment, signal, onProgress }: JarOptions,
): Promise<void> {
  onProgress?.({ code: "install.download", name: `${jars.length} jars`, bytes: 0, total: bytesOf(jars) });
  const model = join(room, "pom.xml");
  await writeFile(model, modelOf(jars));
  const ran = await run(
    ["mvn", "--quiet", "--batch-mode", "--file", model, "dependency:copy-dependencies", `-DoutputDirectory=${room}`],
    { environment, cwd: room, signal },
  );
  if (ran === undefined) {
    throw new Failure("usage", "mvn: there is no such program, and the jars come from a Maven repository", {
      remedy: "install Maven, or name a repository: --maven-repository URL",
    });
  }
  if (ran.code !== 0) {
    throw new Failure(
      "unavailable",
      `mvn: could not bring the jars: ${lastLines(errorsIn(ran.stdout + ran.stderr), 2)}`,
      {
        remedy: "check how Maven reaches its repository (settings.xml), or name one: --maven-repository URL",
      },
    );
  }
}

/** The first of what it says is the fact, the rest is advice. */
function errorsIn(text: string): string {
  return text
    .split("\n")
    .filter((line) => line.startsWith("[ERROR]") || line.startsWith("Error"))
    .slice(0, 1)
    .join("\n");
}

const bytesOf = (jars: readonly Jar[]): number => jars.reduce((sum, { bytes }) => sum + bytes, 0);

/** Exactly these: what they need is among them, and what Spark has must not come a second time. */
function modelOf(jars: readonly Jar[]): string {
  const alone = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>";
  const dependencies = jars.map(
    ({ group, artifact, version, classifier, type }) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${element("type", type)}${element("classifier", classifier)}${alone}</dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
${dependencies.join("\n")}
  </dependencies>
</project>
`;
}

const element = (name: string, text: string | undefined): string =>
  text === undefined ? "" : `<${name}>${text}</${name}>`;

/** Jars side by side: each is small, and a repository is mostly far away. */
const parallel = 4;

async function byFetching(jars: readonly Jar[], room: string, repository: string, options: JarOptions): Promise<void> {
  const total = bytesOf(jars);
  let bytes = 0;
  const waiting = [...jars];
  const fetching = await openFetching(options.environment);
  const work = async (): Promise<void> => {
    for (let jar = waiting.shift(); jar !== undefined; jar = waiting.shift()) {
      const path = `${jar.group.replaceAll(".", "/")}/${jar.artifact}/${jar.version}/${jarFile(jar)}`;
      const url = `${repository.replace(/\/+$/, "")}/${path}`;
      await fetchFile(fetching, url, join(room, jarFile(jar)), { bytesMax: jar.bytes, signal: options.signal });
      bytes += jar.bytes;
      options.onProgress?.({ code: "install.download", name: `${jars.length} jars`, bytes, total });
    }
  };
  try {
    await Promise.all(Array.from({ length: parallel }, work));
  } finally {
    await fetching.close();
  }
}
