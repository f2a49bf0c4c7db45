/**
 * One partition: raw bytes → Parquet with its provenance inside → storage. Order of publication: the rejected lines, the
 * table's schema, the partition; whoever sees the partition finds the other two.
 */
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Converter, ConvertReport } from "../convert/contract.ts";
import { Failure } from "../errors.ts";
import { partitionKey, rejectedKey } from "../model/layout.ts";
import type { TableSettings } from "../model/project.ts";
import { settingsFingerprint } from "../model/settings-fingerprint.ts";
import type { ObjectInfo, Storage } from "../storage/contract.ts";
import type { PartitionFacts } from "./partition.ts";
import { factsFromProvenance, originToProvenance } from "./partition.ts";
import type { Covered, SchemaKeeper } from "./schema-keeper.ts";
import { conversionElsewhere } from "./written-elsewhere.ts";

/** Conversions of one object in a step; more than one is needed only if the table widened meanwhile. */
const roundsMax = 4;

export interface ConvertRequest {
  readonly settings: TableSettings;
  /** Identity of the raw object and value of `src`. */
  readonly id: string;
  readonly raw: {
    readonly key: string;
    readonly size: number;
    readonly token: string;
    readonly sha256: string;
    readonly revision: number;
  };
}

export interface ConvertOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number) => void;
}

export interface Converted {
  readonly info: ObjectInfo;
  readonly facts: PartitionFacts;
  readonly report: ConvertReport;
  readonly published: Covered["published"];
}

export async function convert(
  places: { readonly raw: Storage; readonly tables: Storage },
  converter: Converter,
  keeper: SchemaKeeper,
  request: ConvertRequest,
  options: ConvertOptions,
): Promise<Converted> {
  const { settings, id, raw } = request;
  const scratch = await places.tables.scratch(`convert-${settings.name}-${id}-${process.pid}-${randomId()}`);
  try {
    const input =
      places.raw.locate(raw.key) ?? (await download(places.raw, raw, join(scratch.directory, "raw"), options.signal));
    const output = join(scratch.directory, "data.parquet");
    const rejects = join(scratch.directory, "rejected.ndjson.gz");
    const rejectsAt = rejectedKey(settings.name, id, raw.sha256);
    const elsewhere = settings.convert === "spark" ? conversionElsewhere(places, raw.key, randomId()) : undefined;
    let published: Covered["published"];
    for (let round = 0; round < roundsMax; round++) {
      const report = await converter.convert(
        {
          input: { file: input },
          ...(elsewhere === undefined ? {} : { elsewhere }),
          output,
          rejects,
          known: keeper.known(),
          settings: { ...settings, declared: settings.columns },
          provenance: originToProvenance({
            table: settings.name,
            src: id,
            rawKey: raw.key,
            rawSha256: raw.sha256,
            rawLength: raw.size,
            rawRevision: raw.revision,
            settings: settingsFingerprint(settings),
            rejectedKey: rejectsAt,
          }),
        },
        options,
      );
      await checkRaw(places.raw, raw, options.signal);
      refuseRejects(settings, id, report);
      const covered = await keeper.cover(id, report, options.signal);
      published = covered.published ?? published;
      if (covered.narrower.length > 0) continue;
      const call = options.signal === undefined ? {} : { signal: options.signal };
      if (report.rejected > 0) await places.tables.put(rejectsAt, { file: rejects }, call);
      const key = partitionKey(settings.name, id);
      const info = await places.tables.put(key, { file: output }, call);
      const facts = factsFromProvenance(key, report.provenance);
      return { info, facts: { ...facts, standIns: report.standIns, checked: covered.checked }, report, published };
    }
    throw new Failure(
      "conflict",
      `${settings.name}@${id}: the table's types changed ${roundsMax} times while it was converted`,
      {
        remedy: "run again",
      },
    );
  } finally {
    await scratch.dispose();
  }
}

const randomId = (): string => Math.random().toString(16).slice(2, 10);

async function download(
  storage: Storage,
  raw: ConvertRequest["raw"],
  file: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const options = signal === undefined ? {} : { signal };
  await pipeline(
    Readable.from(storage.read(raw.key, { token: raw.token, ...options })),
    createWriteStream(file),
    options,
  );
  return file;
}

/** Whoever replaced the raw object while it was read made the result worthless. */
async function checkRaw(storage: Storage, raw: ConvertRequest["raw"], signal: AbortSignal | undefined): Promise<void> {
  const now = await storage.head(raw.key, signal === undefined ? {} : { signal });
  if (now?.token !== raw.token)
    throw new Failure("conflict", `${raw.key}: replaced while it was converted`, { remedy: "run again" });
}

function refuseRejects(settings: TableSettings, id: string, report: ConvertReport): void {
  const lines = report.rows + report.rejected;
  if (report.rejected <= settings.rejectsMax * lines) return;
  const [sample] = report.rejectSamples;
  const share = ((100 * report.rejected) / lines).toFixed(2);
  throw new Failure(
    "refused",
    `${settings.name}@${id}: ${report.rejected} of ${lines} lines rejected (${share} %, allowed ${100 * settings.rejectsMax} %)${sample === undefined ? "" : `; line ${sample.line}: ${sample.reason}`}`,
    {
      remedy: `look at the raw object, then raise tables.${settings.name}.rejects_max or fetch it again with \`millrace run --rerun --select '${settings.from}@${id}'\``,
    },
  );
}
