/** The probe under policies: every right that is missing is named, and nothing else suffers from it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { PutBucketPolicyCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { clientOf, startVersitygw } from "../real/s3-servers.ts";
import { bucket, contents, type Findings, failing, prefix, probe, probedStorage, textOf } from "./probed-store.ts";

const objects = `arn:aws:s3:::${bucket}/${prefix}/*`;
const staging = `arn:aws:s3:::${bucket}/${prefix}/_staging/*`;
const list = { Action: ["s3:ListBucket"], Resource: [`arn:aws:s3:::${bucket}`] };
const on = (Resource: string, ...Action: string[]) => ({ Action, Resource: [Resource] });

test("a probe under policies", async (context) => {
  const server = await startVersitygw(context);
  if (server === undefined) return;
  const admin = clientOf(server);
  context.after(async () => {
    admin.destroy();
    await server.stop();
  });
  await server.createBucket(bucket);
  const keys = await server.createUser();
  const storage = await probedStorage(server, { keys, profile: "versitygw" });
  const under = async (...statements: readonly object[]): Promise<void> => {
    const allow = { Effect: "Allow", Principal: { AWS: keys.accessKey } };
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: statements.map((statement) => ({ ...allow, ...statement })),
    });
    await admin.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  };
  const empty = async (): Promise<void> => {
    const aside = join(server.objects, bucket, prefix);
    if (existsSync(aside)) await rename(aside, `${aside}-${Math.random()}`);
  };
  const names = (found: Findings, subject: string, right: string): void => {
    assert.match(textOf(found, subject), new RegExp(`the right ${right} on probed(/some/place/\\*)? is missing`));
    assert.match(found.get(subject)?.remedy ?? "", new RegExp(right));
  };

  await context.test("who may not delete can do everything else; what is left is named", async () => {
    await under(list, on(objects, "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"));
    const found = await probe(storage, { depth: "races" });
    assert.deepEqual(failing(found), ["right to delete", "cleaning up"]);
    names(found, "right to delete", "s3:DeleteObject");
    assert.equal(found.get("right to delete")?.needed, "gc");
    assert.equal(found.get("right to delete")?.right, "delete");
    assert.match(
      textOf(found, "cleaning up"),
      /^\d+ objects and 0 open uploads stay below some\/place\/_staging\/probe-[0-9a-f]{16}\/$/,
    );
    assert.match(textOf(found, "read after delete"), /not tested/);
    assert.ok((await contents(admin)).every((key) => key.startsWith(`${prefix}/_staging/probe-`)));
    await empty();
  });

  await context.test("a writer that may clear away its own tests leaves nothing", async () => {
    await under(
      list,
      on(objects, "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"),
      on(staging, "s3:DeleteObject"),
    );
    const found = await probe(storage, { depth: "races" });
    assert.deepEqual(failing(found), ["right to delete"]);
    const left = (await contents(admin)).filter((key) => key.startsWith(`${prefix}/_`));
    assert.deepEqual(left, []);
  });

  await context.test("who may not abort uploads, nor list them, is told so", async () => {
    await under(list, on(objects, "s3:GetObject", "s3:PutObject", "s3:DeleteObject"));
    const found = await probe(storage, { depth: "all" });
    assert.deepEqual(failing(found), ["right to abort uploads", "right to list uploads", "cleaning up"]);
    names(found, "right to abort uploads", "s3:AbortMultipartUpload");
    names(found, "right to list uploads", "s3:ListBucketMultipartUploads");
    assert.match(textOf(found, "cleaning up"), /^0 objects and \d+ open uploads stay/);
    await empty();
  });

  await context.test("without the right to write only that is said, and what could not be tested", async () => {
    await under(list, on(objects, "s3:GetObject"));
    const found = await probe(storage, { depth: "all" });
    assert.deepEqual(failing(found), ["right to write", "not tested"]);
    names(found, "right to write", "s3:PutObject");
    assert.equal(found.get("right to write")?.needed, "everyone");
    assert.match(textOf(found, "not tested"), /^\d+ tests, for lack of the right to write: right to read, /);
    assert.deepEqual(failing(await probe(storage, { depth: "all", access: "read" })), []);
  });

  await context.test("without the right to list the others are tested all the same", async () => {
    await under(on(objects, "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"));
    const found = await probe(storage, { depth: "races" });
    assert.deepEqual(failing(found), ["right to list", "not tested"]);
    names(found, "right to list", "s3:ListBucket");
    assert.equal(found.get("If-None-Match, raced")?.ok, true);
    assert.equal(found.get("cleaning up")?.ok, true);
  });

  await context.test("without the right to read", async () => {
    await under(list, on(objects, "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"));
    const found = await probe(storage, { depth: "races" });
    assert.deepEqual(failing(found), ["right to read", "not tested"]);
    names(found, "right to read", "s3:GetObject");
    const reader = await probe(storage, { depth: "races", access: "read" });
    assert.deepEqual(failing(reader), ["right to read"]);
  });

  await context.test("without any right", async () => {
    await under({ Effect: "Deny", ...on(objects, "s3:GetObject") });
    const found = await probe(storage, { depth: "races" });
    assert.deepEqual(failing(found), ["right to list", "right to write", "not tested"]);
    await admin.send(new PutObjectCommand({ Bucket: bucket, Key: "other", Body: "text" }));
  });
});
