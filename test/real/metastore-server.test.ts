/** The metastores and databases that other tests rely on: they answer, they come back, and they end with whoever started them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { metastoreServer, ownMetastore } from "./metastore-server.ts";
import { postgresServer } from "./postgres-server.ts";

test("the shared metastore is one for the whole run", async (context) => {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  assert.match(server.version, /^4\./);
  assert.equal((await metastoreServer(context))?.port, server.port);
});

test("a metastore of a test's own comes back after a kill, on the same port and database", async (context) => {
  const metastore = await ownMetastore(context);
  if (metastore === undefined) return;
  const { port, pid, warehouse } = metastore;
  metastore.kill("SIGKILL");
  await metastore.restart();
  assert.equal(metastore.port, port);
  assert.notEqual(metastore.pid, pid);
  const rows = await metastore.postgres.query('select "SCHEMA_VERSION" from "VERSION"', metastore.database.name);
  assert.deepEqual(rows, [["4.0.0"]]);
  assert.match(metastore.log(), /Starting hive metastore/i);
  await metastore.stop();
  assert.equal(existsSync(warehouse), false);
});

test("PostgreSQL wants a password of everybody but its administrator", async (context) => {
  const server = await postgresServer(context);
  if (server === undefined) return;
  assert.match(server.version, /^18\./);
  const database = await server.createDatabase();
  assert.deepEqual(await server.query("select current_user, null", database.name), [["admin", undefined]]);
  await server.dropDatabase(database.name);
});

const starter = `
import { ownMetastore } from ${JSON.stringify(join(import.meta.dirname, "metastore-server.ts"))};
const metastore = await ownMetastore({ skip: (reason) => { throw new Error(reason); } });
console.log(JSON.stringify([metastore.pid, metastore.postgres.pid]));
setInterval(() => {}, 1000);
`;

test("both end with a process that is killed", async (context) => {
  if ((await metastoreServer(context)) === undefined) return;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", starter], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said]: Buffer[] = await once(child.stdout, "data");
  const pids: unknown = JSON.parse(String(said));
  assert.ok(Array.isArray(pids) && pids.every(isAlive));
  child.kill("SIGKILL");
  for (let tries = 0; pids.some(isAlive); tries++) {
    assert.ok(tries < 200, "still there after ten seconds");
    await pause(50);
  }
});

function isAlive(pid: unknown): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}
