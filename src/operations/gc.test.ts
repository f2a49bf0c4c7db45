import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { describe } from "node:test";
import { keysIn, partsOn, publish, versionsIn } from "../../test/faults/published-mart.ts";
import { faulty, noFault } from "../../test/faulty.ts";
import { makeMart, makeProject, makeSource, makeTable } from "../../test/make.ts";
import { Failure } from "../errors.ts";
import { dayMs, hourMs } from "../model/calendar.ts";
import { openIndex } from "../reconcile/index-file.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { ObjectInfo, Storage, SweepUploadsOptions } from "../storage/contract.ts";
import { memoryStorage } from "../storage/memory.ts";
import { gc } from "./gc.ts";

/** As if the chosen objects had been written that much earlier. */
function aged(storage: Storage, ms: number, isAged: (key: string) => boolean = () => true): Storage {
  const older = <T extends ObjectInfo>(info: T): T =>
    isAged(info.key) ? { ...info, modifiedMs: info.modifiedMs - ms } : info;
  return {
    ...storage,
    async *list(prefix, options) {
      for await (const page of storage.list(prefix, options)) yield page.map(older);
    },
    async head(key, options) {
      const found = await storage.head(key, options);
      return found === undefined ? undefined : older(found);
    },
  };
}

const isWrite = (call: string): boolean => !/^(list|head|read|sweep)/.test(call);

async function publishedTimes(count: number): Promise<Storage> {
  const storage = memoryStorage();
  for (let version = 1; version <= count; version++) await publish(partsOn(storage));
  return storage;
}

/** Everything but what tells the time was written nine days ago. */
const nineDaysOld = (storage: Storage): Storage => aged(storage, 9 * dayMs, (key) => !key.startsWith("_probe/"));

describe("gc of marts", () => {
  test("a dry run writes nothing and says what the real one then removes; a third finds nothing", async () => {
    const storage = await publishedTimes(4);
    const orphan = "activity/v000000000005-deadbeef/part-0.parquet";
    await storage.put(orphan, Buffer.from("left behind"));
    const dry = faulty(nineDaysOld(storage), noFault);
    const foreseen = await gc(partsOn(dry.port), { dryRun: true });
    assert.deepEqual(dry.calls.filter(isWrite), []);
    assert.deepEqual(
      foreseen.removed.map(({ kind, key, objects }) => [kind, key.replace(/-.*/, ""), objects]),
      [
        ["orphan", "activity/v000000000005", 1],
        ["superseded", "activity/v000000000001", 3],
        ["superseded", "activity/v000000000002", 3],
      ],
    );
    const real = await gc(partsOn(nineDaysOld(storage)));
    assert.deepEqual([real.removed, real.exitCode, real.dryRun], [foreseen.removed, 0, false]);
    assert.equal((await versionsIn(storage)).length, 2);
    assert.equal((await keysIn(storage, "_catalog/")).length, 5, "one fence, for the orphan");
    const idle = faulty(nineDaysOld(storage), noFault);
    assert.deepEqual((await gc(partsOn(idle.port))).removed, []);
    assert.deepEqual(idle.calls.filter(isWrite), []);
  });

  test("without an orphan of the next number there is nothing to fence, so no publisher is disturbed", async () => {
    const storage = await publishedTimes(3);
    const before = await keysIn(storage, "_catalog/");
    const report = await gc(partsOn(nineDaysOld(storage)), { versions: 1 });
    assert.equal(report.removed.length, 2);
    assert.deepEqual(await keysIn(storage, "_catalog/"), before);
  });

  test("a clock that is a month ahead makes nothing old: the store's own time decides", async () => {
    const storage = await publishedTimes(4);
    const ahead = (): number => Date.now() + 30 * dayMs;
    assert.equal((await gc(partsOn(storage, { clock: ahead }), { dryRun: true })).removed.length, 2);
    const report = await gc(partsOn(storage, { clock: ahead }));
    assert.deepEqual([report.removed, report.exitCode], [[], 0]);
    assert.equal((await versionsIn(storage)).length, 4);
    assert.deepEqual(await keysIn(storage, "_probe/"), [], "what was written for the time is gone");
  });

  test("a clock that is behind sees the newest object in the future, and goes by that", async () => {
    const storage = await publishedTimes(4);
    const report = await gc(partsOn(storage, { clock: () => 0 }), { retentionMs: 0 });
    assert.equal(report.removed.length, 2);
  });

  test("what the project does not have, and what the catalog is far from, stays and is reported", async () => {
    const storage = await publishedTimes(1);
    const put = (key: string) => storage.put(key, Buffer.from("x"));
    await put("dropped/v000000000001-00000001/part-0.parquet");
    await put("dropped/v000000000002-00000001/part-0.parquet");
    await put("activity/v000000000007-00000001/part-0.parquet");
    await put("fresh/v000000000001-00000001/part-0.parquet");
    const project = makeProject("/nowhere", { marts: [makeMart(), makeMart({ name: "fresh" })] });
    const report = await gc(partsOn(nineDaysOld(storage), { project }));
    assert.deepEqual(
      report.kept.map(({ kind, key, objects }) => `${kind} ${key} ${objects}`),
      [
        "beyond activity/v000000000007-00000001/ 1",
        "dropped dropped/ 2",
        "unpublished fresh/v000000000001-00000001/ 1",
      ],
    );
    assert.deepEqual([report.removed, report.exitCode], [[], 0]);
  });

  test("a damaged catalog stops its own mart alone", async () => {
    const storage = await publishedTimes(3);
    const other = `other/v000000000001-00000001/part-0.parquet`;
    await storage.put(other, Buffer.from("x"));
    await storage.put("_catalog/other/00000000000000000001.json", Buffer.from("{"));
    const project = makeProject("/nowhere", { marts: [makeMart(), makeMart({ name: "other" })] });
    const report = await gc(partsOn(nineDaysOld(storage), { project }), { versions: 1 });
    assert.deepEqual(
      report.failures.map(({ place, key, kind }) => [place, key, kind]),
      [["marts", "other", "corrupt"]],
    );
    assert.deepEqual([report.removed.length, report.exitCode], [2, 1]);
    assert.notEqual(await storage.head(other), undefined);
  });

  test("a place that says no is asked once, the others are still collected, and the exit code says 5", async () => {
    const marts = await publishedTimes(20);
    let refused = 0;
    const denying: Storage = {
      ...nineDaysOld(marts),
      async remove(key) {
        if (key.startsWith("_probe/")) return marts.remove(key);
        refused++;
        throw new Failure("denied", `${key}: no`, { remedy: "give the right" });
      },
    };
    const tables = memoryStorage();
    await tables.put("_probe/left", Buffer.from("x"));
    const report = await gc(partsOn(denying, { tables: aged(tables, 9 * dayMs, (key) => key === "_probe/left") }));
    assert.ok(refused <= 8, `${refused} removals were tried`);
    assert.equal(report.exitCode, 5);
    assert.equal(report.failures[0]?.remedy, "give the right");
    assert.deepEqual(
      report.removed.map(({ place, kind }) => `${place} ${kind}`),
      ["tables probe"],
    );
  });

  test("a stop stops", async () => {
    const stop = new AbortController();
    stop.abort(new Failure("cancelled", "enough"));
    await assert.rejects(gc(partsOn(await publishedTimes(3)), { signal: stop.signal }), /enough|stopped|aborted/i);
  });
});

describe("gc of leftovers", () => {
  test("probes and uploads go after a day at the earliest, whatever the retention", async () => {
    const marts = memoryStorage();
    await marts.put("_probe/old", Buffer.from("x"));
    await marts.put("_probe/young", Buffer.from("x"));
    const asked: { readonly beforeMs: number; readonly options: SweepUploadsOptions | undefined }[] = [];
    const place: Storage = {
      ...aged(
        aged(marts, 25 * hourMs, (key) => key === "_probe/old"),
        23 * hourMs,
        (key) => key === "_probe/young",
      ),
      async sweepUploads(beforeMs, options) {
        asked.push({ beforeMs, options });
        return [{ key: "activity/v/part-0.parquet", begunMs: beforeMs - 1 }];
      },
    };
    const dry = await gc(partsOn(place), { retentionMs: 0, dryRun: true, only: "marts" });
    assert.deepEqual(
      dry.removed.map(({ kind, key }) => `${kind} ${key}`),
      ["probe _probe/old", "upload activity/v/part-0.parquet"],
    );
    assert.deepEqual(
      asked.map(({ options }) => options?.dryRun),
      [true],
    );
    const { removed } = await gc(partsOn(place), { retentionMs: 0, only: "marts" });
    assert.deepEqual(
      removed.map(({ kind }) => kind),
      ["probe", "upload"],
    );
    assert.deepEqual(
      asked.map(({ options }) => options?.dryRun),
      [true, true, undefined],
    );
    for (const { beforeMs } of asked) assert.ok(Math.abs(Date.now() - dayMs - beforeMs) < 60_000);
    assert.deepEqual(await keysIn(marts, "_probe/"), ["_probe/young"]);
  });

  test("a place without uploads in pieces is not asked for them", async () => {
    assert.deepEqual((await gc(partsOn(memoryStorage()))).failures, []);
  });
});

describe("gc of rejected lines and raw objects", () => {
  /** A lake without any partition: whatever lies in it was left behind. */
  async function inLake(
    work: (parts: Parts, places: { raw: Storage; tables: Storage }) => Promise<void>,
  ): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), "millrace-gc-"));
    const [raw, tables] = [memoryStorage(), memoryStorage()];
    const source = makeSource({ keepMs: 5 * dayMs });
    const project = makeProject(directory, { sources: [source], tables: [makeTable()] });
    const old = (storage: Storage): Storage => nineDaysOld(storage);
    const index = openIndex(join(directory, ".millrace"), "lake");
    try {
      await work(partsOn(memoryStorage(), { project, raw: old(raw), tables: old(tables), index }), { raw, tables });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  const rejected = (table: string): string => `_rejected/${table}/2026-03-01-05/0123456789ab.ndjson.gz`;

  test("rejected lines without a partition go, those of another project's table stay", () =>
    inLake(async (parts, { tables }) => {
      for (const table of ["events", "other"]) await tables.put(rejected(table), Buffer.from("x"));
      const report = await gc(parts);
      assert.deepEqual(
        report.removed.map(({ kind, name, id, key, bytes }) => [kind, name, id, key, bytes]),
        [["rejected", "events", "2026-03-01-05", rejected("events"), 1]],
      );
      assert.deepEqual(
        report.kept.map(({ kind, key }) => `${kind} ${key}`),
        ["dropped _rejected/other/"],
      );
      assert.deepEqual(await keysIn(tables, "_rejected/"), [rejected("other")]);
    }));

  test("lines that are put anew between the look and the removal stay", () =>
    inLake(async (parts, { tables }) => {
      await tables.put(rejected("events"), Buffer.from("x"));
      const busy: Storage = {
        ...parts.tables,
        async head(key, options) {
          if (key === rejected("events")) await tables.put(key, Buffer.from("a conversion puts them again"));
          return parts.tables.head(key, options);
        },
      };
      assert.deepEqual((await gc({ ...parts, tables: busy })).removed, []);
      assert.deepEqual(await keysIn(tables, "_rejected/"), [rejected("events")]);
    }));

  test("what expired before it reached its table stays, and says which table", () =>
    inLake(async (parts, { raw }) => {
      const key = "gharchive/2026/03/01/05.json.gz";
      await raw.put(key, Buffer.from("x"));
      const report = await gc(parts);
      assert.deepEqual(
        report.kept.map(({ kind, name, id, tables }) => [kind, name, id, tables]),
        [["unconverted", "gharchive", "2026-03-01-05", ["events"]]],
      );
      assert.deepEqual([report.removed, await keysIn(raw)], [[], [key]]);
    }));

  test("what no table is made from expires by itself, with the place's clock or ours, whichever is behind", () =>
    inLake(async (parts, { raw }) => {
      const key = "gharchive/2026/03/01/05.json.gz";
      await raw.put(key, Buffer.from("x"));
      const project = makeProject("/nowhere", { sources: [...parts.project.sources.values()], tables: [] });
      const early = { ...parts, project, clock: () => Date.parse("2026-03-06T05:59:59Z") };
      assert.deepEqual((await gc(early)).removed, []);
      const { removed } = await gc({ ...parts, project });
      assert.deepEqual(
        removed.map(({ kind, id, since }) => [kind, id, since]),
        [["expired", "2026-03-01-05", "2026-03-06T06:00:00.000Z"]],
      );
      assert.deepEqual(await keysIn(raw), []);
    }));
});
