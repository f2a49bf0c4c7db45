/** What `watch` counts, as Prometheus' text format 0.0.4. Sizes in bytes, times in seconds, as is the custom there. */
import type { RunSummary, Status } from "../answers.ts";
import type { Event, Stage } from "../model/events.ts";
import { waitingGroup } from "./terminal/waiting-report.ts";

export interface Metrics {
  /** Counts what happened. */
  onEvent(event: Event): void;
  onPass(summary: RunSummary, atMs: number): void;
  /** What exists, looked at after a pass. */
  onStatus(status: Status): void;
  /** The page. */
  text(): string;
}

interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
}

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly family: Family;
  readonly labels: Labels;
  readonly value: number;
}

const family = (type: Family["type"], name: string, help: string): Family => ({ type, name: `millrace_${name}`, help });

const families = {
  info: family("gauge", "info", "The version that runs, always 1."),
  done: family("counter", "items_done_total", "Items finished since the start, by stage."),
  failed: family(
    "counter",
    "items_failed_total",
    "Items that failed or were held back since the start, by stage and kind of failure.",
  ),
  bytes: family("counter", "bytes_total", "Bytes written since the start, by stage."),
  rows: family("counter", "rows_total", "Rows written since the start, by stage."),
  rejected: family("counter", "rejected_lines_total", "Lines rejected since the start."),
  passes: family("counter", "passes_total", "Passes since the start, by exit code."),
  lastStart: family("gauge", "last_pass_start_timestamp_seconds", "When the last pass began."),
  lastEnd: family("gauge", "last_pass_end_timestamp_seconds", "When the last pass ended."),
  lastGood: family("gauge", "last_pass_success_timestamp_seconds", "When the last pass without a failure ended."),
  lastMs: family("gauge", "last_pass_duration_seconds", "How long the last pass took."),
  items: family("gauge", "items", "Items by stage, name and state."),
  itemBytes: family("gauge", "stored_bytes", "Bytes that are stored, by stage and name."),
  itemRows: family("gauge", "stored_rows", "Rows that are stored, by stage and name."),
  itemRejected: family("gauge", "stored_rejected_lines", "Rejected lines of the partitions that are stored, by table."),
  gaps: family("gauge", "gaps", "Items the source lacks although they are older than settle, by source."),
  lag: family("gauge", "lag_seconds", "Time since the end of the newest stored interval, by source."),
  waiting: family("gauge", "waiting_items", "Items that wait, by stage and why."),
} as const;

type Counted = "done" | "failed" | "bytes" | "rows" | "rejected" | "passes";

/** `now` is asked when the page is: a lag grows between the passes. */
export function newMetrics(version: string, now: () => number): Metrics {
  const counters = new Map<string, Sample>();
  let pass: readonly Sample[] = [];
  let lastGood: readonly Sample[] = [];
  let state: readonly Sample[] = [];
  /** By source, the end of the newest stored interval. */
  let newestMs: readonly (readonly [source: string, endMs: number])[] = [];
  const add = (name: Counted, labels: Labels, value: number): void => {
    const key = JSON.stringify([name, labels]);
    counters.set(key, { family: families[name], labels, value: (counters.get(key)?.value ?? 0) + value });
  };
  // Counters begin at 0 instead of appearing with their first count: rates need the zero.
  for (const stage of ["collect", "convert", "marts"] as const)
    for (const name of ["done", "bytes"] as const) add(name, { stage }, 0);
  for (const stage of ["convert", "marts"] as const) add("rows", { stage }, 0);
  add("rejected", {}, 0);

  return {
    onEvent: (event) => count(event, add),
    onPass(summary, atMs) {
      add("passes", { exit_code: String(summary.exitCode) }, 1);
      const end = sample("lastEnd", {}, atMs / 1000);
      pass = [
        sample("lastStart", {}, Date.parse(summary.startedAt) / 1000),
        end,
        sample("lastMs", {}, summary.ms / 1000),
      ];
      if (summary.exitCode === 0) lastGood = [{ ...end, family: families.lastGood }];
    },
    onStatus(status) {
      state = statusSamples(status);
      newestMs = status.sources.flatMap(({ name, lagMs }) =>
        lagMs === undefined ? [] : [[name, Date.parse(status.at) - lagMs] as const],
      );
    },
    text: () =>
      page([
        sample("info", { version }, 1),
        ...counters.values(),
        ...pass,
        ...lastGood,
        ...state,
        ...newestMs.map(([source, endMs]) => sample("lag", { source }, (now() - endMs) / 1000)),
      ]),
  };
}

const sample = (name: keyof typeof families, labels: Labels, value: number): Sample => ({
  family: families[name],
  labels,
  value,
});

function count(event: Event, add: (name: Counted, labels: Labels, value: number) => void): void {
  const done = (stage: Stage, bytes: number): void => {
    add("done", { stage }, 1);
    add("bytes", { stage }, bytes);
  };
  switch (event.code) {
    case "fetch.done":
      done("collect", event.bytes);
      return;
    case "convert.done":
      done("convert", event.bytes);
      add("rows", { stage: "convert" }, event.rows);
      add("rejected", {}, event.rejected);
      return;
    case "mart.published":
      done("marts", event.bytes);
      add("rows", { stage: "marts" }, event.rows);
      return;
    case "fetch.failed":
      add("failed", { stage: "collect", kind: event.kind }, 1);
      return;
    case "convert.failed":
      add("failed", { stage: "convert", kind: event.kind }, 1);
      return;
    case "convert.held":
      add("failed", { stage: "convert", kind: "refused" }, 1);
      return;
    case "mart.failed":
      add("failed", { stage: "marts", kind: event.kind }, 1);
      return;
    case "mart.held":
      add("failed", { stage: "marts", kind: "refused" }, 1);
      return;
    default:
      return;
  }
}

function statusSamples(status: Status): readonly Sample[] {
  const samples: Sample[] = [];
  const add = (name: keyof typeof families, labels: Labels, value: number): void => {
    samples.push(sample(name, labels, value));
  };
  for (const { name, stored, pending, gaps, bytes } of status.sources) {
    const labels = { stage: "collect", name };
    add("items", { ...labels, state: "stored" }, stored);
    add("items", { ...labels, state: "pending" }, pending);
    add("items", { ...labels, state: "gap" }, gaps);
    add("itemBytes", labels, bytes);
    add("gaps", { source: name }, gaps);
  }
  for (const { name, partitions, unsettled, bytes, rows, rejected } of status.tables) {
    const labels = { stage: "convert", name };
    add("items", { ...labels, state: "converted" }, partitions);
    add("items", { ...labels, state: "to_widen" }, unsettled);
    add("itemBytes", labels, bytes);
    add("itemRows", labels, rows);
    add("itemRejected", { table: name }, rejected);
  }
  for (const { name, upToDate, bytes, rows } of status.marts) {
    const labels = { stage: "marts", name };
    add("items", { ...labels, state: "up_to_date" }, upToDate ? 1 : 0);
    add("items", { ...labels, state: "outdated" }, upToDate ? 0 : 1);
    add("itemBytes", labels, bytes);
    add("itemRows", labels, rows);
  }
  const waiting = new Map<string, { readonly stage: Stage; readonly reason: string; items: number }>();
  for (const each of status.waiting) {
    const { stage } = waitingGroup(each);
    const found = waiting.get(`${stage} ${each.kind}`);
    if (found === undefined) waiting.set(`${stage} ${each.kind}`, { stage, reason: each.kind, items: 1 });
    else found.items++;
  }
  for (const { stage, reason, items } of waiting.values()) add("waiting", { stage, reason }, items);
  return samples;
}

/** Samples of one family stand together below its two lines of comment. */
function page(samples: readonly Sample[]): string {
  const lines: string[] = [];
  for (const family of Object.values(families)) {
    const own = samples.filter((each) => each.family.name === family.name);
    if (own.length === 0) continue;
    lines.push(`# HELP ${family.name} ${family.help}`, `# TYPE ${family.name} ${family.type}`);
    for (const { labels, value } of own) lines.push(`${family.name}${labelText(labels)} ${value}`);
  }
  return `${lines.join("\n")}\n`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
