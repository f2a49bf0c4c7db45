/** Every harm before and after every message of a stream, on a real server. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Moment } from "./connect-proxy.ts";
import { cutCommands, cutQueries, cutRepeatedly, harms } from "./cuts.ts";

test("a query that is cut before and after every message: the same rows, and nothing is left", async (context) => {
  const counted = await cutQueries(context, (all) => all);
  if (counted !== undefined) assert.ok(counted.struck > counted.runs * 0.8, `${counted.struck} of ${counted.runs}`);
});

test("messages of some megabytes: what is under way is more than the server keeps for the reader", async (context) => {
  const wide = "SELECT id, repeat(sha2(CAST(id AS STRING), 256), 1000) AS text FROM range(0, 1600, 1, 4)";
  await cutQueries(context, (all) => all.filter((_, at) => at % 6 === 3), wide);
});

test("a query whose every stream is cut after one, two, three messages and more", (context) =>
  cutRepeatedly(context, [1, 2, 3, 5, 8, 13]));

test("commands that are cut anywhere are carried out once", async (context) => {
  const places = Array.from({ length: 6 }, (_, at) => [{ before: at + 1 }, { after: at + 1 }] as const).flat();
  const moments: readonly Moment[] = ["request", "forwarded", ...places, "trailers"];
  await cutCommands(context, moments, Object.keys(harms));
});
