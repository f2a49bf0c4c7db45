/**
 * Somebody goes back to an older version while a collection of garbage, a publisher, or somebody else who goes back is at
 * work: each stops before any of its calls and lets the other run on to any of its own. The retention is zero and one version
 * is kept, so the older version is garbage to the collection, and only the protocol keeps it. The ordinary run takes every fourth
 * meeting, `FAULTS=all` every one.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Failure } from "../../src/errors.ts";
import { rollback } from "../../src/operations/catalog-rollback.ts";
import { gc } from "../../src/operations/gc.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { growMart, meet, rules, type Side, settle, stopBefore, watched } from "../faults/meetings.ts";
import { assertReadable, keysIn, mart, partsOn, publish } from "../faults/published-mart.ts";
import { faulty, noFault } from "../faulty.ts";

const deep = process.env.FAULTS === "all";

const grown = (async () => {
  const storage = memoryStorage();
  await growMart(storage);
  return storage;
})();

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

type Work = (storage: Storage) => Promise<unknown>;

/** To the middle one of three. */
const goBack: Work = (storage) => rollback(partsOn(storage), mart, { version: "2" });

const collect: Work = async (storage) => {
  const { failures } = await gc(partsOn(storage), rules);
  assert.deepEqual(failures, []);
};

const build: Work = (storage) => publish(partsOn(storage));

async function callsOf(work: Work): Promise<number> {
  const counted = faulty(await another(), noFault);
  await work(counted.port);
  return counted.calls.length;
}

type Outcome = { readonly value: unknown } | { readonly failure: unknown };

interface Meeting {
  readonly works: readonly [Work, Work];
  readonly stops: readonly [number, number];
  readonly name: string;
}

async function meetIn(storage: Storage, { works, stops, name }: Meeting): Promise<readonly [Outcome, Outcome]> {
  const outcomes: [Outcome, Outcome] = [{ value: undefined }, { value: undefined }];
  const side = (at: 0 | 1): Side => {
    const stop = stopBefore(watched(storage, name), stops[at]);
    return {
      stop,
      work: async () => {
        outcomes[at] = await works[at](stop.port).then(
          (value) => ({ value }),
          (failure: unknown) => ({ failure }),
        );
      },
    };
  };
  await meet(side(0), side(1));
  await assertReadable(storage, name);
  return outcomes;
}

/** Every pair of calls before which the two stop, in both orders. */
async function* meetings(one: Work, other: Work): AsyncGenerator<Meeting> {
  const [inOne, inOther] = [await callsOf(one), await callsOf(other)];
  for (let first = 1; first <= inOne + 1; first++) {
    for (let second = 1; second <= inOther + 1; second++) {
      if (!deep && (first + second) % 4 !== 0) continue;
      const where = `before calls ${first} of ${inOne} and ${second} of ${inOther}`;
      yield { works: [one, other], stops: [first, second], name: `${where}, in this order` };
      yield { works: [other, one], stops: [second, first], name: `${where}, the other first` };
    }
  }
}

const failuresOf = (outcomes: readonly Outcome[]): readonly unknown[] =>
  outcomes.flatMap((outcome) => ("failure" in outcome ? [outcome.failure] : []));

function assertFailsAs(failures: readonly unknown[], kinds: readonly string[], name: string): void {
  for (const failure of failures)
    assert.ok(failure instanceof Failure && kinds.includes(failure.kind), `${name}: ${String(failure)}`);
}

/** Number of the version that readers see. */
async function shownIn(storage: Storage): Promise<number> {
  const current = await partsOn(storage).catalog.current(mart);
  return Number(current?.record.version.slice(1, 13));
}

test("with a collection: the version comes back whole, or it is said that it is gone", async (context) => {
  const seen = { back: 0, gone: 0 };
  for await (const meeting of meetings(goBack, collect)) {
    const storage = await another();
    const failures = failuresOf(await meetIn(storage, meeting));
    assertFailsAs(failures, ["missing", "corrupt", "conflict"], meeting.name);
    assert.equal(await shownIn(storage), failures.length === 0 ? 2 : 3, meeting.name);
    seen[failures.length === 0 ? "back" : "gone"]++;
    await settle(storage, meeting.name);
  }
  context.diagnostic(`${seen.back + seen.gone} meetings, in ${seen.back} of them readers see the older version`);
  assert.ok(seen.back > 0 && seen.gone > 0);
});

test("with a publisher: one chain, and who comes last has seen the other or has lost", async (context) => {
  const seen = { both: 0, lost: 0 };
  for await (const meeting of meetings(goBack, build)) {
    const storage = await another();
    const failures = failuresOf(await meetIn(storage, meeting));
    // Who goes back looks again, who built for nothing says so.
    assertFailsAs(failures, ["conflict"], meeting.name);
    if (failures.length > 0) assert.equal(await shownIn(storage), 2, meeting.name);
    seen[failures.length === 0 ? "both" : "lost"]++;
  }
  context.diagnostic(`${seen.both + seen.lost} meetings, in ${seen.lost} of them the publisher lost`);
  assert.ok(seen.both > 0 && seen.lost > 0);
});

test("with somebody else who goes back further: both records stand, readers see one of the two", async () => {
  const further: Work = (storage) => rollback(partsOn(storage), mart, { version: "1" });
  for await (const meeting of meetings(goBack, further)) {
    const storage = await another();
    assert.deepEqual(failuresOf(await meetIn(storage, meeting)), [], meeting.name);
    assert.ok([1, 2].includes(await shownIn(storage)), meeting.name);
  }
});
