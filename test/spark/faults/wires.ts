/** Connections that end after any number of bytes, in the middle of whatever the server was saying. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { connect } from "../../../src/spark-connect/session.ts";
import { answerOf, rowsBetween } from "./arrow-rows.ts";
import { startFakeSpark } from "./fake-spark.ts";
import { within } from "./outcome.ts";
import { rowsOf, userId } from "./scene.ts";
import { startWire, type Wire } from "./wire.ts";

const batches = 12;

export async function setWire(context: TestContext) {
  const { spark, server } = await startFakeSpark();
  spark.script = () => ({ bodies: answerOf(batches) });
  const wire = await startWire({ host: "127.0.0.1", port: server.port });
  context.after(async () => {
    await wire.stop();
    await server.stop();
    assert.deepEqual(server.mistakes, []);
  });
  const url = `sc://127.0.0.1:${wire.port}`;
  return { spark, wire, url };
}

export const expected = rowsBetween(0, batches * 3)
  .map(({ id, name }) => `${id} ${name}`)
  .join("\n");

/** Bytes that a session with one query is answered, without its end. */
async function bytesOfOne(wire: Wire, url: string): Promise<number> {
  const before = wire.answered;
  const session = await connect(url, { userId });
  await rowsOf(session);
  const bytes = wire.answered - before;
  await session.close();
  return bytes;
}

/** Every `step`-th byte in turn is the last of each of the first connections; the next ones hold. */
export async function cutBytes(context: TestContext, step: number, connectionsCut: number): Promise<void> {
  const { spark, wire, url } = await setWire(context);
  const whole = await bytesOfOne(wire, url);
  let cuts = 0;
  for (let bytes = 1; bytes < whole; bytes += step) {
    spark.executions = 0;
    wire.cut = { afterBytes: bytes, connections: connectionsCut };
    const run = async (): Promise<string> => {
      const session = await connect(url, { userId, retryMsMax: 20_000 });
      try {
        return await rowsOf(session);
      } finally {
        await session.close();
      }
    };
    assert.equal(await within(30_000, `cut after ${bytes} bytes`, run()), expected, `cut after ${bytes} bytes`);
    assert.equal(spark.executions, 1, `cut after ${bytes} bytes: executed once`);
    // What is left to be sent after a cut may be too little for the next one.
    cuts += connectionsCut - wire.cut.connections;
  }
  assert.ok(cuts > whole / step / 2, `${cuts} cuts`);
  context.diagnostic(`${whole} bytes, ${cuts} cuts`);
}
