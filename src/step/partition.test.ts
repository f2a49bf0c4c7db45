import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { makeTable, sha } from "../../test/make.ts";
import { openNativeConverter } from "../convert/open.ts";
import { Failure } from "../errors.ts";
import { memoryStorage } from "../storage/memory.ts";
import { factsFromProvenance, originToProvenance, readPartitionFacts } from "./partition.ts";

const origin = {
  table: "events",
  src: "2026-03-01-00",
  rawKey: "k",
  rawSha256: sha("raw"),
  rawLength: 1,
  rawRevision: 2,
  settings: "s",
  rejectedKey: "r",
};

test("facts of a partition are the same from its footer as from its conversion, also with thousands of stand-ins", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-partition-"));
  const converter = openNativeConverter({ workers: 0 });
  try {
    for (const columns of [3, 2000]) {
      const input = join(directory, "in.json");
      const output = join(directory, "out.parquet");
      const line = Array.from({ length: columns }, (_, at) => `"an_empty_list_with_a_long_name_${at}":[]`).join(",");
      writeFileSync(input, `{"id":1,${line}}\n`);
      const { columns: declared, ...settings } = makeTable();
      const report = await converter.convert({
        input: { file: input },
        output,
        rejects: join(directory, "rejects"),
        known: { fields: [] },
        settings: { ...settings, declared },
        provenance: originToProvenance(origin),
      });
      const storage = memoryStorage();
      const info = await storage.put("events/src=2026-03-01-00/data.parquet", { file: output });
      const facts = await readPartitionFacts(storage, info);
      assert.equal(facts.standIns.length, columns);
      assert.deepEqual(facts.standIns, report.standIns);
      assert.deepEqual({ ...facts, standIns: [] }, { ...factsFromProvenance("k", report.provenance), standIns: [] });
      assert.equal(facts.rawRevision, 2);
    }
  } finally {
    await converter.close();
    rmSync(directory, { recursive: true });
  }
});

test("a file that is not ours is damage, named by its key", async () => {
  const storage = memoryStorage();
  const info = await storage.put("events/src=x/data.parquet", Buffer.from("PAR1 not really PAR1"));
  await assert.rejects(
    readPartitionFacts(storage, info),
    (error) =>
      error instanceof Failure && error.kind === "corrupt" && error.message.startsWith("events/src=x/data.parquet"),
  );
  assert.throws(() => factsFromProvenance("k", { raw_sha256: "short" }), /holds no sha256/);
});
