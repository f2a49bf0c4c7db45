/** Going back to an older version of a mart: what is chosen, what is refused, what the log says then. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Failure, type FailureKind } from "../../src/errors.ts";
import { manifestKey, partKey, removalKey } from "../../src/model/layout.ts";
import { rollback } from "../../src/operations/catalog-rollback.ts";
import { martVersions } from "../../src/operations/catalog-versions.ts";
import { gc } from "../../src/operations/gc.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { assertReadable, mart, partsOn, publish } from "../faults/published-mart.ts";
import { faulty, noFault } from "../faulty.ts";

async function grown(versions = 3): Promise<Storage> {
  const storage = memoryStorage();
  for (let version = 1; version <= versions; version++) await publish(partsOn(storage));
  return storage;
}

async function nameOf(storage: Storage, number: number): Promise<string> {
  const { versions } = await martVersions(partsOn(storage), mart);
  return versions.find((version) => version.number === number)?.version ?? assert.fail(`no version ${number}`);
}

const failsAs = (kind: FailureKind, message: RegExp, remedy: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.kind, kind, error.message);
  assert.match(error.message, message);
  assert.match(error.detail.remedy ?? "", remedy);
  return true;
};

describe("rollback", () => {
  test("goes to the version before the current one, then to the one before that; a name and a number go anywhere", async () => {
    const storage = await grown();
    const parts = partsOn(storage);
    const first = await rollback(parts, mart);
    assert.deepEqual([first.state, first.from.number, first.to.number, first.record], ["done", 3, 2, 5]);
    const { record } = (await parts.catalog.current(mart)) ?? assert.fail();
    assert.partialDeepStrictEqual(record, { kind: "publish", version: first.to.version, parent: 4, rollback: true });
    assert.equal((await rollback(parts, mart)).to.number, 1);
    assert.equal((await rollback(parts, mart, { version: "3" })).to.number, 3);
    const named = await rollback(parts, mart, { version: (await nameOf(storage, 2)).slice(0, 14) });
    assert.deepEqual([named.from.number, named.to.number], [3, 2]);
    await assertReadable(storage, "at the end");
    const { versions, isRolledBack, record: last } = await martVersions(parts, mart);
    assert.deepEqual([isRolledBack, last], [true, 11]);
    assert.deepEqual(
      versions.map(({ number, isCurrent, state, restored }) => [
        number,
        isCurrent,
        state,
        restored.map((each) => each.number),
      ]),
      [
        [3, false, "whole", [9]],
        [2, true, "whole", [11, 5]],
        [1, false, "whole", [7]],
      ],
    );
  });

  test("to what readers see already does nothing, and a dry run writes nothing", async () => {
    const storage = await grown();
    const counted = faulty(storage, noFault);
    const dry = await rollback(partsOn(counted.port), mart, { dryRun: true });
    assert.deepEqual([dry.state, dry.to.number, dry.record], ["planned", 2, undefined]);
    const current = await rollback(partsOn(counted.port), mart, { version: "3" });
    assert.deepEqual([current.state, current.record], ["current", 3]);
    assert.deepEqual(
      counted.calls.filter((call) => !/^(list|head|read)/.test(call)),
      [],
    );
  });

  test("tells how much of the version it has read", async () => {
    const told: (readonly [number, number])[] = [];
    await rollback(partsOn(await grown()), mart, { onProgress: (bytes, total) => told.push([bytes, total]) });
    assert.deepEqual(told.at(-1), [12, 12]);
  });

  test("refuses what is not whole, and says what is left", async () => {
    const storage = await grown(4);
    const parts = partsOn(storage);
    await storage.remove(partKey(mart, await nameOf(storage, 3), "part-1.parquet"));
    const two = await nameOf(storage, 2);
    await storage.put(partKey(mart, two, "part-0.parquet"), Buffer.from("rows X"));
    await assert.rejects(
      rollback(parts, mart),
      failsAs("corrupt", /version 3 \(v0{11}3-.*part-1.parquet is missing/, /can be restored: 2, 1 /),
    );
    // Of the same size: only reading it tells.
    await assert.rejects(
      rollback(parts, mart, { version: "2" }),
      failsAs(
        "corrupt",
        /version 2 cannot be restored: .*part-0\.parquet has another sha256/,
        /can be restored: 4, 1|: 1 /,
      ),
    );
    await storage.put(manifestKey(mart, two), Buffer.from("{}"));
    await assert.rejects(rollback(parts, mart, { version: "2" }), failsAs("corrupt", /sha256|manifest/, /: 1 /));
    await storage.put(removalKey(mart, await nameOf(storage, 1)), Buffer.from("x"));
    await assert.rejects(
      rollback(parts, mart, { version: "1" }),
      failsAs("missing", /version 1 .* is about to be removed by millrace gc/, /no other version of it is left/),
    );
    assert.equal((await parts.catalog.current(mart))?.number, 4);
  });

  test("refuses what was collected, what never was, and marts without versions or of no project", async () => {
    const storage = await grown();
    const parts = partsOn(storage);
    await gc(parts, { only: "marts", retentionMs: 0, versions: 1 });
    await assert.rejects(rollback(parts, mart), failsAs("missing", /no version before/, /--select activity --rerun/));
    await assert.rejects(
      rollback(parts, mart, { version: "2" }),
      failsAs("missing", /left of a version 2/, /no other/),
    );
    await assert.rejects(rollback(parts, mart, { version: "12" }), failsAs("usage", /no version 12/, /no other/));
    await assert.rejects(
      rollback(partsOn(memoryStorage()), mart),
      failsAs("missing", /mart activity: was never published/, /millrace run --select activity/),
    );
    await assert.rejects(
      rollback(parts, "activty"),
      failsAs("usage", /the project has no mart "activty"/, /did you mean activity\?/),
    );
  });

  test("the next version is built on it, and the chain stays one", async () => {
    const storage = await grown();
    await rollback(partsOn(storage), mart);
    const next = await publish(partsOn(storage));
    assert.deepEqual([next.number, next.manifest.parent, next.record.rollback], [6, 5, undefined]);
    const { versions, isRolledBack } = await martVersions(partsOn(storage), mart);
    assert.equal(isRolledBack, false);
    assert.deepEqual(
      versions.map(({ number }) => number),
      [6, 3, 2, 1],
    );
    assert.equal((await rollback(partsOn(storage), mart)).to.number, 3);
    await assertReadable(storage, "at the end");
  });

  test("a fence behind it keeps it, and a collection leaves the version that it names", async () => {
    const storage = await grown();
    const parts = partsOn(storage);
    await rollback(parts, mart, { version: "1" });
    await publishDying(storage);
    await gc(parts, { only: "marts", retentionMs: 0, versions: 1 });
    const current = await parts.catalog.current(mart);
    assert.deepEqual([current?.record.kind, current?.record.rollback], ["fence", true]);
    await assertReadable(storage, "behind a fence");
    assert.deepEqual(
      (await martVersions(parts, mart)).versions.map(({ number, isCurrent, state }) => [number, isCurrent, state]),
      [
        [3, false, "whole"],
        [2, false, "gone"],
        [1, true, "whole"],
      ],
    );
  });
});

/** Leaves a directory whose number is still free. */
async function publishDying(storage: Storage): Promise<void> {
  const dying: Storage = { ...storage, putIfAbsent: () => Promise.reject(new Failure("denied", "stopped")) };
  await assert.rejects(publish(partsOn(dying)));
}
