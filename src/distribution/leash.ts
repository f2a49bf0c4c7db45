/**
 * A child that ends when this process does, even one that is killed and can no longer say so: a watcher beside the child
 * reads from a pipe that this process holds, and the system closes it whatever happens. The watcher then ends the child
 * and removes its private directory, in which there may be keys.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { Writable } from "node:stream";
import { Failure } from "../errors.ts";
import type { Environment } from "./contract.ts";

export interface LeashedOptions {
  readonly environment: Environment;
  readonly cwd: string;
  /** Removed when the child has ended. */
  readonly directory: string;
  /** `captured`: nothing to read, and what it prints comes here. `terminal`: it has this process's streams. */
  readonly streams: "captured" | "terminal";
}

export interface Leashed {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves when it has ended and its directory is gone. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/**
 * Becomes the program; so its id is the child's. A word in the pipe says that all went well. Where the child is the first of a
 * process group of its own, the id cannot become another's while the watcher lives, which belongs to the group.
 */
const script = `
{ read -r word <&3 && exit
  for second in 1 2 3 4 5 6 7 8; do kill -TERM $$ || break; sleep 1; done
  kill -KILL $$
  rm -rf -- "$0"
} </dev/null >/dev/null 2>&1 &
exec 3<&- "$@"`;

/** Starts it. Throws `usage` where there is no shell. */
export async function startLeashed(command: readonly string[], options: LeashedOptions): Promise<Leashed> {
  const { environment, cwd, directory, streams } = options;
  const isCaptured = streams === "captured";
  const own = isCaptured ? (["ignore", "pipe", "pipe"] as const) : (["inherit", "inherit", "inherit"] as const);
  const child = spawn("sh", ["-c", script, directory, ...command], {
    cwd,
    env: { ...environment },
    stdio: [...own, "pipe"],
    // Ctrl-C of the terminal is for this process, which then ends its children in order. A shell must stay with the terminal.
    detached: isCaptured,
  });
  try {
    await once(child, "spawn");
  } catch (error) {
    throw new Failure("usage", "sh: cannot be started, and Spark's own programs need it", { cause: error });
  }
  const leash = child.stdio[3];
  if (child.pid === undefined || !(leash instanceof Writable)) throw new Failure("bug", "a child without a pipe");
  // The watcher may be gone.
  leash.on("error", () => undefined);
  const ended = once(child, "exit").then(async ([code, signal]: (number | string | null)[]) => {
    leash.end("done\n");
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    return {
      code: typeof code === "number" ? code : null,
      signal: typeof signal === "string" ? signal : null,
    };
  });
  return { pid: child.pid, child, ended };
}

/** Time that Spark has to end what runs. Milliseconds; less than what a command has after Ctrl-C. */
const stopMsMax = 8_000;

export async function stopLeashed({ child, ended }: Leashed): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
  await ended;
  clearTimeout(timer);
}
