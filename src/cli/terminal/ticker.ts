/** One line that says, after a second, that something is still going on; on a live terminal only. */
import type { Screen } from "./screen.ts";
import { cut } from "./text.ts";

export interface Ticker {
  /** Takes the line away again. Safe to call twice. */
  stop(): void;
}

/** Nobody needs to be told about what takes less. */
const SILENT_MS = 1000;
const TICK_MS = 250;

interface TickerCall {
  readonly err: Screen;
  readonly now: () => number;
  readonly common: { readonly quiet: boolean; readonly log: "text" | "json" };
}

/** `text` gets the milliseconds since the start. */
export function startTicker(call: TickerCall, text: (ms: number) => string): Ticker {
  const { err, now, common } = call;
  if (!err.isLive || common.quiet || common.log === "json") return { stop: () => undefined };
  const began = now();
  let drawn = 0;
  const timer = setInterval(() => {
    const ms = now() - began;
    if (ms < SILENT_MS) return;
    err.redraw(drawn, [err.paint.quiet(cut(`  ${text(ms)}`, err.width() - 1))]);
    drawn = 1;
  }, TICK_MS);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      if (drawn > 0) err.redraw(drawn, []);
      drawn = 0;
    },
  };
}
