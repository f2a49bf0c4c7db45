/** What became of converted files: one line each, and the first rejected lines with their reasons. */
import type { ConvertedFile, ConvertSummary } from "../../answers.ts";
import { leafPaths } from "../../model/column-path.ts";
import { count, counted, duration, size } from "./numbers.ts";
import type { ReportOptions } from "./report.ts";
import { renderTable } from "./table.ts";
import { cut, visible } from "./text.ts";

/** More files than this are a table that nobody reads. */
const FILES_SHOWN = 24;
/** Files whose rejected lines are shown. */
const REJECTS_SHOWN = 8;

export function renderConverted(summary: ConvertSummary, options: ReportOptions): readonly string[] {
  const { width, paint } = options;
  const done = summary.files.filter((file) => file.report !== undefined);
  const rest = done.length - FILES_SHOWN;
  const columns = [
    { header: "file", align: "left" },
    { header: "rows", align: "right" },
    { header: "rejected", align: "right" },
    { header: "columns", align: "right" },
    { header: "JSON", align: "right" },
    { header: "Parquet", align: "right" },
    { header: "time", align: "right" },
  ] as const;
  const rows = done.slice(0, FILES_SHOWN).map((file) => rowOf(file));
  return [
    ...(rows.length === 0 ? [] : renderTable(columns, rows, { width, paint, indent: "  " })),
    ...(rest > 0 ? [paint.quiet(`  … and ${counted(rest, "more file")}`)] : []),
    ...renderRejects(summary, options),
  ];
}

function rowOf({ output, ms, report }: ConvertedFile): readonly string[] {
  if (report === undefined) return [output];
  return [
    output,
    count(report.rows),
    report.rejected === 0 ? "-" : count(report.rejected),
    count(leafPaths(report.schema).length),
    size(report.bytesJson),
    size(report.bytesOut),
    duration(ms),
  ];
}

/** The rejected lines of each file that has some, as far as they are known. */
export function renderRejects(summary: ConvertSummary, { width, paint }: ReportOptions): readonly string[] {
  const some = summary.files.filter((file) => (file.report?.rejected ?? 0) > 0);
  const lines = some.slice(0, REJECTS_SHOWN).flatMap(({ input, report }) => {
    if (report === undefined) return [];
    const samples = report.rejectSamples.map(({ line, offset, reason }) =>
      cut(visible(`    line ${count(line)}, byte ${count(offset)}: ${reason}`), width - 1),
    );
    const more = report.rejected - samples.length;
    return [
      paint.alarm(cut(visible(`  ${input}: ${counted(report.rejected, "line")} rejected`), width - 1)),
      ...samples,
      ...(more > 0 ? [paint.quiet(`    … and ${count(more)} more`)] : []),
    ];
  });
  const rest = some.length - REJECTS_SHOWN;
  return rest > 0 ? [...lines, paint.quiet(`  … and in ${counted(rest, "more file")}`)] : lines;
}
