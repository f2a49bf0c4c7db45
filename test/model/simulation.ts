/** One history of some writers on one lake, from a seed to the state in which it has to end. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../sample/random.ts";
import { embeddedCatalog } from "../../src/catalog/embedded.ts";
import { manifestKey, partitionKey, partKey } from "../../src/model/layout.ts";
import { fingerprint } from "../../src/model/merge.ts";
import type { PassResult } from "../../src/reconcile/pass.ts";
import { readPublishedMart } from "../../src/step/manifest.ts";
import { latestSchema } from "../../src/step/table-schema.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { bytesOf, checkEffect, keysBelow, type Lake, sha256, type Unchanging } from "./lake-promises.ts";
import { makeScheduler } from "./scheduler.ts";
import { adopted, appear, type Hour, hours, projectOn, startMs } from "./simulated-archive.ts";
import type { SharedStore } from "./simulated-storage.ts";
import { type Errand, makeWriter, type World, type Writer } from "./simulated-writer.ts";
import { rowFor } from "./toy-engine.ts";

const dayMs = 86_400_000;

export interface Plan {
  readonly seed: number;
  readonly writers: number;
  /** Share of the calls that go wrong, and how many at most. */
  readonly rate: number;
  readonly faultsMax: number;
  /** The hours that appear before each round, and what every writer does in it. */
  readonly rounds: readonly { readonly appearing: readonly Hour[]; readonly errands: readonly (readonly Errand[])[] }[];
}

export interface History {
  readonly state: Readonly<Record<string, string>>;
  readonly turns: number;
  readonly faults: number;
  /** Everything that happened, in its order. */
  readonly events: readonly string[];
}

/** Everything about a history that chance decides beforehand. */
export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const writers = random.chance(0.25) ? 3 : 2;
  const order = hours
    .slice(1)
    .map((hour) => ({ hour, at: random.unit() }))
    .sort((a, b) => a.at - b.at);
  const rounds = [0, 1, 2].map((round) => ({
    appearing: order.slice(round, round + 1).map(({ hour }) => hour),
    errands: Array.from({ length: writers }, () =>
      random.pick<readonly Errand[]>([["run"], ["run"], ["run", "gc"], ["gc", "run"], ["run", "run"]]),
    ),
  }));
  return { seed, writers, rate: random.pick([0, 0.01, 0.04, 0.12]), faultsMax: random.between(1, 25), rounds };
}

/** All hours at once, one writer, and nothing goes wrong. */
export const undisturbed: Plan = {
  seed: 0,
  writers: 1,
  rate: 0,
  faultsMax: 0,
  rounds: [{ appearing: hours.slice(1), errands: [["run"]] }],
};

/** Throws, with the events so far, where a promise is broken or the end is not reached. */
export async function simulate(plan: Plan): Promise<History> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-simulation-"));
  let broken: unknown;
  const check = (): void => {
    if (broken !== undefined) throw broken;
  };
  const random = new Random(plan.seed);
  const scheduler = makeScheduler(random, { ...plan, check });
  let nowMs = startMs + dayMs;
  const lake: Lake = {
    raw: memoryStorage({ name: "raw" }),
    tables: memoryStorage({ name: "tables" }),
    marts: memoryStorage({ name: "marts" }),
  };
  const unchanging: Unchanging = new Map();
  let writes = 0;
  const share = (place: keyof Lake): SharedStore => ({
    place,
    storage: lake[place],
    scratchRoot: directory,
    newest: [],
    after: async (effect) => {
      if (!effect.key.startsWith("_probe/")) writes++;
      try {
        await checkEffect(lake, unchanging, effect);
      } catch (error) {
        broken ??= error;
      }
    },
  });
  const world: World = {
    scheduler,
    stores: { raw: share("raw"), tables: share("tables"), marts: share("marts") },
    clock: () => nowMs,
  };
  const archive = join(directory, "archive");
  const writers = Array.from({ length: plan.writers }, (_, at) =>
    makeWriter(`writer ${at + 1}`, projectOn(archive, join(directory, `writer-${at + 1}`)), world, random),
  );
  try {
    if (adopted !== undefined) {
      appear(archive, adopted);
      await lake.raw.put(adopted.rawKey, adopted.bytes);
    }
    for (const { appearing, errands } of plan.rounds) {
      for (const hour of appearing) appear(archive, hour);
      await scheduler.drive(writers.map((writer, at) => writer.work(errands[at] ?? ["run"])));
      nowMs += 2 * dayMs;
    }
    await scheduler.calm();
    await settle(writers, world, () => writes);
    check();
    return {
      state: await stateOf(lake),
      turns: scheduler.turns,
      faults: scheduler.faults,
      events: scheduler.history,
    };
  } catch (error) {
    const events = scheduler.history.slice(-60).join("\n");
    throw new Error(`SEED=${plan.seed}: ${error instanceof Error ? error.message : String(error)}\n${events}`, {
      cause: error,
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const runsMax = 3;

/** I8, I11: with no fault any more a few runs of one writer and a collection are enough, and nobody writes after that. */
async function settle(writers: readonly Writer[], { scheduler }: World, writes: () => number): Promise<void> {
  const drive = async <T>(work: () => Promise<T>): Promise<T> => {
    const done = work();
    await scheduler.drive([done.then(() => undefined)]);
    return done;
  };
  const [first] = writers;
  if (first === undefined) return;
  for (let runs = 1; ; runs++) {
    const before = writes();
    const { failures, left }: PassResult = await drive(() => first.run());
    const reasons: readonly string[] = failures.map(({ key, failure }) => `${key}: ${failure?.message}`);
    assert.deepEqual(reasons, [], "something failed without a fault");
    if (writes() === before && left.steps.length === 0) break;
    assert.ok(runs < runsMax, `I11: ${first.name} is not done after ${runs} runs`);
  }
  const report = await drive(() => first.collect());
  assert.deepEqual([report.failures, report.kept], [[], []], "the collection failed without a fault");
  const before = writes();
  for (const writer of writers) await drive(() => writer.run());
  const again = await drive(() => first.collect());
  assert.deepEqual(again.removed, [], "a second collection found something");
  assert.equal(writes(), before, "I8: somebody writes with nothing to do");
}

/** Everything that has to be the same after every history. */
async function stateOf(lake: Lake): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  const note = async (place: keyof Lake, prefix: string): Promise<void> => {
    for (const key of await keysBelow(lake[place], prefix))
      state[`${place}/${key}`] = sha256((await bytesOf(lake[place], key)) ?? Buffer.alloc(0));
  };
  await note("raw", "");
  await note("tables", "_rejected/");
  const rows: string[] = [];
  for (const { id } of hours) {
    const bytes = await bytesOf(lake.tables, partitionKey("events", id));
    assert.ok(bytes !== undefined, `there is no partition ${id}`);
    state[`partition ${id}`] = sha256(bytes);
    rows.push(rowFor("events", id, bytes));
  }
  const schema = await latestSchema(lake.tables, "events");
  state["the table's schema"] = schema === undefined ? "" : fingerprint(schema.state.schema);
  const mart = await readPublishedMart(lake.marts, embeddedCatalog(lake.marts), "activity");
  const version = mart?.record.version ?? "";
  const part = await bytesOf(lake.marts, partKey("activity", version, "part-0.parquet"));
  assert.equal(part?.toString(), rows.join("\n"), "the mart is not made from the partitions that are there");
  const left = (await keysBelow(lake.marts, "")).filter((key) => !key.startsWith("_"));
  assert.deepEqual(left, [manifestKey("activity", version), partKey("activity", version, "part-0.parquet")], "I9");
  return state;
}
