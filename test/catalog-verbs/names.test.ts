/**
 * What other tools find by name, around the verbs: rollbacks that die between the log and the name, and `verify`, which finds what
 * is registered otherwise than it is published. The registry is in memory; `metastore.test.ts` does the same on a real one.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { App, VerifyReport } from "../../src/answers.ts";
import { Failure } from "../../src/errors.ts";
import { makeSmallLake, type SmallLake } from "../faults/small-lake.ts";
import { type MemoryRegistry, memoryRegistry } from "../memory-registry.ts";

interface Named {
  readonly lake: SmallLake;
  readonly registry: MemoryRegistry;
  ask<T>(question: (app: App) => Promise<T>): Promise<T>;
}

/** A lake with two versions of its mart, registered with its table. */
async function withLake(body: (named: Named) => Promise<void>): Promise<void> {
  const lake = makeSmallLake();
  const registry = memoryRegistry();
  const ask = async <T>(question: (app: App) => Promise<T>): Promise<T> => {
    const app = await lake.open(0, { wrapCatalog: (log) => registry.over(log, { tables: true }) });
    try {
      return await question(app);
    } finally {
      await app.close();
    }
  };
  try {
    await ask((app) => app.run());
    await ask((app) => app.run({ only: "marts", rerun: true }));
    await body({ lake, registry, ask });
  } finally {
    lake.remove();
  }
}

function shownBy({ marts }: MemoryRegistry): { readonly number: number; readonly version: string } {
  const shown = marts.get("activity");
  assert.ok(shown !== undefined && "registration" in shown);
  return shown.registration;
}

const away = (): never => {
  throw new Failure("unavailable", "the catalog refuses connections");
};

const failsAs = (kind: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.kind, kind, error.message);
  assert.match(error.message, message);
  return true;
};

test("a rollback is seen under the name at once, and the next runs leave it so", () =>
  withLake(async ({ registry, ask }) => {
    const before = shownBy(registry);
    const report = await ask((app) => app.rollback("activity"));
    assert.deepEqual([report.state, report.registered], ["done", "test.activity"]);
    const after = shownBy(registry);
    assert.equal(after.version, report.to.version);
    assert.ok(after.number > before.number, "a name never goes back to a smaller number");
    const answer = await ask((app) => app.versions("activity"));
    assert.equal(answer.registration?.state, "registered");
    assert.deepEqual(
      answer.versions.map(({ number, isCurrent, isRegistered }) => [number, isCurrent, isRegistered]),
      [
        [2, false, false],
        [1, true, true],
      ],
    );
    registry.calls.length = 0;
    const summary = await ask((app) => app.run());
    assert.equal(summary.exitCode, 0);
    assert.deepEqual([summary.stages.marts.done, shownBy(registry)], [0, after]);
    assert.deepEqual(
      registry.calls.filter((call) => /^(register|table\.(register|add|remove)) /.test(call)),
      [],
    );
    await ask((app) => app.run({ only: "marts", rerun: true }));
    assert.ok(shownBy(registry).number > after.number);
  }));

test("a catalog that is away stops a rollback before anything is written, and a name of somebody else too", () =>
  withLake(async ({ registry, ask }) => {
    const log = await ask((app) => app.versions("activity"));
    registry.onCall = away;
    await assert.rejects(
      ask((app) => app.rollback("activity")),
      failsAs("unavailable", /refuses connections/),
    );
    registry.onCall = () => undefined;
    registry.marts.set("activity", { foreign: "a view of owner bi" });
    await assert.rejects(
      ask((app) => app.rollback("activity")),
      failsAs("conflict", /test\.activity is not ours: a view of owner bi/),
    );
    assert.equal((await ask((app) => app.versions("activity"))).record, log.record);
  }));

test("killed between the log and the name: the next run registers and builds nothing", () =>
  withLake(async ({ registry, ask }) => {
    const before = shownBy(registry);
    registry.onCall = (call) => {
      if (call === "register") away();
    };
    await assert.rejects(
      ask((app) => app.rollback("activity")),
      failsAs("unavailable", /record 4 is written, but not registered/),
    );
    assert.deepEqual(shownBy(registry), before);
    registry.onCall = () => undefined;
    const behind = await ask((app) => app.versions("activity"));
    assert.deepEqual([behind.registration?.state, behind.isRolledBack], ["behind", true]);
    const summary = await ask((app) => app.run());
    assert.equal(summary.exitCode, 0);
    const { version } = behind.versions.find(({ isCurrent }) => isCurrent) ?? assert.fail();
    assert.deepEqual([shownBy(registry).number, shownBy(registry).version], [4, version]);
    assert.equal((await ask((app) => app.versions("activity"))).versions.length, 2);
  }));

test("the same rollback again only registers what the first one could not", () =>
  withLake(async ({ registry, ask }) => {
    registry.onCall = (call) => {
      if (call === "register") away();
    };
    await assert.rejects(ask((app) => app.rollback("activity", { version: "1" })));
    registry.onCall = () => undefined;
    const again = await ask((app) => app.rollback("activity", { version: "1" }));
    assert.deepEqual([again.state, again.record, again.registered], ["current", 4, "test.activity"]);
    assert.equal(shownBy(registry).number, 4);
  }));

const found = ({ damaged }: VerifyReport): readonly string[] => damaged.map(({ key, reason }) => `${key}: ${reason}`);

test("verify finds a name that is missing, behind, elsewhere or not ours, and --repair registers what is ours", () =>
  withLake(async ({ registry, ask }) => {
    const verified = (repair = false): Promise<VerifyReport> => ask((app) => app.verify({ repair }));
    assert.deepEqual(found(await verified()), []);
    const shown = registry.marts.get("activity");
    assert.ok(shown !== undefined && "registration" in shown);
    const { registration } = shown;

    const wrongs: readonly (readonly [reason: RegExp, wrong: () => unknown])[] = [
      [/^activity: is not registered$/, () => registry.marts.delete("activity")],
      [
        /^test\.activity: shows record 1, the last one is 2$/,
        () => registry.marts.set("activity", { registration: { ...registration, number: 1 } }),
      ],
      [
        /^test\.activity: lies in another place$/,
        () => registry.marts.set("activity", { registration, fault: "lies in another place" }),
      ],
      [
        /^test\.activity: has other columns or another description/,
        () => registry.marts.set("activity", { registration: { ...registration, description: "other" } }),
      ],
    ];
    for (const [reason, wrong] of wrongs) {
      wrong();
      const [only = "", ...others] = found(await verified());
      assert.deepEqual(others, []);
      assert.match(only, reason);
      const repaired = await verified(true);
      assert.deepEqual([repaired.damaged[0]?.repair?.state, repaired.failures], ["repaired", []], only);
      assert.deepEqual(found(await verified()), []);
    }

    registry.marts.set("activity", { foreign: "a view of owner bi" });
    const foreign = await verified(true);
    assert.deepEqual(found(foreign), ["test.activity: is taken by a view of owner bi"]);
    assert.equal(foreign.damaged[0]?.repair?.state, "failed");
    assert.deepEqual(registry.marts.get("activity"), { foreign: "a view of owner bi" });
  }));

test("verify finds partitions that a table's name lacks or lists too much, and a catalog that is away is no damage", () =>
  withLake(async ({ registry, ask }) => {
    const listed = registry.tables.get("events")?.partitions ?? assert.fail();
    listed.delete("2026-03-01-22");
    listed.add("2026-02-01-00");
    const report = await ask((app) => app.verify());
    assert.deepEqual(found(report), ["test.events: lacks 1 partition, lists 1 partition that is gone"]);
    await ask((app) => app.verify({ repair: true }));
    assert.deepEqual([...listed].sort(), ["2026-03-01-22", "2026-03-01-23"]);
    registry.onCall = away;
    const asked = await ask((app) => app.verify());
    assert.deepEqual([found(asked), asked.failures?.map(({ kind }) => kind)], [[], ["unavailable"]]);
  }));

test("verify holds a record that goes back to what was published, and proves a lost one by the name", () =>
  withLake(async ({ lake, ask }) => {
    await ask((app) => app.rollback("activity"));
    const log = join(lake.directory, "lake/marts/_catalog/activity");
    const record = join(log, "00000000000000000004.json");
    const before = readFileSync(record, "utf8");
    assert.deepEqual(readdirSync(log).length, 4);
    assert.deepEqual(found(await ask((app) => app.verify())), []);

    const changed = JSON.parse(before);
    writeFileSync(record, `${JSON.stringify({ ...changed, manifestSha256: "0".repeat(64) })}\n`);
    const [sum = ""] = found(await ask((app) => app.verify({ only: "marts" })));
    assert.match(sum, /another sha256 than the record that it goes back to/);
    rmSync(record);
    writeFileSync(record, "{}");
    const repaired = await ask((app) => app.verify({ repair: true, only: "marts" }));
    assert.deepEqual(
      repaired.damaged.map(({ key, repair }) => [key, repair?.state]),
      [["_catalog/activity/00000000000000000004.json", "repaired"]],
    );
    assert.equal(readFileSync(record, "utf8"), before);
    assert.deepEqual(found(await ask((app) => app.verify())), []);
  }));
