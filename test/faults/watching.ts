/** Processes that watch a lake, and what a test waits for in what they say. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Watching {
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves when a line of stdout or stderr has matched, also an earlier one that no other wait has taken. */
  line(pattern: RegExp): Promise<string>;
  /** The exit status. */
  readonly ended: Promise<number | null>;
}

/** Nothing that is waited for takes nearly as long. */
const patienceMs = 60_000;

export function startWatching(program: string, args: readonly string[]): Watching {
  const { FORCE_COLOR: _, ...env } = process.env;
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  let look = (): void => undefined;
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      const [first = "", ...others] = chunk.split("\n");
      const whole = [rest + first, ...others];
      rest = whole.pop() ?? "";
      lines.push(...whole);
      look();
    });
  }
  const ended = once(child, "close").then(([status]): number | null => (typeof status === "number" ? status : null));
  let taken = 0;
  return {
    kill: (signal) => child.kill(signal),
    ended,
    line(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      look = () => {
        const at = lines.findIndex((line, at) => at >= taken && pattern.test(line));
        if (at < 0) return;
        taken = at + 1;
        resolve(lines[at] ?? "");
      };
      const why = (what: string) => (): void => reject(new Error(`${what} without ${pattern}:\n${lines.join("\n")}`));
      const timer = setTimeout(why("a minute"), patienceMs);
      void ended.then(why("it ended"));
      look();
      return promise.finally(() => clearTimeout(timer));
    },
  };
}

/** SIGTERM, and a clean end within seconds. */
export async function endWatching({ kill, ended }: Watching, who: string): Promise<void> {
  const began = performance.now();
  kill("SIGTERM");
  assert.equal(await ended, 143, `${who} did not end cleanly`);
  const ms = performance.now() - began;
  assert.ok(ms < 8_000, `${who} took ${ms.toFixed(0)} ms to end`);
}
