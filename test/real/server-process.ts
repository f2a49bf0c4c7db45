/** A server as a child process: started on a free port of the loopback, awaited until it answers, ended by its id. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { get as getPlain } from "node:http";
import { get as getSecure } from "node:https";
import { createServer, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface ServerProcess {
  readonly port: number;
  readonly pid: number;
  /** A directory of its own below the system's for temporary files; removed at the end. */
  readonly directory: string;
  /** Resolves when it has ended, by whomever. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
  /** Sends it a signal and waits for nothing. */
  kill(signal: NodeJS.Signals): void;
}

export interface ServerCommand {
  /** What messages call it. */
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** A path that answers with `ok` once the server serves, or a question of another kind. */
  readonly health: HttpHealth | (() => Promise<boolean>);
  /**
   * Whether the server ends when this process does, however it does, and does not keep this process from ending. Without it
   * a server outlives a process that is killed.
   */
  readonly leashed?: boolean;
  /** Its user and group, where this process may choose. */
  readonly user?: number | undefined;
  /** What ends it in an orderly way. Default SIGTERM. */
  readonly stopSignal?: "SIGTERM" | "SIGINT";
}

export interface StartOptions {
  /** The one port that will do, instead of one that is free. */
  readonly port?: number | undefined;
}

interface HttpHealth {
  readonly url: string;
  readonly ca?: string;
  readonly ok: (status: number) => boolean;
}

const startTries = 3;
/** A Java server on a busy machine. Milliseconds. */
const readyMsMax = 180_000;
const stopMsMax = 5_000;

/**
 * Becomes the program, with a watcher beside it that waits for the end of a pipe that this process holds. The program leads
 * a process group to which the watcher belongs, so that its id cannot become another's while the watcher lives.
 */
const leash = (signal: string): string => `exec 3<&0
{ cat <&3; for second in 1 2 3 4 5; do kill -${signal} $$ || exit; sleep 1; done; kill -KILL $$; } >/dev/null 2>&1 &
exec 3<&- "$@" </dev/null`;

/** `command` is asked again with another port if somebody else took the first one meanwhile. */
export async function startServer(
  command: (port: number, directory: string) => ServerCommand,
  options: StartOptions = {},
): Promise<ServerProcess> {
  for (let tries = 1; ; tries++) {
    const directory = mkdtempSync(join(tmpdir(), "millrace-server-"));
    const port = options.port ?? (await freePort());
    const started = start(command(port, directory), directory);
    try {
      await started.ready;
      const { pid, ended, stop, kill } = started;
      return { port, pid, directory, ended, stop, kill };
    } catch (error) {
      await started.stop();
      if (tries === startTries || options.port !== undefined) throw error;
    }
  }
}

function start(asked: ServerCommand, directory: string) {
  const { title, program, args, environment = {}, health, leashed = false, user, stopSignal = "SIGTERM" } = asked;
  const held = ["sh", "-c", leash(stopSignal.slice(3)), title, program, ...args];
  const [first, ...others] = leashed ? held : [program, ...args];
  const child = spawn(first ?? program, others, {
    cwd: directory,
    env: { ...process.env, ...environment },
    stdio: [leashed ? "pipe" : "ignore", "pipe", "pipe"],
    detached: leashed,
    ...(user === undefined ? {} : { uid: user, gid: user }),
  });
  if (leashed) letGo(child);
  const exited = child.exitCode === null ? once(child, "exit") : Promise.resolve();
  // Without a listener a program that cannot be started would end the tests instead of this server.
  const failed = new Promise<never>((_, reject) => child.on("error", reject));
  failed.catch(() => undefined);
  const said = lastWords(child);
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  const end = (): void => {
    kill();
    rmSync(directory, { recursive: true, force: true });
  };
  process.once("exit", end);
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    process.off("exit", end);
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill(stopSignal);
      // One that was stopped hears of the end when it goes on.
      child.kill("SIGCONT");
      const timer = setTimeout(kill, stopMsMax);
      await exited;
      clearTimeout(timer);
    }
    child.stdin?.destroy();
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
    ended: exited.then(
      () => undefined,
      () => undefined,
    ),
    kill: (signal: NodeJS.Signals): void => {
      child.kill(signal);
    },
    ready: Promise.race([awaitReady(), failed]),
    stop: (): Promise<void> => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** Neither the child nor its streams keep this process from ending. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) if (stream instanceof Socket) stream.unref();
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

function answers(health: ServerCommand["health"]): Promise<boolean> {
  if (typeof health === "function") return health();
  const { url, ca, ok } = health;
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
