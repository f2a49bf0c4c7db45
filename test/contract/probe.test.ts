/** The probe on real stores: two kinds that keep the law, one test double with known holes, and two that must be refused. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { type TestContext } from "node:test";
import { isOffered } from "../real/installed.ts";
import {
  clientOf,
  type S3Server,
  startMinio,
  startMoto,
  startS3proxy,
  startS3rver,
  startVersitygw,
} from "../real/s3-servers.ts";
import { bucket, contents, failing, type Probed, probe, probedStorage, textOf } from "./probed-store.ts";

const everything = [
  ...["store", "reachable", "TLS", "clock", "right to list", "right to write", "right to read", "right to delete"],
  ...[
    "right to abort uploads",
    "right to list uploads",
    "signature",
    "read after write",
    "read after delete",
    "ranges",
  ],
  ...["read of one version", "metadata", "names", "checksums", "upload in parts", "listing by pages"],
  ...["listing beyond 1,000", "If-None-Match", "If-None-Match, raced", "If-Match", "If-Match, raced"],
  ...["upload's condition", "upload's condition, raced", "cleaning up"],
];

/** What a run depends on. */
const short = everything.filter(
  (subject) =>
    ![
      ...["store", "right to abort uploads", "right to list uploads", "signature", "checksums", "upload in parts"],
      "listing beyond 1,000",
    ].includes(subject),
);

async function withBucket(server: S3Server | undefined, work: (server: S3Server, ca?: string) => Promise<void>) {
  if (server === undefined) return;
  try {
    await server.createBucket(bucket);
    await work(server, server.caFile === undefined ? undefined : readFileSync(server.caFile, "utf8"));
  } finally {
    await server.stop();
  }
}

async function holdsAll(server: S3Server, probed: Probed): Promise<void> {
  const storage = await probedStorage(server, probed);
  const found = await probe(storage, { depth: "all" });
  assert.deepEqual([...found.keys()], everything);
  assert.deepEqual(failing(found), []);
  assert.match(
    textOf(found, "If-None-Match, raced"),
    /^20 rounds of 8 writers, one winner each; 140 were answered 412$/,
  );
  assert.match(textOf(found, "If-Match, raced"), /^20 rounds of 8 writers, one winner each; 140 were answered 412$/);
  assert.match(textOf(found, "upload's condition, raced"), /^5 rounds of 8 writers, one winner each; 35 /);
  assert.match(textOf(found, "listing beyond 1,000"), /^1,100 objects in 2 pages/);
  const said = JSON.stringify([...found.values()]);
  assert.equal(said.includes(server.secretKey), false, "a secret is printed");
  const client = clientOf(server, probed.ca);
  try {
    assert.deepEqual(await contents(client), [], "something is left behind");
  } finally {
    client.destroy();
  }
}

test("versitygw keeps the law, over TLS by an authority of our own", async (context) => {
  await withBucket(await startVersitygw(context, { tls: true }), async (server, ca) => {
    const probed = { profile: "versitygw", ...(ca === undefined ? {} : { ca }) } as const;
    await holdsAll(server, probed);
    const storage = await probedStorage(server, probed);
    const races = await probe(storage, { depth: "races" });
    assert.deepEqual([[...races.keys()], failing(races)], [short, []]);
    assert.equal(races.get("reachable")?.server, "VERSITYGW");
    assert.match(textOf(races, "TLS"), /^TLSv1\.3, certificate of .+ until \d{4}-\d\d-\d\d, verified by .+ \(by ca\)$/);
    const greeting = await probe(storage, { depth: "greeting" });
    assert.deepEqual([[...greeting.keys()], failing(greeting)], [["reachable", "TLS", "clock"], []]);
    const reader = await probe(storage, { depth: "all", access: "read" });
    assert.deepEqual(
      [[...reader.keys()], failing(reader)],
      [["store", "reachable", "TLS", "clock", "signature", "right to list", "right to read"], []],
    );
    // Without the authority nothing but that is said.
    const stranger = await probe(await probedStorage(server, { profile: "versitygw" }), { depth: "races" });
    assert.deepEqual(failing(stranger), ["reachable"]);
    assert.match(textOf(stranger, "reachable"), /authority that is not known here/);
    assert.match(stranger.get("reachable")?.remedy ?? "", /s3\.ca/);
  });
});

if (isOffered("minio")) {
  test("MinIO keeps the law", async (context) => {
    await withBucket(await startMinio(context), (server) => holdsAll(server, { profile: "minio" }));
  });
}

test("moto takes every signature and every checksum, and is told so", async (context: TestContext) => {
  await withBucket(await startMoto(context), async (server) => {
    const found = await probe(await probedStorage(server), { depth: "all" });
    assert.deepEqual([...found.keys()], everything);
    // It sometimes lets two racers win: it looks at the condition first and writes later, and its threads take turns in between.
    const bad = failing(found).filter((subject) => !subject.endsWith(", raced"));
    assert.deepEqual(bad, ["signature", "checksums"]);
    assert.equal(found.get("signature")?.needed, "nobody");
    assert.match(textOf(found, "signature"), /anyone who reaches the store may write/);
    const reader = await probe(await probedStorage(server), { depth: "all", access: "read" });
    assert.match(textOf(reader, "signature"), /anyone who reaches the store may read/);
  });
});

test("s3proxy keeps every condition in sequence and loses the race", async (context) => {
  await withBucket(await startS3proxy(context), async (server) => {
    const found = await probe(await probedStorage(server), { depth: "races" });
    assert.equal(found.get("If-None-Match")?.ok, true);
    assert.equal(found.get("If-Match")?.ok, true);
    const raced = found.get("If-Match, raced");
    assert.equal(raced?.ok, false);
    assert.equal(raced?.needed, "several writers");
    assert.match(raced?.finding ?? "", /^20 rounds of 8 writers: \d+ rounds? had \d( to \d)? winners/);
    assert.match(raced?.remedy ?? "", /lake\.writers: one/);
    const bad = [...found.values()].filter(({ ok, needed }) => !ok && needed !== "several writers");
    assert.deepEqual(bad, [], "whoever writes alone may use it");
  });
});

test("s3rver ignores every condition, takes every signature, and cannot list", async (context) => {
  await withBucket(await startS3rver(context), async (server) => {
    const found = await probe(await probedStorage(server), { depth: "all" });
    for (const subject of ["If-None-Match", "If-Match", "upload's condition"]) {
      assert.match(
        textOf(found, subject),
        /^the condition is ignored: the second writer replaced the first one's object$/,
      );
      assert.match(textOf(found, `${subject}, raced`), /rounds had 8 winners/);
    }
    assert.match(textOf(found, "signature"), /anyone who reaches the store may write/);
    assert.match(textOf(found, "listing beyond 1,000"), /a listing of 1,100 objects: it is answered 500 InternalError/);
    assert.match(textOf(found, "listing by pages"), /not in byte order/);
    assert.match(textOf(found, "ranges"), /bytes=0-0 gives 1000 wrong bytes/);
    assert.match(textOf(found, "read of one version"), /the condition is ignored/);
    assert.equal(found.get("listing by pages")?.needed, "everyone");
    // The objects are gone although it cannot abort uploads; those are named.
    assert.match(
      textOf(found, "cleaning up"),
      /^0 objects and \d open uploads stay below some\/place\/_staging\/probe-/,
    );
  });
});
