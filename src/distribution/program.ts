/** Spark's own programs of the distribution, with the same settings as its servers, on the terminal of the caller. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DistributionOptions, ServerOptions } from "./contract.ts";
import { bringDistribution } from "./distribution.ts";
import { findJava } from "./java.ts";
import { startLeashed, stopLeashed } from "./leash.ts";
import { prepare } from "./prepare.ts";

export type SparkProgram = "spark-shell" | "spark-sql" | "pyspark" | "spark-submit";

export interface ProgramOptions extends DistributionOptions, Omit<ServerOptions, "port" | "token" | "onOutput"> {
  readonly program: SparkProgram;
  /** As Spark's program takes them; they win over the settings made here. */
  readonly args: readonly string[];
  readonly cwd: string;
}

/** Runs it to its end: whether it went well. Throws `cancelled` after an abort. */
export async function runSparkProgram(options: ProgramOptions): Promise<boolean> {
  const { program, args, cwd, signal } = options;
  const { distribution, versions } = await bringDistribution(options);
  const java = await findJava(versions, options.environment, signal);
  const { directory, environment } = await prepare({ ...options, distribution, java, port: 0 });
  const command = [join(distribution.home, "bin", program), ...args];
  try {
    const child = await startLeashed(command, { environment, cwd, directory, streams: "terminal" });
    const stop = (): void => {
      void stopLeashed(child);
    };
    signal?.addEventListener("abort", stop, { once: true });
    const wait = async () => await child.ended;
    // A person's Ctrl-C in a shell ends a statement, not the shell; a script's ends the script.
    const { code } = await (program === "spark-submit" ? wait() : withoutInterrupts(wait));
    signal?.removeEventListener("abort", stop);
    signal?.throwIfAborted();
    return code === 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The terminal sends Ctrl-C to everything that runs in front: the shell takes it, and this process does not. */
async function withoutInterrupts<T>(work: () => Promise<T>): Promise<T> {
  const listeners = process.listeners("SIGINT");
  const ignore = (): void => undefined;
  process.removeAllListeners("SIGINT");
  process.on("SIGINT", ignore);
  try {
    return await work();
  } finally {
    process.off("SIGINT", ignore);
    for (const listener of listeners) process.on("SIGINT", listener);
  }
}
