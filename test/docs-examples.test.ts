/** The example of docs/reference/convert.md does what it says: it is run as it stands there. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const root = new URL("..", import.meta.url);

test("the example of the converter as a call", () => {
  const page = readFileSync(new URL("docs/reference/convert.md", root), "utf8");
  const [, example] = /```ts\n(.*?)```/s.exec(page) ?? [];
  assert.ok(example);
  const folder = mkdtempSync(join(tmpdir(), "millrace-docs-"));
  try {
    writeFileSync(join(folder, "events.json"), '{"id":1,"payload":{"a":1}}\n{"id":2,"payload":[]}\n');
    const library = new URL("src/index.ts", root).href;
    writeFileSync(join(folder, "example.ts"), example.replace('from "millrace"', `from "${library}"`));
    const { status, stdout, stderr } = spawnSync(process.execPath, ["example.ts"], { cwd: folder, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^2 rows, 0 rejected\n(\d+ bytes read\n)+$/);
    const [one, two] = ["events.parquet", "copy.parquet"].map((name) => readFileSync(join(folder, name)));
    assert.ok(one !== undefined && two !== undefined && one.equals(two));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
