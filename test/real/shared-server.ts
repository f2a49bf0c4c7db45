/**
 * A server of a whole run: one process serves until its standard input ends, and leaves what others must know of the server in
 * a directory, where the tests wait for it.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Skipping } from "./real.ts";

/** A minute is what a busy machine takes; the parts may have to be downloaded first. Milliseconds. */
const sharedMsMax = 20 * 60_000;

/** What the serving process said of its server. Throws what kept it from starting. */
export async function sharedServer(directory: string): Promise<unknown> {
  const giveUpMs = Date.now() + sharedMsMax;
  for (;;) {
    if (existsSync(join(directory, "failed"))) throw new Error(readFileSync(join(directory, "failed"), "utf8"));
    if (existsSync(join(directory, "server.json"))) {
      return JSON.parse(readFileSync(join(directory, "server.json"), "utf8"));
    }
    if (Date.now() > giveUpMs) throw new Error(`no shared server became ready in ${directory}`);
    await pause(100);
  }
}

interface Shared {
  stop(): Promise<void>;
}

/** Serves until the standard input ends; `told` is what others must know of it. */
export async function serveShared<T extends Shared>(
  directory: string,
  title: string,
  start: (context: Skipping) => Promise<T | undefined>,
  told: (server: T) => unknown,
): Promise<void> {
  const say = (name: string, text: string): void => {
    writeFileSync(join(directory, `${name}.part`), text);
    renameSync(join(directory, `${name}.part`), join(directory, name));
  };
  const skip = (reason?: string): void => {
    throw new Error(reason);
  };
  process.stdin.resume();
  const ended = new Promise((resolve) => process.stdin.once("end", resolve));
  try {
    const server = await start({ skip });
    if (server === undefined) return;
    say("server.json", JSON.stringify(told(server)));
    await ended;
    await server.stop();
  } catch (error) {
    say("failed", `${title}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
    process.stdin.destroy();
  }
}
