import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { openTextInput } from "./input-stream.ts";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-input-"));
});

after(async () => {
  await rm(folder, { recursive: true });
});

async function read(bytes: Uint8Array): Promise<{ readonly text: Buffer; readonly bytesRead: number }> {
  const file = join(folder, "input");
  await writeFile(file, bytes);
  const input = await openTextInput(file);
  const chunks: Buffer[] = [];
  for await (const chunk of input.chunks) chunks.push(Buffer.from(chunk));
  return { text: Buffer.concat(chunks), bytesRead: input.bytesRead() };
}

const text = Buffer.from('{"a":1}\n'.repeat(400_000));

test("the compression is told by the first bytes", async () => {
  for (const bytes of [text, gzipSync(text), zstdCompressSync(text)]) {
    const found = await read(bytes);
    assert.ok(found.text.equals(text));
    assert.equal(found.bytesRead, bytes.length);
  }
});

test("several members or frames are one text", async () => {
  const halves = [text.subarray(0, 1_000), text.subarray(1_000)];
  for (const compress of [gzipSync, zstdCompressSync]) {
    assert.ok((await read(Buffer.concat(halves.map((half) => compress(half))))).text.equals(text));
  }
});

test("nothing, and less than a magic number, are texts", async () => {
  for (const bytes of ["", "{", "{}\n"]) assert.equal((await read(Buffer.from(bytes))).text.toString(), bytes);
});

test("damaged and cut compressed data is corrupt", async () => {
  for (const good of [gzipSync(text), zstdCompressSync(text)]) {
    await assert.rejects(read(good.subarray(0, good.length >> 1)), { kind: "corrupt" });
    const flipped = Buffer.from(good);
    flipped[good.length >> 1] = (flipped[good.length >> 1] ?? 0) ^ 0xff;
    await assert.rejects(read(flipped), { kind: "corrupt" });
  }
});

test("a file that is not there is missing", async () => {
  await assert.rejects(openTextInput(join(folder, "nowhere")), { code: "ENOENT" });
});
