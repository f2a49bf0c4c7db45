/** Neighbouring intervals as one range: `2026-03-01-21 … 23`. */
import { type Interval, intervalId, lengthMs, parseIntervalId, startOfDay } from "../../model/calendar.ts";

export interface IntervalRange {
  readonly first: Interval;
  readonly last: Interval;
  readonly items: number;
}

/** The ranges of intervals of one length, oldest first. */
export function rangesOf(intervals: Iterable<Interval>): readonly IntervalRange[] {
  const sorted = [...intervals].sort((a, b) => a.startMs - b.startMs);
  const ranges: IntervalRange[] = [];
  for (const interval of sorted) {
    const open = ranges.at(-1);
    if (open !== undefined && interval.startMs === open.last.startMs + lengthMs(open.last.every)) {
      ranges[ranges.length - 1] = { first: open.first, last: interval, items: open.items + 1 };
    } else if (open === undefined || interval.startMs !== open.last.startMs) {
      ranges.push({ first: interval, last: interval, items: 1 });
    }
  }
  return ranges;
}

/** Within one day the second hour alone; otherwise both ids. */
export function rangeText(range: IntervalRange): string {
  const first = intervalId(range.first);
  if (range.items === 1) return first;
  const last = intervalId(range.last);
  const oneDay = range.first.every === "hour" && startOfDay(range.first.startMs) === startOfDay(range.last.startMs);
  return `${first} … ${oneDay ? last.slice(-2) : last}`;
}

/** A range as an argument of a command: one id, or `first..last`, both included. */
export function rangeArgument(range: IntervalRange): string {
  const first = intervalId(range.first);
  return range.items === 1 ? first : `${first}..${intervalId(range.last)}`;
}

/** The first few ranges, and how many intervals the rest holds. */
export function rangesText(ranges: readonly IntervalRange[], most: number): string {
  const shown = ranges.slice(0, most).map(rangeText).join(", ");
  const rest = ranges.slice(most).reduce((sum, range) => sum + range.items, 0);
  return rest === 0 ? shown : `${shown} and ${rest} more`;
}

/** The name and the interval of a key `gharchive@2026-03-01-21`; `interval` is missing for a mart's plain name. */
export function splitKey(key: string): { readonly name: string; readonly interval: Interval | undefined } {
  const at = key.lastIndexOf("@");
  if (at < 0) return { name: key, interval: undefined };
  return { name: key.slice(0, at), interval: parseIntervalId(key.slice(at + 1)) };
}
