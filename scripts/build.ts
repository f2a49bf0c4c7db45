/**
 * Compiles what is published:
 *
 *     npm run build [-- --out DIR]
 *
 * Each module of `src/` becomes one of `dist/`, but the converter's worker takes all that it needs into its own file: a
 * conversion is a short process, and to find, read and link 60 modules costs it 50 ms of CPU (`bench/convert.md`).
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");

/** Runs the TypeScript compiler. Throws where it finds mistakes, which it names itself. */
export function compile(project: string, directory: string): void {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status } = spawnSync(process.execPath, [compiler, "-p", project, "--outDir", directory], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) throw new Error(`tsc -p ${project} failed`);
}

/** Puts what the worker imports into its file; `directory` is where `src/` was compiled to. */
export async function bundleWorker(directory: string): Promise<void> {
  const file = join(directory, "src", "convert", "worker.js");
  await build({
    ...{ entryPoints: [file], outfile: file, allowOverwrite: true },
    ...{ bundle: true, platform: "node", format: "esm", target: "node22", logLevel: "warning" },
  });
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "dist") } } });
  compile(join(root, "tsconfig.build.json"), values.out);
  await bundleWorker(values.out);
}
