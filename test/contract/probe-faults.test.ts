/** The probe on bad days: a busy store is no bad store, lies are found, and a stop leaves nothing behind. */
import assert from "node:assert/strict";
import { existsSync, utimesSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { Failure } from "../../src/errors.ts";
import type { ProbeFinding } from "../../src/storage/contract.ts";
import { startS3Proxy } from "../faults/s3-proxy.ts";
import { clientOf, startVersitygw } from "../real/s3-servers.ts";
import { bucket, contents, failing, prefix, probe, probedStorage, textOf } from "./probed-store.ts";

const minuteMs = 60_000;

test("a probe on bad days", async (context) => {
  const server = await startVersitygw(context);
  if (server === undefined) return;
  const seed = Number(process.env.FC_SEED ?? 5);
  context.diagnostic(`seed ${seed}`);
  const proxy = await startS3Proxy(server, { seed });
  const admin = clientOf(server);
  context.after(async () => {
    admin.destroy();
    await proxy.stop();
    await server.stop();
  });
  await server.createBucket(bucket);
  const storage = await probedStorage(server, { endpoint: proxy.endpoint, profile: "versitygw" });
  const isEmpty = async (): Promise<void> => assert.deepEqual(await contents(admin), [], "something is left behind");

  await context.test("a store that asks to slow down and loses answers is not taken for a bad one", async () => {
    proxy.faults = { slowDown: 0.15, resetAfter: 0.08, resetBefore: 0.04 };
    const found = await probe(storage, { depth: "races" });
    assert.deepEqual(failing(found), []);
    assert.ok(proxy.struck > 100, `${proxy.struck} faults struck`);
    proxy.faults = {};
    await isEmpty();
  });

  await context.test("a store that has never heard of conditions", async () => {
    proxy.faults = { ignoresConditions: true };
    const found = await probe(storage, { depth: "races" });
    assert.deepEqual(failing(found), [
      ...["If-None-Match", "If-None-Match, raced", "If-Match", "If-Match, raced"],
      ...["upload's condition", "upload's condition, raced"],
    ]);
    assert.ok([...found.values()].every(({ ok, needed }) => ok || needed === "several writers"));
    proxy.faults = {};
    await isEmpty();
  });

  await context.test("a listing that hides what is new", async () => {
    proxy.faults = { hidden: { youngerMs: minuteMs } };
    const found = await probe(storage, { depth: "races" });
    assert.match(textOf(found, "read after write"), /was not seen by the listing after it/);
    assert.match(textOf(found, "listing by pages"), /names are missing/);
    assert.equal(found.get("read after write")?.needed, "everyone");
    proxy.faults = {};
    await isEmpty();
  });

  await context.test("clocks: told from 30 s on, refused from 5 min on", async () => {
    proxy.faults = { skewMs: minuteMs };
    const minute = await probe(storage, { depth: "greeting" });
    assert.deepEqual(failing(minute), []);
    assert.match(textOf(minute, "clock"), /^this machine's is (59|60|61) s behind the store's; from 5 min on/);
    proxy.faults = { skewMs: -10 * minuteMs };
    const ten = await probe(storage, { depth: "greeting" });
    assert.deepEqual(failing(ten), ["clock"]);
    assert.match(textOf(ten, "clock"), /^this machine's is 10 min ahead of the store's$/);
    proxy.faults = { skewMs: 20 * minuteMs };
    // Another client: this one has learned of the difference by now.
    const fresh = await probedStorage(server, { endpoint: proxy.endpoint });
    const twenty = await probe(fresh, { depth: "all" });
    assert.deepEqual(failing(twenty), ["clock", "sign in"]);
    assert.match(textOf(twenty, "sign in"), /clocks of this machine and of the store differ/);
    proxy.faults = {};
  });

  await context.test("a page instead of a store, a wrong key, a missing bucket, nobody there", async () => {
    proxy.faults = { page: 200 };
    const page = await probe(storage, { depth: "races" });
    const [about = "", ...others] = failing(page);
    assert.deepEqual(others, []);
    assert.match(textOf(page, about), /what answers is no S3 store|a page/);
    proxy.faults = { page: 403 };
    assert.match(textOf(await probe(storage, { depth: "races" }), "sign in"), /answers 403 with a page/);
    const stranger = await probedStorage(server, { keys: { accessKey: "AKNOBODY", secretKey: "no secret" } });
    assert.match(textOf(await probe(stranger, { depth: "races" }), "sign in"), /does not know this access key/);
    const mistaken = await probedStorage(server, { keys: { ...server, secretKey: "not-the-secret" } });
    const wrong = await probe(mistaken, { depth: "races" });
    assert.match(textOf(wrong, "sign in"), /secret key does not fit/);
    assert.equal(JSON.stringify([...wrong.values()]).includes("not-the-secret"), false);
    const nobody = await probedStorage(server, { endpoint: `http://127.0.0.1:${await closedPort()}` });
    const began = performance.now();
    const silence = await probe(nobody, { depth: "all" });
    assert.deepEqual([...silence.keys()], ["store", "reachable"]);
    assert.match(textOf(silence, "reachable"), /refuses the connection/);
    assert.equal(silence.get("reachable")?.server, undefined);
    assert.ok(performance.now() - began < 30_000);
  });

  await context.test("a stop in the middle throws, and what was written is removed", async () => {
    proxy.faults = {};
    for (const after of ["right to write", "If-None-Match", "listing by pages"]) {
      const stop = new AbortController();
      const run = async (): Promise<void> => {
        for await (const { subject } of storage.probe({ depth: "all", signal: stop.signal })) {
          if (subject === after) setTimeout(() => stop.abort(), 30);
        }
      };
      await assert.rejects(run(), (error) => error instanceof Failure && error.kind === "cancelled");
      await isEmpty();
    }
    for await (const { subject } of storage.probe({ depth: "all" })) if (subject === "metadata") break;
    await isEmpty();
  });

  await context.test(
    "what a killed probe left behind is removed by a later one, what another one uses is not",
    async () => {
      const left = ["_staging/probe-0000000000000000/old", "_staging/probe-1111111111111111/new"];
      for (const key of left) {
        await admin.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/${key}`, Body: "text" }));
      }
      const [old = ""] = left;
      const file = join(server.objects, bucket, prefix, old);
      assert.ok(existsSync(file));
      const twoHoursAgo = (Date.now() - 2 * 60 * minuteMs) / 1000;
      utimesSync(file, twoHoursAgo, twoHoursAgo);
      const found = await probe(storage, { depth: "races" });
      assert.match(textOf(found, "cleaning up"), /objects removed, and 1 that an earlier probe had left$/);
      assert.deepEqual(await contents(admin), [`${prefix}/${left[1]}`]);
    },
  );

  await context.test("findings come one by one, while the others are still to come", async () => {
    proxy.faults = {};
    const findings = storage.probe({ depth: "races" })[Symbol.asyncIterator]();
    const first: ProbeFinding[] = [];
    for (let at = 0; at < 3; at++) {
      const next = await findings.next();
      if (next.done !== true) first.push(next.value);
    }
    assert.deepEqual(
      first.map(({ subject }) => subject),
      ["reachable", "TLS", "clock"],
    );
    await findings.return?.();
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 1;
}
