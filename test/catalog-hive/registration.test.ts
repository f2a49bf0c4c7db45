/** What a real metastore shows of marts: whose names they are, what was changed by hand, what changes with a version. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Catalog } from "../../src/catalog/contract.ts";
import type { HiveTable } from "../../src/catalog/hive/structs.ts";
import { Failure } from "../../src/errors.ts";
import type { RegisteredColumn } from "../../src/model/registration.ts";
import { failsAs, plainColumns, publishRecord, registrationOf } from "../contract/catalog-record.ts";
import { type HiveLake, hiveLake, tableIn } from "./hive-lake.ts";
import { server, skipping } from "./server.ts";

describe("marts in a real Hive Metastore", skipping, () => {
  let lake: HiveLake;
  let catalog: Catalog;
  before(async () => {
    if (server === undefined) return;
    lake = await hiveLake(server);
    catalog = lake.again();
  });
  after(async () => {
    if (server !== undefined) await lake.close();
  });

  async function published(mart: string, columns: readonly RegisteredColumn[] = plainColumns, number = 1) {
    const record = publishRecord(number - 1, `${mart}${number}xxxxxxxx`);
    await catalog.append(mart, number - 1, record);
    return registrationOf(number, record.publishId, columns);
  }

  test("a mart is an external table of Parquet, with where it comes from as parameters", async () => {
    const registration = await published("plain");
    await catalog.register("plain", registration);
    const table = await tableIn(lake, "plain");
    assert.equal(table.type, "EXTERNAL_TABLE");
    assert.equal(table.owner, "millrace");
    assert.deepEqual(table.storage.columns, [
      { name: "type", type: "string", comment: "what happened" },
      { name: "events", type: "bigint" },
    ]);
    assert.equal(
      table.storage.location,
      `${lake.martsLocation}plain/${registration.version}`.replace("file:///", "file:/"),
    );
    assert.match(table.storage.inputFormat, /MapredParquetInputFormat$/);
    assert.match(table.storage.serde, /ParquetHiveSerDe$/);
    assert.deepEqual(table.partitionKeys, []);
    const { parameters } = table;
    for (const [key, value] of [
      ["EXTERNAL", "TRUE"],
      ["external.table.purge", "false"],
      ["millrace.lake", lake.martsLocation],
      ["millrace.mart", "plain"],
      ["millrace.number", "1"],
      ["millrace.version", registration.version],
      ["millrace.publish_id", registration.publishId],
      ["millrace.at", registration.at],
      ["millrace.manifest_sha256", registration.manifestSha256],
      ["comment", "Events by type"],
      ["numRows", "3"],
      ["totalSize", "700"],
    ] as const) {
      assert.equal(parameters.get(key), value, key);
    }
  });

  test("the database is made in the lake, and one that is there is taken as it is", async () => {
    await catalog.register("housed", await published("housed"));
    const database = await lake.calls.database(lake.database);
    assert.match(database?.location ?? "", new RegExp(`/marts/_databases/${lake.database}$`));
    assert.equal(database?.owner, "millrace");
    const other = lake.otherDatabase();
    const made = { name: other, description: "theirs", location: `file:${lake.directory}/theirs`, owner: "somebody" };
    await lake.calls.createDatabase(made);
    await lake.again({ database: other }).register("housed", registrationOf(1, "housed1xxxxxxxx"));
    assert.deepEqual(await lake.calls.database(other), made);
  });

  const foreign = (name: string, changes: Partial<HiveTable> = {}): HiveTable => ({
    database: lake.database,
    name,
    owner: "somebody",
    type: "EXTERNAL_TABLE",
    storage: {
      columns: [{ name: "a", type: "string" }],
      location: `file:${lake.directory}/elsewhere`,
      inputFormat: "org.apache.hadoop.mapred.TextInputFormat",
      outputFormat: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
      serde: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
      serdeParameters: new Map(),
    },
    partitionKeys: [],
    parameters: new Map([["EXTERNAL", "TRUE"]]),
    ...changes,
  });

  test("a name that is not ours is never touched, whatever stands there", async () => {
    await catalog.register("ours", await published("ours"));
    const ours = await tableIn(lake, "ours");
    const things: readonly (readonly [HiveTable, RegExp])[] = [
      [foreign("theirs"), /an external table of owner somebody at file:.*elsewhere/],
      [foreign("managed", { type: "MANAGED_TABLE", parameters: new Map() }), /of owner somebody/],
      [foreign("a_view", { type: "VIRTUAL_VIEW", parameters: new Map() }), /a view of owner somebody/],
      [{ ...ours, name: "a_copy" }, /registered by this lake for something else, ours/],
      [
        {
          ...ours,
          name: "other_lake",
          parameters: new Map([...ours.parameters, ["millrace.lake", "s3a://other/marts/"]]),
        },
        /registered by another lake, s3a:\/\/other\/marts\//,
      ],
      [
        {
          ...ours,
          name: "stripped",
          parameters: new Map([...ours.parameters, ["millrace.mart", "stripped"], ["millrace.number", "one"]]),
        },
        /whose millrace.number, .* was taken away/,
      ],
    ];
    for (const [table, words] of things) {
      await lake.calls.createTable(table);
      const before = await tableIn(lake, table.name);
      const found = (await catalog.registered([table.name])).get(table.name);
      assert.ok(found?.kind === "foreign", table.name);
      assert.match(found.what, words);
      const registration = await published(table.name);
      await assert.rejects(catalog.register(table.name, registration), (error: unknown) => {
        assert.match(error instanceof Failure ? (error.detail.remedy ?? "") : "", /drop or rename it there/);
        return failsAs("conflict", words)(error);
      });
      await assert.rejects(catalog.unregister(table.name), failsAs("conflict", words));
      assert.deepEqual(await tableIn(lake, table.name), before);
    }
  });

  test("what was changed by hand is a fault, and registering this very record puts it right", async () => {
    const registration = await published("edited");
    const answer = await catalog.register("edited", registration);
    const right = await tableIn(lake, "edited");
    const edits: readonly (readonly [Partial<HiveTable>, RegExp])[] = [
      [
        { storage: { ...right.storage, location: `file:${lake.directory}/elsewhere` } },
        /has the location file:.*elsewhere, not/,
      ],
      [{ storage: { ...right.storage, columns: right.storage.columns.slice(1) } }, /columns or a format/],
      [
        { storage: { ...right.storage, columns: [...right.storage.columns, { name: "more", type: "int" }] } },
        /columns or a format/,
      ],
      [{ storage: { ...right.storage, serde: foreign("x").storage.serde } }, /columns or a format/],
      [{ parameters: new Map([...right.parameters, ["external.table.purge", "true"]]) }, /may drop the files/],
    ];
    for (const [edit, words] of edits) {
      await lake.calls.setSetting("metastore.disallow.incompatible.col.type.changes", "false");
      await lake.calls.alterTable({ ...right, ...edit }, undefined);
      const found = (await catalog.registered(["edited"])).get("edited");
      assert.ok(found?.kind === "ours");
      assert.match(found.fault ?? "", words);
      assert.deepEqual(await catalog.register("edited", registration), answer);
      assert.deepEqual((await catalog.registered(["edited"])).get("edited"), answer);
    }
  });

  test("another description of the same record is put right, and what others have noted stays", async () => {
    const registration = await published("noted");
    await catalog.register("noted", registration);
    const table = await tableIn(lake, "noted");
    const notes = [
      ["team", "events"],
      ["spark.sql.statistics.totalSize", "1"],
      ["COLUMN_STATS_ACCURATE", "{}"],
    ] as const;
    await lake.calls.alterTable({ ...table, parameters: new Map([...table.parameters, ...notes]) }, undefined);
    assert.equal((await catalog.register("noted", registration)).fault, undefined);
    const described = { ...registration, description: "Said better" };
    const answer = await catalog.register("noted", described);
    const { parameters } = await tableIn(lake, "noted");
    assert.equal(parameters.get("comment"), "Said better");
    assert.equal(parameters.get("team"), "events");
    assert.equal(parameters.get("spark.sql.statistics.totalSize"), undefined);
    assert.deepEqual(await catalog.register("noted", described), answer);
  });

  test("columns change in any way from one version to the next, in one swap with the location", async () => {
    const turns: readonly (readonly RegisteredColumn[])[] = [
      plainColumns,
      [{ name: "type", type: { kind: "int64" } }],
      [
        { name: "events", type: { kind: "struct", fields: [{ name: "+1", type: { kind: "int64" } }] } },
        { name: "type", type: { kind: "timestamp" } },
        { name: "day", type: { kind: "date" } },
      ],
      [...plainColumns].reverse(),
    ];
    for (const [index, columns] of turns.entries()) {
      const registration = await published("shape", columns, index + 1);
      const { number, fault } = await catalog.register("shape", registration);
      assert.deepEqual([number, fault], [index + 1, undefined]);
      const { storage } = await tableIn(lake, "shape");
      assert.deepEqual(
        storage.columns.map(({ name }) => name),
        columns.map(({ name }) => name),
      );
      assert.ok(storage.location.endsWith(registration.version));
    }
  });

  test("columns that readers could not read are refused, and the name shows what it showed", async () => {
    const answer = await catalog.register("refused", await published("refused"));
    const bad: readonly RegisteredColumn[] = [
      { name: "at", type: { kind: "timestamp_local" } },
      { name: "s", type: { kind: "struct", fields: [{ name: "a,b", type: { kind: "int64" } }] } },
    ];
    const registration = await published("refused", bad, 2);
    await assert.rejects(catalog.register("refused", registration), (error: unknown) => {
      assert.equal(error instanceof Failure ? error.detail.others?.length : undefined, 1);
      return failsAs("refused", /column "at"/)(error);
    });
    assert.deepEqual((await catalog.registered(["refused"])).get("refused"), answer);
  });

  test("a type with more than a thousand leaves is kept to its last letter", async () => {
    const fields = Array.from({ length: 1200 }, (_, index) => ({
      name: `a_rather_long_name_of_a_field_${index}`,
      type: index % 2 === 0 ? ({ kind: "int64" } as const) : ({ kind: "list", element: { kind: "string" } } as const),
    }));
    const columns: readonly RegisteredColumn[] = [{ name: "payload", type: { kind: "struct", fields } }];
    const { fault } = await catalog.register("wide", await published("wide", columns));
    assert.equal(fault, undefined);
    const [column] = (await tableIn(lake, "wide")).storage.columns;
    assert.ok((column?.type.length ?? 0) > 48_000);
    assert.equal((await catalog.registered(["wide"])).get("wide")?.kind, "ours");
  });

  test("a name without a table, whoever took it away, is registered again by the next run", async () => {
    const registration = await published("dropped");
    const answer = await catalog.register("dropped", registration);
    await lake.calls.dropTable(lake.database, "dropped");
    assert.equal((await catalog.registered(["dropped"])).size, 0);
    assert.deepEqual(await catalog.register("dropped", registration), answer);
  });

  test("a lake that was begun anew takes its name back from the numbers of the one before", async () => {
    await catalog.register("anew", await published("anew"));
    const table = await tableIn(lake, "anew");
    const parameters = new Map([...table.parameters, ["millrace.number", "17"]]);
    await lake.calls.alterTable({ ...table, parameters }, undefined);
    assert.equal((await catalog.register("anew", registrationOf(1, "anew1xxxxxxxx"))).number, 1);
  });

  test("racing writers of one record, of which each creates the table, all find it", async () => {
    const registration = await published("created");
    const answers = await Promise.all(Array.from({ length: 8 }, () => lake.again().register("created", registration)));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.equal(answers[0]?.fault, undefined);
  });

  test("whoever looks while versions with other columns are swapped never takes a torn reading for damage", async () => {
    const [one, other] = [plainColumns, [{ name: "day", type: { kind: "date" } as const }, ...plainColumns]];
    const swaps = 25;
    const registrations = [];
    for (let number = 1; number <= swaps; number++) {
      registrations.push(await published("torn", number % 2 === 0 ? one : other, number));
    }
    await catalog.register("torn", registrations[0] ?? assert.fail("none"));
    let isOver = false;
    let looks = 0;
    const watching = Array.from({ length: 3 }, async () => {
      const watcher = lake.again();
      for (let last = 0; !isOver; looks++) {
        const found = (await watcher.registered(["torn"])).get("torn");
        assert.ok(found?.kind === "ours" && found.fault === undefined, JSON.stringify(found));
        assert.ok(found.number >= last);
        last = found.number;
      }
    });
    try {
      for (const registration of registrations) {
        assert.equal((await catalog.register("torn", registration)).number, registration.number);
      }
    } finally {
      isOver = true;
    }
    await Promise.all(watching);
    assert.ok(looks > swaps);
  });

  test("marts of several databases are asked for database by database", async () => {
    const registration = await published("spread");
    await catalog.register("spread", registration);
    const missing = lake.again({ database: `${lake.database}_missing` });
    assert.equal((await missing.registered(["spread", "plain"])).size, 0);
  });
});
