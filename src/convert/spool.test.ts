import assert from "node:assert/strict";
import { test } from "node:test";
import { Spool } from "./spool.ts";

async function read(spool: Spool): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of spool.chunks()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

test("everything comes back, from memory and from beyond it, as often as asked", async () => {
  for (const pieces of [[0], [5], [1 << 20], [(1 << 20) + 1], [3 << 20, 7, 1 << 19, 5 << 20]]) {
    const spool = new Spool(2);
    const expected = Buffer.concat(pieces.map((length, i) => Buffer.alloc(length, `piece ${i};`)));
    const piece = Buffer.alloc(8 << 20);
    let at = 0;
    for (const length of pieces) {
      expected.copy(piece, 0, at, at + length);
      spool.write(piece.subarray(0, length));
      piece.fill(0);
      at += length;
    }
    assert.ok((await read(spool)).equals(expected));
    assert.ok((await read(spool)).equals(expected));
    spool.dispose();
    spool.dispose();
    assert.equal((await read(spool)).length, 0);
  }
});
