import type { DamagedObject, VerifyReport } from "../answers.ts";
import { Failure } from "../errors.ts";
import type { Report } from "../model/events.ts";
import type { Project } from "../model/project.ts";
import { type Call, type Command, noArguments } from "./command.ts";
import { withApp } from "./open.ts";
import { choice, flag, list } from "./option.ts";
import { startReporting, unitsOf } from "./reporting.ts";
import { matcher, refuseUnknownName } from "./selection.ts";
import { count, counted, duration, size } from "./terminal/numbers.ts";
import type { Finding, FindingGroup, ReportOptions } from "./terminal/report.ts";
import { renderFindings } from "./terminal/report.ts";
import { shareLine } from "./terminal/share-line.ts";
import { wrap } from "./terminal/text.ts";
import { startTicker } from "./terminal/ticker.ts";

const options = {
  only: choice("only", "PLACE", ["raw", "tables", "marts"], "one place alone"),
  select: list("select", "PATTERN", "items by name, * for anything: gharchive@2026-03-*, events, activity"),
  repair: flag("repair", "make what is damaged again, from source, raw and tables"),
  dryRun: flag("dry-run", "with --repair: only say what would be done"),
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
    ["verify --repair --dry-run", "what a repair would do"],
    ["verify --repair", "damaged partitions from raw, marts from tables, raw from the source"],
  ],
  notes: [
    "A repair removes nothing: fresh bytes take a damaged object's place in one step, and a raw object only bytes with the sha256 of its receipt. What cannot be made again stays, and is named with what to do.",
  ],
  exitCodes: [
    [0, "everything is as it was written, or is again"],
    [1, "something is damaged or missing"],
    [5, "--repair: a source or a place cannot be reached"],
  ],
  run: (call) =>
    withApp(call, async (app) => {
      const only = call.read(options.only);
      const patterns = call.read(options.select);
      const [repair, dryRun] = [call.read(options.repair), call.read(options.dryRun)];
      if (dryRun && !repair) throw new Failure("usage", "--dry-run: belongs to --repair", { remedy: dryRunRemedy });
      for (const pattern of patterns) refuseUnknownName(pattern, app.project);
      const began = call.now();
      const watched = watchProgress(call);
      const report = await app
        .verify({
          signal: call.signal,
          onProgress: watched.read,
          onRepair: watched.repaired,
          ...(repair ? { repair, dryRun, ...reportOf(call, app.project) } : {}),
          ...(only === undefined ? {} : { only }),
          ...(patterns.length === 0 ? {} : { select: matcher(patterns) }),
        })
        .finally(watched.stop);
      if (call.common.json) call.out.printJson(report);
      else
        call.out.print(...renderVerify(report, call.now() - began, { width: call.out.width(), paint: call.out.paint }));
      return exitCodeOf(report);
    }),
};

const dryRunRemedy = "write `millrace verify --repair --dry-run`; without --repair nothing is written anyway";

/** On a live terminal the bar tells enough. */
function reportOf(call: Call, project: Project): { readonly report?: Report } {
  return call.err.isLive ? {} : { report: startReporting(call, unitsOf(project), { isLog: true }).report };
}

/** A bar over the bytes, then over the repairs. */
function watchProgress(call: Call): {
  read(bytes: number, total: number): void;
  repaired(done: number, total: number, key: string): void;
  stop(): void;
} {
  let shown = { done: 0, total: 0, text: "" };
  const ticker = startTicker(call, (ms) => shareLine({ ...shown, ms, width: call.err.width() }));
  return {
    read: (bytes, total) => {
      shown = { done: bytes, total, text: `${size(bytes)} of ${size(Math.max(bytes, total))}` };
    },
    repaired: (done, total, key) => {
      shown = { done, total, text: `${count(done)} of ${counted(total, "repair")}   ${key}` };
    },
    stop: ticker.stop,
  };
}

/** 5 before 1, as everywhere: what could not be reached may be well. */
function exitCodeOf({ damaged, failures = [] }: VerifyReport): number {
  const left = damaged.filter(({ repair }) => repair?.state !== "repaired");
  const kinds = [
    ...left.flatMap(({ repair }) => (repair?.state === "failed" ? [repair.kind] : [])),
    ...failures.map(({ kind }) => kind),
  ];
  if (kinds.some((kind) => kind === "unavailable" || kind === "denied" || kind === "full")) return 5;
  return left.length + failures.length === 0 ? 0 : 1;
}

export function renderVerify(report: VerifyReport, ms: number, options: ReportOptions): readonly string[] {
  const { damaged, failures = [] } = report;
  const places = (["raw", "tables", "marts"] as const).map(
    (place): FindingGroup => ({
      label: place,
      findings: damaged.filter((object) => object.place === place).map(findingOf),
    }),
  );
  const followed = failures.map(
    ({ stage, key, reason, remedy }): FindingGroup => ({
      label: stage,
      findings: [
        {
          ...{ count: "1", word: "failed", what: key, note: reason, tone: "alarm" },
          ...(remedy === undefined ? {} : { remedy }),
        },
      ],
    }),
  );
  const groups = [...places, ...followed].filter(({ findings }) => findings.length > 0);
  const findings = groups.length === 0 ? [] : [...renderFindings(groups, options), ""];
  const unverified = report.unverified === 0 ? "" : ` ${count(report.unverified)} could be compared with nothing.`;
  const read = `${counted(report.objects, "object")}, ${size(report.bytes)} read in ${duration(ms)}.`;
  return [
    ...findings,
    ...wrap(`${read} ${verdictOf(report)}${unverified}`, options.width - 2).map((line) => `  ${line}`),
    ...nextOf(report).map((command) => `  Next  ${options.paint.accent(command)}`),
  ];
}

function findingOf({ key, reason, repair }: DamagedObject): Finding {
  const base = { count: "1", what: key, note: reason };
  switch (repair?.state) {
    case undefined:
      return { ...base, word: "damaged", tone: "alarm" };
    case "planned":
      return { ...base, word: "damaged", remedy: `a repair ${repair.how}`, tone: "alarm" };
    case "repaired":
      return { ...base, word: "repaired", remedy: repair.how };
    case "impossible":
      return {
        ...base,
        word: "stays damaged",
        note: `${reason}; ${repair.reason}`,
        remedy: repair.remedy,
        tone: "alarm",
      };
    case "failed":
      return {
        ...base,
        ...{ word: "not repaired", note: `${reason}; ${repair.reason}`, tone: "alarm" },
        ...(repair.remedy === undefined ? {} : { remedy: repair.remedy }),
      };
  }
}

/** What to type next: once, whatever the number of damaged objects. */
function nextOf({ damaged }: VerifyReport): readonly string[] {
  if (damaged.some(({ repair }) => repair?.state === "planned")) return ["millrace verify --repair"];
  return damaged.some(({ repair }) => repair === undefined) ? ["millrace verify --repair --dry-run"] : [];
}

function verdictOf({ damaged }: VerifyReport): string {
  if (damaged.length === 0) return "All is as it was written.";
  const repaired = damaged.filter(({ repair }) => repair?.state === "repaired").length;
  const all = `${count(damaged.length)} damaged`;
  if (damaged.every(({ repair }) => repair === undefined || repair.state === "planned")) return `${all}.`;
  return repaired === damaged.length ? `${all}, all repaired.` : `${all}, ${count(repaired)} repaired.`;
}
