/** Every raw object in every revision against its receipt, and where that is silent against what was made from it. */
import { Failure } from "../errors.ts";
import { type Interval, intervalId } from "../model/calendar.ts";
import { matchKey, staticPrefix } from "../model/key-pattern.ts";
import { parseRevisionKey, partitionKey, revisionPrefix } from "../model/layout.ts";
import type { SourceSettings } from "../model/project.ts";
import { checkReceipt, receiptFromMetadata } from "../model/receipt.ts";
import { type FoundReceipt, judgeRaw, type StoredBytes, type Witness } from "../step/judge-raw.ts";
import { type PartitionRecord, readPartitionRecord } from "../step/partition.ts";
import type { ObjectDetail, ObjectInfo } from "../storage/contract.ts";
import { type Checked, type Damage, damaged, good, type Scrub } from "./scrub.ts";

interface RawObject {
  readonly key: string;
  readonly interval: Interval;
  readonly revision: number;
}

export async function verifyRaw(scrub: Scrub): Promise<void> {
  for (const settings of scrub.parts.project.sources.values()) {
    await scrub.each(rawObjects(scrub, settings), (object) => checkRaw(scrub, settings, object));
  }
}

/** The objects of a source that are meant, as pages of a listing bring them. */
async function* rawObjects(scrub: Scrub, settings: SourceSettings): AsyncGenerator<RawObject & ObjectInfo> {
  const { object, every, name } = settings;
  const { raw } = scrub.parts;
  const prefix = staticPrefix(object);
  for (const listed of [prefix, revisionPrefix(prefix)]) {
    for await (const page of raw.list(listed, scrub.call)) {
      for (const info of page) {
        const parsed = listed === prefix ? { rawKey: info.key, revision: 1 } : parseRevisionKey(info.key);
        const startMs = parsed === undefined ? undefined : matchKey(object, parsed.rawKey)?.startMs;
        if (parsed === undefined || startMs === undefined) continue;
        const interval = { every, startMs };
        if (scrub.wants("raw", `${name}@${intervalId(interval)}`))
          yield { ...info, interval, revision: parsed.revision };
      }
    }
  }
}

/** Bytes of all raw objects that are meant. */
export async function rawBytes(scrub: Scrub): Promise<number> {
  let bytes = 0;
  for (const settings of scrub.parts.project.sources.values()) {
    for await (const { size } of rawObjects(scrub, settings)) bytes += size;
  }
  return bytes;
}

async function checkRaw(scrub: Scrub, settings: SourceSettings, object: RawObject): Promise<Checked> {
  const { raw } = scrub.parts;
  const detail = await raw.head(object.key, scrub.call);
  if (detail === undefined) return good;
  const sum = await scrub.sum(raw, detail);
  const found = foundReceipt(object.key, detail);
  const stored =
    sum.kind === "sum"
      ? { sha256: sum.sha256, size: sum.size, token: detail.token }
      : { sha256: "", size: detail.size, token: detail.token };
  const first = judgeRaw(stored, found, undefined);
  if (first.kind === "good" && sum.kind === "sum") return good;
  const witness = await witnessOf(scrub, settings, object);
  const verdict = judgeRaw(stored, found, witness);
  if (verdict.kind === "unknown") {
    return sum.kind === "sum" ? { damages: [], isUnverified: true } : damaged(unreadable(sum.reason));
  }
  if (verdict.kind === "good") return good;
  const reason = sum.kind === "unreadable" ? sum.reason : verdict.reason;
  return damaged(rawDamage(settings, object, { reason, stored, found, witness, verdict }));

  function unreadable(reason: string): Damage {
    const lost = { kind: "receipt", reason: "nothing says what its bytes were" } as const;
    return rawDamage(settings, object, { reason, stored, found, witness, verdict: lost });
  }
}

type Evidence = Pick<
  Extract<Damage["cure"], { kind: "raw" }>["request"],
  "stored" | "found" | "witness" | "verdict"
> & { readonly reason: string };

function rawDamage(settings: SourceSettings, object: RawObject, { reason, ...evidence }: Evidence): Damage {
  const { key, interval, revision } = object;
  return {
    place: "raw",
    key,
    reason,
    cure: { kind: "raw", request: { source: settings.name, interval, key, revision, ...evidence } },
  };
}

/** A raw object that is gone although a partition was made from it. */
export function missingRaw(settings: SourceSettings, object: RawObject, witness: Witness): Damage | undefined {
  const verdict = judgeRaw(undefined, undefined, witness);
  if (verdict.kind !== "object") return undefined;
  const evidence = { stored: undefined, found: undefined, witness, verdict };
  return rawDamage(settings, object, { reason: verdict.reason, ...evidence });
}

/** What is in the place of an object's receipt. */
export function foundReceipt(key: string, { metadata: own, stray }: ObjectDetail): FoundReceipt | undefined {
  if (stray === "unreadable") return { receipt: undefined, state: "changed", isStray: true };
  const isStray = stray !== undefined;
  const metadata = own ?? stray?.metadata;
  // Metadata of another tool is no receipt of ours that was damaged.
  if (metadata === undefined || !["sha256", "length", "check"].some((name) => name in metadata)) return undefined;
  const state = checkReceipt(metadata);
  try {
    const receipt = receiptFromMetadata(key, metadata);
    return { receipt, state: receipt === undefined ? "changed" : state, isStray };
  } catch (error) {
    if (error instanceof Failure && error.kind === "corrupt") return { receipt: undefined, state: "changed", isStray };
    throw error;
  }
}

/** A partition that was made from the object, in whichever table there is one. */
async function witnessOf(scrub: Scrub, settings: SourceSettings, object: RawObject): Promise<Witness | undefined> {
  const { tables, project } = scrub.parts;
  for (const table of project.tables.values()) {
    if (table.from !== settings.name) continue;
    const key = partitionKey(table.name, intervalId(object.interval));
    const info = await tables.head(key, scrub.call);
    const record = info === undefined ? undefined : await readableRecord(scrub, info);
    if (record?.rawKey === object.key) return { key, sha256: record.facts.rawSha256, length: record.rawLength };
  }
  return undefined;
}

async function readableRecord(scrub: Scrub, info: ObjectInfo): Promise<PartitionRecord | undefined> {
  try {
    return await readPartitionRecord(scrub.parts.tables, info, scrub.signal);
  } catch (error) {
    if (error instanceof Failure && error.kind === "corrupt") return undefined;
    throw error;
  }
}

/** sha256 and length of a raw object's bytes as they are now; `undefined` for one that is gone or cannot be read. */
export async function storedRaw(scrub: Scrub, info: ObjectInfo): Promise<StoredBytes | undefined> {
  const sum = await scrub.sum(scrub.parts.raw, info);
  return sum.kind === "sum" ? sum : undefined;
}
