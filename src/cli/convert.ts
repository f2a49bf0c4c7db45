import type { ConvertSummary } from "../answers.ts";
import { openTools } from "../app.ts";
import { leafPaths } from "../model/column-path.ts";
import type { Event } from "../model/events.ts";
import type { Call, Command } from "./command.ts";
import { readSettings, settingOptions } from "./convert-options.ts";
import { convertJobs } from "./convert-places.ts";
import { text, whole } from "./option.ts";
import { startReporting } from "./reporting.ts";
import { renderConverted, renderRejects } from "./terminal/convert-report.ts";
import { failureJson, renderFailure } from "./terminal/failure.ts";

const options = {
  output: text("output", "DIR|FILE", "where to; - is stdout", { short: "o", fallback: "beside the input" }),
  rejects: text("rejects", "DIR|FILE", "keep rejected lines there, with line number and reason"),
  parallel: whole("parallel", "N", "files at a time", 1, { fallback: "what cores and memory allow" }),
  ...settingOptions,
} as const;

export const convert: Command = {
  name: "convert",
  purpose: "JSON files to Parquet, without a project",
  usage: ["convert FILE… [-o DIR|FILE]", "convert - [-o FILE]"],
  arguments: { least: 0, most: Number.POSITIVE_INFINITY, names: "files" },
  options: Object.values(options),
  examples: [
    ["convert events.json.gz", "writes events.parquet beside it"],
    ["convert hours/2026-03-01-05.json.gz hours/2026-03-01-06.json.gz -o parquet/", "several, into a directory"],
    ["convert - -o events.parquet < events.json", "from stdin; without -o to stdout"],
    ["convert events.json --columns payload=json --columns created_at=timestamp", "with two columns declared"],
    ["convert events.json --max-rejects 1% --rejects bad.ndjson.gz", "up to one line in a hundred may be bad"],
  ],
  notes: [
    "One JSON object a line, plain, gzip or zstd by its first bytes. Every key becomes a column, nested as it is; types come from the data. An output appears when it is whole, and replaces one that is there only then.",
    "--json prints one object a file: rows, rejected, schema, leaves, timings, bytes.",
  ],
  exitCodes: [
    [0, "done"],
    [1, "a file is damaged or missing; the others were converted"],
    [3, "a file was refused: too many rejected lines or columns, a clash with --schema"],
    [5, "a file or directory cannot be read or written"],
  ],
  async run(call) {
    const tools = openTools({ parallel: call.read(options.parallel) });
    try {
      const settings = await readSettings(call, tools.knownSchema);
      const jobs = convertJobs(call, { output: call.read(options.output), rejects: call.read(options.rejects) });
      const reporting = startReporting(call, { collect: "", convert: "files", marts: "" });
      // What failed is told once, in full, at the end.
      const report = (event: Event): void => {
        const isTold = call.common.log === "text" && !reporting.isLive;
        if (!isTold || event.code === "convert.done") reporting.report(event);
      };
      const summary = await tools.convert(jobs, { ...settings, signal: call.signal, report }).finally(reporting.stop);
      tell(call, summary, reporting.isLive);
      return summary.exitCode;
    } finally {
      await tools.close();
    }
  },
};

function tell(call: Call, summary: ConvertSummary, isLive: boolean): void {
  const { err, out, common } = call;
  if (common.json) for (const file of summary.files) out.printJson(fileJson(file));
  if (common.log === "json") return;
  const shown = { width: err.width(), paint: err.paint };
  if (!common.quiet) {
    const lines = isLive ? ["", ...renderConverted(summary, shown)] : renderRejects(summary, shown);
    if (lines.length > 0) err.print(...lines);
  }
  if (common.json) return;
  const explained = { paint: err.paint, cwd: call.cwd, debug: call.env.MILLRACE_DEBUG !== undefined };
  for (const { failure } of summary.files) {
    if (failure !== undefined) err.print(...renderFailure(failure, explained));
  }
}

function fileJson({ input, output, ms, report, failure }: ConvertSummary["files"][number]): unknown {
  if (failure !== undefined) return { input, output, ms, error: failureJson(failure) };
  if (report === undefined) return { input, output, ms };
  return { input, output, ms, leaves: leafPaths(report.schema).length, ...report };
}
