/** What only a server of its own can be asked for: small limits, a token, huge messages, sudden death. */
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { connect } from "../../../src/spark-connect/session.ts";
import { makeChain } from "../../contract/certificate.ts";
import { startSparkServer } from "../../real/spark-server.ts";
import { startConnectProxy } from "./connect-proxy.ts";
import { manyMessages } from "./cuts.ts";
import { assertClear, failureOf, reached, within } from "./outcome.ts";
import { setRealScene } from "./real-scene.ts";
import { queryOf, rowsOf, userId } from "./scene.ts";

const small = { "spark.sql.execution.arrow.maxRecordsPerBatch": "50" };
/** Eighty rows in two tasks, a tenth of a second each: four seconds. */
const slow = "SELECT id, java_method('java.lang.Thread', 'sleep', 100L) AS nothing FROM range(0, 80, 1, 2)";
const slowRows = Array.from({ length: 80 }, (_, at) => `${at} null`).join("\n");

test("streams that the server ends after a second, or after some kilobytes", async (context) => {
  const server = await startSparkServer(context, {
    conf: {
      "spark.connect.execute.reattachable.senderMaxStreamDuration": "1s",
      "spark.connect.execute.reattachable.senderMaxStreamSize": "8k",
    },
  });
  if (server === undefined) return;
  context.after(() => server.stop());
  const scene = await setRealScene(context, server.url);
  const { proxy } = scene;
  const session = await scene.connect({ settings: small });
  await rowsOf(session, "SELECT 1");

  await context.test("a result of many messages comes in many streams", async () => {
    proxy.reset();
    const text = await within(60_000, "many streams", rowsOf(session, manyMessages));
    assert.equal(text.split("\n").length, 1600);
    assert.equal(new Set(text.split("\n")).size, 1600);
    assert.ok((proxy.counts.get("ReattachExecute") ?? 0) >= 8, `${proxy.counts.get("ReattachExecute")} streams`);
    await scene.assertNothingLeft(session);
  });
  await context.test("a query that works for longer than a stream may last", async () => {
    proxy.reset();
    assert.equal(await within(60_000, "a slow query", rowsOf(session, slow)), slowRows);
    assert.ok((proxy.counts.get("ReattachExecute") ?? 0) >= 2, `${proxy.counts.get("ReattachExecute")} streams`);
    await scene.assertNothingLeft(session);
  });
  await context.test("a stream that is stalled for longer than the server lets it last", async () => {
    for (const at of [{ before: 1 }, { after: 3 }, { before: 9 }]) {
      proxy.reset();
      proxy.rule = ({ rpc, nth }) =>
        rpc === "ExecutePlan" && nth === 1 ? { at, harm: { delayMs: 3_000 } } : undefined;
      const text = await within(60_000, "a stalled stream", rowsOf(session, manyMessages));
      assert.equal(new Set(text.split("\n")).size, 1600);
      await scene.assertNothingLeft(session);
    }
  });
  await context.test("a reader who takes longer than that", async () => {
    proxy.reset();
    const result = await session.execute(queryOf(manyMessages));
    let rows = 0;
    for await (const batch of result.batches()) {
      if (rows % 400 === 0) await pause(1_500);
      rows += batch.length;
    }
    assert.equal(rows, 1600);
    await scene.assertNothingLeft(session);
  });
});

test("a message of more than 128 MiB", async (context) => {
  const server = await startSparkServer(context, { memory: "3g" });
  if (server === undefined) return;
  context.after(() => server.stop());
  const mib = 1 << 20;
  const scene = await setRealScene(context, server.url);
  const huge = (size: number): string => `SELECT repeat('x', ${size}) AS text`;
  const session = await scene.connect();
  const fits = await session.execute(queryOf(huge(120 * mib)));
  for await (const [text] of fits.rows()) assert.equal(String(text).length, 120 * mib);
  const failure = await within(120_000, "a huge row", failureOf(rowsOf(session, huge(130 * mib))));
  assertClear(failure, ["denied", "application"]);
  assert.match(`${failure.message} ${failure.detail.remedy}`, /grpc_max_message_size/);
  await scene.assertNothingLeft(session);
  assert.notEqual(await rowsOf(session, "SELECT 1"), "", "the session lives on");
  const larger = await scene.connect({ messageBytesMax: 200 * mib });
  const result = await larger.execute(queryOf(huge(130 * mib)));
  for await (const [text] of result.rows()) assert.equal(String(text).length, 130 * mib);
});

test("a token, right and wrong and absent, plainly on the loopback and behind TLS", async (context) => {
  const token = "the-token-of-this-test";
  const server = await startSparkServer(context, { environment: { SPARK_CONNECT_AUTHENTICATE_TOKEN: token } });
  if (server === undefined) return;
  const { key, cert, authority } = makeChain();
  const proxy = await startConnectProxy(server.url, { tls: { key, cert } });
  context.after(async () => {
    await proxy.stop();
    await server.stop();
  });
  for (const [url, options] of [
    [server.url, {}],
    [proxy.url, { ca: authority }],
  ] as const) {
    const session = await connect(url, { ...options, userId, token });
    assert.notEqual(await rowsOf(session, "SELECT 1"), "");
    await session.close();
    for (const wrong of [{}, { token: "another" }]) {
      const failure = await within(8_000, url, failureOf(connect(url, { ...options, userId, ...wrong })));
      assertClear(failure, ["denied"]);
      assert.match(failure.detail.remedy ?? "", /token/);
      assert.doesNotMatch(failure.message, /the-token/);
    }
  }
});

test("a server that dies in the middle of a query", async (context) => {
  const first = await startSparkServer(context);
  if (first === undefined) return;
  context.after(() => first.stop());
  const scene = await setRealScene(context, first.url);
  const { proxy } = scene;
  const session = await scene.connect({ settings: { "spark.sql.execution.arrow.maxRecordsPerBatch": "2" } });
  const impatient = await scene.connect({ retryMsMax: 3_000 });
  const idle = await scene.connect();
  await rowsOf(session, "SELECT 1");
  const second = await startSparkServer(context);
  if (second === undefined) return;
  context.after(() => second.stop());

  proxy.reset();
  const commands = `${scene.directory}/written`;
  const running = failureOf(rowsOf(session, slow));
  const impatiently = failureOf(rowsOf(impatient, slow));
  const writing = failureOf(
    session.write(queryOf(slow), { format: "parquet", to: { path: commands }, mode: "append" }),
  );
  const isOnItsWay = () => (proxy.passed.get(proxy.operations[0] ?? "") ?? 0) >= 5 && proxy.operations.length === 3;
  await reached(30_000, "three executions", isOnItsWay);
  process.kill(first.pid, "SIGKILL");
  const lost = await within(15_000, "a server that stays away", impatiently);
  assertClear(lost, ["unavailable"]);

  // Another server answers at the same address: its sessions are others.
  proxy.target = second.url;
  assertClear(await within(90_000, "a query on a restarted server", running), ["conflict"]);
  assertClear(await within(90_000, "a command on a restarted server", writing), ["conflict"]);
  assertClear(await within(90_000, "a session that had been idle", failureOf(rowsOf(idle, "SELECT 1"))), ["conflict"]);
  assertClear(await within(5_000, "the session from now on", failureOf(rowsOf(session, "SELECT 1"))), ["conflict"]);

  const again = await scene.connect();
  assert.notEqual(await within(60_000, "a new session", rowsOf(again, "SELECT 1")), "");
  await within(15_000, "closing what is gone", Promise.all([session.close(), impatient.close(), idle.close()]));
});
