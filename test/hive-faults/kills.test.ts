/** A real metastore of this test's own, killed and stopped in the middle of what a writer asks of it. */
import test from "node:test";
import { ownMetastore } from "../real/metastore-server.ts";
import { changes, killedRun, stoppedRun } from "./kills.ts";

test("a metastore that is killed in the middle of a change, and one that stops for a while", async (context) => {
  const metastore = await ownMetastore(context);
  if (metastore === undefined) return;
  try {
    for (const [index, change] of changes.entries()) {
      await context.test(`stopped during ${change.what}`, () => stoppedRun(metastore, { change, afterMs: index * 3 }));
    }
    // One before the server's own transaction, the other in it or behind it.
    for (const [index, change] of changes.slice(2).entries()) {
      await context.test(`killed during ${change.what}`, () => killedRun(metastore, { change, afterMs: index * 15 }));
    }
  } finally {
    await metastore.stop();
  }
});
