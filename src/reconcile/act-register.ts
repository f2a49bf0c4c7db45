/** Carries out what lets other tools find by name what is published. */
import { asFailure, Failure } from "../errors.ts";
import { parseIntervalId } from "../model/calendar.ts";
import { registerMart } from "../step/register.ts";
import { registerTable, tableRegistration } from "../step/register-table.ts";
import { registerItem } from "./attempts.ts";
import { callOptions } from "./observe.ts";
import type { Outcome, Work } from "./outcome.ts";
import { failed, outcome, tableOf } from "./outcome.ts";
import type { RegisterTableStep, Step } from "./plan.ts";
import { registerBasis, tableBasis } from "./register-steps.ts";
import type { MartSeen } from "./seen.ts";

/** The version is there whatever comes of this, and the next run finds that its name does not show it yet. */
export async function showPublished(work: Work, built: MartSeen, done: Outcome): Promise<Outcome> {
  const mart = built.settings.name;
  try {
    await register(work, built);
    return done;
  } catch (error) {
    const { kind, message, detail } = asFailure(error, mart);
    const reason = message.replace(`mart ${mart}: `, "");
    const failure = new Failure(kind, `published, not yet registered: ${reason}`, {
      ...(kind === "refused" ? {} : { remedy: "the next run registers it, and builds nothing" }),
      ...detail,
      cause: error,
    });
    return failed(work, "marts", registerItem(mart), mart, failure, registerBasis(built));
  }
}

export async function actRegister(step: Extract<Step, { kind: "register" }>, work: Work): Promise<Outcome> {
  const mart = work.seen.marts.get(step.mart);
  if (mart === undefined) return outcome("marts", step.mart, "skipped");
  try {
    const isOurs = await register(work, mart);
    return outcome("marts", step.mart, isOurs ? "done" : "skipped", { isNameOnly: true });
  } catch (error) {
    return failed(work, "marts", registerItem(step.mart), step.mart, error, registerBasis(mart));
  }
}

/** Answers whether the name shows this very version now; otherwise another writer's later one. */
async function register(work: Work, { settings, current }: MartSeen): Promise<boolean> {
  const { parts, seen, report, signal } = work;
  if (current === undefined) return false;
  const { name: key } = settings;
  const begun = performance.now();
  const shown = await registerMart(parts.catalog, settings, current, callOptions(signal));
  if (seen.registry?.kind === "seen") seen.registry.marts.set(key, shown);
  seen.attempts.delete(registerItem(key));
  if (shown.version !== current.manifest.version) return false;
  const { name, number, version } = shown;
  report({ code: "mart.registered", key, name, number, version, ms: performance.now() - begun });
  return true;
}

export async function actRegisterTable(step: RegisterTableStep, work: Work): Promise<Outcome> {
  const { parts, report, signal, seen } = work;
  const { table: key, add, remove, files } = step;
  const table = tableOf(work, key);
  const shown = seen.registry?.kind === "seen" ? seen.registry.tables.get(key) : undefined;
  const registry = parts.catalog.tables;
  if (shown === undefined || registry === undefined) return outcome("marts", key, "skipped");
  const begun = performance.now();
  const { schema } = table;
  const registration = step.define === undefined || schema === undefined ? undefined : tableRegistration(schema);
  const total = add.length + remove.length;
  try {
    await registerTable(
      registry,
      key,
      { registration, add, remove, files },
      { ...callOptions(signal), onProgress: (done) => report({ code: "table.progress", key, done, total }) },
    );
    for (const id of add) shown.partitions.starts.add(startOf(id));
    for (const id of remove) if (!shown.partitions.strange.delete(id)) shown.partitions.starts.delete(startOf(id));
    work.names?.set(key, shown.partitions);
    seen.attempts.delete(registerItem(key));
    report({
      code: "table.registered",
      key,
      added: add.length,
      removed: remove.length,
      ms: performance.now() - begun,
    });
    return outcome("marts", key, "done", { isNameOnly: true });
  } catch (error) {
    // Some of it may be done: what is listed has to be asked again.
    work.names?.delete(key);
    return failed(work, "marts", registerItem(key), key, error, tableBasis(table));
  }
}

function startOf(id: string): number {
  const interval = parseIntervalId(id);
  if (interval === undefined) throw new Failure("bug", `${id}: is no interval`);
  return interval.startMs;
}
