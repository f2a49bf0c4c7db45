import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { crc32 } from "node:zlib";
import { type CannedBucket, cannedBucket, type Interfering } from "../../../test/contract/canned-bucket.ts";
import { refuse } from "../../../test/contract/canned-store.ts";
import { Failure, type FailureKind } from "../../errors.ts";
import type { StoreProfileName } from "../../model/project.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-s3-upload-"));
after(() => rmSync(directory, { recursive: true, force: true }));

const mebibyte = 1 << 20;
const sizes = { singleBytesMax: 2 * mebibyte, partBytes: mebibyte };

let files = 0;
function fileOf(bytes: Uint8Array): string {
  const file = join(directory, `body-${files++}`);
  writeFileSync(file, bytes);
  return file;
}

const opened = (interfere?: Interfering, profile: StoreProfileName = "minio"): Promise<CannedBucket> =>
  cannedBucket(interfere, { settings: { profile }, options: { sizes } });

const failsAs = (kind: FailureKind) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.kind, kind, error.message);
  return true;
};

function crcOf(bytes: Uint8Array): string {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(crc32(bytes));
  return four.toString("base64");
}

const md5Of = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("base64");

describe("uploads in one request", () => {
  test("carry their length and the checksum that the store checks, and nothing else around the bytes", async () => {
    for (const [profile, header, sum] of [
      ["minio", "x-amz-checksum-crc32", crcOf],
      ["other", "content-md5", md5Of],
    ] as const) {
      const { storage, objects, asked } = await opened(undefined, profile);
      const bodies = [Buffer.alloc(0), randomBytes(1000), randomBytes(1.5 * mebibyte)];
      for (const bytes of bodies) {
        for (const body of [bytes, { file: fileOf(bytes) }]) {
          const info = await storage.put("a/key", body);
          assert.equal(info.size, bytes.length);
          assert.deepEqual(objects.get("lake/a/key")?.bytes, bytes);
          const { headers } = asked.at(-1)?.request ?? {};
          assert.equal(headers?.[header], sum(bytes));
          assert.equal(headers?.["content-length"], String(bytes.length));
          for (const absent of ["transfer-encoding", "content-encoding", "expect", "x-amz-trailer"]) {
            assert.equal(headers?.[absent], undefined, absent);
          }
        }
      }
      assert.equal(asked.length, 6, "each is one request");
    }
  });

  test("a file that shrinks while it is sent is no object", async () => {
    const file = fileOf(randomBytes(1.5 * mebibyte));
    const { storage, objects } = await opened(() => {
      truncateSync(file, mebibyte);
      return false;
    });
    await assert.rejects(storage.put("a/key", { file }), failsAs("corrupt"));
    assert.equal(objects.size, 0);
  });

  test("a large body is not sent where an object is known to be", async () => {
    const { storage, objects, asked } = await opened();
    await storage.put("a/key", Buffer.from("first"));
    assert.equal(await storage.putIfAbsent("a/key", { file: fileOf(randomBytes(1.5 * mebibyte)) }), undefined);
    assert.equal(objects.get("lake/a/key")?.bytes.toString(), "first");
    assert.deepEqual(
      asked.slice(1).map(({ line }) => line),
      ["HEAD lake/a/key"],
    );
  });

  test("a store that refuses before it has heard everything is understood, and its connection is not used again", async () => {
    const sockets = new Set<unknown>();
    const { storage } = await opened(({ request }, response) => {
      sockets.add(request.socket);
      request.pause();
      response.writeHead(403, { "content-type": "application/xml" });
      response.end("<Error><Code>AccessDenied</Code><Message>No</Message></Error>");
      return true;
    });
    const file = fileOf(randomBytes(1.9 * mebibyte));
    for (let round = 0; round < 2; round++) await assert.rejects(storage.put("a/key", { file }), failsAs("denied"));
    assert.equal(sockets.size, 2);
  });

  test("a stop ends it", async () => {
    const controller = new AbortController();
    const { storage, objects } = await opened(() => {
      controller.abort();
      return true;
    });
    const put = storage.put("a/key", { file: fileOf(randomBytes(mebibyte)) }, { signal: controller.signal });
    await assert.rejects(put, failsAs("cancelled"));
    assert.equal(objects.size, 0);
  });
});

describe("uploads in parts", () => {
  const bytes = randomBytes(5.5 * mebibyte);
  const metadata = { sha256: "00" };

  test("appear whole, with metadata and checksums throughout", async () => {
    const { storage, objects, uploads, asked } = await opened();
    for (const body of [bytes, { file: fileOf(bytes) }]) {
      const info = await storage.put("a/key", body, { metadata });
      assert.deepEqual(objects.get("lake/a/key")?.bytes, bytes);
      const detail = await storage.head("a/key");
      assert.deepEqual([detail?.token, detail?.size, detail?.metadata], [info.token, info.size, metadata]);
    }
    assert.equal(uploads.size, 0);
    const parts = asked.filter(({ line }) => line === "PUT lake/a/key?partNumber");
    assert.equal(parts.length, 12);
    for (const { query, request } of parts) {
      const at = (Number(query.get("partNumber")) - 1) * mebibyte;
      assert.equal(request.headers["x-amz-checksum-crc32"], crcOf(bytes.subarray(at, at + mebibyte)));
    }
    const [create] = asked.filter(({ line }) => line === "POST lake/a/key?uploads");
    assert.equal(create?.request.headers["x-amz-checksum-algorithm"], "CRC32");
  });

  test("whatever fails, the upload is aborted and the failure is the first one", async () => {
    const strikes: Readonly<Record<string, Interfering>> = {
      unavailable: ({ query, request }, response) => {
        if (query.get("partNumber") !== "3") return false;
        refuse(request, response, { status: 500, code: "InternalError" });
        return true;
      },
      full: ({ line, request }, response) => {
        if (!line.startsWith("POST") || line.endsWith("uploads")) return false;
        refuse(request, response, { status: 507, code: "InsufficientStorage" });
        return true;
      },
    };
    for (const [kind, strike] of Object.entries(strikes)) {
      const { storage, objects, uploads } = await opened(strike);
      await assert.rejects(
        storage.put("a/key", { file: fileOf(bytes) }),
        (error) => error instanceof Failure && error.kind === kind,
      );
      assert.equal(uploads.size, 0, kind);
      assert.equal(objects.size, 0, kind);
    }
  });

  test("a stop in the middle aborts the upload", async () => {
    const controller = new AbortController();
    const { storage, uploads } = await opened(({ query }) => {
      if (query.get("partNumber") === "2") controller.abort();
      return false;
    });
    const put = storage.put("a/key", { file: fileOf(bytes) }, { signal: controller.signal });
    await assert.rejects(put, failsAs("cancelled"));
    assert.equal(uploads.size, 0);
  });

  test("who is too late when completing loses and leaves nothing open", async () => {
    const bucket = await opened(({ query, key }) => {
      if (query.get("partNumber") === "6")
        bucket.objects.set(key, { bytes: Buffer.from("other"), etag: '"o"', metadata: {} });
      return false;
    });
    assert.equal(await bucket.storage.putIfAbsent("a/key", { file: fileOf(bytes) }), undefined);
    assert.equal(bucket.objects.get("lake/a/key")?.bytes.toString(), "other");
    assert.equal(bucket.uploads.size, 0);
  });

  test("what a dead process left open is found and ended", async () => {
    const { storage, uploads } = await opened();
    const open = { metadata: {}, parts: new Map<number, Buffer>() };
    uploads.set("old", { key: "lake/a/old", begunMs: 1000, ...open });
    uploads.set("new", { key: "lake/a/new", begunMs: 9000, ...open });
    uploads.set("foreign", { key: "lakeside", begunMs: 1000, ...open });
    const stale = [{ key: "a/old", begunMs: 1000 }];
    assert.deepEqual(await storage.sweepUploads?.(5000, { dryRun: true }), stale);
    assert.equal(uploads.size, 3);
    assert.deepEqual(await storage.sweepUploads?.(5000), stale);
    assert.deepEqual([...uploads.keys()], ["new", "foreign"]);
  });
});
