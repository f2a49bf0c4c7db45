/** The servers start, keep objects, speak TLS where asked, and are gone at the end. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test, { type TestContext } from "node:test";
import { GetObjectCommand, PutBucketPolicyCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { isOffered } from "./installed.ts";
import {
  clientOf,
  type S3Server,
  startMinio,
  startMoto,
  startS3proxy,
  startS3rver,
  startVersitygw,
} from "./s3-servers.ts";

async function keepsAnObject(server: S3Server): Promise<void> {
  const ca = server.caFile === undefined ? undefined : readFileSync(server.caFile, "utf8");
  const client = clientOf(server, ca);
  try {
    await server.createBucket("bucket");
    await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "a/b", Body: "text" }));
    const got = await client.send(new GetObjectCommand({ Bucket: "bucket", Key: "a/b" }));
    assert.equal(await got.Body?.transformToString(), "text");
  } finally {
    client.destroy();
    await server.stop();
  }
  assert.throws(() => process.kill(server.pid, 0), { code: "ESRCH" });
}

const starts: Readonly<Record<string, (context: TestContext) => Promise<S3Server | undefined>>> = {
  "versitygw, plain": (context) => startVersitygw(context),
  "versitygw, TLS": (context) => startVersitygw(context, { tls: true }),
  moto: (context) => startMoto(context),
  s3proxy: (context) => startS3proxy(context),
  s3rver: (context) => startS3rver(context),
  ...(isOffered("minio")
    ? {
        "MinIO, plain": (context: TestContext) => startMinio(context),
        "MinIO, TLS": (context: TestContext) => startMinio(context, { tls: true }),
      }
    : {}),
};

for (const [name, start] of Object.entries(starts)) {
  test(`${name} keeps an object`, async (context) => {
    const server = await start(context);
    if (server !== undefined) await keepsAnObject(server);
  });
}

test("TLS is of our own authority: who does not know it is refused", async (context) => {
  const server = await startVersitygw(context, { tls: true });
  if (server === undefined) return;
  const client = clientOf(server);
  try {
    await assert.rejects(client.send(new GetObjectCommand({ Bucket: "bucket", Key: "x" })), {
      code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    });
  } finally {
    client.destroy();
    await server.stop();
  }
});

test("a user of versitygw may do what a bucket's policy allows; objects are files", async (context) => {
  const server = await startVersitygw(context);
  if (server === undefined) return;
  const admin = clientOf(server);
  const user = clientOf({ ...server, ...(await server.createUser()) });
  try {
    await server.createBucket("shared");
    await admin.send(new PutObjectCommand({ Bucket: "shared", Key: "a", Body: "text" }));
    assert.ok(existsSync(`${server.objects}/shared/a`));
    const get = new GetObjectCommand({ Bucket: "shared", Key: "a" });
    await assert.rejects(user.send(get), { name: "AccessDenied" });
    const { accessKeyId } = await user.config.credentials();
    const allow = { Effect: "Allow", Principal: { AWS: accessKeyId }, Action: ["s3:GetObject"] };
    const policy = { Version: "2012-10-17", Statement: [{ ...allow, Resource: "arn:aws:s3:::shared/*" }] };
    await admin.send(new PutBucketPolicyCommand({ Bucket: "shared", Policy: JSON.stringify(policy) }));
    assert.equal(await (await user.send(get)).Body?.transformToString(), "text");
    const put = new PutObjectCommand({ Bucket: "shared", Key: "b", Body: "text" });
    await assert.rejects(user.send(put), { name: "AccessDenied" });
  } finally {
    admin.destroy();
    user.destroy();
    await server.stop();
  }
});
