/** The versions of a mart, what a rollback did, and what stands under the names of a catalog. */
import type {
  CatalogEntry,
  CatalogListing,
  ExportItem,
  ExportReport,
  MartVersion,
  MartVersions,
  RollbackReport,
} from "../../answers.ts";
import { clockTime, count, counted, size } from "./numbers.ts";
import type { Finding, ReportOptions } from "./report.ts";
import { renderFindings } from "./report.ts";
import { renderTable, type TableColumn } from "./table.ts";
import { visible, wrap } from "./text.ts";

const indent = "  ";

const paragraph = (text: string, { width }: ReportOptions): readonly string[] =>
  wrap(text, width - indent.length).map((line) => `${indent}${line}`);

const held = (mart: string): string =>
  `${mart} is not built again until its statement changes or somebody asks: millrace run --only marts --select ${mart} --rerun`;

const versionColumns: readonly TableColumn[] = [
  { header: "version", align: "right" },
  { header: "published", align: "left" },
  { header: "rows", align: "right" },
  { header: "size", align: "right" },
  { header: "engine", align: "left" },
  { header: "", align: "left" },
];

export function renderVersions(answer: MartVersions, nowMs: number, options: ReportOptions): readonly string[] {
  const { mart, versions, isRolledBack, registration } = answer;
  const rows = versions.map((version) => [
    String(version.number),
    clockTime(Date.parse(version.at), nowMs),
    version.rows === undefined ? "" : count(version.rows),
    version.bytes === undefined ? "" : size(version.bytes),
    version.engine ?? "",
    stateOf(version, answer, nowMs),
  ]);
  const notes = [
    ...(isRolledBack ? [`Rolled back: ${held(mart)}`] : []),
    ...(registration === undefined || registration.state === "registered" ? [] : [nameNote(registration)]),
  ];
  return [
    ...renderTable(versionColumns, rows, { ...options, indent }),
    ...(notes.length === 0 ? [] : ["", ...notes.flatMap((note) => paragraph(note, options))]),
  ];
}

function stateOf(version: MartVersion, { registration }: MartVersions, nowMs: number): string {
  const { isCurrent, isRegistered, restored, state, reason } = version;
  const [last] = restored;
  const facts = [
    ...(isCurrent ? ["current"] : []),
    ...(isRegistered && registration?.name !== undefined ? [registration.name] : []),
    ...(last === undefined ? [] : [`restored ${clockTime(Date.parse(last.at), nowMs)}`]),
    ...(state === "whole" ? [] : [state === "removing" ? "about to be removed" : (reason ?? state)]),
  ];
  return facts.join(", ");
}

function nameNote({ name, state, reason }: NonNullable<MartVersions["registration"]>): string {
  if (state === "foreign") return `${name} is not ours: ${reason}`;
  if (state === "missing") return "Not registered yet: millrace run registers it";
  return `${name} ${reason ?? state}: millrace run registers it`;
}

export function renderRollback(report: RollbackReport, options: ReportOptions): readonly string[] {
  const { mart, state, from, to, record, registered } = report;
  const what = `${counted(to.rows, "row")}, ${size(to.bytes)}`;
  if (state === "current")
    return paragraph(
      `${mart} shows version ${to.number} already (${to.version}, ${what}). Nothing was written.`,
      options,
    );
  const head = `${mart}   version ${from.number} → ${to.number}   ${to.version}   ${what}`;
  if (state === "planned")
    return [
      `${indent}${head}`,
      "",
      `${indent}The version is whole. Nothing was written.   millrace catalog rollback ${mart} ${to.number}`,
    ];
  const shown = registered === undefined ? "" : `, ${registered} shows it`;
  return [`${indent}${head}`, "", ...paragraph(`Record ${record}${shown}. ${held(mart)}`, options)];
}

const entryWords: Readonly<Record<CatalogEntry["state"], string>> = {
  registered: "registered",
  missing: "not registered",
  behind: "behind",
  wrong: "wrong",
  ahead: "ahead",
  foreign: "not ours",
  unpublished: "not published yet",
  own: "in the lake",
  unreadable: "damaged",
  dropped: "not in the project",
};

const listColumns: readonly TableColumn[] = [
  { header: "", align: "left" },
  { header: "name", align: "left" },
  { header: "registered as", align: "left" },
  { header: "version", align: "right" },
  { header: "partitions", align: "right" },
  { header: "state", align: "left" },
];

export function renderListing({ catalog, entries }: CatalogListing, options: ReportOptions): readonly string[] {
  if (entries.length === 0) return [`${indent}No marts yet.`];
  const rows = entries.map(({ kind, name, registered, state, reason, number, partitions }) => [
    kind,
    name,
    registered ?? "",
    number === undefined ? "" : String(number),
    partitions === undefined ? "" : count(partitions),
    reason === undefined ? entryWords[state] : `${entryWords[state]}: ${reason}`,
  ]);
  // A column that says nothing of anybody only takes room.
  const used = listColumns.map((_, at) => rows.some((row) => row[at] !== ""));
  const pick = <T>(cells: readonly T[]): readonly T[] => cells.filter((_, at) => used[at]);
  const waits = entries.some(({ state }) => state === "missing" || state === "behind" || state === "wrong");
  return [
    `${indent}${options.paint.quiet(visible(catalog))}`,
    "",
    ...renderTable(pick(listColumns), rows.map(pick), { ...options, indent }),
    ...(waits ? ["", `${indent}Next  ${options.paint.accent("millrace run --only marts")}`] : []),
  ];
}

const doneWords: Readonly<Record<ExportReport["action"], string>> = {
  register: "registered",
  drop: "dropped",
  restore: "restored",
};

export function renderExport(report: ExportReport, options: ReportOptions): readonly string[] {
  const { action, items, dryRun, catalog } = report;
  const findings = items.map((item) => findingOf(item, action));
  const changed = items.filter(({ state }) => state === "done" || state === "planned").length;
  const failed = items.filter(({ state }) => state === "failed").length;
  const failures = failed === 0 ? "" : ` ${count(failed)} failed.`;
  const what = `${counted(changed, "name")} ${dryRun ? `would be ${doneWords[action]}` : doneWords[action]}`;
  const verdict =
    changed === 0
      ? `Nothing to do.${failures}`
      : dryRun
        ? `${what}. Nothing was written.${failures}`
        : `${what}.${failures}`;
  const groups = findings.length === 0 ? [] : renderFindings([{ label: visible(catalog), findings }], options);
  return [...groups, ...(groups.length === 0 ? [] : [""]), `${indent}${verdict}`];
}

function findingOf(item: ExportItem, action: ExportReport["action"]): Finding {
  const { name, registered, state, what, failure } = item;
  const words = {
    done: doneWords[action],
    planned: `to be ${doneWords[action]}`,
    already: "as it should be",
    nothing: "nothing to do",
    failed: "failed",
  } as const;
  return {
    ...{
      count: "",
      word: "",
      what: name,
      note: `${words[state]}${registered === undefined ? "" : ` as ${registered}`}: ${what}`,
    },
    ...(failure?.remedy === undefined ? {} : { remedy: failure.remedy }),
    ...(state === "failed" ? { tone: "alarm" as const } : {}),
  };
}
