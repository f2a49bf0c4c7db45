import type { DoctorReport } from "../answers.ts";
import { type Command, noArguments } from "./command.ts";
import { withApp } from "./open.ts";
import { counted, duration } from "./terminal/numbers.ts";
import type { ReportOptions } from "./terminal/report.ts";
import { displayWidth, padEnd, visible, wrap } from "./terminal/text.ts";

export const doctor: Command = {
  name: "doctor",
  purpose: "test every connection and right, with a fix for each finding",
  usage: ["doctor [options]"],
  arguments: noArguments,
  options: [],
  examples: [
    ["doctor", "the project, the three places of the lake, the sources, the engine, the catalog"],
    ["doctor --target server", "the same for another place"],
  ],
  notes: ["It writes small objects below _probe/ in each place and removes them again."],
  exitCodes: [
    [0, "all is well"],
    [5, "something cannot be reached or used"],
  ],
  run: (call) =>
    withApp(call, async (app) => {
      const report = await app.doctor({ signal: call.signal });
      if (call.common.json) call.out.printJson(report);
      else call.out.print(...renderDoctor(report, { width: call.out.width(), paint: call.out.paint }));
      return report.checks.every((check) => check.ok) ? 0 : 5;
    }),
};

export function renderDoctor({ checks }: DoctorReport, { width, paint }: ReportOptions): readonly string[] {
  const column = Math.min(28, Math.max(0, ...checks.map((check) => displayWidth(visible(check.subject)))));
  const left = 2 + 2 + column + 2;
  const lines = checks.flatMap((check) => {
    const mark = check.ok ? paint.accent("✓") : paint.alarm("✕");
    const subject = visible(check.subject);
    const room = Math.max(20, width - left);
    const [first = "", ...more] = wrap(
      `${visible(check.finding)}${check.ms < 500 ? "" : `   (${duration(check.ms)})`}`,
      room,
    );
    // A subject that is too long for its column has the line for itself.
    const head =
      displayWidth(subject) <= column
        ? [`  ${mark} ${padEnd(subject, column)}  ${first}`]
        : [`  ${mark} ${subject}`, " ".repeat(left) + first];
    const remedy =
      check.remedy === undefined
        ? []
        : wrap(visible(check.remedy), room).map((line) => " ".repeat(left) + paint.accent(line));
    return [...head, ...more.map((line) => " ".repeat(left) + line), ...remedy];
  });
  const bad = checks.filter((check) => !check.ok).length;
  const end =
    bad === 0
      ? `All ${counted(checks.length, "check")} passed.`
      : paint.alarm(`${bad} of ${counted(checks.length, "check")} failed.`);
  return [...lines, "", `  ${end}`];
}
