/** A small lake on a disk or in memory whose objects can be damaged in every way, and what it looks like afterwards. */
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { App } from "../../src/answers.ts";
import type { AppOptions } from "../../src/app.ts";
import type { Metadata, Storage } from "../../src/storage/contract.ts";
import { localStorage } from "../../src/storage/local.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { copySmallLake, makeSmallLake, type SmallLake } from "./small-lake.ts";

export const placeNames = ["raw", "tables", "marts"] as const;
export type PlaceName = (typeof placeNames)[number];
type Places = Readonly<Record<PlaceName, Storage>>;

/** What becomes of an object's bytes; `undefined`: it is gone. */
export type Damage = (bytes: Buffer) => Buffer | undefined;

export const flipAt =
  (share: number): Damage =>
  (bytes) => {
    const flipped = Buffer.from(bytes);
    const at = Math.min(bytes.length - 1, Math.floor(share * bytes.length));
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    return flipped;
  };

export const damages: Readonly<Record<string, Damage>> = {
  "a byte flipped at the front": flipAt(0),
  "a byte flipped in the middle": flipAt(0.5),
  "a byte flipped at the end": flipAt(1),
  truncated: (bytes) => bytes.subarray(0, bytes.length >> 1),
  grown: (bytes) => Buffer.concat([bytes, Buffer.from("\n")]),
  empty: () => Buffer.alloc(0),
  "a foreign file": () => Buffer.from('{"something": "else"}\n'),
  "a foreign file of the same length": (bytes) => Buffer.alloc(bytes.length, "x"),
  gone: () => undefined,
};

export interface DamagedLake {
  open(days: number, options?: AppOptions): Promise<App>;
  readonly places: Places;
  /** The source's file of an hour. */
  archived(hour: number): string;
  damage(place: PlaceName, key: string, how: Damage): Promise<void>;
  damageReceipt(key: string, how: Damage): Promise<void>;
  /** The same lake again. */
  copy(): Promise<DamagedLake>;
  remove(): void;
}

export function diskLake(lake: SmallLake): DamagedLake {
  const pathOf = (place: PlaceName, key: string): string => join(lake.directory, "lake", place, key);
  const damageFile = (path: string, how: Damage): void => {
    const bytes = how(readFileSync(path));
    if (bytes === undefined) rmSync(path);
    else writeFileSync(path, bytes);
  };
  const place = (name: PlaceName): Storage => localStorage({ path: join(lake.directory, "lake", name), name });
  return {
    open: lake.open,
    places: { raw: place("raw"), tables: place("tables"), marts: place("marts") },
    archived: (hour) => join(lake.directory, `archive/2026-03-01-${hour}.json.gz`),
    damage: async (name, key, how) => damageFile(pathOf(name, key), how),
    damageReceipt: async (key, how) => damageFile(pathOf("raw", `_receipts/${key}.json`), how),
    copy: async () => diskLake(copySmallLake(lake)),
    remove: lake.remove,
  };
}

export const memoryLake = (): DamagedLake =>
  lakeOn({ raw: memoryStorage(), tables: memoryStorage(), marts: memoryStorage() });

/** A lake whose places are these storages. */
export function lakeOn(places: Places): DamagedLake {
  const lake = makeSmallLake();
  return {
    open: (days, options = {}) => {
      const wrap = options.wrapStorage ?? ((_name, storage) => storage);
      return lake.open(days, { ...options, wrapStorage: (name) => wrap(name, places[name]) });
    },
    places,
    archived: (hour) => join(lake.directory, `archive/2026-03-01-${hour}.json.gz`),
    async damage(name, key, how) {
      const storage = places[name];
      const { bytes, metadata } = await readObject(storage, key);
      const after = how(bytes);
      if (after === undefined) await storage.remove(key);
      else await storage.put(key, after, metadata === undefined ? {} : { metadata });
    },
    async damageReceipt(key, how) {
      const { bytes, metadata = {} } = await readObject(places.raw, key);
      const text = how(Buffer.from(JSON.stringify(metadata)))?.toString();
      await places.raw.remove(key);
      const after = text === undefined ? undefined : parseMetadata(text);
      await places.raw.put(key, bytes, after === undefined ? {} : { metadata: after });
    },
    async copy() {
      const copies = { raw: memoryStorage(), tables: memoryStorage(), marts: memoryStorage() };
      for (const name of placeNames) {
        for (const key of await keysOf(places[name])) {
          const { bytes, metadata } = await readObject(places[name], key);
          await copies[name].put(key, bytes, metadata === undefined ? {} : { metadata });
        }
      }
      return lakeOn(copies);
    },
    remove: lake.remove,
  };
}

function parseMetadata(text: string): Metadata | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const entries = Object.entries(typeof value === "object" && value !== null ? value : {});
    return Object.fromEntries(entries.map(([name, each]) => [name, String(each)]));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function readObject(
  storage: Storage,
  key: string,
): Promise<{ readonly bytes: Buffer; readonly metadata: Metadata | undefined }> {
  const bytes = Buffer.concat(await Array.fromAsync(storage.read(key)));
  return { bytes, metadata: (await storage.head(key))?.metadata };
}

/** All keys of a place, those below names that listings leave out included. */
export async function keysOf(storage: Storage): Promise<string[]> {
  const keys: string[] = [];
  for (const prefix of ["", "_revisions/", "_rejected/", "_catalog/", "events/_schema/"]) {
    for await (const page of storage.list(prefix)) keys.push(...page.map(({ key }) => key));
  }
  for (const key of [...keys]) {
    const manifest = /^(activity\/[^/]+)\//.exec(key)?.[1];
    if (manifest !== undefined && !keys.includes(`${manifest}/_manifest.json`)) keys.push(`${manifest}/_manifest.json`);
  }
  return [...new Set(keys)].sort();
}

/**
 * What must be the same after every repair: raw objects and partitions byte by byte, what receipts say, the columns of the
 * table, and the rows that the mart answers with.
 */
export async function contentOf(
  lake: Pick<DamagedLake, "open" | "places">,
  days: number,
): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const name of ["raw", "tables"] as const) {
    for (const key of await keysOf(lake.places[name])) {
      if (key.includes("/_schema/")) continue;
      const { bytes, metadata } = await readObject(lake.places[name], key);
      content[`${name} ${key}`] = createHash("sha256").update(bytes).digest("hex");
      if (name === "raw") {
        const { sha256, length, revision, verified } = metadata ?? {};
        content[`receipt of ${key}`] = JSON.stringify({ sha256, length, revision, verified });
      }
    }
  }
  const app = await lake.open(days);
  try {
    const answer = await app.query("select * from activity order by all");
    const rows: unknown[] = [];
    for await (const batch of answer.rows()) rows.push(...batch);
    await answer.close();
    content["rows of activity"] = JSON.stringify(rows);
    const columns = (await app.schema("events")).columns.map(({ path, typeText }) => `${path} ${typeText}`);
    content["columns of events"] = columns.join(", ");
  } finally {
    await app.close();
  }
  return content;
}

/** Of the small lake on a disk, with the embedded engine: what every other place and engine must come to. */
export async function contentOfDisk(): Promise<Record<string, string>> {
  const lake = diskLake(makeSmallLake());
  try {
    const app = await lake.open(0);
    await app.run();
    await app.close();
    return await contentOf(lake, 30);
  } finally {
    lake.remove();
  }
}
