import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Rejects } from "./rejects.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-rejects-"));

after(() => rmSync(folder, { recursive: true }));

function linesOf(file: string): unknown[] {
  const lines = gunzipSync(readFileSync(file)).toString().split("\n").slice(0, -1);
  return lines.map((line): unknown => JSON.parse(line));
}

function add(rejects: Rejects, line: number, bytes: Uint8Array, length = bytes.length): void {
  rejects.add({ line, offset: line * 10, reason: "why", bytes, length });
}

test("each line as an object, in base 64 where it is no UTF-8", () => {
  const file = join(folder, "each.gz");
  const rejects = new Rejects(file);
  add(rejects, 1, Buffer.from('{"a":"é\u0000'));
  add(rejects, 2, Buffer.of(0xff, 0x41));
  const sum = rejects.seal();
  rejects.finish();
  assert.equal(sum, createHash("sha256").update(readFileSync(file)).digest("hex"));
  assert.deepEqual(linesOf(file), [
    { offset: 10, line: 1, reason: "why", bytes: '{"a":"é\u0000' },
    { offset: 20, line: 2, reason: "why", bytesBase64: "/0E=" },
  ]);
});

test("a cut line has its length, and is not cut inside a character", () => {
  const file = join(folder, "cut.gz");
  const rejects = new Rejects(file);
  const whole = Buffer.from("ab𝄞");
  for (let end = 2; end <= 5; end++) add(rejects, end, whole.subarray(0, end), 6);
  add(rejects, 9, Buffer.of(0x41, 0xff, 0xf0, 0x9d), 6);
  rejects.finish();
  assert.deepEqual(linesOf(file), [
    ...[2, 3, 4, 5].map((line) => ({ offset: line * 10, line, reason: "why", length: 6, bytes: "ab" })),
    {
      offset: 90,
      line: 9,
      reason: "why",
      length: 6,
      bytesBase64: Buffer.of(0x41, 0xff, 0xf0, 0x9d).toString("base64"),
    },
  ]);
});

test("many lines make several members, and only the first few are samples", () => {
  const file = join(folder, "many.gz");
  const rejects = new Rejects(file);
  for (let line = 1; line <= 30; line++) add(rejects, line, Buffer.alloc(100_000, "x"));
  rejects.finish();
  assert.equal(linesOf(file).length, 30);
  assert.deepEqual(
    rejects.samples.map(({ line }) => line),
    [1, 2, 3, 4, 5],
  );
});

test("without a rejected line there is no file, and discarding leaves none", () => {
  const none = new Rejects(join(folder, "none.gz"));
  assert.equal(none.seal(), undefined);
  none.finish();
  none.discard();
  const discarded = new Rejects(join(folder, "discarded.gz"));
  for (let line = 1; line <= 20; line++) add(discarded, line, Buffer.alloc(100_000, "x"));
  assert.equal(existsSync(join(folder, "discarded.gz.partial")), true, "it was begun");
  discarded.discard();
  for (const name of ["none.gz", "discarded.gz", "discarded.gz.partial"]) {
    assert.equal(existsSync(join(folder, name)), false, name);
  }
});
