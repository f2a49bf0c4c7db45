/**
 * Between the lake's own catalog and a metastore. The log in the lake decides with either, so nothing is copied: names are
 * registered or taken away, and the data stays where it is. Each name by itself, so that repeating it goes on where it ended.
 */
import type { ExportItem, ExportReport, ExportRequest } from "../answers.ts";
import type { Catalog, Registered } from "../catalog/contract.ts";
import { asFailure, exitCodeOf, Failure } from "../errors.ts";
import { callOptions } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import { registerMart } from "../step/register.ts";
import { registerTable } from "../step/register-table.ts";
import { droppedMarts, formerNamesOf } from "./catalog-list.ts";
import {
  hasDifference,
  type MartRegistration,
  martRegistrations,
  tableDifference,
  type UnreadableMart,
} from "./catalog-registrations.ts";
import { restoreLog } from "./catalog-restore.ts";
import { tableReason } from "./verify-registrations.ts";

export type ExportOptions = Omit<ExportRequest, "catalog"> & { readonly signal?: AbortSignal };

export interface Export {
  readonly parts: Parts;
  readonly target: Catalog;
  readonly options: ExportOptions;
  readonly items: ExportItem[];
  /** Does one name; its failure is noted and does not stop the others, unless they would all fail alike. */
  each(kind: ExportItem["kind"], name: string, work: () => Promise<Outcome>): Promise<void>;
}

export type Outcome = Pick<ExportItem, "state" | "what"> & { readonly registered?: string | undefined };

/** Where names are registered; for a restoration of the log also the lake's own catalog, which has none. */
export interface ExportTarget {
  readonly catalog: Catalog;
  /** For messages. */
  readonly name: string;
}

export async function exportCatalog(
  parts: Parts,
  { catalog: target, name }: ExportTarget,
  options: ExportOptions,
): Promise<ExportReport> {
  const { action, dryRun = false } = options;
  if (target.registersItself && action !== "restore") {
    throw new Failure("usage", "the project's catalog is the lake's own, which has no names for other tools", {
      remedy: "name a metastore: --to hive://HOST:PORT/DATABASE",
    });
  }
  const run = begin(parts, target, options);
  if (action === "register") await register(run);
  else if (action === "drop") await drop(run);
  else if (action === "drop-former") await dropFormer(run);
  else await restoreLog(run);
  const codes = run.items.flatMap(({ failure }) =>
    failure === undefined ? [] : [exitCodeOf(new Failure(failure.kind, ""))],
  );
  const exitCode = codes.includes(5) ? 5 : codes.length > 0 ? 1 : 0;
  return { action, catalog: name, dryRun, items: run.items, exitCode };
}

function begin(parts: Parts, target: Catalog, options: ExportOptions): Export {
  const items: ExportItem[] = [];
  return {
    parts,
    target,
    options,
    items,
    async each(kind, name, work) {
      options.signal?.throwIfAborted();
      try {
        const { registered, state, what } = await work();
        items.push({ kind, name, registered, state, what, failure: undefined });
      } catch (error) {
        const failure = asFailure(error, name);
        const { kind: why, message, detail } = failure;
        if (why === "cancelled" || why === "unavailable" || why === "bug" || options.signal?.aborted === true)
          throw failure;
        const failed = { kind: why, remedy: detail.remedy };
        items.push({ kind, name, registered: undefined, state: "failed", what: message, failure: failed });
      }
    },
  };
}

async function register(run: Export): Promise<void> {
  const { parts, target, options } = run;
  const { signal, dryRun = false, onProgress } = options;
  const marts = await martRegistrations(parts, target, { signal });
  const registry = options.tables === false ? undefined : target.tables;
  const tables = registry === undefined ? [] : [...parts.project.tables.values()];
  const total = marts.length + tables.length;
  let isProved = dryRun;
  const prove = async (): Promise<void> => {
    if (!isProved && target === parts.catalog) await parts.mayWrite(["catalog"], callOptions(signal));
    else if (!isProved) await target.prove(parts.project.lake.writers, callOptions(signal));
    isProved = true;
  };
  for (const each of marts) {
    onProgress?.(run.items.length, total, each.settings.name);
    await run.each("mart", each.settings.name, () => registerOne(run, each, prove));
  }
  for (const settings of tables) {
    onProgress?.(run.items.length, total, settings.name);
    await run.each("table", settings.name, async () => {
      if (registry === undefined) throw new Failure("bug", "tables are registered nowhere");
      const found = await tableDifference(parts, registry, settings, signal);
      const { registered, registration, isOther, add, remove, partitions } = found;
      if (registered?.kind === "foreign") throw foreign(registered);
      if (!hasDifference(found)) {
        return registered === undefined
          ? { state: "nothing", what: "has no partition yet" }
          : { state: "already", what: `${partitions} partitions`, registered: registered.name };
      }
      const what = registered === undefined ? `${partitions} partitions` : (tableReason(found) ?? "");
      if (dryRun) return { state: "planned", what, registered: registered?.name };
      await prove();
      const change = { registration: isOther ? registration : undefined, add, remove, files: undefined };
      const done = { onProgress: () => onProgress?.(run.items.length, total, settings.name) };
      await registerTable(registry, settings.name, change, { ...callOptions(signal), ...done });
      const now = await registry.registered(settings.name, callOptions(signal));
      return { state: "done", what, registered: now?.name };
    });
  }
}

async function registerOne(
  { target, options: { signal, dryRun } }: Export,
  each: MartRegistration | UnreadableMart,
  prove: () => Promise<void>,
): Promise<Outcome> {
  if ("failure" in each) throw each.failure;
  const { settings, current, registered, status } = each;
  if (registered?.kind === "foreign") throw foreign(registered);
  if (current === undefined) return { state: "nothing", what: "was never published" };
  const { version } = current.record;
  if (status.state === "registered") return { state: "already", what: version, registered: registered?.name };
  const what = registered === undefined ? version : `${version}: ${status.reason}`;
  if (dryRun === true) return { state: "planned", what, registered: registered?.name };
  await prove();
  const { name } = await registerMart(target, settings, current, callOptions(signal));
  return { state: "done", what, registered: name };
}

const foreign = ({ name, what }: Extract<Registered, { kind: "foreign" }>): Failure =>
  new Failure("conflict", `${name} is not ours: ${what}`, {
    remedy: "name another database, or remove that one where it came from; it was not touched",
  });

async function drop(run: Export): Promise<void> {
  const { parts, target, options } = run;
  const { signal, dryRun, onProgress } = options;
  const call = callOptions(signal);
  const marts = [...parts.project.marts.keys(), ...(await droppedMarts(parts, signal))];
  const shown = marts.length === 0 ? new Map<string, Registered>() : await target.registered(marts, call);
  const registry = options.tables === false ? undefined : target.tables;
  const tables = registry === undefined ? [] : [...parts.project.tables.keys()];
  const one = async (
    found: Pick<Registered, "kind" | "name"> | undefined,
    unregister: () => Promise<boolean>,
  ): Promise<Outcome> => {
    if (found === undefined) return { state: "already", what: "is not registered" };
    const { name: registered } = found;
    if (found.kind === "foreign") return { state: "already", what: "is not ours, and stays", registered };
    if (dryRun === true) return { state: "planned", what: "its files stay", registered };
    const was = await unregister();
    return { state: was ? "done" : "already", what: was ? "its files stay" : "is not registered", registered };
  };
  const total = marts.length + tables.length;
  for (const mart of marts) {
    onProgress?.(run.items.length, total, mart);
    await run.each("mart", mart, () => one(shown.get(mart), () => target.unregister(mart, call)));
  }
  for (const table of tables) {
    onProgress?.(run.items.length, total, table);
    await run.each("table", table, async () =>
      one(await registry?.registered(table, call), async () => (await registry?.unregister(table, call)) ?? false),
    );
  }
}

async function dropFormer({ parts, target, options, each }: Export): Promise<void> {
  const { signal, dryRun, onProgress } = options;
  const former = await formerNamesOf(parts, target, signal);
  for (const [at, name] of former.entries()) {
    onProgress?.(at, former.length, name.name);
    await each("mart", name.mart, async () => {
      const registered = name.name;
      if (dryRun === true) return { state: "planned", what: "its files stay", registered };
      const was = (await target.former?.unregister(name, callOptions(signal))) ?? false;
      return { state: was ? "done" : "already", what: was ? "its files stay" : "is not registered", registered };
    });
  }
}
