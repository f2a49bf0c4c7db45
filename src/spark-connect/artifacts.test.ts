import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { crc32 } from "node:zlib";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { chunkBytes, requestsOf } from "./artifacts.ts";
import type { Artifact } from "./contract.ts";
import { type AddArtifactsRequest_ArtifactChunk, AddArtifactsRequestSchema } from "./gen/spark_connect_pb.ts";

const identity = { sessionId: "s", userContext: { userId: "u", userName: "u" }, clientType: "c" };

/** What a server makes of the messages, and their shapes. */
async function received(artifacts: readonly Artifact[]) {
  const files: [string, Uint8Array][] = [];
  const shapes: string[] = [];
  let large: { name: string; parts: Uint8Array[]; bytes: bigint; chunks: bigint } | undefined;
  const checked = (chunk: AddArtifactsRequest_ArtifactChunk | undefined): Uint8Array => {
    assert.ok(chunk !== undefined && chunk.data.length <= chunkBytes);
    assert.equal(chunk.crc, BigInt(crc32(chunk.data)));
    return chunk.data;
  };
  const finish = (): void => {
    if (large === undefined) return;
    const whole = Buffer.concat(large.parts);
    assert.deepEqual([BigInt(whole.length), BigInt(large.parts.length)], [large.bytes, large.chunks]);
    files.push([large.name, Uint8Array.from(whole)]);
    large = undefined;
  };
  for await (const request of requestsOf(artifacts, identity)) {
    const { payload } = create(AddArtifactsRequestSchema, request);
    if (payload.case !== "chunk") finish();
    if (payload.case === "batch") {
      shapes.push(`batch of ${payload.value.artifacts.length}`);
      for (const { name, data } of payload.value.artifacts) files.push([name, Uint8Array.from(checked(data))]);
    } else if (payload.case === "beginChunk") {
      const { name, totalBytes, numChunks, initialChunk } = payload.value;
      shapes.push("begin");
      large = { name, parts: [checked(initialChunk)], bytes: totalBytes, chunks: numChunks };
    } else {
      shapes.push("chunk");
      assert.ok(payload.case === "chunk" && large !== undefined);
      large.parts.push(checked(payload.value));
    }
  }
  finish();
  return { files, shapes };
}

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

test("small artifacts share a message of 32 KiB, larger ones are cut into such pieces", async () => {
  const artifacts = [
    { name: "files/a", data: filled(10, 1) },
    { name: "files/b", data: filled(chunkBytes - 10, 2) },
    { name: "files/c", data: filled(1, 3) },
    { name: "files/d", data: filled(chunkBytes, 4) },
    { name: "files/e", data: filled(chunkBytes + 1, 5) },
    { name: "files/f", data: filled(0, 6) },
  ];
  const { files, shapes } = await received(artifacts);
  assert.deepEqual(shapes, ["batch of 2", "batch of 1", "batch of 1", "begin", "chunk", "batch of 1"]);
  assert.deepEqual(
    files,
    artifacts.map(({ name, data }) => [name, data]),
  );
});

test("files are sent as memory is, of every size", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-artifacts-"));
  try {
    for (const size of [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 2 * chunkBytes, 3 * chunkBytes + 7]) {
      const file = join(directory, String(size));
      const data = filled(size, 7);
      writeFileSync(file, data);
      const fromFile = await received([{ name: "files/x", data: { file } }]);
      assert.deepEqual(fromFile, await received([{ name: "files/x", data }]), `${size} bytes`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("whatever is sent arrives", async () => {
  const seed = process.env.FC_SEED === undefined ? Date.now() : Number(process.env.FC_SEED);
  const sizes = fc.array(fc.oneof(fc.nat(100), fc.nat(3 * chunkBytes)), { maxLength: 6 });
  const property = fc.asyncProperty(sizes, async (all) => {
    const artifacts = all.map((size, index) => ({ name: `files/${index}`, data: filled(size, index) }));
    const { files } = await received(artifacts);
    assert.deepEqual(
      files,
      artifacts.map(({ name, data }) => [name, data]),
    );
  });
  await fc.assert(property, { seed, numRuns: Number(process.env.FC_RUNS ?? 30) });
});
