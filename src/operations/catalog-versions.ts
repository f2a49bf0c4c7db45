/** What is left of a mart's versions, and which of them readers could be shown again. */
import { createHash } from "node:crypto";
import type { MartVersion, MartVersions, RegistrationStatus } from "../answers.ts";
import type { Dated, Registered } from "../catalog/contract.ts";
import { asFailure, Failure } from "../errors.ts";
import { manifestFile, parseVersionName, removalKey, removalPrefix } from "../model/layout.ts";
import { nearest } from "../model/nearest.ts";
import type { MartSettings } from "../model/project.ts";
import { versionDirectories } from "../reconcile/garbage.ts";
import { callOptions } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import { allBelow, readChain } from "../step/collect-garbage.ts";
import { filesOf, type Manifest, readManifest } from "../step/manifest.ts";
import type { Documents, ObjectInfo } from "../storage/contract.ts";
import { type PublishRecord, registrationStatus } from "./catalog-state.ts";

/** Manifests read side by side. */
const readersMax = 8;

/** A version that was published, as the log and its directory have it. */
export type Version = Named & Judged;

interface Named {
  /** Of the record that published it first, and that record. */
  readonly number: number;
  readonly record: PublishRecord;
  readonly writtenMs: number;
  /** Records that went back to it, newest first. */
  readonly restored: readonly Dated[];
}

type Judged =
  | { readonly state: "whole" | "removing"; readonly manifest: Manifest }
  | { readonly state: "gone" | "damaged"; readonly manifest: Manifest | undefined; readonly reason: string };

/** A mart's log as far back as its oldest version, and those versions, newest first. */
export interface Versions {
  readonly head: Dated;
  /** The newest record that made a version visible. */
  readonly shown: Dated & { readonly record: PublishRecord };
  readonly versions: readonly Version[];
}

export async function martVersions(
  parts: Parts,
  mart: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<MartVersions> {
  const settings = await demandMart(parts, mart);
  const { head, shown, versions } = await readVersions(parts, mart, signal);
  const registered = await registeredOf(parts, mart, signal);
  const current = versions.find(({ record }) => record.version === shown.record.version);
  return {
    mart,
    record: shown.number,
    isRolledBack: head.record.rollback === true,
    registration: parts.catalog.registersItself
      ? undefined
      : statusOf({ settings, head, shown, manifest: current?.manifest }, registered),
    versions: versions.map((version) => answerOf(version, shown.record.version, registered)),
  };
}

function statusOf(
  mart: {
    readonly settings: MartSettings;
    readonly head: Dated;
    readonly shown: Dated;
    readonly manifest: Manifest | undefined;
  },
  registered: Registered | undefined,
): RegistrationStatus {
  const { settings, head, shown, manifest } = mart;
  if (manifest !== undefined) {
    const { number, record } = head;
    return registrationStatus({ settings, current: { number, record, manifest } }, registered);
  }
  // Which columns it should have is not known; whether it shows that version is.
  const isShown = registered?.kind === "ours" && registered.version === shown.record.version;
  const status = registrationStatus({ settings, current: undefined }, registered);
  if (registered?.kind !== "ours") return status;
  return { ...status, state: isShown ? "registered" : "behind", reason: undefined };
}

function answerOf(version: Version, current: string, registered: Registered | undefined): MartVersion {
  const { number, record, manifest, writtenMs, restored, state } = version;
  return {
    number,
    version: record.version,
    at: isoOf(writtenMs),
    rows: manifest?.rows,
    bytes: manifest === undefined ? undefined : bytesOf(manifest),
    engine: manifest?.engine,
    isCurrent: record.version === current,
    isRegistered: registered?.kind === "ours" && registered.version === record.version,
    restored: restored.map((dated) => ({ number: dated.number, at: isoOf(dated.writtenMs) })),
    state,
    reason: "reason" in version ? version.reason : undefined,
  };
}

/** Of the parts and what lies beside them, without the manifest. */
export const bytesOf = (manifest: Manifest): number => filesOf(manifest).reduce((sum, { size }) => sum + size, 0);

const isoOf = (ms: number): string => new Date(ms).toISOString();

/** Throws `usage` for a mart that the project does not have, with the nearest name. */
export async function demandMart({ project, catalog }: Parts, mart: string): Promise<MartSettings> {
  const settings = project.marts.get(mart);
  if (settings !== undefined) return settings;
  const names = [...project.marts.keys()];
  const near = nearest(mart, names);
  const known = names.length === 0 ? "it has none" : `its marts are ${names.join(", ")}`;
  const hasLog = near === undefined && (await catalog.marts()).includes(mart);
  throw new Failure(
    "usage",
    `the project has no mart "${mart}"${hasLog ? ", although there are versions of it" : ""}`,
    {
      remedy: near !== undefined ? `did you mean ${near}?` : hasLog ? "put it into the project file again" : known,
    },
  );
}

/** What stands under the mart's name; `undefined` for the lake's own catalog too. */
export async function registeredOf(
  { catalog }: Parts,
  mart: string,
  signal: AbortSignal | undefined,
): Promise<Registered | undefined> {
  return catalog.registersItself ? undefined : (await catalog.registered([mart], callOptions(signal))).get(mart);
}

/** Throws `missing` for a mart that was never published. */
export async function readVersions(parts: Parts, mart: string, signal: AbortSignal | undefined): Promise<Versions> {
  const call = callOptions(signal);
  const directories = versionDirectories(await allBelow(parts.marts, `${mart}/`, call)).get(mart) ?? [];
  const marks = new Set((await allBelow(parts.marts, `${removalPrefix}${mart}/`, call)).map(({ key }) => key));
  const lowest = directories.reduce((least, { number }) => Math.min(least, number), Number.POSITIVE_INFINITY);
  const isFarEnough = (chain: readonly Dated[]): boolean =>
    (chain.at(-1)?.number ?? 0) <= lowest && chain.some(({ record }) => record.kind === "publish");
  const chain = await readChain(parts.catalog, mart, isFarEnough, call);
  const [head] = chain;
  const shown = chain.find(isPublish);
  if (head === undefined || shown === undefined) {
    throw new Failure("missing", `mart ${mart}: was never published`, {
      remedy: `millrace run --select ${mart} publishes its first version`,
    });
  }
  const objects = new Map(directories.map(({ name, objects }) => [name, objects]));
  const found: Version[] = [];
  const named = publishedVersions(chain, shown);
  for (let at = 0; at < named.length; at += readersMax) {
    const some = named.slice(at, at + readersMax).map(async ({ first, restored }): Promise<Version> => {
      const { number, record, writtenMs } = first;
      const about = { number, record, writtenMs, restored };
      const judged = await judge(parts, mart, record, objects.get(record.version) ?? [], signal);
      // A mark on what is current is of a collection that met the rollback, saw it, and left the version alone.
      const isCurrent = record.version === shown.record.version;
      const isMarked = judged.state === "whole" && !isCurrent && marks.has(removalKey(mart, record.version));
      return { ...about, ...(isMarked ? { ...judged, state: "removing" } : judged) };
    });
    found.push(...(await Promise.all(some)));
  }
  return { head, shown, versions: found };
}

type DatedPublish = Dated & { readonly record: PublishRecord };

const isPublish = (dated: Dated): dated is DatedPublish => dated.record.kind === "publish";

/** Each version once, by the record that published it first; of one that readers see, that record may lie further back. */
function publishedVersions(
  chain: readonly Dated[],
  shown: DatedPublish,
): readonly { readonly first: DatedPublish; readonly restored: readonly Dated[] }[] {
  const byVersion = Map.groupBy(chain.filter(isPublish), ({ record }) => record.version);
  return [...byVersion.values()]
    .flatMap((records) => {
      const [newest = shown] = records;
      const number = parseVersionName(newest.record.version)?.number ?? newest.number;
      const first = records.find((dated) => dated.number === number) ?? { ...newest, number };
      return [{ first, restored: records.filter((dated) => dated.number !== number) }];
    })
    .sort((a, b) => b.first.number - a.first.number);
}

/** By what a listing shows and the manifest says. */
async function judge(
  { marts }: Parts,
  mart: string,
  record: PublishRecord,
  objects: readonly ObjectInfo[],
  signal: AbortSignal | undefined,
): Promise<Judged> {
  const sizes = new Map(objects.map(({ key, size }) => [key.slice(mart.length + record.version.length + 2), size]));
  if (objects.length === 0) return { state: "gone", manifest: undefined, reason: "its files were removed" };
  if (!sizes.has(manifestFile)) return { state: "damaged", manifest: undefined, reason: "its manifest is missing" };
  let sha256 = "";
  const summing: Documents = {
    find: () => undefined,
    note: (_key, _token, bytes) => {
      sha256 = createHash("sha256").update(bytes).digest("hex");
    },
    newest: () => undefined,
  };
  try {
    const manifest = await readManifest(marts, mart, record.version, signal, summing);
    const reason =
      sha256 === record.manifestSha256
        ? fileFault(manifest, sizes)
        : "its manifest has another sha256 than the catalog says";
    return reason === undefined ? { state: "whole", manifest } : { state: "damaged", manifest, reason };
  } catch (error) {
    const failure = asFailure(error);
    if (failure.kind !== "corrupt" && failure.kind !== "missing") throw failure;
    return { state: "damaged", manifest: undefined, reason: failure.message };
  }
}

function fileFault(manifest: Manifest, sizes: ReadonlyMap<string, number>): string | undefined {
  for (const { name, size } of filesOf(manifest)) {
    const found = sizes.get(name);
    if (found === undefined) return `${name} is missing`;
    if (found !== size) return `${name} has ${found} bytes, its manifest says ${size}`;
  }
  return undefined;
}
