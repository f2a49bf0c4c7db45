import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../../test/contract/property-runs.ts";
import { isSameFileSystem, isSameLocation } from "./location.ts";
import { foreignerOf, martTable, positive, readMart } from "./mart-table.ts";
import type { HiveOptions } from "./options.ts";
import { partitionName, partitionValue } from "./path-name.ts";
import type { HiveTable } from "./structs.ts";
import { describeForeign, keepingForeign, shapeOf } from "./table-form.ts";

const options: HiveOptions = {
  settings: {
    kind: "hive",
    hosts: [{ host: "metastore", port: 9083 }],
    database: "gha",
    location: undefined,
    tables: false,
    owner: "millrace",
    transport: "buffered",
    connectMs: 1000,
    callMs: 1000,
  },
  martsLocation: "s3a://lake/marts/",
  tablesLocation: "s3a://lake/tables/",
  databaseOf: (mart) => (mart === "elsewhere" ? "other" : undefined),
};

const registration = {
  number: 7,
  version: "v000000000007-0011aabb",
  publishId: "0011aabb",
  at: "2026-03-01T15:00:00.000Z",
  manifestSha256: "ab".repeat(32),
  columns: [{ name: "type", type: { kind: "string" } as const, comment: "what" }],
  description: "Events",
  rows: 1,
  bytes: 2,
};

test("what is written for a mart is read back as that mart, without a fault", () => {
  for (const mart of ["activity", "elsewhere"]) {
    const found = readMart(options, mart, martTable(options, mart, registration));
    assert.ok(found.kind === "ours");
    const { name, number, version, publishId, at, manifestSha256, fault } = found;
    assert.equal(name, mart === "elsewhere" ? "other.elsewhere" : "gha.activity");
    assert.deepEqual([number, version, publishId, fault], [7, registration.version, "0011aabb", undefined]);
    assert.deepEqual([at, manifestSha256], [registration.at, registration.manifestSha256]);
  }
});

test("a server's spelling of a location is no other location", () => {
  for (const [one, other] of [
    ["file:///data/marts/a/v1", "file:/data/marts/a/v1"],
    ["s3a://lake/marts/a/v1", "s3a://lake/marts/a/v1/"],
    ["file:///data//marts/a", "/data/marts/a"],
    ["S3A://lake/x", "s3a://lake/x"],
    ["file:///a b/ü", "file:/a b/ü"],
  ] as const) {
    assert.ok(isSameLocation(one, other), `${one} ${other}`);
  }
  for (const [one, other] of [
    ["s3a://lake/marts/a", "s3a://lake2/marts/a"],
    ["s3a://lake/marts/a", "s3://lake/marts/a"],
    ["file:///a", "file:///A"],
    ["file:///a/b", "file:///a"],
    ["hdfs://one/a", "hdfs://two/a"],
  ] as const) {
    assert.ok(!isSameLocation(one, other), `${one} ${other}`);
  }
  assert.ok(isSameFileSystem("s3a://lake/a", "s3a://lake/b"));
  assert.ok(!isSameFileSystem("file:///a", "s3a://lake/b"));
});

test("the shape tells every change that a reader notices", () => {
  const table = martTable(options, "activity", registration);
  const { storage } = table;
  const [column] = storage.columns;
  assert.ok(column !== undefined);
  const others: readonly HiveTable[] = [
    { ...table, type: "MANAGED_TABLE" },
    { ...table, storage: { ...storage, columns: [] } },
    { ...table, storage: { ...storage, columns: [{ ...column, type: "bigint" }] } },
    { ...table, storage: { ...storage, columns: [{ ...column, name: "kind" }] } },
    { ...table, storage: { ...storage, columns: [{ ...column, comment: "else" }] } },
    { ...table, storage: { ...storage, inputFormat: "x" } },
    { ...table, storage: { ...storage, serde: "x" } },
    { ...table, partitionKeys: [column] },
    { ...table, parameters: new Map([...table.parameters, ["spark.sql.sources.provider", "parquet"]]) },
  ];
  assert.equal(new Set([table, ...others].map(shapeOf)).size, others.length + 1);
  assert.equal(shapeOf({ ...table, owner: "x" }), shapeOf(table));
});

test("what others have noted stays, what describes the version before goes", () => {
  const table = martTable(options, "activity", registration);
  const standing = new Map([
    ...table.parameters,
    ["team", "events"],
    ["numFiles", "9"],
    ["spark.sql.sources.schema.numParts", "1"],
    ["millrace.gone", "1"],
    ["transient_lastDdlTime", "5"],
  ]);
  const kept = keepingForeign(table, { ...table, parameters: standing }).parameters;
  assert.deepEqual(kept, new Map([["team", "events"], ...table.parameters]));
});

test("whose a table is", () => {
  const ours = martTable(options, "activity", registration);
  const of = (changes: Partial<HiveTable>, parameters: Readonly<Record<string, string>> = {}): string | undefined =>
    foreignerOf(
      options,
      { ...ours, ...changes, parameters: new Map([...ours.parameters, ...Object.entries(parameters)]) },
      "millrace.mart",
      "activity",
    );
  assert.equal(of({}), undefined);
  assert.equal(of({}, { "millrace.lake": "s3a://lake/marts" }), undefined);
  assert.equal(of({ type: "VIRTUAL_VIEW" }), "a view of owner millrace");
  assert.match(of({}, { "millrace.lake": "s3a://other/" }) ?? "", /another lake, s3a:\/\/other\//);
  assert.match(of({}, { "millrace.mart": "users" }) ?? "", /something else, users/);
  const bare = { ...ours, parameters: new Map() };
  assert.match(
    describeForeign({ ...bare, type: "MANAGED_TABLE", owner: "hive" }),
    /^a managed table of owner hive at s3a:/,
  );
  assert.match(describeForeign({ ...bare, type: "REMOTE", owner: "" }), /^a thing of type REMOTE$/);
});

test("numbers are those that we write", () => {
  assert.deepEqual(["1", "17", "9007199254740991"].map(positive), [1, 17, Number.MAX_SAFE_INTEGER]);
  for (const text of [undefined, "", "0", "-1", "01", "1.5", "1e3", "9007199254740993", "12345678901234567890", " 1"]) {
    assert.equal(positive(text), undefined, String(text));
  }
});

test("partition names are escaped as a metastore does, and read back", () => {
  assert.equal(partitionName("src", "a:b/c=d%25 ü"), "src=a%3Ab%2Fc%3Dd%2525 ü");
  assert.equal(partitionValue("src", "src=a%3ab"), "a:b");
  assert.equal(partitionValue("src", "day=1"), undefined);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      assert.equal(partitionValue("src", partitionName("src", value)), value);
    }),
    propertyRuns(1000),
  );
});
