/** A server as a child process: started on a free port of the loopback, awaited until it answers, ended by its id. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { get as getPlain } from "node:http";
import { get as getSecure } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface ServerProcess {
  readonly port: number;
  readonly pid: number;
  /** A directory of its own below the system's for temporary files; removed at the end. */
  readonly directory: string;
  stop(): Promise<void>;
}

export interface ServerCommand {
  /** What messages call it. */
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** A path that answers with `ok` once the server serves. */
  readonly health: { readonly url: string; readonly ca?: string; readonly ok: (status: number) => boolean };
}

const startTries = 3;
/** A Java server on a busy machine. Milliseconds. */
const readyMsMax = 120_000;
const stopMsMax = 5_000;

/** `command` is asked again with another port if somebody else took the first one meanwhile. */
export async function startServer(command: (port: number, directory: string) => ServerCommand): Promise<ServerProcess> {
  for (let tries = 1; ; tries++) {
    const directory = mkdtempSync(join(tmpdir(), "millrace-server-"));
    const port = await freePort();
    const started = start(command(port, directory), directory);
    try {
      await started.ready;
      return { port, pid: started.pid, directory, stop: started.stop };
    } catch (error) {
      await started.stop();
      if (tries === startTries) throw error;
    }
  }
}

function start({ title, program, args, environment = {}, health }: ServerCommand, directory: string) {
  const child = spawn(program, args, {
    cwd: directory,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = child.exitCode === null ? once(child, "exit") : Promise.resolve();
  // Without a listener a program that cannot be started would end the tests instead of this server.
  const failed = new Promise<never>((_, reject) => child.on("error", reject));
  failed.catch(() => undefined);
  const said = lastWords(child);
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  process.once("exit", kill);
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    process.off("exit", kill);
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      const timer = setTimeout(kill, stopMsMax);
      await exited;
      clearTimeout(timer);
    }
    rmSync(directory, { recursive: true, force: true });
  };
  const awaitReady = async (): Promise<void> => {
    const giveUpMs = Date.now() + readyMsMax;
    while (!(await answers(health))) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${title} ended at once: ${said()}`);
      if (Date.now() > giveUpMs) throw new Error(`${title} did not become ready: ${said()}`);
      await pause(50);
    }
  };
  return {
    pid: child.pid ?? -1,
    ready: Promise.race([awaitReady(), failed]),
    stop: (): Promise<void> => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** The end of what the server printed: a server that runs for an hour may print without bound. */
function lastWords(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-4000);
    });
  }
  return () => text;
}

function answers({ url, ca, ok }: ServerCommand["health"]): Promise<boolean> {
  return new Promise((resolve) => {
    const get = url.startsWith("https:") ? getSecure : getPlain;
    const request = get(url, { ...(ca === undefined ? {} : { ca }), agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(ok(response.statusCode ?? 0));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a port without a number");
  return address.port;
}
