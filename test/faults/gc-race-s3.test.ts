/**
 * The meetings of `gc-race.test.ts` on real stores, where the fence is a conditional request: those around the swap and the
 * fence, each in a prefix of its own, with a client of its own on either side. `FAULTS=all` takes every call of both.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { gc } from "../../src/operations/gc.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { s3Storage } from "../../src/storage/s3/storage.ts";
import { faulty, noFault } from "../faulty.ts";
import { isOffered } from "../real/installed.ts";
import { clientOf, type S3Server, startMinio, startVersitygw } from "../real/s3-servers.ts";
import { growMart, type Handles, meetCollector, meetCollectors, rules } from "./meetings.ts";
import { partsOn, publish } from "./published-mart.ts";

const deep = process.env.FAULTS === "all";

/** Places in one bucket, and handles on them as two processes would have. */
async function placesOf(server: S3Server, profile: "versitygw" | "minio", scratchRoot: string) {
  await server.createBucket("marts");
  const open = (prefix: string): Promise<Storage> => {
    const { endpoint, region } = server;
    const accessKey = { kind: "env", name: "accessKey" } as const;
    const secretKey = { kind: "env", name: "secretKey" } as const;
    const credentials = { kind: "keys", accessKey, secretKey, sessionToken: undefined } as const;
    const store = { profile, endpoint, region, pathStyle: true, ca: undefined, credentials, parallel: 8 };
    const place = { kind: "s3", bucket: "marts", prefix, name: `s3://marts/${prefix}`, store } as const;
    const resolveSecret = (reference: { readonly kind: string; readonly name?: string }): string =>
      reference.name === "accessKey" ? server.accessKey : server.secretKey;
    return s3Storage(place, { resolveSecret, scratchRoot });
  };
  let places = 0;
  return async (): Promise<Handles> => {
    const prefix = `meeting-${++places}`;
    const handles = { one: await open(prefix), other: await open(prefix) };
    await growMart(handles.one);
    return handles;
  };
}

async function callsOf(work: (port: Storage) => Promise<unknown>, { one }: Handles): Promise<readonly string[]> {
  const counted = faulty(one, noFault);
  await work(counted.port);
  return counted.calls;
}

/** What a test of the store leaves when its process dies, which no listing shows. */
async function sweepsStaging(server: S3Server, storage: Storage): Promise<void> {
  const client = clientOf(server);
  const prefix = storage.name.replace("s3://marts/", "");
  const keys = Array.from({ length: 3 }, (_, at) => `_staging/probe-0123456789abcdef/object-${at}`);
  try {
    for (const key of keys)
      await client.send(new PutObjectCommand({ Bucket: "marts", Key: `${prefix}/${key}`, Body: "x" }));
    const found = async (beforeMs: number, dryRun: boolean): Promise<readonly string[]> =>
      ((await storage.sweepUploads?.(beforeMs, { dryRun })) ?? []).map(({ key }) => key);
    const later = Date.now() + 3_600_000;
    assert.deepEqual(await found(Date.now() - 3_600_000, false), [], "what is young stays");
    assert.deepEqual(await found(later, true), keys);
    assert.deepEqual(await found(later, false), keys);
    assert.deepEqual(await found(later, true), []);
  } finally {
    client.destroy();
  }
}

const around = (call: number, calls: number): readonly number[] =>
  deep ? Array.from({ length: calls + 1 }, (_, at) => at + 1) : [call, call + 1];

const stores = [
  { title: "versitygw", profile: "versitygw", start: startVersitygw } as const,
  ...(isOffered("minio") ? [{ title: "MinIO", profile: "minio", start: startMinio } as const] : []),
];

for (const { title, profile, start } of stores) {
  test(`publisher and collector, and two collectors, meet on ${title}`, async (context) => {
    const server = await start(context);
    if (server === undefined) return;
    const scratch = mkdtempSync(join(tmpdir(), "millrace-race-"));
    try {
      const another = await placesOf(server, profile, scratch);
      const publishing = await callsOf((port) => publish(partsOn(port)), await another());
      const collecting = await callsOf((port) => gc(partsOn(port), rules), await another());
      const isRecord = (call: string): boolean => call.startsWith("putIfAbsent _catalog/");
      const swap = publishing.findIndex(isRecord) + 1;
      const fence = collecting.findIndex(isRecord) + 1;
      const removal = collecting.findIndex((call) => call.startsWith("remove activity/")) + 1;
      assert.ok(swap > 0 && fence > 0 && removal > fence);
      const outcomes = { won: 0, lost: 0 };
      const inCollectors = deep ? around(0, collecting.length) : [...around(fence, 0), removal];
      for (const inPublisher of around(swap, publishing.length)) {
        for (const inCollector of inCollectors) {
          for (const first of ["publisher", "collector"] as const)
            outcomes[await meetCollector(await another(), { inPublisher, inCollector, first })]++;
        }
      }
      for (const inOne of inCollectors)
        for (const inOther of inCollectors) await meetCollectors(await another(), inOne, inOther);
      context.diagnostic(
        `${outcomes.won + outcomes.lost} meetings, the publisher won ${outcomes.won}; ${inCollectors.length ** 2} of two collectors`,
      );
      assert.ok(outcomes.won > 0 && outcomes.lost > 0);
      await sweepsStaging(server, (await another()).one);
    } finally {
      await server.stop();
      rmSync(scratch, { recursive: true, force: true });
    }
  });
}
