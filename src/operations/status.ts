/** What exists, as a calendar and as figures: pure, from one observation and the plan over it. */
import type {
  CalendarCell,
  CalendarDay,
  MartStatus,
  SourceStatus,
  Status,
  TableRegistrationStatus,
  TableStatus,
} from "../answers.ts";
import type { Every, Interval } from "../model/calendar.ts";
import { dayMs, intervalId, lengthMs, startOfDay } from "../model/calendar.ts";
import { leafPaths } from "../model/column-path.ts";
import { convertItem } from "../reconcile/attempts.ts";
import { unsettledOf } from "../reconcile/convert-steps.ts";
import type { Plan, Waiting } from "../reconcile/plan.ts";
import { shownOf, tableStep } from "../reconcile/register-steps.ts";
import type { Seen, SourceSeen, TableSeen } from "../reconcile/seen.ts";
import { inRanges, wantedWindow } from "../schedule/cadence.ts";
import { registrationStatus } from "./catalog-state.ts";

/** An interval this many times smaller or larger than its weekday-hour's median is flagged. */
const oddRatio = 4;
/** Fewer intervals of one weekday-hour say nothing about what is normal. */
const oddSamplesMin = 4;

export function statusOf(project: string, seen: Seen, plan: Plan): Status {
  return {
    at: new Date(seen.atMs).toISOString(),
    project,
    sources: [...seen.sources.values()].map((source) => sourceStatus(source, seen, plan)),
    tables: [...seen.tables.values()].map((table) => tableStatus(table, seen)),
    marts: martStatuses(seen, plan),
    waiting: plan.waiting,
  };
}

function sourceStatus(source: SourceSeen, seen: Seen, plan: Plan): SourceStatus {
  const { name, every } = source.settings;
  const starts = [...source.raw.keys()].sort((a, b) => a - b);
  const [first] = starts;
  const last = starts.at(-1);
  let bytes = 0;
  let adopted = 0;
  for (const raw of source.raw.values()) {
    bytes += raw.size;
    if (raw.facts?.verified === false) adopted++;
  }
  const count = (kind: Waiting["kind"]): number =>
    plan.waiting.filter((waiting) => waiting.kind === kind && "key" in waiting && waiting.key.startsWith(`${name}@`))
      .length;
  return {
    name,
    every,
    stored: starts.length,
    bytes,
    first: first === undefined ? undefined : intervalId({ every, startMs: first }),
    last: last === undefined ? undefined : intervalId({ every, startMs: last }),
    lagMs: last === undefined ? undefined : seen.atMs - last - lengthMs(every),
    pending: count("pending"),
    gaps: count("gap"),
    adopted,
    days: calendarOf(source, seen, plan),
  };
}

/** A row a day from the first day that is stored or wanted to the last one that is either. */
function calendarOf(source: SourceSeen, seen: Seen, plan: Plan): readonly CalendarDay[] {
  const { settings } = source;
  const window = wantedWindow(settings, seen.atMs);
  let fromMs = window.fromMs;
  let toMs = window.toMs;
  for (const startMs of source.raw.keys()) {
    fromMs = Math.min(fromMs, startMs);
    toMs = Math.max(toMs, startMs + lengthMs(settings.every));
  }
  const tables = [...seen.tables.values()].filter((table) => table.settings.from === settings.name);
  const odd = oddIntervals(source);
  const waiting = new Map(plan.waiting.flatMap((item) => ("key" in item ? [[item.key, item] as const] : [])));
  const days: CalendarDay[] = [];
  for (let dayStart = startOfDay(fromMs); dayStart < toMs; dayStart += dayMs) {
    const cells: CalendarCell[] = [];
    for (let startMs = dayStart; startMs < dayStart + dayMs; startMs += lengthMs(settings.every)) {
      const interval: Interval = { every: settings.every, startMs };
      cells.push(cellOf(source, tables, interval, { window, seen, waiting, odd }));
    }
    days.push({ day: intervalId({ every: "day", startMs: dayStart }), cells });
  }
  return days;
}

interface CellContext {
  readonly window: { readonly fromMs: number; readonly toMs: number };
  readonly seen: Seen;
  readonly waiting: ReadonlyMap<string, Waiting>;
  readonly odd: ReadonlySet<number>;
}

function cellOf(
  source: SourceSeen,
  tables: readonly TableSeen[],
  interval: Interval,
  context: CellContext,
): CalendarCell {
  const { startMs } = interval;
  const id = intervalId(interval);
  const name = source.settings.name;
  if (source.raw.has(startMs)) {
    if (tables.some((table) => context.seen.attempts.get(convertItem(table.settings.name, id))?.kind === "held"))
      return "held";
    if (tables.some((table) => context.seen.attempts.get(convertItem(table.settings.name, id))?.kind === "failure"))
      return "failed";
    const partitions = tables.flatMap((table) => table.partitions.get(startMs) ?? []);
    if (partitions.length < tables.length || tables.length === 0) return "stored";
    if (partitions.some((partition) => partition.facts.rejected > 0)) return "rejected";
    return context.odd.has(startMs) ? "odd" : "converted";
  }
  if (inRanges(source.settings.knownMissing, startMs) || inRanges(source.acknowledged, startMs)) return "known";
  const waits = context.waiting.get(`${name}@${id}`);
  if (waits?.kind === "gap" || waits?.kind === "pending" || waits?.kind === "failed") return waits.kind;
  return startMs >= context.window.fromMs && startMs < context.window.toMs ? "due" : "outside";
}

/** Intervals whose size is far from the median of the same hour on the same weekday. */
export function oddIntervals(source: SourceSeen): ReadonlySet<number> {
  const groups = new Map<number, { startMs: number; size: number }[]>();
  for (const [startMs, { size }] of source.raw) {
    const slot = weekSlot(startMs, source.settings.every);
    const group = groups.get(slot);
    if (group === undefined) groups.set(slot, [{ startMs, size }]);
    else group.push({ startMs, size });
  }
  const odd = new Set<number>();
  for (const group of groups.values()) {
    if (group.length < oddSamplesMin) continue;
    const sizes = group.map(({ size }) => size).sort((a, b) => a - b);
    const median = sizes[sizes.length >> 1] ?? 0;
    for (const { startMs, size } of group) {
      if (size * oddRatio < median || size > median * oddRatio) odd.add(startMs);
    }
  }
  return odd;
}

/** The same number for the same hour of the same weekday. */
function weekSlot(startMs: number, every: Every): number {
  return Math.floor(startMs / lengthMs(every)) % (every === "hour" ? 168 : 7);
}

function tableStatus(table: TableSeen, seen: Seen): TableStatus {
  let rows = 0;
  let rejected = 0;
  let bytes = 0;
  let last: number | undefined;
  for (const [startMs, { size, facts }] of table.partitions) {
    rows += facts.rows;
    rejected += facts.rejected;
    bytes += size;
    if (last === undefined || startMs > last) last = startMs;
  }
  const every = seen.sources.get(table.settings.from)?.settings.every ?? "hour";
  return {
    name: table.settings.name,
    from: table.settings.from,
    partitions: table.partitions.size,
    rows,
    rejected,
    bytes,
    columns: table.schema === undefined ? 0 : leafPaths(table.schema.state.schema).length,
    schemaVersion: table.schema?.version ?? 0,
    last: last === undefined ? undefined : intervalId({ every, startMs: last }),
    unsettled: unsettledOf(table).left,
    ...registeredTable(table, every, seen),
  };
}

function registeredTable(
  table: TableSeen,
  every: Every,
  { registry }: Seen,
): { readonly registered?: TableRegistrationStatus } {
  const shown = registry?.kind === "seen" ? registry.tables.get(table.settings.name) : undefined;
  if (shown === undefined) return {};
  const { registered: found, partitions } = shown;
  const common = { name: found?.name, partitions: partitions.starts.size + partitions.strange.size } as const;
  if (found?.kind === "foreign") return { registered: { ...common, state: "foreign" } };
  const isRight = tableStep(table, shown, every) === undefined;
  if (found === undefined) return { registered: { ...common, state: isRight ? "unpublished" : "missing" } };
  return { registered: { ...common, state: isRight ? "registered" : "wrong" } };
}

function martStatuses(seen: Seen, plan: Plan): readonly MartStatus[] {
  return [...seen.marts.values()].map((mart) => {
    const { settings, current } = mart;
    const registered =
      seen.registry?.kind === "seen" ? registrationStatus(mart, shownOf(seen, settings.name)) : undefined;
    const reason = martReason(settings.name, plan);
    return {
      name: settings.name,
      version: current?.manifest.version,
      number: current?.number ?? 0,
      rows: current?.manifest.rows ?? 0,
      bytes: current?.manifest.files.reduce((sum, file) => sum + file.size, 0) ?? 0,
      publishedAt: current?.manifest.at,
      engine: current?.manifest.engine,
      upToDate: reason === undefined,
      reason,
      ...(registered === undefined ? {} : { registered }),
    };
  });
}

/** Why a mart is not as it should be: what is to be done with it, or what keeps it waiting. */
function martReason(name: string, plan: Plan): string | undefined {
  const build = plan.steps.find((step) => step.kind === "mart" && step.mart === name);
  if (build?.kind === "mart") return build.reason.kind;
  for (const item of plan.waiting) {
    if (item.kind === "mart" && item.mart === name) return item.reason;
    if (item.kind === "catalog" && item.items.includes(name)) return "catalog";
    if ((item.kind === "held" || item.kind === "failed") && item.key === name) return item.reason;
  }
  return plan.steps.some((step) => step.kind === "register" && step.mart === name) ? "register" : undefined;
}
