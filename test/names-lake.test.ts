/**
 * A lake whose marts other tools find by name: what is registered follows the chain, whatever happens in between. The registry is
 * in memory (`memory-registry.ts`); the same on a real metastore is `names-metastore.test.ts`.
 */
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { App, RunSummary, Selection } from "../src/answers.ts";
import type { AppOptions } from "../src/app.ts";
import { Failure } from "../src/errors.ts";
import type { Event } from "../src/model/events.ts";
import { makeSmallLake, type SmallLake } from "./faults/small-lake.ts";
import { type MemoryRegistry, memoryRegistry, type RegistryCall } from "./memory-registry.ts";

interface NamedLake {
  readonly lake: SmallLake;
  readonly registry: MemoryRegistry;
  readonly options: AppOptions;
}

async function withLake(body: (named: NamedLake) => Promise<void>, tables = false): Promise<void> {
  const lake = makeSmallLake();
  const registry = memoryRegistry();
  try {
    await body({ lake, registry, options: { wrapCatalog: (log) => registry.over(log, { tables }) } });
  } finally {
    lake.remove();
  }
}

async function ask<T>({ lake, options }: NamedLake, question: (app: App) => Promise<T>, days = 0): Promise<T> {
  const app = await lake.open(days, options);
  try {
    return await question(app);
  } finally {
    await app.close();
  }
}

/** Runs once; answers what was done to marts and names, and how it ended. */
async function run(
  named: NamedLake,
  selection: Selection = {},
  days = 0,
): Promise<{ readonly done: readonly string[]; readonly summary: RunSummary }> {
  const done: string[] = [];
  const report = (event: Event): void => {
    if (/^(mart\.(published|registered|failed|held)|table\.registered|catalog\.)/.test(event.code))
      done.push("key" in event ? `${event.code} ${event.key}` : event.code);
  };
  const summary = await ask(named, (app) => app.run({ ...selection, report }), days);
  return { done, summary };
}

/** Calls of a registry that change something. */
const writes = ({ calls }: MemoryRegistry): readonly string[] =>
  calls.filter((call) => /^(register|unregister|table\.(register|add|remove)) /.test(call));

const shownOf = ({ registry }: NamedLake): { readonly number: number; readonly version: string } => {
  const found = registry.marts.get("activity");
  if (found === undefined || "foreign" in found) return assert.fail("not registered");
  return found.registration;
};

/** Another statement: the mart is due again. */
function changeStatement({ lake }: NamedLake, limit: number): void {
  const file = join(lake.directory, "millrace.yaml");
  const text = readFileSync(file, "utf8").replace(
    /select: "[^"]*"/,
    `select: "actor.login as actor, ${limit} as size"`,
  );
  writeFileSync(file, text);
}

const away = (): never => {
  throw new Failure("unavailable", "metastore m:9083: does not answer");
};

test("a mart is built and registered in one run; the next one writes nothing", () =>
  withLake(async (named) => {
    assert.deepEqual((await run(named)).done, [
      "catalog.tested",
      "mart.published activity",
      "mart.registered activity",
    ]);
    const shown = shownOf(named);
    const [mart] = (await ask(named, (app) => app.status())).marts;
    assert.deepEqual([mart?.number, mart?.version, mart?.upToDate], [shown.number, shown.version, true]);
    assert.partialDeepStrictEqual(mart?.registered, { name: "test.activity", state: "registered", number: 1 });
    named.registry.calls.length = 0;
    assert.deepEqual((await run(named)).done, []);
    assert.deepEqual(writes(named.registry), []);
    // One question a look, of which this run made one.
    assert.deepEqual(named.registry.calls, ["registered activity"]);
  }));

test("what was registered is what was published: columns, description, rows", () =>
  withLake(async (named) => {
    const file = join(named.lake.directory, "millrace.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("checks:", "description: who did what, checks:"));
    await run(named);
    const found = named.registry.marts.get("activity");
    assert.ok(found !== undefined && "registration" in found);
    const { columns, description, rows, bytes } = found.registration;
    assert.deepEqual(
      columns.map(({ name, type }) => `${name} ${type.kind}`),
      ["actor string", "type string", "size double", "src string"],
    );
    assert.deepEqual([description, rows], ["who did what", 4]);
    assert.ok(bytes > 0);
    // Another description is registered, and nothing is built for it.
    writeFileSync(file, readFileSync(file, "utf8").replace("who did what", "everything"));
    assert.deepEqual((await run(named)).done, ["mart.registered activity"]);
    assert.deepEqual((await run(named)).done, []);
  }));

for (const when of ["before", "done"] as const) {
  test(`a crash ${when === "before" ? "between record and registration" : "after the registration"}: the next run builds nothing`, () =>
    withLake(async (named) => {
      const { registry } = named;
      registry.onCall = (call, at) => {
        if (call === "register" && at === when) throw new Failure("cancelled", "killed");
      };
      await assert.rejects(run(named), (error) => error instanceof Failure && error.kind === "cancelled");
      registry.onCall = () => undefined;
      const { done, summary } = await run(named);
      assert.deepEqual(done, when === "before" ? ["mart.registered activity"] : []);
      assert.equal(summary.exitCode, 0);
      assert.equal(shownOf(named).number, 1);
      assert.deepEqual((await run(named)).done, []);
    }));
}

test("a registration that fails is an item that failed, with what is published and what will be done", () =>
  withLake(async (named) => {
    named.registry.onCall = (call) => (call === "register" ? away() : undefined);
    const { done, summary } = await run(named);
    assert.deepEqual(done, ["catalog.tested", "mart.published activity", "mart.failed activity"]);
    assert.equal(summary.exitCode, 5);
    assert.deepEqual(summary.failures, [
      {
        ...{ stage: "marts", key: "activity", kind: "unavailable" },
        reason: "published, not yet registered: metastore m:9083: does not answer",
        remedy: "the next run registers it, and builds nothing",
      },
    ]);
    const plan = await ask(named, (app) => app.plan());
    assert.deepEqual(
      plan.steps.map((step) => (step.kind === "register" ? step.reason : step.kind)),
      [{ kind: "absent" }],
    );
    const explained = await ask(named, (app) => app.explain("activity"));
    assert.deepEqual(
      explained.facts.filter(({ topic }) => /registered|next/.test(topic)).map(({ text }) => text),
      ["no name shows it yet", "register: absent"],
    );
    named.registry.onCall = () => undefined;
    // The clock has not moved: nothing waits for a back-off.
    assert.deepEqual((await run(named)).done, ["mart.registered activity"]);
  }));

test("a registry that was lost is filled again; one that was restored is brought forward", () =>
  withLake(async (named) => {
    await run(named);
    const old = named.registry.marts.get("activity");
    changeStatement(named, 2);
    await run(named);
    assert.equal(shownOf(named).number, 2);
    named.registry.marts.clear();
    assert.deepEqual((await run(named)).done, ["mart.registered activity"]);
    assert.equal(shownOf(named).number, 2);
    if (old !== undefined) named.registry.marts.set("activity", old);
    assert.partialDeepStrictEqual((await ask(named, (app) => app.status())).marts[0], {
      registered: { state: "behind", number: 1 },
      reason: "register",
    });
    assert.deepEqual((await run(named, { only: "marts" })).done, ["mart.registered activity"]);
    assert.equal(shownOf(named).number, 2);
    assert.deepEqual((await run(named)).done, []);
  }));

test("a name of somebody else is never touched: the mart is held before it is built", () =>
  withLake(async (named) => {
    named.registry.marts.set("activity", { foreign: "a view of owner ada" });
    const { done, summary } = await run(named);
    assert.deepEqual(done, []);
    assert.equal(summary.exitCode, 3);
    assert.equal(summary.stages.convert.done, 3, "everything else goes on");
    assert.partialDeepStrictEqual(summary.waiting, [
      { kind: "held", key: "activity", reason: "the name test.activity is taken by a view of owner ada" },
    ]);
    assert.deepEqual(writes(named.registry), []);
    named.registry.marts.clear();
    assert.equal((await run(named)).summary.exitCode, 0);
    // Taken between the look and the registration: published, and the name is left alone.
    changeStatement(named, 3);
    named.registry.onCall = (call, at) => {
      if (call === "register" && at === "before") named.registry.marts.set("activity", { foreign: "a table of bob" });
    };
    const late = await run(named);
    assert.deepEqual(late.done, ["mart.published activity", "mart.failed activity"]);
    assert.equal(late.summary.exitCode, 3);
    assert.deepEqual(named.registry.marts.get("activity"), { foreign: "a table of bob" });
  }));

test("while the metastore is away everything but the marts goes on, and exit code 5 says so", () =>
  withLake(async (named) => {
    named.registry.onCall = away;
    const { done, summary } = await run(named);
    assert.deepEqual(done, ["catalog.failed"]);
    assert.deepEqual([summary.stages.collect.done, summary.stages.convert.done, summary.exitCode], [2, 3, 5]);
    assert.equal((await run(named, { only: "convert" })).summary.exitCode, 0);
    assert.equal((await run(named, { only: "marts" })).summary.exitCode, 5);
    assert.partialDeepStrictEqual((await ask(named, (app) => app.status())).marts[0], { reason: "catalog" });
    // Who asks the lake needs no metastore.
    const counted = await ask(named, async (app) => {
      const answer = await app.query("select count(*) as n from events");
      const rows = [];
      for await (const batch of answer.rows()) rows.push(...batch);
      await answer.close();
      return rows;
    });
    assert.deepEqual(counted, [[4n]]);
    named.registry.onCall = () => undefined;
    assert.deepEqual((await run(named)).done, [
      "catalog.tested",
      "mart.published activity",
      "mart.registered activity",
    ]);
  }));

test("a metastore that does not keep writers apart gets no mart; that it does is remembered", () =>
  withLake(async (named) => {
    const refuse = (call: RegistryCall): void => {
      if (call === "prove") throw new Failure("denied", "two racing swaps won", { remedy: "use 4.0.0" });
    };
    named.registry.onCall = refuse;
    const { done, summary } = await run(named);
    assert.deepEqual(done, ["catalog.failed"]);
    assert.deepEqual([summary.stages.convert.done, summary.exitCode], [3, 5]);
    assert.partialDeepStrictEqual(summary.waiting, [
      { kind: "catalog", reason: "two racing swaps won", remedy: "use 4.0.0" },
    ]);
    assert.equal(named.registry.marts.size, 0);
    named.registry.onCall = () => undefined;
    await run(named);
    named.registry.onCall = refuse;
    changeStatement(named, 4);
    assert.deepEqual((await run(named)).done, ["mart.published activity", "mart.registered activity"]);
    // Another machine has to find out for itself.
    rmSync(join(named.lake.directory, ".millrace"), { recursive: true });
    changeStatement(named, 5);
    assert.deepEqual((await run(named)).done, ["catalog.failed"]);
  }));

test("a registry that knows more than the lake is not believed, and the way out is told", () =>
  withLake(async (named) => {
    await run(named);
    const found = named.registry.marts.get("activity");
    assert.ok(found !== undefined && "registration" in found);
    named.registry.marts.set("activity", { registration: { ...found.registration, number: 9, publishId: "lost" } });
    const { done, summary } = await run(named);
    assert.deepEqual(done, ["mart.failed activity"]);
    assert.equal(summary.exitCode, 1);
    assert.match(summary.failures[0]?.reason ?? "", /shows record 9, which the lake's log does not have/);
    assert.match(summary.failures[0]?.remedy ?? "", /drop the table test\.activity/);
    named.registry.marts.clear();
    assert.deepEqual((await run(named)).done, ["mart.registered activity"]);
  }));

test("a mart that was rolled back stays so, and its name shows it", () =>
  withLake(async (named) => {
    await run(named);
    changeStatement(named, 2);
    await run(named);
    const report = await ask(named, (app) => app.rollback("activity"));
    assert.equal(report.state, "done");
    const { version, number } = shownOf(named);
    assert.equal(version, report.to.version);
    assert.ok(number > 2);
    const { done, summary } = await run(named);
    assert.deepEqual([done, summary.exitCode], [[], 0]);
    assert.partialDeepStrictEqual(summary.waiting, [{ kind: "mart", mart: "activity", reason: "rollback" }]);
    // A collection takes the next number away from whoever died with it: behind that fence nothing is another one.
    const directory = join(
      named.lake.directory,
      `lake/marts/activity/v${String(number + 1).padStart(12, "0")}-0000dead`,
    );
    mkdirSync(directory);
    writeFileSync(join(directory, "part-00000.parquet"), "");
    const { removed } = await ask(named, (app) => app.gc({ retentionMs: 0 }), 1);
    assert.ok(removed.some(({ kind }) => kind === "orphan"));
    assert.deepEqual((await run(named)).done, []);
    // Lost, and registered anew as the rollback.
    named.registry.marts.clear();
    assert.deepEqual((await run(named)).done, ["mart.registered activity"]);
    assert.equal(shownOf(named).version, version);
    changeStatement(named, 3);
    assert.deepEqual((await run(named)).done, ["mart.published activity", "mart.registered activity"]);
    assert.ok(shownOf(named).number > number);
  }));

test("gc leaves alone what a name still shows, and says so", () =>
  withLake(async (named) => {
    await run(named);
    const old = named.registry.marts.get("activity");
    for (const limit of [2, 3]) {
      changeStatement(named, limit);
      await run(named);
    }
    assert.ok(old !== undefined && "registration" in old);
    named.registry.marts.set("activity", old);
    const collect = (dryRun: boolean) => ask(named, (app) => app.gc({ retentionMs: 0, versions: 1, dryRun }), 1);
    for (const dryRun of [true, false]) {
      const { removed, kept, failures } = await collect(dryRun);
      assert.deepEqual(failures, []);
      assert.equal(removed.filter(({ kind }) => kind === "superseded").length, 1, "the one in between");
      assert.deepEqual(
        kept.map(({ kind, key }) => `${kind} ${key}`),
        [`registered activity/${old.registration.version}/`],
      );
    }
    await run(named);
    const { removed, kept } = await collect(false);
    assert.deepEqual([removed.filter(({ kind }) => kind === "superseded").length, kept], [1, []]);
    // While nobody can say what is shown, nothing goes.
    changeStatement(named, 4);
    await run(named);
    named.registry.onCall = away;
    const closed = await collect(false);
    assert.deepEqual([closed.removed.filter(({ kind }) => kind === "superseded"), closed.exitCode], [[], 5]);
  }));

test("tables are registered with their partitions, as they appear and as they go", () =>
  withLake(async (named) => {
    // The mart waits for a column that is being widened; the table's partitions are there already, and one gets another file.
    assert.deepEqual((await run(named)).done, [
      "catalog.tested",
      "table.registered events",
      "mart.published activity",
      "mart.registered activity",
      "table.registered events",
    ]);
    const table = named.registry.tables.get("events");
    assert.deepEqual([...(table?.partitions ?? [])], ["2026-03-01-22", "2026-03-01-23"]);
    assert.partialDeepStrictEqual((await ask(named, (app) => app.status())).tables[0]?.registered, {
      ...{ name: "test.events", state: "registered", partitions: 2 },
    });
    named.registry.calls.length = 0;
    assert.deepEqual((await run(named)).done, []);
    assert.deepEqual(writes(named.registry), []);
    // A partition that vanished, one that nobody knows, and columns that somebody changed.
    rmSync(join(named.lake.directory, "lake/tables/events/src=2026-03-01-22"), { recursive: true });
    rmSync(join(named.lake.directory, "lake/raw/hours/2026/03/01/22.json.gz"));
    rmSync(join(named.lake.directory, "archive/2026-03-01-22.json.gz"));
    table?.partitions.add("elsewhere");
    assert.deepEqual((await run(named, { only: "marts", select: (name) => name === "events" })).done, [
      "table.registered events",
    ]);
    assert.deepEqual([...(table?.partitions ?? [])], ["2026-03-01-23"]);
    named.registry.foreignTables.set("events", "a view");
    const { summary } = await run(named, { only: "marts" });
    assert.partialDeepStrictEqual(summary.waiting, [{ kind: "held", key: "events" }]);
  }, true));

test("whichever call to the registry fails: the next runs converge on the same", () =>
  withLake(async (named) => {
    const { registry } = named;
    for (let fault = 1; fault <= 40; fault++) {
      registry.marts.clear();
      registry.tables.clear();
      changeStatement(named, 100 + fault);
      let left = fault;
      registry.onCall = () => {
        if (--left === 0) throw new Failure("unavailable", `call ${fault} failed`);
      };
      await run(named);
      const reached = left <= 0;
      registry.onCall = () => undefined;
      await run(named);
      const { done, summary } = await run(named);
      assert.deepEqual([done, summary.exitCode], [[], 0], `fault ${fault}`);
      assert.equal(shownOf(named).version, (await ask(named, (app) => app.status())).marts[0]?.version);
      assert.equal(registry.tables.get("events")?.partitions.size, 2);
      if (!reached) {
        assert.ok(fault > 10, `only ${fault} calls were made`);
        return;
      }
    }
    assert.fail("the run makes more than 40 calls to the registry");
  }, true));

test("two writers at a time: the name only goes forward, and shows the last version in the end", () =>
  withLake(async (named) => {
    await run(named);
    const numbers: number[] = [];
    named.registry.onCall = (call, when) => {
      if (call === "register" && when === "done") numbers.push(shownOf(named).number);
    };
    for (let round = 1; round <= 3; round++) {
      changeStatement(named, 10 + round);
      // Another writer was first, or both built: a conflict is an item that failed, and never a wrong name.
      await Promise.all([run(named), run(named)]);
      await run(named, {}, round);
      assert.deepEqual((await run(named, {}, round)).done, [], `round ${round}`);
      assert.equal(shownOf(named).version, (await ask(named, (app) => app.status())).marts[0]?.version);
    }
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
  }));

test("doctor tries the metastore and names what is taken", () =>
  withLake(async (named) => {
    const about = async (): Promise<readonly string[]> => {
      const { checks } = await ask(named, (app) => app.doctor({ role: "marts" }));
      return checks.flatMap(({ subject, verdict, finding }) =>
        subject === "metastore" || subject === "names" ? [`${subject} ${verdict}: ${finding}`] : [],
      );
    };
    assert.deepEqual(await about(), [
      "metastore ok: a registry in memory of test; of 24 racing swaps one wins",
      "names ok: 0 of 1 mart registered",
    ]);
    named.registry.marts.set("activity", { foreign: "a view" });
    assert.equal((await about())[1], "names fails: mart activity: the name test.activity is taken by a view");
    named.registry.onCall = away;
    assert.deepEqual(await about(), [
      "metastore fails: metastore m:9083: does not answer",
      "names fails: metastore m:9083: does not answer",
    ]);
  }));

test("fields of any name are published, registered and queried, and doctor says who else than Spark reads them", () =>
  withLake(async (named) => {
    const hiveTypes = async (): Promise<readonly string[]> => {
      const { checks } = await ask(named, (app) => app.doctor({ role: "marts" }));
      return checks.flatMap(({ subject, verdict, finding, remedy }) =>
        subject === "types by name" ? [`${verdict}: ${finding}`, remedy ?? ""] : [],
      );
    };
    await run(named);
    assert.deepEqual(await hiveTypes(), [
      "ok: Hive's types have all names of fields: Trino reads them as Spark does",
      "",
    ]);
    appendFileSync(
      join(named.lake.directory, "millrace.yaml"),
      `  odd: { sql: "select {'+1': 1::bigint, 'semi;colon': 'x', 'more>than': true} as deep from events limit 1" }\n`,
    );
    await run(named);
    assert.equal(named.registry.marts.has("odd"), true);
    await ask(named, async (app) => {
      const answer = await app.query("select deep from odd");
      const rows = (await Array.fromAsync(answer.rows())).flat();
      await answer.close();
      assert.deepEqual(rows, [[{ "+1": 1n, "semi;colon": "x", "more>than": true }]]);
    });
    const [finding = "", remedy = ""] = await hiveTypes();
    assert.match(finding, /^note: odd: deep\.\+1 and 2 more inside structs are names that Hive's types do not have/);
    assert.match(remedy, /declare the struct as json/);
  }));

test("a database of its own and the project's are asked for by the mart's name alone", () =>
  withLake(async (named) => {
    appendFileSync(
      join(named.lake.directory, "millrace.yaml"),
      '  copy: { select: "type", from: events, database: reports }\n',
    );
    await run(named);
    assert.deepEqual([...named.registry.marts.keys()].sort(), ["activity", "copy"]);
  }));
