/** Stopping what a real server works on: soon for the caller, and the server has nothing of it any more. */
import assert from "node:assert/strict";
import test from "node:test";
import { sparkServer } from "../../real/spark-server.ts";
import type { Rule } from "./connect-proxy.ts";
import { assertClear, failureOf, reached, within } from "./outcome.ts";
import { setRealScene } from "./real-scene.ts";
import { rowsOf } from "./scene.ts";

const stopMsMax = 2_000;
/** A server that others use as well. */
const reachMsMax = 30_000;
/** Rows that take a minute to make, a twentieth of a second each. */
const slow = "SELECT id, java_method('java.lang.Thread', 'sleep', 50L) AS nothing FROM range(0, 2400, 1, 2)";
const settings = {
  "spark.sql.execution.arrow.maxRecordsPerBatch": "2",
  "spark.connect.progress.reportInterval": "100ms",
};

const moments: Readonly<Record<string, { readonly rule: Rule; readonly messages: number; readonly strikes: number }>> =
  {
    "while it works": { rule: () => undefined, messages: 3, strikes: 0 },
    "before the first message": {
      rule: ({ rpc }) => (rpc === "ExecutePlan" ? { at: { before: 1 }, harm: "stall" } : undefined),
      messages: 0,
      strikes: 1,
    },
    "while the stream is taken up again": {
      rule: ({ rpc }) => {
        if (rpc === "ExecutePlan") return { at: { after: 2 }, harm: "reset" };
        return rpc === "ReattachExecute" ? { at: "forwarded", harm: "stall" } : undefined;
      },
      messages: 2,
      strikes: 2,
    },
  };

for (const [name, { rule, messages, strikes }] of Object.entries(moments)) {
  test(`a query is stopped ${name}`, async (context) => {
    const server = await sparkServer(context);
    if (server === undefined) return;
    const scene = await setRealScene(context, server.url);
    const { proxy } = scene;
    const session = await scene.connect({ settings });
    await rowsOf(session, "SELECT 1");
    proxy.reset();
    proxy.rule = rule;
    const stop = new AbortController();
    const ended = failureOf(rowsOf(session, slow, { signal: stop.signal }));
    const passed = () => [...proxy.passed.values()].reduce((sum, n) => sum + n, 0);
    await reached(reachMsMax, name, () => passed() >= messages && proxy.struck >= strikes);
    stop.abort();
    assertClear(await within(stopMsMax, name, ended), ["cancelled"]);
    await scene.assertNothingLeft(session);
    proxy.reset();
    assert.notEqual(await rowsOf(session, "SELECT 1"), "", "the session lives on");
  });
}

test("a session is closed while two queries run", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const scene = await setRealScene(context, server.url);
  const session = await scene.connect({ settings });
  const running = [slow, slow].map((query) => failureOf(rowsOf(session, query)));
  await reached(reachMsMax, "two streams", () => scene.proxy.passed.size === 2);
  await within(2 * stopMsMax, "close", session.close());
  for (const failure of await within(stopMsMax, "readers", Promise.all(running))) assertClear(failure, ["cancelled"]);
  await scene.assertNothingLeft(session);
});

test("interrupting from another call: the reader is told", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const scene = await setRealScene(context, server.url);
  const session = await scene.connect({ settings });
  for (const what of [undefined, { tag: "slow" }]) {
    scene.proxy.reset();
    const ended = failureOf(rowsOf(session, slow, { tags: ["slow"] }));
    await reached(reachMsMax, "a stream", () => scene.proxy.passed.size > 0);
    assert.deepEqual(await session.interrupt({ tag: "another" }), []);
    assert.deepEqual(await session.interrupt(what), scene.proxy.operations);
    assertClear(await within(10_000, "the reader", ended), ["cancelled"], /OPERATION_CANCELED/);
    await scene.assertNothingLeft(session);
  }
});
