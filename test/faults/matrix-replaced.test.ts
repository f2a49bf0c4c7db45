/** A raw object that somebody replaces while it is converted: what was made from its former bytes is not published. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import type { Storage } from "../../src/storage/contract.ts";
import { makeSmallLake } from "./small-lake.ts";

test("a raw object that is replaced while it is converted", async () => {
  const lake = makeSmallLake();
  try {
    const key = "hours/2026/03/01/22.json.gz";
    let converting = false;
    const wrapStorage = (place: string, storage: Storage): Storage => ({
      ...storage,
      async scratch(attempt) {
        converting ||= attempt.startsWith("convert-events-2026-03-01-22");
        return storage.scratch(attempt);
      },
      async head(asked, options) {
        // The first look at the object after its conversion has begun.
        if (place === "raw" && asked === key && converting)
          writeFileSync(join(lake.directory, "lake/raw", key), gzipSync('{"id":"changed"}\n'));
        return storage.head(asked, options);
      },
    });
    const app = await lake.open(0, { wrapStorage });
    const { failures } = await app.run({ only: "collect" });
    assert.deepEqual(failures, []);
    const converted = await app.run({ only: "convert" });
    await app.close();
    assert.deepEqual(
      converted.failures.map((failure) => `${failure.key} ${failure.kind}`),
      ["events@2026-03-01-22 conflict"],
    );
  } finally {
    lake.remove();
  }
});
