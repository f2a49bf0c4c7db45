/** A sample of what `cuts.deep.test.ts` does in full, on a real server. */
import assert from "node:assert/strict";
import test from "node:test";
import { cutCommands, cutQueries, cutRepeatedly, harms } from "./cuts.ts";

test("a query that is cut here and there: the same rows, and nothing is left", async (context) => {
  let turn = 0;
  // Other moments for every harm, so that together they go over all of the stream.
  const counted = await cutQueries(context, (all) => {
    const step = Math.ceil(all.length / 5);
    const from = turn++ % step;
    return all.filter((_, at) => at % step === from);
  });
  if (counted !== undefined) assert.ok(counted.struck > counted.runs / 2, `${counted.struck} of ${counted.runs}`);
});

test("a query whose every stream is cut", (context) => cutRepeatedly(context, [4]));

test("commands that are cut are carried out once", async (context) => {
  const counted = await cutCommands(
    context,
    ["request", "forwarded", { after: 1 }, "trailers"],
    ["reset", "UNAVAILABLE"],
  );
  if (counted !== undefined) assert.ok(counted.struck > counted.runs / 2, `${counted.struck} of ${counted.runs}`);
  assert.ok(Object.keys(harms).length > 2);
});
