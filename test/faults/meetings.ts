/**
 * Two workflows on one mart that stop before any of their calls and let the other run on to any of its own: a publisher and
 * a collector of garbage, or two collectors. The retention is zero, so that nothing but the protocol protects what is about
 * to be published.
 */
import assert from "node:assert/strict";
import type { GcReport } from "../../src/answers.ts";
import { Failure } from "../../src/errors.ts";
import { gc } from "../../src/operations/gc.ts";
import type { PublishedMart } from "../../src/step/manifest.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { faulty, noFault, oneFault } from "../faulty.ts";
import { assertReadable, keysIn, partsOn, publish, versionsIn } from "./published-mart.ts";

export const rules = { retentionMs: 0, versions: 1, only: "marts" } as const;

/** Three published versions, and the directory of a publisher that died before it swapped: only behind a fence may that go. */
export async function growMart(storage: Storage): Promise<void> {
  for (let version = 1; version <= 3; version++) await publish(partsOn(storage));
  const clean = faulty(memoryStorage(), noFault);
  await publish(partsOn(clean.port));
  const swap = clean.calls.findIndex((call) => call.startsWith("putIfAbsent"));
  const dying = faulty(storage, oneFault(swap + 1 + callsMoreThanFirst, "crash-before"));
  await assert.rejects(publish(partsOn(dying.port)));
  assert.equal((await versionsIn(storage)).length, 4);
}

/** A first publication reads neither a record nor a manifest. */
const callsMoreThanFirst = 2;

export interface Stop {
  readonly port: Storage;
  readonly reached: Promise<void>;
  readonly goOn: () => void;
}

/** Stops a storage's caller before its n-th call until it is let on. */
export function stopBefore(storage: Storage, at: number): Stop {
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
    scratch: call(storage.scratch),
    sweep: call(storage.sweep),
    list: stream(storage.list),
    read: stream(storage.read),
  };
  return { port, reached: reached.promise, goOn: gate.resolve };
}

/** Looks as a reader would after every call that changes something. */
export function watched(storage: Storage, name: string): Storage {
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

export interface Side {
  readonly stop: Stop;
  readonly work: () => Promise<unknown>;
}

/** One runs until it stops, then the other does, and then they go on in the same order. */
export async function meet(one: Side, other: Side): Promise<void> {
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

export interface Handles {
  readonly one: Storage;
  /** The same place as another process has it. */
  readonly other: Storage;
}

export interface Meeting {
  readonly inPublisher: number;
  readonly inCollector: number;
  readonly first: "publisher" | "collector";
}

/**
 * Either the publisher wins, and what it published stays, or it says `conflict`; the next run and the next collection leave
 * what they would have left without the meeting.
 */
export async function meetCollector(handles: Handles, meeting: Meeting): Promise<"won" | "lost"> {
  const { inPublisher, inCollector, first } = meeting;
  const name = `${first} first, publisher stops before call ${inPublisher}, collector before ${inCollector}`;
  let attempt: { readonly published: PublishedMart } | { readonly failure: unknown } | undefined;
  let report: GcReport | undefined;
  const stops = [
    stopBefore(watched(handles.one, name), inPublisher),
    stopBefore(watched(handles.other, name), inCollector),
  ] as const;
  const publisher: Side = {
    stop: stops[0],
    work: async () => {
      attempt = await publish(partsOn(stops[0].port)).then(
        (published) => ({ published }),
        (failure: unknown) => ({ failure }),
      );
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
  if ("failure" in attempt) {
    const { failure } = attempt;
    assert.ok(failure instanceof Failure && failure.kind === "conflict", `${name}: ${String(failure)}`);
  } else {
    const left = await versionsIn(handles.one);
    assert.ok(left.includes(attempt.published.manifest.version), `${name}: what was published is gone`);
  }
  await settle(handles.one, name);
  return "failure" in attempt ? "lost" : "won";
}

/** Whoever removes what, in the end one version is left, and nobody has failed. */
export async function meetCollectors(handles: Handles, inOne: number, inOther: number): Promise<void> {
  const name = `one stops before call ${inOne}, the other before ${inOther}`;
  const reports: GcReport[] = [];
  const side = (storage: Storage, call: number): Side => {
    const stop = stopBefore(watched(storage, name), call);
    return {
      stop,
      work: async () => {
        reports.push(await gc(partsOn(stop.port), rules));
      },
    };
  };
  await meet(side(handles.one, inOne), side(handles.other, inOther));
  const failures = reports.flatMap((report) => report.failures);
  assert.deepEqual(failures, [], name);
  assert.equal((await versionsIn(handles.one)).length, 1, name);
  await settle(handles.one, name);
}

export async function settle(storage: Storage, name: string): Promise<void> {
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
  const writes = idle.calls.filter((call) => !/^(list|head|read|sweep)/.test(call));
  assert.deepEqual(writes, [], `${name}: a second collection writes`);
  assert.deepEqual(await keysIn(storage, "_catalog/"), before, name);
  assert.deepEqual(await keysIn(storage, "_probe/"), [], name);
}
