/** The one module that touches the process itself: its streams, its signals and its end. */
import { asFailure, exitCodeOf, Failure } from "../errors.ts";
import type { Surroundings } from "./command.ts";
import { main } from "./main.ts";
import { renderFailure } from "./terminal/failure.ts";
import { noPaint } from "./terminal/paint.ts";
import { guarded } from "./terminal/text.ts";

/** After the first signal a command has so long to stop cleanly before the process ends all the same. */
const STOP_MS_MAX = 10_000;
/** npm and other parents pass a signal on that the terminal sent to the whole group: one press arrives twice. */
const ECHO_MS = 250;
/** When a command has ended, whatever still keeps the process alive (an open handle of a driver) has so long. */
const LINGER_MS_MAX = 2_000;

const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type StopSignal = keyof typeof signalCodes;
const stopSignals: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

export interface StartOptions {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export async function start({ version, env }: StartOptions): Promise<void> {
  const stop = new AbortController();
  let stoppedBy: StopSignal | undefined;
  let stoppedAtMs = 0;
  let isPipeClosed = false;

  const endNow = (code: number): never => {
    // The cursor may be hidden by a bar; a terminal must never be left without it.
    if (process.stderr.isTTY) process.stderr.write("\x1b[?25h");
    process.exit(code);
  };
  for (const name of stopSignals) {
    process.on(name, () => {
      if (stoppedBy !== undefined) {
        if (performance.now() - stoppedAtMs > ECHO_MS) endNow(signalCodes[stoppedBy]);
        return;
      }
      stoppedBy = name;
      stoppedAtMs = performance.now();
      stop.abort(new Failure("cancelled", `stopped by ${name}`));
      setTimeout(() => endNow(signalCodes[name]), STOP_MS_MAX).unref();
    });
  }
  // A reader that has seen enough (`millrace query … | head`) is no error: the work stops, and nobody is told.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    isPipeClosed = true;
    stop.abort(new Failure("cancelled", "nobody reads stdout any more"));
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

  // A mistake of ours outside of any command's promise: told like every other failure, and the end.
  process.on("uncaughtException", (error) => {
    const failure = asFailure(error);
    const lines = renderFailure(failure, {
      paint: noPaint,
      cwd: process.cwd(),
      debug: env.MILLRACE_DEBUG !== undefined,
    });
    process.stderr.write(guarded(`${lines.join("\n")}\n`));
    endNow(exitCodeOf(failure));
  });

  const around: Surroundings = {
    version,
    env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    now: Date.now,
  };
  const code = await main(process.argv.slice(2), around, stop.signal);
  const isCancelled = code === exitCodeOf(new Failure("cancelled", ""));
  process.exitCode = stoppedBy !== undefined ? signalCodes[stoppedBy] : isPipeClosed && isCancelled ? 0 : code;
  for (const name of stopSignals) process.removeAllListeners(name);
  setTimeout(() => process.exit(), LINGER_MS_MAX).unref();
}
