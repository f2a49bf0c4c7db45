/** Which marts are to be built, why, or why not yet. Pure. */
import { createHash } from "node:crypto";
import type { MartSettings } from "../model/project.ts";
import { formatOf, type Manifest, type ManifestInput, type PublishedMart } from "../step/manifest.ts";
import { martItem } from "./attempts.ts";
import { unsettledOf } from "./convert-steps.ts";
import type { Collector, MartReason, PlanOptions, Waiting } from "./plan.ts";
import { failedWaiting } from "./plan.ts";
import { foreignWaiting, registerStep, shownOf } from "./register-steps.ts";
import type { MartSeen, Seen, TableSeen } from "./seen.ts";
import { tableInput } from "./table-input.ts";

export function martSteps(seen: Seen, options: PlanOptions, out: Collector): void {
  const inputs = new Map<string, ManifestInput>();
  const inputOf = (table: TableSeen): ManifestInput => {
    let input = inputs.get(table.settings.name);
    if (input === undefined) {
      input = tableInput(table);
      inputs.set(table.settings.name, input);
    }
    return input;
  };
  const changing = new Set(out.steps.flatMap((step) => (step.kind === "convert" ? [step.table] : [])));
  const collecting = new Set(
    out.steps.flatMap((step) => (step.kind === "collect" || step.kind === "adopt" ? [step.source] : [])),
  );
  for (const mart of seen.marts.values()) {
    const { settings, current } = mart;
    if (options.select !== undefined && !options.select(settings.name)) continue;
    const shown = shownOf(seen, settings.name);
    if (shown?.kind === "foreign") {
      out.waiting.push(foreignWaiting(shown, settings.name));
      continue;
    }
    const register = (): void => registerStep(mart, seen, options, out);
    if (options.rerun !== true && isRolledBack(mart)) {
      out.waiting.push({ kind: "mart", mart: settings.name, reason: "rollback", done: 0, of: 0 });
      register();
      continue;
    }
    const tables = tablesOf(settings, current, seen);
    const unsettled = tables.map((table) => unsettledOf(table)).find((state) => state.left > 0);
    const upcoming = tables.some((table) => changing.has(table.settings.name) || collecting.has(table.settings.from));
    const empty = tables.every((table) => table.partitions.size === 0);
    const reason =
      options.rerun === true ? ({ kind: "asked" } as const) : martReason(settings, current, tables, inputOf);
    if (upcoming && options.only === undefined) {
      if (settings.refresh.kind === "manual") register();
      else out.steps.push({ kind: "mart", mart: settings.name, reason: reason ?? { kind: "upcoming" } });
      continue;
    }
    if (reason === undefined) {
      out.upToDate.push({ stage: "marts", name: settings.name, items: 1 });
      register();
      continue;
    }
    const wait = martWaiting(settings, current, reason, seen, { unsettled, empty }, options);
    if (wait === undefined) {
      out.steps.push({ kind: "mart", mart: settings.name, reason });
      continue;
    }
    out.waiting.push(wait);
    register();
  }
}

/**
 * A person went back to an older version, and what they went back from is still what the project says. Who went forward to the
 * newest one again has undone that.
 */
function isRolledBack({ settings, current }: MartSeen): boolean {
  if (current?.record.rollback !== true) return false;
  const { lastBuilt, manifest } = current;
  return lastBuilt === undefined || (lastBuilt.version !== manifest.version && isStatementOf(settings, lastBuilt));
}

/** The tables a mart reads. A new or changed statement may read any of them until the engine has described it. */
function tablesOf(settings: MartSettings, current: PublishedMart | undefined, seen: Seen): readonly TableSeen[] {
  const from = settings.projection?.from;
  const names =
    from !== undefined
      ? [from]
      : current !== undefined && isStatementOf(settings, current.manifest)
        ? current.manifest.inputs.map((input) => input.table)
        : [...seen.tables.keys()];
  return names.flatMap((name) => seen.tables.get(name) ?? []);
}

/**
 * Whether a version was made by what the mart's statement is for the engine that made it. The statements of two engines mean
 * the same, so that processes with different engines do not replace each other's versions for ever.
 */
function isStatementOf(settings: MartSettings, built: Pick<Manifest, "sql" | "engine">): boolean {
  const { statements, sql } = settings;
  const own = new Map(Object.entries(statements)).get(built.engine) ?? sql;
  return built.sql === own;
}

function martReason(
  settings: MartSettings,
  current: PublishedMart | undefined,
  tables: readonly TableSeen[],
  inputOf: (table: TableSeen) => ManifestInput,
): MartReason | undefined {
  if (current === undefined) return { kind: "new" };
  if (!isStatementOf(settings, current.manifest)) return { kind: "sql" };
  if (formatOf(current.manifest) !== settings.format) return { kind: "format", format: settings.format };
  for (const table of tables) {
    const before = current.manifest.inputs.find((input) => input.table === table.settings.name);
    const now = inputOf(table);
    if (before === undefined || before.digest !== now.digest) {
      return { kind: "inputs", table: table.settings.name, before: before?.partitions ?? 0, now: now.partitions };
    }
    if (before.schemaFingerprint !== now.schemaFingerprint) return { kind: "schema", table: table.settings.name };
  }
  return undefined;
}

function martWaiting(
  settings: MartSettings,
  current: PublishedMart | undefined,
  reason: MartReason,
  seen: Seen,
  state: { readonly unsettled: { readonly left: number; readonly of: number } | undefined; readonly empty: boolean },
  options: PlanOptions,
): Waiting | undefined {
  const mart = settings.name;
  const attempt = seen.attempts.get(martItem(mart));
  if (state.empty) return { kind: "mart", mart, reason: "empty", done: 0, of: 0 };
  if (state.unsettled !== undefined) {
    return {
      kind: "mart",
      mart,
      reason: "widening",
      done: state.unsettled.of - state.unsettled.left,
      of: state.unsettled.of,
    };
  }
  if (reason.kind === "asked") return undefined;
  if (settings.refresh.kind === "manual") return { kind: "mart", mart, reason: "manual", done: 0, of: 0 };
  if (settings.refresh.kind === "every" && current !== undefined && reason.kind === "inputs") {
    if (Date.parse(current.manifest.at) + settings.refresh.ms > seen.atMs)
      return { kind: "mart", mart, reason: "interval", done: 0, of: 0 };
  }
  if (attempt === undefined || options.rerun === true) return undefined;
  if (attempt.kind === "held") {
    return attempt.basis === martBasis(seen, mart)
      ? { kind: "held", stage: "marts", key: mart, reason: attempt.reason, remedy: attempt.remedy }
      : undefined;
  }
  return attempt.nextMs <= seen.atMs ? undefined : failedWaiting("marts", mart, attempt);
}

/** What a mart's refusal depends on: its statement, its checks and its inputs. */
export function martBasis(seen: Seen, mart: string): string {
  const found = seen.marts.get(mart);
  if (found === undefined) return "";
  const tables = tablesOf(found.settings, found.current, seen).map(tableInput);
  return createHash("sha256")
    .update(JSON.stringify([found.settings.sql, found.settings.checks, found.settings.format, tables]))
    .digest("hex");
}
