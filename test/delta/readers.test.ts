/**
 * Real readers of Delta Lake over marts of both engines: Spark with Delta's own jars, and DuckDB's extension, which is made from
 * another implementation (delta-kernel-rs). What they answer is what the plain Parquet files hold, for every version that was ever
 * published, on a disk and in a bucket; and none of them can write to a version.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import type { App } from "../../src/answers.ts";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import { type SmallLake, startMs } from "../faults/small-lake.ts";
import { openSmallS3Lakes } from "../faults/small-s3-lake.ts";
import { duckdbDelta } from "../real/installed.ts";
import { startVersitygw } from "../real/s3-servers.ts";
import { placesOn } from "../real/spark-server.ts";
import {
  currentVersion,
  makeDeltaLake,
  readLog,
  setFormat,
  setHour,
  setSelect,
  versionDirectory,
} from "./delta-lake.ts";
import { type DeltaSpark, startDeltaSpark } from "./delta-spark.ts";

/** Every type that a mart can have, nested names that Delta does not take as they are, and nulls. */
const everyType = {
  duckdb: `select cast(id as bigint) as i64, cast(id as integer) as i32, size > 2 as b, size as d, cast(size as float) as f,
    actor.login as s, timestamptz '2026-03-01 01:02:03.456789+00' as ts, timestamp '2026-03-01 01:02:03.456789' as tl,
    date '2026-03-01' as dt, encode(type) as bin, cast(id as decimal(10, 2)) as dec, cast(id as decimal(38, 9)) as wide, labels as li,
    {'a b': cast(id as bigint), 'c=d': [type, null], '(e)': {'f.g': size}} as st, src from events`,
  spark: `select cast(id as bigint) as i64, cast(id as int) as i32, size > 2 as b, size as d, cast(size as float) as f,
    actor.login as s, timestamp '2026-03-01 01:02:03.456789Z' as ts, timestamp_ntz '2026-03-01 01:02:03.456789' as tl,
    date '2026-03-01' as dt, encode(type, 'UTF-8') as bin, cast(id as decimal(10, 2)) as dec, cast(id as decimal(38, 9)) as wide, labels as li,
    named_struct('a b', cast(id as bigint), 'c=d', array(type, null), '(e)', named_struct('f.g', size)) as st, src from events`,
};

function withEveryType(lake: SmallLake): SmallLake {
  const file = join(lake.directory, "millrace.yaml");
  const mart = { sql: everyType.duckdb, spark: { sql: everyType.spark }, format: "delta" };
  writeFileSync(file, `${readFileSync(file, "utf8")}  everything: ${JSON.stringify(mart)}\n`);
  return lake;
}

type Engine = Readonly<Record<string, string>>;

async function withApp<T>(file: string, engine: Engine, days: number, work: (app: App) => Promise<T>): Promise<T> {
  const environment = { ...process.env, ...engine };
  const app = await openApp(readProject({ file, environment }), {
    workers: 0,
    clock: () => startMs + days * 86_400_000,
  });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

async function run(file: string, engine: Engine, days: number): Promise<void> {
  const { exitCode, failures } = await withApp(file, engine, days, (app) => app.run());
  assert.deepEqual([exitCode, failures], [0, []]);
}

interface DeltaDuckdb {
  /** Types and rows, in a fixed order. */
  read(from: string): Promise<readonly [string, readonly unknown[]]>;
}

async function openDuckdb(extension: string): Promise<DeltaDuckdb & { close(): void }> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
  await connection.run(`load '${extension}'`);
  return {
    async read(from) {
      const reader = await connection.runAndReadAll(`select * from ${from} order by all`);
      return [reader.columnTypes().join(", "), reader.getRowsJson()];
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function sortedRows(spark: DeltaSpark, table: string): Promise<readonly string[]> {
  return (await spark.rows(`select * from ${table}`)).map((row) => JSON.stringify(row)).sort();
}

/** What Spark and DuckDB read of the log is what DuckDB reads of the files. */
async function checkVersion(directory: string, rows: number, spark: DeltaSpark, duckdb: DeltaDuckdb): Promise<void> {
  const files = await duckdb.read(`read_parquet('${directory}/*.parquet')`);
  assert.deepEqual(await duckdb.read(`delta_scan('${directory}')`), files);
  assert.deepEqual(
    await sortedRows(spark, `delta.\`${directory}\``),
    files[1].map((row) => JSON.stringify(row)).sort(),
  );
  assert.equal(files[1].length, rows);
}

/** The same of columns that the two show differently: with Spark's own reader of Parquet. */
async function checkTypes(directory: string, spark: DeltaSpark, duckdb: DeltaDuckdb): Promise<void> {
  const [delta, parquet] = [`delta.\`${directory}\``, `parquet.\`${directory}\``];
  assert.deepEqual(
    await duckdb.read(`delta_scan('${directory}')`),
    await duckdb.read(`read_parquet('${directory}/*.parquet')`),
  );
  const fields = (table: string) => spark.rows(`describe query select * from ${table}`);
  assert.deepEqual(await fields(delta), await fields(parquet));
  assert.deepEqual(await sortedRows(spark, delta), await sortedRows(spark, parquet));
}

/** What Delta answers from the log's figures, without opening a file. */
async function checkFigures(lake: SmallLake, version: string, rows: number, spark: DeltaSpark): Promise<void> {
  const table = `delta.\`${versionDirectory(lake, version)}\``;
  const counting = `select count(*) from ${table}`;
  assert.deepEqual(await spark.rows(counting), [[String(rows)]]);
  assert.match(String(await spark.rows(`explain ${counting}`)), /LocalTableScan/);
  const detail = await (await spark.session.sql(`describe detail ${table}`)).collect();
  const { bytes, files } = figuresOf(lake, version);
  assert.deepEqual(
    detail.map(({ name, numFiles, sizeInBytes }) => [name, Number(numFiles), Number(sizeInBytes)]),
    [["activity", files, bytes]],
  );
}

const figuresOf = (
  lake: SmallLake,
  version: string,
): { readonly rows: number; readonly bytes: number; readonly files: number } => {
  const { adds } = readLog(lake, version);
  const sum = (of: (add: (typeof adds)[number]) => number): number => adds.reduce((total, add) => total + of(add), 0);
  return { rows: sum(({ stats }) => JSON.parse(stats).numRecords), bytes: sum(({ size }) => size), files: adds.length };
};

test("read back by Spark with Delta Lake and by DuckDB", { timeout: 600_000 }, async (context) => {
  const extension = duckdbDelta(context);
  const store = extension === undefined ? undefined : await startVersitygw(context);
  if (extension === undefined || store === undefined) return;
  context.after(() => store.stop());
  const spark = await startDeltaSpark(context, placesOn(store, ["raw", "tables", "marts"]));
  if (spark === undefined) return;
  const duckdb = await openDuckdb(extension);
  context.after(() => duckdb.close());
  const onSpark = { MILLRACE_ENGINE__SPARK__URL: spark.url };

  for (const [name, engine] of Object.entries({ duckdb: {}, spark: onSpark })) {
    await context.test(`every version of marts by ${name}`, async () => {
      const lake = withEveryType(makeDeltaLake());
      try {
        const file = join(lake.directory, "millrace.yaml");
        const seen = new Map<string, number>();
        const publish = async (days: number, rows: number): Promise<void> => {
          await run(file, engine, days);
          const version = currentVersion(lake) ?? "";
          assert.equal(figuresOf(lake, version).rows, rows);
          seen.set(version, rows);
          await checkVersion(versionDirectory(lake, version), rows, spark, duckdb);
        };
        await publish(0, 4);
        const everything = join(lake.directory, "lake/marts/everything");
        const [version = ""] = readdirSync(everything);
        await checkTypes(join(everything, version), spark, duckdb);
        setSelect(lake, "actor.login as actor, type, src, cast(id as bigint) as id");
        await publish(1, 4);
        setHour(lake, 22, '{"id":"9","type":"NewEvent","actor":{"login":"zoe"},"size":7}\n');
        await withApp(file, engine, 2, (app) => app.run({ only: "collect", rerun: true }));
        await publish(3, 3);
        await checkFigures(lake, currentVersion(lake) ?? "", 3, spark);
        assert.equal(seen.size, 3);
        for (const [each, rows] of seen) await checkVersion(versionDirectory(lake, each), rows, spark, duckdb);
        assert.deepEqual((await withApp(file, engine, 6, (app) => app.verify())).damaged, []);
      } finally {
        lake.remove();
      }
    });
  }

  await context.test("nobody can commit to a version; what a refused writer leaves is found", async () => {
    const lake = makeDeltaLake();
    try {
      const file = join(lake.directory, "millrace.yaml");
      await run(file, {}, 0);
      const table = `delta.\`${versionDirectory(lake, currentVersion(lake) ?? "")}\``;
      for (const statement of [
        `insert into ${table} select * from ${table}`,
        `delete from ${table}`,
        `alter table ${table} set tblproperties ('a' = 'b')`,
        `vacuum ${table}`,
      ]) {
        await assert.rejects(
          spark.rows(statement),
          /DELTA_UNSUPPORTED_FEATURES_FOR_WRITE.*millraceImmutable/s,
          statement,
        );
      }
      assert.deepEqual(await spark.rows(`select count(*) from ${table}`), [["4"]]);
      const { damaged } = await withApp(file, {}, 1, (app) => app.verify({ repair: true }));
      assert.ok(damaged.length > 0);
      for (const { reason, repair } of damaged) {
        assert.match(reason, /is no part of the version/);
        assert.equal(repair?.state, "repaired");
      }
      assert.deepEqual((await withApp(file, {}, 1, (app) => app.verify())).damaged, []);
    } finally {
      lake.remove();
    }
  });

  await context.test("in a bucket, by both engines", async () => {
    const lakes = await openSmallS3Lakes(store);
    const lake = lakes.make();
    try {
      setFormat(lake, "delta");
      const file = lake.projectFile("delta.yaml", lake.settings(store.endpoint));
      for (const [at, engine] of [{}, onSpark].entries()) {
        if (at > 0) await withApp(file, engine, at, (app) => app.run({ only: "marts", rerun: true }));
        else await run(file, engine, at);
        const version = currentVersion(lake.martsOnDisk()) ?? "";
        assert.match(version, new RegExp(`^v0{11}${at + 1}-`));
        const location = `s3a://marts/${lake.prefix}/activity/${version}`;
        const read = await sortedRows(spark, `delta.\`${location}\``);
        assert.equal(read.length, 4);
        assert.deepEqual(read, await sortedRows(spark, `parquet.\`${location}\``));
        assert.deepEqual((await withApp(file, engine, at + 1, (app) => app.verify())).damaged, []);
      }
    } finally {
      lake.remove();
      lakes.close();
    }
  });
});
