/** Durations, sizes and shares as people write them, into numbers. `undefined` for anything else. */
import { dayMs, hourMs } from "../model/calendar.ts";

const minuteMs = 60_000;
const secondMs = 1_000;

/** From the largest to the smallest, as they stand in a text: `1d12h`. */
const durationUnits = [
  { name: "w", ms: 7 * dayMs },
  { name: "d", ms: dayMs },
  { name: "h", ms: hourMs },
  { name: "m", ms: minuteMs },
  { name: "s", ms: secondMs },
  { name: "ms", ms: 1 },
] as const;

const durationPattern = new RegExp(`^${durationUnits.map((unit) => `(?:(\\d+)${unit.name})?`).join("")}$`);

/** `7d`, `6h`, `1d12h`, `500ms` and `0`, in milliseconds. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (text === "") return undefined;
  const match = durationPattern.exec(text);
  if (match === null) return undefined;
  const ms = durationUnits.reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit.ms, 0);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** The shortest text that `parseDuration` reads back. */
export function formatDuration(ms: number): string {
  let text = "";
  let rest = ms;
  for (const unit of durationUnits) {
    // Weeks are read but never written: 14d is what people compare with 7d.
    if (unit.name === "w") continue;
    const count = Math.floor(rest / unit.ms);
    if (count > 0) text += `${count}${unit.name}`;
    rest -= count * unit.ms;
  }
  return text === "" ? "0" : text;
}

const byteUnits: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ...["k", "m", "g", "t"].flatMap((letter, index): [string, number][] => [
    [`${letter}b`, 1000 ** (index + 1)],
    [`${letter}ib`, 1024 ** (index + 1)],
  ]),
]);

/** `256MB` (10^6), `1GiB` (2^30), `1.5GB`, `4096`, in bytes. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text);
  const unit = byteUnits.get(match?.[2]?.toLowerCase() ?? "?");
  if (match === null || unit === undefined) return undefined;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `0.1%`, `0.1 %` or `0.001`: a share from 0 to 1. */
export function parseShare(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)( ?%)?$/.exec(text);
  if (match === null) return undefined;
  const share = match[2] === undefined ? Number(match[1]) : Number(match[1]) / 100;
  return share <= 1 ? share : undefined;
}

export function parseCount(text: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const count = Number(text);
  return Number.isSafeInteger(count) ? count : undefined;
}
