/** Every harm before and after every message of a stream, on a real server. */
import assert from "node:assert/strict";
import test from "node:test";
import { sparkServer } from "../../real/spark-server.ts";
import type { Moment } from "./connect-proxy.ts";
import { cutCommands, cutQueries, cutRepeatedly, harms } from "./cuts.ts";

test("a query that is cut before and after every message: the same rows, and nothing is left", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const { runs, struck } = await cutQueries(context, server.url, (all) => all);
  assert.ok(struck > runs * 0.8, `${struck} of ${runs}`);
});

test("messages of some megabytes: what is under way is more than the server keeps for the reader", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const wide = "SELECT id, repeat(sha2(CAST(id AS STRING), 256), 1000) AS text FROM range(0, 1600, 1, 4)";
  await cutQueries(context, server.url, (all) => all.filter((_, at) => at % 6 === 3), wide);
});

test("a query whose every stream is cut after one, two, three messages and more", async (context) => {
  const server = await sparkServer(context);
  if (server !== undefined) await cutRepeatedly(context, server.url, [1, 2, 3, 5, 8, 13]);
});

test("commands that are cut anywhere are carried out once", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const places = Array.from({ length: 6 }, (_, at) => [{ before: at + 1 }, { after: at + 1 }] as const).flat();
  const moments: readonly Moment[] = ["request", "forwarded", ...places, "trailers"];
  await cutCommands(context, server.url, moments, Object.keys(harms));
});
