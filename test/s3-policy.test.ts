/**
 * The policies of `millrace lake policy` on a real store that enforces them: four users, each with one role, carry an
 * hour from the archive to a mart and collect the garbage. Each of them works with its policy, and with one right less
 * fails with that right named.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { App, PolicyStatement, RoleName } from "../src/answers.ts";
import { lakePolicies, openApp } from "../src/app.ts";
import { readProject } from "../src/config/read.ts";
import { Failure } from "../src/errors.ts";
import type { Project } from "../src/model/project.ts";
import { clientOf, type S3Keys, startVersitygw, type VersityGateway } from "./real/s3-servers.ts";

const dayMs = 86_400_000;

/** Raw in a bucket of its own, two places in one bucket: only their prefixes tell them apart. */
const placeOf = {
  raw: { bucket: "lake-raw", prefix: "archive" },
  tables: { bucket: "lake-data", prefix: "tables" },
  marts: { bucket: "lake-data", prefix: "marts" },
} as const;

type PlaceName = keyof typeof placeOf;

const hours = ["2026-03-01-4", "2026-03-01-5"];

/** Objects expire for the collector of garbage alone: what has expired is not fetched any more. */
const projectText = (archive: string, server: VersityGateway, keep: string): string => `name: policy
ca: ${server.caFile ?? "none"}
lake: { raw: s3://lake-raw/archive, tables: s3://lake-data/tables, marts: s3://lake-data/marts }
s3: { store: versitygw, endpoint: "${server.endpoint}", access_key: file:key, secret_key: file:secret }
sources:
  hours:
    url: "file://${archive}/{yyyy}-{MM}-{dd}-{H}.json.gz"
    since: 2026-03-01T04
    until: 2026-03-01T06
    keep: ${keep}
tables: { events: { from: hours } }
marts: { activity: { select: "type, src", from: events } }
`;

const users = ["collector", "converter", "marts", "gc"] as const;

interface World {
  readonly server: VersityGateway;
  readonly admin: S3Client;
  /** The project of a user, in a directory of its own as on another machine. */
  readonly projectOf: (user: string) => Project;
  readonly clientOf: (user: (typeof users)[number]) => S3Client;
  readonly names: ReadonlyMap<RoleName, readonly string[]>;
}

async function makeWorld(server: VersityGateway, directory: string): Promise<World> {
  const archive = join(directory, "archive");
  mkdirSync(archive);
  for (const hour of hours)
    writeFileSync(join(archive, `${hour}.json.gz`), gzipSync(`{"id":"${hour}","type":"PushEvent"}\n`));
  for (const bucket of ["lake-raw", "lake-data"]) await server.createBucket(bucket);
  const keys = new Map<string, S3Keys>([["admin", server]]);
  const make = (user: string, { accessKey, secretKey }: S3Keys): void => {
    const own = join(directory, user);
    mkdirSync(own);
    writeFileSync(join(own, "millrace.yaml"), projectText(archive, server, user === "gc" ? "1d" : "forever"));
    writeFileSync(join(own, "key"), accessKey);
    writeFileSync(join(own, "secret"), secretKey);
  };
  for (const user of users) keys.set(user, await server.createUser());
  for (const [user, each] of keys) make(user, each);
  const projectOf = (user: string): Project => {
    // Another machine each time, but for the test of the store, which takes seconds.
    const remembered = join(directory, user, ".millrace");
    const files = existsSync(remembered) ? readdirSync(remembered) : [];
    for (const name of files) if (name !== "stores.json") rmSync(join(remembered, name), { recursive: true });
    return readProject({ file: join(directory, user, "millrace.yaml"), environment: {} });
  };
  const ca = server.caFile === undefined ? undefined : readFileSync(server.caFile, "utf8");
  return {
    server,
    admin: clientOf(server, ca),
    projectOf,
    clientOf: (user) => clientOf({ ...server, ...keys.get(user) }, ca),
    names: new Map(users.map((user) => [user, [keys.get(user)?.accessKey ?? ""]])),
  };
}

/** Puts the policies of all users, changed by `change`. */
async function allow(
  { admin, projectOf, names }: World,
  change: (statement: PolicyStatement) => PolicyStatement | undefined = (statement) => statement,
): Promise<void> {
  const { buckets } = lakePolicies(projectOf("admin"), { principals: names });
  for (const { bucket, policy } of buckets) {
    const Statement = policy?.Statement.flatMap((statement) => change(statement) ?? []);
    const document = { ...policy, Statement };
    await admin.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(document) }));
  }
}

/** Takes one action away from what a role may do in a place; uploads are listed by the bucket, for all places in it. */
function less(role: RoleName, place: PlaceName, action: string) {
  const head = action === "s3:ListBucketMultipartUploads" ? role : `${role}${place}`.toLowerCase();
  return (statement: PolicyStatement): PolicyStatement | undefined => {
    if (!statement.Sid.toLowerCase().startsWith(head) || statement.Effect === "Deny") return statement;
    const Action = statement.Action.filter((each) => each !== action);
    return Action.length === 0 ? undefined : { ...statement, Action };
  };
}

type Deed = (app: App) => Promise<void>;

async function doAs({ projectOf }: World, user: string, deed: Deed): Promise<void> {
  const app = await openApp(projectOf(user), { workers: 0 });
  try {
    await deed(app);
  } finally {
    await app.close();
  }
}

const pass =
  (only: "collect" | "convert" | "marts", rerun = false): Deed =>
  async (app) => {
    const { failures, stages } = await app.run({ only, rerun });
    const [failure] = failures;
    if (failure !== undefined) throw new Failure(failure.kind === "denied" ? "denied" : "bug", failure.reason);
    assert.equal(stages[only].done, only === "marts" ? 1 : hours.length);
  };

const collectGarbage =
  (only: PlaceName): Deed =>
  async (app) => {
    const { failures } = await app.gc({ only, retentionMs: 0, versions: 1 });
    const [failure] = failures;
    if (failure !== undefined) throw new Failure(failure.kind, failure.reason);
  };

/** Fails because a right is missing, and says which one on what. */
async function lacks(world: World, role: RoleName, place: PlaceName, action: string, deed: Deed): Promise<void> {
  await allow(world, less(role, place, action));
  const { bucket, prefix } = placeOf[place];
  const right = ofBuckets.has(action) ? `${action} on ${bucket}` : `${action} on ${bucket}/${prefix}/*`;
  await assert.rejects(
    doAs(world, role, deed),
    (error) => {
      assert.ok(error instanceof Failure, String(error));
      const said = [error, ...(error.detail.others ?? [])].map(({ message }) => message).join("\n");
      assert.equal(error.kind, "denied", said);
      assert.ok(said.includes(right), `${role} without ${right}: ${said}`);
      return true;
    },
    `${role} works without ${right}`,
  );
}

const ofBuckets: ReadonlySet<string> = new Set(["s3:ListBucket", "s3:ListBucketMultipartUploads"]);

/** An upload that somebody began and forgot; the gateway dates it by its directory. */
async function forgetUpload({ admin, server }: World, place: PlaceName): Promise<void> {
  const { bucket, prefix } = placeOf[place];
  const Key = `${prefix}/forgotten`;
  const { UploadId } = await admin.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
  const found = readdirSync(join(server.objects, bucket), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(`${UploadId}`),
  );
  assert.equal(found.length, 1);
  const ago = Date.now() / 1000 - (3 * dayMs) / 1000;
  for (const path of found) utimesSync(join(server.objects, bucket, path), ago, ago);
}

async function keysBelow({ admin }: World, place: PlaceName): Promise<readonly string[]> {
  const { bucket, prefix } = placeOf[place];
  const { Contents = [] } = await admin.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/` }));
  return Contents.map(({ Key }) => Key?.slice(prefix.length + 1) ?? "");
}

test("four users with four policies carry hours to a mart and collect the garbage, and none of them has a right too many", async (context) => {
  const server = await startVersitygw(context, { tls: true });
  if (server === undefined) return;
  const directory = mkdtempSync(join(tmpdir(), "millrace-policy-"));
  let world: World | undefined;
  try {
    world = await makeWorld(server, directory);
    await chain(world);
    await garbage(world);
    await borders(world);
  } finally {
    world?.admin.destroy();
    await server.stop();
    rmSync(directory, { recursive: true });
  }
});

async function chain(world: World): Promise<void> {
  const [list, get, put] = ["s3:ListBucket", "s3:GetObject", "s3:PutObject"] as const;
  for (const action of [list, get, put]) await lacks(world, "collector", "raw", action, pass("collect"));
  await allow(world);
  await doAs(world, "collector", pass("collect"));

  for (const action of [list, get]) await lacks(world, "converter", "raw", action, pass("convert"));
  for (const action of [list, get, put]) await lacks(world, "converter", "tables", action, pass("convert"));
  await allow(world);
  await doAs(world, "converter", pass("convert"));

  for (const action of [list, get]) await lacks(world, "marts", "tables", action, pass("marts"));
  for (const action of [list, get, put]) await lacks(world, "marts", "marts", action, pass("marts"));
  await allow(world);
  await doAs(world, "marts", pass("marts"));
  await doAs(world, "marts", pass("marts", true));
  for (const place of ["raw", "tables", "marts"] as const) {
    const tests = (await keysBelow(world, place)).filter((key) => /^_(staging|probe)\//.test(key));
    assert.deepEqual(tests, [], `${place}: everybody may remove what they tried the store with`);
  }
}

async function garbage(world: World): Promise<void> {
  for (const place of ["marts", "raw"] as const) {
    await forgetUpload(world, place);
    // What these four are needed for comes before anything is removed.
    for (const action of ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
      await lacks(world, "gc", place, action, collectGarbage(place));
    for (const action of ["s3:ListBucketMultipartUploads", "s3:AbortMultipartUpload"])
      await lacks(world, "gc", place, action, collectGarbage(place));
    await allow(world);
    await doAs(world, "gc", collectGarbage(place));
  }
  // Beside what it could not remove while it lacked the right to.
  const objects = (await keysBelow(world, "raw")).filter((key) => !key.startsWith("_"));
  assert.deepEqual(objects, []);
  const versions = (await keysBelow(world, "marts")).filter((key) => key.endsWith("/_manifest.json"));
  assert.equal(versions.length, 1);
}

/** What a role does not need is refused by the store. */
async function borders(world: World): Promise<void> {
  const record = (await keysBelow(world, "marts")).find((key) => key.startsWith("_catalog/")) ?? assert.fail();
  for (const Bucket of ["lake-raw", "lake-data"])
    await world.admin.send(new PutObjectCommand({ Bucket, Key: "others/x", Body: "x" }));
  const read = (Bucket: string, Key: string) => new GetObjectCommand({ Bucket, Key });
  const write = (Bucket: string, Key: string) => new PutObjectCommand({ Bucket, Key, Body: "x" });
  const remove = (Bucket: string, Key: string) => new DeleteObjectCommand({ Bucket, Key });
  const list = (Bucket: string, Prefix?: string) =>
    new ListObjectsV2Command({ Bucket, ...(Prefix === undefined ? {} : { Prefix }) });
  const nobody = [
    read("lake-raw", "others/x"),
    read("lake-data", "others/x"),
    write("lake-raw", "archives/x"),
    write("lake-data", "martsx"),
    remove("lake-data", "others/x"),
    remove("lake-data", `marts/${record}`),
    list("lake-raw"),
    list("lake-data", "others/"),
    list("lake-data"),
  ];
  const others = {
    collector: [read("lake-data", `marts/${record}`), list("lake-data", "tables/"), remove("lake-raw", "archive/x")],
    converter: [write("lake-raw", "archive/x"), read("lake-data", `marts/${record}`), remove("lake-data", "tables/x")],
    marts: [list("lake-raw", "archive/"), read("lake-raw", "archive/x"), write("lake-data", "tables/x")],
    gc: [write("lake-raw", "archive/x"), write("lake-data", "tables/x"), write("lake-data", "marts/activity/x")],
  } as const;
  for (const user of users) {
    const client = world.clientOf(user);
    try {
      for (const command of [...nobody, ...others[user]]) {
        const what = `${user}: ${command.constructor.name} ${JSON.stringify(command.input)}`;
        await assert.rejects(send(client, command), (error) => field(error, "name") === "AccessDenied", what);
      }
    } finally {
      client.destroy();
    }
  }
}

type Attempt = GetObjectCommand | PutObjectCommand | DeleteObjectCommand | ListObjectsV2Command;

function send(client: S3Client, command: Attempt): Promise<unknown> {
  if (command instanceof GetObjectCommand) return client.send(command);
  if (command instanceof PutObjectCommand) return client.send(command);
  if (command instanceof DeleteObjectCommand) return client.send(command);
  return client.send(command);
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
