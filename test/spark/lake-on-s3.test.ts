/**
 * The whole chain in buckets with Spark for the marts: collect → convert → mart on a matched Spark that is started for the
 * run, written over S3A with the magic committer → read by Spark's own Python client, with the rows that the embedded engine
 * gives for the same lake on a disk.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { App } from "../../src/answers.ts";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import type { Event } from "../../src/model/events.ts";
import { contentOfDisk } from "../faults/damaged-lake.ts";
import { laterDays } from "../faults/matrix-run.ts";
import { catalogFaults, startMs } from "../faults/small-lake.ts";
import { openSmallS3Lakes, type SmallS3Lake } from "../faults/small-s3-lake.ts";
import { pythonWith, s3aJars } from "../real/installed.ts";
import { askPython } from "../real/python-code.ts";
import { startVersitygw, type VersityGateway } from "../real/s3-servers.ts";
import { matchedHome, sparkServer, startSparkServer } from "../real/spark-server.ts";

type Setting = Readonly<Record<string, string>>;

/** A project on the lake whose engine the environment names. */
async function withApp<T>(
  lake: SmallS3Lake,
  store: VersityGateway,
  engine: Setting,
  work: (app: App) => Promise<T>,
  days = 0,
): Promise<T> {
  const file = lake.projectFile("spark.yaml", lake.settings(store.endpoint));
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

async function rowsOf(app: App, sql: string): Promise<readonly unknown[]> {
  const answer = await app.query(sql);
  const rows = (await Array.fromAsync(answer.rows())).flat();
  await answer.close();
  return JSON.parse(JSON.stringify(rows));
}

/** A main module without a file would be taken for a doctest by the client. */
const readMart = `
__file__ = "read_mart.py"
import json, sys
from pyspark.sql.connect.session import SparkSession
spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
read = spark.read.parquet(sys.argv[2])
types = [[field.name, field.dataType.simpleString()] for field in read.schema.fields]
print(json.dumps([types, [list(row) for row in read.orderBy(*read.columns).collect()]]))
`;

const partsOf = (lake: SmallS3Lake, store: VersityGateway): readonly string[] => {
  const directory = join(store.objects, "marts", lake.prefix, "activity");
  return readdirSync(directory).flatMap((version) =>
    readdirSync(join(directory, version)).map((name) => `${version}/${name}`),
  );
};

test("collect, convert and a mart by a Spark of our own, in buckets", async (context) => {
  const python = pythonWith(context, "pyspark-client");
  const home = python === undefined ? undefined : matchedHome(context);
  const store = home === undefined ? undefined : await startVersitygw(context);
  if (python === undefined || home === undefined || store === undefined) return;
  const lakes = await openSmallS3Lakes(store);
  const lake = lakes.make();
  context.after(async () => {
    lake.remove();
    lakes.close();
    await store.stop();
    home.remove();
  });
  const engine = {
    MILLRACE_ENGINE__SPARK__LOCAL__DIST: home.directory,
    MILLRACE_ENGINE__SPARK__LOCAL__CORES: "2",
    MILLRACE_ENGINE__SPARK__LOCAL__MEMORY: "1GiB",
  };
  const events: Event[] = [];
  const [first, second, rows, verified, status] = await withApp(lake, store, engine, async (app) => [
    await app.run({ report: (event) => events.push(event) }),
    await app.run(),
    await rowsOf(app, "select actor, type, size, src from activity order by src, actor, type"),
    await app.verify(),
    await app.status(),
  ]);
  assert.deepEqual([first.exitCode, first.failures], [0, []]);
  assert.deepEqual([first.stages.collect.done, first.stages.convert.done, first.stages.marts.done], [2, 3, 1]);
  assert.deepEqual([second.stages.collect.done, second.stages.convert.done, second.stages.marts.done], [0, 0, 0]);
  assert.deepEqual(
    events.map(({ code }) => code).filter((code) => code.startsWith("engine.")),
    ["engine.start", "engine.ready"],
  );
  assert.deepEqual([verified.damaged, verified.unverified], [[], 0]);
  assert.deepEqual([status.marts[0]?.engine, status.marts[0]?.rows], ["spark", 4]);

  // What lies there: the parts of Spark and our manifest, and nothing that its job left behind.
  const parts = partsOf(lake, store);
  assert.ok(
    parts.some((name) => /\/part-\d{5}-[0-9a-f-]+-c000\.zstd\.parquet$/.test(name)),
    parts.join(),
  );
  assert.deepEqual(
    parts.filter((name) => !/\/part-[^/]+\.parquet$/.test(name)).map((name) => name.split("/")[1]),
    ["_manifest.json"],
  );
  const version = parts[0]?.split("/")[0] ?? "";
  const manifest: { engine: string; sql: string; rows: number } = JSON.parse(
    readFileSync(join(store.objects, "marts", lake.prefix, "activity", version, "_manifest.json"), "utf8"),
  );
  assert.deepEqual([manifest.engine, manifest.rows], ["spark", 4]);
  assert.match(manifest.sql, /^select actor\.login as actor/);

  // The embedded engine over the same buckets, and the same lake on a disk.
  assert.deepEqual(await lake.content(), await contentOfDisk());
  assert.deepEqual(catalogFaults(lake.martsOnDisk()), []);

  // An independent client of a Spark that knows nothing of us.
  const stranger = await sparkServer(context, { s3: { server: store, buckets: ["tables", "marts"] } });
  if (stranger === undefined) return;
  try {
    const told = await askPython(python, readMart, stranger.url, `s3a://marts/${lake.prefix}/activity/${version}`);
    const [types, found] = Object(told);
    assert.deepEqual(types, [
      ["actor", "string"],
      ["type", "string"],
      ["size", "double"],
      ["src", "string"],
    ]);
    const inOrder = (all: readonly unknown[]): readonly string[] => all.map((row) => JSON.stringify(row)).sort();
    assert.deepEqual(inOrder(found), inOrder(rows));

    // The same server as the project's own, by its address: stopped in the middle, and once more to the end.
    const named = { MILLRACE_ENGINE__SPARK__URL: stranger.url };
    const stop = new AbortController();
    const again = (signal?: AbortSignal) =>
      withApp(lake, store, named, (app) =>
        app.run({
          ...{ only: "marts", rerun: true, select: () => true },
          ...(signal === undefined ? {} : { signal }),
          report: (event) => {
            if (event.code === "mart.start" && signal !== undefined) stop.abort();
          },
        }),
      );
    await assert.rejects(again(stop.signal), /stopped/);
    assert.equal(partsOf(lake, store).filter((name) => name.endsWith("_manifest.json")).length, 1);
    assert.deepEqual((await again()).failures, []);
    assert.equal(partsOf(lake, store).filter((name) => name.endsWith("_manifest.json")).length, 2);
    const collected = await withApp(lake, store, {}, (app) => app.gc({ retentionMs: 0, versions: 1 }), laterDays);
    assert.deepEqual([collected.failures, collected.exitCode], [[], 0]);
    assert.equal(partsOf(lake, store).filter((name) => name.endsWith("_manifest.json")).length, 1);
    assert.deepEqual(await lake.content(), await contentOfDisk());
  } finally {
    await stranger.stop();
  }
});

test("what the classic committer wrote is not published", async (context) => {
  const jars = s3aJars(context);
  const store = jars === undefined ? undefined : await startVersitygw(context);
  if (jars === undefined || store === undefined) return;
  const lakes = await openSmallS3Lakes(store);
  const lake = lakes.make();
  context.after(async () => {
    lake.remove();
    lakes.close();
    await store.stop();
  });
  const without = readdirSync(jars).filter((name) => !name.startsWith("spark-hadoop-cloud"));
  const server = await startSparkServer(context, {
    conf: {
      "spark.driver.extraClassPath": without.map((name) => join(jars, name)).join(":"),
      "spark.hadoop.fs.s3a.endpoint": store.endpoint,
      "spark.hadoop.fs.s3a.endpoint.region": store.region,
      "spark.hadoop.fs.s3a.path.style.access": "true",
    },
    environment: { AWS_ACCESS_KEY_ID: store.accessKey, AWS_SECRET_ACCESS_KEY: store.secretKey },
  });
  if (server === undefined) return;
  context.after(() => server.stop());
  const engine = { MILLRACE_ENGINE__SPARK__URL: server.url };
  const summary = await withApp(lake, store, engine, (app) => app.run());
  assert.equal(summary.exitCode, 5);
  const [failure] = summary.failures;
  assert.equal(failure?.kind, "denied");
  assert.match(failure?.reason ?? "", /classic committer, which on S3 can lose rows .* is not published$/);
  assert.match(failure?.remedy ?? "", /spark-hadoop-cloud/);
  assert.deepEqual(
    (await lake.keys()).filter((key) => /_catalog|_manifest/.test(key)),
    [],
  );
  // The embedded engine is not held back by it.
  assert.equal((await withApp(lake, store, {}, (app) => app.run(), 1)).exitCode, 0);
  assert.deepEqual(await lake.content(), await contentOfDisk());
});
