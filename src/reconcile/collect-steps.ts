/** What is to be fetched or adopted, and what the source does not have yet or never had. Pure. */
import type { Interval } from "../model/calendar.ts";
import { intervalId, intervalsBetween } from "../model/calendar.ts";
import type { SourceSettings } from "../model/project.ts";
import { ageMs, inRanges, judgeMiss, keptFromMs, wantedWindow } from "../schedule/cadence.ts";
import { collectItem, recheckItem } from "./attempts.ts";
import type { Lookup } from "./lookup.ts";
import type { Collector, PlanOptions, Step, Waiting } from "./plan.ts";
import { failedWaiting, selected } from "./plan.ts";
import type { RawSeen, Seen, SourceSeen } from "./seen.ts";

export function collectSteps(source: SourceSeen, seen: Seen, options: PlanOptions, out: Collector): void {
  const { settings } = source;
  const nowMs = seen.atMs;
  const window = wantedWindow(settings, nowMs);
  const keptMs = keptFromMs(settings, nowMs);
  // What `keep` has let go is not fetched again, whoever asks: the next collection of garbage would take it away.
  const fromMs = Math.max(options.sinceMs ?? window.fromMs, keptMs);
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
    if (interval.startMs < keptMs) continue;
    if (inRanges(settings.knownMissing, interval.startMs) || inRanges(source.acknowledged, interval.startMs)) continue;
    missingStep(settings, interval, inWindow, seen, options, steps, out.waiting);
  }
  // Objects that another collector stored outside the window are adopted as well: the table reads them.
  for (const startMs of source.unadopted) {
    const raw = source.raw.get(startMs);
    const interval: Interval = { every: settings.every, startMs };
    const isOutside = startMs < fromMs || startMs >= toMs;
    if (raw?.facts === undefined && raw !== undefined && isOutside && selected(options, settings.name, interval)) {
      steps.push({ kind: "adopt", source: settings.name, interval, raw });
    }
  }
  if (settings.order === "newest") steps.reverse();
  const most = options.max ?? settings.max;
  const left = most === undefined ? steps.length : Math.max(0, most - (options.spent?.fetched.get(settings.name) ?? 0));
  out.steps.push(...steps.slice(0, left));
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

function firstStored(raw: Lookup<RawSeen>): number | undefined {
  let first: number | undefined;
  for (const startMs of raw.keys()) if (first === undefined || startMs < first) first = startMs;
  return first;
}
