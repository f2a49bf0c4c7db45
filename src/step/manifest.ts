/** A mart's versions: the manifest that is written last, and the record of the catalog that makes one of them visible. */
import { createHash } from "node:crypto";
import type { CallOptions, Catalog, CatalogRecord, Numbered } from "../catalog/contract.ts";
import { Failure } from "../errors.ts";
import { manifestKey } from "../model/layout.ts";
import type { MartFormat } from "../model/project.ts";
import type { Documents, Storage } from "../storage/contract.ts";
import { readWhole } from "./read-whole.ts";

/** `_manifest.json` of a version. */
export interface Manifest {
  readonly format: 1;
  readonly mart: string;
  readonly version: string;
  readonly publishId: string;
  /** Number of the catalog record that was current when the version was built. */
  readonly parent: number;
  /** ISO instant. */
  readonly at: string;
  readonly sql: string;
  readonly engine: string;
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly files: readonly ManifestFile[];
  /** The log that makes the directory a table of Delta Lake, where the mart asks for one: its name in the directory, and its sum. */
  readonly delta?: VersionFile;
  /** Each table that was read, with what decides whether the mart is still up to date. */
  readonly inputs: readonly ManifestInput[];
}

export interface ManifestFile extends VersionFile {
  readonly rows: number;
}

export interface VersionFile {
  /** Below the version's directory. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

export interface ManifestInput {
  readonly table: string;
  readonly partitions: number;
  /** sha256 over the partitions' identities. */
  readonly digest: string;
  readonly schemaFingerprint: string;
  /** Number of the schema's document, so that it is still known when the documents are lost; absent in old manifests. */
  readonly schemaVersion?: number;
}

export interface PublishedMart {
  readonly number: number;
  readonly record: CatalogRecord;
  readonly manifest: Manifest;
  /**
   * After a rollback: what was built last, whose statement a person does not want until it changes; `undefined` also where that
   * is no longer known.
   */
  readonly lastBuilt?: Pick<Manifest, "version" | "sql" | "engine"> | undefined;
}

const manifestBytesMax = 16 * 1024 * 1024;

/** The version that readers see, or `undefined` for a mart that was never published. */
export async function readPublishedMart(
  storage: Storage,
  catalog: Catalog,
  mart: string,
  signal?: AbortSignal,
): Promise<PublishedMart | undefined> {
  const call = signal === undefined ? {} : { signal };
  const current = await catalog.current(mart, call);
  if (current === undefined) return undefined;
  const manifest = await readManifest(storage, mart, current.record.version, signal);
  return { ...(await withLastBuilt(storage, catalog, mart, current, call)), manifest };
}

/** As `readPublishedMart`, but from one listing, which may be behind: to decide what is due. */
export async function glanceAtMart(
  storage: Storage,
  catalog: Catalog,
  mart: string,
  documents: Documents,
  signal?: AbortSignal,
): Promise<PublishedMart | undefined> {
  const call = signal === undefined ? {} : { signal };
  const current = await catalog.glance(mart, documents, call);
  if (current === undefined) return undefined;
  const manifest = await readManifest(storage, mart, current.record.version, signal, documents);
  return { ...(await withLastBuilt(storage, catalog, mart, current, call, documents)), manifest };
}

async function withLastBuilt(
  storage: Storage,
  catalog: Catalog,
  mart: string,
  { number, record }: Numbered,
  call: CallOptions,
  documents?: Documents,
): Promise<Omit<PublishedMart, "manifest">> {
  if (record.rollback !== true) return { number, record };
  for await (const past of catalog.history(mart, call)) {
    if (past.record.kind !== "publish" || past.record.rollback === true) continue;
    const built = await readOrNothing(() => readManifest(storage, mart, past.record.version, call.signal, documents));
    return { number, record, lastBuilt: built };
  }
  return { number, record };
}

/** `undefined` for a version that was collected or is damaged. */
async function readOrNothing(read: () => Promise<Manifest>): Promise<Manifest | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Failure && (error.kind === "missing" || error.kind === "corrupt")) return undefined;
    throw error;
  }
}

/** A version's name belongs to one attempt, so what `documents` has under it is its manifest. */
export async function readManifest(
  storage: Storage,
  mart: string,
  version: string,
  signal?: AbortSignal,
  documents?: Documents,
): Promise<Manifest> {
  const key = manifestKey(mart, version);
  const bytes = documents?.find(key, version) ?? (await readWhole(storage, key, manifestBytesMax, signal));
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw damaged(key, "is not JSON", error);
  }
  if (!isManifest(value) || value.mart !== mart || value.version !== version)
    throw damaged(key, "is no manifest of this version");
  documents?.note(key, version, bytes);
  return value;
}

export const formatOf = ({ delta }: Pick<Manifest, "delta">): MartFormat => (delta === undefined ? "parquet" : "delta");

/** All that the manifest vouches for: the parts, and what lies beside them. */
export const filesOf = ({ files, delta }: Manifest): readonly VersionFile[] =>
  delta === undefined ? files : [...files, delta];

export function encodeManifest(manifest: Manifest): { readonly bytes: Uint8Array; readonly sha256: string } {
  const bytes = new TextEncoder().encode(`${JSON.stringify(manifest, undefined, 1)}\n`);
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== "object" || value === null) return false;
  const field = (name: string): unknown => Reflect.get(value, name);
  const isFile = (file: unknown): boolean =>
    typeof file === "object" &&
    file !== null &&
    typeof Reflect.get(file, "name") === "string" &&
    typeof Reflect.get(file, "size") === "number" &&
    typeof Reflect.get(file, "sha256") === "string";
  const files = field("files");
  return (
    field("format") === 1 &&
    ["mart", "version", "publishId", "at", "sql"].every((name) => typeof field(name) === "string") &&
    Array.isArray(files) &&
    files.every(isFile) &&
    (field("delta") === undefined || isFile(field("delta"))) &&
    Array.isArray(field("inputs")) &&
    Array.isArray(field("columns"))
  );
}

const damaged = (key: string, what: string, cause?: unknown): Failure =>
  new Failure("corrupt", `${key}: ${what}`, {
    cause,
    remedy:
      "run `millrace run --only marts --rerun`: the mart is built again and the damaged version is no longer read",
  });
