/** When a running statement may be interrupted, and what its reader and whoever stops it see of one stream. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { watchArrivals } from "./arrivals.ts";
import { type ExecutePlanResponse, ExecutePlanResponseSchema } from "./gen/spark_connect_pb.ts";

type Result = IteratorResult<ExecutePlanResponse>;

const progress = (numInflightTasks: bigint): ExecutePlanResponse =>
  create(ExecutePlanResponseSchema, { responseType: { case: "executionProgress", value: { numInflightTasks } } });
const rows = create(ExecutePlanResponseSchema, { responseType: { case: "arrowBatch", value: { rowCount: 1n } } });

/** A stream and a clock that go on when the test says so. */
function made() {
  const asked: ((result: Result | Promise<never>) => void)[] = [];
  const sleeps: { readonly until: number; end(): void }[] = [];
  let nowMs = 0;
  const responses: AsyncIterator<ExecutePlanResponse> = { next: () => new Promise((resolve) => asked.push(resolve)) };
  const arrivals = watchArrivals({
    nowMs: () => nowMs,
    random: () => 0.5,
    sleep: (ms) => new Promise((resolve) => sleeps.push({ until: nowMs + ms, end: resolve })),
  });
  const send = async (value: ExecutePlanResponse): Promise<void> => {
    asked.shift()?.({ done: false, value });
    await turn();
  };
  const passMs = async (ms: number): Promise<void> => {
    nowMs += ms;
    for (const sleep of sleeps) if (sleep.until <= nowMs) sleep.end();
    await turn();
  };
  /** Answers whether it may be interrupted yet. */
  const stopping = (): (() => boolean) => {
    let isOver = false;
    arrivals.untilStoppable(responses).then(() => {
      isOver = true;
    });
    return () => isOver;
  };
  /** Lets the reader take a response. */
  const read = async (value: ExecutePlanResponse): Promise<void> => {
    const reading = arrivals.next(responses);
    await send(value);
    assert.equal((await reading)?.value, value);
  };
  return { arrivals, responses, asked, send, read, passMs, stopping };
}

test("without tasks it waits until there are some for a while, through news that there are none", async () => {
  const { send, passMs, stopping } = made();
  const isStoppable = stopping();
  await send(progress(0n));
  await passMs(2000);
  assert.equal(isStoppable(), false);
  await send(progress(2n));
  await passMs(599);
  assert.equal(isStoppable(), false);
  await passMs(1);
  assert.equal(isStoppable(), true);
});

test("tasks that have run for a while are asked after once more, and no longer than news would take", async () => {
  const { read, passMs, stopping } = made();
  await read(progress(2n));
  await passMs(5000);
  const isStoppable = stopping();
  await passMs(299);
  assert.equal(isStoppable(), false);
  await passMs(1);
  assert.equal(isStoppable(), true);
});

test("news that they still run is enough, and news that they ended begins the wait for the next ones", async () => {
  const still = made();
  await still.read(progress(2n));
  await still.passMs(5000);
  const isStillStoppable = still.stopping();
  await still.send(progress(1n));
  assert.equal(isStillStoppable(), true);

  const ended = made();
  await ended.read(progress(2n));
  await ended.passMs(5000);
  const isStoppable = ended.stopping();
  await ended.send(progress(0n));
  await ended.passMs(1000);
  assert.equal(isStoppable(), false);
  await ended.send(progress(1n));
  await ended.send(progress(2n));
  assert.equal(isStoppable(), false);
  await ended.passMs(600);
  assert.equal(isStoppable(), true);
});

test("rows are of the last job, also when none of its tasks runs any more", async () => {
  const { send, stopping } = made();
  const isStoppable = stopping();
  await send(rows);
  assert.equal(isStoppable(), true);

  const ended = made();
  await ended.read(rows);
  await ended.read(progress(0n));
  const isEndStoppable = ended.stopping();
  await turn();
  assert.equal(isEndStoppable(), true);
});

test("a statement that never has tasks, a stream that ends and one that breaks are not waited for", async () => {
  const late = made();
  const isLate = late.stopping();
  await late.passMs(7999);
  assert.equal(isLate(), false);
  await late.passMs(1);
  assert.equal(isLate(), true);

  const ended = made();
  const hasEnded = ended.stopping();
  ended.asked.shift()?.({ done: true, value: undefined });
  await turn();
  assert.equal(hasEnded(), true);

  const broken = made();
  const isBroken = broken.stopping();
  broken.asked.shift()?.(Promise.reject(new Error("reset")));
  await turn();
  assert.equal(isBroken(), true);
});

test("a reader who is told to stop waiting leaves what arrives then to whoever stops the statement", async () => {
  const { arrivals, responses, asked, send, stopping } = made();
  const reading = arrivals.next(responses);
  arrivals.endWaiting();
  assert.equal(await reading, undefined);
  const isStoppable = stopping();
  assert.equal(asked.length, 1);
  await send(rows);
  assert.equal(isStoppable(), true);
});
