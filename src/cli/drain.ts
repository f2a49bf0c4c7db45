/** Writing to stdout no faster than its reader reads. */
import type { Call } from "./command.ts";
import type { OutStream } from "./terminal/screen.ts";

/** Writes, and waits as long as the reader is behind. Throws when the work was cancelled meanwhile. */
export async function writeWhole(
  { stdout, signal }: Pick<Call, "stdout" | "signal">,
  data: string | Uint8Array,
): Promise<void> {
  if (data.length > 0 && !stdout.write(data)) await drained(stdout, signal);
  signal.throwIfAborted();
}

function drained(stdout: OutStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const events = ["drain", "close", "error"] as const;
    const done = (): void => {
      for (const event of events) stdout.removeListener(event, done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    for (const event of events) stdout.once(event, done);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
