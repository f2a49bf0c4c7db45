/** Runs `main` in this process, over streams that remember what was written. */
import { Readable } from "node:stream";
import { main } from "../../src/cli/main.ts";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ConsoleOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** Makes both streams terminals of that width. */
  readonly columns?: number;
  readonly signal?: AbortSignal;
}

export async function millrace(argv: readonly string[], options: ConsoleOptions = {}): Promise<Outcome> {
  const { env = {}, cwd = "/", columns, stdin = "", signal = new AbortController().signal } = options;
  const written = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr") => ({
    isTTY: columns !== undefined,
    columns,
    write(chunk: string | Uint8Array) {
      written[name] += String(chunk);
      return true;
    },
    once: () => undefined,
    removeListener: () => undefined,
  });
  const around = {
    version: "0.1.0",
    env,
    cwd,
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    now: Date.now,
  };
  const code = await main(argv, around, signal);
  return { code, ...written };
}
