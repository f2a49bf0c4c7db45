/** How many stored partitions a change of a table's types concerns. Pure. */

import { intervalId } from "../model/calendar.ts";
import { ELEMENT, foldPath, formatPath, parsePath } from "../model/column-path.ts";
import type { Change } from "../step/schema-keeper.ts";
import type { SourceSeen, TableSeen } from "./seen.ts";

/** Exact for what settles a stand-in, an upper bound for a widening, since nobody reads 87,600 footers to ask a question. */
export function affectedPartitions(table: TableSeen, changes: readonly Change[]): number {
  if (changes.some((change) => change.kind === "widened")) return table.partitions.size;
  const paths = new Set(changes.map((change) => change.path));
  let count = 0;
  for (const { facts } of table.partitions.values())
    if (facts.standIns.some((standIn) => paths.has(standIn.path))) count++;
  return count;
}

/**
 * Those of them whose raw objects are gone: they would stay narrower than the table for ever, and no statement could read
 * the column again. For a widening these are the partitions from the one on in which the column first appeared.
 */
export function lostPartitions(
  table: TableSeen,
  source: Pick<SourceSeen, "raw" | "settings"> | undefined,
  changes: readonly Change[],
): number {
  const settled = new Set(changes.flatMap(({ kind, path }) => (kind === "settled" ? [path] : [])));
  const since = changes.flatMap(({ kind, path }) => (kind === "widened" ? [firstOf(table, path)] : []));
  let count = 0;
  for (const [startMs, { facts }] of table.partitions) {
    if (source?.raw.has(startMs) === true) continue;
    const id = intervalId({ every: source?.settings.every ?? "hour", startMs });
    const isConcerned =
      since.some((first) => first !== undefined && id >= first) ||
      facts.standIns.some((standIn) => settled.has(standIn.path));
    if (isConcerned) count++;
  }
  return count;
}

/** The `src` in which a path, or the nearest named one above it, first appeared. */
function firstOf(table: TableSeen, path: string): string | undefined {
  const first = table.schema?.state.first;
  for (let steps = parsePath(foldPath(path)); steps.length > 0; steps = steps.slice(0, -1)) {
    const found = steps.at(-1) === ELEMENT ? undefined : first?.get(formatPath(steps));
    if (found !== undefined) return found;
  }
  return undefined;
}
