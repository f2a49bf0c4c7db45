/**
 * `convert: spark` from the project file to the partitions: hours of the archive on a disk, value for value as the native
 * converter has them; and a lake in buckets, where Spark writes over S3A and nothing of it stays behind.
 */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { openGenerator } from "../../sample/generator.ts";
import { writeHour } from "../../sample/write-hour.ts";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import { WRITER_KEY } from "../../src/convert/spark.ts";
import type { Event } from "../../src/model/events.ts";
import { readKeyValue } from "../../src/parquet/read.ts";
import { connect } from "../../src/spark.ts";
import { readWithHyparquet } from "../corpus/hyparquet-reader.ts";
import { compare } from "../corpus/read-back.ts";
import { contentOf, diskLake } from "../faults/damaged-lake.ts";
import { makeSmallLake, startMs as smallStartMs } from "../faults/small-lake.ts";
import { openSmallS3Lakes } from "../faults/small-s3-lake.ts";
import { realHours } from "../real/real.ts";
import { startVersitygw } from "../real/s3-servers.ts";
import { sparkServer } from "../real/spark-server.ts";

const startMs = Date.parse("2026-03-01T00:00:00Z");
const hourMs = 3_600_000;

/** Real hours where there are some, under names that the calendar of the test wants; generated ones elsewhere. */
async function makeArchive(context: TestContext, directory: string): Promise<number> {
  mkdirSync(directory);
  const real = process.env.MILLRACE_REAL_HOURS === undefined ? undefined : realHours(context);
  if (real !== undefined) {
    for (const [hour, name] of real.files.entries())
      copyFileSync(join(real.directory, name), join(directory, `2026-03-01-${hour}.json.gz`));
    return real.files.length;
  }
  const generator = openGenerator({ seed: 23, eventsPerHour: 400 });
  for (const hour of [0, 1])
    await writeHour(generator, startMs + hour * hourMs, join(directory, `2026-03-01-${hour}.json.gz`));
  return 2;
}

const projectText = (hours: number, convert: "native" | "spark", url: string): string => `name: hours
lake: { raw: raw, tables: tables-${convert}, marts: marts }
engine: { spark: { url: "${url}" } }
sources:
  archive:
    url: "file://\${ARCHIVE}/{yyyy}-{MM}-{dd}-{H}.json.gz"
    object: archive/{yyyy}/{MM}/{dd}/{HH}.json.gz
    every: hour
    since: 2026-03-01T00:00:00Z
    until: ${new Date(startMs + hours * hourMs).toISOString()}
tables:
  events: { from: archive, on_widen: rewrite, convert: ${convert}, conflicts: text, rejects_max: 100% }
`;

async function run(directory: string, hours: number, convert: "native" | "spark", url: string): Promise<Event[]> {
  const file = join(directory, `${convert}.yaml`);
  writeFileSync(file, projectText(hours, convert, url));
  const environment = { ...process.env, ARCHIVE: join(directory, "archive") };
  const app = await openApp(readProject({ file, environment }), { workers: 0, clock: () => startMs + 86_400_000 });
  const events: Event[] = [];
  try {
    const summary = await app.run({ report: (event) => events.push(event) });
    assert.deepEqual([summary.failures, summary.exitCode], [[], 0]);
    assert.deepEqual((await app.verify()).damaged, []);
  } finally {
    await app.close();
  }
  return events;
}

/** All rows of a file, whatever their order, as a number of them and one that every value goes into. */
async function contentOfFiles(files: readonly string[]): Promise<readonly unknown[]> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1", memory_limit: "4GB" });
  const connection = await instance.connect();
  const found: unknown[] = [];
  for (const file of files) {
    const reader = await connection.runAndReadAll(
      "SELECT count(*), bit_xor(hash(t)), sum(hash(t)::HUGEINT) FROM read_parquet($file, hive_partitioning = false) t",
      { file },
    );
    found.push(reader.getRows());
  }
  connection.closeSync();
  instance.closeSync();
  return found;
}

/** As `docs/spark.md` says it: with the table's schema and `src` as text. */
async function readsWithItsSchema(
  url: string,
  table: string,
  done: readonly { readonly rows: number }[],
): Promise<void> {
  const [newest] = readdirSync(join(table, "_schema"))
    .filter((name) => name.endsWith(".spark.ddl"))
    .sort()
    .reverse();
  const ddl = readFileSync(join(table, "_schema", newest ?? ""), "utf8").trimEnd();
  const session = await connect(url);
  try {
    await (
      await session.sql(
        `CREATE TEMPORARY VIEW events (${ddl},\n\`src\` STRING) USING parquet OPTIONS (path 'file://${table}')`,
      )
    ).collect();
    const read = await session.sql("SELECT src, count(*) AS rows, count(type) AS types FROM events GROUP BY src");
    const rows = (await read.collect()).map((row) => [String(row.src).slice(0, 11), Number(row.rows)]);
    assert.deepEqual(
      rows.map(([src]) => src),
      rows.map(() => "2026-03-01-"),
    );
    assert.equal(
      rows.reduce((sum, [, count]) => sum + Number(count), 0),
      done.reduce((sum, each) => sum + each.rows, 0),
    );
  } finally {
    await session.close();
  }
}

test("hours converted by Spark are value for value those of the native converter", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const directory = mkdtempSync(join(tmpdir(), "millrace-convert-chain-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const hours = await makeArchive(context, join(directory, "archive"));
  await run(directory, hours, "native", server.url);
  const events = await run(directory, hours, "spark", server.url);
  const done = events.flatMap((event) => (event.code === "convert.done" ? [event] : []));
  for (const { key, notBySpark } of done) if (notBySpark !== undefined) context.diagnostic(`${key}: ${notBySpark}`);
  const ids = Array.from({ length: hours }, (_, hour) => `2026-03-01-${String(hour).padStart(2, "0")}`);
  const files = (convert: string): readonly string[] =>
    ids.map((id) => join(directory, `tables-${convert}`, "events", `src=${id}`, "data.parquet"));
  assert.deepEqual(await contentOfFiles(files("spark")), await contentOfFiles(files("native")));
  const writers = files("spark").map((file) => readKeyValue(readFileSync(file))?.[WRITER_KEY]);
  const bySpark = writers.filter((writer) => writer === `spark/${server.version}`).length;
  context.diagnostic(`${bySpark} of ${hours} by Spark`);
  assert.ok(bySpark > 0, "Spark wrote at least one of them");
  await readsWithItsSchema(server.url, join(directory, "tables-spark", "events"), done);
  // Changing who converts is no reason to convert anew.
  const again = await run(directory, hours, "spark", server.url);
  assert.deepEqual(
    again.filter(({ code }) => code === "convert.done"),
    [],
  );
});

test("in buckets Spark writes beside the table, and nothing of it stays there", async (context) => {
  const store = await startVersitygw(context);
  if (store === undefined) return;
  context.after(() => store.stop());
  const lakes = await openSmallS3Lakes(store);
  const lake = lakes.make();
  context.after(() => {
    lake.remove();
    lakes.close();
  });
  const server = await sparkServer(context, { s3: { server: store, buckets: ["raw", "tables", "marts"] } });
  if (server === undefined) return;
  context.after(() => server.stop());
  const file = lake.projectFile("spark.yaml", lake.settings(store.endpoint));
  const environment = {
    ...process.env,
    MILLRACE_ENGINE__SPARK__URL: server.url,
    MILLRACE_TABLES__EVENTS__CONVERT: "spark",
  };
  const app = await openApp(readProject({ file, environment }), { workers: 0, clock: () => smallStartMs });
  const events: Event[] = [];
  try {
    const summary = await app.run({ report: (event) => events.push(event) });
    assert.deepEqual([summary.failures, summary.exitCode], [[], 0]);
    assert.deepEqual((await app.verify()).damaged, []);
    const checks = (await app.doctor()).checks.filter(({ group }) => group.startsWith("Spark"));
    assert.deepEqual(
      checks.filter(({ verdict }) => verdict === "fails").map(({ subject }) => subject),
      // This test lives in the past.
      ["clock"],
    );
    for (const subject of ["read raw", "write tables", "committer in tables", "committer in marts"]) {
      assert.ok(
        checks.some((check) => check.subject === subject),
        subject,
      );
    }
  } finally {
    await app.close();
  }
  const done = events.flatMap((event) => (event.code === "convert.done" ? [event] : []));
  assert.ok(
    done.some(({ notBySpark }) => notBySpark === undefined),
    "Spark wrote at least one",
  );
  for (const { key, notBySpark, rejected } of done) {
    if (rejected > 0) assert.match(notBySpark ?? "", /rejected/, key);
  }
  assert.deepEqual(
    (await lake.keys()).filter((key) => key.includes("_probe/convert-")),
    [],
  );
  const small = makeSmallLake();
  const disk = diskLake(small);
  try {
    const native = await disk.open(0);
    await native.run();
    await native.close();
    assert.deepEqual(withoutPartitions(await lake.content()), withoutPartitions(await contentOf(disk, 30)));
    for (const hour of [22, 23]) {
      const key = join("events", `src=2026-03-01-${hour}`, "data.parquet");
      const expected: Uint8Array = readFileSync(join(small.directory, "lake", "tables", key));
      const found: Uint8Array = readFileSync(join(store.objects, "tables", lake.prefix, key));
      assert.equal(compare(await readWithHyparquet(expected), await readWithHyparquet(found)), undefined, key);
    }
  } finally {
    disk.remove();
  }
});

/** Whose bytes are Spark's; what they hold is compared by itself. */
function withoutPartitions(content: Readonly<Record<string, string>>): unknown {
  return Object.fromEntries(Object.entries(content).filter(([name]) => !/^tables events\/src=/.test(name)));
}
