/** A sample of what `cuts.deep.test.ts` does in full, on a real server. */
import assert from "node:assert/strict";
import test from "node:test";
import { sparkServer } from "../../real/spark-server.ts";
import { cutCommands, cutQueries, cutRepeatedly } from "./cuts.ts";

test("a query that is cut here and there: the same rows, and nothing is left", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  let turn = 0;
  // Other moments for every harm, so that together they go over all of the stream.
  const { runs, struck } = await cutQueries(context, server.url, (all) => {
    const step = Math.ceil(all.length / 5);
    const from = turn++ % step;
    return all.filter((_, at) => at % step === from);
  });
  assert.ok(struck > runs / 2, `${struck} of ${runs}`);
});

test("a query whose every stream is cut", async (context) => {
  const server = await sparkServer(context);
  if (server !== undefined) await cutRepeatedly(context, server.url, [4]);
});

test("commands that are cut are carried out once", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const moments = ["request", "forwarded", { after: 1 }, "trailers"] as const;
  const { runs, struck } = await cutCommands(context, server.url, moments, ["reset", "UNAVAILABLE"]);
  assert.ok(struck > runs / 2, `${struck} of ${runs}`);
});
