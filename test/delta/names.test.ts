/**
 * Marts of Delta's format by name, in a real metastore: a Spark with Delta Lake sees each version from the moment in which its name
 * shows it, in one session that never refreshes; and the name goes from one format to the other and back.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import type { App, RunSummary } from "../../src/answers.ts";
import { makeSmallLake, type SmallLake } from "../faults/small-lake.ts";
import { metastoreServer } from "../real/metastore-server.ts";
import { currentVersion, setFormat, setHour, setSelect, versionDirectory } from "./delta-lake.ts";
import { startDeltaSpark } from "./delta-spark.ts";

async function withApp<T>(lake: SmallLake, days: number, work: (app: App) => Promise<T>): Promise<T> {
  const app = await lake.open(days);
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

const run = (lake: SmallLake, days: number): Promise<RunSummary> => withApp(lake, days, (app) => app.run());

test("versions under their name, for a Spark that has Delta Lake", { timeout: 600_000 }, async (context) => {
  const metastore = await metastoreServer(context);
  if (metastore === undefined) return;
  const { host, port } = metastore;
  const spark = await startDeltaSpark(context, { metastore: { hosts: [{ host, port }], transport: "buffered" } });
  if (spark === undefined) return;
  const database = `delta_${randomBytes(4).toString("hex")}`;
  const lake = makeSmallLake(`catalog: { hive: "${host}:${port}", database: ${database} }\n`);
  const table = `${database}.activity`;
  const plain = async (days: number): Promise<void> => {
    const { exitCode, failures, waiting } = await run(lake, days);
    assert.deepEqual([exitCode, failures, waiting], [0, [], []]);
  };
  /** What the name shows is the version that the chain names last. */
  const shows = async (columns: readonly string[], rows: number): Promise<void> => {
    const described = await spark.rows(`describe query select * from ${table}`);
    assert.deepEqual(
      described.map(([name, type]) => `${String(name)} ${String(type)}`),
      columns,
    );
    assert.deepEqual(await spark.rows(`select count(*) from ${table}`), [[String(rows)]]);
    const [[file] = []] = await spark.rows(`select distinct input_file_name() from ${table}`);
    assert.ok(String(file).includes(currentVersion(lake) ?? "no version"), String(file));
  };
  const providers = async (): Promise<readonly unknown[]> =>
    (await spark.rows(`describe extended ${table}`)).flatMap(([name, value]) => (name === "Provider" ? [value] : []));
  try {
    setFormat(lake, "delta");
    await plain(0);
    await shows(["actor string", "type string", "size double", "src string"], 4);
    assert.deepEqual(await providers(), ["delta"]);
    const first = versionDirectory(lake, currentVersion(lake) ?? "");

    setSelect(lake, "actor.login as actor, src, cast(id as bigint) as id");
    await plain(1);
    await shows(["actor string", "src string", "id bigint"], 4);
    setHour(lake, 22, '{"id":"9","type":"NewEvent","actor":{"login":"zoe"},"size":7}\n');
    await withApp(lake, 2, (app) => app.run({ only: "collect", rerun: true }));
    await plain(3);
    await shows(["actor string", "src string", "id bigint"], 3);
    // By its path the first version is what it was.
    assert.deepEqual(await spark.rows(`select count(*) from delta.\`${first}\``), [["4"]]);

    setFormat(lake, "parquet");
    await plain(4);
    await shows(["actor string", "src string", "id bigint"], 3);
    assert.deepEqual(await providers(), ["hive"]);
    // Back to the version before, which is one of Delta's, and stays while the project says otherwise.
    await withApp(lake, 5, (app) => app.rollback("activity"));
    await shows(["actor string", "src string", "id bigint"], 3);
    assert.deepEqual(await providers(), ["delta"]);
    const { stages } = await run(lake, 5);
    assert.equal(stages.marts.done, 0);
    // What doctor asks: Spark shows the properties of Delta's log in the place of the metastore's.
    assert.deepEqual(await spark.rows(`show tblproperties ${table} ('millrace.version')`), [
      ["millrace.version", currentVersion(lake)],
    ]);
    setFormat(lake, "delta");
    await withApp(lake, 5, (app) => app.run({ only: "marts", rerun: true, select: () => true }));
    await shows(["actor string", "src string", "id bigint"], 3);

    // Nobody commits to it by name either, and what a person changes by hand is put right by the next run.
    await assert.rejects(spark.rows(`delete from ${table} where id = 9`), /DELTA_UNSUPPORTED_FEATURES_FOR_WRITE/);
    const steps = async () => (await withApp(lake, 6, (app) => app.plan())).steps;
    assert.deepEqual(await steps(), []);
    await spark.rows(`drop table ${table}`);
    assert.deepEqual(
      (await steps()).map(({ kind }) => kind),
      ["register"],
    );
    await plain(6);
    await shows(["actor string", "src string", "id bigint"], 3);
  } finally {
    await spark.rows(`drop database if exists ${database} cascade`);
    lake.remove();
  }
});
