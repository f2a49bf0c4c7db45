/**
 * What the storage contract cannot see of the S3 adapter, on real servers: uploads in parts, objects of others, and a
 * network that loses answers. Waits between tries cost no time here.
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { DeleteObjectCommand, ListMultipartUploadsCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { Failure } from "../../src/errors.ts";
import type { BucketPlace } from "../../src/model/project.ts";
import { realEffects } from "../../src/pace/effects.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { withLimit } from "../../src/storage/limit.ts";
import { withRetry } from "../../src/storage/retry.ts";
import { s3Storage } from "../../src/storage/s3/storage.ts";
import { type S3Faults, startS3Proxy } from "../faults/s3-proxy.ts";
import { missing } from "../real/real.ts";
import { clientOf, type S3Server, startMinio, startVersitygw } from "../real/s3-servers.ts";

const mebibyte = 1 << 20;
/** The least that stores take as a part. */
const sizes = { singleBytesMax: 5 * mebibyte, partBytes: 5 * mebibyte };
const bucket = "lake";

const kinds = {
  versitygw: (context: Pick<TestContext, "skip">) => startVersitygw(context, { tls: true }),
  minio: (context: Pick<TestContext, "skip">) => startMinio(context),
} as const;

for (const [kind, start] of Object.entries(kinds)) {
  describe(`S3 adapter on ${kind}`, () => {
    let server: S3Server | undefined;
    let client: S3Client | undefined;
    let why = "";
    const directory = mkdtempSync(join(tmpdir(), "millrace-s3-adapter-"));
    before(async () => {
      server = await start({
        skip: (text) => {
          why = text ?? "";
        },
      });
      await server?.createBucket(bucket);
      if (server !== undefined) client = clientOf(server, pemOf(server));
    });
    after(async () => {
      client?.destroy();
      await server?.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    async function opened(endpoint?: string): Promise<Storage> {
      if (server === undefined) throw new Error("no server");
      return openedOn(server, kind === "minio" ? "minio" : "versitygw", endpoint ?? server.endpoint, directory);
    }
    const on = (title: string, work: (client: S3Client, server: S3Server) => Promise<void>): void => {
      test(title, async (context) => {
        if (client === undefined || server === undefined) {
          missing(context, kind, why);
          return;
        }
        await work(client, server);
      });
    };

    on("an upload in parts reads back whole, and of racing ones exactly one wins", async (client) => {
      const storage = await opened();
      const bytes = randomBytes(12 * mebibyte + 17);
      const file = join(directory, "body");
      writeFileSync(file, bytes);
      const metadata = { url: "https://example.org/é  two" };
      const info = await storage.put("parts/object", { file }, { metadata });
      assert.equal(info.size, bytes.length);
      const detail = await storage.head("parts/object");
      assert.deepEqual([detail?.token, detail?.size, detail?.metadata], [info.token, info.size, metadata]);
      const hash = createHash("sha256");
      for await (const chunk of storage.read("parts/object", { token: info.token })) hash.update(chunk);
      assert.equal(hash.digest("hex"), createHash("sha256").update(bytes).digest("hex"));

      const racers = await Promise.all([1, 2, 3, 4].map(() => storage.putIfAbsent("parts/raced", { file })));
      assert.equal(racers.filter((made) => made !== undefined).length, 1);
      const left = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      assert.deepEqual(left.Uploads ?? [], [], "whoever lost has aborted its upload");
    });

    on("objects of others are listed, adopted, and lose their adoption with their bytes", async (client) => {
      const storage = await opened();
      const put = (Body: string) => client.send(new PutObjectCommand({ Bucket: bucket, Key: "place/foreign/x", Body }));
      await put("theirs");
      const pages = await Array.fromAsync(storage.list("foreign/"));
      const found = pages.flat()[0];
      assert.ok(found !== undefined);
      await storage.annotate("foreign/x", found.token, { sha256: "aa" });
      assert.deepEqual(await storage.head("foreign/x"), { ...found, metadata: { sha256: "aa" } });
      await put("others");
      assert.equal((await storage.head("foreign/x"))?.metadata, undefined);
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: "place/foreign/x" }));
      assert.equal(await storage.head("foreign/x"), undefined);
    });

    // The proxy of faults speaks plain HTTP, and so does the one server here.
    if (kind !== "minio") return;
    on("no answer that is lost and no body that is cut makes a difference", async (_, server) => {
      const proxy = await startS3Proxy(server, { seed: 7 });
      try {
        // In real time: the server itself may need a moment on a busy machine.
        const patience = { tries: 20, busyTries: 60, firstMs: 5, capMs: 200 };
        const storage = withRetry(withLimit(await opened(proxy.endpoint), 8), patience, realEffects);
        const days: Readonly<Record<string, S3Faults>> = {
          throttled: { slowDown: 0.75 },
          lost: { resetAfter: 0.3 },
          cut: { resetBefore: 0.3 },
          truncated: { truncated: 0.4 },
        };
        for (const [day, faults] of Object.entries(days)) {
          proxy.faults = faults;
          await Promise.all(Array.from({ length: 16 }, (_, i) => journey(storage, `${day}/${i}`)));
          assert.ok(proxy.struck > 0, day);
          proxy.resetCounts();
          const listed = (await Array.fromAsync(storage.list(`${day}/`))).flat();
          assert.equal(listed.length, 16, day);
        }
        proxy.faults = { page: 200 };
        await assert.rejects(storage.head("lost/1"), (error) => error instanceof Failure && error.kind === "denied");
      } finally {
        await proxy.stop();
      }
    });
  });
}

/** Creates an object once, and finds it as it was created. */
async function journey(storage: Storage, key: string): Promise<void> {
  const made = await storage.putIfAbsent(key, Buffer.from(key), { metadata: { key } });
  assert.ok(made !== undefined, `${key}: takes its own object for another's`);
  assert.equal(await storage.putIfAbsent(key, Buffer.from("other")), undefined);
  assert.deepEqual((await storage.head(key))?.metadata, { key });
  const chunks = await Array.fromAsync(storage.read(key, { token: made.token }));
  assert.equal(Buffer.concat(chunks).toString(), key);
}

const pemOf = ({ caFile }: S3Server): string | undefined =>
  caFile === undefined ? undefined : readFileSync(caFile, "utf8");

function openedOn(
  server: S3Server,
  profile: "minio" | "versitygw",
  endpoint: string,
  scratchRoot: string,
): Promise<Storage> {
  const secrets: Readonly<Record<string, string>> = { A: server.accessKey, S: server.secretKey };
  const place: BucketPlace = {
    kind: "s3",
    bucket,
    prefix: "place",
    name: `s3://${bucket}/place`,
    store: {
      profile,
      endpoint,
      region: server.region,
      pathStyle: true,
      ca: server.caFile === undefined ? undefined : { kind: "file", path: server.caFile },
      credentials: {
        kind: "keys",
        accessKey: { kind: "env", name: "A" },
        secretKey: { kind: "env", name: "S" },
        sessionToken: undefined,
      },
      parallel: 16,
    },
  };
  return s3Storage(place, {
    scratchRoot,
    sizes,
    resolveSecret: (reference) =>
      reference.kind === "file" ? readFileSync(reference.path, "utf8") : (secrets[reference.name] ?? ""),
  });
}
