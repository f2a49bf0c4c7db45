/** Marks holes of a source as known. The marks are part of the lake, so every machine that works on it knows them. */
import { Failure } from "../errors.ts";
import { intervalId, parseIntervalId } from "../model/calendar.ts";
import { acknowledgementKey } from "../model/layout.ts";
import { nearest } from "../model/nearest.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { Seen } from "../reconcile/seen.ts";

export async function acknowledge(
  source: string,
  ids: readonly string[],
  parts: Parts,
  seen: Seen,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const found = seen.sources.get(source);
  if (found === undefined) {
    const near = nearest(source, seen.sources.keys());
    throw new Failure(
      "usage",
      `source ${source}: is not in this project`,
      near === undefined ? {} : { remedy: `did you mean "${near}"?` },
    );
  }
  const intervals = ids.map((id) => {
    const interval = parseIntervalId(id);
    if (interval?.every !== found.settings.every) {
      throw new Failure("usage", `${id}: is no ${found.settings.every} of ${source}`, {
        remedy: `write it as ${found.settings.every === "hour" ? "2026-03-01-05" : "2026-03-01"}`,
      });
    }
    if (found.raw.has(interval.startMs)) throw new Failure("usage", `${source}@${id}: is stored, it is no gap`);
    return interval;
  });
  await parts.mayWrite(["raw"], { signal });
  const marked: string[] = [];
  for (const interval of intervals) {
    const id = intervalId(interval);
    const text = `${JSON.stringify({ acknowledged: `${source}@${id}`, at: new Date(parts.clock()).toISOString() })}\n`;
    await parts.raw.putIfAbsent(acknowledgementKey(source, id), new TextEncoder().encode(text));
    marked.push(`${source}@${id}`);
  }
  return marked;
}
