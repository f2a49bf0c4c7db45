/** Between the lake's own catalog and one that other tools read, both ways: what is done, that the second time does nothing. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ExportReport } from "../../src/answers.ts";
import type { Catalog } from "../../src/catalog/contract.ts";
import { Failure } from "../../src/errors.ts";
import { type ExportOptions, exportCatalog } from "../../src/operations/catalog-export.ts";
import { catalogList } from "../../src/operations/catalog-list.ts";
import { rollback } from "../../src/operations/catalog-rollback.ts";
import { martVersions } from "../../src/operations/catalog-versions.ts";
import type { Parts } from "../../src/reconcile/parts.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { assertReadable, keysIn, mart, partsOn, publish } from "../faults/published-mart.ts";
import { makeMart, makeProject } from "../make.ts";
import { type MemoryRegistry, memoryRegistry } from "../memory-registry.ts";

interface Setting {
  readonly storage: Storage;
  readonly parts: Parts;
  readonly registry: MemoryRegistry;
  readonly names: Catalog;
}

/** A lake with its own catalog and two versions, and another catalog that shows nothing yet. */
async function setting(versions = 2): Promise<Setting> {
  const storage = memoryStorage();
  const project = makeProject("/nowhere", { marts: [makeMart({ name: mart }), makeMart({ name: "never" })] });
  const parts = partsOn(storage, { project });
  for (let version = 1; version <= versions; version++) await publish(parts);
  const registry = memoryRegistry();
  return { storage, parts, registry, names: registry.over(parts.catalog) };
}

const doing = ({ parts, names }: Pick<Setting, "parts" | "names">, options: ExportOptions): Promise<ExportReport> =>
  exportCatalog(parts, { catalog: names, name: "memory" }, options);

const states = ({ items }: ExportReport): readonly string[] => items.map(({ name, state }) => `${name} ${state}`);

const writes = ({ calls }: MemoryRegistry): readonly string[] =>
  calls.filter((call) => !/^(registered|table\.(registered|partitions))/.test(call));

describe("export to a catalog of other tools", () => {
  test("registers what is published, tells what it cannot, and does nothing the second time", async () => {
    const here = await setting();
    const dry = await doing(here, { action: "register", dryRun: true });
    assert.deepEqual([states(dry), writes(here.registry)], [["activity planned", "never nothing"], []]);
    const first = await doing(here, { action: "register" });
    assert.deepEqual([states(first), first.exitCode], [["activity done", "never nothing"], 0]);
    assert.equal(first.items[0]?.registered, "test.activity");
    assert.deepEqual(writes(here.registry), ["prove several", "register activity 2"]);
    here.registry.calls.length = 0;
    const second = await doing(here, { action: "register" });
    assert.deepEqual([states(second), writes(here.registry)], [["activity already", "never nothing"], []]);
    await publish(here.parts);
    assert.deepEqual(states(await doing(here, { action: "register" })), ["activity done", "never nothing"]);
  });

  test("a name of somebody else is left alone and reported; one that was changed by hand is put right", async () => {
    const here = await setting();
    here.registry.marts.set(mart, { foreign: "a view of owner bi" });
    const report = await doing(here, { action: "register" });
    assert.deepEqual([states(report), report.exitCode], [["activity failed", "never nothing"], 1]);
    assert.match(report.items[0]?.what ?? "", /test\.activity is not ours: a view of owner bi/);
    assert.deepEqual(states(await doing(here, { action: "drop" })), ["activity already", "never already"]);
    assert.deepEqual(here.registry.marts.get(mart), { foreign: "a view of owner bi" });
    here.registry.marts.delete(mart);
    await doing(here, { action: "register" });
    const shown = here.registry.marts.get(mart);
    assert.ok(shown !== undefined && "registration" in shown);
    here.registry.marts.set(mart, { ...shown, fault: "has another location" });
    const again = await doing(here, { action: "register" });
    assert.match(again.items[0]?.what ?? "", /has another location/);
    assert.equal(again.items[0]?.state, "done");
  });

  test("drop takes the names away and no object, also of a mart that the project has no more", async () => {
    const here = await setting();
    await doing(here, { action: "register" });
    const before = await keysIn(here.storage);
    const less = { ...here.parts, project: makeProject("/nowhere", { marts: [makeMart({ name: "never" })] }) };
    const { entries } = await catalogList({ ...less, catalog: here.names });
    assert.deepEqual(
      entries.map(({ name, state, registered }) => [name, state, registered]),
      [
        ["never", "unpublished", undefined],
        [mart, "dropped", "test.activity"],
      ],
    );
    const report = await doing({ ...here, parts: less }, { action: "drop" });
    assert.deepEqual(states(report), ["never already", "activity done"]);
    assert.equal(here.registry.marts.size, 0);
    assert.deepEqual(await keysIn(here.storage), before);
    assert.deepEqual(states(await doing(here, { action: "drop" })), ["activity already", "never already"]);
  });

  test("a catalog that does not keep its law gets nothing; one that does not answer stops it", async () => {
    const here = await setting();
    here.registry.onCall = (call) => {
      if (call === "prove") throw new Failure("denied", "two of two racing swaps won");
    };
    const refused = await doing(here, { action: "register" });
    assert.deepEqual([states(refused)[0], refused.exitCode, here.registry.marts.size], ["activity failed", 5, 0]);
    here.registry.onCall = () => {
      throw new Failure("unavailable", "refuses connections");
    };
    await assert.rejects(
      doing(here, { action: "register" }),
      (error) => error instanceof Failure && error.kind === "unavailable",
    );
  });

  test("the lake's own catalog has no names to export to", async () => {
    const { parts } = await setting();
    await assert.rejects(
      exportCatalog(parts, { catalog: parts.catalog, name: "own" }, { action: "register" }),
      (error) => error instanceof Failure && error.kind === "usage" && /--to hive/.test(error.detail.remedy ?? ""),
    );
  });
});

describe("export to the lake's own catalog", () => {
  const record = (number: number): string => `_catalog/${mart}/${String(number).padStart(20, "0")}.json`;

  async function textsOf(storage: Storage): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const key of await keysIn(storage, "_catalog/")) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of storage.read(key)) chunks.push(chunk);
      found.set(key, Buffer.concat(chunks).toString());
    }
    return found;
  }

  test("a whole log is left as it is, with registrations and without", async () => {
    const here = await setting();
    await doing(here, { action: "register" });
    const before = await textsOf(here.storage);
    const report = await doing(here, { action: "restore" });
    assert.deepEqual([states(report), report.exitCode], [["activity already", "never nothing"], 0]);
    const own = await doing({ ...here, names: here.parts.catalog }, { action: "restore" });
    assert.deepEqual(states(own), ["activity already", "never nothing"]);
    assert.deepEqual(await textsOf(here.storage), before);
  });

  test("a lost log comes back byte by byte, a rollback too, with fences for what nothing proves", async () => {
    const here = await setting(3);
    await rollback({ ...here.parts, catalog: here.names }, mart, { version: "2" });
    const before = await textsOf(here.storage);
    assert.equal(before.size, 5);
    for (const key of before.keys()) await here.storage.remove(key);
    // Another process than the one that remembers how far the log went.
    const fresh = partsOn(here.storage, { project: here.parts.project });
    const there = { ...here, parts: fresh, names: here.registry.over(fresh.catalog) };
    const dry = await doing(there, { action: "restore", dryRun: true });
    assert.deepEqual([states(dry), (await textsOf(here.storage)).size], [["activity planned", "never nothing"], 0]);
    const report = await doing(there, { action: "restore" });
    assert.equal(report.items[0]?.what, "written again: 4 by proof, 1 as fences, since nothing proves them");
    const after = await textsOf(here.storage);
    for (const number of [1, 2, 3, 5]) assert.equal(after.get(record(number)), before.get(record(number)));
    const fence = JSON.parse(after.get(record(4)) ?? "{}");
    assert.partialDeepStrictEqual(fence, { kind: "fence", parent: 3 });
    await assertReadable(here.storage, "restored");
    assert.equal((await martVersions(fresh, mart)).isRolledBack, true);
    assert.deepEqual(states(await doing(there, { action: "restore" })), ["activity already", "never nothing"]);
  });

  test("a log that was begun anew since is not replaced by an older name", async () => {
    const here = await setting(3);
    await doing(here, { action: "register" });
    for (const key of await keysIn(here.storage, "_catalog/")) await here.storage.remove(key);
    const fresh = partsOn(here.storage, { project: here.parts.project, clock: () => Date.now() + 60_000 });
    await publish(fresh);
    const there = { ...here, parts: fresh, names: here.registry.over(fresh.catalog) };
    assert.deepEqual(states(await doing(there, { action: "restore" })), ["activity already", "never nothing"]);
    assert.equal((await fresh.catalog.current(mart))?.number, 1);
  });

  test("what is damaged is left to a repair, and a last record that nothing proves is not invented", async () => {
    const here = await setting(3);
    await here.storage.put(record(2), Buffer.from("{}"));
    const damaged = await doing(here, { action: "restore" });
    assert.deepEqual([states(damaged), damaged.exitCode], [["activity failed", "never nothing"], 1]);
    assert.match(damaged.items[0]?.failure?.remedy ?? "", /verify --repair/);

    const lost = await setting(2);
    await doing(lost, { action: "register" });
    for (const key of await keysIn(lost.storage)) await lost.storage.remove(key);
    for (const key of await keysIn(lost.storage, "_catalog/")) await lost.storage.remove(key);
    const fresh = partsOn(lost.storage, { project: lost.parts.project });
    const there = { ...lost, parts: fresh, names: lost.registry.over(fresh.catalog) };
    const report = await doing(there, { action: "restore" });
    assert.match(report.items[0]?.what ?? "", /nothing proves record 2/);
    assert.deepEqual(await keysIn(lost.storage, "_catalog/"), []);
  });
});
