/**
 * The decision: what exists → what to do next, and what has to wait and why. Pure; the same value is printed by `plan`,
 * carried out by `run` and shown by `status`.
 */
import { createHash } from "node:crypto";
import type { Interval } from "../model/calendar.ts";
import { intervalId, intervalsBetween, lengthMs } from "../model/calendar.ts";
import { columnAt } from "../model/column-path.ts";
import { fingerprint, isNarrower } from "../model/merge.ts";
import type { MartSettings, SourceSettings } from "../model/project.ts";
import type { ColumnType } from "../model/schema.ts";
import { settingsFingerprint } from "../model/settings-fingerprint.ts";
import type { StandIn } from "../model/stand-in.ts";
import { ageMs, inRanges, judgeMiss, sinceMs, wantedWindow } from "../schedule/cadence.ts";
import type { ManifestInput, PublishedMart } from "../step/manifest.ts";
import type { Attempts } from "./attempts.ts";
import { collectItem, convertItem, martItem, recheckItem } from "./attempts.ts";
import type { Lookup } from "./packed.ts";
import type { PartitionSeen, RawSeen, Seen, SourceSeen, TableSeen } from "./seen.ts";

export type Step =
  | { readonly kind: "adopt"; readonly source: string; readonly interval: Interval; readonly raw: RawSeen }
  | {
      readonly kind: "collect";
      readonly source: string;
      readonly interval: Interval;
      readonly reason: "missing" | "pending" | "gap" | "failed" | "recheck" | "asked";
      readonly raw: RawSeen | undefined;
    }
  | {
      readonly kind: "convert";
      readonly table: string;
      readonly source: string;
      readonly interval: Interval;
      readonly raw: RawSeen;
      readonly reason: ConvertReason;
    }
  | { readonly kind: "mart"; readonly mart: string; readonly reason: MartReason };

export type ConvertReason =
  | { readonly kind: "new" }
  | { readonly kind: "revision"; readonly revision: number }
  | { readonly kind: "settings" }
  | { readonly kind: "converter"; readonly from: string }
  | { readonly kind: "widened"; readonly paths: readonly string[] }
  | { readonly kind: "stand-in"; readonly paths: readonly string[] }
  | { readonly kind: "asked" };

export type MartReason =
  | { readonly kind: "new" }
  | { readonly kind: "sql" }
  | { readonly kind: "schema"; readonly table: string }
  | { readonly kind: "inputs"; readonly table: string; readonly before: number; readonly now: number }
  /** Nothing changed yet, but earlier steps of this plan will change its inputs. */
  | { readonly kind: "upcoming" }
  | { readonly kind: "asked" };

export type Waiting =
  | {
      readonly kind: "pending";
      readonly key: string;
      readonly ageMs: number;
      readonly settleMs: number;
      readonly nextMs: number;
    }
  | {
      readonly kind: "gap";
      readonly key: string;
      readonly ageMs: number;
      readonly tries: number;
      /** `undefined`: it lies before `since` and is not fetched by itself. */
      readonly nextMs: number | undefined;
    }
  | {
      readonly kind: "failed";
      readonly stage: "collect" | "convert" | "marts";
      readonly key: string;
      readonly reason: string;
      readonly failure: string;
      readonly remedy: string | undefined;
      readonly tries: number;
      readonly nextMs: number;
    }
  | {
      readonly kind: "held";
      readonly stage: "convert" | "marts";
      readonly key: string;
      readonly reason: string;
      readonly remedy: string | undefined;
    }
  | {
      readonly kind: "rewrite";
      readonly table: string;
      readonly partitions: number;
      readonly bytes: number;
      readonly limit: number;
      readonly paths: readonly string[];
    }
  | {
      readonly kind: "mart";
      readonly mart: string;
      readonly reason: "widening" | "empty" | "manual" | "interval";
      readonly done: number;
      readonly of: number;
    };

export interface Plan {
  readonly atMs: number;
  readonly steps: readonly Step[];
  readonly waiting: readonly Waiting[];
  /** Conversions that cannot be steps yet, because their raw objects are still to be fetched or adopted. */
  readonly foreseen: readonly { readonly table: string; readonly items: number }[];
  /** Items that need nothing, by stage and name. */
  readonly upToDate: readonly {
    readonly stage: "collect" | "convert" | "marts";
    readonly name: string;
    readonly items: number;
  }[];
}

export interface PlanOptions {
  readonly only?: "collect" | "convert" | "marts";
  /** Chooses items by name: `gharchive`, `gharchive@2026-03-01-05`, `events@2026-03-*`, `activity`. */
  readonly select?: (name: string) => boolean;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Most objects fetched. */
  readonly max?: number;
  /** Does selected items again although they are up to date. */
  readonly rerun?: boolean;
  readonly acceptRewrite?: boolean;
  /** Version of the converter at hand, for example `native/1`. */
  readonly converter: string;
}

/** What is left to do. Steps come in the order in which they are worth doing; the steps of a later stage depend on those before. */
export function nextSteps(seen: Seen, options: PlanOptions): Plan {
  const collector = newCollector();
  const wants = (stage: "collect" | "convert" | "marts"): boolean =>
    options.only === undefined || options.only === stage;
  for (const source of seen.sources.values()) {
    if (wants("collect")) collectSteps(source, seen, options, collector);
  }
  for (const table of seen.tables.values()) {
    if (wants("convert")) convertSteps(table, seen, options, collector);
  }
  const foreseen = wants("convert") ? foreseenConversions(seen, collector.steps) : [];
  if (wants("marts")) martSteps(seen, options, collector);
  const { steps, waiting, upToDate } = collector;
  return { atMs: seen.atMs, steps, waiting, foreseen, upToDate };
}

function foreseenConversions(seen: Seen, steps: readonly Step[]): Plan["foreseen"] {
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
function tableWindow(
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

interface Collector {
  readonly steps: Step[];
  readonly waiting: Waiting[];
  readonly upToDate: { stage: "collect" | "convert" | "marts"; name: string; items: number }[];
}

const newCollector = (): Collector => ({ steps: [], waiting: [], upToDate: [] });

export function collectSteps(source: SourceSeen, seen: Seen, options: PlanOptions, out: Collector): void {
  const { settings } = source;
  const nowMs = seen.atMs;
  const window = wantedWindow(settings, nowMs);
  const fromMs = options.sinceMs ?? window.fromMs;
  const toMs = Math.min(options.untilMs ?? window.toMs, wantedWindow({ ...settings, untilMs: undefined }, nowMs).toMs);
  const firstMs = firstStored(source.raw);
  const steps: Step[] = [];
  let stored = 0;
  for (const interval of intervalsBetween(settings.every, Math.min(fromMs, firstMs ?? fromMs), toMs)) {
    const raw = source.raw.get(interval.startMs);
    const inWindow = interval.startMs >= fromMs;
    if (raw !== undefined) {
      const step = inWindow ? storedStep(settings, interval, raw, seen, options) : undefined;
      if (step === undefined) stored++;
      else steps.push(step);
      continue;
    }
    if (inRanges(settings.knownMissing, interval.startMs) || inRanges(source.acknowledged, interval.startMs)) continue;
    missingStep(settings, interval, inWindow, seen, options, steps, out.waiting);
  }
  // Objects that another collector stored outside the window are adopted as well: the table reads them.
  for (const [startMs, raw] of source.raw) {
    const interval: Interval = { every: settings.every, startMs };
    if (
      raw.facts === undefined &&
      (startMs < fromMs || startMs >= toMs) &&
      selected(options, settings.name, interval)
    ) {
      steps.push({ kind: "adopt", source: settings.name, interval, raw });
    }
  }
  if (settings.order === "newest") steps.reverse();
  const most = options.max ?? settings.max;
  out.steps.push(...(most === undefined ? steps : steps.slice(0, most)));
  if (stored > 0) out.upToDate.push({ stage: "collect", name: settings.name, items: stored });
}

function storedStep(
  settings: SourceSettings,
  interval: Interval,
  raw: RawSeen,
  seen: Seen,
  options: PlanOptions,
): Step | undefined {
  if (!selected(options, settings.name, interval)) return undefined;
  const base = { source: settings.name, interval, raw };
  if (raw.facts === undefined) return { kind: "adopt", ...base };
  if (options.rerun === true && options.only !== "convert" && options.only !== "marts") {
    return { kind: "collect", reason: "asked", ...base };
  }
  if (settings.recheckMs > 0 && raw.facts.verified && ageMs(interval, seen.atMs) < settings.recheckMs) {
    const last = seen.attempts.get(recheckItem(settings.name, intervalId(interval)));
    if (last === undefined || last.nextMs <= seen.atMs) return { kind: "collect", reason: "recheck", ...base };
  }
  return undefined;
}

function missingStep(
  settings: SourceSettings,
  interval: Interval,
  inWindow: boolean,
  seen: Seen,
  options: PlanOptions,
  steps: Step[],
  waiting: Waiting[],
): void {
  const nowMs = seen.atMs;
  const id = intervalId(interval);
  const key = `${settings.name}@${id}`;
  if (!selected(options, settings.name, interval)) return;
  const attempt = seen.attempts.get(collectItem(settings.name, id));
  const due = inWindow && (attempt === undefined || attempt.nextMs <= nowMs || options.rerun === true);
  if (due) {
    const reason =
      attempt === undefined
        ? "missing"
        : attempt.kind === "failure" || attempt.kind === "held"
          ? "failed"
          : judgeMiss(interval, settings.settleMs, nowMs);
    steps.push({ kind: "collect", source: settings.name, interval, reason, raw: undefined });
  }
  const age = ageMs(interval, nowMs);
  if (attempt?.kind === "failure" || attempt?.kind === "held") {
    if (!due) waiting.push(failedWaiting("collect", key, attempt));
    return;
  }
  if (attempt === undefined && inWindow) return;
  if (judgeMiss(interval, settings.settleMs, nowMs) === "gap") {
    waiting.push({
      kind: "gap",
      key,
      ageMs: age,
      tries: attempt?.tries ?? 0,
      nextMs: inWindow ? (attempt?.nextMs ?? nowMs) : undefined,
    });
  } else if (attempt !== undefined && !due) {
    waiting.push({ kind: "pending", key, ageMs: age, settleMs: settings.settleMs, nextMs: attempt.nextMs });
  }
}

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
  out.steps.push(...(settings.max === undefined ? steps : steps.slice(0, settings.max)));
  if (current > 0) out.upToDate.push({ stage: "convert", name: settings.name, items: current });
}

export type ConvertStep = Extract<Step, { kind: "convert" }>;

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

function failedWaiting(
  stage: "collect" | "convert" | "marts",
  key: string,
  attempt: { reason: string; failure?: string; remedy?: string; tries: number; nextMs: number },
): Waiting {
  return {
    kind: "failed",
    stage,
    key,
    reason: attempt.reason,
    failure: attempt.failure ?? "bug",
    remedy: attempt.remedy,
    tries: attempt.tries,
    nextMs: attempt.nextMs,
  };
}

export function martSteps(seen: Seen, options: PlanOptions, out: Collector): void {
  const inputs = new Map<string, ManifestInput>();
  const inputOf = (table: TableSeen): ManifestInput => {
    let input = inputs.get(table.settings.name);
    if (input === undefined) {
      input = tableInput(table);
      inputs.set(table.settings.name, input);
    }
    return input;
  };
  const changing = new Set(out.steps.flatMap((step) => (step.kind === "convert" ? [step.table] : [])));
  const collecting = new Set(
    out.steps.flatMap((step) => (step.kind === "collect" || step.kind === "adopt" ? [step.source] : [])),
  );
  for (const { settings, current } of seen.marts.values()) {
    if (options.select !== undefined && !options.select(settings.name)) continue;
    const tables = tablesOf(settings, current, seen);
    const unsettled = tables.map((table) => unsettledOf(table)).find((state) => state.left > 0);
    const upcoming = tables.some((table) => changing.has(table.settings.name) || collecting.has(table.settings.from));
    const empty = tables.every((table) => table.partitions.size === 0);
    const reason =
      options.rerun === true ? ({ kind: "asked" } as const) : martReason(settings, current, tables, inputOf);
    if (upcoming && options.only === undefined) {
      if (settings.refresh.kind !== "manual")
        out.steps.push({ kind: "mart", mart: settings.name, reason: reason ?? { kind: "upcoming" } });
      continue;
    }
    if (reason === undefined) {
      out.upToDate.push({ stage: "marts", name: settings.name, items: 1 });
      continue;
    }
    const wait = martWaiting(settings, current, reason, seen, { unsettled, empty }, options);
    if (wait === undefined) out.steps.push({ kind: "mart", mart: settings.name, reason });
    else out.waiting.push(wait);
  }
}

/** The tables a mart reads. A new or changed statement may read any of them until the engine has described it. */
function tablesOf(settings: MartSettings, current: PublishedMart | undefined, seen: Seen): readonly TableSeen[] {
  const from = settings.projection?.from;
  const names =
    from !== undefined
      ? [from]
      : current !== undefined && current.manifest.sql === settings.sql
        ? current.manifest.inputs.map((input) => input.table)
        : [...seen.tables.keys()];
  return names.flatMap((name) => seen.tables.get(name) ?? []);
}

function martReason(
  settings: MartSettings,
  current: PublishedMart | undefined,
  tables: readonly TableSeen[],
  inputOf: (table: TableSeen) => ManifestInput,
): MartReason | undefined {
  if (current === undefined) return { kind: "new" };
  if (current.manifest.sql !== settings.sql) return { kind: "sql" };
  for (const table of tables) {
    const before = current.manifest.inputs.find((input) => input.table === table.settings.name);
    const now = inputOf(table);
    if (before === undefined || before.digest !== now.digest) {
      return { kind: "inputs", table: table.settings.name, before: before?.partitions ?? 0, now: now.partitions };
    }
    if (before.schemaFingerprint !== now.schemaFingerprint) return { kind: "schema", table: table.settings.name };
  }
  return undefined;
}

function martWaiting(
  settings: MartSettings,
  current: PublishedMart | undefined,
  reason: MartReason,
  seen: Seen,
  state: { readonly unsettled: { readonly left: number; readonly of: number } | undefined; readonly empty: boolean },
  options: PlanOptions,
): Waiting | undefined {
  const mart = settings.name;
  const attempt = seen.attempts.get(martItem(mart));
  if (state.empty) return { kind: "mart", mart, reason: "empty", done: 0, of: 0 };
  if (state.unsettled !== undefined) {
    return {
      kind: "mart",
      mart,
      reason: "widening",
      done: state.unsettled.of - state.unsettled.left,
      of: state.unsettled.of,
    };
  }
  if (reason.kind === "asked") return undefined;
  if (settings.refresh.kind === "manual") return { kind: "mart", mart, reason: "manual", done: 0, of: 0 };
  if (settings.refresh.kind === "every" && current !== undefined && reason.kind === "inputs") {
    if (Date.parse(current.manifest.at) + settings.refresh.ms > seen.atMs)
      return { kind: "mart", mart, reason: "interval", done: 0, of: 0 };
  }
  if (attempt === undefined || options.rerun === true) return undefined;
  if (attempt.kind === "held") {
    return attempt.basis === martBasis(seen, mart)
      ? { kind: "held", stage: "marts", key: mart, reason: attempt.reason, remedy: attempt.remedy }
      : undefined;
  }
  return attempt.nextMs <= seen.atMs ? undefined : failedWaiting("marts", mart, attempt);
}

/** What a mart's refusal depends on: its statement, its checks and its inputs. */
export function martBasis(seen: Seen, mart: string): string {
  const found = seen.marts.get(mart);
  if (found === undefined) return "";
  const tables = tablesOf(found.settings, found.current, seen).map(tableInput);
  return createHash("sha256")
    .update(JSON.stringify([found.settings.sql, found.settings.checks, tables]))
    .digest("hex");
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

/** What a mart's manifest records of a table, and what is compared later. */
export function tableInput(table: TableSeen): ManifestInput {
  const hash = createHash("sha256");
  for (const startMs of [...table.partitions.keys()].sort((a, b) => a - b)) {
    const partition = table.partitions.get(startMs);
    hash.update(`${startMs}\t${partition?.size}\t${partition?.facts.rawSha256}\t${partition?.facts.settings}\n`);
  }
  return {
    table: table.settings.name,
    partitions: table.partitions.size,
    digest: hash.digest("hex"),
    schemaFingerprint: table.schema === undefined ? "" : fingerprint(table.schema.state.schema),
  };
}

function firstStored(raw: Lookup<RawSeen>): number | undefined {
  let first: number | undefined;
  for (const startMs of raw.keys()) if (first === undefined || startMs < first) first = startMs;
  return first;
}

function selected(options: PlanOptions, name: string, interval: Interval): boolean {
  return options.select === undefined || options.select(name) || options.select(`${name}@${intervalId(interval)}`);
}

/** When an interval ends: the first instant that it does not contain. */
export const endMs = (interval: Interval): number => interval.startMs + lengthMs(interval.every);
