/** A lake whose marts and tables a real Hive Metastore shows: what `names-lake.test.ts` proves in memory, on the real one. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { App } from "../src/answers.ts";
import { type HiveLake, hiveLake } from "./catalog-hive/hive-lake.ts";
import { makeSmallLake, type SmallLake } from "./faults/small-lake.ts";
import { metastoreServer } from "./real/metastore-server.ts";

interface Scene {
  readonly lake: SmallLake;
  readonly database: string;
  readonly calls: HiveLake["calls"];
  /** Runs once; answers what was done to marts, names and the catalog, and the exit code. */
  run(days?: number): Promise<readonly string[]>;
  ask<T>(question: (app: App) => Promise<T>): Promise<T>;
  edit(from: string | RegExp, to: string): void;
}

/** `text` is the project's catalog for the metastore at an address. */
async function onMetastore(context: TestContext, body: (scene: Scene) => Promise<void>): Promise<void> {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  const hive = await hiveLake(server);
  const database = hive.otherDatabase();
  const lake = makeSmallLake(
    `catalog: { hive: "${server.host}:${server.port}", database: ${database}, tables: true }\n`,
  );
  const file = join(lake.directory, "millrace.yaml");
  const ask = async <T>(question: (app: App) => Promise<T>, days = 0): Promise<T> => {
    const app = await lake.open(days);
    try {
      return await question(app);
    } finally {
      await app.close();
    }
  };
  try {
    await body({
      ...{ lake, database, calls: hive.calls, ask },
      edit: (from, to) => writeFileSync(file, readFileSync(file, "utf8").replace(from, to)),
      async run(days = 0) {
        const codes: string[] = [];
        const { exitCode } = await ask(
          (app) =>
            app.run({
              report(event) {
                if (!/^(mart\.(published|registered|failed|held)|table\.registered|catalog\.)/.test(event.code)) return;
                codes.push("key" in event ? `${event.code} ${event.key}` : event.code);
              },
            }),
          days,
        );
        return [...codes, `exit ${exitCode}`];
      },
    });
  } finally {
    lake.remove();
    await hive.close();
  }
}

test("a run registers what it publishes, the next one writes nothing, and what was taken away comes back", (context) =>
  onMetastore(context, async ({ lake, database, calls, run, ask, edit }) => {
    edit(
      '"actor.login as actor, type, size, src", from: events',
      '"actor, type, size, labels, src", from: events, description: "who, and how much"',
    );
    edit("not_null: [actor], ", "");
    assert.deepEqual(await run(), [
      ...["catalog.tested", "table.registered events", "mart.published activity", "mart.registered activity"],
      // A column was widened, and a partition has another file.
      ...["table.registered events", "exit 0"],
    ]);
    assert.deepEqual(await run(), ["exit 0"]);
    const [mart] = await calls.tables(database, ["activity"]);
    const [status] = (await ask((app) => app.status())).marts;
    assert.partialDeepStrictEqual(status?.registered, { name: `${database}.activity`, state: "registered", number: 1 });
    const location = mart?.storage.location ?? "";
    assert.ok(existsSync(join(fileURLToPath(location), "_manifest.json")), location);
    assert.deepEqual(
      mart?.storage.columns.map(({ name, type }) => `${name} ${type}`),
      ["actor struct<login:string>", "type string", "size double", "labels array<struct<name:string>>", "src string"],
    );
    assert.deepEqual(
      [mart?.owner, mart?.type, mart?.parameters.get("comment")],
      ["small", "EXTERNAL_TABLE", "who, and how much"],
    );
    assert.deepEqual(await calls.partitionNames(database, "events"), ["src=2026-03-01-22", "src=2026-03-01-23"]);

    await calls.dropTable(database, "activity");
    await calls.dropPartitions(database, "events", ["src=2026-03-01-22"]);
    const plan = await ask((app) => app.plan());
    assert.deepEqual(
      plan.steps.map((step) => (step.kind === "register-table" ? [step.define, step.add, step.remove] : step.kind)),
      ["register", [undefined, ["2026-03-01-22"], []]],
    );
    assert.deepEqual(await run(), ["mart.registered activity", "table.registered events", "exit 0"]);
    assert.deepEqual(await calls.partitionNames(database, "events"), ["src=2026-03-01-22", "src=2026-03-01-23"]);
    assert.deepEqual(await run(), ["exit 0"]);

    // Another description and another version: each in one swap.
    edit("who, and how much", "who");
    assert.deepEqual(await run(), ["mart.registered activity", "exit 0"]);
    edit("labels, src", "src");
    assert.deepEqual(await run(), ["mart.published activity", "mart.registered activity", "exit 0"]);
    const [second] = await calls.tables(database, ["activity"]);
    assert.notEqual(second?.storage.location, location);
    assert.deepEqual([second?.parameters.get("comment"), second?.parameters.get("millrace.number")], ["who", "2"]);
    assert.deepEqual(await run(), ["exit 0"]);

    // The lake is begun anew: its numbers are smaller than those that the metastore remembers.
    for (const part of ["lake", ".millrace"]) rmSync(join(lake.directory, part), { recursive: true });
    await run();
    assert.deepEqual(await run(), ["exit 0"]);
    const [third] = await calls.tables(database, ["activity"]);
    assert.ok(existsSync(join(fileURLToPath(third?.storage.location ?? ""), "_manifest.json")));
  }));

test("what others have under a name stays as it is, and the mart waits", (context) =>
  onMetastore(context, async ({ database, calls, run, ask }) => {
    assert.ok((await run()).includes("mart.registered activity"));
    const [mart] = await calls.tables(database, ["activity"]);
    assert.ok(mart !== undefined);
    const parameters = new Map([...mart.parameters].filter(([key]) => !key.startsWith("millrace.")));
    await calls.alterTable({ ...mart, parameters }, undefined);
    const [before] = await calls.tables(database, ["activity"]);
    assert.deepEqual(await run(), ["exit 3"]);
    const { waiting } = await ask((app) => app.plan());
    assert.match(waiting.map((each) => ("reason" in each ? each.reason : "")).join(), /activity is taken by /);
    assert.deepEqual((await calls.tables(database, ["activity"]))[0], before);
    const { checks } = await ask((app) => app.doctor({ role: "marts" }));
    assert.deepEqual(
      checks.flatMap(({ subject, verdict }) => (/^(metastore|names)$/.test(subject) ? [`${subject} ${verdict}`] : [])),
      ["metastore ok", "names fails"],
    );
  }));

test("a metastore that is not there: everything but the marts is done, with one error and the fix", (context) =>
  onMetastore(context, async ({ run, ask, edit }) => {
    // Nothing listens on port 1 of the loopback.
    edit(/hive: "[^"]*"/, 'hive: "127.0.0.1:1"');
    assert.deepEqual(await run(), ["catalog.failed", "exit 5"]);
    const { waiting } = await ask((app) => app.plan());
    const [item] = waiting;
    assert.ok(item?.kind === "catalog");
    assert.deepEqual([item.name, item.items, item.failure], ["metastore 127.0.0.1:1", ["activity"], "unavailable"]);
    assert.ok(item.remedy !== undefined);
    assert.equal((await ask((app) => app.status())).tables[0]?.partitions, 2);
  }));
