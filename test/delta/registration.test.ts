/** What a metastore is told of a version, by its format. A real one is asked in `names.test.ts`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { martTable, readMart } from "../../src/catalog/hive/mart-table.ts";
import type { HiveOptions } from "../../src/catalog/hive/options.ts";
import type { HiveTable } from "../../src/catalog/hive/structs.ts";
import type { MartFormat } from "../../src/model/project.ts";
import { type Registration, registrationFingerprint } from "../../src/model/registration.ts";

const version = "v000000000003-9f3c21ab";
const location = `s3a://lake/marts/activity/${version}`;

const registration = (format?: MartFormat): Registration => ({
  number: 3,
  version,
  publishId: "9f3c21ab00004000800000000000beef",
  at: "2026-03-01T15:00:00.000Z",
  manifestSha256: "a".repeat(64),
  columns: [{ name: "actor", type: { kind: "string" } }],
  description: undefined,
  rows: 5,
  bytes: 1333,
  ...(format === undefined ? {} : { format }),
});

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
  databaseOf: () => undefined,
  martsLocation: "s3a://lake/marts/",
  tablesLocation: "s3a://lake/tables/",
};

const tableOf = (format?: MartFormat): HiveTable => martTable(options, "activity", registration(format));

test("Delta's provider and path stand beside location, columns and formats of a plain mart", () => {
  const [plain, delta] = [tableOf(), tableOf("delta")];
  assert.deepEqual(tableOf("parquet"), plain);
  const { storage, parameters } = delta;
  assert.deepEqual(
    [storage.location, storage.columns, storage.inputFormat, storage.serde],
    [plain.storage.location, plain.storage.columns, plain.storage.inputFormat, plain.storage.serde],
  );
  assert.equal(storage.location, location);
  assert.equal(storage.serdeParameters.get("path"), location);
  assert.equal(parameters.get("spark.sql.sources.provider"), "delta");
  assert.equal(plain.storage.serdeParameters.get("path"), undefined);
  assert.equal(plain.parameters.get("spark.sql.sources.provider"), undefined);
  assert.notEqual(registrationFingerprint(registration()), registrationFingerprint(registration("delta")));
  assert.equal(registrationFingerprint(registration()), registrationFingerprint(registration("parquet")));
});

test("what a person changed by hand is a fault", () => {
  const whole = tableOf("delta");
  const faultOf = (table: HiveTable): string | undefined => {
    const found = readMart(options, "activity", table);
    assert.equal(found.kind, "ours");
    return found.kind === "ours" ? found.fault : undefined;
  };
  assert.equal(faultOf(whole), undefined);
  const withPath = (path: string | undefined): HiveTable => {
    const serdeParameters = new Map(whole.storage.serdeParameters);
    if (path === undefined) serdeParameters.delete("path");
    else serdeParameters.set("path", path);
    return { ...whole, storage: { ...whole.storage, serdeParameters } };
  };
  assert.equal(faultOf(withPath(undefined)), `has no path, not ${location}`);
  assert.equal(faultOf(withPath("s3a://lake/elsewhere")), `has the path s3a://lake/elsewhere, not ${location}`);
  const parameters = new Map(whole.parameters);
  parameters.delete("spark.sql.sources.provider");
  assert.match(faultOf({ ...whole, parameters }) ?? "", /changed by hand/);
});
