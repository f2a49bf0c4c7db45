/** What is there, what is missing, why, and what next: on one screen. */
import type { MartStatus, RegistrationStatus, SourceStatus, Status, TableStatus } from "../../answers.ts";
import { parseVersionName } from "../../model/layout.ts";
import { renderCalendar } from "./calendar.ts";
import { clockTime, count, counted, duration, size } from "./numbers.ts";
import type { ReportOptions } from "./report.ts";
import { renderFindings } from "./report.ts";
import { waitingGroups } from "./run-report.ts";
import { renderTable } from "./table.ts";
import { visible, wrap } from "./text.ts";

export interface StatusOptions extends ReportOptions {
  /** Folds no calendar. */
  readonly full: boolean;
}

export function renderStatus(status: Status, options: StatusOptions): readonly string[] {
  const nowMs = Date.parse(status.at);
  const waiting = waitingGroups(status.waiting, nowMs);
  return [
    ...status.sources.flatMap((source) => [...sourceLines(source, options), ""]),
    ...tableLines(status.tables, options),
    ...martLines(status.marts, nowMs, options),
    ...(waiting.length === 0 ? ["  Nothing is missing and nothing waits."] : [...renderFindings(waiting, options)]),
  ];
}

function sourceLines(source: SourceStatus, options: StatusOptions): readonly string[] {
  const { paint, width } = options;
  const facts = [
    `${counted(source.stored, source.every)} stored, ${size(source.bytes)}`,
    source.last === undefined ? "" : `newest ${source.last}`,
    source.lagMs === undefined ? "" : `${duration(source.lagMs)} ago`,
    source.adopted === 0 ? "" : `${count(source.adopted)} adopted`,
  ].filter((fact) => fact !== "");
  const counts = [
    source.gaps === 0 ? "" : paint.alarm(counted(source.gaps, "gap")),
    source.pending === 0 ? "" : `${count(source.pending)} pending`,
  ].filter((fact) => fact !== "");
  const [first = "", ...more] = wrap(`${visible(source.name)}   ${facts.join(", ")}`, width - 2);
  const head = [first, ...more.map((line) => `  ${line}`), ...(counts.length === 0 ? [] : [`  ${counts.join(", ")}`])];
  const calendar = renderCalendar(source.days, { width, paint, every: source.every, full: options.full });
  return calendar.length === 0 ? head : [...head, "", ...calendar];
}

function tableLines(tables: readonly TableStatus[], { width, paint }: ReportOptions): readonly string[] {
  if (tables.length === 0) return [];
  const columns = [
    { header: "table", align: "left" },
    { header: "partitions", align: "right" },
    { header: "rows", align: "right" },
    { header: "rejected", align: "right" },
    { header: "size", align: "right" },
    { header: "columns", align: "right" },
    { header: "schema", align: "right" },
    { header: "newest", align: "left" },
  ] as const;
  const rows = tables.map((table) => [
    table.name,
    count(table.partitions),
    count(table.rows),
    count(table.rejected),
    size(table.bytes),
    count(table.columns),
    `v${table.schemaVersion}`,
    table.last ?? "-",
  ]);
  const listed = tables.flatMap(({ name, partitions, registered }) => {
    if (registered?.name === undefined || registered.state === "registered") return [];
    if (registered.state === "foreign") return [`${visible(name)}: the name ${visible(registered.name)} is not ours`];
    const of = `${count(registered.partitions)} of ${counted(partitions, "partition")}`;
    return [`${visible(name)}: ${visible(registered.name)} lists ${of}, to be registered`];
  });
  const unsettled = tables
    .filter((table) => table.unsettled > 0)
    .map(
      (table) =>
        `${visible(table.name)}: ${counted(table.unsettled, "partition")} narrower than the schema, to be converted again`,
    );
  return [
    ...renderTable(columns, rows, { width, paint, indent: "  " }),
    ...[...unsettled, ...listed].flatMap((line) => wrap(line, width - 2)).map((line) => `  ${line}`),
    "",
  ];
}

const martReasons: ReadonlyMap<string, string> = new Map([
  ["new", "to build"],
  ["sql", "its SQL changed"],
  ["schema", "columns changed"],
  ["inputs", "inputs changed"],
  ["upcoming", "inputs will change"],
  ["widening", "its table is being widened"],
  ["empty", "its tables have no partition yet"],
  ["manual", "refresh: manual"],
  ["interval", "waits for its refresh interval"],
  ["rollback", "an older version, restored"],
  ["catalog", "waits for the metastore"],
  ["register", "to register"],
]);

/** The names by which other tools find marts, and what they find where that is not the last version. */
function nameLines(marts: readonly MartStatus[]): readonly string[] {
  const right = marts.flatMap(({ registered }) => (registered?.state === "registered" ? (registered.name ?? []) : []));
  const wrong = marts.flatMap(({ name, registered }) => {
    const text = registered === undefined ? "" : wrongName(registered);
    return text === "" ? [] : [`${visible(name)}: ${visible(text)}`];
  });
  return [...(right.length === 0 ? [] : [`by name: ${right.map(visible).join(", ")}`]), ...wrong];
}

function wrongName({ name = "its name", state, number = 0 }: RegistrationStatus): string {
  switch (state) {
    case "registered":
    case "unpublished":
      return "";
    case "missing":
      return "no name shows it yet";
    case "behind":
    case "ahead":
      return `${name} shows version ${count(number)}`;
    case "wrong":
      return `${name} is not as it should be`;
    case "foreign":
      return `the name ${name} is not ours`;
  }
}

function martLines(marts: readonly MartStatus[], nowMs: number, { width, paint }: ReportOptions): readonly string[] {
  if (marts.length === 0) return [];
  // Where everything comes from the embedded engine, saying so would only take room.
  const showsEngine = marts.some(({ engine = "duckdb" }) => engine !== "duckdb");
  const columns = [
    { header: "mart", align: "left" },
    { header: "version", align: "right" },
    { header: "rows", align: "right" },
    { header: "size", align: "right" },
    { header: "published", align: "left" },
    ...(showsEngine ? [{ header: "by", align: "left" } as const] : []),
    { header: "state", align: "left" },
  ] as const;
  const rows = marts.map((mart) => [
    mart.name,
    // As everywhere else that versions have numbers: a rollback has a later record, and the older version.
    mart.version === undefined ? "-" : count(parseVersionName(mart.version)?.number ?? mart.number),
    mart.version === undefined ? "-" : count(mart.rows),
    mart.version === undefined ? "-" : size(mart.bytes),
    mart.publishedAt === undefined ? "never" : clockTime(Date.parse(mart.publishedAt), nowMs),
    ...(showsEngine ? [mart.engine ?? "-"] : []),
    mart.upToDate ? "up to date" : (martReasons.get(mart.reason ?? "") ?? mart.reason ?? ""),
  ]);
  const names = nameLines(marts)
    .flatMap((line) => wrap(line, width - 2))
    .map((line) => `  ${line}`);
  return [...renderTable(columns, rows, { width, paint, indent: "  " }), ...names, ""];
}
