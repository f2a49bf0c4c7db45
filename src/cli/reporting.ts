/** How a command tells what happens while it works: bars, lines or JSON lines, by the terminal and the flags. */
import type { Event, Report, Stage } from "../model/events.ts";
import type { Project } from "../model/project.ts";
import type { Call } from "./command.ts";
import { startBars } from "./terminal/bars.ts";
import { eventRecord } from "./terminal/json-lines.ts";
import { eventLine, isAlarming } from "./terminal/lines.ts";

export interface Reporting {
  readonly report: Report;
  /** Whether a reader sees bars instead of lines. */
  readonly isLive: boolean;
  stop(): void;
}

/** What the items of a stage are called. */
export type Units = Readonly<Record<Stage, string>>;

export interface ReportingOptions {
  /** A command that runs for ever writes a log even on a terminal. */
  readonly isLog?: boolean;
}

export function startReporting(call: Call, units: Units, options: ReportingOptions = {}): Reporting {
  const { err, common, now } = call;
  if (common.log === "text" && err.isLive && !common.quiet && options.isLog !== true) {
    return { isLive: true, ...startBars({ screen: err, units, now }) };
  }
  const report = (event: Event): void => {
    if (common.quiet && !isAlarming(event)) return;
    const record = common.log === "json" ? eventRecord(event, now()) : undefined;
    if (record !== undefined) err.printJson(record);
    if (common.log === "json") return;
    const line = eventLine(event, now());
    if (line !== undefined) err.print(isAlarming(event) ? err.paint.alarm(line) : line);
  };
  return { report, isLive: false, stop: () => undefined };
}

/** Hours or days if all sources agree, files otherwise. */
export function unitsOf(project: Project): Units {
  const everys = new Set([...project.sources.values()].map((source) => source.every));
  const [every] = everys;
  return {
    collect: everys.size === 1 && every !== undefined ? `${every}s` : "files",
    convert: "partitions",
    marts: "",
  };
}
