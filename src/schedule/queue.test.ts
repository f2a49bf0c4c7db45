import assert from "node:assert/strict";
import test from "node:test";
import { makeQueue } from "./queue.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("never more at a time than there are slots, and everything is done", async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  const queue = makeQueue<number>(3, async (item) => {
    running++;
    most = Math.max(most, running);
    await turn();
    running--;
    done.push(item);
  });
  for (let item = 0; item < 20; item++) queue.add(String(item), item);
  await queue.drained();
  assert.equal(most, 3);
  assert.deepEqual(
    done.sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, at) => at),
  );
});

test("a name that waits is not added twice; one that was done may come again", async () => {
  const seen: string[] = [];
  const queue = makeQueue<string>(1, async (item) => {
    seen.push(item);
  });
  assert.equal(queue.add("a", "first"), true);
  assert.equal(queue.add("a", "second"), false);
  await queue.drained();
  assert.equal(queue.add("a", "third"), true);
  await queue.drained();
  assert.deepEqual(seen, ["first", "third"]);
});

test("work may add more work, and draining waits for it", async () => {
  const seen: number[] = [];
  const queue = makeQueue<number>(2, async (item) => {
    await turn();
    seen.push(item);
    if (item < 5) queue.add(String(item + 1), item + 1);
  });
  queue.add("1", 1);
  await queue.drained();
  assert.deepEqual(seen, [1, 2, 3, 4, 5]);
});

test("an error stops the queue, after what runs has ended, and the first error is told", async () => {
  const ended: number[] = [];
  const queue = makeQueue<number>(2, async (item) => {
    await turn();
    if (item === 0) throw new Error("first");
    await turn();
    ended.push(item);
  });
  for (let item = 0; item < 10; item++) queue.add(String(item), item);
  await assert.rejects(queue.drained(), /first/);
  assert.deepEqual(ended, [1]);
});

test("an abort drops what waits and lets what runs end", async () => {
  const stop = new AbortController();
  const ended: number[] = [];
  const queue = makeQueue<number>(
    1,
    async (item) => {
      await turn();
      ended.push(item);
      if (item === 1) stop.abort();
    },
    stop.signal,
  );
  for (let item = 0; item < 5; item++) queue.add(String(item), item);
  await queue.drained();
  assert.deepEqual(ended, [0, 1]);
});

test("an empty queue is drained at once", async () => {
  await makeQueue<number>(1, async () => undefined).drained();
});

test("what waits can be put into another order", async () => {
  const seen: string[] = [];
  const queue = makeQueue<string>(1, async (item) => {
    seen.push(item);
    if (item === "a") queue.reorder((name) => -name.charCodeAt(0));
  });
  for (const name of ["a", "b", "c", "d"]) queue.add(name, name);
  await queue.drained();
  assert.deepEqual(seen, ["a", "d", "c", "b"]);
});
