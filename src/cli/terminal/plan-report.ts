/** A plan as findings: per stage what, how many and why. The odd one is never hidden in a count. */
import type { TableSchemaAnswer } from "../../answers.ts";
import { type Interval, intervalId } from "../../model/calendar.ts";
import type { EngineName, Project } from "../../model/project.ts";
import type { ConvertReason, MartReason, Plan, RegisterReason, Step, Waiting } from "../../reconcile/plan.ts";
import { count, counted } from "./numbers.ts";
import { rangesOf, rangesText } from "./ranges.ts";
import type { Finding, FindingGroup, ReportOptions } from "./report.ts";
import { renderFindings } from "./report.ts";
import { visible, wrap } from "./text.ts";
import { waitingFindings, waitingGroup } from "./waiting-report.ts";

export type Widening = TableSchemaAnswer["widenings"][number];

export interface PlanContext {
  readonly project: Project;
  /** Of the tables that have partitions to re-convert because a type widened. */
  readonly widenings: ReadonlyMap<string, readonly Widening[]>;
}

const RANGES_SHOWN = 3;

export function renderPlan(plan: Plan, context: PlanContext, options: ReportOptions): readonly string[] {
  const groups = planGroups(plan, context);
  const steps = plan.steps.length + plan.foreseen.reduce((sum, each) => sum + each.items, 0);
  const isKnown = plan.waiting.every(({ kind }) => kind !== "catalog");
  const nothing = isKnown ? "Nothing to do" : "Nothing to do as far as can be seen";
  const last = `${steps === 0 ? nothing : counted(steps, "step")}. Nothing was written.`;
  const next = steps === 0 ? "" : `   ${options.paint.accent("millrace run")}`;
  return [...renderFindings(groups, options), ...renderWarnings(plan, options), "", `  ${last}${next}`];
}

function renderWarnings({ warnings = [] }: Plan, { width, paint }: ReportOptions): readonly string[] {
  const lines = warnings.flatMap((text) =>
    wrap(visible(text), Math.max(20, width - 4)).map((line, at) =>
      at === 0 ? `  ${paint.alarm("!")} ${line}` : `    ${line}`,
    ),
  );
  return lines.length === 0 ? [] : ["", ...lines];
}

/** One group for each source, table and mart that has something to tell, or has something that is up to date. */
export function planGroups(plan: Plan, context: PlanContext): readonly FindingGroup[] {
  const { project } = context;
  const groups: FindingGroup[] = [];
  const waiting = (stage: "collect" | "convert" | "marts", name: string): readonly Finding[] =>
    waitingFindings(
      plan.waiting.filter((each) => isOf(each, stage, name)),
      plan.atMs,
    );
  const upToDate = (stage: "collect" | "convert" | "marts", name: string): number =>
    plan.upToDate.find((each) => each.stage === stage && each.name === name)?.items ?? 0;
  const add = (label: string, findings: readonly Finding[], done: Finding | undefined): void => {
    if (findings.length > 0) groups.push({ label, findings });
    else if (done !== undefined) groups.push({ label, findings: [done] });
  };
  for (const name of project.sources.keys()) {
    const items = upToDate("collect", name);
    add(
      `${name} → raw`,
      [...collectFindings(plan.steps, name), ...waiting("collect", name)],
      quietly(items, "stored", "nothing to fetch"),
    );
  }
  for (const name of project.tables.keys()) {
    const items = upToDate("convert", name);
    const findings = [
      ...convertFindings(plan.steps, name, context.widenings.get(name) ?? []),
      ...plan.foreseen.filter(({ table }) => table === name).map(foreseenFinding),
      ...waiting("convert", name),
    ];
    add(`raw → ${name}`, findings, quietly(items, "converted", "nothing to convert"));
  }
  // What a statement reads is known to the engine; with one table there is no doubt.
  const [onlyTable] = project.tables.size === 1 ? project.tables.keys() : [];
  for (const [name, settings] of project.marts) {
    const from = settings.projection?.from ?? onlyTable ?? "tables";
    const findings = [
      ...martFindings(plan.steps, name),
      ...registerFindings(plan.steps, name),
      ...waiting("marts", name),
    ];
    add(
      `${from} → ${name}${project.engine.kind === "spark" ? " by Spark" : ""}`,
      findings,
      upToDate("marts", name) === 0 ? undefined : { count: "", word: "", what: "up to date", tone: "quiet" },
    );
  }
  for (const name of project.tables.keys()) {
    add(`${name} → catalog`, [...tableFindings(plan.steps, name), ...waiting("marts", name)], undefined);
  }
  for (const each of plan.waiting) {
    if (each.kind === "catalog") add(each.name, waitingFindings([each], plan.atMs), undefined);
  }
  return groups;
}

const quietly = (items: number, word: string, what: string): Finding | undefined =>
  items === 0 ? undefined : { count: count(items), word, what, tone: "quiet" };

function isOf(waiting: Waiting, stage: "collect" | "convert" | "marts", name: string): boolean {
  const group = waitingGroup(waiting);
  return group.stage === stage && group.name === name;
}

const collectWords: Readonly<
  Record<Extract<Step, { kind: "collect" }>["reason"], readonly [word: string, note: string]>
> = {
  missing: ["to fetch", ""],
  asked: ["to fetch", "again, as asked"],
  failed: ["to fetch", "failed before"],
  pending: ["to ask for", "not there at the last try"],
  gap: ["to ask for", "missing so far"],
  recheck: ["to re-check", "may have changed at the source"],
};

function collectFindings(steps: readonly Step[], source: string): readonly Finding[] {
  const adopted = steps.flatMap((step) => (step.kind === "adopt" && step.source === source ? [step.interval] : []));
  const findings: Finding[] = [];
  if (adopted.length > 0) findings.push(intervalFinding(adopted, "to adopt", "stored without a receipt"));
  for (const [reason, [word, note]] of Object.entries(collectWords)) {
    const found = steps.flatMap((step) =>
      step.kind === "collect" && step.source === source && step.reason === reason ? [step.interval] : [],
    );
    if (found.length > 0) findings.push(intervalFinding(found, word, note));
  }
  return findings;
}

const intervalFinding = (intervals: readonly Interval[], word: string, note: string): Finding => ({
  count: count(intervals.length),
  word,
  what: rangesText(rangesOf(intervals), RANGES_SHOWN),
  ...(note === "" ? {} : { note }),
});

const foreseenFinding = ({ items }: Plan["foreseen"][number]): Finding => ({
  count: count(items),
  word: "to convert",
  what: "as they arrive",
});

type ConvertStep = Extract<Step, { kind: "convert" }>;

function convertFindings(steps: readonly Step[], table: string, widenings: readonly Widening[]): readonly Finding[] {
  const found = steps.filter((step): step is ConvertStep => step.kind === "convert" && step.table === table);
  const byReason = new Map<string, ConvertStep[]>();
  for (const step of found) {
    const word = convertWord(step.reason);
    byReason.set(word, [...(byReason.get(word) ?? []), step]);
  }
  return [...byReason].flatMap(([word, group], index) => {
    // The total stands once, before the first reason; each reason has its own number.
    const head = index === 0 ? { count: count(found.length), word: "to convert" } : { count: "", word: "" };
    const ids = rangesText(rangesOf(group.map((step) => step.interval)), RANGES_SHOWN);
    const first: Finding = {
      ...head,
      what: `${count(group.length)} ${word}`,
      note: [ids, convertNote(group)].filter((part) => part !== "").join("   "),
    };
    return [first, ...causes(group, widenings)];
  });
}

function convertWord(reason: ConvertReason): string {
  switch (reason.kind) {
    case "new":
      return "new";
    case "revision":
      return "changed";
    case "settings":
      return "by other settings";
    case "converter":
      return "by another converter";
    case "widened":
      return "widened";
    case "stand-in":
      return "typed since";
    case "asked":
      return "again";
  }
}

function convertNote(steps: readonly ConvertStep[]): string {
  const reason = steps[0]?.reason;
  if (reason?.kind === "revision") return "the raw object has a newer revision";
  if (reason?.kind === "settings") return "the table's settings changed";
  if (reason?.kind === "converter") return `written by ${reason.from}`;
  if (reason?.kind === "asked") return "as asked";
  return "";
}

const CAUSES_SHOWN = 5;

/** Why types moved, a line a column: what it was, what it is, and the line of data that did it. */
function causes(steps: readonly ConvertStep[], widenings: readonly Widening[]): readonly Finding[] {
  const paths = new Set(
    steps.flatMap((step) =>
      step.reason.kind === "widened" || step.reason.kind === "stand-in" ? step.reason.paths : [],
    ),
  );
  const lines = [...paths].map((path): Finding => {
    const cause = widenings.findLast((each) => each.path === path);
    if (cause === undefined) return { count: "", word: "", what: path, isDetail: true };
    const what = `${path} ${cause.from} → ${cause.to}`;
    // Of a schema that was rebuilt from footers nobody knows the line any more.
    if (cause.line === 0) return { count: "", word: "", what, isDetail: true };
    const note = `(${cause.src}, line ${count(cause.line)}: ${cause.value})`;
    return { count: "", word: "", what, note, isDetail: true };
  });
  const shown = lines.slice(0, CAUSES_SHOWN);
  const rest = lines.length - shown.length;
  return rest === 0
    ? shown
    : [...shown, { count: "", word: "", isDetail: true, what: `and ${counted(rest, "more column", "more columns")}` }];
}

function martFindings(steps: readonly Step[], mart: string): readonly Finding[] {
  return steps.flatMap((step): readonly Finding[] => {
    if (step.kind !== "mart" || step.mart !== mart) return [];
    const isNew = step.reason.kind === "new";
    return [{ count: "1", word: isNew ? "to build" : "to rebuild", what: martWhy(step.reason) }];
  });
}

function martWhy(reason: MartReason): string {
  switch (reason.kind) {
    case "new":
      return "no version yet";
    case "sql":
      return "its SQL changed";
    case "format":
      return `its format is ${reason.format} now`;
    case "schema":
      return `columns of ${reason.table} changed`;
    case "inputs":
      return reason.before === reason.now
        ? `inputs changed: ${counted(reason.now, "partition")} of ${reason.table}`
        : `inputs changed: ${count(reason.before)} → ${counted(reason.now, "partition")} of ${reason.table}`;
    case "upcoming":
      return "inputs will change by this plan";
    case "asked":
      return "as asked";
  }
}

function registerFindings(steps: readonly Step[], mart: string): readonly Finding[] {
  return steps.flatMap((step): readonly Finding[] =>
    step.kind === "register" && step.mart === mart
      ? [{ count: "1", word: "to register", what: registerWhy(step.reason) }]
      : [],
  );
}

function registerWhy(reason: RegisterReason): string {
  switch (reason.kind) {
    case "absent":
      return "its name shows nothing yet";
    case "behind":
      return `its name shows version ${count(reason.number)}`;
    case "ahead":
      return `its name shows version ${count(reason.number)}, which the lake does not have`;
    case "differs":
      return "its description changed";
    case "fault":
      return reason.fault;
  }
}

function tableFindings(steps: readonly Step[], table: string): readonly Finding[] {
  return steps.flatMap((step): readonly Finding[] => {
    if (step.kind !== "register-table" || step.table !== table) return [];
    const { define, add, remove, files } = step;
    const isFilesAlone = files !== undefined && define === undefined && add.length + remove.length === 0;
    const what = [
      define === "absent" ? "the table" : define === "columns" ? "its columns" : isFilesAlone ? "its new files" : "",
      add.length === 0 ? "" : counted(add.length, "partition"),
    ].filter((part) => part !== "");
    return [
      ...(what.length === 0 ? [] : [{ count: "1", word: "to register", what: what.join(", ") }]),
      ...(remove.length === 0
        ? []
        : [{ count: count(remove.length), word: "to remove", what: "partitions without a file" }]),
    ];
  });
}

/** The same value for scripts: names and times instead of nested objects. */
export function planJson(plan: Plan, engine: EngineName): unknown {
  return {
    at: new Date(plan.atMs).toISOString(),
    engine,
    steps: plan.steps.map(stepJson),
    waiting: plan.waiting.map(waitingJson),
    upToDate: plan.upToDate,
    ...(plan.warnings === undefined ? {} : { warnings: plan.warnings }),
  };
}

function stepJson(step: Step): unknown {
  switch (step.kind) {
    case "adopt":
      return { kind: step.kind, key: `${step.source}@${intervalId(step.interval)}`, bytes: step.raw.size };
    case "collect":
      return { kind: step.kind, key: `${step.source}@${intervalId(step.interval)}`, reason: step.reason };
    case "convert":
      return {
        kind: step.kind,
        key: `${step.table}@${intervalId(step.interval)}`,
        bytes: step.raw.size,
        reason: step.reason,
      };
    case "mart":
    case "register":
      return { kind: step.kind, key: step.mart, reason: step.reason };
    case "register-table": {
      const { kind, table: key, define, add, remove, files } = step;
      const why = { ...(define === undefined ? {} : { define }), ...(files === undefined ? {} : { files }) };
      return { kind, key, ...why, add: add.length, remove: remove.length };
    }
  }
}

/** Times of the next try as instants. */
export function waitingJson(waiting: Waiting): unknown {
  if (!("nextMs" in waiting)) return waiting;
  const { nextMs, ...rest } = waiting;
  return { ...rest, nextAt: nextMs === undefined ? null : new Date(nextMs).toISOString() };
}
