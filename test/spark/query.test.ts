/** `query` on Spark over a lake on a disk: rows, one Parquet file, a stop in the middle, and what a server far away cannot do. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import type { App } from "../../src/answers.ts";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import { Failure } from "../../src/errors.ts";
import type { Event } from "../../src/model/events.ts";
import { makeSmallLake, type SmallLake, startMs } from "../faults/small-lake.ts";
import { sparkServer } from "../real/spark-server.ts";

async function withApp<T>(
  lake: SmallLake,
  environment: Readonly<Record<string, string>>,
  work: (app: App) => Promise<T>,
): Promise<T> {
  const project = readProject({ file: join(lake.directory, "millrace.yaml"), environment });
  const app = await openApp(project, { workers: 0, clock: () => startMs });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

async function readFile(file: string): Promise<readonly unknown[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(`select * from read_parquet('${file.replaceAll("'", "''")}')`);
    return reader.getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test("queries on Spark", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const lake = makeSmallLake();
  context.after(() => lake.remove());
  const engine = { MILLRACE_ENGINE__SPARK__URL: server.url };
  const events: Event[] = [];
  const ran = await withApp(lake, engine, (app) => app.run({ report: (event) => events.push(event) }));
  assert.deepEqual([ran.exitCode, ran.failures], [0, []]);
  assert.ok(
    events.some((event) => event.code === "mart.progress" && event.share > 0),
    "the engine tells how far it is",
  );

  await context.test("rows of tables and marts", () =>
    withApp(lake, engine, async (app) => {
      const shares: number[] = [];
      const answer = await app.query(
        "select a.actor, a.type, e.id from activity a join events e on a.actor = e.actor.login and a.src = e.src order by id, type",
        { onProgress: (share) => shares.push(share) },
      );
      const rows = (await Array.fromAsync(answer.rows())).flat();
      await answer.close();
      assert.deepEqual(rows, [
        ["ada", "PushEvent", "1"],
        ["bob", "WatchEvent", "2"],
        ["ada", "PushEvent", "3"],
        ["eve", "ForkEvent", "4"],
      ]);
      assert.ok(shares.every((share) => share >= 0 && share <= 1));
    }),
  );

  await context.test("one Parquet file, in the order of the statement", () =>
    withApp(lake, engine, async (app) => {
      const file = join(lake.directory, "answer.parquet");
      const sql = "-- newest first\nselect id, type, size, src from events order by id desc -- that is all";
      const { rows } = await app.queryToFile(sql, file);
      assert.equal(rows, 4);
      assert.deepEqual(await readFile(file), [
        ["4", "ForkEvent", null, "2026-03-01-23"],
        ["3", "PushEvent", 1.5, "2026-03-01-23"],
        ["2", "WatchEvent", 4, "2026-03-01-22"],
        ["1", "PushEvent", 3, "2026-03-01-22"],
      ]);
      assert.deepEqual(
        readdirSync(lake.directory).filter((name) => name.startsWith("answer")),
        ["answer.parquet"],
      );
    }),
  );

  await context.test("a stop ends the statement", () =>
    withApp(lake, engine, async (app) => {
      const stop = new AbortController();
      // Ends by itself after a while, should the server lose track of it.
      const long = "select count(*) as n from range(4000000000) a where sqrt(a.id) > 5";
      const asked = app.query(long, { signal: stop.signal, onProgress: (share) => share > 0 && stop.abort() });
      setTimeout(() => stop.abort(), 5000).unref();
      await assert.rejects(asked, (error) => error instanceof Failure && error.kind === "cancelled");
    }),
  );

  await context.test("a statement that does not bind is a usage error with its place", () =>
    withApp(lake, engine, async (app) => {
      await assert.rejects(app.query("select\n  nope from events"), (error) => {
        assert.ok(error instanceof Failure);
        assert.deepEqual([error.kind, error.detail.place?.line], ["usage", 2]);
        return true;
      });
    }),
  );
});

test("a server far away is asked for rows, never for a file on this machine", async () => {
  const lake = makeSmallLake("lake: { tables: s3://tables, marts: s3://marts }\ns3: { region: eu-west-1 }\n");
  const engine = { MILLRACE_ENGINE__SPARK__URL: "sc://spark.example.org" };
  try {
    const project = readProject({ file: join(lake.directory, "millrace.yaml"), environment: engine });
    // Nothing is asked of any bucket.
    const nowhere = makeSmallLake();
    const { lake: places } = readProject({ file: join(nowhere.directory, "millrace.yaml"), environment: {} });
    const app = await openApp({ ...project, lake: places }, { workers: 0 });
    try {
      const file = join(lake.directory, "answer.parquet");
      await assert.rejects(app.queryToFile("select 1 as one", file), (error) => {
        assert.ok(error instanceof Failure);
        assert.equal(error.kind, "usage");
        assert.match(error.message, /sc:\/\/spark\.example\.org:15002 cannot write to this machine/);
        assert.match(error.detail.remedy ?? "", /--csv or --json/);
        return true;
      });
      assert.ok(!existsSync(file));
    } finally {
      await app.close();
      nowhere.remove();
    }
  } finally {
    lake.remove();
  }
});
