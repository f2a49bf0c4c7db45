/**
 * Doctor's questions to real servers: one without the jars of S3A, one with all of them over a real S3 server, and one that
 * lacks the jar of the committers and falls back without a word.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Place } from "../../src/model/project.ts";
import { sparkVersions } from "../../src/model/versions.ts";
import { sparkFindings } from "../../src/operations/doctor-spark.ts";
import { askSpark } from "../../src/operations/doctor-spark-ask.ts";
import type { SparkPlace } from "../../src/operations/doctor-spark-place.ts";
import type { SparkFinding } from "../../src/operations/doctor-spark-verdict.ts";
import { connect } from "../../src/spark.ts";
import { openStorage } from "../../src/storage/open.ts";
import { s3aJars } from "../real/installed.ts";
import { type S3Server, startVersitygw } from "../real/s3-servers.ts";
import { sparkServer, startSparkServer } from "../real/spark-server.ts";

interface Asked {
  readonly findings: ReadonlyMap<string, SparkFinding>;
  /** Everything that is not well, with its verdict. */
  readonly wrong: readonly string[];
}

async function ask(url: string, places: readonly SparkPlace[]): Promise<Asked> {
  const facts = await askSpark({ url, open: () => connect(url), places, clock: Date.now, newId: () => "0123abcd" });
  const needsS3 = places.some(({ kind }) => kind === "s3");
  const all = sparkFindings(facts, { releases: sparkVersions, protocol: "4.2", oldest: "4.0", needsS3 });
  for (const { subject, verdict, remedy } of all) assert.equal(remedy === undefined, verdict === "ok", subject);
  return {
    findings: new Map(all.map((finding) => [finding.subject, finding])),
    wrong: all.filter(({ verdict }) => verdict !== "ok").map(({ subject, verdict }) => `${verdict} ${subject}`),
  };
}

async function opened(
  which: SparkPlace["place"],
  place: Place,
  access: SparkPlace["access"],
  scratchRoot: string,
): Promise<SparkPlace> {
  const storage = await openStorage(place, { resolveSecret, scratchRoot });
  return { place: which, kind: place.kind, storage, access };
}

/** What the references of a place in a bucket name. */
const secrets = new Map<string, string>();

function bucketPlace(server: S3Server, bucket: string): Place {
  secrets.set("env", server.accessKey);
  secrets.set("file", server.secretKey);
  return {
    kind: "s3",
    bucket,
    prefix: "lake",
    name: `s3://${bucket}/lake`,
    store: {
      profile: "versitygw",
      endpoint: server.endpoint,
      region: server.region,
      pathStyle: true,
      ca: undefined,
      credentials: {
        kind: "keys",
        accessKey: { kind: "env", name: "ACCESS" },
        secretKey: { kind: "file", path: "secret" },
        sessionToken: undefined,
      },
      parallel: 4,
    },
  };
}

test("a server without the jars of S3A says so, and what it may do on a disk", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const root = mkdtempSync(join(tmpdir(), "millrace doctor's-"));
  context.after(() => rmSync(root, { recursive: true }));
  for (const name of ["tables/t/src=1", "marts"]) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, "tables/t/src=1/lines.json"), '{"a":1}\n');
  const directory = (name: string): Place => ({ kind: "directory", path: join(root, name), name: `lake/${name}` });
  const places = [
    await opened("tables", directory("tables"), "read", root),
    await opened("marts", directory("marts"), "write", root),
  ];
  const { findings, wrong } = await ask(server.url, places);
  assert.deepEqual(wrong, ["note S3A", "note committer classes"]);
  assert.match(findings.get("S3A")?.remedy ?? "", /hadoop-aws 3\.5\.0 with the AWS SDK 2\.35\.4/);
  assert.match(findings.get("server")?.finding ?? "", /^Spark 4\.\d+\.\d+ at sc:/);
  assert.equal(findings.get("Hadoop")?.finding, "3.5.0");
  assert.match(findings.get("Java")?.finding ?? "", /^\d+/);
  assert.match(findings.get("memory and cores")?.finding ?? "", /^local\[\d+\]: \d+ tasks at a time, driver/);
  assert.equal(findings.get("clock")?.verdict, "ok");
  assert.match(findings.get("read tables")?.finding ?? "", /reads t\/src=1\/lines\.json/);
  assert.match(findings.get("committer in marts")?.finding ?? "", /right for a disk/);
  assert.equal(findings.get("delete marts")?.verdict, "ok");
  assert.deepEqual(readdirSync(join(root, "marts")), [], "nothing is left of the test");
});

test("a server that does not see the lake's disk is told apart", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const [here, there] = ["here", "there"].map(() => mkdtempSync(join(tmpdir(), "millrace-doctor-")));
  context.after(() => {
    for (const root of [here, there]) if (root !== undefined) rmSync(root, { recursive: true });
  });
  assert.ok(here !== undefined && there !== undefined);
  writeFileSync(join(here, "lines.json"), '{"a":1}\n');
  const place = await opened("marts", { kind: "directory", path: here, name: "marts" }, "write", here);
  // As if the same path led somewhere else over there.
  const elsewhere = { ...place, storage: { ...place.storage, location: (key: string) => `file://${there}/${key}` } };
  const { findings } = await ask(server.url, [elsewhere]);
  assert.match(findings.get("read marts")?.finding ?? "", /is not there for the server/);
  assert.match(findings.get("write marts")?.finding ?? "", /not there for us/);
  assert.match(findings.get("write marts")?.remedy ?? "", /another machine/);
});

test("no server at all is one finding with a remedy", async () => {
  const { wrong, findings } = await ask("sc://127.0.0.1:1", []);
  assert.deepEqual(wrong, ["fails server"]);
  assert.match(findings.get("server")?.remedy ?? "", /\S/);
});

test("a matched server over S3A: the magic committer, and rights that are the server's own", async (context) => {
  const jars = s3aJars(context);
  const store = jars === undefined ? undefined : await startVersitygw(context);
  if (jars === undefined || store === undefined) return;
  context.after(() => store.stop());
  for (const bucket of ["tables", "marts", "locked"]) await store.createBucket(bucket);
  const user = await store.createUser();
  const server = await startSparkServer(context, {
    conf: {
      ...s3aSettings(store),
      "spark.driver.extraClassPath": join(jars, "*"),
      "spark.sql.session.timeZone": "Asia/Kathmandu",
      "spark.sql.ansi.enabled": "false",
      "spark.hadoop.fs.s3a.bucket.locked.access.key": user.accessKey,
      "spark.hadoop.fs.s3a.bucket.locked.secret.key": user.secretKey,
      "spark.hadoop.fs.s3a.bucket.locked.aws.credentials.provider":
        "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
    },
    environment: { AWS_ACCESS_KEY_ID: store.accessKey, AWS_SECRET_ACCESS_KEY: store.secretKey },
  });
  if (server === undefined) return;
  context.after(() => server.stop());
  const scratch = mkdtempSync(join(tmpdir(), "millrace-doctor-"));
  context.after(() => rmSync(scratch, { recursive: true, force: true }));
  const place = (which: SparkPlace["place"], bucket: string, access: SparkPlace["access"]): Promise<SparkPlace> =>
    opened(which, bucketPlace(store, bucket), access, scratch);

  const tables = await place("tables", "tables", "read");
  const lines = Buffer.from('{"a":1}\n');
  await (await openStorage(bucketPlace(store, "tables"), { resolveSecret, scratchRoot: scratch })).put(
    "t/x.json",
    lines,
  );
  await (await openStorage(bucketPlace(store, "locked"), { resolveSecret, scratchRoot: scratch })).put(
    "t/y.json",
    lines,
  );
  const good = await ask(server.url, [tables, await place("marts", "marts", "write")]);
  assert.deepEqual(good.wrong, ["note session time zone", "note ANSI mode"]);
  assert.match(good.findings.get("session time zone")?.finding ?? "", /Asia\/Kathmandu/);
  assert.equal(good.findings.get("S3A")?.finding, "hadoop-aws 3.5.0, as Hadoop");
  assert.equal(good.findings.get("AWS SDK")?.finding, "2.35.4, as hadoop-aws 3.5.0 names it");
  assert.match(good.findings.get("committer classes")?.finding ?? "", /^spark-hadoop-cloud 4\./);
  assert.match(good.findings.get("committer in marts")?.finding ?? "", /^magic/);
  assert.match(good.findings.get("read tables")?.finding ?? "", /reads t\/x\.json/);
  assert.equal(good.findings.get("delete marts")?.verdict, "ok");

  const locked = await ask(server.url, [await place("marts", "locked", "write")]);
  assert.deepEqual(
    locked.wrong.filter((text) => text.startsWith("fails")),
    ["fails read marts", "fails write marts"],
  );
  assert.match(locked.findings.get("write marts")?.remedy ?? "", /the server's own credentials/);
});

test("without the jar of the committers Spark falls back silently, and doctor sees it", async (context) => {
  const jars = s3aJars(context);
  const store = jars === undefined ? undefined : await startVersitygw(context);
  if (jars === undefined || store === undefined) return;
  context.after(() => store.stop());
  await store.createBucket("marts");
  const some = readdirSync(jars).filter((name) => !name.startsWith("spark-hadoop-cloud"));
  const server = await startSparkServer(context, {
    conf: {
      ...s3aSettings(store),
      "spark.driver.extraClassPath": some.map((name) => join(jars, name)).join(":"),
    },
    environment: { AWS_ACCESS_KEY_ID: store.accessKey, AWS_SECRET_ACCESS_KEY: store.secretKey },
  });
  if (server === undefined) return;
  context.after(() => server.stop());
  const scratch = mkdtempSync(join(tmpdir(), "millrace-doctor-"));
  context.after(() => rmSync(scratch, { recursive: true, force: true }));
  const { wrong, findings } = await ask(server.url, [
    await opened("marts", bucketPlace(store, "marts"), "write", scratch),
  ]);
  assert.deepEqual(wrong, ["fails committer classes", "fails committer in marts"]);
  assert.match(findings.get("committer in marts")?.finding ?? "", /_SUCCESS is empty/);
  assert.equal(findings.get("S3A")?.verdict, "ok");
});

const resolveSecret = ({ kind }: { readonly kind: string }): string => secrets.get(kind) ?? "";

function s3aSettings({ endpoint, region }: S3Server): Readonly<Record<string, string>> {
  return {
    "spark.hadoop.fs.s3a.endpoint": endpoint,
    "spark.hadoop.fs.s3a.endpoint.region": region,
    "spark.hadoop.fs.s3a.path.style.access": "true",
    "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
    // Whoever is not there or not let in is told so at once.
    "spark.hadoop.fs.s3a.attempts.maximum": "1",
  };
}
