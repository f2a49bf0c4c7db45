/** A server that demands a token. It has one of its own, since the shared one has none. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { connect, SparkError } from "../../src/spark.ts";
import { startSparkServer } from "../real/spark-server.ts";

test("a server that demands a token serves who has it, and tells others what is missing", async (context) => {
  const token = randomBytes(12).toString("hex");
  const server = await startSparkServer(context, { environment: { SPARK_CONNECT_AUTHENTICATE_TOKEN: token } });
  if (server === undefined) return;
  context.after(() => server.stop());
  for (const open of [() => connect(`${server.url}/;token=${token}`), () => connect(server.url, { token })]) {
    const session = await open();
    assert.deepEqual(await (await session.sql("SELECT 1 AS a")).collect(), [{ a: 1 }]);
    await session.close();
  }
  for (const url of [server.url, `${server.url}/;token=${token}x`]) {
    const beganMs = performance.now();
    await assert.rejects(connect(url), (error) => {
      assert.ok(error instanceof SparkError && error.kind === "denied", String(error));
      assert.match(error.detail.remedy ?? "", /token=/);
      assert.ok(!JSON.stringify([error.message, error.detail.remedy]).includes(token));
      return true;
    });
    assert.ok(performance.now() - beganMs < 30_000);
  }
});
