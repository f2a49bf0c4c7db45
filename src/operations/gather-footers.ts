/** What the footers of a table's partitions say of its schema, and what else remembers the number that it had. */
import { asFailure } from "../errors.ts";
import { partitionFile, partitionId, partitionStem } from "../model/layout.ts";
import type { TableSettings } from "../model/project.ts";
import type { Parts } from "../reconcile/parts.ts";
import { SchemaGatherer } from "../step/gather-schema.ts";
import { readManifest } from "../step/manifest.ts";
import { readPartitionRecord, readPartitionSchema } from "../step/partition.ts";
import type { SchemaWitness } from "../step/rebuild-schema.ts";
import type { ObjectInfo } from "../storage/contract.ts";

/** Footers read side by side. */
const readersMax = 16;

/**
 * Reads the end of every partition, and the whole footer of those that may add something. Throws `corrupt` for one that
 * cannot be read: the schema of a table is not derived from a part of it.
 */
export async function gatherFooters(
  parts: Pick<Parts, "tables">,
  table: TableSettings,
  signal: AbortSignal | undefined,
): Promise<SchemaGatherer> {
  const gathered = new SchemaGatherer(table);
  const options = { leaf: partitionFile, stem: partitionStem, ...(signal === undefined ? {} : { signal }) };
  for await (const page of parts.tables.list(`${table.name}/`, options)) {
    for (let at = 0; at < page.length; at += readersMax) {
      await gatherSome(parts, table.name, page.slice(at, at + readersMax), gathered, signal);
    }
  }
  return gathered;
}

/** Added in the order of the listing: the first spelling of a name is the one that stays. */
async function gatherSome(
  { tables }: Pick<Parts, "tables">,
  table: string,
  page: readonly ObjectInfo[],
  gathered: SchemaGatherer,
  signal: AbortSignal | undefined,
): Promise<void> {
  const read = page.map(async (info) => {
    const src = partitionId(table, info.key);
    if (src === undefined) return undefined;
    const { schemaFingerprint } = await readPartitionRecord(tables, info, signal);
    if (gathered.knows(schemaFingerprint, src)) return undefined;
    return { src, print: schemaFingerprint, schema: await readPartitionSchema(tables, info, signal) };
  });
  for (const found of await Promise.all(read)) {
    if (found !== undefined) gathered.add(found.print, found.src, found.schema);
  }
}

/** Marts say which number the schema had that they were built from. */
export async function schemaWitnesses(
  { catalog, marts, project }: Parts,
  table: string,
  signal: AbortSignal | undefined,
): Promise<readonly SchemaWitness[]> {
  const call = signal === undefined ? {} : { signal };
  const witnesses: SchemaWitness[] = [];
  for (const mart of project.marts.keys()) {
    try {
      const current = await catalog.current(mart, call);
      if (current === undefined) continue;
      const { inputs } = await readManifest(marts, mart, current.record.version, signal);
      for (const { table: name, schemaVersion, schemaFingerprint } of inputs) {
        if (name === table && schemaVersion !== undefined)
          witnesses.push({ version: schemaVersion, fingerprint: schemaFingerprint });
      }
    } catch (error) {
      const failure = asFailure(error);
      // A mart that is damaged itself is no witness.
      if (failure.kind !== "corrupt" && failure.kind !== "missing") throw failure;
    }
  }
  return witnesses;
}
