/** Instants, look-backs and spans of time as a project writes them; everything is UTC unless an offset is written. */
import { Failure } from "../errors.ts";
import { dayMs, daysInMonth, hourMs, utcDayMs } from "../model/calendar.ts";
import type { Since, TimeRange } from "../model/project.ts";
import { parseDuration } from "./quantities.ts";

/** An instant, and how much time its notation names: a day, an hour, or none. */
export interface Instant {
  readonly ms: number;
  readonly spanMs: number;
}

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T -](\d{1,2})(?:Z|:(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?(Z|[+-]\d{2}:?\d{2})?)?)?$/;

/**
 * `2015-01-01`, `2015-01-01T05` (or `2015-01-01-05`), `2015-01-01T05:30`, `2015-01-01T05:30:00+01:00`.
 * `undefined` for other notations; throws `usage` for a day or time that does not exist.
 */
export function parseInstant(text: string): Instant | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, yearText, monthText, dayText, hour, minute, second, fraction, zone] = match;
  const [year, month, day] = [Number(yearText), Number(monthText), Number(dayText)];
  const dayStart = utcDayMs(year, month, day);
  if (dayStart === undefined) throw new Failure("usage", `${text} does not exist: ${whyNoDay(year, month)}`);
  if (Number(hour ?? 0) > 23) throw new Failure("usage", `${text} does not exist: hours go from 00 to 23`);
  if (Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) {
    throw new Failure("usage", `${text} does not exist: minutes and seconds go from 00 to 59`);
  }
  const time = Number(hour ?? 0) * hourMs + Number(minute ?? 0) * 60_000 + Number(second ?? 0) * 1_000;
  const ms = dayStart + time + Number((fraction ?? "0").padEnd(3, "0")) - offsetMs(zone);
  const spanMs = hour === undefined ? dayMs : minute === undefined ? hourMs : 0;
  return { ms, spanMs };
}

function whyNoDay(year: number, month: number): string {
  if (month < 1 || month > 12) return "months go from 01 to 12";
  return `that month has ${daysInMonth(year, month)} days`;
}

/** `+01:00`, `-0700` or `Z`, in milliseconds east of Greenwich. */
function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const sign = zone.startsWith("-") ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * hourMs + Number(zone.slice(-2)) * 60_000);
}

/** A look-back (`7d`) or a fixed instant. */
export function parseSince(text: string): Since | undefined {
  const ago = parseDuration(text);
  if (ago !== undefined && ago > 0) return { kind: "ago", ms: ago, text };
  const instant = parseInstant(text);
  return instant === undefined ? undefined : { kind: "at", ms: instant.ms, text };
}

export interface Span extends TimeRange {
  readonly text: string;
  /** Whether an end is finer than a day. */
  readonly hourly: boolean;
}

/** One day or hour, or a range `a..b` that includes the whole of `b`. */
export function parseSpan(text: string): Span | undefined {
  const [fromText, toText, ...more] = text.split("..");
  if (fromText === undefined || more.length > 0) return undefined;
  const from = parseInstant(fromText.trim());
  const to = toText === undefined ? from : parseInstant(toText.trim());
  if (from === undefined || to === undefined || from.spanMs === 0 || to.spanMs === 0) return undefined;
  if (to.ms < from.ms)
    throw new Failure("usage", `${text} ends before it begins`, { remedy: "Write the earlier one first" });
  return { text, startMs: from.ms, endMs: to.ms + to.spanMs, hourly: from.spanMs < dayMs || to.spanMs < dayMs };
}
