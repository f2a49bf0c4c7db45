/** The verbs of `millrace catalog` on a real Hive Metastore: what its readers are shown, whatever happens in between. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { App } from "../../src/answers.ts";
import type { AppOptions } from "../../src/app.ts";
import { asFailure, Failure } from "../../src/errors.ts";
import type { HiveSettings } from "../../src/model/project.ts";
import { type HiveLake, hiveLake } from "../catalog-hive/hive-lake.ts";
import { catalogFaults, makeSmallLake, type SmallLake } from "../faults/small-lake.ts";
import { metastoreServer } from "../real/metastore-server.ts";

interface Scene {
  readonly lake: SmallLake;
  readonly hive: HiveLake;
  readonly database: string;
  ask<T>(question: (app: App) => Promise<T>, options?: AppOptions): Promise<T>;
  /** What readers by name are sent to: the number of the record and the directory. */
  shown(database?: string): Promise<readonly [number: string, location: string] | undefined>;
  readonly settings: HiveSettings;
}

/** A lake with two versions of its mart; `named`: which its project has a metastore show. */
async function onMetastore(context: TestContext, named: boolean, body: (scene: Scene) => Promise<void>): Promise<void> {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  const hive = await hiveLake(server);
  const database = hive.otherDatabase();
  const catalog = `catalog: { hive: "${server.host}:${server.port}", database: ${database}, tables: true }\n`;
  const lake = makeSmallLake(named ? catalog : "");
  const ask = async <T>(question: (app: App) => Promise<T>, options: AppOptions = {}): Promise<T> => {
    const app = await lake.open(0, options);
    try {
      return await question(app);
    } finally {
      await app.close();
    }
  };
  const settings: HiveSettings = {
    ...{ kind: "hive", hosts: [{ host: server.host, port: server.port }], database, location: undefined },
    ...{ tables: true, owner: "small", transport: "buffered", connectMs: 10_000, callMs: 60_000 },
  };
  try {
    await ask((app) => app.run());
    await ask((app) => app.run({ only: "marts", rerun: true }));
    await body({
      ...{ lake, hive, database, ask, settings },
      async shown(where = database) {
        const [table] = await hive.calls.tables(where, ["activity"]);
        if (table === undefined) return undefined;
        return [table.parameters.get("millrace.number") ?? "", table.storage.location ?? ""];
      },
    });
  } finally {
    lake.remove();
    await hive.close();
  }
}

const versionOf = (location: string): string => location.split("/").at(-1) ?? "";

test("a rollback is what readers by name are sent to; killed before that, the next run sends them", (context) =>
  onMetastore(context, true, async ({ lake, ask, shown }) => {
    const [before = ""] = (await shown()) ?? [];
    assert.equal(before, "2");
    const back = await ask((app) => app.rollback("activity"));
    const [number = "", location = ""] = (await shown()) ?? [];
    assert.deepEqual([number, versionOf(location)], [String(back.record), back.to.version]);

    const dying: AppOptions = {
      wrapCatalog: (catalog) => ({ ...catalog, register: () => Promise.reject(new Failure("unavailable", "killed")) }),
    };
    await assert.rejects(
      ask((app) => app.rollback("activity", { version: "2" }), dying),
      (error) => /record 6 is written, but not registered/.test(asFailure(error).message),
    );
    assert.deepEqual(await shown(), [number, location]);
    assert.equal((await ask((app) => app.versions("activity"))).registration?.state, "behind");
    const summary = await ask((app) => app.run());
    assert.equal(summary.exitCode, 0);
    assert.equal((await shown())?.[0], "6");
    const { versions } = await ask((app) => app.versions("activity"));
    assert.deepEqual(
      versions.map(({ number, isCurrent, isRegistered }) => [number, isCurrent, isRegistered]),
      [
        [2, true, true],
        [1, false, false],
      ],
    );
    assert.deepEqual([catalogFaults(lake), (await ask((app) => app.verify())).damaged], [[], []]);
  }));

test("rollbacks race runs and collections: one chain, and the name shows its end", (context) =>
  onMetastore(context, true, async ({ lake, ask, shown }) => {
    for (let round = 0; round < 3; round++) {
      const results = await Promise.allSettled([
        ask((app) => app.rollback("activity")),
        ask((app) => app.run({ only: "marts", rerun: true })),
        ask((app) => app.gc({ only: "marts", retentionMs: 0, versions: 2 })),
      ]);
      for (const result of results) {
        if (result.status === "fulfilled") continue;
        const { kind, message } = asFailure(result.reason);
        assert.ok(["conflict", "missing", "corrupt"].includes(kind), `${kind}: ${message}`);
      }
      await ask((app) => app.run({ only: "marts" }));
      const answer = await ask((app) => app.versions("activity"));
      const current = answer.versions.find(({ isCurrent }) => isCurrent);
      assert.equal(current?.state, "whole", `round ${round}`);
      const [number = "", location = ""] = (await shown()) ?? [];
      assert.deepEqual([number, versionOf(location)], [String(answer.record), current.version], `round ${round}`);
    }
    const log = readdirSync(join(lake.directory, "lake/marts/_catalog/activity")).sort();
    assert.deepEqual(
      log,
      log.map((_, at) => `${String(at + 1).padStart(20, "0")}.json`),
    );
    // Nobody wrote behind somebody else's back.
    assert.deepEqual((await ask((app) => app.verify())).damaged, []);
  }));

test("export there and back: names come and go, the data stays, and the second time does nothing", (context) =>
  onMetastore(context, false, async ({ lake, hive, ask, shown, settings }) => {
    const states = async (action: "register" | "drop", tables?: boolean): Promise<readonly string[]> => {
      const request = { action, catalog: settings, ...(tables === undefined ? {} : { tables }) };
      const { items, exitCode } = await ask((app) => app.catalogExport(request));
      return [...items.map(({ name, state }) => `${name} ${state}`), `exit ${exitCode}`];
    };
    const files = (): readonly string[] =>
      readdirSync(join(lake.directory, "lake"), { recursive: true, encoding: "utf8" })
        .filter((name) => !name.includes("_databases"))
        .sort();
    const before = files();
    assert.deepEqual(await states("register"), ["activity done", "events done", "exit 0"]);
    assert.equal((await shown())?.[0], "2");
    assert.deepEqual(await states("register"), ["activity already", "events already", "exit 0"]);
    // The project itself names no metastore still: what it publishes the next export brings.
    await ask((app) => app.rollback("activity"));
    assert.equal((await shown())?.[0], "2");
    assert.deepEqual(await states("register", false), ["activity done", "exit 0"]);
    assert.equal((await shown())?.[0], "4");
    assert.deepEqual(await states("drop"), ["activity done", "events done", "exit 0"]);
    assert.equal(await shown(), undefined);
    assert.deepEqual(await states("drop"), ["activity already", "events already", "exit 0"]);
    assert.deepEqual(
      files().filter((name) => !name.includes("_catalog")),
      before.filter((name) => !name.includes("_catalog")),
    );
    // Somebody else takes the name meanwhile, and keeps it.
    await hive.again({ database: settings.database }).register("activity", {
      ...{ number: 1, version: "v000000000001-00000000", publishId: "0", at: "2026-03-01T00:00:00Z" },
      ...{ manifestSha256: "0".repeat(64), columns: [{ name: "a", type: { kind: "int64" } }], description: undefined },
      ...{ rows: 0, bytes: 0 },
    });
    const taken = await shown();
    assert.deepEqual(await states("register", false), ["activity failed", "exit 1"]);
    assert.deepEqual(await states("drop", false), ["activity already", "exit 0"]);
    assert.deepEqual(await shown(), taken);
  }));

test("a log that was lost comes back from the versions and the name, and readers by name notice nothing", (context) =>
  onMetastore(context, true, async ({ lake, ask, shown }) => {
    await ask((app) => app.rollback("activity"));
    const log = join(lake.directory, "lake/marts/_catalog/activity");
    const record = (number: number): string =>
      readFileSync(join(log, `${String(number).padStart(20, "0")}.json`), "utf8");
    const [first, second, fourth] = [record(1), record(2), record(4)];
    const before = await shown();
    rmSync(log, { recursive: true });
    rmSync(join(lake.directory, ".millrace"), { recursive: true, force: true });
    const report = await ask((app) => app.catalogExport({ action: "restore" }));
    assert.deepEqual([report.exitCode, report.items.map(({ state }) => state)], [0, ["done"]]);
    assert.deepEqual([record(1), record(2), record(4)], [first, second, fourth]);
    assert.deepEqual((await ask((app) => app.verify())).damaged, []);
    assert.equal((await ask((app) => app.run())).exitCode, 0);
    assert.deepEqual(await shown(), before);
  }));

test("a mart that moves and then goes: its old names are told, and taken away when somebody asks, and no other", (context) =>
  onMetastore(context, true, async ({ lake, hive, database, ask, shown, settings }) => {
    const file = join(lake.directory, "millrace.yaml");
    const text = readFileSync(file, "utf8");
    const [there, elsewhere] = [hive.otherDatabase(), hive.otherDatabase()];
    // Of another lake, under the same name.
    await hive.again({ database: elsewhere }).register("activity", {
      ...{ number: 1, version: "v000000000001-00000000", publishId: "0", at: "2026-03-01T00:00:00Z" },
      ...{ manifestSha256: "0".repeat(64), columns: [{ name: "a", type: { kind: "int64" } }], description: undefined },
      ...{ rows: 0, bytes: 0 },
    });
    const foreign = await shown(elsewhere);
    const listed = async (): Promise<readonly string[]> =>
      (await ask((app) => app.catalogList())).entries
        .filter(({ kind }) => kind === "mart")
        .map(({ state, registered }) => `${state} ${registered ?? ""}`.trim());
    const drop = async (dryRun: boolean): Promise<readonly string[]> => {
      const { items, exitCode } = await ask((app) => app.catalogExport({ action: "drop-former", dryRun }));
      return [...items.map(({ state, registered }) => `${state} ${registered}`), `exit ${exitCode}`];
    };
    assert.deepEqual(await listed(), [`registered ${database}.activity`]);
    assert.deepEqual(await drop(false), ["exit 0"]);

    writeFileSync(file, text.replace("activity: { ", `activity: { database: ${there}, `));
    assert.equal((await ask((app) => app.run())).exitCode, 0);
    const moved = await shown(there);
    assert.deepEqual(await shown(), moved, "who reads by the old name still does");
    assert.deepEqual(await listed(), [`registered ${there}.activity`, `moved ${database}.activity`]);
    const names = (await ask((app) => app.doctor())).checks.find(({ subject }) => subject === "names");
    assert.equal(names?.verdict, "ok");
    assert.match(names?.finding ?? "", new RegExp(`1 name elsewhere \\(${database}\\.activity\\) of marts that moved`));
    assert.deepEqual(await drop(true), [`planned ${database}.activity`, "exit 0"]);
    assert.deepEqual(await shown(), moved);
    assert.deepEqual(await drop(false), [`done ${database}.activity`, "exit 0"]);
    assert.deepEqual([await shown(), await shown(there)], [undefined, moved]);
    assert.equal((await ask((app) => app.run())).exitCode, 0);
    assert.equal(await shown(), undefined, "no run brings it back");

    writeFileSync(file, text.replace(/^marts:\n.*\n/m, ""));
    assert.deepEqual(await listed(), [`dropped ${there}.activity`]);
    await assert.rejects(
      ask((app) => app.catalogExport({ action: "drop-former", catalog: settings })),
      (error) => asFailure(error).kind === "usage",
    );
    assert.deepEqual(await drop(false), [`done ${there}.activity`, "exit 0"]);
    assert.deepEqual([await listed(), await shown(there)], [["dropped"], undefined]);
    assert.deepEqual(await shown(elsewhere), foreign);
  }));
