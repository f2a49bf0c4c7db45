/** A store that says "done" and has kept nothing: the writer looks once more before anybody is sent there. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import type { Storage } from "../../src/storage/contract.ts";
import { workOf } from "./matrix-run.ts";
import { catalogFaults, makeSmallLake, stateOf } from "./small-lake.ts";

/** Acknowledges a mart's part without keeping it, or with only half of it. */
function liar(keep: "nothing" | "half"): (place: string, storage: Storage) => Storage {
  return (place, storage) => ({
    ...storage,
    async put(key, body, options) {
      if (place !== "marts" || !key.includes("/part-") || body instanceof Uint8Array)
        return storage.put(key, body, options);
      const bytes = readFileSync(body.file);
      const half = keep === "half" ? await storage.put(key, bytes.subarray(0, bytes.length >> 1), options) : undefined;
      return { key, token: half?.token ?? "none", modifiedMs: half?.modifiedMs ?? 0, size: bytes.length };
    },
  });
}

for (const keep of ["nothing", "half"] as const) {
  test(`a store that acknowledges a part and keeps ${keep} of it`, async () => {
    const clean = makeSmallLake();
    const undisturbed = await clean.open(0);
    await undisturbed.run();
    await undisturbed.close();
    const expected = await stateOf(clean);
    clean.remove();
    const lake = makeSmallLake();
    try {
      const app = await lake.open(0, { wrapStorage: liar(keep) });
      const { failures } = await app.run();
      await app.close();
      assert.deepEqual(
        failures.map(({ stage, key }) => `${stage} ${key}`),
        ["marts activity"],
      );
      assert.deepEqual(catalogFaults(lake), []);
      const honest = await lake.open(1);
      assert.equal((await honest.run()).exitCode, 0);
      assert.deepEqual(await workOf(honest), []);
      await honest.close();
      assert.deepEqual(await stateOf(lake), expected);
    } finally {
      lake.remove();
    }
  });
}
