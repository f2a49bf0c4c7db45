/**
 * Shows readers an older version of a mart again: its record is appended like any other, by the same compare-and-swap, and
 * names the old directory. Before that a fence says in the log which version it will be; whoever collects garbage marks a
 * version before the log is read for the last time, so that one of the two sees the other (`operations/gc-marts.ts`).
 */
import type { RollbackOptions, RollbackReport } from "../answers.ts";
import type { CallOptions, CatalogRecord, Dated, Numbered, Registered } from "../catalog/contract.ts";
import { Failure, isRetriable } from "../errors.ts";
import { manifestKey, parseVersionName, partKey, removalKey } from "../model/layout.ts";
import type { MartSettings } from "../model/project.ts";
import { callOptions } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import { hashStored } from "../step/hash-stored.ts";
import { filesOf, type Manifest } from "../step/manifest.ts";
import { swap } from "../step/mart.ts";
import { registerMart } from "../step/register.ts";
import { bytesOf, demandMart, readVersions, registeredOf, type Version, type Versions } from "./catalog-versions.ts";

/** Other writers that may get in between before it is left to the user. */
const triesMax = 10;

interface Run {
  readonly parts: Parts;
  readonly settings: MartSettings;
  readonly mart: string;
  readonly options: RollbackOptions & { readonly signal?: AbortSignal };
  readonly call: CallOptions;
}

type Whole = Extract<Version, { readonly state: "whole" | "removing" }>;

export async function rollback(
  parts: Parts,
  mart: string,
  options: RollbackOptions & { readonly signal?: AbortSignal } = {},
): Promise<RollbackReport> {
  const settings = await demandMart(parts, mart);
  const run: Run = { parts, settings, mart, options, call: callOptions(options.signal) };
  // Which version is meant is decided once: another writer's later one does not make it another one.
  let chosen = options.version;
  for (let tries = 1; ; tries++) {
    const versions = await readVersions(parts, mart, options.signal);
    const target = chosenVersion(mart, versions, chosen);
    chosen = target.record.version;
    const registered = await registeredOf(parts, mart, options.signal);
    if (registered?.kind === "foreign") throw foreign(mart, registered);
    const current = versions.versions.find(({ record }) => record.version === versions.shown.record.version);
    const report = {
      mart,
      from: { number: current?.number ?? versions.shown.number, version: versions.shown.record.version },
      to: {
        ...{ number: target.number, version: target.record.version },
        ...{ rows: target.manifest.rows, bytes: bytesOf(target.manifest) },
      },
      registered: registered?.name,
    };
    if (target === current) {
      const state = { state: "current", record: versions.shown.number } as const;
      return { ...report, ...state, registered: await registerShown(run, versions, target, registered) };
    }
    const sums = await readWhole(run, versions, target);
    if (options.dryRun === true) return { ...report, state: "planned", record: undefined };
    await parts.mayWrite(parts.catalog.registersItself ? ["marts"] : ["marts", "catalog"], run.call);
    const published = await publishAgain(run, versions, target, sums);
    if (published !== undefined) {
      const name = await register(run, published, target.manifest);
      return { ...report, state: "done", record: published.number, registered: name };
    }
    if (tries >= triesMax) {
      throw new Failure("conflict", `mart ${mart}: other writers recorded something ${triesMax} times in a row`, {
        remedy: "try again when fewer processes publish this mart; readers see what they saw",
      });
    }
  }
}

const isWhole = (version: Version): version is Whole => version.state === "whole";

/** Throws `usage` for what names no version, `missing` and `corrupt` for one that readers could not be shown. */
function chosenVersion(mart: string, { shown, versions }: Versions, wanted: string | undefined): Whole {
  const current = versions.find(({ record }) => record.version === shown.record.version);
  const before = (current?.number ?? shown.number) - 1;
  const found = wanted === undefined ? versions.find(({ number }) => number <= before) : versionNamed(versions, wanted);
  if (found === undefined) throw noVersion(mart, versions, wanted, restorable(mart, versions, current));
  if (isWhole(found)) return found;
  const about = `mart ${mart}: version ${found.number} (${found.record.version})`;
  const remedy = restorable(mart, versions, current);
  if (!("reason" in found)) throw new Failure("missing", `${about} is about to be removed by millrace gc`, { remedy });
  const kind = found.state === "damaged" ? "corrupt" : "missing";
  throw new Failure(kind, `${about} cannot be restored: ${found.reason}`, { remedy });
}

function noVersion(mart: string, versions: readonly Version[], wanted: string | undefined, remedy: string): Failure {
  if (wanted === undefined)
    return new Failure("missing", `mart ${mart}: there is no version before the current one`, { remedy });
  const oldest = versions.at(-1)?.number ?? 0;
  const number = parseVersionName(wanted)?.number ?? (/^\d+$/.test(wanted) ? Number(wanted) : 0);
  const isOlder = number > 0 && number < oldest;
  return isOlder
    ? new Failure("missing", `mart ${mart}: nothing is left of a version ${wanted}`, { remedy })
    : new Failure("usage", `mart ${mart}: there is no version ${wanted}`, { remedy });
}

/** `3`, or a directory's name, of which so much is enough as tells it from the others. */
function versionNamed(versions: readonly Version[], wanted: string): Version | undefined {
  if (/^\d+$/.test(wanted)) return versions.find(({ number }) => number === Number(wanted));
  const [found, another] = versions.filter(({ record }) => record.version.startsWith(wanted));
  return another === undefined ? found : undefined;
}

function restorable(mart: string, versions: readonly Version[], current: Version | undefined): string {
  const numbers = versions.filter((each) => isWhole(each) && each !== current).map(({ number }) => number);
  return numbers.length === 0
    ? `no other version of it is left; millrace run --only marts --select ${mart} --rerun builds a new one`
    : `versions that can be restored: ${numbers.join(", ")}   millrace catalog versions ${mart}`;
}

const foreign = (mart: string, { name, what }: Extract<Registered, { kind: "foreign" }>): Failure =>
  new Failure("conflict", `mart ${mart}: ${name} is not ours: ${what}`, {
    remedy: `rename the mart or its database in the project, or remove ${name} where it came from; nothing was changed`,
  });

/** Reads all of the version; answers what tells each object from another one under its key. */
async function readWhole(run: Run, versions: Versions, target: Whole): Promise<ReadonlyMap<string, string>> {
  const { parts, mart, options, call } = run;
  const { version, manifestSha256 } = target.record;
  const files = [
    ...filesOf(target.manifest).map(({ name, sha256 }) => ({ key: partKey(mart, version, name), sha256 })),
    { key: manifestKey(mart, version), sha256: manifestSha256 },
  ];
  const tokens = new Map<string, string>();
  const total = bytesOf(target.manifest);
  let read = 0;
  for (const { key, sha256 } of files) {
    options.signal?.throwIfAborted();
    const info = await parts.marts.head(key, call);
    const found = info === undefined ? undefined : await hashStored(parts.marts, info, options.signal);
    if (info === undefined || found?.sha256 !== sha256) {
      const fact = found === undefined ? "is missing" : "has another sha256 than its manifest says";
      throw new Failure("corrupt", `mart ${mart}: version ${target.number} cannot be restored: ${key} ${fact}`, {
        remedy: restorable(
          mart,
          versions.versions.filter((each) => each !== target),
          undefined,
        ),
      });
    }
    tokens.set(key, info.token);
    read += found.size;
    options.onProgress?.(Math.min(read, total), total);
  }
  return tokens;
}

/** The record, or `undefined` if somebody else recorded something first. */
async function publishAgain(
  run: Run,
  { head }: Versions,
  { number, record: old }: Whole,
  tokens: ReadonlyMap<string, string>,
): Promise<(Numbered & { readonly record: Extract<CatalogRecord, { kind: "publish" }> }) | undefined> {
  const { parts, mart, call } = run;
  const { version, manifestSha256 } = old;
  const at = (): string => new Date(parts.clock()).toISOString();
  const pinned = await parts.catalog.append(mart, head.number, pinOf(head, version, parts.newId(), at()), call);
  if (pinned === undefined) return undefined;
  if ((await parts.marts.head(removalKey(mart, version), call)) !== undefined) {
    throw new Failure("missing", `mart ${mart}: version ${number} (${version}) is about to be removed by millrace gc`, {
      remedy: `millrace catalog versions ${mart} shows what is left; readers see what they saw`,
    });
  }
  // Whoever began to collect before the pin has put its mark before we looked for it: what is there now stays.
  for (const [key, token] of tokens) {
    if ((await parts.marts.head(key, call))?.token === token) continue;
    throw new Failure("conflict", `mart ${mart}: ${key} was changed or removed meanwhile`, {
      remedy: `millrace catalog versions ${mart} shows what is left; readers see what they saw`,
    });
  }
  const parent = pinned.number;
  const record = {
    kind: "publish",
    version,
    publishId: parts.newId(),
    parent,
    at: at(),
    manifestSha256,
    rollback: true,
  } as const;
  try {
    return { ...(await swap(parts.catalog, mart, pinned.number, record, run.options.signal)), record };
  } catch (error) {
    if (error instanceof Failure && error.kind === "conflict") return undefined;
    throw error;
  }
}

function pinOf({ number, record }: Dated, restores: string, publishId: string, at: string): CatalogRecord {
  const { version } = record;
  const rollback = record.rollback === true ? ({ rollback: true } as const) : {};
  return { kind: "fence", version, publishId, parent: number, at, ...rollback, restores };
}

async function register(run: Run, shown: Numbered, manifest: Manifest): Promise<string | undefined> {
  const { parts, settings, mart, call } = run;
  if (parts.catalog.registersItself) return undefined;
  try {
    return (await registerMart(parts.catalog, settings, { ...shown, manifest }, call)).name;
  } catch (error) {
    if (!isRetriable(error) || !(error instanceof Failure)) throw error;
    throw new Failure(
      error.kind,
      `mart ${mart}: record ${shown.number} is written, but not registered: ${error.message}`,
      {
        ...error.detail,
        remedy: "millrace run registers it as soon as the catalog answers",
      },
    );
  }
}

/** Of a version that readers of the lake see already, what other tools see may be behind. */
async function registerShown(
  run: Run,
  { shown }: Versions,
  { manifest }: Whole,
  registered: Registered | undefined,
): Promise<string | undefined> {
  const isShown = registered?.kind === "ours" && registered.number === shown.number && registered.fault === undefined;
  if (isShown || run.options.dryRun === true) return registered?.name;
  return await register(run, shown, manifest);
}
