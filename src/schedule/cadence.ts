/** What is due and when to look again. Pure: the clock is a parameter. */
import type { Interval } from "../model/calendar.ts";
import { dayMs, hourMs, intervalAt, lengthMs, startOfDay } from "../model/calendar.ts";
import type { Since, SourceSettings, TimeRange } from "../model/project.ts";

/** The instant that a look-back means now: counted from 00:00 UTC of today, so that a pass does not move it by minutes. */
export function sinceMs(since: Since, nowMs: number): number {
  return since.kind === "at" ? since.ms : startOfDay(nowMs) - since.ms;
}

/**
 * The start of the first interval that `keep` still covers, counted from the interval's end. Those before it have expired:
 * their raw objects may be collected, and where there is none it is neither due nor a gap.
 */
export function keptFromMs(settings: Pick<SourceSettings, "keepMs" | "every">, nowMs: number): number {
  if (settings.keepMs === undefined) return Number.NEGATIVE_INFINITY;
  const length = lengthMs(settings.every);
  return Math.floor((nowMs - settings.keepMs) / length) * length;
}

/** The window of intervals a source is wanted for: whole intervals that have ended and not expired. */
export function wantedWindow(
  settings: Pick<SourceSettings, "since" | "untilMs" | "every" | "keepMs">,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  const length = lengthMs(settings.every);
  const askedMs = Math.ceil(sinceMs(settings.since, nowMs) / length) * length;
  const ended = intervalAt(settings.every, nowMs).startMs;
  const toMs = settings.untilMs === undefined ? ended : Math.min(ended, Math.floor(settings.untilMs / length) * length);
  // Where everything has expired the window is empty, and stands where it ended.
  const fromMs = Math.max(askedMs, Math.min(keptFromMs(settings, nowMs), toMs));
  return { fromMs, toMs: Math.max(fromMs, toMs) };
}

export function inRanges(ranges: readonly TimeRange[], startMs: number): boolean {
  return ranges.some((range) => startMs >= range.startMs && startMs < range.endMs);
}

/** Milliseconds since the interval ended, which is when the archive could first have published it. */
export function ageMs(interval: Interval, nowMs: number): number {
  return nowMs - interval.startMs - lengthMs(interval.every);
}

/** A miss younger than `settle` is "not yet"; an older one is a gap. */
export function judgeMiss(interval: Interval, settleMs: number, nowMs: number): "pending" | "gap" {
  return ageMs(interval, nowMs) < settleMs ? "pending" : "gap";
}

/**
 * How long to leave an item alone after its n-th unsuccessful try (n from 1). Gaps are asked for rarely, since an
 * archive repairs holes within hours or never; failures double from a minute.
 */
export function backoffMs(what: "pending" | "gap" | "failure", tries: number, intervalMs: number): number {
  if (what === "pending") return intervalMs;
  const first = what === "gap" ? hourMs : 60_000;
  const most = what === "gap" ? dayMs : 6 * hourMs;
  return Math.min(most, first * 2 ** Math.min(20, tries - 1));
}
