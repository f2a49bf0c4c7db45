/**
 * Every partition against the sum in its own footer, the rejected lines that it names, the raw object that it was made
 * from, and the table's published schema against all footers.
 */
import { setTimeout as delay } from "node:timers/promises";
import { asFailure } from "../errors.ts";
import { type Interval, intervalId, parseIntervalId } from "../model/calendar.ts";
import { partitionFile, partitionId, partitionStem, schemaKey } from "../model/layout.ts";
import type { SourceSettings, TableSettings } from "../model/project.ts";
import { keptFromMs } from "../schedule/cadence.ts";
import { SchemaGatherer } from "../step/gather-schema.ts";
import { otherSum, short } from "../step/judge-raw.ts";
import { type PartitionRecord, readPartitionRecord, readPartitionSchema, sumOfPartition } from "../step/partition.ts";
import { inspectSchema } from "../step/rebuild-schema.ts";
import type { ObjectInfo } from "../storage/contract.ts";
import { type Checked, type Damage, damaged, good, type Scrub } from "./scrub.ts";
import { foundReceipt, missingRaw, storedRaw } from "./verify-raw.ts";

/** How many partitions of each table there are, damaged ones included. */
export type PartitionCounts = ReadonlyMap<string, number>;

interface Listed extends ObjectInfo {
  readonly interval: Interval;
  readonly src: string;
}

export async function verifyTables(scrub: Scrub): Promise<PartitionCounts> {
  const counts = new Map<string, number>();
  for (const settings of scrub.parts.project.tables.values()) {
    const source = scrub.parts.project.sources.get(settings.from);
    if (source === undefined) continue;
    const gathered = new SchemaGatherer(settings);
    let count = 0;
    await scrub.each(partitions(scrub, settings, source), (listed) => {
      count++;
      return new PartitionCheck(scrub, settings, source, gathered).check(listed);
    });
    counts.set(settings.name, count);
    if (scrub.wants("tables", settings.name) || gathered.size > 0)
      await scrub.each([settings], () => checkSchema(scrub, settings, gathered));
  }
  return counts;
}

async function* partitions(scrub: Scrub, table: TableSettings, source: SourceSettings): AsyncGenerator<Listed> {
  const { name } = table;
  const listing = { leaf: partitionFile, stem: partitionStem, ...scrub.call };
  for await (const page of scrub.parts.tables.list(`${name}/`, listing)) {
    for (const info of page) {
      const src = partitionId(name, info.key);
      const interval = src === undefined ? undefined : parseIntervalId(src);
      if (src === undefined || interval?.every !== source.every) continue;
      if (scrub.wants("tables", `${name}@${src}`)) yield { ...info, interval, src };
    }
  }
}

/** How many partitions the table has now. */
export async function countPartitions(scrub: Scrub, table: string): Promise<number> {
  const settings = scrub.parts.project.tables.get(table);
  const source = scrub.parts.project.sources.get(settings?.from ?? "");
  let count = 0;
  if (settings === undefined || source === undefined) return count;
  for await (const _ of partitions(scrub, settings, source)) count++;
  return count;
}

/** Bytes of all partitions that are meant. */
export async function tableBytes(scrub: Scrub): Promise<number> {
  let bytes = 0;
  for (const settings of scrub.parts.project.tables.values()) {
    const source = scrub.parts.project.sources.get(settings.from);
    if (source === undefined) continue;
    for await (const { size } of partitions(scrub, settings, source)) bytes += size;
  }
  return bytes;
}

class PartitionCheck {
  readonly #scrub: Scrub;
  readonly #table: TableSettings;
  readonly #source: SourceSettings;
  readonly #gathered: SchemaGatherer;

  constructor(scrub: Scrub, table: TableSettings, source: SourceSettings, gathered: SchemaGatherer) {
    this.#scrub = scrub;
    this.#table = table;
    this.#source = source;
    this.#gathered = gathered;
  }

  async check({ key, interval, src }: Listed): Promise<Checked> {
    const { tables } = this.#scrub.parts;
    const info = await tables.head(key, this.#scrub.call);
    if (info === undefined) return good;
    const damage = (reason: string, damagedKey = key): Damage => ({
      place: "tables",
      key: damagedKey,
      reason,
      cure: { kind: "partition", table: this.#table.name, interval, token: info.token },
    });
    let record: PartitionRecord;
    try {
      record = await readPartitionRecord(tables, info, this.#scrub.signal);
      const fault = await this.#fault(info, record, src);
      if (fault !== undefined) return damaged(damage(fault));
      await this.#gather(info, record);
    } catch (error) {
      const failure = asFailure(error);
      if (failure.kind !== "corrupt") throw failure;
      return damaged(damage(failure.message.replace(`${key}: `, "")));
    }
    const rejected = await this.#checkRejected(record, damage);
    return {
      damages: [...rejected.damages, ...(await this.#checkOrigin(key, interval, record, damage))],
      isUnverified: record.sum === undefined || rejected.isUnverified,
    };
  }

  async #fault(info: ObjectInfo, record: PartitionRecord, src: string): Promise<string | undefined> {
    const { tables } = this.#scrub.parts;
    if (record.table !== this.#table.name || record.src !== src)
      return `holds the partition ${record.table}@${record.src}`;
    const own = record.sum === undefined ? undefined : sumOfPartition(record.sum);
    const found = await this.#scrub.sum(tables, info, own);
    if (found.kind === "unreadable") return found.reason;
    if (record.sum === undefined || found.sha256 === record.sum.sha256) return undefined;
    return otherSum(found.sha256, record.sum.sha256, "its footer says");
  }

  async #gather(info: ObjectInfo, { schemaFingerprint, src }: PartitionRecord): Promise<void> {
    if (this.#gathered.knows(schemaFingerprint, src)) return;
    this.#gathered.add(
      schemaFingerprint,
      src,
      await readPartitionSchema(this.#scrub.parts.tables, info, this.#scrub.signal),
    );
  }

  async #checkRejected(
    { rejected, facts }: PartitionRecord,
    damage: (reason: string, key: string) => Damage,
  ): Promise<Checked> {
    if (rejected === undefined) return good;
    const { tables } = this.#scrub.parts;
    const info = await tables.head(rejected.key, this.#scrub.call);
    if (info === undefined)
      return damaged(damage(`is missing; it held ${facts.rejected} rejected lines`, rejected.key));
    const found = await this.#scrub.sum(tables, info);
    if (found.kind === "unreadable") return damaged(damage(found.reason, rejected.key));
    if (rejected.sha256 === undefined) return { damages: [], isUnverified: true };
    if (found.sha256 === rejected.sha256) return good;
    return damaged(damage(otherSum(found.sha256, rejected.sha256, "its partition says"), rejected.key));
  }

  /** The raw object has to be there, and to be the one that the partition names. */
  async #checkOrigin(
    key: string,
    interval: Interval,
    { facts, rawKey, rawLength }: PartitionRecord,
    damage: (reason: string) => Damage,
  ): Promise<readonly Damage[]> {
    const { raw, clock } = this.#scrub.parts;
    const detail = await raw.head(rawKey, this.#scrub.call);
    if (detail === undefined) {
      const isExpired = interval.startMs < keptFromMs(this.#source, clock());
      if (isExpired || !this.#scrub.wants("raw", `${this.#source.name}@${intervalId(interval)}`)) return [];
      const object = { key: rawKey, interval, revision: facts.rawRevision };
      const missing = missingRaw(this.#source, object, { key, sha256: facts.rawSha256, length: rawLength });
      return missing === undefined ? [] : [missing];
    }
    const receipt = foundReceipt(rawKey, detail)?.receipt;
    if (receipt === undefined || receipt.sha256 === facts.rawSha256) return [];
    // The receipt may be what was damaged: the bytes decide.
    const stored = await storedRaw(this.#scrub, detail);
    if (stored?.sha256 !== receipt.sha256) return [];
    return [damage(`made from raw bytes with sha256 ${short(facts.rawSha256)}, raw holds ${short(receipt.sha256)}`)];
  }
}

/** A writer that has put a document puts its statements at once. Milliseconds. */
const publishingMs = 250;

async function checkSchema(scrub: Scrub, table: TableSettings, gathered: SchemaGatherer): Promise<Checked> {
  const { name } = table;
  const inspect = () => inspectSchema(scrub.parts.tables, name, scrub.signal);
  let inspected = await inspect();
  if (inspected.statements.length > 0) {
    await delay(publishingMs, undefined, scrub.call);
    inspected = await inspect();
  }
  const { newest, statements, bytes } = inspected;
  scrub.read(bytes);
  const damage = (key: string, reason: string): Damage => ({
    place: "tables",
    key,
    reason,
    cure: { kind: "schema", table: name },
  });
  if (newest === undefined) {
    return gathered.size === 0 ? good : damaged(damage(schemaKey(name, 1), "is missing; the table has partitions"));
  }
  if (newest.state === undefined) return damaged(damage(newest.key, newest.fault ?? "cannot be read"));
  const missing = gathered.missingIn(newest.state.schema);
  if (missing.length > 0) {
    const shown = missing.slice(0, 3).join(", ");
    const more = missing.length > 3 ? ` and ${missing.length - 3} more` : "";
    const next = schemaKey(name, newest.version + 1);
    return damaged(damage(next, `is missing: partitions hold what document ${newest.version} lacks (${shown}${more})`));
  }
  return {
    damages: statements.map(({ key, fault }) => damage(key, fault)),
    isUnverified: newest.isUnsummed,
  };
}
