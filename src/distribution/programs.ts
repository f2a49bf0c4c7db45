/** Programs of the machine: found, run to their end, and told apart when they fail. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { asFailure, Failure } from "../errors.ts";
import type { Environment } from "./contract.ts";

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly environment: Environment;
  readonly cwd?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For the standard input, which then ends. */
  readonly input?: string | undefined;
}

/** What a program prints is kept up to this; nobody reads more of it in a message. */
const keptCharacters = 256 * 1024;

/** Runs a program to its end; `undefined` if there is none of that name. Throws `cancelled` after an abort. */
export async function run(command: readonly string[], options: RunOptions): Promise<Ran | undefined> {
  const [program = "", ...args] = command;
  const { environment, cwd, signal, input = "" } = options;
  if (signal?.aborted === true) throw cancelled(signal);
  const child = spawn(program, args, { env: { ...environment }, cwd, stdio: ["pipe", "pipe", "pipe"] });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const stop = (): void => {
    child.kill("SIGTERM");
  };
  signal?.addEventListener("abort", stop, { once: true });
  // A program that does not want to read its input is its own affair.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  try {
    const code = await closeOf(child);
    // It may have come while the program ran.
    signal?.throwIfAborted();
    return code === "missing" ? undefined : { code, stdout: stdout(), stderr: stderr() };
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

async function closeOf(child: ChildProcess): Promise<number | null | "missing"> {
  try {
    const [code] = await once(child, "close");
    return typeof code === "number" ? code : null;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "missing";
    throw asFailure(error, child.spawnfile);
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text = (text + chunk).slice(-keptCharacters);
  });
  return () => text;
}

export function cancelled(signal: AbortSignal): Failure {
  const reason: unknown = signal.reason;
  return reason instanceof Failure ? reason : new Failure("cancelled", "stopped");
}

/** The end of what a program said, on one line of a message. Where Java's code was is for who asks for more. */
export function lastLines(text: string, many = 4): string {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(?:at [\w$.<>/]+\(|\.\.\. \d+ more)/.test(line));
  return lines.slice(-many).join(" | ");
}
