/** The proxy does to a client of the usual kind, in front of a real server, what it says. */
import assert from "node:assert/strict";
import test from "node:test";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { clientOf, startVersitygw } from "../real/s3-servers.ts";
import { startS3Proxy } from "./s3-proxy.ts";

test("a proxy before versitygw", async (context) => {
  const server = await startVersitygw(context);
  if (server === undefined) return;
  const proxy = await startS3Proxy(server, { seed: 7 });
  const direct = clientOf(server);
  const client = new S3Client({
    endpoint: proxy.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
    maxAttempts: 1,
    // Otherwise the client would find out by a checksum what a test wants to see.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  context.after(async () => {
    client.destroy();
    direct.destroy();
    await proxy.stop();
    await server.stop();
  });
  await server.createBucket("proxied");

  const put = (key: string, body = "text", more: { IfNoneMatch?: string; IfMatch?: string } = {}) =>
    client.send(new PutObjectCommand({ Bucket: "proxied", Key: key, Body: body, ...more }));
  const textOf = async (key: string): Promise<string | undefined> =>
    (await client.send(new GetObjectCommand({ Bucket: "proxied", Key: key }))).Body?.transformToString();
  const keysOf = async (prefix: string, by = client): Promise<string[]> => {
    const { Contents = [], KeyCount } = await by.send(new ListObjectsV2Command({ Bucket: "proxied", Prefix: prefix }));
    assert.equal(KeyCount, Contents.length);
    return Contents.map(({ Key = "" }) => Key);
  };
  const isThere = (key: string): Promise<boolean> =>
    direct.send(new HeadObjectCommand({ Bucket: "proxied", Key: key })).then(
      () => true,
      () => false,
    );

  await context.test("without faults nothing changes, and every request is counted by its kind", async () => {
    proxy.faults = {};
    proxy.resetCounts();
    await put("plain/ä ö+%=&.json");
    assert.equal(await textOf("plain/ä ö+%=&.json"), "text");
    assert.deepEqual(await keysOf("plain/"), ["plain/ä ö+%=&.json"]);
    await client.send(new HeadObjectCommand({ Bucket: "proxied", Key: "plain/ä ö+%=&.json" }));
    await client.send(new DeleteObjectCommand({ Bucket: "proxied", Key: "plain/ä ö+%=&.json" }));
    assert.deepEqual(proxy.counts, {
      ...{ list: 1, get: 1, head: 1, put: 1, delete: 1 },
      ...{ upload: 0, part: 0, complete: 0, other: 0 },
    });
    await put("cond", "one", { IfNoneMatch: "*" });
    await assert.rejects(put("cond", "two", { IfNoneMatch: "*" }), { name: "PreconditionFailed" });
    assert.equal(proxy.struck, 0);
  });

  await context.test("SlowDown strikes its share, the same requests for the same seed, and does nothing", async () => {
    proxy.faults = { slowDown: 0.75 };
    proxy.resetCounts();
    const ends = [];
    for (let i = 0; i < 100; i++)
      ends.push(
        await put(`slow/${i}`).then(
          () => "done",
          (error: Error) => error.name,
        ),
      );
    const slow = ends.filter((end) => end === "SlowDown").length;
    assert.ok(slow > 60 && slow < 90, `${slow} of 100`);
    assert.equal(slow, proxy.struck);
    assert.equal(ends.filter((end) => end === "done").length, 100 - slow);
    assert.equal((await keysOf("slow/", direct)).length, 100 - slow);
  });

  await context.test("a connection is cut before or after the effect, only for those that are meant", async () => {
    proxy.faults = { resetBefore: 1, only: ({ key }) => key === "cut/before" };
    await assert.rejects(put("cut/before"), { code: "ECONNRESET" });
    await put("cut/not");
    assert.ok(!(await isThere("cut/before")));
    proxy.faults = { resetAfter: 1, only: ({ kind }) => kind === "put" };
    await assert.rejects(put("cut/after"), { code: "ECONNRESET" });
    assert.equal(await textOf("cut/after"), "text");
  });

  await context.test("a listing hides what is new, and shows it later", async () => {
    proxy.faults = {};
    for (const key of ["new/a", "new/b", "new/c & <d>"]) await put(key);
    proxy.faults = { hidden: { last: 2 } };
    assert.deepEqual(await keysOf("new/"), ["new/a"]);
    assert.equal(await textOf("new/b"), "text");
    await put("new/a", "again");
    assert.deepEqual(await keysOf("new/"), ["new/a"], "what is replaced is not new");
    proxy.faults = { hidden: { youngerMs: 60_000 } };
    assert.deepEqual(await keysOf("new/"), []);
    proxy.faults = { hidden: { youngerMs: 0 } };
    assert.deepEqual(await keysOf("new/"), ["new/a", "new/b", "new/c & <d>"]);
  });

  await context.test("a store that ignores conditions lets every writer win", async () => {
    proxy.faults = {};
    const { ETag = "" } = await put("ignored", "one");
    proxy.faults = { ignoresConditions: true };
    await put("ignored", "two", { IfNoneMatch: "*" });
    assert.equal(await textOf("ignored"), "two");
    await put("ignored", "three", { IfMatch: ETag });
    assert.equal(await textOf("ignored"), "three");
    const stale = new GetObjectCommand({ Bucket: "proxied", Key: "ignored", IfMatch: ETag });
    await assert.rejects(client.send(stale), { name: "PreconditionFailed" });
  });

  await context.test("a body ends early, loudly or silently", async () => {
    proxy.faults = {};
    await put("long", "x".repeat(100_000));
    proxy.faults = { truncated: 1 };
    await assert.rejects(textOf("long"));
    proxy.faults = { shortened: 1 };
    assert.equal((await textOf("long"))?.length, 50_000);
  });

  await context.test("a stalled request waits until its caller gives up", async () => {
    proxy.faults = { stall: 1 };
    const signal = AbortSignal.timeout(50);
    const stalled = client.send(new HeadObjectCommand({ Bucket: "proxied", Key: "long" }), { abortSignal: signal });
    await assert.rejects(stalled, { name: "AbortError" });
  });

  await context.test("a page, an error of choice, a clock that is off", async () => {
    proxy.faults = { page: 403 };
    await assert.rejects(textOf("long"), (error: { $response?: { headers?: Record<string, string> } }) => {
      assert.equal(error.$response?.headers?.["content-type"], "text/html");
      return true;
    });
    proxy.faults = { error: { share: 1, status: 400, code: "ExpiredToken", message: "The token has expired." } };
    await assert.rejects(textOf("long"), { name: "ExpiredToken" });
    proxy.faults = { skewMs: 3_600_000 };
    await assert.rejects(textOf("long"), { name: "RequestTimeTooSkewed" });
    // The client has learned the store's time from the refusal, and the store accepts it from now on.
    assert.equal((await textOf("long"))?.length, 100_000);
    proxy.faults = {};
  });
});
