/**
 * `millrace spark serve` as a user runs it, with a project whose bucket lies on a store with TLS of an own authority: ready,
 * asked and written through by Spark's own Python client, stopped; and nothing is left of it, least of all a key.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { openLocalSpark } from "../../src/distribution/server.ts";
import { pythonWith } from "../real/installed.ts";
import { askPython } from "../real/python-code.ts";
import { type S3Server, startVersitygw } from "../real/s3-servers.ts";
import { matchedHome } from "../real/spark-server.ts";

const bin = join(import.meta.dirname, "..", "..", "bin", "millrace.js");

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  readonly pid: number;
  /** Of the server. */
  readonly directory: string;
  /** All that it printed. */
  said(): string;
}

/** Runs the command until it tells its address. */
async function serve(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Served> {
  const child = spawn(process.execPath, [bin, "spark", "serve", "--port", "0", "--cores", "2", "--json", ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = once(child, "exit").then(() => {
    throw new Error(`it ended before it was ready: ${err}`);
  });
  ended.catch(() => undefined);
  const told = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
      if (out.includes("\n")) resolve();
    });
  });
  await Promise.race([told, ended]);
  const { url, pid } = Object(JSON.parse(out.split("\n")[0] ?? ""));
  return {
    child,
    url: String(url),
    pid: Number(pid),
    directory: join(realpathSync(`/proc/${pid}/cwd`), ".."),
    said: () => out + err,
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits for what must come by itself; the test's own timeout ends it otherwise. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const giveUpMs = Date.now() + 60_000;
  while (!holds()) {
    assert.ok(Date.now() < giveUpMs, what);
    await pause(50);
  }
}

const writeAndRead = `
import json, sys
from pyspark.sql.connect.session import SparkSession
spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark.range(0, 1000, 1, 4).write.mode("overwrite").parquet(sys.argv[2])
print(json.dumps([spark.version, spark.read.parquet(sys.argv[2]).selectExpr("sum(id)").collect()[0][0]]))
`;

function projectOn(store: S3Server, directory: string): void {
  writeFileSync(
    join(directory, "millrace.yaml"),
    `name: served
lake: { raw: s3://served/raw, tables: s3://served/tables, marts: s3://served/marts }
ca: ${store.caFile}
s3:
  store: versitygw
  endpoint: ${store.endpoint}
  region: ${store.region}
  access_key: env:SERVED_ACCESS
  secret_key: env:SERVED_SECRET
sources: { hours: { url: "http://127.0.0.1:1/{yyyy}-{MM}-{dd}-{H}.json.gz", every: hour, since: 1d } }
`,
  );
}

test("served to a project's bucket, asked by Spark's own client, stopped; keys are nowhere", async (context) => {
  const python = pythonWith(context, "pyspark-client");
  const home = python === undefined ? undefined : matchedHome(context);
  const store = home === undefined ? undefined : await startVersitygw(context, { tls: true });
  if (python === undefined || home === undefined || store === undefined) return;
  const directory = mkdtempSync(join(tmpdir(), "millrace-serve-"));
  try {
    await store.createBucket("served");
    projectOn(store, directory);
    const keys = { SERVED_ACCESS: store.accessKey, SERVED_SECRET: store.secretKey };
    const served = await serve(
      ["--dist", home.directory, "--event-log", "events", "--log-level", "info"],
      directory,
      keys,
    );
    try {
      const answer = await askPython(python, writeAndRead, served.url, "s3a://served/marts/numbers");
      assert.deepEqual(answer, ["4.2.0", 499500]);
      const command = readFileSync(`/proc/${served.pid}/cmdline`, "utf8");
      assert.match(command, /SparkConnectServer/);
      for (const key of Object.values(keys)) assert.ok(!command.includes(key), "a key in the arguments");
      assert.equal(statSync(served.directory).mode & 0o777, 0o700);
      const secrets = join(served.directory, "conf", "core-site.xml");
      assert.equal(statSync(secrets).mode & 0o777, 0o600);
      assert.ok(readFileSync(secrets, "utf8").includes(store.secretKey));
    } finally {
      served.child.kill("SIGTERM");
      if (served.child.exitCode === null) await once(served.child, "exit");
    }
    assert.equal(served.child.exitCode, 143);
    assert.ok(!isAlive(served.pid), "the server is left");
    assert.ok(!existsSync(served.directory), "its directory is left");
    const success = JSON.parse(readFileSync(join(store.objects, "served/marts/numbers/_SUCCESS"), "utf8"));
    assert.equal(Object(success).committer, "magic");

    const logs = globSync("events/**/*", { cwd: directory, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(logs.length > 0, "no event log");
    const written = logs.map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString("latin1"));
    assert.match(served.said(), /INFO/);
    for (const text of [served.said(), ...written])
      assert.ok(!text.includes(store.secretKey), "the secret key was told");
    assert.deepEqual(readdirSync(directory).sort(), ["events", "millrace.yaml"]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
    home.remove();
    await store.stop();
  }
});

test("two at once get ports of their own and end with their processes, even killed ones; a token is demanded", async (context) => {
  const python = pythonWith(context, "pyspark-client");
  const home = python === undefined ? undefined : matchedHome(context);
  if (python === undefined || home === undefined) return;
  const directory = mkdtempSync(join(tmpdir(), "millrace-serve-"));
  try {
    mkdirSync(join(directory, "a"));
    const args = ["--dist", home.directory, "--token", "env:SERVED_TOKEN"];
    const both = await Promise.all(["first", "second"].map((token) => serve(args, directory, { SERVED_TOKEN: token })));
    assert.notEqual(both[0]?.url, both[1]?.url);
    const ask = `
import json, sys
from pyspark.sql.connect.session import SparkSession
url = sys.argv[1].replace("127.0.0.1", "localhost")
def answer(token):
    try:
        return SparkSession.builder.remote(url + "/;token=" + token).create().range(3).count()
    except Exception as error:
        return "UNAUTHENTICATED" if "UNAUTHENTICATED" in str(error) or "token" in str(error) else str(error)
print(json.dumps([answer("first"), answer("second")]))
`;
    assert.deepEqual(await askPython(python, ask, both[1]?.url ?? ""), ["UNAUTHENTICATED", 3]);
    for (const { child } of both) child.kill("SIGKILL");
    await until(() => both.every(({ pid }) => !isAlive(pid)), "a server outlived its process");
    await until(() => both.every((each) => !existsSync(each.directory)), "a directory outlived its process");
  } finally {
    rmSync(directory, { recursive: true, force: true });
    home.remove();
  }
});

test("stopped while it starts: cancelled, and nothing is left", async (context) => {
  const home = matchedHome(context);
  if (home === undefined) return;
  const stop = new AbortController();
  const temporary = mkdtempSync(join(tmpdir(), "millrace-serve-"));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = temporary;
  try {
    const opening = openLocalSpark({
      dist: home.directory,
      environment: process.env,
      places: [],
      resolveSecret: () => "",
      signal: stop.signal,
      onOutput: () => stop.abort(),
    });
    await assert.rejects(opening, { kind: "cancelled" });
    assert.deepEqual(readdirSync(temporary), []);
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(temporary, { recursive: true, force: true });
    home.remove();
  }
});

test("a server that cannot start says why", async (context) => {
  const home = matchedHome(context);
  if (home === undefined) return;
  try {
    const options = { dist: home.directory, environment: process.env, places: [], resolveSecret: () => "" };
    await assert.rejects(openLocalSpark({ ...options, memory: "100m" }), {
      kind: "unavailable",
      message: /^Spark: ended with status 1 before it was ready: .*memory/i,
    });
  } finally {
    home.remove();
  }
});
