/** A whole run of a small project on a real metastore, with faults in its calls of the catalog, the registry and the marts' place. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import type { AppOptions } from "../../src/app.ts";
import type { Catalog } from "../../src/catalog/contract.ts";
import { parameter } from "../../src/catalog/hive/table-form.ts";
import { hiveLake, type Server } from "../catalog-hive/hive-lake.ts";
import { workOf } from "../faults/matrix-run.ts";
import { catalogFaults, makeSmallLake, type SmallLake, stateOf } from "../faults/small-lake.ts";
import { type FaultPlan, type Faults, faultyPort, faultyStorage, type MethodKind, makeFaults } from "../faulty.ts";

const catalogMethods: Readonly<Record<string, MethodKind>> = {
  current: "call",
  glance: "call",
  append: "call",
  history: "stream",
  inspect: "stream",
  restore: "call",
  marts: "call",
  registered: "call",
  register: "call",
  unregister: "call",
  close: "plain",
};

const registryMethods: Readonly<Record<string, MethodKind>> = {
  registered: "call",
  register: "call",
  partitions: "stream",
  add: "call",
  touch: "call",
  remove: "call",
  unregister: "call",
};

/** Whether it keeps writers apart is another test's question, and takes seconds. */
const prove: Catalog["prove"] = async () => ({ what: "the metastore of this test", findings: [] });

function faultyCatalog(catalog: Catalog, state: Faults): Catalog {
  const { tables } = catalog;
  const { port } = faultyPort({ ...catalog, prove: undefined }, { methods: catalogMethods }, state);
  if (tables === undefined) return { ...port, prove };
  return { ...port, prove, tables: faultyPort(tables, { methods: registryMethods }, state).port };
}

/** A lake with the raw objects and the table, and no mart yet. */
export async function baseLake(): Promise<SmallLake> {
  const lake = makeSmallLake();
  const app = await lake.open(0);
  for (const only of ["collect", "convert"] as const) assert.equal((await app.run({ only })).exitCode, 0);
  await app.close();
  return lake;
}

/** A stalled call ends when the run is stopped; this long is enough to reach it. */
const stallMs = 400;

export interface MatrixRun {
  /** Of the disturbed run, in order. */
  readonly calls: readonly string[];
  readonly state: Record<string, string>;
}

/** Runs with the faults, then without: throws where anything is not as it must be. */
export async function matrixRun(server: Server, base: SmallLake, plan: FaultPlan, name: string): Promise<MatrixRun> {
  const hive = await hiveLake(server);
  const place = `"${server.host}:${server.port}"`;
  const lake = makeSmallLake(`catalog: { hive: ${place}, database: ${hive.database}, tables: true }\n`);
  for (const part of ["lake", ".millrace"]) {
    cpSync(join(base.directory, part), join(lake.directory, part), { recursive: true });
  }
  try {
    const calls = await runOnce(lake, plan);
    assert.deepEqual(catalogFaults(lake), [], `${name}: right behind the fault`);
    const app = await lake.open(1, { wrapCatalog: (catalog) => ({ ...catalog, prove }) });
    try {
      const { exitCode, failures, waiting } = await app.run();
      assert.equal(exitCode, 0, `${name}: ${JSON.stringify(failures)} ${JSON.stringify(waiting)}`);
      assert.deepEqual(await workOf(app), [], `${name}: a further run found something to do`);
    } finally {
      await app.close();
    }
    assert.deepEqual(catalogFaults(lake), [], name);
    const tables = await hive.calls.tables(hive.database, ["activity", "events"]);
    assert.equal(tables.length, 2, name);
    const mart = tables.find((table) => table.name === "activity");
    assert.equal(mart?.parameters.get(parameter.number), "1", `${name}: published once`);
    const version = mart?.parameters.get(parameter.version) ?? "";
    assert.ok(mart?.storage.location.endsWith(`${lake.directory}/lake/marts/activity/${version}`), name);
    const partitions = await hive.calls.partitionNames(hive.database, "events");
    assert.deepEqual(partitions, ["src=2026-03-01-22", "src=2026-03-01-23"], name);
    return { calls, state: await stateOf(lake) };
  } finally {
    lake.remove();
    await hive.close();
  }
}

async function runOnce(lake: SmallLake, plan: FaultPlan): Promise<readonly string[]> {
  const state = makeFaults(plan);
  const wrapStorage: AppOptions["wrapStorage"] = (place, storage) =>
    place === "marts" ? faultyStorage(storage, state).port : storage;
  const app = await lake.open(0, { wrapStorage, wrapCatalog: (catalog) => faultyCatalog(catalog, state) });
  const stop = new AbortController();
  const timer = [...plan.at.values()].includes("stall") ? setTimeout(() => stop.abort(), stallMs) : undefined;
  await Promise.allSettled([app.run({ signal: stop.signal })]);
  clearTimeout(timer);
  await app.close();
  return state.calls;
}
