/** Tables with their partitions in a real Hive Metastore. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { TableRegistry } from "../../src/catalog/contract.ts";
import { type TableRegistration, tableFingerprint } from "../../src/model/registration.ts";
import { failsAs } from "../contract/catalog-record.ts";
import { type HiveLake, hiveLake, tableIn } from "./hive-lake.ts";
import { server, skipping } from "./server.ts";

describe("tables in a real Hive Metastore", skipping, () => {
  let lake: HiveLake;
  let tables: TableRegistry;
  before(async () => {
    if (server === undefined) return;
    lake = await hiveLake(server);
    tables = tablesOf();
  });
  after(async () => {
    if (server !== undefined) await lake.close();
  });

  const tablesOf = (): TableRegistry => lake.again().tables ?? assert.fail("no tables");

  const registration: TableRegistration = {
    schemaVersion: 1,
    columns: [
      { name: "Id", type: { kind: "string" } },
      { name: "payload", type: { kind: "struct", fields: [{ name: "+1", type: { kind: "int64" } }] } },
    ],
  };

  async function partitionsOf(table: string): Promise<readonly string[]> {
    const pages: (readonly string[])[] = [];
    for await (const page of tablesOf().partitions(table)) pages.push(page);
    return pages.flat();
  }

  test("without registration, there is no table, nothing to list and nothing to add to", async () => {
    assert.equal(await tables.registered("nothing"), undefined);
    await assert.rejects(partitionsOf("nothing"), failsAs("missing", /is not registered/));
    await assert.rejects(tables.add("nothing", ["a"]), failsAs("missing"));
    await assert.rejects(tables.remove("nothing", ["a"]), failsAs("missing"));
    assert.equal(await tables.unregister("nothing"), false);
  });

  test("a table has its columns, a partition key and the place of its files", async () => {
    await tables.register("events", registration);
    const found = await tables.registered("events");
    assert.ok(found?.kind === "ours");
    assert.deepEqual(
      [found.name, found.fingerprint, found.schemaVersion],
      [`${lake.database}.events`, tableFingerprint(registration), 1],
    );
    const { storage, partitionKeys, type, parameters } = await tableIn(lake, "events");
    assert.equal(type, "EXTERNAL_TABLE");
    assert.deepEqual(partitionKeys, [{ name: "src", type: "string" }]);
    assert.deepEqual(storage.columns, [
      { name: "id", type: "string" },
      { name: "payload", type: "struct<+1:bigint>" },
    ]);
    assert.match(storage.location, /\/tables\/events$/);
    assert.match(parameters.get("spark.sql.sources.schema") ?? "", /"name":"Id".*"name":"src"/);
  });

  test("columns follow the schema's version, never back, and keep the partitions", async () => {
    await tables.register("widened", registration);
    await tables.add("widened", ["a", "b"]);
    const wider = {
      schemaVersion: 3,
      columns: [...registration.columns, { name: "more", type: { kind: "bool" } as const }],
    };
    await tables.register("widened", wider);
    await tablesOf().register("widened", { ...registration, schemaVersion: 2 });
    const found = await tables.registered("widened");
    assert.ok(found?.kind === "ours");
    assert.deepEqual([found.schemaVersion, found.fingerprint], [3, tableFingerprint(wider)]);
    assert.deepEqual(await partitionsOf("widened"), ["a", "b"]);
    // Another type at the same place, which a server refuses unless it is told.
    const retyped = { schemaVersion: 4, columns: [{ name: "Id", type: { kind: "int64" } as const }] };
    await Promise.all(Array.from({ length: 6 }, () => tablesOf().register("widened", retyped)));
    assert.deepEqual((await tableIn(lake, "widened")).storage.columns, [{ name: "id", type: "bigint" }]);
    assert.deepEqual(await partitionsOf("widened"), ["a", "b"]);
  });

  test("other files are another location of the table, which keeps its columns and partitions", async () => {
    await tables.register("touched", registration);
    await tables.add("touched", ["a"]);
    for (const files of ["one", "two", "two"]) await tablesOf().touch("touched", files);
    const wider = { ...registration, schemaVersion: 2 };
    await tables.register("touched", { ...wider, columns: registration.columns.slice(0, 1) });
    const found = await tables.registered("touched");
    assert.ok(found?.kind === "ours");
    assert.deepEqual([found.files, found.schemaVersion], ["two", 2]);
    const { storage } = await tableIn(lake, "touched");
    assert.match(storage.location, /\/tables\/touched\/_files\/two$/);
    assert.equal(existsSync(storage.location.replace(/^file:\/*/, "/")), false);
    assert.deepEqual(await partitionsOf("touched"), ["a"]);
    await assert.rejects(tables.touch("nobody", "one"), failsAs("missing"));
  });

  test("files that are noted change the table's location and nothing else, and stay with later columns", async () => {
    await tables.register("noted", registration);
    await tables.add("noted", ["a"]);
    const before = await tableIn(lake, "noted");
    await Promise.all([tables, tablesOf(), tablesOf()].map((each) => each.touch("noted", "0011aabb")));
    const noted = await tables.registered("noted");
    assert.ok(noted?.kind === "ours");
    assert.deepEqual([noted.files, noted.fingerprint], ["0011aabb", tableFingerprint(registration)]);
    const { storage } = await tableIn(lake, "noted");
    assert.notEqual(storage.location, before.storage.location);
    assert.deepEqual(storage.columns, before.storage.columns);
    await tables.register("noted", { ...registration, schemaVersion: 2 });
    const later = await tables.registered("noted");
    assert.ok(later?.kind === "ours");
    assert.deepEqual([later.files, later.schemaVersion], ["0011aabb", 2]);
    assert.deepEqual(await partitionsOf("noted"), ["a"]);
    await assert.rejects(tables.touch("not_there", "0011aabb"), failsAs("missing"));
  });

  test("partitions of any name are added, listed and removed; repeating it does nothing, and no file is touched", async () => {
    await tables.register("odd", registration);
    const ids = [
      "2026-03-01-15",
      "a:b",
      "a=b",
      "x y",
      "%25",
      "ü",
      "日本",
      "q'\"",
      "{x}",
      "[y]^",
      "back\\slash",
      "🙂",
      "UPPER",
      "upper",
    ];
    const counts: number[] = [];
    await tables.add("odd", ids, { onAdded: (count) => counts.push(count) });
    await tablesOf().add("odd", ids);
    await tables.add("odd", []);
    assert.deepEqual(counts, [ids.length]);
    assert.deepEqual([...(await partitionsOf("odd"))].sort(), [...ids].sort());
    await tables.remove("odd", ["a:b", "q'\"", "%25", "not there", "🙂"]);
    await tablesOf().remove("odd", ["a:b"]);
    const left = ids.filter((id) => !["a:b", "q'\"", "%25", "🙂"].includes(id));
    assert.deepEqual([...(await partitionsOf("odd"))].sort(), [...left].sort());
    assert.ok(existsSync(join(lake.directory, "tables", "odd", "src=a:b")));
    assert.equal(await tables.unregister("odd"), true);
    assert.equal(await tables.registered("odd"), undefined);
    assert.ok(existsSync(join(lake.directory, "tables", "odd", "src=x y")));
  });

  test("writers that add the same partitions at once all succeed", async () => {
    await tables.register("raced", registration);
    const ids = Array.from({ length: 300 }, (_, index) => `2026-03-01-${index}`);
    await Promise.all(
      [0, 1, 2, 3].map((writer) => tablesOf().add("raced", [...ids.slice(writer * 70), ...ids.slice(0, writer * 70)])),
    );
    assert.deepEqual([...(await partitionsOf("raced"))].sort(), [...ids].sort());
  });

  test("what is not ours is never touched", async () => {
    await lake.again().append("mart", 0, {
      kind: "publish",
      version: "v000000000001-aaaaaaaa",
      publishId: "aaaaaaaa",
      parent: 0,
      at: "2026-03-01T00:00:00.000Z",
      manifestSha256: "0".repeat(64),
    });
    const ours = await (async () => {
      await tables.register("kept", registration);
      return await tableIn(lake, "kept");
    })();
    const parameters = new Map([...ours.parameters, ["millrace.lake", "s3a://other/marts/"]]);
    await lake.calls.createTable({ ...ours, name: "theirs", parameters });
    const found = await tables.registered("theirs");
    assert.ok(found?.kind === "foreign");
    const words = /registered by another lake/;
    await assert.rejects(tables.register("theirs", registration), failsAs("conflict", words));
    await assert.rejects(tables.add("theirs", ["a"]), failsAs("conflict", words));
    await assert.rejects(tables.remove("theirs", ["a"]), failsAs("conflict", words));
    await assert.rejects(partitionsOf("theirs"), failsAs("conflict", words));
    await assert.rejects(tables.unregister("theirs"), failsAs("conflict", words));
    // A mart and a table of one name are not the same thing either.
    await assert.rejects(lake.again().unregister("kept"), failsAs("conflict", /for something else, kept/));
  });

  test("a column that has the partition's name is refused", async () => {
    const columns = [{ name: "SRC", type: { kind: "string" } as const }];
    await assert.rejects(tables.register("clash", { schemaVersion: 1, columns }), failsAs("refused", /"SRC"/));
    assert.equal(await tables.registered("clash"), undefined);
  });

  test("what was changed by hand is registered anew", async () => {
    await tables.register("edited", registration);
    const table = await tableIn(lake, "edited");
    const storage = { ...table.storage, location: `file:${lake.directory}/elsewhere` };
    await lake.calls.alterTable({ ...table, storage }, undefined);
    const found = await tables.registered("edited");
    assert.ok(found?.kind === "ours" && found.fingerprint !== tableFingerprint(registration));
    await tables.register("edited", registration);
    assert.equal((await tableIn(lake, "edited")).storage.location, table.storage.location);
  });
});
