/**
 * One mart: select into files → checks → a new version directory → manifest last → the catalog's pointer. An engine of many
 * machines writes its files where the version will be (`written-mart.ts`).
 * Readers see the old version until the pointer moves, and nothing of a version that failed.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Catalog, CatalogRecord, Numbered } from "../catalog/contract.ts";
import type { Engine, InputFile, TableInput, TableShape } from "../engine/contract.ts";
import { Failure, isRetriable } from "../errors.ts";
import { describeColumnType } from "../model/column-type-text.ts";
import { manifestKey, partKey, versionName } from "../model/layout.ts";
import type { MartSettings } from "../model/project.ts";
import type { Storage } from "../storage/contract.ts";
import type { Manifest, ManifestInput, PublishedMart } from "./manifest.ts";
import { encodeManifest, filesOf } from "./manifest.ts";
import { checkMart } from "./mart-checks.ts";
import { type VersionLog, versionLog } from "./version-log.ts";
import { type WrittenMart, writeMart } from "./written-mart.ts";

/** Tries to learn the outcome of a swap whose answer was lost. */
const swapTriesMax = 5;

/** A table as a mart reads it: what the engine binds to, and what the manifest will record of exactly those files. */
export interface MartInput {
  readonly shape: TableShape;
  /** A fresh look each time: the files, and the identity of that set. */
  snapshot(): Promise<{ readonly files: readonly InputFile[]; readonly record: ManifestInput }>;
}

export interface MartRequest {
  readonly settings: MartSettings;
  /** Of the version that is to be replaced only its number counts. */
  readonly current: Pick<PublishedMart, "number"> | undefined;
  /** Every table of the project; the engine says which ones the statement reads. */
  readonly tables: ReadonlyMap<string, MartInput>;
}

export interface MartOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
  readonly clock: () => number;
  readonly newId: () => string;
}

export async function buildMart(
  places: { readonly marts: Storage; readonly catalog: Catalog },
  engine: Engine,
  request: MartRequest,
  options: MartOptions,
): Promise<PublishedMart> {
  const { settings } = request;
  const publishId = options.newId();
  const scratch = await places.marts.scratch(`mart-${settings.name}-${publishId}`);
  try {
    const files = join(scratch.directory, "files");
    const work = join(scratch.directory, "work");
    await mkdir(files, { recursive: true });
    await mkdir(work, { recursive: true });
    const read = await readTables(engine, request, options.signal);
    const parent = request.current?.number ?? 0;
    const version = versionName(parent + 1, publishId);
    const written = await writeMart(
      places.marts,
      engine,
      { mart: settings.name, version, sql: settings.sql, tables: read.inputs, files, work },
      {
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      },
    );
    await checkMart(engine, settings, written, work, options.signal);
    const at = new Date(options.clock()).toISOString();
    const log = versionLog(settings, { version, publishId, at }, written);
    const manifest: Manifest = {
      format: 1,
      mart: settings.name,
      version,
      publishId,
      parent,
      at,
      sql: settings.sql,
      engine: engine.name,
      rows: written.rows,
      columns: written.columns.map((column) => ({ name: column.name, type: describeColumnType(column.type) })),
      files: written.files,
      ...(log === undefined ? {} : { delta: log.file }),
      inputs: [...read.records.values()],
    };
    const manifestSha256 = await putVersion(places.marts, manifest, { written, log }, options.signal);
    const record: CatalogRecord = { kind: "publish", version, publishId, parent, at, manifestSha256 };
    const swapped = await swap(places.catalog, settings.name, parent, record, options.signal);
    return { ...swapped, manifest };
  } finally {
    await scratch.dispose();
  }
}

async function readTables(
  engine: Engine,
  request: MartRequest,
  signal: AbortSignal | undefined,
): Promise<{ readonly inputs: ReadonlyMap<string, TableInput>; readonly records: Map<string, ManifestInput> }> {
  const shapes = new Map([...request.tables].map(([name, input]) => [name, input.shape]));
  const description = await engine.describe(request.settings.sql, shapes, signal === undefined ? {} : { signal });
  const inputs = new Map<string, TableInput>();
  const records = new Map<string, ManifestInput>();
  for (const name of description.tables) {
    const input = request.tables.get(name);
    if (input === undefined) continue;
    inputs.set(name, {
      ...input.shape,
      files: async () => {
        const { files, record } = await input.snapshot();
        // The engine asks again when a file changed under it; the manifest records the set that was answered last.
        records.set(name, record);
        return files;
      },
    });
  }
  return { inputs, records };
}

async function putVersion(
  storage: Storage,
  manifest: Manifest,
  { written, log }: { readonly written: WrittenMart; readonly log: VersionLog | undefined },
  signal: AbortSignal | undefined,
): Promise<string> {
  const { mart } = manifest;
  const call = signal === undefined ? {} : { signal };
  await written.place();
  // Behind the parts that it names and before the manifest: whoever finds it finds them.
  if (log !== undefined) await storage.put(partKey(mart, manifest.version, log.file.name), log.bytes, call);
  const { bytes, sha256 } = encodeManifest(manifest);
  await storage.put(manifestKey(mart, manifest.version), bytes, call);
  // The pointer must never name a version that is not whole: look at the files once more, as a reader would.
  for (const file of filesOf(manifest)) {
    const found = await storage.head(partKey(mart, manifest.version, file.name), call);
    if (found === undefined) {
      // Only a writer that slept for longer than the retention meets this: its directory was collected meanwhile.
      throw new Failure(
        "conflict",
        `mart ${mart}: ${manifest.version}/${file.name} was removed before it was published`,
        {
          remedy: "run again: what is still due is decided anew",
        },
      );
    }
    if (found.size !== file.size) {
      throw new Failure(
        "corrupt",
        `${storage.name}/${partKey(mart, manifest.version, file.name)}: ${found.size} bytes after writing ${file.size}`,
        { remedy: "run again; the version was not published" },
      );
    }
  }
  return sha256;
}

/**
 * Moves the pointer. An unknown outcome is looked up and the swap repeated with the same directory; a lost swap may have
 * been our own, whose answer was lost. The directory of a lost version is left to `gc`.
 */
export async function swap(
  catalog: Catalog,
  mart: string,
  parent: number,
  record: CatalogRecord,
  signal: AbortSignal | undefined,
): Promise<Numbered> {
  const call = signal === undefined ? {} : { signal };
  for (let attempt = 1; ; attempt++) {
    try {
      const won = await catalog.append(mart, parent, record, call);
      if (won !== undefined) return won;
      for await (const past of catalog.history(mart, call)) {
        if (past.record.publishId === record.publishId) return past;
        if (past.number <= parent) break;
      }
      throw new Failure("conflict", `mart ${mart}: another writer published a version meanwhile`, {
        remedy: "run again: what is still due is decided anew",
      });
    } catch (error) {
      if (!isRetriable(error) || attempt >= swapTriesMax) throw error;
    }
  }
}
