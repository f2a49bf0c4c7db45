/**
 * The catalog that needs no database: a log of small records per mart, `_catalog/<mart>/<20 digits>.json`, each created
 * put-if-absent. The highest number is current. The log is data, not a cache: nothing can derive it from the versions.
 */
import { Failure } from "../errors.ts";
import type { Registration } from "../model/registration.ts";
import type { Documents, ObjectInfo, Storage } from "../storage/contract.ts";
import type { CallOptions, Catalog, CatalogRecord, Dated, Inspected, Numbered, OwnRegistered } from "./contract.ts";
import { decodeRecord, encodeRecord, isAsEncoded } from "./record.ts";

const ROOT = "_catalog/";
const DIGITS = 20;
/** A record is some hundred bytes; more is none. */
const RECORD_BYTES_MAX = 64 * 1024;
/** Numbers probed one by one before a listing is cheaper. */
const PROBES_MAX = 16;

export function embeddedCatalog(storage: Storage): Catalog {
  /** The highest number that this process has seen of each mart. Numbers only grow, so an old hint is still a start. */
  const hints = new Map<string, number>();
  const remember = (mart: string, number: number): void => {
    hints.set(mart, Math.max(number, hints.get(mart) ?? 0));
  };

  async function read(mart: string, number: number, options: CallOptions): Promise<Numbered | undefined> {
    const key = recordKey(mart, number);
    const bytes = await readRecord(storage, key, options);
    if (bytes === undefined) return undefined;
    remember(mart, number);
    return { number, record: decodeRecord(bytes, `${storage.name}/${key}`) };
  }

  /** A listing may not show the newest records yet, so it is a start as well, and `head` has the last word. */
  async function lastNumber(mart: string, options: CallOptions): Promise<number> {
    const hint = hints.get(mart);
    let last = hint ?? (await lastListed(storage, mart, options));
    for (let probes = 1; await exists(mart, last + 1, options); probes++) {
      last += 1;
      if (hint !== undefined && probes === PROBES_MAX) last = Math.max(last, await lastListed(storage, mart, options));
    }
    return last;
  }

  const exists = async (mart: string, number: number, options: CallOptions): Promise<boolean> =>
    (await storage.head(recordKey(mart, number), options)) !== undefined;

  async function current(mart: string, options: CallOptions = {}): Promise<Numbered | undefined> {
    const last = await lastNumber(mart, options);
    if (last === 0) return undefined;
    const found = await read(mart, last, options);
    if (found !== undefined) return found;
    // What the hint names is gone: somebody removed the lake and began another one.
    if (hints.delete(mart)) return await current(mart, options);
    throw missingRecord(storage, mart, last);
  }

  async function glance(mart: string, documents: Documents, options: CallOptions = {}): Promise<Numbered | undefined> {
    const prefix = `${ROOT}${mart}/`;
    const known = numberOf(documents.newest(prefix) ?? "") ?? 0;
    let last: ObjectInfo | undefined;
    for await (const page of storage.list(
      prefix,
      known > 1 ? { ...options, after: recordKey(mart, known - 1) } : options,
    )) {
      last = page.findLast(({ key }) => numberOf(key) !== undefined) ?? last;
    }
    const number = numberOf(last?.key ?? "");
    // Behind what was known there is nothing: the log is another one, or there is none.
    if (last === undefined || number === undefined) return known > 1 ? await current(mart, options) : undefined;
    remember(mart, number);
    const bytes = documents.find(last.key, last.token) ?? (await readRecord(storage, last.key, options));
    if (bytes === undefined) return await current(mart, options);
    documents.note(last.key, last.token, bytes);
    return { number, record: decodeRecord(bytes, `${storage.name}/${last.key}`) };
  }

  /** What stands at the number that we wanted: our own record after all, or another writer's. */
  async function outcome(
    mart: string,
    number: number,
    record: CatalogRecord,
    options: CallOptions,
  ): Promise<{ readonly own: Numbered | undefined } | undefined> {
    const found = await read(mart, number, options);
    if (found === undefined) return undefined;
    return { own: found.record.publishId === record.publishId ? found : undefined };
  }

  async function append(
    mart: string,
    expected: number,
    record: CatalogRecord,
    options: CallOptions = {},
  ): Promise<Numbered | undefined> {
    const number = expected + 1;
    const key = recordKey(mart, number);
    if (expected > (hints.get(mart) ?? 0) && !(await exists(mart, expected, options))) {
      throw new Failure(
        "bug",
        `${storage.name}/${recordKey(mart, expected)}: a record is appended to one that is not there`,
      );
    }
    try {
      const put = await storage.putIfAbsent(key, encodeRecord(record), options);
      if (put !== undefined) {
        remember(mart, number);
        return { number, record };
      }
    } catch (error) {
      // The record may be there although the answer was lost.
      const known = await outcomeOrNothing(() => outcome(mart, number, record, options));
      if (known === undefined) throw error;
      return known.own;
    }
    // A put that was repeated below us finds its own first try: that is a win.
    return (await outcome(mart, number, record, options))?.own;
  }

  async function* history(mart: string, options: CallOptions = {}): AsyncGenerator<Dated> {
    const newest = await current(mart, options);
    if (newest === undefined) return;
    const times = await timesOf(storage, mart, options);
    for (let number = newest.number; number > 0; number--) {
      const found = number === newest.number ? newest : await read(mart, number, options);
      const writtenMs = times.get(number) ?? (await storage.head(recordKey(mart, number), options))?.modifiedMs;
      if (found === undefined || writtenMs === undefined) throw missingRecord(storage, mart, number);
      yield { ...found, writtenMs };
    }
  }

  async function* inspect(mart: string, options: CallOptions = {}): AsyncGenerator<Inspected> {
    const last = Math.max(await lastListed(storage, mart, options), await lastNumber(mart, options));
    for (let number = 1; number <= last; number++) {
      const key = recordKey(mart, number);
      const bytes = await readRecord(storage, key, options);
      yield { number, key, bytes: bytes?.length ?? 0, ...judgeRecord(bytes, key, number) };
    }
  }

  async function restore(
    mart: string,
    number: number,
    record: CatalogRecord,
    options: CallOptions = {},
  ): Promise<void> {
    await storage.put(recordKey(mart, number), encodeRecord(record), options);
  }

  async function marts(options: CallOptions = {}): Promise<readonly string[]> {
    const names = new Set<string>();
    for await (const page of storage.list(ROOT, options)) {
      for (const { key } of page) {
        const [name] = key.slice(ROOT.length).split("/");
        if (name !== undefined && numberOf(key) !== undefined) names.add(name);
      }
    }
    return [...names].sort();
  }

  const chain = { name: `${storage.name}/_catalog`, current, glance, append, history, inspect, restore, marts };
  return { ...chain, ...ownRegistration(storage.name, current) };
}

/** Nobody but millrace asks this catalog, and millrace asks the chain. */
function ownRegistration(place: string, current: Catalog["current"]) {
  async function shown(mart: string, options: CallOptions): Promise<OwnRegistered | undefined> {
    const found = await current(mart, options);
    if (found === undefined) return undefined;
    const { number, record } = found;
    const { version, publishId } = record;
    return { kind: "ours", name: mart, number, version, publishId, fingerprint: undefined, fault: undefined };
  }
  return {
    registersItself: true,
    async registered(marts: readonly string[], options: CallOptions = {}) {
      const entries = await Promise.all(marts.map(async (mart) => [mart, await shown(mart, options)] as const));
      return new Map(entries.flatMap(([mart, found]) => (found === undefined ? [] : [[mart, found] as const])));
    },
    async register(mart: string, { number }: Registration, options: CallOptions = {}) {
      const found = await shown(mart, options);
      if (found !== undefined && found.number >= number) return found;
      throw new Failure("bug", `mart ${mart}: record ${number} is registered before it is in the log`);
    },
    unregister: async () => false,
    async prove(writers: "several" | "one") {
      const findings = [
        `the place of the marts keeps ${writers === "several" ? "racing writers apart" : "one writer"}`,
      ];
      return { what: `the log in ${place}/_catalog`, findings };
    },
    close: async () => undefined,
  };
}

function judgeRecord(
  bytes: Uint8Array | undefined,
  key: string,
  number: number,
): { readonly record: CatalogRecord | undefined; readonly fault: string | undefined } {
  if (bytes === undefined) return { record: undefined, fault: "is missing, although a later record is there" };
  try {
    const record = decodeRecord(bytes, key);
    const fault =
      record.parent !== number - 1
        ? `names ${record.parent} as its parent`
        : isAsEncoded(bytes)
          ? undefined
          : "is not written as records are";
    return { record, fault };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { record: undefined, fault: error.message };
  }
}

function recordKey(mart: string, number: number): string {
  if (mart === "" || mart.includes("/"))
    throw new Failure("usage", `mart "${mart}": a name has no slash and is not empty`);
  return `${ROOT}${mart}/${String(number).padStart(DIGITS, "0")}.json`;
}

function numberOf(key: string): number | undefined {
  const digits = /\/(\d{20})\.json$/.exec(key)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

async function lastListed(storage: Storage, mart: string, options: CallOptions): Promise<number> {
  let last = 0;
  for await (const page of storage.list(`${ROOT}${mart}/`, options)) {
    for (const { key } of page) last = Math.max(last, numberOf(key) ?? 0);
  }
  return last;
}

/** When each record was written, as far as a listing shows them: one call for a thousand, instead of one for each. */
async function timesOf(storage: Storage, mart: string, options: CallOptions): Promise<ReadonlyMap<number, number>> {
  const times = new Map<number, number>();
  for await (const page of storage.list(`${ROOT}${mart}/`, options)) {
    for (const { key, modifiedMs } of page) {
      const number = numberOf(key);
      if (number !== undefined) times.set(number, modifiedMs);
    }
  }
  return times;
}

async function readRecord(storage: Storage, key: string, options: CallOptions): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of storage.read(key, options)) {
      size += chunk.length;
      if (size > RECORD_BYTES_MAX) break;
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Failure && error.kind === "missing") return undefined;
    throw error;
  }
  return Buffer.concat(chunks);
}

/** The look after a failed put may fail like the put did; then the put's own error is the one to report. */
async function outcomeOrNothing<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Failure && error.kind !== "corrupt") return undefined;
    throw error;
  }
}

function missingRecord(storage: Storage, mart: string, number: number): Failure {
  return new Failure(
    "corrupt",
    `${storage.name}/${recordKey(mart, number)}: missing, although a later record is there`,
    {
      remedy: "restore the file from a backup; the log of a mart has no holes",
    },
  );
}
