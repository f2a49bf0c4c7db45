import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { cannedBucket } from "../../../test/contract/canned-bucket.ts";
import { refuse } from "../../../test/contract/canned-store.ts";
import { virtualEffects } from "../../../test/contract/source.ts";
import { Failure, type FailureKind } from "../../errors.ts";
import { withRetry } from "../retry.ts";

const scratchRoot = mkdtempSync(join(tmpdir(), "millrace-s3-storage-"));
after(() => rmSync(scratchRoot, { recursive: true, force: true }));

const body = Buffer.from("a body");
const putId = "0123456789abcdef0123456789abcdef";
const patience = { tries: 3, firstMs: 100, capMs: 1000 };

const failsAs = (kind: FailureKind) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.kind, kind, error.message);
  return true;
};

describe("creating in a bucket", () => {
  test("a wish whose answer was lost knows its own object, and only that", async () => {
    const { storage } = await cannedBucket();
    const info = await storage.putIfAbsent("a/key", body, { putId });
    assert.equal((await storage.putIfAbsent("a/key", body, { putId }))?.token, info?.token);
    assert.equal(await storage.putIfAbsent("a/key", body, { putId: "f".repeat(32) }), undefined);
    assert.equal(await storage.putIfAbsent("a/key", body), undefined);
  });

  test("with retries, a lost answer is a success and a lost race is told", async () => {
    let lost = 1;
    const bucket = await cannedBucket(({ request }) => (request.method === "PUT" && lost-- > 0 ? "after" : false));
    const storage = withRetry(bucket.storage, patience, virtualEffects());
    assert.equal((await storage.putIfAbsent("a/key", body))?.size, body.length);
    assert.equal(bucket.asked.filter(({ request }) => request.method === "PUT").length, 2);
    const other = await cannedBucket(({ request }, response) => {
      if (request.method !== "PUT" || other.objects.size > 0) return false;
      other.objects.set("lake/a/key", { bytes: Buffer.from("other"), etag: '"o"', metadata: {} });
      refuse(request, response, { status: 503, code: "SlowDown" });
      return true;
    });
    assert.equal(await withRetry(other.storage, patience, virtualEffects()).putIfAbsent("a/key", body), undefined);
  });

  test("three of four requests turned away are no reason to fail", async () => {
    let count = 0;
    const bucket = await cannedBucket(({ request }, response) => {
      if (count++ % 4 === 3) return false;
      refuse(request, response, { status: 503, code: "SlowDown" });
      return true;
    });
    const effects = virtualEffects();
    const storage = withRetry(bucket.storage, { ...patience, busyTries: 40 }, effects);
    for (let i = 0; i < 20; i++) await storage.put(`a/${i}`, body);
    assert.equal(bucket.objects.size, 20);
    assert.ok(effects.waits.every((ms) => ms <= 1000));
    // What is not there at all is still given up after three tries.
    const down = await cannedBucket((_, response) => response.destroy() !== undefined);
    await assert.rejects(
      withRetry(down.storage, { ...patience, busyTries: 40 }, effects).head("a/1"),
      failsAs("unavailable"),
    );
    assert.equal(down.asked.length, 3);
  });

  test("where the store cannot keep racers apart, the only writer looks beforehand", async () => {
    const { storage, asked, objects } = await cannedBucket(undefined, { options: { conditions: "look" } });
    assert.equal((await storage.putIfAbsent("a/key", body))?.size, body.length);
    assert.equal(await storage.putIfAbsent("a/key", Buffer.from("other")), undefined);
    assert.equal(objects.get("lake/a/key")?.bytes.toString(), "a body");
    assert.ok(asked.every(({ request }) => request.headers["if-none-match"] === undefined));
  });
});

describe("metadata in a bucket", () => {
  test("lies with the object; of foreign objects beside it, for the version it was given to", async () => {
    const { storage, objects, asked } = await cannedBucket();
    await storage.put("own", body, { metadata: { url: "https://example.org/é  two" } });
    assert.deepEqual((await storage.head("own"))?.metadata, { url: "https://example.org/é  two" });
    assert.equal(asked.length, 2, "no sidecar is looked for");

    objects.set("lake/foreign", { bytes: body, etag: '"v1"', metadata: { "x-amz-meta-millrace": "not ours" } });
    assert.equal((await storage.head("foreign"))?.metadata, undefined);
    await storage.annotate("foreign", "v1", { sha256: "aa" });
    assert.deepEqual((await storage.head("foreign"))?.metadata, { sha256: "aa" });
    assert.equal(objects.get("lake/foreign")?.etag, '"v1"');
    objects.set("lake/foreign", { bytes: Buffer.from("other!"), etag: '"v2"', metadata: {} });
    assert.equal((await storage.head("foreign"))?.metadata, undefined);
    await storage.annotate("foreign", "v2", { sha256: "bb" });
    assert.deepEqual((await storage.head("foreign"))?.metadata, { sha256: "bb" });
    assert.ok(objects.has("lake/_receipts/foreign.json"));
    await storage.remove("foreign");
    assert.deepEqual([...objects.keys()], ["lake/own"]);
  });

  test("a sidecar that is damaged or absurdly long is no metadata, and is replaced", async () => {
    const { storage, objects } = await cannedBucket();
    objects.set("lake/x", { bytes: body, etag: '"v1"', metadata: {} });
    const right = { size: body.length, token: "v1", metadata: { a: "b" } };
    for (const text of [
      "",
      "{",
      "[]",
      '"text"',
      JSON.stringify({ ...right, size: 5 }),
      JSON.stringify({ ...right, metadata: { a: 1 } }),
      JSON.stringify({ ...right, pad: "x".repeat(70_000) }),
    ]) {
      objects.set("lake/_receipts/x.json", { bytes: Buffer.from(text), etag: '"s"', metadata: {} });
      assert.equal((await storage.head("x"))?.metadata, undefined, text.slice(0, 80));
      await storage.annotate("x", "v1", { a: "b" });
      assert.deepEqual((await storage.head("x"))?.metadata, { a: "b" });
    }
  });

  test("of two who annotate at once, the later one sees the first", async () => {
    const { storage, objects } = await cannedBucket();
    objects.set("lake/x", { bytes: body, etag: '"v1"', metadata: {} });
    const both = await Promise.allSettled(["a", "b"].map((by) => storage.annotate("x", "v1", { by })));
    assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    for (const each of both) if (each.status === "rejected") assert.ok(failsAs("conflict")(each.reason));
  });
});

test("a body in scratch space is gone once it is in the bucket, and only then", async () => {
  let refused = true;
  const { storage } = await cannedBucket(
    ({ request }, response) => {
      if (!refused) return false;
      refuse(request, response, { status: 503, code: "SlowDown" });
      return true;
    },
    { options: { scratchRoot } },
  );
  const scratch = await storage.scratch("attempt");
  const file = join(scratch.directory, "body");
  const outside = join(scratchRoot, "outside");
  for (const each of [file, outside]) writeFileSync(each, body);
  await assert.rejects(storage.put("a/key", { file }), failsAs("unavailable"));
  assert.ok(existsSync(file));
  refused = false;
  await storage.put("a/key", { file });
  await storage.put("a/other", { file: outside });
  assert.ok(!existsSync(file));
  assert.ok(existsSync(outside));
  await scratch.dispose();
});
