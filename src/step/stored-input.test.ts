import assert from "node:assert/strict";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { parquetMetadata } from "hyparquet";
import { openGenerator } from "../../sample/generator.ts";
import { writeHour } from "../../sample/write-hour.ts";
import { counting } from "../../test/contract/cache.ts";
import { failsAs, rowsOf } from "../../test/contract/engine-answers.ts";
import { partitioned, schemaOf } from "../../test/contract/engine-inputs.ts";
import { convertHours } from "../../test/converted-hours.ts";
import type { ObjectCache } from "../cache/contract.ts";
import { openCache } from "../cache/open.ts";
import type { Engine, InputFile, TableInput } from "../engine/contract.ts";
import { openEngine } from "../engine/open.ts";
import type { Schema } from "../model/schema.ts";
import type { ObjectInfo, Storage } from "../storage/contract.ts";
import { localStorage } from "../storage/local.ts";
import { memoryStorage } from "../storage/memory.ts";
import { type FooterGuess, storedInput, tokensByListing } from "./stored-input.ts";

const REFERENCE =
  "select actor.login as actor, actor.display_login as actor_display, org.login as org, repo.name as repo, type, " +
  "payload.action, src from events";
const REFERENCE_LEAVES = [
  ...["actor.login", "actor.display_login", "org.login", "repo.name", "type", "payload.action"],
];

let root: string;
let engine: Engine;
let directories = 0;
before(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-stored-"));
  engine = openEngine({ kind: "duckdb", threads: 2, memoryBytes: 500_000_000 });
});
after(async () => {
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

const newDirectory = (): string => mkdtempSync(join(root, `${++directories}-`));
const newCache = (directory = newDirectory(), bytesMax = 1e9): ObjectCache =>
  openCache({ directory, bytesMax, placeOf: (storage) => storage.name });

/** A bucket that counts every kind of request. */
function newBucket() {
  const { storage, reads } = counting(memoryStorage({ name: `bucket-${++directories}`, scratchRoot: newDirectory() }));
  const heads = { count: 0 };
  const head: Storage["head"] = async (key, options) => {
    heads.count += 1;
    return await storage.head(key, options);
  };
  return { storage: { ...storage, head }, reads, heads };
}

const query = (sql: string, tables: ReadonlyMap<string, TableInput>) => rowsOf(engine, sql, tables, newDirectory());

function copiesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".data"))
    .map((name) => join(directory, name));
}

/** Bytes of the chunks of these leaves, as another reader counts them, and of the footer. */
function sizesOf(bytes: Uint8Array, leaves: readonly string[]): { readonly chunks: number; readonly footer: number } {
  const metadata = parquetMetadata(Uint8Array.from(bytes).buffer);
  const chunks = metadata.row_groups
    .flatMap(({ columns }) => columns.flatMap((column) => column.meta_data ?? []))
    .filter((meta) => leaves.includes(meta.path_in_schema.join(".")))
    .reduce((sum, meta) => sum + Number(meta.total_compressed_size), 0);
  return { chunks, footer: metadata.metadata_length };
}

describe("an hour of the archive in a bucket", () => {
  let bytes: Buffer;
  let schema: Schema;
  let local: string;
  before(async () => {
    const directory = newDirectory();
    const file = join(directory, "x.json.gz");
    await writeHour(openGenerator({ seed: 7, eventsPerHour: 10_000 }), Date.UTC(2023, 0, 1), file);
    const hours = await convertHours([{ src: "2023-01-01-00", file }], directory);
    local = hours.parts[0]?.path ?? assert.fail();
    schema = hours.schema;
    bytes = readFileSync(local);
  });

  const tableOf = (files: () => Promise<readonly InputFile[]>) =>
    new Map([["events", { ...partitioned(schema, []), files }]]);
  const inputOf = (storage: Storage, cache: ObjectCache, info: ObjectInfo, guess?: FooterGuess): InputFile =>
    storedInput(storage, cache, info, { src: "2023-01-01-00", ...(guess === undefined ? {} : { guess }) });

  test("is read by its footer and the chunks of the touched columns, in few requests, and never asked about", async () => {
    const [group] = parquetMetadata(Uint8Array.from(bytes).buffer).row_groups;
    assert.ok((group?.columns.length ?? 0) >= 1200);
    const { storage, reads, heads } = newBucket();
    const info = await storage.put("events/src=2023-01-01-00/data.parquet", bytes);
    const cache = newCache();
    const remote = tableOf(async () => [inputOf(storage, cache, info)]);
    const there = localStorage({ path: newDirectory(), name: "lake" });
    const same = await there.put("x", bytes);
    const answer = await query(`${REFERENCE} order by all`, remote);
    assert.deepEqual(
      answer,
      await query(
        `${REFERENCE} order by all`,
        tableOf(async () => [inputOf(there, cache, same)]),
      ),
    );
    assert.equal(answer.length, 10_000);
    const { chunks, footer } = sizesOf(bytes, REFERENCE_LEAVES);
    const fetched = reads.reduce((sum, read) => sum + read.bytes, 0);
    // The first guess of a footer's length is 256 KiB; what lies between chunks adds at most a fifth of them, or 64 KiB.
    assert.ok(fetched <= chunks + Math.max(chunks / 5, 65_536) + Math.max(footer, 262_144), `${fetched} for ${chunks}`);
    assert.ok(reads.length <= 6, `${reads.length} requests`);
    assert.equal(heads.count, 0);
    assert.ok(copiesIn(cache.directory).reduce((sum, path) => sum + lstatSync(path).blocks * 512, 0) < 1_000_000);

    // What is there is not fetched again, by nobody; what is not is added.
    const before = reads.length;
    await query(`${REFERENCE} order by all`, remote);
    await query("select count(*), count(actor.login) from events", remote);
    assert.equal(reads.length, before);
    await query("select count(payload.push_id) from events", remote);
    assert.equal(reads.length, before + 1);
    await cache.close();
    const next = newCache(cache.directory);
    await query(
      `${REFERENCE} order by all`,
      tableOf(async () => [inputOf(storage, next, info)]),
    );
    assert.equal(reads.length, before + 1);
    await next.close();
  });

  test("a footer that was read foretells those of its table", async () => {
    const { storage, reads } = newBucket();
    const cache = newCache();
    const guess: FooterGuess = { bytes: undefined };
    const { footer } = sizesOf(bytes, []);
    const costs: number[] = [];
    for (const src of ["a", "b"]) {
      const info = await storage.put(`events/src=${src}/data.parquet`, bytes);
      const before = reads.length;
      await query(
        "select count(*) from events",
        tableOf(async () => [inputOf(storage, cache, info, guess)]),
      );
      costs.push(reads.slice(before).reduce((sum, read) => sum + read.bytes, 0));
    }
    assert.equal(reads.length, 2, "one request a file");
    assert.equal(costs[0], 262_144);
    assert.ok((costs[1] ?? 0) <= footer + 16_384, `${costs[1]} for ${footer}`);
    await cache.close();
  });

  test("that is replaced before it is read is read as what it is then", async () => {
    const { storage } = newBucket();
    const cache = newCache();
    const key = "events/src=2023-01-01-00/data.parquet";
    const old = await storage.put(key, bytes);
    const fresh = await storage.put(key, bytes);
    const lists = [old, fresh];
    let asked = 0;
    const table = tableOf(async () => [inputOf(storage, cache, lists[asked++] ?? assert.fail())]);
    assert.deepEqual(await query("select count(*) from events", table), [[10_000n]]);
    assert.equal(asked, 2);
    asked = 0;
    const stale = tableOf(async () => {
      asked += 1;
      return [inputOf(storage, cache, old)];
    });
    await assert.rejects(query("select count(*) from events", stale), failsAs("conflict", /2023-01-01-00/));
    assert.equal(asked, 4);
    await storage.remove(key);
    await assert.rejects(query("select count(*) from events", stale), failsAs("conflict", /2023-01-01-00/));
    await cache.close();
  });

  test("whose copy was damaged on the disk is fetched again", async () => {
    const { storage, reads } = newBucket();
    const cache = newCache();
    const info = await storage.put("x", bytes);
    const table = tableOf(async () => [inputOf(storage, cache, info)]);
    await query("select count(type) from events", table);
    for (const path of copiesIn(cache.directory)) {
      const copy = readFileSync(path);
      writeFileSync(path, copy.fill(0x55, copy.length - 30_000));
    }
    const before = reads.length;
    assert.deepEqual(await query("select count(type) from events", table), [[10_000n]]);
    assert.ok(reads.length > before);
    await cache.close();
  });

  test("that is damaged in the bucket is named by its key", async () => {
    const { storage } = newBucket();
    const cache = newCache();
    const broken = [
      Buffer.from(bytes).fill(0, bytes.length - 4),
      Buffer.from(bytes).fill(0x55, bytes.length - 50_000, bytes.length - 8),
      Buffer.from(bytes).fill(0xff, bytes.length - 8, bytes.length - 4),
      Buffer.from("PAR1"),
      Buffer.alloc(0),
    ];
    for (const [index, body] of broken.entries()) {
      const info = await storage.put(`events/${index}`, body);
      const table = tableOf(async () => [inputOf(storage, cache, info)]);
      await assert.rejects(
        query("select count(type) from events", table),
        failsAs("corrupt", new RegExp(`${storage.name}/events/${index}`)),
      );
    }
    await cache.close();
  });
});

describe("files of other writers in a bucket", () => {
  let parts: Map<string, Buffer>;
  before(async () => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    parts = new Map();
    const rows = "SELECT x AS id, 's' || x % 90 AS few, hash(x)::VARCHAR AS wide FROM range(60000) r(x)";
    for (const [name, settings] of [
      ["small", "ROW_GROUP_SIZE 2048"],
      ["filtered", "ROW_GROUP_SIZE 20480, COMPRESSION uncompressed"],
    ] as const) {
      const path = join(newDirectory(), `${name}.parquet`);
      await connection.run(
        `COPY (${rows}${name === "small" ? " LIMIT 500" : ""}) TO '${path}' (FORMAT parquet, ${settings})`,
      );
      parts.set(name, readFileSync(path));
    }
    connection.closeSync();
    instance.closeSync();
  });
  const bytesOf = (name: string): Buffer => parts.get(name) ?? assert.fail(name);
  const schema = schemaOf("struct<id int64, few string, wide string>");
  const martOf = (input: () => InputFile): ReadonlyMap<string, TableInput> =>
    new Map([["m", { schema, partitioned: false, files: async () => [input()] }]]);

  test("a small object is one request", async () => {
    const { storage, reads } = newBucket();
    const info = await storage.put("small", bytesOf("small"));
    const cache = newCache();
    const mart = martOf(() => storedInput(storage, cache, info, { src: undefined }));
    assert.deepEqual(await query("select sum(id) from m", mart), [[124_750n]]);
    assert.deepEqual(reads, [{ key: "small", bytes: info.size }]);
    await cache.close();
  });

  test("filters of values are brought with their column, whole", async () => {
    const { storage, reads } = newBucket();
    const info = await storage.put("filtered", bytesOf("filtered"));
    const cache = newCache();
    const mart = martOf(() => storedInput(storage, cache, info, { src: undefined }));
    assert.deepEqual(await query("select count(*) from m where few = 's77'", mart), [[666n]]);
    assert.deepEqual(await query("select count(*) from m where few = 'none'", mart), [[0n]]);
    assert.ok(reads.reduce((sum, read) => sum + read.bytes, 0) < info.size / 2);
    assert.deepEqual(await query("select count(distinct wide), sum(id) from m where few = 's8'", mart), [
      [667n, BigInt(Array.from({ length: 667 }, (_, at) => 8 + 90 * at).reduce((a, b) => a + b, 0))],
    ]);
    await cache.close();
  });

  test("of a writer that is not known all is read", async () => {
    const bytes = Buffer.from(bytesOf("filtered"));
    const at = bytes.lastIndexOf("DuckDB version");
    bytes.write("Nobody", at);
    const { storage, reads } = newBucket();
    const info = await storage.put("x", bytes);
    const cache = newCache();
    const mart = martOf(() => storedInput(storage, cache, info, { src: undefined }));
    assert.deepEqual(await query("select max(id) from m where few = 's1'", mart), [[59_941n]]);
    assert.equal(
      reads.reduce((sum, read) => sum + read.bytes, 0),
      info.size,
    );
    await cache.close();
  });
});

test("tokens by listing: whoever asks for the n-th time hears of the n-th listing, which is made once", async () => {
  let made = 0;
  const tokenOf = tokensByListing(async function* () {
    made++;
    yield [
      { key: "a", size: 1, token: `a${made}`, modifiedMs: 0 },
      { key: "b", size: 1, token: "b", modifiedMs: 0 },
    ];
    if (made === 1) yield [{ key: "c", size: 1, token: "c", modifiedMs: 0 }];
  });
  assert.equal(made, 0);
  assert.deepEqual(await Promise.all(["a", "b", "c"].map(tokenOf)), ["a1", "b", "c"]);
  assert.equal(made, 1);
  assert.deepEqual(await Promise.all(["c", "b", "a"].map(tokenOf)), [undefined, "b", "a2"]);
  assert.equal(made, 2);
});
