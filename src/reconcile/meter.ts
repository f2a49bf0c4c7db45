/** Counts what a stage does, and tells its beginning, growth and end. */
import type { Report, Stage } from "../model/events.ts";
import type { Outcome } from "./outcome.ts";

export interface StageTotals {
  done: number;
  /** Those among them for which nothing was built: a name was let show what is published. */
  registered?: number;
  failed: number;
  held: number;
  skipped: number;
  bytes: number;
  rows: number;
  rejected: number;
  /** From the first item's start to the last one's end, over all passes. */
  ms: number;
}

export interface Meter {
  expect(items: number): void;
  count(outcome: Outcome): void;
  stop(totals: StageTotals): void;
}

/** Tells a stage's beginning, growth and end; stays silent for a stage in which nothing happens. */
export function startMeter(stage: Stage, report: Report): Meter {
  const own = newTotals();
  let items = 0;
  let begunMs: number | undefined;
  return {
    expect(more) {
      items += more;
      if (begunMs === undefined) {
        begunMs = performance.now();
        report({ code: "stage.start", stage, items });
      } else report({ code: "stage.grow", stage, items });
    },
    count: (outcome) => addTo(own, outcome),
    stop(totals) {
      if (begunMs === undefined) return;
      const ms = performance.now() - begunMs;
      totals.ms += ms;
      report({
        code: "stage.done",
        stage,
        items: own.done + own.skipped,
        failed: own.failed + own.held,
        bytes: own.bytes,
        rows: own.rows,
        rejected: own.rejected,
        ms,
      });
    },
  };
}

export const newTotals = (): StageTotals => ({
  done: 0,
  failed: 0,
  held: 0,
  skipped: 0,
  bytes: 0,
  rows: 0,
  rejected: 0,
  ms: 0,
});

export function addTo(totals: StageTotals, outcome: Outcome): void {
  if (outcome.isNameOnly === true && outcome.result === "done") totals.registered = (totals.registered ?? 0) + 1;
  if (outcome.result === "done") totals.done++;
  else if (outcome.result === "failed") totals.failed++;
  else if (outcome.result === "held") totals.held++;
  else totals.skipped++;
  totals.bytes += outcome.bytes;
  totals.rows += outcome.rows;
  totals.rejected += outcome.rejected;
}
