/**
 * A publisher and a collector of garbage at once, in one process: one stops before any of its calls, the other runs to any
 * of its own, and then both go on. Whoever wins, readers see a whole version after every single call. The ordinary run takes
 * every third meeting, `FAULTS=all` (the deep catalogue) every one.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { gc } from "../../src/operations/gc.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { faulty, noFault } from "../faulty.ts";
import { growMart, type Handles, meetCollector, meetCollectors, rules } from "./meetings.ts";
import { keysIn, partsOn, publish } from "./published-mart.ts";

const deep = process.env.FAULTS === "all";

const grown = (async () => {
  const storage = memoryStorage();
  await growMart(storage);
  return storage;
})();

/** The same history in a place of its own. */
async function another(): Promise<Handles> {
  const from = await grown;
  const storage = memoryStorage();
  for (const key of [...(await keysIn(from)), ...(await keysIn(from, "_catalog/"))]) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of from.read(key)) chunks.push(chunk);
    await storage.put(key, Buffer.concat(chunks));
  }
  return { one: storage, other: storage };
}

async function callsOf(work: (storage: Storage) => Promise<unknown>): Promise<number> {
  const counted = faulty((await another()).one, noFault);
  await work(counted.port);
  return counted.calls.length;
}

test("a publisher and a collector meet between any two of their calls", async (context) => {
  const publishing = await callsOf((storage) => publish(partsOn(storage)));
  const collecting = await callsOf((storage) => gc(partsOn(storage), rules));
  const outcomes = { won: 0, lost: 0 };
  for (let inPublisher = 1; inPublisher <= publishing + 1; inPublisher++) {
    for (let inCollector = 1; inCollector <= collecting + 1; inCollector++) {
      if (!deep && (inPublisher + inCollector) % 3 !== 0) continue;
      for (const first of ["publisher", "collector"] as const)
        outcomes[await meetCollector(await another(), { inPublisher, inCollector, first })]++;
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
      await meetCollectors(await another(), inOne, inOther);
      meetings++;
    }
  }
  context.diagnostic(`${meetings} meetings of ${collecting} calls`);
});
