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
import type { ReportOptions } from "./report.ts";
import { renderTable, type TableColumn } from "./table.ts";
import { visible, wrap } from "./text.ts";

const indent = "  ";

const paragraph = (text: string, { width }: ReportOptions): readonly string[] =>
  wrap(visible(text), width - indent.length).map((line) => `${indent}${line}`);

/** What keeps a mart on an older version, and the command that ends it: whole, so that it can be copied. */
const held = (mart: string, head: string, options: ReportOptions): readonly string[] => [
  ...paragraph(`${head} ${mart} is not built again until its statement changes or somebody asks for it:`, options),
  `${indent}${options.paint.accent(`millrace run --only marts --select ${mart} --rerun`)}`,
];

const versionColumns: readonly TableColumn[] = [
  { header: "version", align: "right" },
  { header: "published", align: "left" },
  { header: "", align: "left" },
  { header: "rows", align: "right" },
  { header: "size", align: "right" },
  { header: "engine", align: "left" },
];

export function renderVersions(answer: MartVersions, nowMs: number, options: ReportOptions): readonly string[] {
  const { mart, versions, isRolledBack, registration } = answer;
  const rows = versions.map((version) => [
    String(version.number),
    clockTime(Date.parse(version.at), nowMs),
    stateOf(version, answer, nowMs),
    version.rows === undefined ? "" : count(version.rows),
    version.bytes === undefined ? "" : size(version.bytes),
    version.engine ?? "",
  ]);
  const isShown = registration === undefined || registration.state === "registered";
  return [
    ...renderTable(versionColumns, rows, { ...options, indent }),
    ...(isShown ? [] : ["", ...paragraph(nameNote(registration), options)]),
    ...(isRolledBack ? ["", ...held(mart, "Rolled back:", options)] : []),
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
  return [`${indent}${head}`, "", ...held(mart, `Record ${record}${shown}.`, options)];
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
  moved: "elsewhere",
};

const listColumns: readonly TableColumn[] = [
  { header: "", align: "left" },
  { header: "name", align: "left" },
  { header: "state", align: "left" },
  { header: "registered as", align: "left" },
  { header: "version", align: "right" },
  { header: "partitions", align: "right" },
];

export function renderListing({ catalog, entries }: CatalogListing, options: ReportOptions): readonly string[] {
  if (entries.length === 0) return [`${indent}No marts yet.`];
  const rows = entries.map(({ kind, name, registered, state, number, partitions }) => [
    kind,
    name,
    entryWords[state],
    registered ?? "",
    number === undefined ? "" : String(number),
    partitions === undefined ? "" : count(partitions),
  ]);
  const reasons = entries.flatMap(({ name, reason }) =>
    reason === undefined ? [] : paragraph(`${name}: ${reason}`, options),
  );
  const former = entries.filter(
    ({ state, registered }) => (state === "dropped" || state === "moved") && registered !== undefined,
  );
  const waits = entries.some(({ state }) => state === "missing" || state === "behind" || state === "wrong");
  return [
    `${indent}${options.paint.quiet(visible(catalog))}`,
    "",
    ...usedColumns(listColumns, rows, options),
    ...(reasons.length === 0 ? [] : ["", ...reasons]),
    ...(waits ? ["", `${indent}Next  ${options.paint.accent("millrace run --only marts")}`] : []),
    ...(former.length === 0
      ? []
      : [
          "",
          ...paragraph(
            `${counted(former.length, "name")} of this lake where the project has none: of marts that moved or are gone, or that export --to put there. No run brings them forward. To take them away:`,
            options,
          ),
          `${indent}${options.paint.accent("millrace catalog export --drop-former")}`,
        ]),
  ];
}

/** A column that says nothing of anybody only takes room. */
function usedColumns(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  options: ReportOptions,
): readonly string[] {
  const used = columns.map((_, at) => rows.some((row) => row[at] !== ""));
  const pick = <T>(cells: readonly T[]): readonly T[] => cells.filter((_, at) => used[at]);
  return renderTable(pick(columns), rows.map(pick), { ...options, indent });
}

const doneWords: Readonly<Record<ExportReport["action"], string>> = {
  register: "registered",
  drop: "dropped",
  "drop-former": "dropped",
  restore: "restored",
};

const exportColumns: readonly TableColumn[] = [
  { header: "", align: "left" },
  { header: "name", align: "left" },
  { header: "", align: "left" },
  { header: "registered as", align: "left" },
  { header: "", align: "left" },
];

export function renderExport(report: ExportReport, options: ReportOptions): readonly string[] {
  const { action, items, dryRun, catalog } = report;
  const rows = items.map(({ kind, name, state, registered, what }) => [
    kind,
    name,
    itemWords(action)[state],
    registered ?? "",
    state === "failed" ? "" : what,
  ]);
  const failed = items.filter(({ state }) => state === "failed");
  const reasons = failed.flatMap(({ name, what, failure }) => [
    "",
    ...paragraph(`${name}: ${what}`, options).map(options.paint.alarm),
    ...(failure?.remedy === undefined ? [] : paragraph(failure.remedy, options)),
  ]);
  const changed = items.filter(({ state }) => state === "done" || state === "planned").length;
  const failures = failed.length === 0 ? "" : ` ${count(failed.length)} failed.`;
  const verb = dryRun ? `would be ${doneWords[action]}. Nothing was written.` : `${doneWords[action]}.`;
  const verdict = changed === 0 ? "Nothing to do." : `${counted(changed, "name")} ${verb}`;
  return [
    `${indent}${options.paint.quiet(visible(catalog))}`,
    ...(rows.length === 0 ? [] : ["", ...usedColumns(exportColumns, rows, options)]),
    ...reasons,
    "",
    `${indent}${verdict}${failures}`,
  ];
}

function itemWords(action: ExportReport["action"]): Readonly<Record<ExportItem["state"], string>> {
  return {
    done: doneWords[action],
    planned: `to be ${doneWords[action]}`,
    already: "unchanged",
    nothing: "left out",
    failed: "failed",
  };
}
