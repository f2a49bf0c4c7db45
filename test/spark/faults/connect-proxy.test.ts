/** The proxy does to a client of the generated service, before a model of the server, what it says. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { constants } from "node:http2";
import test, { type TestContext } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { startConnectProxy } from "./connect-proxy.ts";
import { startFakeSpark } from "./fake-spark.ts";
import { clientAt, leftovers } from "./judge.ts";
import { codes } from "./statuses.ts";
import { startWire } from "./wire.ts";

const who = { sessionId: randomUUID(), userId: "judge" };
const messagesOfAnswer = 7;

async function proxied(context: TestContext) {
  const { spark, server } = await startFakeSpark();
  const proxy = await startConnectProxy(server.url);
  const client = clientAt(proxy.url);
  context.after(async () => {
    await proxy.stop();
    await server.stop();
  });
  const operationId = randomUUID();
  const ids = { sessionId: who.sessionId, userContext: { userId: who.userId }, operationId };
  const execute = () => seen(client.executePlan({ ...ids, plan: { opType: { case: "root", value: {} } } }));
  const reattach = (lastResponseId?: string) =>
    seen(client.reattachExecute(lastResponseId === undefined ? ids : { ...ids, lastResponseId }));
  return { spark, server, proxy, client, ids, operationId, execute, reattach };
}

/** The ids of the messages that arrived, and how the stream ended. */
async function seen(stream: AsyncIterable<{ readonly responseId: string }>) {
  const ids: string[] = [];
  try {
    for await (const { responseId } of stream) ids.push(responseId);
    return { ids, code: undefined, error: undefined };
  } catch (error) {
    const caught = ConnectError.from(error);
    return { ids, code: caught.code, error: caught };
  }
}

test("without a rule everything passes and is counted", async (context) => {
  const { server, proxy, client, ids, operationId, execute, reattach } = await proxied(context);
  const { ids: first, code } = await execute();
  assert.equal(first.length, messagesOfAnswer);
  assert.equal(code, undefined);
  assert.deepEqual((await reattach(first[4])).ids, first.slice(5));
  assert.deepEqual(
    [...proxy.counts],
    [
      ["ExecutePlan", 1],
      ["ReattachExecute", 1],
    ],
  );
  assert.deepEqual(proxy.operations, [operationId]);
  assert.deepEqual([...proxy.passed], [[operationId, messagesOfAnswer + 2]]);
  assert.deepEqual(await leftovers(server.url, who, proxy.operations), [`${operationId} is kept`]);
  await client.releaseExecute({ ...ids, release: { case: "releaseAll", value: {} } });
  assert.deepEqual(await leftovers(server.url, who, proxy.operations), []);
  const { error } = await reattach();
  assert.match(error?.message ?? "", /OPERATION_NOT_FOUND/);
  assert.equal(error?.metadata.has("grpc-status-details-bin"), true);
});

for (const harm of ["reset", "close", "goaway"] as const) {
  test(`${harm}: the connection ends exactly where it should`, async (context) => {
    const { spark, proxy, execute, reattach } = await proxied(context);
    for (let k = 1; k <= messagesOfAnswer; k++) {
      for (const [at, arrived] of [
        [{ before: k }, k - 1],
        [{ after: k }, k],
      ] as const) {
        spark.operations.clear();
        proxy.reset();
        proxy.rule = ({ rpc }) => (rpc === "ExecutePlan" ? { at, harm } : undefined);
        const cut = await execute();
        assert.equal(cut.ids.length, arrived, `${JSON.stringify(at)}: ${cut.error?.message}`);
        assert.notEqual(cut.code, undefined);
        assert.equal(proxy.struck, 1);
        const rest = await reattach(cut.ids.at(-1));
        assert.equal(cut.ids.length + rest.ids.length, messagesOfAnswer);
      }
    }
  });
}

test("cuts before the server hears of it, before it answers and before the end", async (context) => {
  const { spark, proxy, execute } = await proxied(context);
  const ended: [string, number, number][] = [];
  for (const at of ["request", "forwarded", "trailers"] as const) {
    spark.operations.clear();
    spark.executions = 0;
    proxy.rule = () => ({ at, harm: "reset" });
    const { ids, code } = await execute();
    assert.notEqual(code, undefined, at);
    ended.push([at, ids.length, spark.executions]);
  }
  assert.deepEqual(ended, [
    ["request", 0, 0],
    ["forwarded", 0, 1],
    ["trailers", messagesOfAnswer, 1],
  ]);
});

test("a status instead of an answer, and after some of it", async (context) => {
  const { spark, proxy, execute } = await proxied(context);
  const status = { code: codes.unavailable, message: "not now: 100 %", retryMs: 1500 };
  for (const [at, messages] of [
    ["request", 0],
    [{ before: 3 }, 2],
    ["trailers", messagesOfAnswer],
  ] as const) {
    spark.operations.clear();
    proxy.rule = () => ({ at, harm: { status } });
    const { ids, error } = await execute();
    assert.equal(ids.length, messages);
    assert.equal(error?.code, Code.Unavailable);
    assert.equal(error?.rawMessage, status.message);
    assert.match(
      Buffer.from(error?.metadata.get("grpc-status-details-bin") ?? "", "base64").toString(),
      /google\.rpc\.RetryInfo/,
    );
  }
});

test("a stream that is reset, one that is delayed, one that goes on while the server leaves", async (context) => {
  const { spark, proxy, execute } = await proxied(context);
  proxy.rule = () => ({ at: { after: 2 }, harm: { rst: constants.NGHTTP2_REFUSED_STREAM } });
  const refused = await execute();
  assert.deepEqual(refused.ids.length, 2);
  assert.match(refused.error?.message ?? "", /NGHTTP2_REFUSED_STREAM/);
  spark.operations.clear();
  proxy.rule = () => ({ at: { before: 2 }, harm: { delayMs: 30 } });
  const began = performance.now();
  assert.equal((await execute()).ids.length, messagesOfAnswer);
  assert.ok(performance.now() - began >= 29);
  spark.operations.clear();
  proxy.rule = ({ nth }) => (nth === 3 ? { at: { before: 2 }, harm: "drain" } : undefined);
  assert.equal((await execute()).ids.length, messagesOfAnswer);
  spark.operations.clear();
  assert.equal((await execute()).ids.length, messagesOfAnswer);
  assert.equal(proxy.connections, 2);
});

test("a wire is cut after so many bytes, and can go dead", async (context) => {
  const { spark, server } = await startFakeSpark();
  const wire = await startWire({ host: "127.0.0.1", port: server.port });
  context.after(async () => {
    await wire.stop();
    await server.stop();
  });
  const run = (signal?: AbortSignal) => {
    spark.operations.clear();
    const request = { ...who, operationId: randomUUID(), plan: { opType: { case: "root" as const, value: {} } } };
    const stream = clientAt(`sc://127.0.0.1:${wire.port}`).executePlan(request, signal === undefined ? {} : { signal });
    return seen(stream);
  };
  assert.equal((await run()).ids.length, messagesOfAnswer);
  const whole = wire.answered;
  wire.cut = { afterBytes: whole >> 1, connections: 1 };
  const half = await run();
  assert.ok(half.ids.length > 0 && half.ids.length < messagesOfAnswer, `${half.ids.length} messages`);
  assert.equal(wire.answered, whole + (whole >> 1));
  wire.die();
  assert.deepEqual((await run(AbortSignal.timeout(100))).ids, []);
  wire.revive();
  assert.equal((await run()).ids.length, messagesOfAnswer);
});
