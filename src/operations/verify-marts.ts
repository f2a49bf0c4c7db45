/** The catalog's chain of every mart, record by record, and the version that readers see against its manifest. */
import { asFailure } from "../errors.ts";
import { isDeltaCommit } from "../model/delta-log.ts";
import { manifestFile, manifestKey, parseVersionName, partKey, versionPrefix } from "../model/layout.ts";
import type { Parts } from "../reconcile/parts.ts";
import { otherSum } from "../step/judge-raw.ts";
import { filesOf, type Manifest, readManifest, type VersionFile } from "../step/manifest.ts";
import { type Checked, type Damage, damaged, good, type Scrub } from "./scrub.ts";
import { countPartitions, type PartitionCounts } from "./verify-tables.ts";

type ChainRecord = NonNullable<Awaited<ReturnType<Parts["catalog"]["current"]>>>["record"];
type PublishRecord = Extract<ChainRecord, { kind: "publish" }>;

/** `counts` tells how many partitions there are, where all of them were looked at. */
export async function verifyMarts(scrub: Scrub, counts: PartitionCounts | undefined): Promise<void> {
  for (const name of scrub.parts.project.marts.keys()) {
    if (scrub.wants("marts", name)) await new MartCheck(scrub, name).run(counts);
  }
}

/** Bytes of the versions that readers see; a mart whose records cannot be read counts as nothing. */
export async function martBytes(scrub: Scrub): Promise<number> {
  const { catalog, marts, project } = scrub.parts;
  let bytes = 0;
  for (const name of project.marts.keys()) {
    if (!scrub.wants("marts", name)) continue;
    try {
      const current = await catalog.current(name, scrub.call);
      if (current === undefined) continue;
      const manifest = await readManifest(marts, name, current.record.version, scrub.signal);
      bytes += filesOf(manifest).reduce((sum, file) => sum + file.size, 0);
    } catch (error) {
      const failure = asFailure(error);
      if (failure.kind !== "corrupt" && failure.kind !== "missing") throw failure;
    }
  }
  return bytes;
}

class MartCheck {
  readonly #scrub: Scrub;
  readonly #mart: string;
  /** The last number of the chain, and its record where that can be read. */
  #last = 0;
  #record: ChainRecord | undefined;
  /** The newest record that published something, where it can be read. */
  #published: PublishRecord | undefined;
  /** The sound records that published versions which are still there, and the numbers of unsound ones. */
  readonly #first = new Map<number, PublishRecord>();
  readonly #unsound = new Set<number>();

  constructor(scrub: Scrub, mart: string) {
    this.#scrub = scrub;
    this.#mart = mart;
  }

  async run(counts: PartitionCounts | undefined): Promise<void> {
    const faults: { readonly number: number; readonly key: string; readonly fault: string }[] = [];
    const versions = await this.#versions();
    await this.#scrub.each(this.#chain(versions, faults), async (checked) => checked);
    await this.#scrub.each(faults, async ({ number, key, fault }) => damaged(this.#recordDamage(number, key, fault)));
    const record = this.#record;
    if (record === undefined) return;
    let manifest: Manifest | undefined;
    await this.#scrub.each([manifestKey(this.#mart, record.version)], async (key) => {
      const found = await this.#checkManifest(key, record);
      manifest = found.manifest;
      return this.#unlessReplaced(found.checked);
    });
    if (manifest === undefined) return;
    const { version, inputs } = manifest;
    const files = filesOf(manifest);
    await this.#scrub.each(files, async (file) => this.#unlessReplaced(await this.#checkFile(version, file)));
    await this.#scrub.each(this.#strangers(manifest), async (key) => {
      return this.#unlessReplaced(damaged(this.#damage(key, "is no part of the version: somebody else wrote it")));
    });
    for (const { table, partitions } of inputs) {
      const counted = counts?.get(table);
      if (counted === undefined || counted >= partitions) continue;
      // The mart may be newer than the count.
      const now = await countPartitions(this.#scrub, table);
      if (now < partitions) this.#scrub.note(lostPartitions(this.#mart, table, now, partitions));
    }
  }

  /** The versions that have a manifest: as many as a collection of garbage leaves. */
  async #versions(): Promise<ReadonlySet<string>> {
    const versions = new Set<string>();
    const prefix = `${this.#mart}/`;
    for await (const page of this.#scrub.parts.marts.list(prefix, { leaf: manifestFile, ...this.#scrub.call })) {
      for (const { key } of page) versions.add(key.slice(prefix.length, -manifestFile.length - 1));
    }
    return versions;
  }

  /** One answer a record, good or not; faults are kept until it is known which record is the last. */
  async *#chain(
    versions: ReadonlySet<string>,
    faults: { number: number; key: string; fault: string }[],
  ): AsyncGenerator<Checked> {
    const { catalog } = this.#scrub.parts;
    for await (const inspected of catalog.inspect(this.#mart, this.#scrub.call)) {
      const { number, key, bytes, record } = inspected;
      this.#scrub.read(bytes);
      this.#last = number;
      const fault =
        inspected.fault ?? (record === undefined ? undefined : await this.#recordFault(number, record, versions));
      if (fault === undefined) yield good;
      else faults.push({ number, key, fault: fault.replace(`${key}: `, "") });
      this.#record = fault === undefined ? record : undefined;
      if (fault !== undefined) this.#published = undefined;
      else if (record?.kind === "publish") this.#published = record;
      if (fault !== undefined) this.#unsound.add(number);
      else if (record?.kind === "publish" && versions.has(record.version)) this.#first.set(number, record);
    }
  }

  /** A record is well-formed; whether it says what was written, the version that it names can tell. */
  async #recordFault(number: number, record: ChainRecord, versions: ReadonlySet<string>): Promise<string | undefined> {
    if (record.kind === "fence") {
      const isStranger = this.#published !== undefined && this.#published.version !== record.version;
      return isStranger ? "names another version than readers see" : undefined;
    }
    const name = parseVersionName(record.version);
    if (record.rollback === true) return this.#rollbackFault(number, record, versions);
    if (name?.number !== number || !record.publishId.startsWith(name.publishId))
      return "names a version that is not its own";
    if (!versions.has(record.version)) return undefined;
    const { marts } = this.#scrub.parts;
    const info = await marts.head(manifestKey(this.#mart, record.version), this.#scrub.call);
    const sum = info === undefined ? undefined : await this.#scrub.sum(marts, info);
    if (sum?.kind !== "sum") return undefined;
    if (sum.sha256 !== record.manifestSha256) {
      // A manifest that changed has another sum altogether.
      return isAlmost(sum.sha256, record.manifestSha256) ? "the sha256 that it records was changed" : undefined;
    }
    const manifest = await readManifest(marts, this.#mart, record.version, this.#scrub.signal);
    const field = (["publishId", "parent", "at"] as const).find((each) => record[each] !== manifest[each]);
    return field === undefined ? undefined : `has another ${field} than the version that it names`;
  }

  /** A record that goes back names an older version, and the sum that the older record has. */
  #rollbackFault(own: number, record: PublishRecord, versions: ReadonlySet<string>): string | undefined {
    const number = parseVersionName(record.version)?.number;
    if (number === undefined || number >= own) return "goes back to a version that is not older";
    if (!versions.has(record.version) || this.#unsound.has(number)) return undefined;
    const first = this.#first.get(number);
    if (first?.version !== record.version) return "goes back to a version that was never published";
    return first.manifestSha256 === record.manifestSha256
      ? undefined
      : "has another sha256 than the record that it goes back to";
  }

  #recordDamage(number: number, key: string, reason: string): Damage {
    const cure = { kind: "record", mart: this.#mart, number, isLast: number === this.#last } as const;
    return { place: "marts", key, reason, cure };
  }

  #damage(key: string, reason: string): Damage {
    return { place: "marts", key, reason, cure: { kind: "mart", mart: this.#mart } };
  }

  async #checkManifest(
    key: string,
    record: ChainRecord,
  ): Promise<{ readonly checked: Checked; readonly manifest?: Manifest }> {
    const { marts } = this.#scrub.parts;
    const info = await marts.head(key, this.#scrub.call);
    if (info === undefined) return { checked: damaged(this.#damage(key, "is missing")) };
    const sum = await this.#scrub.sum(marts, info);
    if (sum.kind === "unreadable") return { checked: damaged(this.#damage(key, sum.reason)) };
    const published = this.#published?.version === record.version ? this.#published : undefined;
    if (published !== undefined && sum.sha256 !== published.manifestSha256) {
      const fact = otherSum(sum.sha256, published.manifestSha256, "the catalog says");
      return { checked: damaged(this.#damage(key, fact)) };
    }
    try {
      const manifest = await readManifest(marts, this.#mart, record.version, this.#scrub.signal);
      return { checked: { damages: [], isUnverified: published === undefined }, manifest };
    } catch (error) {
      const failure = asFailure(error);
      if (failure.kind !== "corrupt") throw failure;
      return { checked: damaged(this.#damage(key, failure.message.replace(`${key}: `, ""))) };
    }
  }

  /** What readers of the version's directory would take for a part of it, or for a later commit. */
  async *#strangers(manifest: Manifest): AsyncGenerator<string> {
    const { mart, version, delta } = manifest;
    const own = new Set(filesOf(manifest).map(({ name }) => name));
    const prefix = versionPrefix(mart, version);
    const isRead = (name: string): boolean =>
      name.split("/").every((segment) => !/^[_.]/.test(segment)) || (delta !== undefined && isDeltaCommit(name));
    for await (const page of this.#scrub.parts.marts.list(`${mart}/`, { stem: version, ...this.#scrub.call })) {
      for (const { key } of page) {
        const name = key.slice(prefix.length);
        if (!own.has(name) && isRead(name)) yield key;
      }
    }
  }

  async #checkFile(version: string, file: VersionFile): Promise<Checked> {
    const { marts } = this.#scrub.parts;
    const key = partKey(this.#mart, version, file.name);
    const info = await marts.head(key, this.#scrub.call);
    if (info === undefined) return damaged(this.#damage(key, "is missing"));
    const sum = await this.#scrub.sum(marts, info);
    if (sum.kind === "unreadable") return damaged(this.#damage(key, sum.reason));
    if (sum.sha256 === file.sha256) return good;
    return damaged(this.#damage(key, otherSum(sum.sha256, file.sha256, "the manifest says")));
  }

  /** A version that was replaced meanwhile may have been collected: that is no damage. */
  async #unlessReplaced(checked: Checked): Promise<Checked> {
    if (checked.damages.length === 0) return checked;
    const current = await this.#scrub.parts.catalog.current(this.#mart, this.#scrub.call);
    return current?.number === this.#last ? checked : { damages: [], isUnverified: true };
  }
}

/** Whether two sums differ in so few digits that one of them was written down as the other. */
function isAlmost(a: string, b: string): boolean {
  return a.length === b.length && [...a].filter((digit, at) => digit !== b[at]).length <= digitsChangedMax;
}

/** Of 64; two sums of different bytes agree in four of them. */
const digitsChangedMax = 16;

/** Partitions that a mart was built from and that are gone were not merely never made. */
function lostPartitions(mart: string, table: string, now: number, before: number): Damage {
  return {
    place: "tables",
    key: `${table}/`,
    reason: `${now} partitions, mart ${mart} was built from ${before}`,
    cure: { kind: "due", table, partitions: before },
  };
}
