/** Makes damaged schemas again from footers, and damaged partitions with their rejected lines again from raw. */
import type { Repaired } from "../answers.ts";
import { intervalId } from "../model/calendar.ts";
import { formatKey } from "../model/key-pattern.ts";
import { partitionKey, revisionPrefix } from "../model/layout.ts";
import { receiptFromMetadata } from "../model/receipt.ts";
import type { Parts } from "../reconcile/parts.ts";
import { hashStored } from "../step/hash-stored.ts";
import { rebuildSchema } from "../step/rebuild-schema.ts";
import type { ObjectDetail } from "../storage/contract.ts";
import type { Cure } from "./cure.ts";
import { gatherFooters, schemaWitnesses } from "./gather-footers.ts";
import { failedBy, type NoteRepair, type Repair } from "./repair-run.ts";

type PartitionCure = Extract<Cure, { kind: "partition" }>;

export async function repairSchema(run: Repair, table: string): Promise<Repaired> {
  const settings = run.parts.project.tables.get(table);
  if (settings === undefined) throw new Error(`no table ${table} in the project`);
  const gathered = await gatherFooters(run.view, settings, run.signal);
  const witnesses = await schemaWitnesses(run.parts, table, run.signal);
  const rebuilt = await rebuildSchema(run.parts.tables, table, gathered, witnesses, run.signal);
  if (rebuilt === undefined) {
    return {
      state: "impossible",
      reason: "no partition can be read",
      remedy: "run again once partitions are repaired",
    };
  }
  const how = rebuilt.kind === "completed" ? "written again from the schema" : "derived again from the footers";
  return { state: "repaired", how: `${how}, version ${rebuilt.version}` };
}

/** All at once, by the ordinary pass: it converts side by side and keeps the table's schema. */
export async function repairPartitions(run: Repair, note: NoteRepair): Promise<void> {
  const isPartition = (cure: Cure): cure is PartitionCure => cure.kind === "partition";
  const cures = new Map<string, PartitionCure>();
  for (const cure of run.left("partition").filter(isPartition)) {
    run.signal?.throwIfAborted();
    try {
      const missing = await rawFault(run.parts, cure);
      if (missing === undefined) cures.set(`${cure.table}@${intervalId(cure.interval)}`, cure);
      else note(cure, missing);
    } catch (error) {
      note(cure, failedBy(error, run.signal));
    }
  }
  // A table's `max` may let only some of them through at a time.
  for (let before = 0; cures.size > 0 && cures.size !== before; ) {
    before = cures.size;
    await repairSome(run, cures, note);
  }
  for (const cure of cures.values()) {
    note(cure, {
      state: "impossible",
      reason: "an ordinary run does not convert it",
      remedy: `\`millrace explain ${cure.table}@${intervalId(cure.interval)}\` says why; its period may lie outside the table's`,
    });
  }
}

/** Takes those out of `cures` that succeeded or failed. */
async function repairSome(run: Repair, cures: Map<string, PartitionCure>, note: NoteRepair): Promise<void> {
  let failures: Awaited<ReturnType<Repair["pass"]>>["failures"];
  try {
    ({ failures } = await run.pass({ only: "convert", rerun: true, select: (name) => cures.has(name) }));
  } catch (error) {
    for (const cure of cures.values()) note(cure, failedBy(error, run.signal));
    cures.clear();
    return;
  }
  for (const { key, failure } of failures) {
    const cure = cures.get(key);
    if (cure === undefined || !cures.delete(key)) continue;
    note(cure, failedBy(failure, run.signal));
  }
  for (const [key, cure] of cures) {
    const partition = partitionKey(cure.table, intervalId(cure.interval));
    // Somebody else may have repaired it at the same time.
    const isOther = async (): Promise<boolean> =>
      ((await run.parts.tables.head(partition, run.call))?.token ?? cure.token) !== cure.token;
    if (!run.isMade(partition) && !(await isOther())) continue;
    cures.delete(key);
    note(cure, { state: "repaired", how: "converted again from raw" });
  }
}

/** Why a partition cannot be made again: only from the very bytes that the receipt names. */
async function rawFault(parts: Parts, cure: PartitionCure): Promise<Repaired | undefined> {
  const table = parts.project.tables.get(cure.table);
  const source = parts.project.sources.get(table?.from ?? "");
  if (table === undefined || source === undefined) throw new Error(`no table ${cure.table} in the project`);
  const id = intervalId(cure.interval);
  const key = formatKey(source.object, cure.interval);
  const detail = await newestRevision(parts, key);
  const fetching = `\`millrace run --select '${source.name}@${id}'\` fetches it again if the source still has it`;
  if (detail === undefined) return { state: "impossible", reason: `raw ${key} is gone`, remedy: fetching };
  const receipt = receiptFromMetadata(detail.key, detail.metadata);
  if (receipt === undefined)
    return {
      state: "impossible",
      reason: `raw ${detail.key} has no receipt`,
      remedy: "`millrace run` adopts it first",
    };
  const found = await hashStored(parts.raw, detail);
  if (found.sha256 === receipt.sha256) return undefined;
  return {
    state: "impossible",
    reason: `raw ${detail.key} is damaged as well`,
    remedy: "`millrace verify --repair` without --only and --select repairs both, if the source still has the bytes",
  };
}

async function newestRevision({ raw }: Parts, key: string): Promise<ObjectDetail | undefined> {
  let newest = key;
  for await (const page of raw.list(revisionPrefix(`${key}/`))) newest = page.at(-1)?.key ?? newest;
  return raw.head(newest);
}
