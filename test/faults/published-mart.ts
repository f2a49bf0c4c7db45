/** A mart in memory that is published by a toy engine, fast enough for thousands of histories. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openCache } from "../../src/cache/open.ts";
import { embeddedCatalog } from "../../src/catalog/embedded.ts";
import type { Engine } from "../../src/engine/contract.ts";
import { manifestKey, partKey } from "../../src/model/layout.ts";
import { openIndex } from "../../src/reconcile/index-file.ts";
import type { Parts } from "../../src/reconcile/parts.ts";
import type { PublishedMart } from "../../src/step/manifest.ts";
import { readPublishedMart } from "../../src/step/manifest.ts";
import { buildMart } from "../../src/step/mart.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { makeMart, makeProject } from "../make.ts";

export const mart = "activity";

/** Writes two small files, whatever the statement. */
const engine: Engine = {
  name: "toy",
  opens: "paths",
  version: async () => "toy",
  describe: async () => ({ tables: [], columns: new Map(), result: [] }),
  async select({ directory }) {
    const files = ["part-0.parquet", "part-1.parquet"].map((name, at) => ({ name, bytes: Buffer.from(`rows ${at}`) }));
    for (const { name, bytes } of files) await writeFile(join(directory, name), bytes);
    return {
      columns: [],
      rows: 2,
      bytesRead: 0,
      files: files.map(({ name, bytes }) => ({
        path: join(directory, name),
        rows: 1,
        size: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      })),
    };
  },
  query: () => Promise.reject(new Error("the toy engine answers no query")),
  close: async () => undefined,
};

let ids = 0;
/** Distinct, and in hex as `newId` promises. */
export const newId = (): string => (++ids).toString(16).padStart(8, "0").padEnd(32, "0");

const absent = (what: string) => () => Promise.reject(new Error(`${what} is not needed here`));

/** Parts of a project with one mart; only the place of the marts is given. */
export function partsOn(marts: Storage, changes: Partial<Parts> = {}): Parts {
  return {
    project: makeProject("/nowhere", { marts: [makeMart({ name: mart })] }),
    raw: memoryStorage(),
    tables: memoryStorage(),
    marts,
    cache: openCache({ directory: "/nowhere/.millrace/cache", bytesMax: 0, placeOf: (storage) => storage.name }),
    source: absent("a source"),
    converterVersion: "native/1",
    converter: absent("the converter"),
    engine: async () => engine,
    catalog: embeddedCatalog(marts),
    index: openIndex("/nowhere/.millrace", "toy"),
    mayWrite: async () => undefined,
    clock: Date.now,
    newId,
    ...changes,
  };
}

/** Reads what is current and publishes the next version, as a pass does. */
export async function publish(parts: Parts, signal?: AbortSignal): Promise<PublishedMart> {
  const call = signal === undefined ? {} : { signal };
  const current = await readPublishedMart(parts.marts, parts.catalog, mart, signal);
  const request = { settings: makeMart({ name: mart }), current, tables: new Map() };
  return buildMart(parts, engine, request, { ...call, clock: parts.clock, newId: parts.newId });
}

export async function keysIn(storage: Storage, prefix = ""): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of storage.list(prefix)) keys.push(...page.map(({ key }) => key));
  return keys;
}

/** Names of the version directories in which anything lies. */
export async function versionsIn(storage: Storage): Promise<string[]> {
  return [...new Set((await keysIn(storage, `${mart}/`)).map((key) => key.split("/")[1] ?? ""))];
}

/** I3, I4, I5: the records are one chain, and the version that the last one names is whole. */
export async function assertReadable(storage: Storage, when: string): Promise<void> {
  let below: number | undefined;
  let named: string | undefined;
  let sha256: string | undefined;
  for await (const { number, record } of embeddedCatalog(storage).history(mart)) {
    assert.equal(record.parent, number - 1, `${when}: record ${number} names parent ${record.parent}`);
    if (below !== undefined) assert.equal(number, below - 1, `${when}: the chain has a hole`);
    below = number;
    named ??= record.version;
    if (record.kind === "publish" && record.version === named) sha256 ??= record.manifestSha256;
  }
  assert.ok(named !== undefined, `${when}: nothing is published`);
  const manifest = await textOf(storage, manifestKey(mart, named), when);
  assert.equal(createHash("sha256").update(manifest).digest("hex"), sha256, `${when}: another manifest in ${named}`);
  const { files }: { files: { name: string; sha256: string }[] } = JSON.parse(manifest.toString());
  for (const file of files) {
    const bytes = await textOf(storage, partKey(mart, named, file.name), when);
    assert.equal(createHash("sha256").update(bytes).digest("hex"), file.sha256, `${when}: ${file.name} of ${named}`);
  }
}

async function textOf(storage: Storage, key: string, when: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of storage.read(key)) chunks.push(chunk);
  } catch (error) {
    throw new Error(`${when}: the current version lacks ${key}`, { cause: error });
  }
  return Buffer.concat(chunks);
}
