/** What other tools find by name, compared with what is published. Pure. */
import type { ForeignRegistered, OwnRegistered, Registered } from "../catalog/contract.ts";
import type { Every } from "../model/calendar.ts";
import { intervalId } from "../model/calendar.ts";
import { parseVersionName } from "../model/layout.ts";
import { tableFingerprint } from "../model/registration.ts";
import { wantedFingerprint } from "../step/register.ts";
import { tableRegistration } from "../step/register-table.ts";
import { registerItem } from "./attempts.ts";
import type { Collector, PlanOptions, RegisterReason, RegisterTableStep, Waiting } from "./plan.ts";
import { failedWaiting } from "./plan.ts";
import type { MartSeen, Seen, TableRegistered, TableSeen } from "./seen.ts";
import { tableInput } from "./table-input.ts";

/** Why the stage of the marts can do nothing at all; `undefined` where the catalog answers or is not asked. */
export function catalogWaiting({ registry, ...seen }: Seen, options: PlanOptions): Waiting | undefined {
  if (registry?.kind !== "away") return undefined;
  const items = [...seen.marts.keys()].filter((name) => options.select?.(name) ?? true);
  if (items.length === 0) return undefined;
  const { name, failure } = registry;
  const { kind, message: reason, detail } = failure;
  return { kind: "catalog", name, items, reason, failure: kind, remedy: detail.remedy };
}

/** What stands under a mart's name, if anything does and it was asked for. */
export function shownOf({ registry }: Seen, mart: string): Registered | undefined {
  return registry?.kind === "seen" ? registry.marts.get(mart) : undefined;
}

/** A name that somebody else has. Nothing is built for it: it could not be shown. */
export function foreignWaiting(shown: ForeignRegistered, mart: string): Waiting {
  return {
    ...{ kind: "held", stage: "marts", key: mart },
    reason: `the name ${shown.name} is taken by ${shown.what}`,
    remedy: `give the mart another name or another database (marts.${mart}.database), or drop that one yourself: millrace does not touch it`,
  };
}

/** A step, or what keeps it from being done now, for a mart whose name does not show what is published. */
export function registerStep(mart: MartSeen, seen: Seen, options: PlanOptions, out: Collector): void {
  const { name } = mart.settings;
  const shown = shownOf(seen, name);
  if (seen.registry?.kind !== "seen" || shown?.kind === "foreign") return;
  const reason = registerReason(mart, shown);
  if (reason === undefined) return;
  const wait = attemptWaiting(name, registerBasis(mart), seen, options);
  if (wait === undefined) out.steps.push({ kind: "register", mart: name, reason });
  else out.waiting.push(wait);
}

export function registerReason(
  { settings, current }: MartSeen,
  shown: OwnRegistered | undefined,
): RegisterReason | undefined {
  if (current === undefined) return undefined;
  if (shown === undefined) return { kind: "absent" };
  if (shown.fault !== undefined) return { kind: "fault", fault: shown.fault };
  const { number, record } = current;
  if (shown.number > number) return { kind: "ahead", number: shown.number };
  if (record.kind === "fence") {
    // A fence shows what was shown before. After a rollback the version has two numbers, of which the first is not enough.
    const first = record.rollback === true ? (parseVersionName(record.version)?.number ?? 0) : 0;
    if (shown.version !== record.version || shown.number <= first) return { kind: "behind", number: shown.number };
  } else if (shown.number < number) return { kind: "behind", number: shown.number };
  // The number of another chain: the lake was made anew, or restored.
  else if (shown.publishId !== record.publishId) return { kind: "ahead", number: shown.number };
  const wanted = shown.fingerprint === undefined ? undefined : wantedFingerprint(settings, current.manifest);
  return wanted === undefined || wanted === shown.fingerprint ? undefined : { kind: "differs" };
}

/** What a refusal to register a mart depends on. */
export function registerBasis({ settings, current }: MartSeen): string {
  if (current === undefined) return "";
  return `${current.number} ${wantedFingerprint(settings, current.manifest) ?? ""}`;
}

/**
 * Registering is cheap and does not wait for a back-off between two runs. Within one run what failed is not tried again: there
 * `spent` is known from the second pass on.
 */
function attemptWaiting(key: string, basis: string, seen: Seen, options: PlanOptions): Waiting | undefined {
  const attempt = seen.attempts.get(registerItem(key));
  if (attempt === undefined || options.rerun === true) return undefined;
  if (attempt.kind === "held") {
    return attempt.basis === basis
      ? { kind: "held", stage: "marts", key, reason: attempt.reason, remedy: attempt.remedy }
      : undefined;
  }
  return options.spent !== undefined && attempt.nextMs > seen.atMs ? failedWaiting("marts", key, attempt) : undefined;
}

/** The tables that are registered otherwise than they are, where tables are registered at all. */
export function tableSteps(seen: Seen, options: PlanOptions, out: Collector): void {
  const { registry } = seen;
  if (registry?.kind !== "seen") return;
  for (const [name, shown] of registry.tables) {
    const table = seen.tables.get(name);
    if (table === undefined || options.select?.(name) === false) continue;
    if (shown.registered?.kind === "foreign") {
      out.waiting.push(foreignTable(shown.registered, name));
      continue;
    }
    const every = seen.sources.get(table.settings.from)?.settings.every ?? "hour";
    const step = tableStep(table, shown, every);
    if (step === undefined) continue;
    const wait = attemptWaiting(name, tableBasis(table), seen, options);
    if (wait === undefined) out.steps.push(step);
    else out.waiting.push(wait);
  }
}

export function tableStep(
  table: TableSeen,
  { registered, partitions: listed }: TableRegistered,
  every: Every,
): RegisterTableStep | undefined {
  const { settings, schema, partitions } = table;
  const wanted = schema === undefined ? undefined : tableFingerprint(tableRegistration(schema));
  const own = registered?.kind === "ours" ? registered : undefined;
  const define =
    wanted === undefined || own?.fingerprint === wanted ? undefined : own === undefined ? "absent" : "columns";
  // Without a schema there is nothing to list partitions of.
  const missing = schema === undefined ? [] : [...partitions.keys()].filter((startMs) => !listed.starts.has(startMs));
  const gone = [...listed.starts].filter((startMs) => !partitions.has(startMs));
  const idOf = (startMs: number): string => intervalId({ every, startMs });
  const inOrder = (a: number, b: number): number => a - b;
  const add = missing.sort(inOrder).map(idOf);
  const remove = [...gone.sort(inOrder).map(idOf), ...listed.strange];
  const now = filesOf(table);
  const files = schema === undefined || own?.files === now ? undefined : now;
  if (define === undefined && files === undefined && add.length === 0 && remove.length === 0) return undefined;
  return { kind: "register-table", table: settings.name, define, add, remove, files };
}

/** Another text whenever a partition has another file. */
const filesOf = (table: TableSeen): string => tableInput(table).digest.slice(0, 16);

/** What a refusal to register a table depends on. */
export function tableBasis({ schema }: TableSeen): string {
  return schema === undefined ? "" : tableFingerprint(tableRegistration(schema));
}

function foreignTable({ name, what }: ForeignRegistered, table: string): Waiting {
  return {
    ...{ kind: "held", stage: "marts", key: table },
    reason: `the name ${name} is taken by ${what}`,
    remedy:
      "give the project another database (catalog.database), or drop that one yourself: millrace does not touch it; catalog.tables: false registers marts alone",
  };
}
