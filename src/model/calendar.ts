/** Interval arithmetic in UTC. An interval is named by its id; nothing here knows a clock or a time zone. */

export type Every = "hour" | "day";

/** One hour or day of a calendar. */
export interface Interval {
  readonly every: Every;
  /** Milliseconds since the epoch, a multiple of the interval's length. */
  readonly startMs: number;
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

export function lengthMs(every: Every): number {
  return every === "hour" ? hourMs : dayMs;
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** `YYYY-MM-DD-HH` or `YYYY-MM-DD`: the identity of a raw object and the value of `src`. */
export function intervalId(interval: Interval): string {
  const at = new Date(interval.startMs);
  const day = `${String(at.getUTCFullYear()).padStart(4, "0")}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
  return interval.every === "hour" ? `${day}-${two(at.getUTCHours())}` : day;
}

const idPattern = /^(\d{4})-(\d{2})-(\d{2})(?:[-T](\d{1,2}))?$/;

/** The inverse of `intervalId`; also takes `YYYY-MM-DDTHH`. `undefined` for anything that is no such instant. */
export function parseIntervalId(id: string): Interval | undefined {
  const match = idPattern.exec(id);
  if (match === null) return undefined;
  const [, year, month, day, hour] = match;
  const startMs = Date.UTC(Number(year), Number(month) - 1, Number(day), hour === undefined ? 0 : Number(hour));
  const interval: Interval = { every: hour === undefined ? "day" : "hour", startMs };
  // Date.UTC rolls 31 February over into March; comparing the id that comes out refuses such dates.
  const canonical = hour === undefined ? `${year}-${month}-${day}` : `${year}-${month}-${day}-${hour.padStart(2, "0")}`;
  return intervalId(interval) === canonical ? interval : undefined;
}

/** The interval that contains the instant. */
export function intervalAt(every: Every, atMs: number): Interval {
  const length = lengthMs(every);
  return { every, startMs: Math.floor(atMs / length) * length };
}

/** The intervals that lie wholly in [fromMs, toMs): the one that is still running is not among them. */
export function* intervalsBetween(every: Every, fromMs: number, toMs: number): Generator<Interval> {
  const length = lengthMs(every);
  for (let startMs = Math.ceil(fromMs / length) * length; startMs + length <= toMs; startMs += length) {
    yield { every, startMs };
  }
}

/** 00:00 UTC of the day that contains the instant. */
export function startOfDay(atMs: number): number {
  return Math.floor(atMs / dayMs) * dayMs;
}
