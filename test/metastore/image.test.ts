/** What `millrace metastore install` makes, as an image has it: nothing of it belongs to its user, who can write one directory. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { freePort } from "../../src/distribution/ports.ts";
import { nobody } from "../real/nobody.ts";
import { type PostgresDatabase, postgresServer } from "../real/postgres-server.ts";
import { hasProgram, missing, type Skipping } from "../real/real.ts";
import { databaseOf, endAll, type Home, installedHome, launch, least, realHome, start } from "./launches.ts";
import { awaitServing, metastoreAt } from "./serving.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "millrace.js");

let home: Home | undefined;
after(() => {
  endAll();
  home?.remove();
});

interface Scene {
  readonly home: Home;
  readonly database: PostgresDatabase;
}

/** `undefined` after skipping the test. */
async function sceneOf(context: Skipping): Promise<Scene | undefined> {
  home ??= installed(context);
  const postgres = home === undefined ? undefined : await postgresServer(context);
  if (home === undefined || postgres === undefined) return undefined;
  return { home, database: await postgres.createDatabase() };
}

/** Installed under a umask that lets nobody else read what is made. */
function installed(context: Skipping): Home | undefined {
  // Where this is there, Maven has its jars already.
  const linked = realHome(context);
  linked?.remove();
  if (linked === undefined) return undefined;
  if (!hasProgram("mvn", ["--version"])) {
    missing(context, "Maven", "install it");
    return undefined;
  }
  const cache = mkdtempSync(join(tmpdir(), "millrace-cache-"));
  try {
    return installedHome((directory) => {
      const command = `umask 077; exec "$0" "$@"`;
      const args = [process.execPath, program, "metastore", "install", "--to", directory, "--json"];
      const { status, stdout, stderr } = spawnSync("sh", ["-c", command, ...args], {
        cwd: cache,
        encoding: "utf8",
        env: { ...process.env, XDG_CACHE_HOME: cache },
      });
      assert.equal(status, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), { version: "4.0.0", directory, isNew: true });
    });
  } finally {
    rmSync(cache, { recursive: true });
  }
}

test("somebody without rights, who can write one directory, creates the schema, serves, and leaves nothing", async (context) => {
  const scene = await sceneOf(context);
  if (scene === undefined) return;
  const { home, database } = scene;
  const warehouse = join(home.work, "warehouse");
  const port = await freePort();
  const parameters = {
    ...least,
    ...databaseOf(database),
    METASTORE_BIND: "127.0.0.1",
    METASTORE_PORT: String(port),
    METASTORE_WAREHOUSE: warehouse,
    TMPDIR: "../own/tmp",
  };
  // As a container with a working directory names it.
  const manner = { shell: ["env"], directory: home.directory, script: "./entrypoint.sh" };
  assert.match((await launch(home, ["check"], parameters, manner)).errors[0] ?? "", /has no schema$/);
  const running = start(home, [], parameters, manner);
  await awaitServing(running, port);
  assert.match(running.said(), /created the schema/);
  assert.doesNotMatch(running.said(), /as root|METASTORE_WAREHOUSE/);
  const metastore = metastoreAt(port);
  const made = { name: "gha", description: "", location: join(warehouse, "gha"), owner: "test" };
  assert.equal(await metastore.calls.createDatabase(made), true);
  metastore.close();
  assert.equal(lstatSync(join(warehouse, "gha")).uid, nobody ?? process.getuid?.());
  if (nobody !== undefined) assert.deepEqual(new Set(usersOf(home)), new Set([nobody]));
  running.child.kill("SIGTERM");
  assert.equal((await once(running.child, "close"))[0], 0, running.said());
  assert.deepEqual(readdirSync(home.temporary), []);
  assert.deepEqual(readdirSync(home.work).sort(), ["tmp", "warehouse"]);
  const configured = await launch(home, ["configure", "../own/made"], parameters, manner);
  assert.equal(configured.code, 0, configured.text);
  const site = readFileSync(join(home.work, "made", "metastore-site.xml"), "utf8");
  assert.ok(site.includes(`<name>hadoop.tmp.dir</name><value>${home.directory}/../own/made/tmp</value>`), site);
});

/** Numbers of the users of every process that was started with something of the home in its arguments. */
function usersOf(home: Home): readonly number[] {
  const { stdout } = spawnSync("ps", ["-ewwo", "uid,args"], { encoding: "utf8" });
  const lines = stdout.split("\n").filter((line) => line.includes(home.directory));
  assert.ok(lines.length > 0, stdout);
  return lines.map((line) => Number.parseInt(line, 10));
}
