/** A whole metastore by the script and by the command: serves, keeps its secrets, and leaves nothing behind however it ends. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test, { after } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../../src/distribution/ports.ts";
import { serves } from "../../src/metastore/probe.ts";
import { nobody } from "../real/nobody.ts";
import { type PostgresDatabase, type PostgresServer, postgresServer } from "../real/postgres-server.ts";
import type { Skipping } from "../real/real.ts";
import { startVersitygw, type VersityGateway } from "../real/s3-servers.ts";
import {
  argumentsOfAll,
  databaseOf,
  endAll,
  type Home,
  judge,
  least,
  type Parameters,
  realHome,
  start,
} from "./launches.ts";
import { awaitServing, metastoreAt } from "./serving.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "millrace.js");

let home: Home | undefined;
after(() => {
  endAll();
  home?.remove();
});

interface Scene {
  readonly home: Home;
  readonly postgres: PostgresServer;
  readonly database: PostgresDatabase;
  readonly port: number;
  readonly parameters: Parameters;
}

/** `undefined` after skipping the test. */
async function sceneOf(context: Skipping): Promise<Scene | undefined> {
  home ??= realHome(context);
  const postgres = home === undefined ? undefined : await postgresServer(context);
  if (home === undefined || postgres === undefined) return undefined;
  const database = await postgres.createDatabase();
  const port = await freePort();
  const parameters = {
    ...least,
    ...databaseOf(database),
    METASTORE_BIND: "127.0.0.1",
    METASTORE_PORT: String(port),
    METASTORE_WAREHOUSE: join(home.work, "warehouse"),
  };
  return { home, postgres, database, port, parameters };
}

async function awaitGone(port: number, home: Home): Promise<void> {
  const left = (): readonly string[] => readdirSync(home.temporary).filter((name) => name.includes("metastore-"));
  for (let tries = 0; (await serves("127.0.0.1", port)) || left().length > 0; tries++) {
    assert.ok(tries < 600, `still there after a minute: ${left()}`);
    await pause(100);
  }
}

/** Every file below it that others than its user may read. */
function readableBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => !lstatSync(path).isDirectory() && (lstatSync(path).mode & 0o077) !== 0);
}

test("serves with secrets from files that nobody else sees, ends cleanly, and serves again", async (context) => {
  const scene = await sceneOf(context);
  if (scene === undefined) return;
  const { home, database, port, parameters, postgres } = scene;
  const file = home.give("password", `${database.password}\n`);
  const asked = {
    ...parameters,
    METASTORE_DATABASE_PASSWORD: "",
    METASTORE_DATABASE_PASSWORD_FILE: file,
    METASTORE_LOG_LEVEL: "info",
  };
  for (const isFirst of [true, false]) {
    const running = start(home, [], asked);
    let seen = "";
    const watch = setInterval(() => {
      seen += argumentsOfAll();
    }, 200);
    await awaitServing(running, port);
    clearInterval(watch);
    const metastore = metastoreAt(port);
    assert.equal(await metastore.calls.version(), "4.0.0");
    assert.equal((await metastore.calls.database("default"))?.name, "default");
    metastore.close();
    const [work = ""] = readdirSync(home.temporary);
    assert.deepEqual(readableBelow(join(home.temporary, work)), []);
    assert.match(seen, /HiveMetaStore/);
    assert.ok(!seen.includes(database.password), "no secret in an argument");
    const jvm = spawnSync("sh", ["-c", `cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'`], { encoding: "utf8" });
    assert.ok(!jvm.stdout.includes(database.password), "nor in an environment");
    running.child.kill("SIGTERM");
    const [code] = await once(running.child, "close");
    assert.equal(code, 0, running.said());
    assert.ok(!running.said().includes(database.password), "nor in what was said");
    assert.equal(running.said().includes("created the schema"), isFirst);
    await awaitGone(port, home);
  }
  await postgres.dropDatabase(database.name);
});

test("a launch that is killed takes its metastore with it, and its files", async (context) => {
  const scene = await sceneOf(context);
  if (scene === undefined) return;
  const { home, port, parameters, postgres, database } = scene;
  const running = start(home, [], parameters);
  await awaitServing(running, port);
  running.child.kill("SIGKILL");
  await awaitGone(port, home);
  await postgres.dropDatabase(database.name);
});

test("a port that is taken, and a JVM that cannot start, are told after which one can look inside", async (context) => {
  const scene = await sceneOf(context);
  if (scene === undefined) return;
  const { home, port, parameters, postgres, database } = scene;
  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");
  // Whose place is another fault, which is told before.
  const elsewhere = { METASTORE_WAREHOUSE: `file://${home.directory}/warehouse`, METASTORE_EXIT_DELAY: "600" };
  const taken = start(home, [], { ...parameters, ...elsewhere });
  while (!taken.said().includes("so that you can look inside")) await pause(50);
  const [work = ""] = readdirSync(home.temporary);
  assert.ok(existsSync(join(home.temporary, work, "metastore-site.xml")));
  const user = nobody ?? process.getuid?.();
  assert.ok(
    taken.said().includes(`metastore: METASTORE_WAREHOUSE: user ${user} cannot write in ${home.directory}, so what`),
    taken.said(),
  );
  assert.deepEqual(judge(taken.said()).errors, [`port ${port} of 127.0.0.1 is taken`]);
  taken.child.kill("SIGTERM");
  assert.equal((await once(taken.child, "close"))[0], 5);
  other.close();
  const broken = start(home, [], { ...parameters, METASTORE_JAVA_OPTIONS: "-XX:NoSuchOption=1 -Dx=y" });
  assert.equal((await once(broken.child, "close"))[0], 5);
  assert.deepEqual(judge(broken.said()).errors, ["metastore 4.0.0 ended by itself, with status 1"]);
  await awaitGone(port, home);
  await postgres.dropDatabase(database.name);
});

interface InBucket {
  readonly store: VersityGateway;
  readonly parameters: Parameters;
}

/** Parameters of a launch whose warehouse is a bucket; `undefined` after skipping the test. */
async function inBucket(context: Skipping, { home, parameters }: Scene): Promise<InBucket | undefined> {
  const store = await startVersitygw(context, { tls: true });
  if (store === undefined) return undefined;
  await store.createBucket("lake");
  return {
    store,
    parameters: {
      ...parameters,
      METASTORE_WAREHOUSE: "s3a://lake/warehouse",
      METASTORE_S3_ENDPOINT: store.endpoint,
      METASTORE_S3_REGION: store.region,
      METASTORE_S3_ACCESS_KEY: store.accessKey,
      METASTORE_S3_SECRET_KEY: store.secretKey,
      METASTORE_S3_CA_FILE: home.give("authority.pem", readFileSync(store.caFile ?? "", "utf8")),
    },
  };
}

async function makeDatabaseInBucket(port: number, store: VersityGateway): Promise<void> {
  const metastore = metastoreAt(port);
  const location = "s3a://lake/marts/_databases/gha";
  assert.equal(await metastore.calls.createDatabase({ name: "gha", description: "", location, owner: "test" }), true);
  metastore.close();
  assert.ok(existsSync(join(store.objects, "lake/marts/_databases/gha")));
}

test("a bucket over TLS of an own authority: databases are made in it, and the keys stay inside", async (context) => {
  const scene = await sceneOf(context);
  const bucket = scene === undefined ? undefined : await inBucket(context, scene);
  if (scene === undefined || bucket === undefined) return;
  const { home, port, postgres, database } = scene;
  const { store } = bucket;
  const running = start(home, [], { ...bucket.parameters, METASTORE_LOG_LEVEL: "info" });
  await awaitServing(running, port);
  await makeDatabaseInBucket(port, store);
  // The store itself takes its keys in its arguments.
  const others = argumentsOfAll().replaceAll(/^.*versitygw.*$/gm, "");
  assert.ok(!others.includes(store.secretKey) && !running.said().includes(store.secretKey));
  running.child.kill("SIGTERM");
  assert.equal((await once(running.child, "close"))[0], 0, running.said());
  await store.stop();
  await postgres.dropDatabase(database.name);
});

test("3.1.3 is launched the same way: for one writer, in a bucket, and it says that it listens everywhere", async (context) => {
  const scene = await sceneOf(context);
  const bucket = scene === undefined ? undefined : await inBucket(context, scene);
  const older = bucket === undefined ? undefined : realHome(context, "3.1.3");
  if (scene === undefined || bucket === undefined || older === undefined) return;
  const { port, postgres, database } = scene;
  const ca = older.give("authority.pem", readFileSync(bucket.parameters.METASTORE_S3_CA_FILE ?? "", "utf8"));
  const asked = { ...bucket.parameters, METASTORE_S3_CA_FILE: ca, METASTORE_BIND: "0.0.0.0" };
  const other = createServer().listen(port, "0.0.0.0");
  await once(other, "listening");
  const taken = start(older, [], asked);
  assert.equal((await once(taken.child, "close"))[0], 5);
  assert.deepEqual(judge(taken.said()).errors, [`port ${port} of 0.0.0.0 is taken`]);
  other.close();
  const running = start(older, [], asked);
  await awaitServing(running, port);
  assert.match(running.said(), /metastore: starts metastore 3\.1\.3 on 0\.0\.0\.0:\d+\n/);
  await makeDatabaseInBucket(port, bucket.store);
  for (const [writers, expected] of [
    ["several", 5],
    ["one", 0],
  ] as const) {
    const args = [program, "metastore", "check", `127.0.0.1:${port}`, "--writers", writers];
    const check = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    check.stdout.resume();
    assert.equal((await once(check, "close"))[0], expected, writers);
  }
  running.child.kill("SIGTERM");
  assert.equal((await once(running.child, "close"))[0], 0, running.said());
  assert.doesNotMatch(running.said(), /autoStartMechanism/);
  await awaitGone(port, older);
  older.remove();
  await bucket.store.stop();
  await postgres.dropDatabase(database.name);
});

test("millrace metastore serve: answers as JSON, is well by its own check, and a kill leaves nothing", async (context) => {
  const scene = await sceneOf(context);
  if (scene === undefined) return;
  const { home, port, parameters, postgres, database } = scene;
  const environment = { PATH: process.env.PATH, HOME: home.directory, TMPDIR: home.temporary, ...parameters };
  const args = [program, "metastore", "serve", "--home", home.directory, "--json"];
  const child = spawn(process.execPath, args, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [line]: (Buffer | undefined)[] = await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(() => []),
  ]);
  assert.ok(line !== undefined, said);
  const { host, port: served, version } = Object(JSON.parse(String(line)));
  assert.deepEqual([host, served, version], ["127.0.0.1", port, "4.0.0"]);
  const check = spawn(
    process.execPath,
    [program, "metastore", "check", `127.0.0.1:${port}`, "--home", home.directory],
    { env: environment, stdio: ["ignore", "pipe", "pipe"] },
  );
  let found = "";
  check.stdout.on("data", (chunk: Buffer) => {
    found += chunk.toString();
  });
  const [code] = await once(check, "close");
  assert.equal(code, 0, found);
  assert.match(found, /^✓ Hive Metastore 4\.0\.0 answers at 127\.0\.0\.1:\d+\n✓ .*\n✓ .*of 8 racing writers one wins/);
  child.kill("SIGKILL");
  await awaitGone(port, home);
  // Nobody else is let in, so root may; beyond the loopback somebody must say so.
  assert.equal(said.includes("metastore: serves as root"), nobody !== undefined);
  if (nobody !== undefined) {
    const open = spawnSync(process.execPath, [...args, "--bind", "0.0.0.0"], { env: environment, encoding: "utf8" });
    assert.equal(open.status, 2);
    assert.match(open.stderr, /refuses to serve as root/);
  }
  assert.ok(!said.includes(database.password) && !argumentsOfAll().includes(database.password));
  await postgres.dropDatabase(database.name);
});

test("millrace metastore check names what does not answer", async () => {
  const port = await freePort();
  const { status, stdout } = spawnSync(
    process.execPath,
    [program, "metastore", "check", `127.0.0.1:${port}`, "--json"],
    {
      encoding: "utf8",
      env: { PATH: process.env.PATH },
    },
  );
  const { ok, findings } = Object(JSON.parse(stdout));
  assert.deepEqual([status, ok, findings.length, findings[0].what], [5, false, 1, "answer"]);
});
