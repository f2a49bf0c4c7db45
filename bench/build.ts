/** Compiles the converter as a published package has it: no types to strip, which would cost each process 0.1 s. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { cacheDirectory } from "./inputs.ts";

/** Answers where the compiled scripts of this directory are. */
export function buildConverter(): string {
  const compiler = join(import.meta.dirname, "..", "node_modules", "typescript", "bin", "tsc");
  const project = join(import.meta.dirname, "tsconfig.json");
  const { status } = spawnSync(process.execPath, [compiler, "-p", project], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  // The type check is another command's business; files are written all the same.
  if (status === null) throw new Error("the TypeScript compiler was stopped");
  return join(cacheDirectory, "build", "bench");
}
