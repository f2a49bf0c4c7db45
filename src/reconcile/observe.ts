/**
 * Looks at the world and answers with one value. Everything is found by paged listings; an object is opened only if the
 * index does not know it in this size and with this token.
 */

import type { Every } from "../model/calendar.ts";
import { intervalId, lengthMs, parseIntervalId } from "../model/calendar.ts";
import { matchKey, staticPrefix } from "../model/key-pattern.ts";
import {
  acknowledgementPrefix,
  parseAcknowledgementKey,
  parseRevisionKey,
  partitionFile,
  partitionId,
  partitionKey,
  partitionStem,
  revisionPrefix,
} from "../model/layout.ts";
import { narrowerPaths } from "../model/merge.ts";
import type { SourceSettings, TableSettings, TimeRange } from "../model/project.ts";
import { receiptFromMetadata } from "../model/receipt.ts";
import { makeQueue } from "../schedule/queue.ts";
import { glanceAtMart } from "../step/manifest.ts";
import { readPartitionFacts, readPartitionSchema } from "../step/partition.ts";
import type { PublishedSchema } from "../step/table-schema.ts";
import { glanceAtSchema, latestSchema } from "../step/table-schema.ts";
import type { Documents, ObjectInfo, Storage } from "../storage/contract.ts";
import type { Attempts } from "./attempts.ts";
import type { Lookup } from "./lookup.ts";
import { type NameMemory, observeRegistry } from "./observe-registry.ts";
import { packedPartitions, packedRaw } from "./packed.ts";
import type { Parts } from "./parts.ts";
import type { MartSeen, PartitionSeen, RawFacts, RawSeen, Seen, SourceSeen, TableSeen } from "./seen.ts";

/** Requests side by side while reading what the index does not know. */
const readersMax = 16;

export interface ObserveOptions {
  readonly signal?: AbortSignal;
  /**
   * Leaves out what is not asked for: collecting and converting never need a catalog, and who makes marts or asks tables and
   * marts need not be allowed to look at the raw lake.
   */
  readonly only?: "collect" | "convert" | "marts";
  /**
   * Asks the catalog too what other tools find by name, where marts are looked at. What it holds of partitions is taken from the
   * memory and noted there: listing ten years of hours is worth doing once a run.
   */
  readonly names?: NameMemory;
}

export async function observe(parts: Parts, options: ObserveOptions = {}): Promise<Seen> {
  const { project } = parts;
  const attempts = await parts.index.attempts();
  const documents = await parts.index.documents();
  const sources = new Map<string, SourceSeen>();
  for (const settings of project.sources.values()) {
    const isAsked = options.only !== "marts";
    sources.set(settings.name, isAsked ? await observeSource(parts, settings, options.signal) : unobserved(settings));
  }
  const tables = new Map<string, TableSeen>();
  if (options.only !== "collect") {
    for (const settings of project.tables.values()) {
      tables.set(
        settings.name,
        await observeTable(parts, settings, sources.get(settings.from), options.signal, documents),
      );
    }
  }
  const marts = new Map<string, MartSeen>();
  if (options.only === undefined || options.only === "marts") {
    for (const settings of project.marts.values()) {
      marts.set(settings.name, {
        settings,
        current: await glanceAtMart(parts.marts, parts.catalog, settings.name, documents, options.signal),
      });
    }
  }
  // A look that stops before the marts did not ask for their documents; sources have none.
  const hasAskedAll = options.only === undefined || options.only === "marts";
  if (hasAskedAll && documents.changed) await parts.index.saveDocuments(documents);
  const registry =
    hasAskedAll && options.names !== undefined
      ? await observeRegistry(parts, sources, options.names, options.signal)
      : undefined;
  return {
    ...{ atMs: parts.clock(), sources, tables, marts, attempts: forgetDone(attempts, sources) },
    ...(registry === undefined ? {} : { registry }),
  };
}

function unobserved(settings: SourceSettings): SourceSeen {
  return { settings, raw: new Map(), unadopted: new Set(), acknowledged: [] };
}

async function observeSource(
  parts: Parts,
  settings: SourceSettings,
  signal: AbortSignal | undefined,
): Promise<SourceSeen> {
  const remembered = await parts.index.raw(settings.name);
  const raw = packedRaw();
  const unknown: { startMs: number; seen: RawSeen }[] = [];
  const prefix = staticPrefix(settings.object);
  const revisions = await newestRevisions(parts.raw, settings, prefix, signal);
  for await (const page of parts.raw.list(prefix, callOptions(signal))) {
    for (const original of page) {
      const startMs = matchKey(settings.object, original.key)?.startMs;
      if (startMs === undefined) continue;
      const { key, size, token } = revisions.get(startMs) ?? original;
      const seen: RawSeen = { key, size, token, facts: remembered.find(startMs, size, token) };
      raw.set(startMs, seen);
      if (seen.facts === undefined) unknown.push({ startMs, seen });
    }
  }
  const unadopted = new Set<number>();
  await readEach(unknown, signal, async ({ startMs, seen }) => {
    const facts = await readRawFacts(parts.raw, seen, signal);
    raw.set(startMs, { ...seen, facts });
    if (facts === undefined) unadopted.add(startMs);
  });
  if (unknown.length > 0) await parts.index.saveRaw(settings.name, raw);
  return { settings, raw, unadopted, acknowledged: await acknowledged(parts.raw, settings, signal) };
}

async function newestRevisions(
  storage: Storage,
  settings: SourceSettings,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<Map<number, ObjectInfo>> {
  const newest = new Map<number, ObjectInfo>();
  for await (const page of storage.list(revisionPrefix(prefix), callOptions(signal))) {
    for (const info of page) {
      const parsed = parseRevisionKey(info.key);
      const interval = parsed === undefined ? undefined : matchKey(settings.object, parsed.rawKey);
      // Keys of one object come in ascending order, so the last one seen is the newest.
      if (interval !== undefined) newest.set(interval.startMs, info);
    }
  }
  return newest;
}

export async function readRawFacts(
  storage: Storage,
  seen: Pick<RawSeen, "key" | "token">,
  signal?: AbortSignal,
): Promise<RawFacts | undefined> {
  const detail = await storage.head(seen.key, callOptions(signal));
  const receipt = receiptFromMetadata(seen.key, detail?.metadata);
  return receipt === undefined
    ? undefined
    : { sha256: receipt.sha256, revision: receipt.revision, verified: receipt.verified };
}

async function acknowledged(
  storage: Storage,
  settings: SourceSettings,
  signal: AbortSignal | undefined,
): Promise<readonly TimeRange[]> {
  const ranges: TimeRange[] = [];
  for await (const page of storage.list(acknowledgementPrefix(settings.name), callOptions(signal))) {
    for (const { key } of page) {
      const id = parseAcknowledgementKey(key);
      const interval = id === undefined ? undefined : parseIntervalId(id);
      if (interval !== undefined)
        ranges.push({ startMs: interval.startMs, endMs: interval.startMs + lengthMs(settings.every) });
    }
  }
  return ranges;
}

export async function observeTable(
  parts: Parts,
  settings: TableSettings,
  source: Pick<SourceSeen, "settings"> | undefined,
  signal: AbortSignal | undefined,
  documents?: Documents,
): Promise<TableSeen> {
  const every = source?.settings.every ?? "hour";
  const schema =
    documents === undefined
      ? await latestSchema(parts.tables, settings.name, signal)
      : await glanceAtSchema(parts.tables, settings.name, documents, signal);
  const remembered = await parts.index.partitions(settings.name);
  const partitions = packedPartitions();
  const unknown: { startMs: number; info: ObjectInfo }[] = [];
  const listing = parts.tables.list(`${settings.name}/`, {
    leaf: partitionFile,
    stem: partitionStem,
    ...callOptions(signal),
  });
  for await (const page of listing) {
    for (const info of page) {
      const startMs = partitionStart(settings.name, every, info.key);
      if (startMs === undefined) continue;
      const { size, token } = info;
      const facts = remembered.find(startMs, size, token);
      if (facts === undefined) unknown.push({ startMs, info });
      else partitions.set(startMs, { size, token, facts });
    }
  }
  await readEach(unknown, signal, async ({ startMs, info }) => {
    const facts = await readPartitionFacts(parts.tables, info, signal);
    partitions.set(startMs, { size: info.size, token: info.token, facts });
  });
  const compared = await compareTypes(parts.tables, { name: settings.name, every }, schema, partitions, signal);
  if (unknown.length > 0 || compared > 0) await parts.index.savePartitions(settings.name, partitions);
  return { settings, schema, partitions };
}

/**
 * Reads the column types of those partitions that were last compared before the table's newest widening, and notes where
 * they are narrower. It happens once after a widening; the index remembers the result.
 */
async function compareTypes(
  storage: Storage,
  { name: table, every }: { readonly name: string; readonly every: Every },
  schema: PublishedSchema | undefined,
  partitions: Lookup<PartitionSeen>,
  signal: AbortSignal | undefined,
): Promise<number> {
  const widenings = schema?.state.widenings.length ?? 0;
  if (schema === undefined || widenings === 0) return 0;
  const stale = [...partitions].filter(([, { facts }]) => facts.checked !== widenings);
  await readEach(stale, signal, async ([startMs, partition]) => {
    const key = partitionKey(table, intervalId({ every, startMs }));
    const file = await readPartitionSchema(storage, { key, size: partition.size, token: partition.token }, signal);
    const standIns = new Set(partition.facts.standIns.map((standIn) => standIn.path));
    const narrow = narrowerPaths(file, schema.state.schema).filter((path) => !standIns.has(path));
    partitions.set(startMs, { ...partition, facts: { ...partition.facts, checked: widenings, narrow } });
  });
  return stale.length;
}

function partitionStart(table: string, every: Every, key: string): number | undefined {
  const id = partitionId(table, key);
  const interval = id === undefined ? undefined : parseIntervalId(id);
  return interval?.every === every ? interval.startMs : undefined;
}

/** Drops records of items that exist by now, whoever stored them. */
function forgetDone(attempts: Attempts, sources: ReadonlyMap<string, SourceSeen>): Attempts {
  for (const key of attempts.keys()) {
    const match = /^collect ([^@]+)@(.+)$/.exec(key);
    const startMs = match?.[2] === undefined ? undefined : parseIntervalId(match[2])?.startMs;
    if (match?.[1] !== undefined && startMs !== undefined && sources.get(match[1])?.raw.has(startMs))
      attempts.delete(key);
  }
  return attempts;
}

async function readEach<T>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  read: (item: T) => Promise<void>,
): Promise<void> {
  const queue = makeQueue<T>(readersMax, read, signal);
  items.forEach((item, at) => {
    queue.add(String(at), item);
  });
  await queue.drained();
  signal?.throwIfAborted();
}

export const callOptions = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal };
