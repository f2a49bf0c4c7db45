/** Whoever asks to stop is obeyed within two seconds, wherever the client stands, and the server has nothing left to do. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Session } from "../../../src/spark-connect/contract.ts";
import { answerOf } from "./arrow-rows.ts";
import type { Rule } from "./connect-proxy.ts";
import { assertClear, failureOf, reached, within } from "./outcome.ts";
import { queryOf, rowsOf, type Scene, setScene } from "./scene.ts";
import { codes } from "./statuses.ts";

const stopMsMax = 2_000;

/** Aborts once `isReached` says so, and expects the end of the work in time. */
async function stopped(work: (signal: AbortSignal) => Promise<unknown>, isReached: () => boolean): Promise<void> {
  const stop = new AbortController();
  const ended = failureOf(work(stop.signal));
  await reached(5_000, "the moment", isReached);
  // Past the moment, not on its edge.
  await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort();
  assertClear(await within(stopMsMax, "a cancelled call", ended), ["cancelled"]);
}

const moments: Readonly<Record<string, { readonly rule: Rule; readonly at: (scene: Scene) => boolean }>> = {
  "before the server hears of it": {
    rule: ({ rpc }) => (rpc === "ExecutePlan" ? { at: "request", harm: "stall" } : undefined),
    at: ({ proxy }) => proxy.struck === 1,
  },
  "before the first message": {
    rule: ({ rpc }) => (rpc === "ExecutePlan" ? { at: { before: 1 }, harm: "stall" } : undefined),
    at: ({ proxy }) => proxy.struck === 1,
  },
  "in the middle of the rows": {
    rule: ({ rpc }) => (rpc === "ExecutePlan" ? { at: { after: 4 }, harm: "stall" } : undefined),
    at: ({ proxy }) => proxy.struck === 1,
  },
  "while the server works": {
    rule: () => undefined,
    at: ({ proxy }) => [...proxy.passed.values()].some((n) => n >= 6),
  },
  "while it waits to try again": {
    rule: ({ rpc }) => {
      const status = { code: codes.unavailable, message: "in a minute", retryMs: 60_000 };
      return rpc === "ExecutePlan" ? { at: { after: 3 }, harm: { status } } : undefined;
    },
    at: ({ proxy }) => proxy.struck === 1,
  },
  "while it takes the stream up again": {
    rule: ({ rpc }) => {
      if (rpc === "ExecutePlan") return { at: { after: 3 }, harm: "reset" };
      return rpc === "ReattachExecute" ? { at: "request", harm: "stall" } : undefined;
    },
    at: ({ proxy }) => proxy.struck === 2,
  },
  "in the second stream": {
    rule: ({ rpc }) => {
      if (rpc === "ExecutePlan") return { at: { after: 3 }, harm: "reset" };
      return rpc === "ReattachExecute" ? { at: { after: 1 }, harm: "stall" } : undefined;
    },
    at: ({ proxy }) => proxy.struck === 2,
  },
};

for (const [name, { rule, at }] of Object.entries(moments)) {
  test(`a query is stopped ${name}`, async (context) => {
    const scene = await setScene(context);
    scene.spark.script = () => ({ bodies: answerOf(4), end: "hang" });
    const session = await scene.connect();
    scene.proxy.rule = rule;
    await stopped(
      (signal) => rowsOf(session, "SELECT 1", { signal }),
      () => at(scene),
    );
    await scene.assertNothingLeft();
    assert.deepEqual(await session.interrupt(), [], "nothing runs");
  });
}

test("connecting is stopped while nothing is answered", async (context) => {
  const { proxy, connect } = await setScene(context);
  for (const at of ["request", "forwarded", { before: 1 }] as const) {
    proxy.reset();
    proxy.rule = () => ({ at, harm: "stall" });
    await stopped(
      (signal) => connect({ signal }),
      () => proxy.struck === 1,
    );
  }
});

const calls: Readonly<Record<string, (session: Session, signal: AbortSignal) => Promise<unknown>>> = {
  schema: (session, signal) => session.schema(queryOf("SELECT 1"), { signal }),
  explain: (session, signal) => session.explain(queryOf("SELECT 1"), "simple", { signal }),
  "config.get": (session, signal) => session.config.get("a", { signal }),
  "config.set": (session, signal) => session.config.set({ a: "b" }, { signal }),
  createView: (session, signal) => session.createView("v", queryOf("SELECT 1"), { signal }),
  addArtifacts: (session, signal) =>
    session.addArtifacts([{ name: "files/x", data: new Uint8Array(100_000) }], { signal }),
};

for (const [name, call] of Object.entries(calls)) {
  test(`${name} is stopped while nothing is answered, and the session lives on`, async (context) => {
    const { proxy, connect } = await setScene(context);
    const session = await connect();
    proxy.rule = () => ({ at: "request", harm: "stall" });
    await stopped(
      (signal) => call(session, signal),
      () => proxy.struck === 1,
    );
    proxy.reset();
    assert.notEqual(await rowsOf(session), "");
  });
}

test("a signal that was aborted before is obeyed without a call", async (context) => {
  const { proxy, connect } = await setScene(context);
  const session = await connect();
  proxy.reset();
  for (const call of Object.values(calls)) {
    assertClear(await failureOf(call(session, AbortSignal.abort())), ["cancelled"]);
  }
  assertClear(await failureOf(rowsOf(session, "SELECT 1", { signal: AbortSignal.abort() })), ["cancelled"]);
  assertClear(await failureOf(connect({ signal: AbortSignal.abort() })), ["cancelled"]);
  assert.deepEqual([...proxy.counts], []);
});

test("a reader who leaves early, or never begins, leaves nothing on the server", async (context) => {
  const { spark, connect, assertNothingLeft } = await setScene(context);
  spark.script = () => ({ bodies: answerOf(200) });
  const session = await connect();
  const left = await session.execute(queryOf("SELECT 1"));
  for await (const row of left.rows()) if (row[0] === 7n) break;
  await assertNothingLeft();
  const closed = await session.execute(queryOf("SELECT 1"));
  await within(stopMsMax, "close", closed.close());
  await assertNothingLeft();
  const thrown = await session.execute(queryOf("SELECT 1"));
  await assert.rejects(async () => {
    for await (const _ of thrown.batches()) throw new Error("the reader's own");
  }, /the reader's own/);
  await assertNothingLeft();
});

test("readers who leave large results early, one after the other over one connection", async (context) => {
  const { spark, connect, assertNothingLeft } = await setScene(context);
  const bodies = answerOf(6, 20_000);
  spark.script = () => ({ bodies });
  const session = await connect();
  for (let times = 0; times < 20; times++) {
    const result = await within(20_000, `result ${times}`, session.execute(queryOf("SELECT 1")));
    for await (const rows of result.batches()) {
      assert.equal(rows.length, 20_000);
      break;
    }
  }
  await assertNothingLeft();
});

test("a session that is closed in the middle ends its readers, its operations and its connection", async (context) => {
  const { spark, proxy, connect } = await setScene(context);
  spark.script = () => ({ bodies: answerOf(4), end: "hang" });
  const session = await connect();
  const running = [1, 2, 3].map(() => failureOf(rowsOf(session)));
  await reached(5_000, "three streams", () => [...proxy.passed.values()].reduce((sum, n) => sum + n, 0) === 18);
  await within(stopMsMax, "close", session.close());
  for (const failure of await within(stopMsMax, "readers", Promise.all(running))) assertClear(failure, ["cancelled"]);
  assert.equal(spark.operations.size, 0);
  assert.equal(spark.releasedSessions, 1);
  await session.close();
  assert.equal(spark.releasedSessions, 1);
  assertClear(await failureOf(rowsOf(session)), ["usage", "cancelled"]);
});

test("closing a session whose server is silent takes bounded time", async (context) => {
  const { spark, proxy, connect } = await setScene(context);
  spark.script = () => ({ bodies: answerOf(4), end: "hang" });
  const session = await connect();
  const running = failureOf(rowsOf(session));
  await reached(5_000, "a stream", () => [...proxy.passed.values()].some((n) => n === 6));
  proxy.rule = () => ({ at: "request", harm: "stall" });
  await within(12_000, "close", session.close());
  assertClear(await within(stopMsMax, "the reader", running), ["cancelled"]);
});
