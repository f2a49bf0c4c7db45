/**
 * Installs the peers that come as Python packages, in the versions of `peers.json`, into a virtual environment of their
 * own. The package index is the machine's default one.
 *
 *     node bench/peers/install.ts [--spark]
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "../inputs.ts";
import pins from "./peers.json" with { type: "json" };

const environment = join(cacheDirectory, "venv");
export const python = join(environment, "bin", "python");
export const sparkSubmit = join(environment, "bin", "spark-submit");

/** Installs what is not there yet in the pinned version. `spark` adds the 450 MB of PySpark, which needs Java 17. */
export function installPeers(spark: boolean): void {
  const packages = { ...pins.packages, ...(spark ? pins.optionalPackages : {}) };
  const requirements = Object.entries(packages).map(([name, version]) => `${name}==${version}`);
  const stampFile = join(environment, "installed.txt");
  const installed = existsSync(stampFile) ? readFileSync(stampFile, "utf8").split("\n") : [];
  if (requirements.every((requirement) => installed.includes(requirement))) return;
  mkdirSync(cacheDirectory, { recursive: true });
  if (!existsSync(python)) run("python3", ["-m", "venv", environment]);
  run(python, ["-m", "pip", "install", "--quiet", ...requirements]);
  writeFileSync(stampFile, requirements.join("\n"));
}

function run(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with status ${status}`);
}

if (import.meta.main) installPeers(process.argv.includes("--spark"));
