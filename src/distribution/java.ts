/** The Java of this machine: which one it is, and whether Spark runs on it. */
import { join } from "node:path";
import { Failure } from "../errors.ts";
import type { SparkVersions } from "../model/versions.ts";
import type { Environment } from "./contract.ts";
import { lastLines, run } from "./programs.ts";

export interface Java {
  /** Absolute; holds `bin/java` and `lib/security`. */
  readonly home: string;
  /** 17 of `17.0.15`. */
  readonly major: number;
  /** `17.0.15`. */
  readonly version: string;
}

/** That of JAVA_HOME, or else that of PATH. Throws `usage` if there is none or Spark does not run on it. */
export async function findJava(
  { spark, java: majors }: Pick<SparkVersions, "spark" | "java">,
  environment: Environment,
  signal?: AbortSignal,
): Promise<Java> {
  const named = environment.JAVA_HOME;
  const isNamed = named !== undefined && named !== "";
  const program = isNamed ? join(named, "bin", "java") : "java";
  const wish = `Java ${majors[0] ?? ""}`;
  const ran = await run([program, "-XshowSettings:properties", "-version"], { environment, signal });
  if (ran === undefined) {
    throw new Failure("usage", isNamed ? `JAVA_HOME: there is no ${program}` : "java: there is no such program", {
      remedy: `Spark ${spark} needs ${wish}: install it${isNamed ? ", or let JAVA_HOME name it" : " or set JAVA_HOME"}`,
    });
  }
  const found = javaOf(`${ran.stdout}\n${ran.stderr}`);
  if (ran.code !== 0 || found === undefined) {
    throw new Failure("usage", `${program}: does not say which Java it is: ${lastLines(ran.stderr)}`, {
      remedy: `install ${wish}`,
    });
  }
  if (!majors.includes(found.major)) {
    throw new Failure(
      "usage",
      `Java ${found.version} in ${found.home}: Spark ${spark} runs on Java ${majors.join(", ")}`,
      {
        remedy: `install ${wish} and let JAVA_HOME name it`,
      },
    );
  }
  return found;
}

/** What `java -XshowSettings:properties -version` says of itself. */
export function javaOf(text: string): Java | undefined {
  const property = (name: string): string | undefined =>
    new RegExp(`^\\s*${name.replaceAll(".", "\\.")} = (.*)$`, "m").exec(text)?.[1]?.trim();
  const home = property("java.home");
  const specification = property("java.specification.version");
  const version = property("java.version");
  if (home === undefined || specification === undefined || version === undefined) return undefined;
  // Before 9 it was 1.8.
  const major = Number(specification.replace(/^1\./, ""));
  return Number.isInteger(major) ? { home, major, version } : undefined;
}
