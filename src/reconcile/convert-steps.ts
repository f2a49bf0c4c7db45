/** Which partitions are to be made, or made again, and why. Pure. */
import type { Interval } from "../model/calendar.ts";
import { intervalId } from "../model/calendar.ts";
import { columnAt } from "../model/column-path.ts";
import { isNarrower } from "../model/merge.ts";
import type { ColumnType } from "../model/schema.ts";
import { settingsFingerprint } from "../model/settings-fingerprint.ts";
import type { StandIn } from "../model/stand-in.ts";
import { sinceMs } from "../schedule/cadence.ts";
import type { Attempts } from "./attempts.ts";
import { convertItem } from "./attempts.ts";
import type { Collector, ConvertReason, ConvertStep, Plan, PlanOptions, Step, Waiting } from "./plan.ts";
import { failedWaiting, selected } from "./plan.ts";
import type { PartitionSeen, RawSeen, Seen, SourceSeen, TableSeen } from "./seen.ts";

export function convertSteps(table: TableSeen, seen: Seen, options: PlanOptions, out: Collector): void {
  const source = seen.sources.get(table.settings.from);
  if (source === undefined) return;
  const decide = partitionDecider(table, source, seen, options);
  const steps: ConvertStep[] = [];
  const rewrites: ConvertStep[] = [];
  let current = 0;
  for (const startMs of [...source.raw.keys()].sort((a, b) => a - b)) {
    const decision = decide(startMs);
    if (decision === undefined) continue;
    if (decision === "current") current++;
    else if (decision.kind !== "convert") out.waiting.push(decision);
    else if (isRewrite(decision.reason)) rewrites.push(decision);
    else steps.push(decision);
  }
  const { settings } = table;
  if (rewrites.length > settings.rewriteMax && options.acceptRewrite !== true && settings.onWiden !== "rewrite") {
    const paths = new Set(rewrites.flatMap((step) => reasonPaths(step.reason)));
    const bytes = rewrites.reduce((sum, step) => sum + step.raw.size, 0);
    out.waiting.push({
      kind: "rewrite",
      table: settings.name,
      partitions: rewrites.length,
      bytes,
      limit: settings.rewriteMax,
      paths: [...paths].slice(0, 10),
    });
  } else steps.push(...rewrites);
  out.steps.push(...steps.slice(0, conversionsLeft(settings, options)));
  if (current > 0) out.upToDate.push({ stage: "convert", name: settings.name, items: current });
}

/** How many conversions `max` still allows in this run. */
export function conversionsLeft(settings: TableSeen["settings"], options: PlanOptions): number {
  if (settings.max === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(0, settings.max - (options.spent?.converted.get(settings.name) ?? 0));
}

/**
 * The decision for one partition of a table, prepared so that it can be asked for 87,600 intervals, or for the one whose
 * raw object just arrived. `undefined`: not wanted, not selected or not there; `current`: nothing to do.
 */
export function partitionDecider(
  table: TableSeen,
  source: SourceSeen,
  seen: Pick<Seen, "atMs" | "attempts">,
  options: PlanOptions,
): (startMs: number) => ConvertStep | Waiting | "current" | undefined {
  const { settings } = table;
  const nowMs = seen.atMs;
  const { fromMs, toMs } = tableWindow(table, nowMs, options);
  const shape = settingsFingerprint(settings);
  const isSettled = settledBottoms(table);
  const rerun = options.rerun === true && options.only !== "collect" && options.only !== "marts";
  return (startMs) => {
    const raw = source.raw.get(startMs);
    if (raw?.facts === undefined || startMs < fromMs || startMs >= toMs) return undefined;
    const interval: Interval = { every: source.settings.every, startMs };
    const isAsked = rerun && selected(options, settings.name, interval);
    const reason: ConvertReason | undefined = isAsked
      ? { kind: "asked" }
      : convertReason(table.partitions.get(startMs), raw, raw.facts.sha256, shape, isSettled, options.converter);
    if (reason === undefined) return "current";
    if (!selected(options, settings.name, interval)) return undefined;
    const waits = attemptWaiting(
      seen.attempts,
      settings.name,
      intervalId(interval),
      convertBasis(raw.facts.sha256, table),
      nowMs,
      options,
    );
    return waits ?? { kind: "convert", table: settings.name, source: settings.from, interval, raw, reason };
  };
}

/** What a refusal of a partition depends on: it is tried again only when this changes, or when asked. */
export function convertBasis(rawSha256: string, table: TableSeen): string {
  const { settings } = table;
  return [rawSha256, settingsFingerprint(settings), settings.rejectsMax, settings.rewriteMax, settings.onWiden].join(
    " ",
  );
}

/** Whether a reason is the re-conversion of a partition whose raw bytes did not change: those are bounded by `rewrite_max`. */
export function isRewrite(reason: ConvertReason): boolean {
  return (
    reason.kind === "widened" || reason.kind === "stand-in" || reason.kind === "settings" || reason.kind === "converter"
  );
}

const reasonPaths = (reason: ConvertReason): readonly string[] =>
  reason.kind === "widened" || reason.kind === "stand-in" ? reason.paths : [];

function convertReason(
  partition: PartitionSeen | undefined,
  raw: RawSeen,
  sha256: string,
  shape: string,
  isSettled: (standIn: StandIn) => boolean,
  converter: string,
): ConvertReason | undefined {
  if (partition === undefined) return { kind: "new" };
  const { facts } = partition;
  if (facts.rawSha256 !== sha256) return { kind: "revision", revision: raw.facts?.revision ?? 1 };
  if (facts.settings !== shape) return { kind: "settings" };
  if (facts.converter !== converter) return { kind: "converter", from: facts.converter };
  if (facts.narrow.length > 0) return { kind: "widened", paths: facts.narrow };
  if (facts.standIns.length > 0) {
    const settled = facts.standIns.filter(isSettled);
    if (settled.length > 0) return { kind: "stand-in", paths: settled.map((standIn) => standIn.path) };
  }
  return undefined;
}

const bottoms: Readonly<Record<StandIn["seen"], ColumnType>> = {
  list: { kind: "list", element: { kind: "null" } },
  struct: { kind: "struct", fields: [] },
};

/** Whether the table knows by now what a stand-in should have been; remembered per path, since partitions share them. */
function settledBottoms(table: TableSeen): (standIn: StandIn) => boolean {
  const known = new Map<string, boolean>();
  return ({ path, seen }) => {
    const key = seen + path;
    let answer = known.get(key);
    if (answer === undefined) {
      const type = table.schema === undefined ? undefined : columnAt(table.schema.state.schema, path);
      answer = type !== undefined && isNarrower(bottoms[seen], type);
      known.set(key, answer);
    }
    return answer;
  };
}

function attemptWaiting(
  attempts: Attempts,
  table: string,
  id: string,
  basis: string,
  nowMs: number,
  options: PlanOptions,
): Waiting | undefined {
  const attempt = attempts.get(convertItem(table, id));
  if (attempt === undefined || options.rerun === true) return undefined;
  const key = `${table}@${id}`;
  if (attempt.kind === "held") {
    if (
      attempt.basis !== basis ||
      (options.acceptRewrite === true && attempt.remedy?.includes("--accept-rewrite") === true)
    )
      return undefined;
    return { kind: "held", stage: "convert", key, reason: attempt.reason, remedy: attempt.remedy };
  }
  return attempt.nextMs <= nowMs ? undefined : failedWaiting("convert", key, attempt);
}

/** How many partitions wait for re-conversion because the table's types have moved on, of how many. */
export function unsettledOf(table: TableSeen): {
  readonly left: number;
  readonly of: number;
  readonly paths: ReadonlySet<string>;
} {
  const isSettled = settledBottoms(table);
  const widenings = table.schema?.state.widenings ?? [];
  const paths = new Set<string>();
  let left = 0;
  for (const { facts } of table.partitions.values()) {
    // A file that was not yet compared with the newest widenings may hold any of them in the narrower type.
    const unchecked = widenings.slice(facts.checked).map((widening) => widening.path);
    const found = [...unchecked, ...facts.narrow, ...facts.standIns.filter(isSettled).map((standIn) => standIn.path)];
    if (found.length > 0) left++;
    for (const path of found) paths.add(path);
  }
  return { left, of: table.partitions.size, paths };
}

/** How many conversions follow from what is still to be fetched or adopted. */
export function foreseenConversions(seen: Seen, steps: readonly Step[]): Plan["foreseen"] {
  return [...seen.tables.values()].flatMap((table) => {
    const { fromMs, toMs } = tableWindow(table, seen.atMs, {});
    const items = steps.filter(
      (step) =>
        (step.kind === "adopt" || (step.kind === "collect" && step.raw === undefined)) &&
        step.source === table.settings.from &&
        step.interval.startMs >= fromMs &&
        step.interval.startMs < toMs,
    ).length;
    return items === 0 ? [] : [{ table: table.settings.name, items }];
  });
}

/** The starts of the intervals that a table is wanted for. */
export function tableWindow(
  table: TableSeen,
  nowMs: number,
  options: Pick<PlanOptions, "sinceMs" | "untilMs">,
): { readonly fromMs: number; readonly toMs: number } {
  const { since, untilMs } = table.settings;
  const ownFromMs = since === undefined ? Number.NEGATIVE_INFINITY : sinceMs(since, nowMs);
  return {
    fromMs: Math.max(options.sinceMs ?? Number.NEGATIVE_INFINITY, ownFromMs),
    toMs: Math.min(options.untilMs ?? Number.POSITIVE_INFINITY, untilMs ?? Number.POSITIVE_INFINITY),
  };
}
