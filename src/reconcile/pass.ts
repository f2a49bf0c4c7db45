/**
 * Passes until nothing is left that can be done now: observe → decide → act, and look again. Collecting and converting
 * overlap: an object that has arrived is converted while the next one downloads.
 */
import { asFailure, Failure } from "../errors.ts";
import type { Report, Stage } from "../model/events.ts";
import type { SchemaKeeper } from "../step/schema-keeper.ts";
import { keepSchema } from "../step/schema-keeper.ts";
import { publishStatements } from "../step/table-schema.ts";
import { act } from "./act.ts";
import { affectedPartitions, lostPartitions } from "./affected.ts";
import { addTo, newTotals, type StageTotals, startMeter } from "./meter.ts";
import { nextSteps } from "./next-step.ts";
import { callOptions, observe } from "./observe.ts";
import { type NameMemory, registryName } from "./observe-registry.ts";
import type { Outcome, Work } from "./outcome.ts";
import type { Parts } from "./parts.ts";
import { collectAndConvert } from "./pipeline.ts";
import type { Plan, PlanOptions } from "./plan.ts";
import type { Seen, TableSeen } from "./seen.ts";

/** How often a long pass writes down what it has learned. Milliseconds. */
const saveEveryMs = 15_000;

/** Passes within one run. Each one after the first is caused by the one before (a widening, another writer). */
const passesMax = 25;

export interface PassOptions {
  readonly signal?: AbortSignal;
  readonly report: Report;
  /** Conversions side by side where the project leaves it open. */
  readonly convertSlots: number;
}

export interface PassResult {
  readonly stages: Readonly<Record<Stage, StageTotals>>;
  readonly failures: readonly Outcome[];
  /** What is left, seen after the last act. */
  readonly left: Plan;
}

/** Where the stages write. */
const writtenBy = {
  all: ["raw", "tables", "marts"],
  collect: ["raw"],
  convert: ["tables"],
  marts: ["marts"],
} as const;

export async function reconcile(parts: Parts, plan: PlanOptions, options: PassOptions): Promise<PassResult> {
  const stages = { collect: newTotals(), convert: newTotals(), marts: newTotals() };
  const failures: Outcome[] = [];
  const spent = { fetched: new Map<string, number>(), converted: new Map<string, number>() };
  const naming: Naming = { names: new Map(), refusal: undefined };
  const look = () => lookAt(parts, plan, naming, options.signal);
  for (let pass = 1; pass <= passesMax; pass++) {
    const seen = await look();
    // What was asked for by name is done once; afterwards only what is due.
    const choice: PlanOptions = pass === 1 ? plan : { ...plan, rerun: false, spent };
    const left = nextSteps(seen, choice);
    if (pass === 1) {
      reportSkipped(left, options.report);
      reportAway(left, options.report);
    }
    if (left.steps.length === 0) return { stages, failures, left };
    await parts.mayWrite(writtenBy[plan.only ?? "all"], options);
    const outcomes = await onePass(parts, seen, left, choice, { ...options, naming }, stages);
    failures.push(...outcomes.filter((outcome) => outcome.failure !== undefined));
    count(spent, outcomes);
    if (outcomes.every((outcome) => outcome.result !== "done")) {
      return { stages, failures, left: nextSteps(await look(), { ...plan, rerun: false, spent }) };
    }
  }
  throw new Failure("conflict", `something was still due after ${passesMax} passes`, {
    remedy: "run again; if it persists, see with `millrace plan` what changes from pass to pass",
  });
}

/** What a run learns of the catalog and does not ask again. */
interface Naming {
  readonly names: NameMemory;
  /** Why nothing may be registered, found by the test before the first registration. */
  refusal: Failure | undefined;
}

async function lookAt(parts: Parts, plan: PlanOptions, naming: Naming, signal: AbortSignal | undefined): Promise<Seen> {
  const seen = await observe(parts, { ...callOptions(signal), ...onlyOf(plan), names: naming.names });
  return naming.refusal === undefined ? seen : withoutCatalog(seen, parts, naming.refusal);
}

const withoutCatalog = (seen: Seen, parts: Parts, failure: Failure): Seen => ({
  ...seen,
  registry: { kind: "away", name: registryName(parts), failure },
});

function reportAway(plan: Plan, report: Report): void {
  for (const waiting of plan.waiting) {
    if (waiting.kind !== "catalog") continue;
    const { name, reason, failure: kind } = waiting;
    report({ code: "catalog.failed", name, reason, kind });
  }
}

function count(
  spent: { fetched: Map<string, number>; converted: Map<string, number> },
  outcomes: readonly Outcome[],
): void {
  for (const { stage, key, result } of outcomes) {
    if (result !== "done" || stage === "marts") continue;
    const counts = stage === "collect" ? spent.fetched : spent.converted;
    const [name = ""] = key.split("@");
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
}

async function onePass(
  parts: Parts,
  seen: Seen,
  plan: Plan,
  planOptions: PlanOptions,
  options: PassOptions & { readonly naming: Naming },
  stages: Record<Stage, StageTotals>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const work: Work = {
    parts,
    seen,
    keepers: keepSchemas(parts, seen, planOptions),
    report: options.report,
    signal: options.signal,
    names: options.naming.names,
  };
  const note = (outcome: Outcome): void => {
    outcomes.push(outcome);
    addTo(stages[outcome.stage], outcome);
  };
  try {
    // Who makes marts need not be allowed to write to the tables.
    if (planOptions.only !== "marts") await completeStatements(parts, seen, options.signal);
    const saving = setInterval(() => void saveQuietly(parts, seen, planOptions), saveEveryMs);
    try {
      await collectAndConvert(work, plan, planOptions, { slots: options.convertSlots, stages, note });
    } finally {
      clearInterval(saving);
    }
    await buildMarts(work, planOptions, options, stages, note);
  } catch (error) {
    // What was learned is worth keeping, and a retry must know when it is due; but the index is a cache, and that it
    // cannot be written (on the same full disk, perhaps) must not hide why the pass ended.
    await saveQuietly(parts, seen, planOptions);
    throw error;
  }
  await saveIndex(parts, seen, planOptions);
  return outcomes;
}

/** For when the index may be left behind: what it lacks is read again. */
async function saveQuietly(parts: Parts, seen: Seen, plan: PlanOptions): Promise<void> {
  await Promise.allSettled([saveIndex(parts, seen, plan)]);
}

/** The statements beside a schema document may be missing after a crash between the two puts. */
async function completeStatements(parts: Parts, seen: Seen, signal: AbortSignal | undefined): Promise<void> {
  for (const { settings, schema } of seen.tables.values()) {
    if (schema !== undefined && !schema.complete) await publishStatements(parts.tables, settings.name, schema, signal);
  }
}

async function buildMarts(
  work: Work,
  planOptions: PlanOptions,
  options: PassOptions & { readonly naming: Naming },
  stages: Record<Stage, StageTotals>,
  note: (outcome: Outcome) => void,
): Promise<void> {
  if (planOptions.only === "collect" || planOptions.only === "convert") return;
  // Decided anew from what is there by now: the plan before could only foresee it.
  const refreshed = withCurrentSchemas(work);
  const due = nextSteps(refreshed, { ...planOptions, only: "marts" }).steps;
  if (due.length === 0 || !(await mayRegister(refreshed, work.parts, planOptions, options))) return;
  const meter = startMeter("marts", options.report);
  meter.expect(due.length);
  // One after the other: a mart's statement uses all cores and most of the memory by itself.
  for (const step of due) {
    options.signal?.throwIfAborted();
    const outcome = await act(step, { ...work, seen: refreshed });
    meter.count(outcome);
    note(outcome);
  }
  meter.stop(stages.marts);
}

/** Tests the catalog of other tools before anything is published under its names. What it lacks stops the marts alone. */
async function mayRegister(
  seen: Seen,
  parts: Parts,
  plan: PlanOptions,
  { naming, report, signal }: PassOptions & { readonly naming: Naming },
): Promise<boolean> {
  if (seen.registry === undefined) return true;
  try {
    await parts.mayWrite(["catalog"], { signal, report });
    return true;
  } catch (error) {
    const failure = asFailure(error, registryName(parts));
    if (failure.kind === "cancelled" || failure.kind === "bug" || signal?.aborted === true) throw failure;
    naming.refusal = failure;
    reportAway(nextSteps(withoutCatalog(seen, parts, failure), { ...plan, only: "marts" }), report);
    return false;
  }
}

/** The keepers know the schemas that were published during this pass. */
function withCurrentSchemas(work: Work): Seen {
  const tables = new Map<string, TableSeen>();
  for (const [name, table] of work.seen.tables) {
    tables.set(name, { ...table, schema: work.keepers.get(name)?.current() ?? table.schema });
  }
  return { ...work.seen, tables };
}

function keepSchemas(parts: Parts, seen: Seen, plan: PlanOptions): ReadonlyMap<string, SchemaKeeper> {
  const keepers = new Map<string, SchemaKeeper>();
  for (const [name, table] of seen.tables) {
    keepers.set(
      name,
      keepSchema(parts.tables, table.settings, table.schema, {
        acceptRewrite: plan.acceptRewrite === true,
        affected: (changes) => affectedPartitions(table, changes),
        lost: (changes) => lostPartitions(table, seen.sources.get(table.settings.from), changes),
      }),
    );
  }
  return keepers;
}

/** What was not looked at is remembered as it was. */
async function saveIndex(parts: Parts, seen: Seen, { only }: PlanOptions): Promise<void> {
  if (only !== "marts") for (const [name, { raw }] of seen.sources) await parts.index.saveRaw(name, raw);
  for (const [name, { partitions }] of seen.tables) await parts.index.savePartitions(name, partitions);
  await parts.index.saveAttempts(seen.attempts);
}

function reportSkipped(plan: Plan, report: Report): void {
  for (const { stage, name, items } of plan.upToDate) {
    report({ code: "item.skipped", stage, name, items, reason: "up to date" });
  }
}

const onlyOf = (plan: PlanOptions): { only?: Stage } => (plan.only === undefined ? {} : { only: plan.only });

/** The failure that decides a run's exit code: 5 before 3 before 1 before 4 (`designs/formats.md`). */
export function exitCodeOfRun(result: PassResult): number {
  const kinds = new Set<string>(result.failures.map((outcome) => outcome.failure?.kind ?? "bug"));
  for (const waiting of result.left.waiting) {
    if (waiting.kind === "failed") kinds.add(waiting.failure);
    else if (waiting.kind === "held" || waiting.kind === "rewrite") kinds.add("refused");
    else if (waiting.kind === "catalog") kinds.add(waiting.failure);
    else if (waiting.kind === "gap") kinds.add("gap");
  }
  if (["unavailable", "denied", "full"].some((kind) => kinds.has(kind))) return 5;
  if (kinds.has("refused")) return 3;
  if ([...kinds].some((kind) => kind !== "gap")) return 1;
  return kinds.has("gap") ? 4 : 0;
}
