/** Arithmetic of byte ranges, and the plan by which missing ones are fetched. Pure. */
import type { ByteRange } from "./contract.ts";

/** Ascending, none empty, no two that touch. */
export type RangeSet = readonly ByteRange[];

/** The part of the ranges that lies within an object of `size` bytes. */
export function rangeSet(ranges: readonly ByteRange[], size: number): RangeSet {
  const inside = ranges
    .map(({ start, end }) => ({ start: Math.max(0, start), end: Math.min(size, end) }))
    .filter(({ start, end }) => start < end)
    .sort((a, b) => a.start - b.start);
  const set: { readonly start: number; end: number }[] = [];
  for (const range of inside) {
    const last = set.at(-1);
    if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end);
    else set.push({ ...range });
  }
  return set;
}

export function union(a: RangeSet, b: RangeSet): RangeSet {
  return rangeSet([...a, ...b], Number.POSITIVE_INFINITY);
}

/** What of `wanted` is not in `present`. */
export function subtract(wanted: RangeSet, present: RangeSet): RangeSet {
  const left: ByteRange[] = [];
  let at = 0;
  for (const { start, end } of wanted) {
    let from = start;
    while (at < present.length && (present[at]?.end ?? 0) <= from) at++;
    for (let next = at; from < end; next++) {
      const there = present[next];
      if (there === undefined || there.start >= end) {
        left.push({ start: from, end });
        break;
      }
      if (there.start > from) left.push({ start: from, end: there.start });
      from = Math.max(from, there.end);
    }
  }
  return left;
}

export function bytesIn(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

export interface FetchLimits {
  /** Gaps up to here may be fetched with what lies around them. Bytes. */
  readonly gapBytesMax: number;
  /** Gaps together may add this share to what is wanted, or `gapsBytesMin`, whatever is more. */
  readonly gapsShare: number;
  readonly gapsBytesMin: number;
  /** If more than this share of what is not there is wanted, all of it is fetched. */
  readonly wholeShare: number;
  /** No single request asks for more than this. Bytes. */
  readonly requestBytesMax: number;
}

/**
 * A request costs a store's latency whatever its length, a byte costs bandwidth: 256 KiB are some milliseconds on most
 * networks, less than most stores take to answer. The share keeps what is fetched in vain below what is wanted, however
 * the gaps lie.
 */
export const fetchLimits: FetchLimits = {
  gapBytesMax: 256 * 1024,
  gapsShare: 0.2,
  gapsBytesMin: 64 * 1024,
  wholeShare: 0.7,
  requestBytesMax: 8 * 1024 * 1024,
};

/** The requests that bring `wanted` into a copy of an object of `size` bytes that holds `present` already. */
export function planFetch(wanted: RangeSet, present: RangeSet, size: number, limits = fetchLimits): ByteRange[] {
  const missing = subtract(wanted, present);
  if (missing.length === 0) return [];
  const absent = subtract([{ start: 0, end: size }], present);
  const isMost = bytesIn(missing) > limits.wholeShare * bytesIn(absent);
  return cut(isMost ? absent : closeGaps(missing, limits), limits.requestBytesMax);
}

/** The smallest gaps first, as long as all of them together stay within their share. */
function closeGaps(missing: RangeSet, limits: FetchLimits): RangeSet {
  const gaps = missing
    .slice(1)
    .map((range, index) => ({ start: missing[index]?.end ?? range.start, end: range.start }))
    .filter(({ start, end }) => end - start <= limits.gapBytesMax)
    .sort((a, b) => a.end - a.start - (b.end - b.start));
  let left = Math.max(limits.gapsBytesMin, limits.gapsShare * bytesIn(missing));
  const closed: ByteRange[] = [];
  for (const gap of gaps) {
    left -= gap.end - gap.start;
    if (left < 0) break;
    closed.push(gap);
  }
  return union(missing, closed);
}

function cut(ranges: RangeSet, bytesMax: number): ByteRange[] {
  return ranges.flatMap(({ start, end }) => {
    const count = Math.ceil((end - start) / bytesMax);
    const length = Math.ceil((end - start) / count);
    return Array.from({ length: count }, (_, at) => ({
      start: start + at * length,
      end: Math.min(end, start + (at + 1) * length),
    }));
  });
}
