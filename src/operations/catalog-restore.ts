/**
 * The way back from a metastore: the log in the lake is looked through, and what is missing there is written again from what
 * proves it, the versions themselves and the registrations. Numbers that nothing proves get a fence, which says no more than that
 * the number is taken; a record that is there and damaged is left alone.
 */
import type { CatalogRecord, Inspected, Registered } from "../catalog/contract.ts";
import { Failure } from "../errors.ts";
import { callOptions } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { Export, Outcome } from "./catalog-export.ts";
import { droppedMarts } from "./catalog-list.ts";
import { provenRecord } from "./catalog-proof.ts";

export async function restoreLog(run: Export): Promise<void> {
  const { parts, target, options } = run;
  const marts = [...parts.project.marts.keys(), ...(await droppedMarts(parts, options.signal))];
  const call = callOptions(options.signal);
  const shown =
    target.registersItself || marts.length === 0 ? new Map<string, Registered>() : await target.registered(marts, call);
  for (const mart of marts) {
    options.onProgress?.(run.items.length, marts.length, mart);
    await run.each("mart", mart, async () => {
      const registered = shown.get(mart);
      return { registered: registered?.name, ...(await restoreMart(run, mart, registered)) };
    });
  }
}

/** A number at which nothing stands, and what is to stand there. */
interface Written {
  readonly number: number;
  readonly record: CatalogRecord;
  readonly isProved: boolean;
}

async function restoreMart(
  { parts, options: { signal, dryRun } }: Export,
  mart: string,
  registered: Registered | undefined,
): Promise<Outcome> {
  const inspected: Inspected[] = [];
  for await (const each of parts.catalog.inspect(mart, callOptions(signal))) inspected.push(each);
  const last = inspected.at(-1)?.number ?? 0;
  const shown = registered?.kind === "ours" && isOfThisLog(registered, inspected) ? registered.number : 0;
  if (Math.max(last, shown) === 0) return { state: "nothing", what: "was never published" };
  const damaged = inspected.find(({ bytes, fault }) => bytes > 0 && fault !== undefined);
  if (damaged !== undefined) {
    throw new Failure("corrupt", `mart ${mart}: ${damaged.key}: ${damaged.fault}`, {
      remedy: "millrace verify --repair puts it back if something proves it",
    });
  }
  const missing = inspected.flatMap(({ number, record }) => (record === undefined ? [number] : []));
  for (let number = last + 1; number <= shown; number++) missing.push(number);
  if (missing.length === 0) return { state: "already", what: `the log is whole: ${last} records` };
  const written = await recordsFor(parts, mart, { inspected, missing, registered, signal });
  const proved = written.filter(({ isProved }) => isProved).length;
  const fences = written.length - proved;
  const what = `written again: ${proved} by proof${fences === 0 ? "" : `, ${fences} as fences, since nothing proves them`}`;
  if (dryRun === true) return { state: "planned", what };
  await parts.mayWrite(["marts"], callOptions(signal));
  for (const { number, record } of written) {
    // Behind the last one somebody else may be writing; between others nobody does.
    if (number <= last) await parts.catalog.restore(mart, number, record, callOptions(signal));
    else if ((await parts.catalog.append(mart, number - 1, record, callOptions(signal))) === undefined) {
      throw new Failure("conflict", `mart ${mart}: another writer published a version meanwhile`, {
        remedy: "look with millrace catalog versions, and try again if something is still missing",
      });
    }
  }
  return { state: "done", what };
}

/** A log that was begun anew has younger records than the name: that one is of the log before. */
function isOfThisLog({ at = "" }: Extract<Registered, { kind: "ours" }>, inspected: readonly Inspected[]): boolean {
  const newest = inspected.findLast(({ record }) => record !== undefined)?.record?.at ?? "";
  return Date.parse(at) >= (newest === "" ? 0 : Date.parse(newest));
}

interface Missing {
  readonly inspected: readonly Inspected[];
  /** In their order. */
  readonly missing: readonly number[];
  readonly registered: Registered | undefined;
  readonly signal: AbortSignal | undefined;
}

/** In the order of their numbers. Throws `corrupt` if the last one, which says what readers see, is proved by nothing. */
async function recordsFor(
  parts: Parts,
  mart: string,
  { inspected, missing, registered, signal }: Missing,
): Promise<readonly Written[]> {
  const known = new Map(inspected.flatMap(({ number, record }) => (record === undefined ? [] : [[number, record]])));
  const proved = new Map<number, CatalogRecord>();
  for (const number of missing) {
    signal?.throwIfAborted();
    const { record } = await provenRecord(parts, mart, number, registered, signal);
    if (record !== undefined) proved.set(number, record);
  }
  const last = Math.max(...known.keys(), ...missing);
  const all = new Map<number, CatalogRecord>([...known, ...proved]);
  if (!all.has(last)) {
    throw new Failure("corrupt", `mart ${mart}: nothing proves record ${last}, which says what readers see`, {
      remedy: `restore _catalog/${mart} from a backup; or millrace catalog export --drop, and millrace run builds a version anew`,
    });
  }
  const at = new Date(parts.clock()).toISOString();
  return missing.map((number): Written => {
    const record = proved.get(number);
    if (record !== undefined) return { number, record, isProved: true };
    const before = nearest(all, number, -1);
    const named = before ?? nearest(all, number, 1);
    const rollback = before?.rollback === true ? ({ rollback: true } as const) : {};
    const { version } = named ?? { version: "" };
    const fence = { kind: "fence", version, publishId: parts.newId(), parent: number - 1, at, ...rollback } as const;
    return { number, record: fence, isProved: false };
  });
}

function nearest(
  records: ReadonlyMap<number, CatalogRecord>,
  number: number,
  direction: 1 | -1,
): CatalogRecord | undefined {
  const numbers = [...records.keys()].filter((each) => (each - number) * direction > 0);
  const found = direction < 0 ? Math.max(...numbers) : Math.min(...numbers);
  return records.get(found);
}
