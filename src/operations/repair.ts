/**
 * Puts right what a verification found damaged, by the ordinary steps: raw objects from their source, schemas from
 * footers, partitions from raw, versions of marts from tables. Nothing is removed: fresh bytes take a damaged object's
 * place in one atomic put, and what cannot be made again stays as it is. Stopped anywhere, the next repair goes on.
 */
import type { DamagedObject, ItemFailure, Repaired } from "../answers.ts";
import { asFailure, type Failure } from "../errors.ts";
import type { Report } from "../model/events.ts";
import { partitionFile, partitionStem } from "../model/layout.ts";
import type { Outcome } from "../reconcile/outcome.ts";
import type { Parts } from "../reconcile/parts.ts";
import { reconcile } from "../reconcile/pass.ts";
import { restoreRaw } from "../step/restore.ts";
import { type Cure, cureName, cureText } from "./cure.ts";
import { repairMarts, restoreRecord } from "./repair-marts.ts";
import { cureEach, type Repair } from "./repair-run.ts";
import { repairPartitions, repairSchema } from "./repair-tables.ts";
import type { Damage } from "./scrub.ts";
import { withoutDamaged } from "./undamaged-view.ts";
import { shown } from "./verify.ts";
import { repairRegistrations } from "./verify-registrations.ts";

export interface RepairOptions {
  readonly signal?: AbortSignal;
  readonly report?: Report;
  /** One place alone. */
  readonly only?: "raw" | "tables" | "marts";
  /** Conversions side by side where the project leaves it open. */
  readonly convertSlots: number;
  readonly onRepair?: (done: number, total: number, key: string) => void;
}

export interface RepairReport {
  readonly damaged: readonly DamagedObject[];
  /** What was due because of the repairs, and did not succeed. */
  readonly failures: readonly ItemFailure[];
}

/** What a repair would do. */
export function planned(damages: readonly Damage[]): readonly DamagedObject[] {
  return damages.map((damage) => ({ ...shown(damage), repair: { state: "planned", how: cureText(damage.cure) } }));
}

export async function repair(parts: Parts, damages: readonly Damage[], options: RepairOptions): Promise<RepairReport> {
  const cures = new Map(damages.map(({ cure }) => [cureName(cure), cure]));
  const outcomes = new Map<string, Repaired>();
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const names = damages.filter(isOfName);
  const ofLake = damages.filter((damage) => !isOfName(damage));
  const places = new Set<Parameters<Parts["mayWrite"]>[0][number]>(ofLake.map(({ place }) => place));
  if (names.length > 0 || (places.has("marts") && !parts.catalog.registersItself)) places.add("catalog");
  await parts.mayWrite([...places], options);
  const isLeft = (cure: Cure): boolean => outcomes.get(cureName(cure))?.state !== "repaired";
  const view = withoutDamaged(parts, () => [...cures.values()].filter(isLeft));
  const run: Repair = {
    parts,
    view: view.parts,
    isMade: view.isMade,
    signal: options.signal,
    call,
    mayFollow: (place) => options.only === undefined || options.only === place,
    left: (kind) => [...cures.values()].filter((cure) => cure.kind === kind && isLeft(cure)),
    pass: (plan) =>
      reconcile(
        view.parts,
        { ...plan, converter: parts.converterVersion },
        { report: options.report ?? (() => undefined), convertSlots: options.convertSlots, ...call },
      ),
  };
  const note = (cure: Cure, outcome: Repaired): void => {
    outcomes.set(cureName(cure), outcome);
    options.onRepair?.(outcomes.size, cures.size, nameOf(cure));
  };
  await cureEach(run, "raw", note, (cure) => cureRaw(run, cure));
  await cureEach(run, "schema", note, (cure) => repairSchema(run, cure.table));
  await repairPartitions(run, note);
  const touched = touchedTables(run, ofLake);
  const failures = [...(await settle(run, { only: "convert", select: isOf(touched) }, touched))];
  await cureEach(run, "due", note, (cure) => countAgain(run, cure));
  await cureEach(run, "record", note, (cure) => restoreRecord(run, cure));
  await repairMarts(run, note);
  // A table that still holds damage keeps its marts as they are: a version without its rows would be worse.
  if (run.mayFollow("marts") && run.left("partition").length === 0)
    failures.push(...(await settle(run, { only: "marts" }, touched)));
  await repairRegistrations(run, note);
  const damaged = damages.map((damage): DamagedObject => {
    const outcome = outcomes.get(cureName(damage.cure));
    return { ...shown(damage), ...(outcome === undefined ? {} : { repair: outcome }) };
  });
  return { damaged, failures };
}

async function cureRaw(run: Repair, { request }: Extract<Cure, { kind: "raw" }>): Promise<Repaired> {
  const { raw, clock } = run.parts;
  const restored = await restoreRaw(raw, () => run.parts.source(request.source), request, { clock, ...run.call });
  return restored.kind === "restored"
    ? { state: "repaired", how: restored.how }
    : { state: "impossible", reason: restored.reason, remedy: restored.remedy };
}

/** Tables with damage, those that are made from raw objects with damage, and those that damaged marts may read. */
function touchedTables({ parts }: Repair, damages: readonly Damage[]): ReadonlySet<string> {
  const sources = new Set(damages.flatMap(({ cure }) => (cure.kind === "raw" ? [cure.request.source] : [])));
  const fed = [...parts.project.tables.values()].filter(({ from }) => sources.has(from)).map(({ name }) => name);
  // A mart can only be built from tables whose partitions all fit.
  const read = damages.some(({ place }) => place === "marts") ? [...parts.project.tables.keys()] : [];
  return new Set([...fed, ...read, ...damages.flatMap(({ cure }) => ("table" in cure ? [cure.table] : []))]);
}

/** Chooses tables and their partitions, `events` and `events@2026-03-01-05`. */
const isOf =
  (tables: ReadonlySet<string>) =>
  (name: string): boolean =>
    tables.has(name.split("@")[0] ?? name);

/**
 * What follows from the repairs, by an ordinary pass over one stage: partitions that were never made or no longer fit,
 * marts whose inputs are others now.
 */
async function settle(
  run: Repair,
  plan: Parameters<Repair["pass"]>[0],
  touched: ReadonlySet<string>,
): Promise<readonly ItemFailure[]> {
  if (touched.size === 0 || (plan.only === "convert" && !run.mayFollow("tables"))) return [];
  try {
    return (await run.pass(plan)).failures.map(itemFailure);
  } catch (error) {
    const failure = asFailure(error);
    if (run.signal?.aborted === true || failure.kind === "cancelled" || failure.kind === "full") throw failure;
    return [{ stage: plan.only ?? "convert", key: "", ...shownFailure(failure) }];
  }
}

async function countAgain(run: Repair, cure: Extract<Cure, { kind: "due" }>): Promise<Repaired> {
  let count = 0;
  const listing = { leaf: partitionFile, stem: partitionStem, ...run.call };
  for await (const page of run.parts.tables.list(`${cure.table}/`, listing)) count += page.length;
  if (count >= cure.partitions) return { state: "repaired", how: "converted what was missing" };
  return {
    state: "impossible",
    reason: `${cure.partitions - count} partitions are still missing, and so are their raw objects`,
    remedy: "`millrace run` fetches what the source still has",
  };
}

function itemFailure({ stage, key, failure }: Outcome): ItemFailure {
  return { stage, key, ...shownFailure(failure) };
}

const shownFailure = (failure: Failure | undefined): Omit<ItemFailure, "stage" | "key"> => ({
  kind: failure?.kind ?? "bug",
  reason: failure?.message ?? "",
  remedy: failure?.detail.remedy,
});

/** Of what other tools find by name; the lake itself is well there. */
const isOfName = ({ cure }: Damage): boolean => cure.kind === "mart-name" || cure.kind === "table-name";

/** What a cure is done to, for whoever watches. */
function nameOf(cure: Cure): string {
  if (cure.kind === "table-name") return cure.name;
  return cure.kind === "raw" ? cure.request.key : "table" in cure ? cure.table : cure.mart;
}
