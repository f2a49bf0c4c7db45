/**
 * Real kills beside a real store: a child process meets SIGKILL at every named point of a run, within an upload in parts,
 * and of a collection of garbage. The ordinary next run leaves the lake as if nothing had happened.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { startVersitygw } from "../real/s3-servers.ts";
import { type BucketLake, type Buckets, openBuckets } from "./bucket-lake.ts";
import { contentOf, keysOf } from "./damaged-lake.ts";
import { points } from "./kill-points.ts";
import { reachableFaultsBelow, workOf } from "./matrix-run.ts";
import { catalogFaultsBelow } from "./small-lake.ts";

const victim = new URL("victim.ts", import.meta.url).pathname;
const rules = { retentionMs: 0, versions: 1 } as const;
const dayMs = 86_400_000;

/** In an upload, and whether one is left behind. */
const uploadPoints: Readonly<Record<string, { readonly point: string; readonly leaves: boolean }>> = {
  "collect: before the first part": { point: "request.PUT:json\\.gz\\?.*partNumber=1\\b:before", leaves: true },
  "collect: after the first part": { point: "request.PUT:json\\.gz\\?.*partNumber=1\\b:after", leaves: true },
  "collect: before the parts become one object": { point: "request.POST:json\\.gz\\?.*uploadId=:before", leaves: true },
  "collect: after the parts became one object": { point: "request.POST:json\\.gz\\?.*uploadId=:after", leaves: false },
  "convert: after the first part": { point: "request.PUT:parquet\\?.*partNumber=1\\b:after", leaves: true },
  "convert: before the parts become one object": { point: "request.POST:parquet\\?.*uploadId=:before", leaves: true },
};

/** What a collection writes and takes away, in its order. */
const gcPoints: Readonly<Record<string, string>> = {
  "after the question for the store's time": "marts.put:_probe:after",
  "before the fence": "marts.putIfAbsent:_catalog:before",
  "after the fence": "marts.putIfAbsent:_catalog:after",
  "before a version's manifest goes": "marts.remove:_manifest:before",
  "after a version's manifest went": "marts.remove:_manifest:after",
  "after a version's file went": "marts.remove:part-:after",
  "before rejected lines go": "tables.remove:_rejected:before",
  "after rejected lines went": "tables.remove:_rejected:after",
};

function run(lake: BucketLake, ...args: readonly string[]): NodeJS.Signals | null {
  const done = spawnSync(process.execPath, [victim, lake.projectFile, ...args], { encoding: "utf8", timeout: 60_000 });
  if (done.signal === null) assert.equal(done.status, 0, done.stderr);
  return done.signal;
}

const killed = (lake: BucketLake, ...args: readonly string[]): void =>
  assert.equal(run(lake, ...args), "SIGKILL", "the point was not reached");

/** The ordinary next run repairs, the one behind it does nothing, and nothing lies about that nobody can reach. */
async function recovers(lake: BucketLake, expected: Readonly<Record<string, string>>): Promise<void> {
  assert.deepEqual(catalogFaultsBelow(lake.martsDirectory), []);
  const app = await lake.open(1);
  try {
    const { exitCode, failures } = await app.run();
    assert.deepEqual([exitCode, failures], [0, []]);
    assert.deepEqual(await workOf(app), [], "a second run found something to do");
    const { failures: kept } = await app.gc(rules);
    assert.deepEqual(kept, []);
  } finally {
    await app.close();
  }
  assert.deepEqual(catalogFaultsBelow(lake.martsDirectory), []);
  assert.equal(versionsOf(lake).length, 1);
  assert.deepEqual(await contentOf(lake, 30), expected);
}

const versionsOf = (lake: BucketLake): readonly string[] => readdirSync(join(lake.martsDirectory, "activity"));

async function withBuckets(context: TestContext, work: (buckets: Buckets) => Promise<void>): Promise<void> {
  const server = await startVersitygw(context);
  if (server === undefined) return;
  const buckets = await openBuckets(server);
  try {
    await work(buckets);
  } finally {
    buckets.remove();
    await server.stop();
  }
}

/** A new lake, removed at the end. */
async function withLake<T>(buckets: Buckets, work: (lake: BucketLake) => Promise<T>): Promise<T> {
  const lake = await buckets.another();
  try {
    return await work(lake);
  } finally {
    lake.remove();
  }
}

test("a process killed at any named point beside a store is repaired by the next run", async (context) => {
  await withBuckets(context, async (buckets) => {
    const expected = await withLake(buckets, async (lake) => {
      run(lake);
      return contentOf(lake, 30);
    });
    for (const [name, point] of Object.entries(points)) {
      await context.test(name, () =>
        withLake(buckets, async (lake) => {
          killed(lake, point);
          await recovers(lake, expected);
        }),
      );
    }
  });
});

test("a process killed within an upload in parts is repaired by the next run", async (context) => {
  await withBuckets(context, async (buckets) => {
    // Nothing that could be made smaller: its raw object and its partition are both larger than a part.
    const noise = randomBytes(6 << 20).toString("base64");
    const large = gzipSync(
      `{"id":"3","type":"PushEvent","actor":{"login":"ada"},"size":1.5,"noise":"${noise}"}\n{broken\n`,
      {
        level: 1,
      },
    );
    const grow = (lake: BucketLake): void =>
      writeFileSync(join(lake.directory, "archive", "2026-03-01-23.json.gz"), large);
    const expected = await withLake(buckets, async (lake) => {
      grow(lake);
      run(lake);
      return contentOf(lake, 30);
    });
    for (const [name, { point, leaves }] of Object.entries(uploadPoints)) {
      await context.test(name, () =>
        withLake(buckets, async (lake) => {
          grow(lake);
          killed(lake, point, "run", "parts");
          await recovers(lake, expected);
          const place = lake.places[name.startsWith("collect") ? "raw" : "tables"];
          // A day must have passed before a collection takes an upload for a dead one.
          const found = await place.sweepUploads?.(Date.now() + dayMs);
          assert.equal(found?.length, leaves ? 1 : 0);
          assert.deepEqual(await place.sweepUploads?.(Date.now() + dayMs), []);
        }),
      );
    }
  });
});

test("a collection of garbage killed at any named point is finished by the next one", async (context) => {
  await withBuckets(context, (buckets) =>
    withLake(buckets, async (lake) => {
      run(lake);
      let days = 1;
      for (const [name, point] of Object.entries(gcPoints)) {
        await context.test(name, async () => {
          if (point.startsWith("tables")) await changeSource(lake, name, ++days);
          // A version that was replaced, and one whose builder died before it could publish it.
          assert.equal(run(lake, "", "rebuild"), null);
          killed(lake, "marts.putIfAbsent:_catalog:before", "rebuild");
          assert.ok(versionsOf(lake).length >= 3);
          const before = await contentOf(lake, 30);
          killed(lake, point, "gc");
          assert.deepEqual(reachableFaultsBelow(lake.martsDirectory), []);
          const app = await lake.open(++days);
          try {
            assert.deepEqual(await workOf(app), [], "a run behind the collection found something to do");
            const { failures, kept } = await app.gc(rules);
            assert.deepEqual([failures, kept], [[], []]);
            assert.deepEqual(await workOf(app), []);
          } finally {
            await app.close();
          }
          assert.deepEqual(reachableFaultsBelow(lake.martsDirectory), []);
          assert.equal(versionsOf(lake).length, 1);
          const rejected = (await keysOf(lake.places.tables)).filter((key) => key.startsWith("_rejected/"));
          assert.equal(rejected.length, 1);
          assert.deepEqual(await contentOf(lake, 30), withoutGarbage(before, rejected));
        });
      }
    }),
  );
});

/** The hour has other bytes, with another rejected line, and the table was made from them. */
async function changeSource(lake: BucketLake, text: string, days: number): Promise<void> {
  const bytes = gzipSync(`{"id":"5","actor":{"login":"zoe"},"size":2.5}\n{${text}\n`);
  writeFileSync(join(lake.directory, "archive", "2026-03-01-23.json.gz"), bytes);
  const app = await lake.open(days);
  try {
    assert.equal((await app.run({ rerun: true, only: "collect" })).exitCode, 0);
    assert.equal((await app.run()).exitCode, 0);
  } finally {
    await app.close();
  }
}

/** Of rejected lines, only those that are named by a partition. */
function withoutGarbage(content: Readonly<Record<string, string>>, rejected: readonly string[]) {
  const isKept = (name: string): boolean =>
    !name.startsWith("tables _rejected/") || rejected.some((key) => name === `tables ${key}`);
  return Object.fromEntries(Object.entries(content).filter(([name]) => isKept(name)));
}
