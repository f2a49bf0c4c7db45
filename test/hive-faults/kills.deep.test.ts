/** A real metastore killed and stopped at many moments of every change that a writer asks for. */
import test from "node:test";
import { ownMetastore } from "../real/metastore-server.ts";
import { changes, killedRun, stoppedRun } from "./kills.ts";

const momentsMs = [0, 5, 15, 40];

test("a metastore that is killed or stopped at any moment of a change", async (context) => {
  const metastore = await ownMetastore(context);
  if (metastore === undefined) return;
  try {
    for (const change of changes) {
      for (const afterMs of momentsMs) {
        const moment = { change, afterMs };
        await context.test(`stopped ${afterMs} ms after ${change.what} began`, () => stoppedRun(metastore, moment));
        await context.test(`killed ${afterMs} ms after ${change.what} began`, () => killedRun(metastore, moment));
      }
    }
  } finally {
    await metastore.stop();
  }
});
