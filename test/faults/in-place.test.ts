/**
 * Marts whose files an engine writes where they will lie, as Spark does in buckets: whatever goes wrong, readers have the version
 * before or the new one, the next run makes what an undisturbed one would have made, and what was left behind is garbage.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { App, RunSummary } from "../../src/answers.ts";
import type { AppOptions } from "../../src/app.ts";
import { faults, noFault, oneFault } from "../faulty.ts";
import { type Committer, type Locating, locatingEngine, locatingStorage, namesIn } from "./locating-engine.ts";
import { countsOf, laterDays, runWith, type Workflow, workOf } from "./matrix-run.ts";
import { catalogFaults, copySmallLake, makeSmallLake, type SmallLake, stateOf } from "./small-lake.ts";

const deep = process.env.FAULTS === "all";
const martsOf = (lake: SmallLake): string => join(lake.directory, "lake/marts");
const directoriesOf = (lake: SmallLake): readonly string[] => {
  const below = join(martsOf(lake), "activity");
  return existsSync(below) ? readdirSync(below).sort() : [];
};

function inPlace(lake: SmallLake, more: Partial<Locating> = {}): AppOptions {
  const directoryOf = (place: string): string => join(lake.directory, "lake", place);
  return {
    wrapStorage: (place, storage) => (place === "raw" ? storage : locatingStorage(place, storage)),
    wrapEngine: (engine) => locatingEngine(engine, { directoryOf, ...more }),
  };
}

async function using<T>(
  lake: SmallLake,
  days: number,
  options: AppOptions,
  work: (app: App) => Promise<T>,
): Promise<T> {
  const app = await lake.open(days, options);
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

const marts: Workflow = (app, signal) => app.run({ signal, only: "marts" });

describe("an engine that writes in place", () => {
  let converted: SmallLake;
  let expected: Record<string, string>;

  before(async () => {
    converted = makeSmallLake();
    await using(converted, 0, inPlace(converted), (app) => app.run({ only: "collect" }));
    await using(converted, 0, inPlace(converted), (app) => app.run({ only: "convert" }));
    const clean = copySmallLake(converted);
    assert.equal((await run(clean)).exitCode, 0);
    expected = await stateOf(clean);
    clean.remove();
  });
  after(() => converted.remove());

  const run = (lake: SmallLake, more: Partial<Locating> = {}, days = 0): Promise<RunSummary> =>
    using(lake, days, inPlace(lake, more), (app) => app.run({ only: "marts" }));

  it("publishes what it wrote, with sums and rows of its own, and leaves nothing else there", async () => {
    const lake = copySmallLake(converted);
    assert.equal((await run(lake, { committer: "untidy" })).exitCode, 0);
    assert.deepEqual(catalogFaults(lake), []);
    const [version = ""] = directoriesOf(lake);
    const names = (await namesIn(join(martsOf(lake), "activity", version))).filter((name) => /\.|_SUCCESS/.test(name));
    assert.equal(names.length, 2, names.join());
    assert.deepEqual(names[0], "_manifest.json");
    assert.match(names[1] ?? "", /^part-00000-[0-9a-f-]+-c000\.zstd\.parquet$/);
    const report = await using(lake, 0, inPlace(lake), (app) => app.verify({ only: "marts" }));
    assert.deepEqual([report.damaged, report.unverified], [[], 0]);
    assert.deepEqual(await using(lake, 0, inPlace(lake), workOf), []);
    // And the embedded engine reads the same.
    assert.deepEqual(await stateOf(lake), expected);
    lake.remove();
  });

  it("answers queries over tables and marts", async () => {
    const lake = copySmallLake(converted);
    await run(lake);
    const rows = await using(lake, 0, inPlace(lake), async (app) => {
      const answer = await app.query(
        "select a.type, e.id from activity a join events e on a.actor = e.actor.login order by all",
      );
      const found: unknown[] = [];
      for await (const batch of answer.rows()) found.push(...batch);
      await answer.close();
      return found;
    });
    assert.equal(rows.length, 6);
    lake.remove();
  });

  const refusals: readonly (readonly [Committer, string, RegExp])[] = [
    ["classic", "denied", /classic committer, which on S3 can lose rows or have them twice .*not published$/],
    ["staging", "denied", /another committer \("directory"\) than S3A's "magic"; the version is not published$/],
    ["silent", "denied", /left no _SUCCESS/],
    ["dies", "bug", /the server died/],
    ["forgetful", "corrupt", /part-00009-lost-c000\.zstd\.parquet was committed and is not there/],
    ["doubled", "corrupt", /part-00000-twice\.parquet is there, but was not committed/],
  ];
  for (const [committer, kind, reason] of refusals) {
    it(`publishes nothing after a write that is "${committer}"; the next run does, and gc removes the rest`, async () => {
      const lake = copySmallLake(converted);
      const { failures, exitCode } = await run(lake, { committer });
      assert.equal(failures[0]?.kind, kind);
      assert.match(failures[0]?.reason ?? "", reason);
      assert.equal(exitCode, kind === "denied" ? 5 : 1);
      if (kind === "denied") assert.match(failures[0]?.remedy ?? "", /spark-hadoop-cloud.*millrace doctor/);
      assert.equal(existsSync(join(martsOf(lake), "_catalog")), false);
      assert.equal(directoriesOf(lake).length, 1);
      assert.equal((await run(lake, {}, 1)).exitCode, 0);
      assert.deepEqual(await stateOf(lake), expected);
      const collected = await using(lake, laterDays, inPlace(lake), (app) => app.gc({ retentionMs: 0, versions: 1 }));
      assert.deepEqual(
        collected.removed.map(({ place, kind }) => [place, kind]),
        [["marts", "orphan"]],
      );
      assert.equal(directoriesOf(lake).length, 1);
      assert.deepEqual(await stateOf(lake), expected);
      lake.remove();
    });
  }

  it("loses a swap to another writer without harm", async () => {
    const lake = copySmallLake(converted);
    const { failures } = await run(lake, { written: async () => void (await run(lake)) });
    assert.deepEqual(
      failures.map(({ kind }) => kind),
      ["conflict"],
    );
    assert.equal(directoriesOf(lake).length, 2);
    assert.deepEqual(catalogFaults(lake), []);
    assert.deepEqual(await stateOf(lake), expected);
    lake.remove();
  });

  it("is refused where nobody but this process gets at the files", async () => {
    const lake = copySmallLake(converted);
    const hidden: AppOptions = {
      ...inPlace(lake),
      wrapStorage: (_place, storage) => ({ ...storage, locate: () => undefined, location: () => undefined }),
    };
    const { failures } = await using(lake, 0, hidden, (app) => app.run({ only: "marts" }));
    assert.deepEqual(
      failures.map(({ kind }) => kind),
      ["usage"],
    );
    lake.remove();
  });

  it("may meet any fault in any call of its storages", async (context) => {
    const clean = copySmallLake(converted);
    const calls = await runWith(clean, noFault, 0, marts, inPlace(clean));
    clean.remove();
    context.diagnostic(countsOf(calls));
    assert.ok(
      calls.some((call) => call.startsWith("remove activity/v")),
      "_SUCCESS goes",
    );
    for (let call = 1; call <= calls.length; call++) {
      const chosen = deep ? faults : ([faults[call % faults.length] ?? "lost", "crash-after"] as const);
      for (const fault of new Set(chosen)) {
        const name = `call ${call} (${calls[call - 1]}) × ${fault}`;
        const lake = copySmallLake(converted);
        await runWith(lake, oneFault(call, fault), 0, marts, inPlace(lake));
        assert.deepEqual(catalogFaults(lake), [], `${name}: right behind the fault`);
        const summary = await run(lake, {}, 1);
        assert.equal(summary.exitCode, 0, `${name}: ${JSON.stringify(summary.failures)}`);
        assert.deepEqual(await using(lake, 1, inPlace(lake), workOf), [], name);
        assert.deepEqual(await stateOf(lake), expected, name);
        assert.deepEqual(catalogFaults(lake), [], name);
        await using(lake, laterDays, inPlace(lake), (app) => app.gc({ retentionMs: 0, versions: 1 }));
        assert.equal(directoriesOf(lake).length, 1, `${name}: after gc`);
        lake.remove();
      }
    }
  });
});
