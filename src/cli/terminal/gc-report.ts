/** What a collection of garbage took away or would take away, what it left alone and why. */
import type { GcFailure, GcItem, GcKept, GcReport } from "../../answers.ts";
import { type Interval, parseIntervalId } from "../../model/calendar.ts";
import { count, counted, duration, size } from "./numbers.ts";
import { rangesOf, rangesText } from "./ranges.ts";
import type { Finding, FindingGroup, ReportOptions } from "./report.ts";
import { renderFindings } from "./report.ts";
import { wrap } from "./text.ts";

/** Keys and ranges of one kind that are named; the rest is a number, and in `--json`. */
const NAMED_MAX = 8;

export function renderGc(report: GcReport, ms: number, options: ReportOptions): readonly string[] {
  const nowMs = Date.parse(report.at);
  const groups = [...itemGroups(report.removed, nowMs), ...keptGroups(report.kept), ...failureGroups(report.failures)];
  const findings = groups.length === 0 ? [] : [...renderFindings(groups, options), ""];
  return [...findings, ...wrap(verdict(report, ms), options.width - 2).map((line) => `  ${line}`)];
}

function verdict({ removed, failures, dryRun, retentionMs }: GcReport, ms: number): string {
  const objects = removed.reduce((sum, item) => sum + item.objects, 0);
  const bytes = removed.reduce((sum, item) => sum + item.bytes, 0);
  const failed = failures.length === 0 ? "" : ` ${count(failures.length)} failed.`;
  const what = `${counted(objects, "object")}, ${size(bytes)}`;
  if (objects === 0) return `Nothing to collect that is older than ${duration(retentionMs)}.${failed}`;
  return dryRun
    ? `${what} would go. Nothing was written.   millrace gc${failed}`
    : `${what} removed in ${duration(ms)}.${failed}`;
}

const words: Readonly<Record<GcItem["kind"], readonly [one: string, many: string]>> = {
  superseded: ["superseded", "superseded"],
  orphan: ["orphan", "orphans"],
  rejected: ["rejected", "rejected"],
  expired: ["expired", "expired"],
  probe: ["probe", "probes"],
  upload: ["upload", "uploads"],
  scratch: ["scratch", "scratch"],
};

const reasons: Readonly<Record<GcItem["kind"], (age: string) => string>> = {
  superseded: (age) => `replaced ${age} ago`,
  orphan: (age) => `never published, ${age} old`,
  rejected: () => "named by no partition",
  expired: () => "older than keep; the table stays",
  probe: (age) => `left by a test of the place ${age} ago`,
  upload: (age) => `begun ${age} ago, never completed`,
  scratch: () => "left by interrupted attempts",
};

function itemGroups(items: readonly GcItem[], nowMs: number): readonly FindingGroup[] {
  const groups = Map.groupBy(items, ({ place, name }) => (name === "" ? place : name));
  return [...groups].map(([label, group]) => ({
    label,
    findings: [...Map.groupBy(group, ({ kind }) => kind)].flatMap(([kind, same]) =>
      same.every(({ id }) => id !== undefined) ? [rangeFinding(kind, same)] : keyFindings(kind, same, nowMs),
    ),
  }));
}

/** Intervals: one line for all of them. */
function rangeFinding(kind: GcItem["kind"], items: readonly GcItem[]): Finding {
  return {
    count: count(items.length),
    word: words[kind][items.length === 1 ? 0 : 1],
    what: rangesText(rangesOf(items.flatMap(intervalOf)), NAMED_MAX),
    note: `${size(bytesOf(items))}, ${reasons[kind]("")}`,
  };
}

/** Directories and objects: a line for each. */
function keyFindings(kind: GcItem["kind"], items: readonly GcItem[], nowMs: number): readonly Finding[] {
  const shown = items.slice(0, NAMED_MAX).map((item, index): Finding => {
    const age = item.since === undefined ? "" : duration(nowMs - Date.parse(item.since));
    const reason = reasons[kind](age);
    return {
      count: index === 0 ? count(kind === "scratch" ? item.objects : items.length) : "",
      word: index === 0 ? words[kind][items.length === 1 ? 0 : 1] : "",
      what: shortKey(item),
      note: item.bytes === 0 ? reason : `${size(item.bytes)}, ${reason}`,
    };
  });
  const rest = items.slice(NAMED_MAX);
  if (rest.length === 0) return shown;
  const more = { count: "", word: "", what: `and ${count(rest.length)} more`, note: size(bytesOf(rest)) };
  return [...shown, more];
}

/** A version beside the name of its mart needs no more than its own. */
function shortKey({ key, name }: { readonly key: string; readonly name: string }): string {
  const own = key.startsWith(`${name}/`) ? key.slice(name.length + 1).replace(/\/$/, "") : key;
  return own === "" ? key : own;
}

const keptReasons: Readonly<Record<GcKept["kind"], readonly [note: string, remedy: string | undefined]>> = {
  dropped: ["not of this project", "remove it by hand if no other project has it"],
  unpublished: ["of a mart that was never published", "millrace run --only marts"],
  beyond: ["newer than the mart's catalog", "the catalog lacks records: restore _catalog from a backup"],
  registered: ["still what its name in the metastore shows", "millrace run --only marts lets it show the last version"],
  unconverted: ["older than keep, but not yet in its table", "millrace run"],
};

function keptGroups(kept: readonly GcKept[]): readonly FindingGroup[] {
  return [...Map.groupBy(kept, ({ name }) => name)].map(([label, group]) => ({
    label,
    findings: [...Map.groupBy(group, ({ kind }) => kind)].map(([kind, same]): Finding => {
      const [note, remedy] = keptReasons[kind];
      const intervals = same.flatMap(intervalOf);
      const tables = [...new Set(same.flatMap((each) => each.tables ?? []))].join(", ");
      return {
        count: count(same.length),
        word: "kept",
        what:
          intervals.length === same.length ? rangesText(rangesOf(intervals), NAMED_MAX) : same.map(shortKey).join(", "),
        note: `${size(bytesOf(same))}, ${note}${tables === "" ? "" : ` (${tables})`}`,
        ...(remedy === undefined ? {} : { remedy }),
      };
    }),
  }));
}

function failureGroups(failures: readonly GcFailure[]): readonly FindingGroup[] {
  const groups = Map.groupBy(failures, ({ place, kind, reason }) => JSON.stringify([place, kind, reason]));
  return [...groups.values()].flatMap((group): readonly FindingGroup[] => {
    const [first] = group;
    if (first === undefined) return [];
    const named = group.flatMap(({ key }) => (key === "" ? [] : [key])).slice(0, NAMED_MAX);
    const what = named.length === 0 ? first.reason : named.join(", ");
    return [
      {
        label: first.place,
        findings: [
          {
            count: count(group.length),
            word: "failed",
            what,
            ...(named.length === 0 ? {} : { note: first.reason }),
            ...(first.remedy === undefined ? {} : { remedy: first.remedy }),
            tone: "alarm",
          },
        ],
      },
    ];
  });
}

const bytesOf = (items: readonly { readonly bytes: number }[]): number =>
  items.reduce((sum, { bytes }) => sum + bytes, 0);

function intervalOf({ id }: { readonly id: string | undefined }): readonly Interval[] {
  const interval = id === undefined ? undefined : parseIntervalId(id);
  return interval === undefined ? [] : [interval];
}
