/**
 * Passes until nothing is left that can be done now: observe → decide → act, and look again. Collecting and converting
 * overlap: an object that has arrived is converted while the next one downloads.
 */
import { intervalId } from "../model/calendar.ts";
import type { Report, Stage } from "../model/events.ts";
import { makeQueue } from "../schedule/queue.ts";
import type { SchemaKeeper } from "../step/schema-keeper.ts";
import { keepSchema } from "../step/schema-keeper.ts";
import { publishStatements } from "../step/table-schema.ts";
import type { Outcome, Work } from "./act.ts";
import { act } from "./act.ts";
import { partitionDecider } from "./convert-steps.ts";
import { nextSteps } from "./next-step.ts";
import { observe } from "./observe.ts";
import type { Parts } from "./parts.ts";
import type { ConvertStep, Plan, PlanOptions, Step } from "./plan.ts";
import type { Seen, TableSeen } from "./seen.ts";

/** Passes within one run. Each one after the first is caused by the one before (a widening, another writer). */
const passesMax = 25;

export interface PassOptions {
  readonly signal?: AbortSignal;
  readonly report: Report;
  /** Conversions side by side where the project leaves it open. */
  readonly convertSlots: number;
}

export interface StageTotals {
  done: number;
  failed: number;
  held: number;
  skipped: number;
  bytes: number;
  rows: number;
  rejected: number;
  /** From the first item's start to the last one's end, over all passes. */
  ms: number;
}

export interface PassResult {
  readonly stages: Readonly<Record<Stage, StageTotals>>;
  readonly failures: readonly Outcome[];
  /** What is left, seen after the last act. */
  readonly left: Plan;
}

export async function reconcile(parts: Parts, plan: PlanOptions, options: PassOptions): Promise<PassResult> {
  const stages = { collect: newTotals(), convert: newTotals(), marts: newTotals() };
  const failures: Outcome[] = [];
  let fetched = 0;
  for (let pass = 1; ; pass++) {
    const seen = await observe(parts, { ...signalOf(options), ...onlyOf(plan) });
    const most = plan.max === undefined ? {} : { max: Math.max(0, plan.max - fetched) };
    // What was asked for by name is done once; afterwards only what is due.
    const left = nextSteps(seen, pass === 1 ? plan : { ...plan, ...most, rerun: false });
    if (left.steps.length === 0 || pass > passesMax) {
      if (pass === 1) reportSkipped(left, options.report);
      return { stages, failures, left };
    }
    const outcomes = await onePass(parts, seen, left, pass === 1 ? plan : { ...plan, rerun: false }, options, stages);
    fetched += outcomes.filter((outcome) => outcome.stage === "collect" && outcome.result === "done").length;
    failures.push(...outcomes.filter((outcome) => outcome.failure !== undefined));
    if (outcomes.every((outcome) => outcome.result !== "done")) {
      const again = await observe(parts, { ...signalOf(options), ...onlyOf(plan) });
      return { stages, failures, left: nextSteps(again, { ...plan, rerun: false }) };
    }
  }
}

async function onePass(
  parts: Parts,
  seen: Seen,
  plan: Plan,
  planOptions: PlanOptions,
  options: PassOptions,
  stages: Record<Stage, StageTotals>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const work: Work = {
    parts,
    seen,
    keepers: keepSchemas(parts, seen, planOptions),
    report: options.report,
    signal: options.signal,
  };
  const note = (outcome: Outcome): void => {
    outcomes.push(outcome);
    addTo(stages[outcome.stage], outcome);
  };
  try {
    await completeStatements(parts, seen, options.signal);
    reportSkipped(plan, options.report);
    await collectAndConvert(work, plan, planOptions, options, stages, note);
    await buildMarts(work, planOptions, options, stages, note);
  } finally {
    // Also after a failure or a stop: what was learned is worth keeping, and a retry must know when it is due.
    await saveIndex(parts, seen);
  }
  return outcomes;
}

/** The statements beside a schema document may be missing after a crash between the two puts. */
async function completeStatements(parts: Parts, seen: Seen, signal: AbortSignal | undefined): Promise<void> {
  for (const { settings, schema } of seen.tables.values()) {
    if (schema !== undefined && !schema.complete) await publishStatements(parts.tables, settings.name, schema, signal);
  }
}

async function collectAndConvert(
  work: Work,
  plan: Plan,
  planOptions: PlanOptions,
  options: PassOptions,
  stages: Record<Stage, StageTotals>,
  note: (outcome: Outcome) => void,
): Promise<void> {
  const { seen } = work;
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  const guarded: Work = { ...work, signal };
  const meters = { collect: startMeter("collect", options.report), convert: startMeter("convert", options.report) };

  const converting = new Map<string, ReturnType<typeof makeQueue<ConvertStep>>>();
  for (const table of seen.tables.values()) {
    const slots = table.settings.parallel > 0 ? table.settings.parallel : options.convertSlots;
    converting.set(
      table.settings.name,
      makeQueue(slots, (step) => run(step, meters.convert), signal),
    );
  }
  const run = async (step: Step, meter: Meter): Promise<void> => {
    try {
      const outcome = await act(step, guarded);
      meter.count(outcome);
      note(outcome);
      if (outcome.result === "done" && (step.kind === "collect" || step.kind === "adopt")) follow(step);
    } catch (error) {
      // An error that is thrown here stops the whole pass: the other queue must not go on without knowing.
      stop.abort(error);
      throw error;
    }
  };
  const follow = (step: Extract<Step, { kind: "collect" | "adopt" }>): void => {
    for (const table of seen.tables.values()) {
      const decision = decideOne(table, step, seen, planOptions);
      if (decision === undefined) continue;
      meters.convert.expect(1);
      converting.get(table.settings.name)?.add(intervalId(decision.interval), decision);
    }
  };

  const collecting = new Map<string, ReturnType<typeof makeQueue<Step>>>();
  for (const step of plan.steps) {
    if (step.kind === "convert") {
      meters.convert.expect(1);
      converting.get(step.table)?.add(intervalId(step.interval), step);
    } else if (step.kind !== "mart") {
      const source = seen.sources.get(step.source);
      if (source === undefined) continue;
      let queue = collecting.get(step.source);
      if (queue === undefined) {
        queue = makeQueue<Step>(source.settings.parallel, (item) => run(item, meters.collect), signal);
        collecting.set(step.source, queue);
      }
      meters.collect.expect(1);
      queue.add(intervalId(step.interval), step);
    }
  }
  const saving = setInterval(
    () => void saveIndex(work.parts, seen).catch((error: unknown) => stop.abort(error)),
    15_000,
  );
  try {
    // Both queues are waited for even if one fails, so that nothing runs on after this function has returned.
    const collected = await Promise.allSettled([...collecting.values()].map((queue) => queue.drained()));
    meters.collect.stop(stages.collect);
    const converted = await Promise.allSettled([...converting.values()].map((queue) => queue.drained()));
    meters.convert.stop(stages.convert);
    for (const result of [...collected, ...converted]) if (result.status === "rejected") throw result.reason;
    options.signal?.throwIfAborted();
  } finally {
    clearInterval(saving);
  }
}

function decideOne(
  table: TableSeen,
  step: Extract<Step, { kind: "collect" | "adopt" }>,
  seen: Seen,
  options: PlanOptions,
): ConvertStep | undefined {
  const source = seen.sources.get(step.source);
  const wanted = options.only === undefined || options.only === "convert";
  if (!wanted || source === undefined || table.settings.from !== step.source) return undefined;
  const decision = partitionDecider(table, source, seen, { ...options, rerun: false })(step.interval.startMs);
  return typeof decision === "object" && decision.kind === "convert" ? decision : undefined;
}

async function buildMarts(
  work: Work,
  planOptions: PlanOptions,
  options: PassOptions,
  stages: Record<Stage, StageTotals>,
  note: (outcome: Outcome) => void,
): Promise<void> {
  if (planOptions.only === "collect" || planOptions.only === "convert") return;
  // Decided anew from what is there by now: the plan before could only foresee it.
  const refreshed = withCurrentSchemas(work);
  const due = nextSteps(refreshed, { ...planOptions, only: "marts" }).steps;
  if (due.length === 0) return;
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
    const affected: Parameters<typeof keepSchema>[3]["affected"] = (changes) => {
      if (changes.some((change) => change.kind === "widened")) return table.partitions.size;
      const paths = new Set(changes.map((change) => change.path));
      let count = 0;
      for (const { facts } of table.partitions.values())
        if (facts.standIns.some((standIn) => paths.has(standIn.path))) count++;
      return count;
    };
    keepers.set(
      name,
      keepSchema(parts.tables, table.settings, table.schema, { acceptRewrite: plan.acceptRewrite === true, affected }),
    );
  }
  return keepers;
}

async function saveIndex(parts: Parts, seen: Seen): Promise<void> {
  for (const [name, { raw }] of seen.sources) await parts.index.saveRaw(name, raw);
  for (const [name, { partitions }] of seen.tables) await parts.index.savePartitions(name, partitions);
  await parts.index.saveAttempts(seen.attempts);
}

interface Meter {
  expect(items: number): void;
  count(outcome: Outcome): void;
  stop(totals: StageTotals): void;
}

/** Tells a stage's beginning, growth and end; stays silent for a stage in which nothing happens. */
function startMeter(stage: Stage, report: Report): Meter {
  const own = newTotals();
  let items = 0;
  let begunMs: number | undefined;
  return {
    expect(more) {
      items += more;
      if (begunMs === undefined) {
        begunMs = performance.now();
        report({ code: "stage.start", stage, items });
      } else report({ code: "stage.grow", stage, items });
    },
    count: (outcome) => addTo(own, outcome),
    stop(totals) {
      if (begunMs === undefined) return;
      const ms = performance.now() - begunMs;
      totals.ms += ms;
      report({
        code: "stage.done",
        stage,
        items: own.done + own.skipped,
        failed: own.failed + own.held,
        bytes: own.bytes,
        rows: own.rows,
        rejected: own.rejected,
        ms,
      });
    },
  };
}

function reportSkipped(plan: Plan, report: Report): void {
  for (const { stage, name, items } of plan.upToDate) {
    report({ code: "item.skipped", stage, name, items, reason: "up to date" });
  }
}

const newTotals = (): StageTotals => ({
  done: 0,
  failed: 0,
  held: 0,
  skipped: 0,
  bytes: 0,
  rows: 0,
  rejected: 0,
  ms: 0,
});

function addTo(totals: StageTotals, outcome: Outcome): void {
  if (outcome.result === "done") totals.done++;
  else if (outcome.result === "failed") totals.failed++;
  else if (outcome.result === "held") totals.held++;
  else totals.skipped++;
  totals.bytes += outcome.bytes;
  totals.rows += outcome.rows;
  totals.rejected += outcome.rejected;
}

const signalOf = (options: PassOptions): { signal?: AbortSignal } =>
  options.signal === undefined ? {} : { signal: options.signal };
const onlyOf = (plan: PlanOptions): { only?: Stage } => (plan.only === undefined ? {} : { only: plan.only });

/** The failure that decides a run's exit code: 5 before 3 before 1 before 4 (`designs/formats.md`). */
export function exitCodeOfRun(result: PassResult): number {
  const kinds = new Set<string>(result.failures.map((outcome) => outcome.failure?.kind ?? "bug"));
  for (const waiting of result.left.waiting) {
    if (waiting.kind === "failed") kinds.add(waiting.failure);
    else if (waiting.kind === "held" || waiting.kind === "rewrite") kinds.add("refused");
    else if (waiting.kind === "gap") kinds.add("gap");
  }
  if (["unavailable", "denied", "full"].some((kind) => kinds.has(kind))) return 5;
  if (kinds.has("refused")) return 3;
  if ([...kinds].some((kind) => kind !== "gap")) return 1;
  return kinds.has("gap") ? 4 : 0;
}
