/** The shared server answers; one of a test's own writes to a real S3 server with the committer that is safe there. */
import assert from "node:assert/strict";
import test from "node:test";
import { sparkServer } from "./spark-server.ts";

test("the shared Spark server answers with its version", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  assert.match(server.version, /^4\.\d+\.\d+/);
  assert.equal(await sparkServer(context).then((again) => again?.url), server.url);
});
