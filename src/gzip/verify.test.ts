import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { Failure } from "../errors.ts";
import { type BodyReport, verifyBody } from "./verify.ts";

const limits = { expandedBytesMax: 100_000, ratioMax: 1000 };
const lines = Buffer.from('{"a":1}\n'.repeat(1000));
const checked = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const zstd = zstdCompressSync(lines, checked);

function cut(body: Uint8Array, chunkLength: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += chunkLength) chunks.push(body.subarray(at, at + chunkLength));
  return chunks;
}

async function verify(key: string, body: Uint8Array): Promise<BodyReport> {
  const reports: BodyReport[] = [];
  for (const chunkLength of [body.length + 1, 5])
    reports.push(await verifyBody(cut(body, chunkLength), { key, ...limits }));
  const [first, second] = reports;
  assert.ok(first !== undefined);
  assert.deepEqual({ ...first, members: 0 }, { ...second, members: 0 });
  assert.equal(first.sha256, createHash("sha256").update(body).digest("hex"));
  return first;
}

async function refusal(key: string, body: Uint8Array): Promise<string> {
  try {
    await verify(key, body);
  } catch (error) {
    assert.ok(error instanceof Failure && error.kind === "corrupt", String(error));
    return error.message;
  }
  return "accepted";
}

describe("verifyBody", () => {
  test("takes what the key promises, and hashes it", async () => {
    const gzip = await verify("a/15.json.gz", gzipSync(lines));
    assert.deepEqual([gzip.compression, gzip.bytesOut, gzip.newlineTerminated], ["gzip", lines.length, true]);
    const frames = await verify("a/15.json.zst", Buffer.concat([zstd, zstd]));
    assert.deepEqual([frames.compression, frames.bytesOut, frames.newlineTerminated], ["zstd", 2 * lines.length, true]);
    const plain = await verify("a/15.json", lines);
    assert.deepEqual([plain.compression, plain.bytesIn, plain.bytesOut], ["none", lines.length, lines.length]);
  });

  test("tells by the first bytes where the key promises nothing", async () => {
    assert.equal((await verify("a/15", gzipSync(lines))).compression, "gzip");
    assert.equal((await verify("a/15.ndjson", zstd)).compression, "zstd");
    assert.equal((await verify("a/15", Buffer.from("x"))).compression, "none");
  });

  test("refuses what is not what the key promises", async () => {
    assert.equal(await refusal("15.json.gz", lines), "15.json.gz: not gzip: JSON text that is not compressed");
    assert.equal(await refusal("15.json.gz", zstd), "15.json.gz: not gzip: zstd data");
    assert.equal(await refusal("15.json.zst", gzipSync(lines)), "15.json.zst: not zstd: gzip data");
    assert.equal(await refusal("15.json.zst", lines), "15.json.zst: not zstd: JSON text that is not compressed");
    assert.equal(await refusal("15.json", Buffer.alloc(0)), "15.json: the body is empty");
    assert.equal(await refusal("15.json", Buffer.from("<html>")), "15.json: not data: an HTML page");
    const xml = Buffer.from("<Error><Code>NoSuchKey</Code></Error>");
    assert.equal(await refusal("15.json", xml), "15.json: not data: an XML document (<Code>NoSuchKey</Code>)");
    assert.equal(await refusal("15", Buffer.alloc(100_001)), "15: larger than 100000 bytes");
  });

  test("finds damage in zstd", async () => {
    const changed = Buffer.from(zstd);
    changed[zstd.length - 1] = (zstd[zstd.length - 1] ?? 0) ^ 1;
    assert.match(await refusal("15.zst", changed), /damaged behind byte \d+: .*checksum/);
    for (let length = 1; length < zstd.length; length++) {
      assert.notEqual(await refusal("15.zst", zstd.subarray(0, length)), "accepted", `cut at ${length}`);
    }
    assert.match(await refusal("15.zst", Buffer.concat([zstd, Buffer.from("tail")])), /damaged|no zstd frame/);
    const bomb = zstdCompressSync(Buffer.alloc(10_000_000));
    assert.match(await refusal("15.zst", bomb), /expands beyond/);
  });
});
