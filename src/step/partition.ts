/** What a partition's footer says of its origin, in both directions (`designs/formats.md`, "partition"). */
import { Failure } from "../errors.ts";
import type { Schema } from "../model/schema.ts";
import { type StandIn, standInsOf } from "../model/stand-in.ts";
import { FILE_SUM_KEY, FileSum, sumPlace } from "../parquet/file-sum.ts";
import { type FileProfile, readProfile } from "../parquet/profile.ts";
import { readKeyValue, readSchema } from "../parquet/read.ts";
import type { Storage } from "../storage/contract.ts";

/** What the footer of a partition says, as far as decisions need it. */
export interface PartitionFacts {
  readonly rawSha256: string;
  readonly rawRevision: number;
  readonly rows: number;
  readonly rejected: number;
  /** `native/1` and the like. */
  readonly converter: string;
  /** Fingerprint of the settings that shape the bytes: declared columns, conflicts, duplicate keys, codec. */
  readonly settings: string;
  readonly standIns: readonly StandIn[];
  /**
   * How many of the table's recorded widenings the file's column types were compared with. A cache, not a fact of the
   * file: a partition with a smaller number than the table has its column types read again.
   */
  readonly checked: number;
  /** Paths whose type in the file is narrower than the table's. */
  readonly narrow: readonly string[];
}

/** Everything that a partition's footer says of where it comes from and what belongs to it. */
export interface PartitionRecord {
  readonly facts: PartitionFacts;
  readonly table: string;
  readonly src: string;
  readonly rawKey: string;
  readonly rawLength: number;
  /** 16 hex digits that name the schema of this file alone. */
  readonly schemaFingerprint: string;
  /** Absent where no line was rejected; `sha256` is absent in files of earlier versions. */
  readonly rejected: { readonly key: string; readonly sha256: string | undefined } | undefined;
  /** The sum of the file, and where in it its digits stand; absent in files of earlier versions. */
  readonly sum: { readonly sha256: string; readonly place: number } | undefined;
}

export interface PartitionOrigin {
  readonly table: string;
  readonly src: string;
  readonly rawKey: string;
  readonly rawSha256: string;
  readonly rawLength: number;
  readonly rawRevision: number;
  readonly settings: string;
  /** Key of the rejected lines, if there are any. */
  readonly rejectedKey: string;
}

/** What the step hands to the converter; the converter adds its own findings (rows, rejects, stand-ins, version). */
export function originToProvenance(origin: PartitionOrigin): Readonly<Record<string, string | number>> {
  return {
    table: origin.table,
    src: origin.src,
    raw_key: origin.rawKey,
    raw_sha256: origin.rawSha256,
    raw_length: origin.rawLength,
    raw_revision: origin.rawRevision,
    settings: origin.settings,
    rejected_key: origin.rejectedKey,
  };
}

/** Reads the provenance of a partition. Throws `corrupt` for a file that is not ours or was damaged. */
export function factsFromProvenance(
  key: string,
  provenance: Readonly<Record<string, unknown>> | undefined,
): PartitionFacts {
  const read = readerOf(key, provenance);
  return {
    rawSha256: read.sum("raw_sha256"),
    rawRevision: read.count("raw_revision"),
    rows: read.count("rows_out"),
    rejected: read.count("rejected"),
    converter: read.text("converter"),
    settings: read.text("settings"),
    standIns: readStandIns(read.value("stand_ins"), read.bad),
    checked: 0,
    narrow: [],
  };
}

type Provenance = Readonly<Record<string, unknown>>;

/** Reads single facts of a provenance; what is missing or of another kind is `corrupt`. */
function readerOf(key: string, provenance: Provenance | undefined) {
  const bad = (what: string): Failure =>
    new Failure("corrupt", `${key}: ${what}`, {
      remedy: "`millrace verify --repair` converts it again from raw",
    });
  if (provenance === undefined) throw bad("its footer holds no provenance of ours");
  const text = (name: string): string => {
    const value = provenance[name];
    if (typeof value !== "string") throw bad(`provenance lacks ${name}`);
    return value;
  };
  const sum = (name: string): string => {
    const value = text(name);
    if (!/^[0-9a-f]{64}$/.test(value)) throw bad(`provenance holds no sha256 as ${name}`);
    return value;
  };
  const count = (name: string): number => {
    const value = provenance[name];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw bad(`provenance lacks ${name}`);
    return value;
  };
  return { bad, text, sum, count, value: (name: string): unknown => provenance[name] };
}

/** Reads everything that a partition says of itself from the end of its object. */
export async function readPartitionRecord(
  storage: Storage,
  info: FooterOf,
  signal?: AbortSignal,
): Promise<PartitionRecord> {
  const tail = await readTail(storage, info, Math.min(info.size, tailBytes), signal);
  const provenance = readKeyValue(tail);
  const facts = factsFromProvenance(info.key, provenance);
  const read = readerOf(info.key, provenance);
  const place = sumPlace(tail);
  // A file without a sum begins with the table's name; digits in that place have lost the name that goes before them.
  if (place === undefined && /^[0-9a-f]{64}$/.test(String(Object.values(provenance ?? {})[0])))
    throw read.bad("its sum has another name");
  const rejectedSum = read.value("rejected_sha256") === undefined ? undefined : read.sum("rejected_sha256");
  return {
    facts,
    table: read.text("table"),
    src: read.text("src"),
    rawKey: read.text("raw_key"),
    rawLength: read.count("raw_length"),
    schemaFingerprint: read.text("schema_fingerprint"),
    rejected: facts.rejected === 0 ? undefined : { key: read.text("rejected_key"), sha256: rejectedSum },
    sum: place === undefined ? undefined : { sha256: read.sum(FILE_SUM_KEY), place: info.size - tail.length + place },
  };
}

/** Takes a partition's bytes in order and answers what its recorded sum is to be compared with. */
export function sumOfPartition({ place }: NonNullable<PartitionRecord["sum"]>): Summing {
  return new FileSum(place);
}

export interface Summing {
  update(piece: Uint8Array): void;
  digest(): string;
}

function readStandIns(value: unknown, bad: (what: string) => Failure): readonly StandIn[] {
  if (!Array.isArray(value)) throw bad("provenance lacks stand_ins");
  return value.map((entry: unknown) => {
    if (typeof entry !== "object" || entry === null) throw bad("stand_ins holds something else than paths");
    const path: unknown = Reflect.get(entry, "path");
    const seen: unknown = Reflect.get(entry, "seen");
    if (typeof path !== "string" || (seen !== "list" && seen !== "struct"))
      throw bad("stand_ins holds something else than paths");
    return { path, seen };
  });
}

/** Where our provenance is found without reading 200 KB of footer. */
const tailBytes = 64 * 1024;

/** Reads what a partition says of itself from the end of its object. */
export async function readPartitionFacts(
  storage: Storage,
  info: { readonly key: string; readonly size: number; readonly token: string },
  signal?: AbortSignal,
): Promise<PartitionFacts> {
  const tail = await readTail(storage, info, Math.min(info.size, tailBytes), signal);
  const provenance = readKeyValue(tail);
  const facts = factsFromProvenance(info.key, provenance);
  if (provenance?.notes_cut !== true) return facts;
  // Thousands of notes do not fit into the tail; what they say is in the whole footer's schema.
  return { ...facts, standIns: standInsOf(await readPartitionSchema(storage, info, signal)) };
}

type FooterOf = { readonly key: string; readonly size: number; readonly token: string };

/** Reads the column types of a partition from its whole footer. */
export async function readPartitionSchema(storage: Storage, info: FooterOf, signal?: AbortSignal): Promise<Schema> {
  return readSchema(await readFooter(storage, info, signal));
}

/** Reads what the whole footer of a partition tells of its columns and their values. */
export async function readPartitionProfile(
  storage: Storage,
  info: FooterOf,
  signal?: AbortSignal,
): Promise<FileProfile> {
  return readProfile(await readFooter(storage, info, signal));
}

async function readFooter(storage: Storage, info: FooterOf, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const last = await readTail(storage, info, Math.min(info.size, tailBytes), signal);
  const footer =
    last.length < 8 ? 0 : new DataView(last.buffer, last.byteOffset, last.byteLength).getUint32(last.length - 8, true);
  const need = footer + 8;
  if (need > info.size) throw new Failure("corrupt", `${info.key}: its footer claims ${footer} bytes of ${info.size}`);
  return need <= last.length ? last.subarray(last.length - need) : readTail(storage, info, need, signal);
}

async function readTail(
  storage: Storage,
  info: { readonly key: string; readonly token: string },
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const range = { start: -length };
  for await (const chunk of storage.read(info.key, {
    range,
    token: info.token,
    ...(signal === undefined ? {} : { signal }),
  }))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}
