/** Puts records of the catalog back that can be proved, and builds new versions of marts whose files are damaged. */
import type { Repaired } from "../answers.ts";
import { martInputs } from "../reconcile/mart-inputs.ts";
import { observe } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import { unportable } from "../reconcile/portable-marts.ts";
import { buildMart } from "../step/mart.ts";
import { provenRecord } from "./catalog-proof.ts";
import { registeredOf } from "./catalog-versions.ts";
import type { Cure } from "./cure.ts";
import { cureEach, type NoteRepair, type Repair } from "./repair-run.ts";

export async function restoreRecord(
  run: Repair,
  { mart, number, isLast }: Extract<Cure, { kind: "record" }>,
): Promise<Repaired> {
  const { parts, signal, call } = run;
  const registered = await registeredOf(parts, mart, signal);
  const proof = await provenRecord(parts, mart, number, registered, signal);
  if (proof.record !== undefined) {
    await parts.catalog.restore(mart, number, proof.record, call);
    return { state: "repaired", how: `written again from ${proof.by}` };
  }
  // Without its last record a mart has no version that readers could be shown.
  if (isLast && run.left("partition").length === 0) await buildNew(run, mart);
  return {
    state: "impossible",
    reason: proof.reason,
    remedy: `restore the file from a backup${isLast ? "; a new version was published behind it, so readers are well" : ""}`,
  };
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
