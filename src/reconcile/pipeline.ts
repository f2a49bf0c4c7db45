/**
 * Collecting and converting side by side: a queue a source and a queue a table, and what arrives in the first goes on
 * into the second.
 */
import type { Failure } from "../errors.ts";
import { intervalId } from "../model/calendar.ts";
import type { Stage } from "../model/events.ts";
import type { Queue } from "../schedule/queue.ts";
import { makeQueue } from "../schedule/queue.ts";
import { act } from "./act.ts";
import { conversionsLeft, partitionDecider } from "./convert-steps.ts";
import type { Meter, StageTotals } from "./meter.ts";
import { startMeter } from "./meter.ts";
import type { Outcome, Work } from "./outcome.ts";
import { ownOrder } from "./own-order.ts";
import type { ConvertStep, Plan, PlanOptions, Step } from "./plan.ts";
import type { TableSeen } from "./seen.ts";

type RawStep = Extract<Step, { kind: "collect" | "adopt" }>;

/** So many items in a row that a source could not be reached for, and the rest of them is left to the next pass. */
const unreachableMax = 8;

export interface PipelineOptions {
  /** Conversions side by side where the project leaves it open. */
  readonly slots: number;
  readonly stages: Readonly<Record<Stage, StageTotals>>;
  readonly note: (outcome: Outcome) => void;
}

/** Carries out a plan's collect, adopt and convert steps and the conversions that follow from them. */
export async function collectAndConvert(
  work: Work,
  plan: Plan,
  planOptions: PlanOptions,
  options: PipelineOptions,
): Promise<void> {
  const stop = new AbortController();
  const signal = work.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, work.signal]);
  const guarded: Work = { ...work, signal };
  const meters = { collect: startMeter("collect", work.report), convert: startMeter("convert", work.report) };
  const perform = async (step: Step, meter: Meter): Promise<Outcome> => {
    try {
      const outcome = await act(step, guarded);
      meter.count(outcome);
      options.note(outcome);
      return outcome;
    } catch (error) {
      // An error that is thrown here stops the whole pass: the other queues must not go on without knowing.
      stop.abort(error);
      throw error;
    }
  };
  const converting = openConverting(guarded, planOptions, options.slots, meters.convert, perform);
  const collecting = openCollecting(guarded, meters.collect, perform, converting.follow);
  for (const step of plan.steps) {
    if (step.kind === "convert") converting.add(step);
    else if (step.kind === "collect" || step.kind === "adopt") collecting.add(step);
  }
  // All queues are waited for even if one fails, so that nothing runs on after this function has returned.
  const collected = await Promise.allSettled(collecting.queues().map((queue) => queue.drained()));
  meters.collect.stop(options.stages.collect);
  const converted = await Promise.allSettled(converting.queues().map((queue) => queue.drained()));
  meters.convert.stop(options.stages.convert);
  if (stop.signal.aborted) throw stop.signal.reason;
  for (const result of [...collected, ...converted]) if (result.status === "rejected") throw result.reason;
  work.signal?.throwIfAborted();
}

interface Lane<S> {
  add(step: S): void;
  queues(): readonly Queue<S>[];
}

type Perform = (step: Step, meter: Meter) => Promise<Outcome>;

function openConverting(
  work: Work,
  planOptions: PlanOptions,
  slots: number,
  meter: Meter,
  perform: Perform,
): Lane<ConvertStep> & { follow(step: RawStep): void } {
  const queues = new Map<string, Queue<ConvertStep>>();
  const own = ownOrder(work.parts.newId());
  const left = new Map<string, number>();
  for (const { settings } of work.seen.tables.values()) {
    left.set(settings.name, conversionsLeft(settings, planOptions));
    const run = async (step: ConvertStep): Promise<void> => {
      const outcome = await perform(step, meter);
      if (outcome.elsewhere === true) queues.get(settings.name)?.reorder(own);
    };
    queues.set(settings.name, makeQueue(settings.parallel > 0 ? settings.parallel : slots, run, work.signal));
  }
  const add = (step: ConvertStep): void => {
    const allowed = left.get(step.table) ?? 0;
    if (allowed <= 0 || queues.get(step.table)?.add(intervalId(step.interval), step) !== true) return;
    left.set(step.table, allowed - 1);
    meter.expect(1);
  };
  return {
    add,
    queues: () => [...queues.values()],
    follow(step) {
      for (const table of work.seen.tables.values()) {
        const decision = decideOne(table, step, work, planOptions);
        if (decision !== undefined) add(decision);
      }
    },
  };
}

function decideOne(table: TableSeen, step: RawStep, work: Work, options: PlanOptions): ConvertStep | undefined {
  const source = work.seen.sources.get(step.source);
  const wanted = options.only === undefined || options.only === "convert";
  if (!wanted || source === undefined || table.settings.from !== step.source) return undefined;
  const decision = partitionDecider(table, source, work.seen, { ...options, rerun: false })(step.interval.startMs);
  return typeof decision === "object" && decision.kind === "convert" ? decision : undefined;
}

function openCollecting(work: Work, meter: Meter, perform: Perform, follow: (step: RawStep) => void): Lane<RawStep> {
  const queues = new Map<string, Queue<RawStep>>();
  const own = ownOrder(work.parts.newId());
  const open = (name: string, parallel: number): Queue<RawStep> => {
    // An archive that is down answers nothing to the hundredth question either; each one costs tries and waits.
    let unreachable = 0;
    let skipped = 0;
    return makeQueue<RawStep>(
      parallel,
      async (step) => {
        if (unreachable >= unreachableMax) {
          if (skipped++ === 0) work.report({ code: "source.unreachable", name, failures: unreachable });
          return;
        }
        const outcome = await perform(step, meter);
        unreachable = isUnreachable(outcome.failure) ? unreachable + 1 : 0;
        if (outcome.elsewhere === true) queues.get(name)?.reorder(own);
        if (outcome.result === "done" || outcome.elsewhere === true) follow(step);
      },
      work.signal,
    );
  };
  return {
    add(step) {
      const source = work.seen.sources.get(step.source);
      if (source === undefined) return;
      const queue = queues.get(step.source) ?? open(step.source, source.settings.parallel);
      queues.set(step.source, queue);
      meter.expect(1);
      queue.add(intervalId(step.interval), step);
    },
    queues: () => [...queues.values()],
  };
}

const isUnreachable = (failure: Failure | undefined): boolean =>
  failure?.kind === "unavailable" || failure?.kind === "denied";
