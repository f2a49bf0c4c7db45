/** Reads every byte of the lake again and compares it with what was recorded when it was written. */
import { createHash } from "node:crypto";
import type { VerifyOptions, VerifyReport } from "../answers.ts";
import { asFailure } from "../errors.ts";
import { intervalId } from "../model/calendar.ts";
import { manifestKey, partitionKey, partKey } from "../model/layout.ts";
import { receiptFromMetadata } from "../model/receipt.ts";
import { callOptions } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { Seen } from "../reconcile/seen.ts";
import { makeQueue } from "../schedule/queue.ts";
import { readManifest } from "../step/manifest.ts";
import { readPartitionFacts, readPartitionSchema } from "../step/partition.ts";
import type { Storage } from "../storage/contract.ts";

type Place = "raw" | "tables" | "marts";
type Damage = VerifyReport["damaged"][number];

/** Objects read side by side. */
const readersMax = 4;

export async function verify(
  parts: Parts,
  seen: Seen,
  options: VerifyOptions & { readonly signal?: AbortSignal; readonly onProgress?: (bytes: number) => void },
): Promise<VerifyReport> {
  const totals = { objects: 0, bytes: 0, unverified: 0 };
  const damaged: Damage[] = [];
  const jobs: (() => Promise<void>)[] = [];
  const wants = (place: Place, name: string): boolean =>
    (options.only === undefined || options.only === place) &&
    (options.select === undefined || options.select(name) || options.select(name.split("@")[0] ?? name));
  const check = (place: Place, key: string, remedy: string, job: () => Promise<string | undefined>): void => {
    jobs.push(async () => {
      totals.objects++;
      let reason: string | undefined;
      try {
        reason = await job();
      } catch (error) {
        const failure = asFailure(error);
        if (failure.kind !== "corrupt" && failure.kind !== "missing" && failure.kind !== "conflict") throw failure;
        reason = failure.message;
      }
      if (reason !== undefined) damaged.push({ place, key, reason, remedy });
    });
  };
  const hash = async (storage: Storage, key: string): Promise<{ sha256: string; size: number }> => {
    const sum = createHash("sha256");
    let size = 0;
    for await (const chunk of storage.read(key, callOptions(options.signal))) {
      sum.update(chunk);
      size += chunk.length;
      totals.bytes += chunk.length;
      options.onProgress?.(totals.bytes);
    }
    return { sha256: sum.digest("hex"), size };
  };
  checkRaw(parts, seen, wants, check, hash, totals, options.signal);
  checkPartitions(parts, seen, wants, check, hash, options.signal);
  checkMarts(parts, seen, wants, check, hash, options.signal);
  const queue = makeQueue<() => Promise<void>>(readersMax, (job) => job(), options.signal);
  jobs.forEach((job, at) => {
    queue.add(String(at), job);
  });
  await queue.drained();
  options.signal?.throwIfAborted();
  damaged.sort((a, b) => (a.key < b.key ? -1 : 1));
  return { ...totals, damaged };
}

type Wants = (place: Place, name: string) => boolean;
type Check = (place: Place, key: string, remedy: string, job: () => Promise<string | undefined>) => void;
type Hash = (storage: Storage, key: string) => Promise<{ readonly sha256: string; readonly size: number }>;

function checkRaw(
  parts: Parts,
  seen: Seen,
  wants: Wants,
  check: Check,
  hash: Hash,
  totals: { unverified: number },
  signal: AbortSignal | undefined,
): void {
  for (const [name, source] of seen.sources) {
    for (const [startMs, raw] of source.raw) {
      const id = intervalId({ every: source.settings.every, startMs });
      if (!wants("raw", `${name}@${id}`)) continue;
      const remedy = `remove ${raw.key} and its receipt, then \`millrace run --select '${name}@${id}'\` fetches it again`;
      check("raw", raw.key, remedy, async () => {
        const detail = await parts.raw.head(raw.key, callOptions(signal));
        const receipt = receiptFromMetadata(raw.key, detail?.metadata);
        const found = await hash(parts.raw, raw.key);
        if (receipt === undefined) {
          totals.unverified++;
          return undefined;
        }
        if (found.size !== receipt.length) return `${found.size} bytes, its receipt says ${receipt.length}`;
        return found.sha256 === receipt.sha256
          ? undefined
          : `sha256 ${found.sha256.slice(0, 12)}…, its receipt says ${receipt.sha256.slice(0, 12)}…`;
      });
    }
  }
}

/** A partition's own bytes have no recorded sum; what can be checked is that it is whole and belongs to its raw object. */
function checkPartitions(
  parts: Parts,
  seen: Seen,
  wants: Wants,
  check: Check,
  hash: Hash,
  signal: AbortSignal | undefined,
): void {
  for (const [name, table] of seen.tables) {
    const source = seen.sources.get(table.settings.from);
    const every = source?.settings.every ?? "hour";
    for (const [startMs, partition] of table.partitions) {
      const id = intervalId({ every, startMs });
      const key = partitionKey(name, id);
      if (!wants("tables", `${name}@${id}`)) continue;
      check("tables", key, `remove ${key}, then \`millrace run\` converts it again from raw`, async () => {
        const info = { key, size: partition.size, token: partition.token };
        const facts = await readPartitionFacts(parts.tables, info, signal);
        await readPartitionSchema(parts.tables, info, signal);
        await hash(parts.tables, key);
        const raw = source?.raw.get(startMs);
        if (
          raw?.facts !== undefined &&
          raw.facts.revision === facts.rawRevision &&
          raw.facts.sha256 !== facts.rawSha256
        ) {
          return `made from raw bytes with sha256 ${facts.rawSha256.slice(0, 12)}…, raw holds ${raw.facts.sha256.slice(0, 12)}…`;
        }
        return undefined;
      });
    }
  }
}

function checkMarts(
  parts: Parts,
  seen: Seen,
  wants: Wants,
  check: Check,
  hash: Hash,
  signal: AbortSignal | undefined,
): void {
  for (const [name, { current }] of seen.marts) {
    if (current === undefined || !wants("marts", name)) continue;
    const { version } = current.manifest;
    const remedy = `\`millrace run --only marts --select ${name} --rerun\` builds a new version`;
    check("marts", manifestKey(name, version), remedy, async () => {
      const { sha256 } = await hash(parts.marts, manifestKey(name, version));
      await readManifest(parts.marts, name, version, signal);
      const expected = current.record.kind === "publish" ? current.record.manifestSha256 : sha256;
      return sha256 === expected ? undefined : "is not the manifest that the catalog names";
    });
    for (const file of current.manifest.files) {
      const key = partKey(name, version, file.name);
      check("marts", key, remedy, async () => {
        const found = await hash(parts.marts, key);
        return found.sha256 === file.sha256
          ? undefined
          : `sha256 ${found.sha256.slice(0, 12)}…, the manifest says ${file.sha256.slice(0, 12)}…`;
      });
    }
  }
}
