/** Streams that break at every place, before a model of the server: the result is whole, and nothing stays behind. */
import assert from "node:assert/strict";
import { constants } from "node:http2";
import test, { suite } from "node:test";
import { answerOf, rowsBetween } from "./arrow-rows.ts";
import type { Harm, Moment, Rule } from "./connect-proxy.ts";
import { sparkStatus } from "./fake-spark.ts";
import { assertClear, failureOf, within } from "./outcome.ts";
import { rowsOf, setScene } from "./scene.ts";
import { codes } from "./statuses.ts";

const batches = 4;
/** Schema, progress, batches, and the message that says that this was all. */
const messages = batches + 3;
const expected = rowsBetween(0, batches * 3)
  .map(({ id, name }) => `${id} ${name}`)
  .join("\n");

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_ENHANCE_YOUR_CALM } =
  constants;
const harms: Readonly<Record<string, Harm>> = {
  reset: "reset",
  close: "close",
  goaway: "goaway",
  drain: "drain",
  "RST_STREAM NO_ERROR": { rst: NGHTTP2_NO_ERROR },
  "RST_STREAM INTERNAL_ERROR": { rst: NGHTTP2_INTERNAL_ERROR },
  "RST_STREAM REFUSED_STREAM": { rst: NGHTTP2_REFUSED_STREAM },
  "RST_STREAM CANCEL": { rst: NGHTTP2_CANCEL },
  "RST_STREAM ENHANCE_YOUR_CALM": { rst: NGHTTP2_ENHANCE_YOUR_CALM },
  UNAVAILABLE: { status: { code: codes.unavailable, message: "the pod is leaving" } },
  "RESOURCE_EXHAUSTED with a time": { status: { code: codes.resourceExhausted, message: "later", retryMs: 20 } },
  "INTERNAL, disconnected": { status: sparkStatus("INVALID_CURSOR.DISCONNECTED", "HY109") },
  delay: { delayMs: 30 },
};

const moments: readonly Moment[] = [
  "request",
  "forwarded",
  ...Array.from({ length: messages }, (_, at) => [{ before: at + 1 }, { after: at + 1 }]).flat(),
  "trailers",
];
const nameOf = (at: Moment): string => (typeof at === "string" ? at : Object.entries(at).flat().join(" "));

// What takes time is waiting.
suite("streams that break", { concurrency: 4 }, () => {
  for (const [name, harm] of Object.entries(harms)) {
    test(`${name}, once, at every place of a stream`, async (context) => {
      const { spark, proxy, connect, assertNothingLeft } = await setScene(context);
      const session = await connect();
      for (const at of moments) {
        proxy.reset();
        spark.executions = 0;
        let cuts = 0;
        proxy.rule = ({ rpc }) => (rpc === "ExecutePlan" && cuts++ === 0 ? { at, harm } : undefined);
        assert.equal(await within(10_000, nameOf(at), rowsOf(session)), expected, nameOf(at));
        // Whoever has the last message need not wait for what follows it.
        if (at !== "trailers") assert.equal(proxy.struck, 1, nameOf(at));
        assert.equal(spark.executions, 1, `${nameOf(at)}: nothing is executed twice`);
        await assertNothingLeft();
      }
    });
  }

  test("a command that is cut at every place is carried out once", async (context) => {
    const { spark, proxy, connect, assertNothingLeft } = await setScene(context);
    const session = await connect();
    for (const [name, harm] of Object.entries(harms)) {
      for (const at of [
        "request",
        "forwarded",
        { before: 1 },
        { after: 1 },
        { before: 2 },
        { after: 2 },
        "trailers",
      ] as const) {
        proxy.reset();
        spark.executions = 0;
        proxy.rule = ({ rpc, nth }) => (rpc === "ExecutePlan" && nth === 1 ? { at, harm } : undefined);
        const what = `${name} ${nameOf(at)}`;
        const result = await within(10_000, what, session.sql("INSERT INTO somewhere VALUES (1)"));
        if (at !== "trailers") assert.equal(proxy.struck, 1, what);
        // The command, and what it answers.
        assert.deepEqual([spark.executions, proxy.operations.length], [2, 2], `${what}: carried out once`);
        await result.close();
        await assertNothingLeft();
      }
    }
  });

  test("every stream is cut after each single message", async (context) => {
    const { spark, proxy, connect, assertNothingLeft } = await setScene(context);
    const session = await connect();
    for (const harm of ["reset", "goaway"] as const) {
      proxy.reset();
      proxy.rule = ({ rpc }) =>
        rpc === "ExecutePlan" || rpc === "ReattachExecute" ? { at: { after: 1 }, harm } : undefined;
      assert.equal(await within(20_000, harm, rowsOf(session)), expected);
      assert.ok(proxy.struck >= messages, `${proxy.struck} cuts`);
      await assertNothingLeft();
    }
    assert.equal(spark.executions, 2);
  });

  test("the server ends streams early, after every number of messages", async (context) => {
    const { spark, proxy, connect, assertNothingLeft } = await setScene(context);
    const session = await connect();
    for (let most = 1; most <= messages; most++) {
      spark.streamMessagesMax = most;
      proxy.reset();
      assert.equal(await within(10_000, `${most}`, rowsOf(session)), expected);
      const streams = (proxy.counts.get("ReattachExecute") ?? 0) + 1;
      assert.equal(streams, Math.ceil(messages / most));
      await assertNothingLeft();
    }
  });

  test("a thousand streams of one message each", async (context) => {
    const { spark, connect, assertNothingLeft } = await setScene(context);
    spark.script = () => ({ bodies: answerOf(998) });
    spark.streamMessagesMax = 1;
    const session = await connect();
    const text = await within(60_000, "a thousand streams", rowsOf(session));
    assert.equal(text.split("\n").length, 998 * 3);
    await assertNothingLeft();
  });

  test("releases, interrupts and the rest are lost: the result is the same", async (context) => {
    const { proxy, connect } = await setScene(context);
    const session = await connect();
    for (const at of ["request", "forwarded"] as const) {
      proxy.reset();
      proxy.rule = ({ rpc }) => (rpc === "ReleaseExecute" || rpc === "Interrupt" ? { at, harm: "stall" } : undefined);
      assert.equal(await within(5_000, at, rowsOf(session)), expected);
    }
  });

  test("releases that are lost once are sent again", async (context) => {
    const { proxy, connect, assertNothingLeft } = await setScene(context);
    const session = await connect();
    for (const harm of ["reset", { status: { code: codes.unavailable, message: "busy" } }] as const) {
      for (const at of ["request", "forwarded"] as const) {
        proxy.reset();
        const seen = new Set<string | undefined>();
        proxy.rule = ({ rpc, operationId }) => {
          if (rpc !== "ReleaseExecute" || seen.has(operationId)) return undefined;
          seen.add(operationId);
          return { at, harm };
        };
        assert.equal(await rowsOf(session), expected);
        await assertNothingLeft();
      }
    }
  });

  test("an execution that the server does not hear of four times is sent a fifth time", async (context) => {
    const { spark, proxy, connect, assertNothingLeft } = await setScene(context);
    const session = await connect();
    for (const harm of ["reset", { status: { code: codes.unavailable, message: "busy", retryMs: 1 } }] as const) {
      proxy.reset();
      spark.executions = 0;
      const rule: Rule = ({ rpc, nth }) => (rpc === "ExecutePlan" && nth <= 4 ? { at: "request", harm } : undefined);
      proxy.rule = rule;
      // Waits grow four times each time.
      assert.equal(await within(120_000, JSON.stringify(harm), rowsOf(session)), expected);
      assert.equal(spark.executions, 1);
      await assertNothingLeft();
    }
  });

  test("a server that stays away is given up after the time that was set", async (context) => {
    const { proxy, connect } = await setScene(context);
    const session = await connect({ retryMsMax: 600 });
    for (const at of ["request", "forwarded", { before: 1 }] as const) {
      proxy.reset();
      proxy.rule = () => ({ at, harm: "reset" });
      const began = performance.now();
      const failure = await within(10_000, nameOf(at), failureOf(rowsOf(session)));
      assertClear(failure, ["unavailable"]);
      const tookMs = performance.now() - began;
      assert.ok(tookMs > 500 && tookMs < 7_000, `${tookMs} ms`);
    }
  });

  test("an operation that vanishes after its first response is an error, not a second execution", async (context) => {
    const { spark, proxy, connect } = await setScene(context);
    const session = await connect();
    proxy.rule = ({ rpc, nth }) => {
      if (rpc === "ReattachExecute") spark.operations.clear();
      return rpc === "ExecutePlan" && nth === 1 ? { at: { after: 3 }, harm: "reset" } : undefined;
    };
    const failure = await within(10_000, "a lost operation", failureOf(rowsOf(session)));
    assertClear(failure, ["unavailable", "conflict"]);
    assert.equal(spark.executions, 1);
  });

  test("a server that was restarted between two streams: the session is gone, and nothing runs twice", async (context) => {
    for (const at of ["forwarded", { after: 2 }, "trailers"] as const) {
      const { spark, proxy, connect } = await setScene(context);
      const session = await connect();
      proxy.rule = ({ rpc, nth }) => {
        if (rpc === "ReattachExecute" && nth === 1) spark.restart();
        return rpc === "ExecutePlan" && nth === 1 ? { at, harm: "reset" } : undefined;
      };
      const run = rowsOf(session);
      // At the end everything had arrived, so that it may have been a success.
      const outcome = await within(
        10_000,
        nameOf(at),
        at === "trailers" ? run.catch((error: unknown) => error) : failureOf(run),
      );
      if (outcome !== expected) assertClear(await failureOf(Promise.reject(outcome)), ["conflict"]);
      assert.equal(spark.executions, 1);
      assertClear(await failureOf(rowsOf(session)), ["conflict"]);
    }
  });
});
