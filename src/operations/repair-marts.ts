/** Puts records of the catalog back that can be proved, and builds new versions of marts whose files are damaged. */
import type { Repaired } from "../answers.ts";
import { asFailure } from "../errors.ts";
import { manifestFile, manifestKey, parseVersionName, partKey } from "../model/layout.ts";
import { martInputs } from "../reconcile/mart-inputs.ts";
import { observe } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import { unportable } from "../reconcile/portable-marts.ts";
import { hashStored } from "../step/hash-stored.ts";
import { filesOf, type Manifest, readManifest } from "../step/manifest.ts";
import { buildMart } from "../step/mart.ts";
import type { Cure } from "./cure.ts";
import { cureEach, type NoteRepair, type Repair } from "./repair-run.ts";

interface Proof {
  readonly manifest: Manifest;
  readonly manifestSha256: string;
}

/**
 * A record that published a version can be told from the version itself: its name carries the number. Two whole versions
 * of one number are no proof, since one of them lost its swap.
 */
export async function restoreRecord(
  run: Repair,
  { mart, number, isLast }: Extract<Cure, { kind: "record" }>,
): Promise<Repaired> {
  const { catalog, marts } = run.parts;
  const proofs: Proof[] = [];
  for await (const page of marts.list(`${mart}/`, { leaf: manifestFile, ...run.call })) {
    for (const { key } of page) {
      const version = key.slice(mart.length + 1, -manifestFile.length - 1);
      if (parseVersionName(version)?.number !== number) continue;
      const proof = await proofOf(run, mart, version);
      if (proof?.manifest.parent === number - 1) proofs.push(proof);
    }
  }
  const [proof, another] = proofs;
  if (proof !== undefined && another === undefined) {
    const { version, publishId, parent, at } = proof.manifest;
    const { manifestSha256 } = proof;
    await catalog.restore(mart, number, { kind: "publish", version, publishId, parent, at, manifestSha256 }, run.call);
    return { state: "repaired", how: `written again from version ${version}` };
  }
  // Without its last record a mart has no version that readers could be shown.
  if (isLast && run.left("partition").length === 0) await buildNew(run, mart);
  return {
    state: "impossible",
    reason:
      another === undefined ? "no whole version proves it" : "more than one version could have been published by it",
    remedy: `restore the file from a backup${isLast ? "; a new version was published behind it, so readers are well" : ""}`,
  };
}

/** The version's manifest, if all that it names is there and whole. */
async function proofOf(
  { parts: { marts }, signal, call }: Repair,
  mart: string,
  version: string,
): Promise<Proof | undefined> {
  try {
    const info = await marts.head(manifestKey(mart, version), call);
    if (info === undefined) return undefined;
    const { sha256: manifestSha256 } = await hashStored(marts, info, signal);
    const manifest = await readManifest(marts, mart, version, signal);
    for (const { name, sha256 } of filesOf(manifest)) {
      const part = await marts.head(partKey(mart, version, name), call);
      if (part === undefined || (await hashStored(marts, part, signal)).sha256 !== sha256) return undefined;
    }
    return { manifest, manifestSha256 };
  } catch (error) {
    const failure = asFailure(error);
    if (failure.kind === "corrupt" || failure.kind === "missing") return undefined;
    throw failure;
  }
}

export async function repairMarts(run: Repair, note: NoteRepair): Promise<void> {
  await cureEach(run, "mart", note, async ({ mart }): Promise<Repaired> => {
    const left = run.left("partition").length;
    if (left > 0) {
      return {
        state: "impossible",
        reason: `${left} damaged partitions are left: a version built now would lack their rows`,
        remedy: "repair the partitions first",
      };
    }
    return { state: "repaired", how: `built anew as ${await buildNew(run, mart)}` };
  });
}

/** By the ordinary step, over what can be seen now; answers the new version. */
async function buildNew(run: Repair, mart: string): Promise<string> {
  const { parts, view, signal } = run;
  const settings = parts.project.marts.get(mart);
  if (settings === undefined) throw new Error(`no mart ${mart} in the project`);
  // Marts are left out of the look: the damaged one could not be looked at.
  const seen = await observe(view, { ...run.call, only: "convert" });
  const refusal = unportable(seen, settings, parts.project.engine.kind);
  if (refusal !== undefined) throw refusal;
  const engine = await parts.engine(run.call);
  const { manifest } = await buildMart(
    parts,
    engine,
    { settings, current: { number: await lastNumber(parts, mart) }, tables: martInputs(view, seen, engine, signal) },
    { ...run.call, clock: parts.clock, newId: parts.newId },
  );
  return manifest.version;
}

async function lastNumber({ catalog }: Parts, mart: string): Promise<number> {
  let last = 0;
  for await (const { number } of catalog.inspect(mart)) last = number;
  return last;
}
