/** Rejected lines that no partition names any more. */
import { parseRejectedKey, partitionKey, rejectedKey, rejectedPrefix } from "../model/layout.ts";
import { bytesOf, type GarbageRejected, rejectedGarbage } from "../reconcile/garbage.ts";
import { allBelow, removeRejected } from "../step/collect-garbage.ts";
import type { ObjectInfo } from "../storage/contract.ts";
import { type Collection, isoOf } from "./gc-collection.ts";

export async function collectTables(run: Collection): Promise<void> {
  const { parts, retentionMs, call } = run;
  const listed = await allBelow(parts.tables, rejectedPrefix, call);
  keepDropped(run, listed);
  const nowMs = run.guess(listed);
  // Nobody has to look at sources and tables for the sake of objects that are too young anyway.
  const old = listed.filter(({ modifiedMs }) => nowMs - modifiedMs >= retentionMs);
  if (old.length === 0) return;
  const seen = await run.seen();
  const first = rejectedGarbage(old, seen, { nowMs, retentionMs });
  if (run.dryRun) for (const garbage of first) note(run, garbage);
  if (run.dryRun || first.length === 0) return;
  const found = rejectedGarbage(old, seen, { nowMs: await run.time("tables"), retentionMs });
  await run.each(
    "tables",
    found,
    ({ object }) => object.key,
    async (garbage) => {
      const { table, id, object } = garbage;
      const isNamed = (sha256: string): boolean => rejectedKey(table, id, sha256) === object.key;
      const isGone = await removeRejected(
        parts.tables,
        { object, partitionKey: partitionKey(table, id), isNamed },
        call,
      );
      if (isGone) note(run, garbage);
    },
  );
}

function note(run: Collection, { table, id, object }: GarbageRejected): void {
  run.note({
    place: "tables",
    kind: "rejected",
    name: table,
    id,
    key: object.key,
    since: isoOf(object.modifiedMs),
    objects: 1,
    bytes: object.size,
  });
}

/** A table that the project does not have may be another project's. */
function keepDropped(run: Collection, listed: readonly ObjectInfo[]): void {
  const tables = Map.groupBy(listed, ({ key }) => parseRejectedKey(key)?.table);
  for (const [name, objects] of tables) {
    if (name === undefined || run.parts.project.tables.has(name)) continue;
    const key = `${rejectedPrefix}${name}/`;
    run.kept.push({
      place: "tables",
      kind: "dropped",
      name,
      id: undefined,
      key,
      objects: objects.length,
      bytes: bytesOf(objects),
    });
  }
}
