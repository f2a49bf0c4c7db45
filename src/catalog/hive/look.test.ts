import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MetastoreCalls } from "./calls.ts";
import { look, lookAtAll } from "./look.ts";
import type { HiveTable } from "./structs.ts";

const table = (name: string, number: string, isTorn = false): HiveTable => ({
  database: "gha",
  name,
  owner: "me",
  type: "EXTERNAL_TABLE",
  storage: {
    columns: [],
    location: isTorn ? "torn" : "whole",
    inputFormat: "",
    outputFormat: "",
    serde: "",
    serdeParameters: new Map(),
  },
  partitionKeys: [],
  parameters: new Map([["number", number]]),
});

const isSuspect = ({ storage }: HiveTable): boolean => storage.location === "torn";

/** A server that answers one reading after the other, the last one for ever. */
function reading(...readings: readonly (readonly HiveTable[])[]) {
  const asked: (readonly string[])[] = [];
  const calls: Pick<MetastoreCalls, "tables"> = {
    async tables(_, names) {
      asked.push(names);
      const answer = readings[Math.min(asked.length, readings.length) - 1] ?? [];
      return answer.filter(({ name }) => names.includes(name));
    },
  };
  return { calls, asked };
}

const one = { database: "gha", name: "a" };

describe("looking at tables that others alter", () => {
  test("what looks right is believed at once", async () => {
    const { calls, asked } = reading([table("a", "1")]);
    assert.deepEqual(await look(calls, one, isSuspect, {}), table("a", "1"));
    assert.equal(asked.length, 1);
  });

  test("a torn reading is read again, and the whole one counts", async () => {
    const { calls, asked } = reading([table("a", "1", true)], [table("a", "2", true)], [table("a", "2")]);
    assert.deepEqual(await look(calls, one, isSuspect, {}), table("a", "2"));
    assert.equal(asked.length, 3);
  });

  test("what looks wrong twice in the same way is wrong", async () => {
    const { calls, asked } = reading([table("a", "1", true)]);
    assert.deepEqual(await look(calls, one, isSuspect, {}), table("a", "1", true));
    assert.equal(asked.length, 2);
  });

  test("one that is wrong in another way each time is told as it was last", async () => {
    const storm = Array.from({ length: 20 }, (_, index) => [table("a", String(index), true)]);
    const { calls, asked } = reading(...storm);
    assert.deepEqual(await look(calls, one, isSuspect, {}), table("a", "7", true));
    assert.equal(asked.length, 8);
  });

  test("of several only those that look wrong are read again; one that goes meanwhile is gone", async () => {
    const first = [table("a", "1"), table("b", "1", true), table("c", "1", true)];
    const { calls, asked } = reading(first, [table("b", "2")]);
    const found = await lookAtAll(calls, "gha", ["a", "b", "c", "d"], isSuspect, {});
    assert.deepEqual(found, [table("a", "1"), table("b", "2")]);
    assert.deepEqual(asked, [
      ["a", "b", "c", "d"],
      ["b", "c"],
    ]);
  });

  test("what is not there is not there", async () => {
    assert.equal(await look(reading([]).calls, one, isSuspect, {}), undefined);
    assert.deepEqual(await lookAtAll(reading([]).calls, "gha", [], isSuspect, {}), []);
  });
});
