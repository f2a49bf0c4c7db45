/**
 * A publisher and a collector of garbage at once, in one process: one stops before any of its calls, the other runs to any
 * of its own, and then both go on. Whoever wins, readers see a whole version after every single call, the loser says
 * `conflict`, and the next run and the next collection leave what they would have left without the race. The retention is
 * zero, so that nothing but the fence protects what is about to be published.
 */
import assert from "node:assert/strict";
import test from "node:test";
import type { GcReport } from "../../src/answers.ts";
import { Failure } from "../../src/errors.ts";
import { gc } from "../../src/operations/gc.ts";
import type { PublishedMart } from "../../src/step/manifest.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { faulty, noFault, oneFault } from "../faulty.ts";
import { assertReadable, keysIn, partsOn, publish, versionsIn } from "./published-mart.ts";

const rules = { retentionMs: 0, versions: 1, only: "marts" } as const;

/** The ordinary run takes every third meeting, `FAULTS=all` (the deep catalogue) every one. */
const deep = process.env.FAULTS === "all";

/** Three published versions, and the directory of a publisher that died before it swapped: only behind a fence may that go. */
async function history(): Promise<Storage> {
  const storage = memoryStorage();
  for (let version = 1; version <= 3; version++) await publish(partsOn(storage));
  const clean = faulty(memoryStorage(), noFault);
  await publish(partsOn(clean.port));
  const swap = clean.calls.findIndex((call) => call.startsWith("putIfAbsent"));
  const dying = faulty(storage, oneFault(swap + 1 + callsMoreThanFirst, "crash-before"));
  await assert.rejects(publish(partsOn(dying.port)));
  assert.equal((await versionsIn(storage)).length, 4);
  return storage;
}

const grown = history();

/** The same history in a place of its own. */
async function another(): Promise<Storage> {
  const from = await grown;
  const storage = memoryStorage();
  for (const key of [...(await keysIn(from)), ...(await keysIn(from, "_catalog/"))]) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of from.read(key)) chunks.push(chunk);
    await storage.put(key, Buffer.concat(chunks));
  }
  return storage;
}

/** A first publication reads neither a record nor a manifest. */
const callsMoreThanFirst = 2;

/** Stops a storage's caller before its n-th call until it is let on. */
function stopBefore(storage: Storage, at: number): { port: Storage; reached: Promise<void>; goOn: () => void } {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  const wait = async (): Promise<void> => {
    calls++;
    if (calls !== at) return;
    reached.resolve();
    await gate.promise;
  };
  const call =
    <A extends readonly unknown[], R>(invoke: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await wait();
      return invoke(...args);
    };
  const stream = <A extends readonly unknown[], T>(invoke: (...args: A) => AsyncIterable<T>) =>
    async function* (...args: A): AsyncGenerator<T> {
      await wait();
      yield* invoke(...args);
    };
  const port: Storage = {
    ...storage,
    put: call(storage.put),
    putIfAbsent: call(storage.putIfAbsent),
    head: call(storage.head),
    remove: call(storage.remove),
    list: stream(storage.list),
    read: stream(storage.read),
  };
  return { port, reached: reached.promise, goOn: gate.resolve };
}

/** Looks as a reader would after every call that changes something. */
function watched(storage: Storage, name: string): Storage {
  const after = async <T>(work: Promise<T>, what: string): Promise<T> => {
    const done = await work;
    await assertReadable(storage, `${name}, after ${what}`);
    return done;
  };
  return {
    ...storage,
    put: (key, ...rest) => after(storage.put(key, ...rest), `put ${key}`),
    putIfAbsent: (key, ...rest) => after(storage.putIfAbsent(key, ...rest), `putIfAbsent ${key}`),
    remove: (key, ...rest) => after(storage.remove(key, ...rest), `remove ${key}`),
  };
}

type Attempt = { readonly published: PublishedMart } | { readonly failure: unknown };

const attempted = (work: Promise<PublishedMart>): Promise<Attempt> =>
  work.then(
    (published) => ({ published }),
    (failure: unknown) => ({ failure }),
  );

async function callsOf(work: (storage: Storage) => Promise<unknown>): Promise<number> {
  const counted = faulty(await another(), noFault);
  await work(counted.port);
  return counted.calls.length;
}

async function settle(storage: Storage, name: string): Promise<void> {
  await assertReadable(storage, name);
  await publish(partsOn(storage));
  const first = await gc(partsOn(storage), rules);
  assert.deepEqual(first.failures, [], name);
  assert.equal((await versionsIn(storage)).length, 1, `${name}: more than the current version is left`);
  await assertReadable(storage, name);
  const before = await keysIn(storage, "_catalog/");
  const idle = faulty(storage, noFault);
  const second = await gc(partsOn(idle.port), rules);
  assert.deepEqual([second.removed, second.kept], [[], []], name);
  assert.deepEqual(
    idle.calls.filter((call) => !/^(list|head|read|sweep)/.test(call)),
    [],
    `${name}: a second collection writes`,
  );
  assert.deepEqual(await keysIn(storage, "_catalog/"), before, name);
  assert.deepEqual(await keysIn(storage, "_probe/"), [], name);
}

interface Side {
  readonly stop: ReturnType<typeof stopBefore>;
  readonly work: () => Promise<unknown>;
}

/** One runs until it stops, then the other does, and then they go on in the same order. */
async function meet(one: Side, other: Side): Promise<void> {
  const running: Promise<unknown>[] = [];
  for (const { stop, work } of [one, other]) {
    const done = work();
    running.push(done);
    await Promise.race([stop.reached, done]);
  }
  one.stop.goOn();
  await running[0];
  other.stop.goOn();
  await running[1];
}

test("a publisher and a collector meet between any two of their calls", async (context) => {
  const publishing = await callsOf((storage) => publish(partsOn(storage)));
  const collecting = await callsOf((storage) => gc(partsOn(storage), rules));
  const outcomes = { won: 0, lost: 0 };
  for (let inPublisher = 1; inPublisher <= publishing + 1; inPublisher++) {
    for (let inCollector = 1; inCollector <= collecting + 1; inCollector++) {
      if (!deep && (inPublisher + inCollector) % 3 !== 0) continue;
      for (const first of ["publisher", "collector"] as const) {
        const name = `${first} first, publisher stops before call ${inPublisher}, collector before ${inCollector}`;
        const storage = await another();
        const seen = watched(storage, name);
        let attempt: Attempt | undefined;
        let report: GcReport | undefined;
        const stops = [stopBefore(seen, inPublisher), stopBefore(seen, inCollector)] as const;
        const publisher: Side = {
          stop: stops[0],
          work: async () => {
            attempt = await attempted(publish(partsOn(stops[0].port)));
          },
        };
        const collector: Side = {
          stop: stops[1],
          work: async () => {
            report = await gc(partsOn(stops[1].port), rules);
          },
        };
        await (first === "publisher" ? meet(publisher, collector) : meet(collector, publisher));
        assert.deepEqual(report?.failures, [], name);
        assert.ok(attempt !== undefined);
        if ("published" in attempt) {
          outcomes.won++;
          const left = await versionsIn(storage);
          assert.ok(left.includes(attempt.published.manifest.version), `${name}: what was published is gone`);
        } else {
          outcomes.lost++;
          const { failure } = attempt;
          assert.ok(failure instanceof Failure && failure.kind === "conflict", `${name}: ${String(failure)}`);
        }
        await settle(storage, name);
      }
    }
  }
  const { won, lost } = outcomes;
  context.diagnostic(`${won + lost} meetings of ${publishing} and ${collecting} calls: the publisher won ${won} times`);
  assert.ok(won > 0 && lost > 0);
});

test("two collectors meet between any two of their calls", async (context) => {
  const collecting = await callsOf((storage) => gc(partsOn(storage), rules));
  let meetings = 0;
  for (let inOne = 1; inOne <= collecting + 1; inOne++) {
    for (let inOther = 1; inOther <= collecting + 1; inOther++) {
      if (!deep && (inOne + inOther) % 3 !== 0) continue;
      const name = `one stops before call ${inOne}, the other before ${inOther}`;
      const storage = await another();
      const seen = watched(storage, name);
      const reports: GcReport[] = [];
      const side = (call: number): Side => {
        const stop = stopBefore(seen, call);
        return {
          stop,
          work: async () => {
            reports.push(await gc(partsOn(stop.port), rules));
          },
        };
      };
      await meet(side(inOne), side(inOther));
      assert.deepEqual(
        reports.flatMap(({ failures }) => failures),
        [],
        name,
      );
      assert.equal((await versionsIn(storage)).length, 1, name);
      await settle(storage, name);
      meetings++;
    }
  }
  context.diagnostic(`${meetings} meetings of ${collecting} calls`);
});
