import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openIndex } from "./index-file.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-index-"));
after(() => rmSync(directory, { recursive: true, force: true }));

test("many save at a time in one directory: none fails, one of them is kept, and nothing else lies about", async () => {
  const writers = 20;
  const bytes = Buffer.alloc(100_000, "x");
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      const index = openIndex(directory, "lake");
      const documents = await index.documents();
      documents.note("key", `token ${writer}`, bytes);
      await index.saveDocuments(documents);
    }),
  );
  const kept = await openIndex(directory, "lake").documents();
  const found = Array.from({ length: writers }, (_, writer) => kept.find("key", `token ${writer}`));
  assert.deepEqual(
    found.filter((document) => document !== undefined).map((document) => bytes.equals(document)),
    [true],
  );
  assert.deepEqual(readdirSync(directory), ["documents.index"]);
});
