/** Results that a real server writes, and statements that it must give up. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { asyncBufferFromFile, parquetMetadataAsync } from "hyparquet";
import { failsAs, readResult, rowsOf, writtenRows } from "../../../test/contract/engine-answers.ts";
import { type EngineInputs, engineInputs, partitioned, schemaOf } from "../../../test/contract/engine-inputs.ts";
import { serverForSuites } from "../../../test/contract/engine-spark.ts";
import { connect } from "../../spark-connect/session.ts";
import type { Engine, InputFile, TableInput } from "../contract.ts";
import { createSparkEngine } from "./engine.ts";

const server = await serverForSuites("results of Spark");

if (server !== undefined) {
  const { url } = server;
  describe("results of Spark", () => {
    let engine: Engine;
    let inputs: EngineInputs;
    let tables: ReadonlyMap<string, TableInput>;
    before(async () => {
      // Small pieces, so that small results show what large ones do.
      const tuning = {
        "spark.sql.adaptive.advisoryPartitionSizeInBytes": "16k",
        "spark.sql.adaptive.coalescePartitions.minPartitionSize": "1k",
        "spark.sql.files.maxPartitionBytes": "8k",
        "spark.sql.files.openCostInBytes": "1k",
      };
      engine = createSparkEngine({ connect: (options) => connect(url, options), tuning });
      inputs = await engineInputs();
      const parts: InputFile[] = [];
      for (let part = 0; part < 5; part++) {
        const rows = `from range(${part * 1000}, ${part * 1000 + 1000}) r(x)`;
        parts.push(await inputs.partition(`p${part}`, `select x as id, 'text ' || (x * 7919 % 5000) as t ${rows}`));
      }
      tables = new Map([["t", partitioned(schemaOf("struct<id int64, t string>"), parts)]]);
    });
    after(async () => {
      await engine.close();
      inputs.close();
    });

    const select = async (sql: string, some = tables) => {
      const [scratch, directory] = [inputs.directory(), inputs.directory()];
      const result = await engine.select({ sql, tables: some, scratch, directory, compression: "zstd" });
      assert.deepEqual(readdirSync(directory).sort(), result.files.map(({ path }) => path.split("/").at(-1)).sort());
      return result;
    };

    test("the rows of several files follow an ORDER BY", async () => {
      const result = await select("select t, id from t order by t desc, id");
      assert.ok(result.files.length > 1, `${result.files.length} files`);
      const rows = await readResult(result);
      assert.equal(rows.length, 5000);
      const keys = rows.map(({ t, id }) => [String(t), Number(id)] as const);
      const sorted = [...keys].sort((a, b) => (a[0] === b[0] ? a[1] - b[1] : a[0] < b[0] ? 1 : -1));
      assert.deepEqual(keys, sorted);
    });

    test("small results without an order are one file, however many pieces were read", async () => {
      const result = await select("select id, t from t where id % 2 = 0");
      assert.equal(result.files.length, 1);
      assert.equal(writtenRows(result), 2500);
      const limited = await select("select id from t order by id desc limit 10");
      assert.deepEqual(
        (await readResult(limited)).map(({ id }) => Number(id)),
        Array.from({ length: 10 }, (_, index) => 4999 - index),
      );
    });

    test("instants are whole microseconds in UTC, and texts and integers what readers expect", async () => {
      const sql =
        "select timestamp '2026-03-01 15:00:00.000001Z' as at, timestamp '1500-01-01 00:00:00Z' as early, date '1500-01-01' as day, 'x' as s, 1 as i, 2.5::decimal(9,2) as d";
      const [file] = (await select(sql)).files;
      const metadata = await parquetMetadataAsync(await asyncBufferFromFile(file?.path ?? ""));
      const types = metadata.schema.slice(1).map((element) => [element.name, element.type, element.converted_type]);
      assert.deepEqual(types, [
        ["at", "INT64", "TIMESTAMP_MICROS"],
        ["early", "INT64", "TIMESTAMP_MICROS"],
        ["day", "INT32", "DATE"],
        ["s", "BYTE_ARRAY", "UTF8"],
        ["i", "INT32", undefined],
        ["d", "INT32", "DECIMAL"],
      ]);
      const mart = { schema: schemaOf("struct<at timestamp, early timestamp>"), partitioned: false };
      const part: InputFile = {
        path: file?.path ?? "",
        location: `file://${file?.path}`,
        src: undefined,
        size: 1,
        token: "",
        check: async () => "",
      };
      const found = await rowsOf(
        engine,
        "select at, early from m",
        new Map([["m", { ...mart, files: async () => [part] }]]),
        inputs.directory(),
      );
      assert.deepEqual(found, [["2026-03-01T15:00:00.000001Z", "1500-01-01T00:00:00.000000Z"]]);
    });

    test("a location is written by the server alone, and what a failed attempt left there is replaced", async () => {
      const [scratch, directory] = [inputs.directory(), inputs.directory()];
      const location = `file://${inputs.directory()}/version/`;
      const request = { tables, scratch, directory, location, compression: "zstd" } as const;
      const failing = "select id, raise_error('stop') as e from t";
      await assert.rejects(engine.select({ ...request, sql: failing }), failsAs("application", /stop/));
      const result = await engine.select({ ...request, sql: "select id from t where id < 1234" });
      assert.deepEqual(result.files, []);
      assert.deepEqual(readdirSync(directory), []);
      const names = readdirSync(fileURLToPath(location)).filter((name) => !name.startsWith("."));
      const files = names
        .filter((name) => name !== "_SUCCESS")
        .map((name) => ({ path: join(fileURLToPath(location), name) }));
      assert.equal((await readResult({ files })).length, 1234);
      assert.ok(names.includes("_SUCCESS"));
      assert.ok(
        names.every((name) => name === "_SUCCESS" || /^part-.*\.parquet$/.test(name)),
        names.join(),
      );
    });

    test("a file that the server does not find is said to be out of its sight", async () => {
      const [first] = (await tables.get("t")?.files()) ?? [];
      const part: InputFile = { ...(first ?? assert.fail()), location: "file:///another/machine/src=p0/data.parquet" };
      const some = new Map([["t", partitioned(schemaOf("struct<id int64>"), [part])]]);
      const scratch = inputs.directory();
      await assert.rejects(rowsOf(engine, "select id from t", some, scratch), failsAs("missing", /same machine/));
    });

    test("a file that nobody else gets at is refused", async () => {
      const [first] = (await tables.get("t")?.files()) ?? [];
      const { location: _, ...part } = first ?? assert.fail();
      const some = new Map([["t", partitioned(schemaOf("struct<id int64>"), [part])]]);
      await assert.rejects(rowsOf(engine, "select id from t", some, inputs.directory()), failsAs("usage", /t lies/));
    });

    test("large answers wait in scratch, whole, and are gone when they were read", async () => {
      const scratch = inputs.directory();
      const sql =
        "select r.id, repeat(sha2(cast(r.id as string), 256), 4) as h from range(80000) r, (select max(id) as m from t)";
      const answer = await engine.query({ sql, tables, scratch });
      assert.equal(readdirSync(scratch).length, 1);
      const seen = new Set<unknown>();
      for await (const batch of answer.rows()) for (const [id] of batch) seen.add(id);
      assert.equal(seen.size, 80_000);
      assert.deepEqual(readdirSync(scratch), []);
    });

    test("a stopped statement leaves the server's cores to others", async () => {
      const slow =
        "select count(*) as n from range(100000) a(x), range(100000) b(y) where (x * y) % 7 = hash(x + y) % 11 and exists (select * from t)";
      // Jobs are planned one after another: in between none runs, and Spark would start the next for nobody.
      for (const [isQuery, delayMs] of [true, false].flatMap((kind) => [400, 1000].map((ms) => [kind, ms] as const))) {
        const controller = new AbortController();
        const [scratch, directory] = [inputs.directory(), inputs.directory()];
        const request = { sql: slow, tables, scratch, directory, compression: "zstd" } as const;
        const onProgress = (): void => {
          setTimeout(() => controller.abort(), delayMs);
        };
        const options = { signal: controller.signal, onProgress };
        const run = isQuery ? engine.query(request, options) : engine.select(request, options);
        await assert.rejects(run, failsAs("cancelled"));
        const started = performance.now();
        assert.deepEqual(await rowsOf(engine, "select count(*) from t", tables, inputs.directory()), [[5000n]]);
        // Left alone it would run for many minutes; a busy machine may take one to answer.
        assert.ok(performance.now() - started < 120_000, "its tasks are gone");
        assert.deepEqual(readdirSync(scratch), []);
      }
    });
  });
}
