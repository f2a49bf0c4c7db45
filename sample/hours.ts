/** Hours of the archive, their file names, and how many events one has. */
import { mix } from "./random.ts";

export const hourMs = 3_600_000;

/** `2026-03-01-5.json.gz`: the archive does not pad the hour. `startMs` is the name read as UTC. */
export function hourFileName(startMs: number): string {
  const at = new Date(startMs);
  return `${at.toISOString().slice(0, 10)}-${at.getUTCHours()}.json.gz`;
}

const fileNamePattern = /^(\d{4}-\d{2}-\d{2})-(\d|1\d|2[0-3])\.json\.gz$/;

/** The inverse; `undefined` for anything else, a padded hour included. */
export function parseHourFileName(name: string): number | undefined {
  const match = fileNamePattern.exec(name);
  if (match === null) return undefined;
  const startMs = Date.parse(`${match[1]}T00:00:00Z`) + Number(match[2]) * hourMs;
  return Number.isNaN(startMs) || hourFileName(startMs) !== name ? undefined : startMs;
}

const hourTextPattern = /^(\d{4}-\d{2}-\d{2})[-T](\d{1,2})$/;

/** `2026-03-01-05`, `2026-03-01-5` or `2026-03-01T05`, as people write an hour. */
export function parseHourText(text: string): number | undefined {
  const match = hourTextPattern.exec(text);
  return match === null ? undefined : parseHourFileName(`${match[1]}-${Number(match[2])}.json.gz`);
}

/** Monday first; the mean of the week is 1. */
const weekdays = [1.09, 1.12, 1.13, 1.11, 1.02, 0.76, 0.77];
/** By UTC hour; the mean of the day is 1. */
const daytimes = [
  0.84, 0.82, 0.85, 0.84, 0.83, 0.86, 0.92, 0.99, 1.06, 1.11, 1.11, 1.08, 1.1, 1.17, 1.22, 1.22, 1.18, 1.11, 1.04, 1,
  0.97, 0.94, 0.89, 0.85,
];

/** How busy that hour is compared with the mean hour: the working week, the working day and ±8 %. */
export function busyness(seed: number, startMs: number): number {
  const at = new Date(startMs);
  const weekday = weekdays[(at.getUTCDay() + 6) % 7] ?? 1;
  const daytime = daytimes[at.getUTCHours()] ?? 1;
  return weekday * daytime * (0.92 + (0.16 * mix(seed, 51, startMs)) / 0x1_0000_0000);
}

/**
 * Before 2015 the names are Pacific time. `offsets` are hours behind UTC: one as a rule, none for the name that the
 * spring change skips, two for the one that the autumn change has twice (rules of 2007 and later).
 */
export function pacificOffsets(wallMs: number): readonly number[] {
  const year = new Date(wallMs).getUTCFullYear();
  const spring = sunday(year, 2, 2) + 2 * hourMs;
  const autumn = sunday(year, 10, 1) + hourMs;
  if (wallMs >= spring && wallMs < spring + hourMs) return [];
  if (wallMs >= autumn && wallMs < autumn + hourMs) return [7, 8];
  return wallMs > spring && wallMs < autumn ? [7] : [8];
}

/** Midnight of the n-th Sunday of a month. */
function sunday(year: number, month: number, nth: number): number {
  const first = Date.UTC(year, month, 1);
  return first + (((7 - new Date(first).getUTCDay()) % 7) + (nth - 1) * 7) * 24 * hourMs;
}
