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
  const startMs = utcDayMs(Number(year), Number(month), Number(day));
  if (startMs === undefined) return undefined;
  if (hour === undefined) return { every: "day", startMs };
  return Number(hour) < dayMs / hourMs ? { every: "hour", startMs: startMs + Number(hour) * hourMs } : undefined;
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

/** Days of the year before the first of each month, in a year that is not a leap year. */
const daysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 0000-01-01 to the first day of the year, in the proleptic Gregorian calendar. */
function daysBeforeYear(year: number): number {
  return 365 * year + Math.ceil(year / 4) - Math.ceil(year / 100) + Math.ceil(year / 400);
}

const epochDay = daysBeforeYear(1970);

/**
 * 00:00 UTC of a day of the years 0 to 9999; `undefined` for a day that no calendar has. `Date.UTC` would roll
 * 31 February over into March and take the year 50 for 1950.
 */
export function utcDayMs(year: number, month: number, day: number): number | undefined {
  if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  const leapDay = month > 2 && isLeapYear(year) ? 1 : 0;
  return (daysBeforeYear(year) - epochDay + (daysBeforeMonth[month - 1] ?? 0) + leapDay + day - 1) * dayMs;
}
