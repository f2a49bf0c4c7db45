import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { OutputFile, partialPath } from "./output-file.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-output-"));

after(() => rmSync(folder, { recursive: true }));

test("pieces of all sizes follow each other, and the name appears last", () => {
  const path = join(folder, "pieces");
  const output = new OutputFile(path);
  const pieces = [1, 0, 3 << 20, 700_000, 700_000, (1 << 20) - 1, 1 << 20, 5].map((length, i) =>
    Buffer.alloc(length, i),
  );
  const reused = Buffer.alloc(3 << 20);
  for (const piece of pieces) {
    piece.copy(reused);
    output.write(reused.subarray(0, piece.length));
  }
  assert.equal(existsSync(path), false);
  output.finish();
  output.discard();
  assert.ok(readFileSync(path).equals(Buffer.concat(pieces)));
  assert.equal(existsSync(partialPath(path)), false);
});

test("discarding leaves nothing, also twice", () => {
  const path = join(folder, "discarded");
  const output = new OutputFile(path);
  output.write(Buffer.alloc(2 << 20));
  output.discard();
  output.discard();
  assert.deepEqual([existsSync(path), existsSync(partialPath(path))], [false, false]);
});

test("a directory that is not there is an error of the system", () => {
  assert.throws(() => new OutputFile(join(folder, "nowhere", "file")), { code: "ENOENT" });
});
