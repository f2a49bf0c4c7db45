import type { VerifyReport } from "../answers.ts";
import { type Command, noArguments } from "./command.ts";
import { withApp } from "./open.ts";
import { choice, list } from "./option.ts";
import { matcher, refuseUnknownName } from "./selection.ts";
import { count, counted, duration, size } from "./terminal/numbers.ts";
import type { FindingGroup, ReportOptions } from "./terminal/report.ts";
import { renderFindings } from "./terminal/report.ts";
import { startTicker } from "./terminal/ticker.ts";

const options = {
  only: choice("only", "PLACE", ["raw", "tables", "marts"], "one place alone"),
  select: list("select", "PATTERN", "items by name, * for anything: gharchive@2026-03-*, events, activity"),
} as const;

export const verify: Command = {
  name: "verify",
  purpose: "read everything again and compare it with what was promised",
  usage: ["verify [options]"],
  arguments: noArguments,
  options: Object.values(options),
  examples: [
    ["verify", "the whole lake: every object against its receipt, footer or manifest"],
    ["verify --only raw --select 'gharchive@2026-03-*'", "a month of raw objects"],
  ],
  exitCodes: [
    [0, "everything is as it was written"],
    [1, "something is damaged or missing"],
  ],
  run: (call) =>
    withApp(call, async (app) => {
      const only = call.read(options.only);
      const patterns = call.read(options.select);
      for (const pattern of patterns) refuseUnknownName(pattern, app.project);
      let read = 0;
      const ticker = startTicker(call, (ms) => `${size(read)} read in ${duration(ms)}   Ctrl-C stops`);
      const began = call.now();
      const report = await app
        .verify({
          signal: call.signal,
          onProgress: (bytes) => {
            read = bytes;
          },
          ...(only === undefined ? {} : { only }),
          ...(patterns.length === 0 ? {} : { select: matcher(patterns) }),
        })
        .finally(ticker.stop);
      if (call.common.json) call.out.printJson(report);
      else
        call.out.print(...renderVerify(report, call.now() - began, { width: call.out.width(), paint: call.out.paint }));
      return report.damaged.length === 0 ? 0 : 1;
    }),
};

export function renderVerify(report: VerifyReport, ms: number, options: ReportOptions): readonly string[] {
  const groups = report.damaged.map(
    ({ place, key, reason, remedy }): FindingGroup => ({
      label: place,
      findings: [{ count: "1", word: "damaged", what: key, note: reason, remedy, tone: "alarm" }],
    }),
  );
  const unverified = report.unverified === 0 ? "" : ` ${count(report.unverified)} could be compared with nothing.`;
  const verdict =
    report.damaged.length === 0 ? "All is as it was written." : `${count(report.damaged.length)} damaged.`;
  const findings = groups.length === 0 ? [] : [...renderFindings(groups, options), ""];
  return [
    ...findings,
    `  ${counted(report.objects, "object")}, ${size(report.bytes)} read in ${duration(ms)}. ${verdict}${unverified}`,
  ];
}
