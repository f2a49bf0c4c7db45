/**
 * Makes everything again that millrace derives: the index of this machine, and of every table the published schema where
 * it is damaged or missing. What is data stays as it is: receipts, footers, the catalog's log, accepted gaps, and the
 * record of what was tried and when to try again.
 */
import type { RebuildReport } from "../answers.ts";
import { callOptions, observe } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import { SchemaGatherer } from "../step/gather-schema.ts";
import { inspectSchema, type RebuiltSchema, rebuildSchema } from "../step/rebuild-schema.ts";
import { gatherFooters, schemaWitnesses } from "./gather-footers.ts";

export async function rebuildIndex(
  parts: Parts,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<RebuildReport> {
  const begun = performance.now();
  // First what the rest is looked at with: a table whose schema cannot be read cannot be looked at.
  const schemas: RebuildReport["schemas"][number][] = [];
  for (const name of parts.project.tables.keys()) {
    const rebuilt = await schemaOf(parts, name, signal);
    if (rebuilt !== undefined) schemas.push({ table: name, version: rebuilt.version, state: rebuilt.kind });
  }
  const removed = await parts.index.forget();
  const seen = await observe(parts, callOptions(signal));
  const sum = (sizes: Iterable<number>): number => [...sizes].reduce((total, size) => total + size, 0);
  return {
    removed,
    raw: sum([...seen.sources.values()].map(({ raw }) => raw.size)),
    partitions: sum([...seen.tables.values()].map(({ partitions }) => partitions.size)),
    schemas,
    ms: performance.now() - begun,
  };
}

/** Footers are read only of a table whose newest document is gone or damaged: there may be 18 GB of them. */
async function schemaOf(
  parts: Parts,
  name: string,
  signal: AbortSignal | undefined,
): Promise<RebuiltSchema | undefined> {
  const settings = parts.project.tables.get(name);
  if (settings === undefined) return undefined;
  const { newest, statements } = await inspectSchema(parts.tables, name, signal);
  const witnesses = await schemaWitnesses(parts, name, signal);
  const isNewest = witnesses.every(({ version }) => version <= (newest?.version ?? 0));
  const isWhole = newest?.state !== undefined && isNewest;
  const gathered = isWhole ? new SchemaGatherer(settings) : await gatherFooters(parts, settings, signal);
  if (gathered.size + statements.length > 0) await parts.mayWrite(["tables"], { signal });
  return rebuildSchema(parts.tables, name, gathered, witnesses, signal);
}
