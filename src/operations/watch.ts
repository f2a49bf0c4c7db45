/** Passes for ever: the same `run`, at the interval of the fastest source, or sooner when something waits for a time. */
import type { RunSummary } from "../answers.ts";
import { asFailure, type Failure } from "../errors.ts";
import type { Report } from "../model/events.ts";
import type { Project } from "../model/project.ts";
import type { Waiting } from "../reconcile/plan.ts";

/** Never sleeps shorter, so that a mistake in a time cannot become a busy loop. Milliseconds. */
const sleepMinMs = 1_000;

export interface WatchOptions {
  readonly signal?: AbortSignal;
  readonly report: Report;
  readonly clock: () => number;
  readonly onPass?: (summary: RunSummary) => void;
  readonly onFailedPass?: (failure: Failure) => void;
}

/** Resolves when `signal` aborts. A pass that fails as a whole is waited out like any other; it does not end the watch. */
export async function watch(project: Project, pass: () => Promise<RunSummary>, options: WatchOptions): Promise<void> {
  const intervalMs = Math.min(...[...project.sources.values()].map((source) => source.intervalMs), 3_600_000);
  const isStopped = (): boolean => options.signal?.aborted === true;
  while (!isStopped()) {
    const waiting = await onePass(pass, options, isStopped);
    if (isStopped()) return;
    const nowMs = options.clock();
    const untilMs = nextLookMs(waiting, nowMs, intervalMs);
    options.report({ code: "pass.sleep", until: new Date(untilMs).toISOString() });
    await sleep(untilMs - nowMs, options.signal);
  }
}

/** What waits after a pass; nothing is known of that if the pass failed as a whole. */
async function onePass(
  pass: () => Promise<RunSummary>,
  options: WatchOptions,
  isStopped: () => boolean,
): Promise<readonly Waiting[]> {
  try {
    const summary = await pass();
    options.onPass?.(summary);
    return summary.waiting;
  } catch (error) {
    if (isStopped()) return [];
    const failure = asFailure(error);
    options.report({ code: "pass.failed", reason: failure.message, kind: failure.kind });
    options.onFailedPass?.(failure);
    return [];
  }
}

/** When to look again: after the interval, or when the first waiting item is due, whichever is earlier. */
export function nextLookMs(waiting: readonly Waiting[], nowMs: number, intervalMs: number): number {
  let untilMs = nowMs + intervalMs;
  for (const item of waiting) {
    if ("nextMs" in item && item.nextMs !== undefined) untilMs = Math.min(untilMs, item.nextMs);
  }
  return Math.max(untilMs, nowMs + sleepMinMs);
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
    signal?.addEventListener("abort", done);
    if (signal?.aborted === true) done();
  });
}
