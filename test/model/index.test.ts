/** What an index remembers is bound to the object it was read from; the one in memory keeps the same law as the one in files. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type IndexFile, openIndex } from "../../src/reconcile/index-file.ts";
import { hourOf, makePartition, makeRaw } from "../make.ts";
import { memoryIndex } from "./memory-index.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-index-"));
after(() => rmSync(directory, { recursive: true }));

const id = "2026-03-01-15";
const at = hourOf(id);
const raw = makeRaw(id);
const partition = makePartition(id);

const indexes: Readonly<Record<string, () => IndexFile>> = {
  "in files": () => openIndex(directory, "a lake"),
  "in memory": memoryIndex,
};

for (const [name, open] of Object.entries(indexes)) {
  describe(`an index ${name}`, () => {
    test("knows an object in the size and with the token that it was read in, and no other", async () => {
      const index = open();
      await index.saveRaw("hours", new Map([[at, raw]]));
      await index.savePartitions("events", new Map([[at, partition]]));
      const known = { raw: await index.raw("hours"), partitions: await index.partitions("events") };
      assert.deepEqual(known.raw.find(at, raw.size, raw.token), raw.facts);
      assert.deepEqual(known.partitions.find(at, partition.size, partition.token), partition.facts);
      for (const [size, token] of [
        [raw.size, "another"],
        [raw.size + 1, raw.token],
      ] as const) {
        assert.equal(known.raw.find(at, size, token), undefined, `size ${size}, token ${token}`);
      }
      for (const [size, token] of [
        [partition.size, "another"],
        [partition.size + 1, partition.token],
      ] as const) {
        assert.equal(known.partitions.find(at, size, token), undefined, `size ${size}, token ${token}`);
      }
      assert.equal(known.raw.find(at + 3_600_000, raw.size, raw.token), undefined);
    });

    test("forgets what it learned by reading, and keeps what was tried", async () => {
      const index = open();
      const attempt = { kind: "failure", tries: 1, lastMs: 1, nextMs: 2, reason: "why" } as const;
      await index.saveAttempts(new Map([["collect hours@x", attempt]]));
      await index.saveRaw("hours", new Map([[at, raw]]));
      await index.forget();
      assert.equal((await index.raw("hours")).find(at, raw.size, raw.token), undefined);
      assert.deepEqual([...(await index.attempts())], [["collect hours@x", attempt]]);
    });
  });
}
