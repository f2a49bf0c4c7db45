/** Carries out one step and notes in `Seen` what is there now. The one place where a decision becomes an effect. */
import type { Interval } from "../model/calendar.ts";
import { intervalId } from "../model/calendar.ts";
import { formatKey } from "../model/key-pattern.ts";
import { partitionKey } from "../model/layout.ts";
import { ageMs, backoffMs, judgeMiss } from "../schedule/cadence.ts";
import { adopt } from "../step/adopt.ts";
import { collect } from "../step/collect.ts";
import { convert } from "../step/convert.ts";
import { buildMart } from "../step/mart.ts";
import { readPartitionFacts } from "../step/partition.ts";
import { actRegister, actRegisterTable, showPublished } from "./act-register.ts";
import { collectItem, convertItem, martItem, recheckItem } from "./attempts.ts";
import { convertBasis } from "./convert-steps.ts";
import { martInputs } from "./mart-inputs.ts";
import { martBasis } from "./mart-steps.ts";
import { callOptions, readRawFacts } from "./observe.ts";
import type { Outcome, Work } from "./outcome.ts";
import { failed, outcome, tableOf } from "./outcome.ts";
import type { Step } from "./plan.ts";
import { unportable } from "./portable-marts.ts";
import type { RawFacts, SourceSeen, TableSeen } from "./seen.ts";

/** Never throws for a single item's sake; throws when the whole pass has to stop (cancelled, no room left). */
export function act(step: Step, work: Work): Promise<Outcome> {
  switch (step.kind) {
    case "adopt":
      return actAdopt(step, work);
    case "collect":
      return actCollect(step, work);
    case "convert":
      return actConvert(step, work);
    case "mart":
      return actMart(step, work);
    case "register":
      return actRegister(step, work);
    case "register-table":
      return actRegisterTable(step, work);
  }
}

async function actAdopt(step: Extract<Step, { kind: "adopt" }>, work: Work): Promise<Outcome> {
  const { parts, report, signal } = work;
  const key = `${step.source}@${intervalId(step.interval)}`;
  try {
    const receipt = await adopt(
      parts.raw,
      { key: step.raw.key, size: step.raw.size, token: step.raw.token, revision: 1 },
      { ...callOptions(signal), clock: parts.clock },
    );
    sourceOf(work, step.source).raw.set(step.interval.startMs, {
      ...step.raw,
      facts: { sha256: receipt.sha256, revision: receipt.revision, verified: false },
    });
    report({ code: "raw.adopted", key, bytes: receipt.length });
    return outcome("collect", key, "done", { bytes: receipt.length });
  } catch (error) {
    return failed(work, "collect", collectItem(step.source, intervalId(step.interval)), key, error);
  }
}

async function actCollect(step: Extract<Step, { kind: "collect" }>, work: Work): Promise<Outcome> {
  const { parts, report, signal, seen } = work;
  const id = intervalId(step.interval);
  const key = `${step.source}@${id}`;
  const source = sourceOf(work, step.source);
  const { settings } = source;
  const begun = performance.now();
  try {
    if (step.raw === undefined && (await lookAgain(work, source, step.interval)))
      return doneElsewhere(work, "collect", key);
    const from = await parts.source(step.source);
    report({ code: "fetch.start", key, url: from.locate(step.interval) });
    const stored = step.raw?.facts === undefined ? undefined : { key: step.raw.key, revision: step.raw.facts.revision };
    const collected = await collect(
      parts.raw,
      from,
      { settings, interval: step.interval, stored },
      {
        ...callOptions(signal),
        clock: parts.clock,
        onProgress: (bytes, total) =>
          report({ code: "fetch.progress", key, bytes, ...(total === undefined ? {} : { total }) }),
      },
    );
    const nowMs = parts.clock();
    if (step.raw !== undefined) {
      const nextMs = nowMs + Math.max(settings.intervalMs, 3_600_000);
      seen.attempts.set(recheckItem(step.source, id), {
        kind: "pending",
        tries: 1,
        lastMs: nowMs,
        nextMs,
        reason: "compared with the source",
      });
    }
    switch (collected.kind) {
      case "stored": {
        const { info, receipt } = collected;
        const facts = { sha256: receipt.sha256, revision: receipt.revision, verified: true };
        source.raw.set(step.interval.startMs, { key: info.key, size: info.size, token: info.token, facts });
        seen.attempts.delete(collectItem(step.source, id));
        report({
          code: "fetch.done",
          key,
          bytes: info.size,
          ms: performance.now() - begun,
          revision: receipt.revision,
          tries: collected.tries,
          resumed: collected.resumedFrom,
        });
        return outcome("collect", key, "done", { bytes: info.size });
      }
      case "unchanged":
        report({ code: "fetch.unchanged", key });
        return outcome("collect", key, "skipped");
      case "exists":
        if (step.raw === undefined) await lookAgain(work, source, step.interval);
        return doneElsewhere(work, "collect", key);
      case "absent":
        // An object that is stored and no longer at its source is kept: the lake is the record.
        return step.raw === undefined ? missed(work, source, step.interval, key) : outcome("collect", key, "skipped");
    }
  } catch (error) {
    return failed(work, "collect", collectItem(step.source, id), key, error);
  }
}

function doneElsewhere(work: Work, stage: "collect" | "convert", key: string): Outcome {
  work.report({ code: "item.skipped", stage, name: key, items: 1, reason: "done by another writer meanwhile" });
  return outcome(stage, key, "skipped", { elsewhere: true });
}

/** Reads one object's state again, as another writer may have stored it since the listing. Answers whether it is there. */
async function lookAgain(work: Work, source: SourceSeen, interval: Interval): Promise<boolean> {
  const rawKey = formatKey(source.settings.object, interval);
  const info = await work.parts.raw.head(rawKey, callOptions(work.signal));
  if (info === undefined) return false;
  const facts = await readRawFacts(work.parts.raw, info, work.signal);
  source.raw.set(interval.startMs, { key: rawKey, size: info.size, token: info.token, facts });
  return true;
}

function missed(work: Work, source: SourceSeen, interval: Interval, key: string): Outcome {
  const { seen, parts, report } = work;
  const { settings } = source;
  const nowMs = parts.clock();
  const item = collectItem(settings.name, intervalId(interval));
  const kind = judgeMiss(interval, settings.settleMs, nowMs);
  const before = seen.attempts.get(item);
  const tries = (before?.kind === kind ? before.tries : 0) + 1;
  const nextMs = nowMs + backoffMs(kind, tries, settings.intervalMs);
  seen.attempts.set(item, { kind, tries, lastMs: nowMs, nextMs, reason: "the source does not have it" });
  const age = ageMs(interval, nowMs);
  const nextAt = new Date(nextMs).toISOString();
  if (kind === "gap") report({ code: "source.gap", key, ageMs: age, nextAt });
  else report({ code: "source.pending", key, ageMs: age, settleMs: settings.settleMs, nextAt });
  return outcome("collect", key, "waiting");
}

async function actConvert(step: Extract<Step, { kind: "convert" }>, work: Work): Promise<Outcome> {
  const { parts, report, signal, seen } = work;
  const id = intervalId(step.interval);
  const key = `${step.table}@${id}`;
  const table = tableOf(work, step.table);
  const { raw } = step;
  if (raw.facts === undefined) return outcome("convert", key, "skipped");
  const begun = performance.now();
  try {
    const keeper = work.keepers.get(step.table);
    if (keeper === undefined) throw new Error(`no schema keeper for table ${step.table}`);
    if (await convertedElsewhere(work, table, step.interval.startMs, raw.facts))
      return doneElsewhere(work, "convert", key);
    report({ code: "convert.start", key, reason: step.reason.kind });
    const converted = await convert(
      { raw: parts.raw, tables: parts.tables },
      await parts.converter(table.settings.convert),
      keeper,
      {
        settings: table.settings,
        id,
        raw: { key: raw.key, size: raw.size, token: raw.token, sha256: raw.facts.sha256, revision: raw.facts.revision },
      },
      {
        ...callOptions(signal),
        onProgress: (bytes) => report({ code: "convert.progress", key, bytes, total: raw.size }),
      },
    );
    const { info, facts, published, report: found } = converted;
    table.partitions.set(step.interval.startMs, { size: info.size, token: info.token, facts });
    seen.attempts.delete(convertItem(step.table, id));
    if (published !== undefined) report({ code: "schema.published", table: step.table, ...published });
    report({
      code: "convert.done",
      key,
      rows: facts.rows,
      rejected: facts.rejected,
      bytesIn: raw.size,
      bytes: info.size,
      ms: performance.now() - begun,
      ...(found.notBySpark === undefined ? {} : { notBySpark: found.notBySpark }),
    });
    return outcome("convert", key, "done", { bytes: info.size, rows: facts.rows, rejected: facts.rejected });
  } catch (error) {
    return failed(work, "convert", convertItem(step.table, id), key, error, convertBasis(raw.facts.sha256, table));
  }
}

/**
 * Whether another writer put a partition since the listing that was made from the same raw bytes; whether it is as it
 * should be in every other way is for the next look.
 */
async function convertedElsewhere(
  work: Work,
  table: TableSeen,
  startMs: number,
  raw: Pick<RawFacts, "sha256">,
): Promise<boolean> {
  const { settings } = table;
  const every = work.seen.sources.get(settings.from)?.settings.every ?? "hour";
  const key = partitionKey(settings.name, intervalId({ every, startMs }));
  const info = await work.parts.tables.head(key, callOptions(work.signal));
  if (info === undefined || info.token === table.partitions.get(startMs)?.token) return false;
  const facts = await readPartitionFacts(work.parts.tables, info, work.signal);
  table.partitions.set(startMs, { size: info.size, token: info.token, facts });
  return facts.rawSha256 === raw.sha256;
}

async function actMart(step: Extract<Step, { kind: "mart" }>, work: Work): Promise<Outcome> {
  const { parts, report, signal, seen } = work;
  const mart = seen.marts.get(step.mart);
  if (mart === undefined) return outcome("marts", step.mart, "skipped");
  const begun = performance.now();
  try {
    const inputs = [...seen.tables.values()].reduce((sum, table) => sum + table.partitions.size, 0);
    report({ code: "mart.start", key: step.mart, reason: step.reason.kind, inputs });
    const refusal = unportable(seen, mart.settings, parts.project.engine.kind);
    if (refusal !== undefined) throw refusal;
    const engine = await parts.engine({ ...callOptions(signal), report });
    const published = await buildMart(
      parts,
      engine,
      { settings: mart.settings, current: mart.current, tables: martInputs(parts, seen, engine, signal) },
      {
        ...callOptions(signal),
        clock: parts.clock,
        newId: parts.newId,
        onProgress: (share) => report({ code: "mart.progress", key: step.mart, share }),
      },
    );
    const built = { settings: mart.settings, current: published };
    seen.marts.set(step.mart, built);
    seen.attempts.delete(martItem(step.mart));
    const { manifest } = published;
    const bytes = manifest.files.reduce((sum, file) => sum + file.size, 0);
    report({
      code: "mart.published",
      key: step.mart,
      version: manifest.version,
      rows: manifest.rows,
      bytes,
      ms: performance.now() - begun,
    });
    const done = outcome("marts", step.mart, "done", { bytes, rows: manifest.rows });
    return seen.registry === undefined ? done : await showPublished(work, built, done);
  } catch (error) {
    return failed(work, "marts", martItem(step.mart), step.mart, error, martBasis(seen, step.mart));
  }
}

function sourceOf(work: Work, name: string): SourceSeen {
  const source = work.seen.sources.get(name);
  if (source === undefined) throw new Error(`no source ${name} was observed`);
  return source;
}
