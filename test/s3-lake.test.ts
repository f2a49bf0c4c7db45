/**
 * The small lake in buckets of a real server: it becomes what it becomes on a disk, costs nothing but listings once it is
 * whole, and is whole again after every bad day of the store and the network.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { inspect } from "node:util";
import type { App, RunSummary } from "../src/answers.ts";
import { exitCodeOf, Failure } from "../src/errors.ts";
import { contentOfDisk } from "./faults/damaged-lake.ts";
import { laterDays, reachableFaults } from "./faults/matrix-run.ts";
import { type S3Faults, startS3Proxy } from "./faults/s3-proxy.ts";
import { catalogFaults } from "./faults/small-lake.ts";
import { openSmallS3Lakes, type SmallS3Lake } from "./faults/small-s3-lake.ts";
import { startVersitygw } from "./real/s3-servers.ts";

/** A command may end in an error and be given again as often. */
const runsMax = 3;

/** What the requests of a run meet. With each run the virtual clock is a day further, so that what backed off is due. */
const days: Readonly<Record<string, S3Faults>> = {
  "three of four requests are throttled": { slowDown: 0.75 },
  "three of ten answers are lost after the effect": { resetAfter: 0.3 },
  "three of ten requests are lost before the effect": { resetBefore: 0.3 },
  "three of four bodies end early": { truncated: 0.75 },
};

const noOthers = { get: 0, head: 0, put: 0, delete: 0, upload: 0, part: 0, complete: 0, other: 0 };

test("the small lake in three buckets", async (context) => {
  const server = await startVersitygw(context);
  if (server === undefined) return;
  const proxy = await startS3Proxy(server, { seed: 5 });
  const lakes = await openSmallS3Lakes(server);
  context.after(async () => {
    lakes.close();
    await proxy.stop();
    await server.stop();
  });
  const expected = await contentOfDisk();
  const assertWhole = async (lake: SmallS3Lake): Promise<void> => {
    assert.deepEqual(await lake.content(), expected);
    assert.deepEqual(catalogFaults(lake.martsOnDisk()), []);
  };
  const onLake = (title: string, work: (lake: SmallS3Lake, context: TestContext) => Promise<void>) =>
    context.test(title, async (context) => {
      const lake = lakes.make();
      proxy.faults = {};
      try {
        await work(lake, context);
      } finally {
        lake.remove();
      }
    });

  await onLake("run, run again, query, verify, gc", async (lake, context) => {
    const through = <T>(work: (app: App) => Promise<T>, days = 0): Promise<T> =>
      withApp(lake, days, proxy.endpoint, work);
    const first = await through((app) => app.run());
    assert.deepEqual(doneOf(first), [2, 3, 1]);
    assert.deepEqual([first.exitCode, first.failures], [0, []]);
    await assertWhole(lake);

    proxy.resetCounts();
    assert.deepEqual(doneOf(await through((app) => app.run())), [0, 0, 0]);
    const { list, ...others } = proxy.counts;
    assert.deepEqual(others, noOthers, "a pass that finds nothing due only lists");
    context.diagnostic(`a pass that finds nothing due: ${list} listings`);

    assert.deepEqual(await through((app) => rowsOf(app)), JSON.parse(expected["rows of activity"] ?? ""));
    const verified = await through((app) => app.verify());
    assert.deepEqual([verified.damaged, verified.unverified], [[], 0]);

    for (let i = 0; i < 3; i++) await through((app) => app.run({ only: "marts", rerun: true, select: () => true }));
    const before = await lake.keys();
    const collected = await through((app) => app.gc({ retentionMs: 0 }), laterDays);
    assert.deepEqual([collected.failures, collected.exitCode], [[], 0]);
    assert.ok(collected.removed.length > 0);
    const after = await lake.keys();
    assert.ok(after.length < before.length, `${after.length} of ${before.length} keys are left`);
    assert.deepEqual(await lake.content(), expected);
    assert.deepEqual(reachableFaults(lake.martsOnDisk()), []);
    assert.deepEqual(doneOf(await through((app) => app.run())), [0, 0, 0]);
  });
  for (const [title, faults] of Object.entries(days)) {
    await onLake(title, async (lake, context) => {
      proxy.resetCounts();
      proxy.faults = faults;
      let runs = 0;
      let last: RunSummary | Failure | undefined;
      while (!isWhole(last) && runs < runsMax) last = await withApp(lake, runs++, proxy.endpoint, runOrRefusal);
      assert.ok(isWhole(last), inspect(last, { depth: 5 }));
      const answer = await withApp(lake, runs, proxy.endpoint, rowsOf);
      assert.deepEqual(answer, JSON.parse(expected["rows of activity"] ?? ""));
      assert.ok(proxy.struck > 0);
      context.diagnostic(`${runs} runs, ${proxy.struck} faults struck`);
      proxy.faults = {};
      const verified = await withApp(lake, runs, proxy.endpoint, (app) => app.verify());
      assert.deepEqual([verified.damaged, verified.unverified], [[], 0]);
      await assertWhole(lake);
    });
  }

  await onLake("what listings hide is not made twice, and is found once they show it", async (lake) => {
    proxy.faults = { hidden: { last: 3 } };
    for (let day = 0; day < 2; day++) await withApp(lake, day, proxy.endpoint, runOrRefusal);
    const before = await lake.keys();
    proxy.faults = {};
    const last = await withApp(lake, 2, proxy.endpoint, (app) => app.run());
    assert.deepEqual([last.exitCode, last.failures], [0, []]);
    const after = await lake.keys();
    assert.deepEqual(
      before.filter((key) => !after.includes(key)),
      [],
      "an object is lost",
    );
    await assertWhole(lake);
    const again = await withApp(lake, 3, proxy.endpoint, (app) => app.run());
    assert.deepEqual(doneOf(again), [0, 0, 0]);
  });

  await onLake("a store that ignores conditions is refused before anything of the lake is written", async (lake) => {
    rmSync(join(lake.directory, ".millrace", "stores.json"), { force: true });
    proxy.faults = { ignoresConditions: true };
    const run = withApp(lake, 0, proxy.endpoint, (app) => app.run());
    await assert.rejects(run, (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(exitCodeOf(error), 5);
      assert.match(error.message, /^s3:\/\/\w+\/lakes\/\d+: the store does not keep/);
      assert.match(error.detail.remedy ?? "", /lake\.writers to one|another store/);
      return true;
    });
    const written = (await lake.keys()).filter((key) => !/^\w+\/_(?:staging|probe)\//.test(key));
    assert.deepEqual(written, []);
    proxy.faults = {};
    await withApp(lake, 1, proxy.endpoint, (app) => app.run());
    await assertWhole(lake);
  });
});

/** An error that ends a run is one of the store, never of ours. */
async function runOrRefusal(app: App): Promise<RunSummary | Failure> {
  try {
    return await app.run();
  } catch (error) {
    assert.ok(error instanceof Failure && error.kind === "unavailable", inspect(error));
    return error;
  }
}

const isWhole = (run: RunSummary | Failure | undefined): boolean =>
  run !== undefined && !(run instanceof Failure) && run.exitCode === 0;

async function withApp<T>(
  lake: SmallS3Lake,
  days: number,
  endpoint: string,
  work: (app: App) => Promise<T>,
): Promise<T> {
  const app = await lake.open(days, endpoint);
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

async function rowsOf(app: App): Promise<unknown> {
  const answer = await app.query("select * from activity order by all");
  const rows = (await Array.fromAsync(answer.rows())).flat();
  await answer.close();
  return JSON.parse(JSON.stringify(rows));
}

const doneOf = ({ stages: { collect, convert, marts } }: RunSummary): readonly number[] => [
  collect.done,
  convert.done,
  marts.done,
];
