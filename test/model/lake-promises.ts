/** The promises of a lake, asked after every single effect: of the object that was touched, and of what it touches. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { embeddedCatalog } from "../../src/catalog/embedded.ts";
import { columnAt, leafPaths } from "../../src/model/column-path.ts";
import {
  manifestKey,
  parseRejectedKey,
  partitionId,
  partitionKey,
  partKey,
  rejectedKey,
} from "../../src/model/layout.ts";
import { receiptFromMetadata } from "../../src/model/receipt.ts";
import { readPartitionFacts, readPartitionSchema } from "../../src/step/partition.ts";
import { latestSchema } from "../../src/step/table-schema.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { hours } from "./simulated-archive.ts";
import type { Effect } from "./simulated-storage.ts";

export interface Lake {
  readonly raw: Storage;
  readonly tables: Storage;
  readonly marts: Storage;
}

export async function bytesOf(storage: Storage, key: string): Promise<Buffer | undefined> {
  if ((await storage.head(key)) === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of storage.read(key)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export async function keysBelow(storage: Storage, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of storage.list(prefix)) keys.push(...page.map(({ key }) => key));
  return keys;
}

/** What must never be replaced by anything else, with the bytes that it was first put with. */
export type Unchanging = Map<string, string>;

export async function checkEffect(lake: Lake, unchanging: Unchanging, { place, key, kind }: Effect): Promise<void> {
  if (key.startsWith("_probe/")) return;
  if (kind === "put") await checkUnchanged(lake, unchanging, place, key);
  if (place === "raw") await checkRaw(lake, key, kind);
  else if (place === "tables") await checkTables(lake, key, kind);
  else await checkMarts(lake, key, kind);
}

/** Raw objects, records, schema documents and the files of versions are put once; a repetition puts the same again. */
async function checkUnchanged(lake: Lake, unchanging: Unchanging, place: keyof Lake, key: string): Promise<void> {
  if (place === "tables" && !/\/_schema\/\d+\.json$/.test(key)) return;
  const sum = sha256((await bytesOf(lake[place], key)) ?? Buffer.alloc(0));
  const name = `${place}/${key}`;
  assert.equal(sum, unchanging.get(name) ?? sum, `${name} was replaced`);
  unchanging.set(name, sum);
}

/** I1: a raw object is its source, as its receipt says. */
async function checkRaw({ raw }: Lake, key: string, kind: Effect["kind"]): Promise<void> {
  assert.equal(kind, "put", `raw object ${key} was removed`);
  const hour = hours.find(({ rawKey }) => rawKey === key);
  const found = await bytesOf(raw, key);
  assert.ok(hour !== undefined && found?.equals(hour.bytes), `I1: ${key} is not what its source has`);
  const receipt = receiptFromMetadata(key, (await raw.head(key))?.metadata);
  assert.equal(receipt?.sha256, sha256(hour.bytes), `I1: the receipt of ${key}`);
}

async function checkTables(lake: Lake, key: string, kind: Effect["kind"]): Promise<void> {
  const rejected = parseRejectedKey(key);
  if (rejected !== undefined && kind === "remove") return checkPartition(lake, rejected.id);
  const id = partitionId("events", key);
  if (id === undefined) return;
  assert.equal(kind, "put", `partition ${key} was removed`);
  return checkPartition(lake, id);
}

/** I2, I7: whoever sees a partition finds all its rows, the schema that holds its columns, and its rejected lines. */
async function checkPartition({ tables }: Lake, id: string): Promise<void> {
  const key = partitionKey("events", id);
  const info = await tables.head(key);
  if (info === undefined) return;
  const hour = hours.find((other) => other.id === id);
  const facts = await readPartitionFacts(tables, info);
  assert.equal(facts.rawSha256, sha256(hour?.bytes ?? Buffer.alloc(0)), `${key} was made from other bytes`);
  assert.equal(
    facts.rows + facts.rejected,
    hour?.lines,
    `I7: ${key} has ${facts.rows} rows, ${facts.rejected} rejected`,
  );
  const schema = (await latestSchema(tables, "events"))?.state.schema;
  for (const path of leafPaths(await readPartitionSchema(tables, info))) {
    const known = schema === undefined ? undefined : columnAt(schema, path);
    assert.ok(known !== undefined, `${key} is visible and its column ${path} is not in the table's schema`);
  }
  if (facts.rejected === 0) return;
  const rejects = rejectedKey("events", id, facts.rawSha256);
  assert.ok((await tables.head(rejects)) !== undefined, `${key} is visible and ${rejects} is not`);
}

/** I3, I4, I5, I10: the records are one chain, and what the last one names is whole; so is whatever has a manifest. */
async function checkMarts(lake: Lake, key: string, kind: Effect["kind"]): Promise<void> {
  const { marts } = lake;
  const isRecord = key.startsWith("_catalog/");
  assert.ok(!isRecord || kind === "put", `I4: record ${key} was removed`);
  const [mart = "", version = "", file] = key.split("/");
  if (!isRecord && kind === "put" && file === "_manifest.json") await checkVersion(lake, mart, version, undefined);
  let above: number | undefined;
  let current: string | undefined;
  for await (const { number, record } of embeddedCatalog(marts).history("activity")) {
    assert.equal(record.parent, number - 1, `I4: record ${number} names parent ${record.parent}`);
    assert.ok(above === undefined || number === above - 1, `I4: the chain has a hole below ${above}`);
    above = number;
    if (record.kind !== "publish") continue;
    if (current === undefined) await checkVersion(lake, "activity", record.version, record.manifestSha256);
    current ??= record.version;
  }
}

async function checkVersion({ marts }: Lake, mart: string, version: string, sum: string | undefined): Promise<void> {
  const bytes = await bytesOf(marts, manifestKey(mart, version));
  assert.ok(bytes !== undefined, `I5: ${version} has no manifest`);
  assert.ok(sum === undefined || sha256(bytes) === sum, `I5: ${version} has another manifest than its record says`);
  const manifest: { files: { name: string; sha256: string }[] } = JSON.parse(bytes.toString());
  for (const { name, sha256: expected } of manifest.files) {
    const part = await bytesOf(marts, partKey(mart, version, name));
    assert.ok(part !== undefined && sha256(part) === expected, `I5: ${version} is not whole: ${name}`);
  }
}
