/** Connections cut after every seventh byte, and one that goes dead without a word. */
import assert from "node:assert/strict";
import test from "node:test";
import { connect } from "../../../src/spark-connect/session.ts";
import { answerOf } from "./arrow-rows.ts";
import { reached, within } from "./outcome.ts";
import { rowsOf, userId } from "./scene.ts";
import { cutBytes, setWire } from "./wires.ts";

test("a connection that ends after any number of bytes", (context) => cutBytes(context, 7, 1));
test("four connections in a row that do", (context) => cutBytes(context, 97, 4));

/** A ping a minute, and a quarter of a minute for its answer. */
const deadMsMax = 90_000;

test("a connection that goes dead in the middle of rows is found out and replaced", async (context) => {
  const { spark, wire, url } = await setWire(context);
  // The server goes on working, so that nothing would come for long.
  spark.script = () => ({ bodies: answerOf(2), end: "hang" });
  const session = await connect(url, { userId });
  const running = rowsOf(session);
  await reached(5_000, "the server works", () => [...spark.operations.values()].some(({ attached }) => attached === 1));
  wire.die();
  wire.revive();
  await within(
    deadMsMax,
    "a second stream",
    reached(deadMsMax, "a second stream", () => [...spark.operations.values()].some(({ attached }) => attached === 2)),
  );
  assert.equal((await session.interrupt()).length, 1);
  await assert.rejects(running, /OPERATION_CANCELED/);
  await session.close();
});
