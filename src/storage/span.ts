import type { ReadOptions } from "./contract.ts";

/** The bytes that a range names, within an object of `size` bytes: `start` up to but excluding `end`. */
export function spanOf(size: number, range: ReadOptions["range"]): { readonly start: number; readonly end: number } {
  if (range === undefined) return { start: 0, end: size };
  const start = range.start < 0 ? Math.max(0, size + range.start) : range.start;
  return { start, end: Math.min(size, range.end ?? size) };
}
