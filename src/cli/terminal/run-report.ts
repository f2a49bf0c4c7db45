/** The end of a run: what was done, what failed and what to do about it, what waits. */
import type { ItemFailure, RunSummary } from "../../answers.ts";
import type { Waiting } from "../../reconcile/plan.ts";
import { reasonText } from "./lines.ts";
import { count, counted, duration, size } from "./numbers.ts";
import { rangesOf, rangeText, splitKey } from "./ranges.ts";
import type { FindingGroup, ReportOptions } from "./report.ts";
import { renderFindings } from "./report.ts";
import { wrap } from "./text.ts";
import { waitingFindings, waitingGroup } from "./waiting-report.ts";

export function renderRun(summary: RunSummary, nowMs: number, options: ReportOptions): readonly string[] {
  const failures = failureGroups(summary.failures);
  // What failed in this very run is told with its reason above; telling it again as waiting would double it.
  const told = new Set(summary.failures.map((failure) => failure.key));
  const waiting = waitingGroups(
    summary.waiting.filter((each) => !("key" in each && told.has(each.key))),
    nowMs,
  );
  const groups = [...failures, ...waiting];
  const findings = groups.length === 0 ? [] : [...renderFindings(groups, options), ""];
  return [...findings, ...wrap(doneLine(summary), options.width - 2).map((line) => `  ${line}`)];
}

function doneLine(summary: RunSummary): string {
  const { collect, convert, marts } = summary.stages;
  const { registered = 0 } = marts;
  const built = marts.done - registered;
  const parts = [
    collect.done === 0 ? "" : `${count(collect.done)} collected (${size(collect.bytes)})`,
    convert.done === 0
      ? ""
      : `${count(convert.done)} converted (${counted(convert.rows, "row")}, ${count(convert.rejected)} rejected)`,
    built === 0 ? "" : `${counted(built, "mart")} built (${counted(marts.rows, "row")})`,
    registered === 0 ? "" : `${counted(registered, "name")} registered`,
    totalOf(summary, "failed") === 0 ? "" : `${count(totalOf(summary, "failed"))} failed`,
    totalOf(summary, "held") === 0 ? "" : `${count(totalOf(summary, "held"))} held back`,
  ].filter((part) => part !== "");
  const time = duration(summary.ms);
  return parts.length === 0 ? `Nothing to do (looked for ${time}).` : `Done in ${time}: ${parts.join(", ")}.`;
}

const totalOf = (summary: RunSummary, field: "failed" | "held"): number =>
  summary.stages.collect[field] + summary.stages.convert[field] + summary.stages.marts[field];

/** Failures by reason, so that an archive that is down for a thousand hours is told once. */
function failureGroups(failures: readonly ItemFailure[]): readonly FindingGroup[] {
  const groups = new Map<string, ItemFailure[]>();
  for (const failure of failures) {
    const name = JSON.stringify([failure.stage, splitKey(failure.key).name, reasonText(failure), failure.remedy]);
    groups.set(name, [...(groups.get(name) ?? []), failure]);
  }
  return [...groups.values()].flatMap((group): readonly FindingGroup[] => {
    const [first] = group;
    if (first === undefined) return [];
    const intervals = group.flatMap((each) => splitKey(each.key).interval ?? []);
    const what =
      intervals.length === group.length
        ? rangesOf(intervals).map(rangeText).join(", ")
        : group.map((each) => each.key).join(", ");
    const finding = {
      count: count(group.length),
      word: first.kind === "refused" ? "held" : "failed",
      what,
      note: reasonText(first),
      tone: "alarm",
    } as const;
    return [
      {
        label: splitKey(first.key).name,
        findings: [first.remedy === undefined ? finding : { ...finding, remedy: first.remedy }],
      },
    ];
  });
}

/** Waiting items by source, table and mart. */
export function waitingGroups(waiting: readonly Waiting[], nowMs: number): readonly FindingGroup[] {
  const groups = new Map<string, Waiting[]>();
  for (const each of waiting) {
    const { stage, name } = waitingGroup(each);
    const label = `${stage} ${name}`;
    groups.set(label, [...(groups.get(label) ?? []), each]);
  }
  return [...groups].map(([label, group]) => ({
    label: label.slice(label.indexOf(" ") + 1),
    findings: waitingFindings(group, nowMs),
  }));
}
