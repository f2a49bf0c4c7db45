/**
 * Runs the script that is also an image's entry point: on this machine, in a private directory, as a child that ends with this
 * process, however that ends. Its own lines become failures with the same words and exit codes.
 */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Environment } from "../distribution/contract.ts";
import { type Leashed, startLeashed, stopLeashed } from "../distribution/leash.ts";
import { cancelled } from "../distribution/programs.ts";
import { Failure } from "../errors.ts";
import type { MetastoreVersions } from "../model/metastore-versions.ts";
import { serves } from "./probe.ts";
import { errorMark, fixMark, metastoreScript, type ScriptAction } from "./script.ts";

export interface LaunchOptions {
  readonly versions: MetastoreVersions;
  /** That `installMetastore` made. */
  readonly home: string;
  /** The script's parameters, and what else its programs shall see. */
  readonly environment: Environment;
  readonly signal?: AbortSignal | undefined;
  /** Every line that it and the metastore say. */
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface LocalMetastore {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** From the start of its process until it answered. */
  readonly readyMs: number;
  /** Resolves when it has ended by itself, with why. */
  readonly ended: Promise<Failure>;
  /** Ends it and removes what it needed. Repeating it does nothing. */
  stop(): Promise<void>;
}

/** Between two questions whether it serves. Milliseconds. */
const askMs = 100;
/** After the database is ready; a cold machine that is busy takes half a minute. Milliseconds. */
const readyMsMax = 180_000;

/** Runs the script to its end. Throws what it says is wrong. */
export async function runScript(action: Exclude<ScriptAction, "serve" | "configure">, options: LaunchOptions) {
  const launched = await launch(action, options);
  const stop = (): void => void stopLeashed(launched.child);
  options.signal?.addEventListener("abort", stop, { once: true });
  const { code } = await launched.child.ended;
  await launched.saidAll;
  options.signal?.removeEventListener("abort", stop);
  if (options.signal?.aborted === true) throw cancelled(options.signal);
  if (code !== 0) throw launched.failure(code);
}

/** Serves where the parameters say, and answers when it does. */
export async function serveMetastore(options: LaunchOptions): Promise<LocalMetastore> {
  const { METASTORE_BIND: bind = "0.0.0.0", METASTORE_PORT: port = "9083" } = options.environment;
  // Whoever listens on every address is asked at the nearest one.
  const host = bind === "0.0.0.0" ? "127.0.0.1" : bind === "::" ? "::1" : bind;
  const began = performance.now();
  const launched = await launch("serve", options);
  const { child } = launched;
  let code: number | null | undefined;
  const ended = child.ended.then(async (end) => {
    await launched.saidAll;
    code = end.code;
    return launched.failure(code);
  });
  try {
    let giveUpMs = Number.POSITIVE_INFINITY;
    for (;;) {
      if (options.signal?.aborted === true) throw cancelled(options.signal);
      if (code !== undefined) throw launched.failure(code);
      // Somebody else may serve there: only after the script has come so far it can be ours.
      const isStarted = launched.hasStarted();
      if (isStarted && (await serves(host, Number(port)))) break;
      if (isStarted && giveUpMs === Number.POSITIVE_INFINITY) giveUpMs = performance.now() + readyMsMax;
      if (performance.now() > giveUpMs) {
        throw new Failure("unavailable", `the metastore: does not answer after ${readyMsMax / 1000} s`, {
          remedy: "see what it says: METASTORE_LOG_LEVEL=info",
        });
      }
      await Promise.race([pause(askMs), ended]);
    }
  } catch (error) {
    await stopLeashed(child);
    throw error;
  }
  const readyMs = performance.now() - began;
  return { host, port: Number(port), pid: child.pid, readyMs, ended, stop: () => stopLeashed(child) };
}

interface Launched {
  readonly child: Leashed;
  hasStarted(): boolean;
  /** Resolves when its last words have come. */
  readonly saidAll: Promise<unknown>;
  /** What it said was wrong. */
  failure(code: number | null): Failure;
}

async function launch(action: ScriptAction, options: LaunchOptions): Promise<Launched> {
  const { versions, home, environment, onLine } = options;
  const directory = await mkdtemp(join(tmpdir(), "millrace-metastore-"));
  let child: Leashed;
  try {
    const script = join(directory, "entrypoint.sh");
    await writeFile(script, metastoreScript(versions), { mode: 0o600, flag: "wx" });
    child = await startLeashed(["sh", script, action], {
      environment: { ...environment, METASTORE_HOME: home, TMPDIR: directory },
      cwd: directory,
      directory,
      streams: "captured",
    });
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  const saidAll = once(child.child, "close");
  const wrong: { message: string; remedy: string | undefined }[] = [];
  let isStarted = false;
  readLines(child, (line) => {
    if (line.startsWith(errorMark)) wrong.push({ message: line.slice(errorMark.length), remedy: undefined });
    else if (line.startsWith(fixMark)) {
      const last = wrong.at(-1);
      if (last !== undefined) last.remedy = line.slice(fixMark.length);
    } else {
      if (line.startsWith("metastore: starts metastore")) isStarted = true;
      onLine?.(line);
    }
  });
  const failure = (code: number | null): Failure => {
    const kind = code === 2 ? "usage" : "unavailable";
    const [first, ...others] = wrong.map(
      ({ message, remedy }) => new Failure(kind, message, remedy === undefined ? {} : { remedy }),
    );
    if (first === undefined) return new Failure("unavailable", `the metastore: ended with status ${code ?? "unknown"}`);
    return others.length === 0 ? first : new Failure(kind, first.message, { ...first.detail, others });
  };
  return { child, saidAll, hasStarted: () => isStarted, failure };
}

/** Hands on whole lines of what comes in pieces, of both streams. */
function readLines({ child }: Leashed, take: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) take(line);
    });
  }
}
