/** Compiles the converter as a published package has it: no types to strip, and the worker in one file. */
import { join } from "node:path";
import { bundleWorker, compile } from "../scripts/build.ts";
import { cacheDirectory } from "./inputs.ts";

/** Answers where the compiled scripts of this directory are. */
export async function buildConverter(): Promise<string> {
  const directory = join(cacheDirectory, "build");
  compile(join(import.meta.dirname, "tsconfig.json"), directory);
  await bundleWorker(directory);
  return join(directory, "bench");
}
