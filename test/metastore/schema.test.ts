/** The script before a real PostgreSQL 18, and before the machine's own where there is one: waiting, letting in, and the schema. */
import assert from "node:assert/strict";
import { once } from "node:events";
import test, { after } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { metastoreHome } from "../real/installed.ts";
import { withSchema } from "../real/metastore-server.ts";
import { installedPostgres, type PostgresServer, postgresServer, startPostgresOf } from "../real/postgres-server.ts";
import type { Skipping } from "../real/real.ts";
import { databaseOf, type Home, launch, least, realHome, rowOf, start } from "./launches.ts";

let home: Home | undefined;
after(() => home?.remove());

interface Scene {
  readonly home: Home;
  readonly postgres: PostgresServer;
}

/** `undefined` after skipping the test. */
async function sceneOf(context: Skipping): Promise<Scene | undefined> {
  home ??= realHome(context);
  const postgres = home === undefined ? undefined : await postgresServer(context);
  return home === undefined || postgres === undefined ? undefined : { home, postgres };
}

/** Tables, columns, keys and rows, as texts to compare. */
async function contentOf(postgres: PostgresServer, name: string): Promise<readonly string[]> {
  const rows = await postgres.query(
    `select 'column', table_name, column_name, data_type, is_nullable, coalesce(column_default, '')
       from information_schema.columns where table_schema = 'public'
     union all select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
       from pg_constraint where connamespace = 'public'::regnamespace
     union all select 'index', tablename, indexname, indexdef, '', '' from pg_indexes where schemaname = 'public'
     order by 1, 2, 3, 4`,
    name,
  );
  return rows.map((row) => row.join(" | "));
}

test("an empty database gets exactly the release's schema, and a second launch leaves it as it is", async (context) => {
  const scene = await sceneOf(context);
  if (scene === undefined) return;
  const { home, postgres } = scene;
  const database = await postgres.createDatabase({ name: "ü b%/'x" });
  const asked = { ...least, ...databaseOf(database) };
  const absent = await launch(home, ["check"], asked);
  assert.deepEqual([absent.code, absent.errors.length, absent.fixes.length], [5, 1, 1]);
  assert.match(absent.errors[0] ?? "", /has no schema$/);
  const first = await launch(home, ["init"], asked);
  assert.equal(first.code, 0, first.text);
  assert.match(first.text, /created the schema 4\.0\.0/);
  const second = await launch(home, ["init"], asked);
  assert.equal(second.code, 0, second.text);
  assert.doesNotMatch(second.text, /created/);
  const installed = metastoreHome(context, "metastore-4.0.0") ?? "";
  const plain = await withSchema(postgres, installed, rowOf("4.0.0"));
  assert.deepEqual(await contentOf(postgres, database.name), await contentOf(postgres, plain.name));
  assert.ok((await contentOf(postgres, plain.name)).length > 500);
  for (const { name } of [database, plain]) await postgres.dropDatabase(name);
});

test("of two launches that start together one creates the schema, and both are content", async (context) => {
  const scene = await sceneOf(context);
  if (scene === undefined) return;
  const { home, postgres } = scene;
  const database = await postgres.createDatabase();
  const asked = { ...least, ...databaseOf(database) };
  const both = await Promise.all([launch(home, ["init"], asked), launch(home, ["init"], asked)]);
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
    both.map(({ text }) => text).join("\n"),
  );
  assert.equal(both.filter(({ text }) => text.includes("created the schema")).length, 1);
  await postgres.dropDatabase(database.name);
});

test("a launch whose connection is cut while it creates the schema leaves all of it or nothing, and the next one goes on", async (context) => {
  const scene = await sceneOf(context);
  if (scene === undefined) return;
  const { home, postgres } = scene;
  const database = await postgres.createDatabase();
  const asked = { ...least, ...databaseOf(database) };
  const { child } = start(home, ["init"], asked);
  for (;;) {
    const [[many] = []] = await postgres.query(
      `select count(*) from pg_stat_activity where datname = '${database.name}' and state like 'idle in transaction%' or
         (datname = '${database.name}' and query ilike 'create table%')`,
    );
    if (many !== "0") break;
    assert.equal(child.exitCode, null, "it was faster than it can be looked at");
    await pause(5);
  }
  await postgres.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database.name}' and pid <> pg_backend_pid()`,
  );
  const [code] = await once(child, "close");
  const [[tables] = []] = await postgres.query(
    "select count(*) from pg_tables where schemaname = 'public'",
    database.name,
  );
  assert.deepEqual([code, tables], code === 0 ? [0, "83"] : [5, "0"]);
  const again = await launch(home, ["init"], asked);
  assert.equal(again.code, 0, again.text);
  await postgres.dropDatabase(database.name);
});

test("a schema of another version is refused with which one is there", async (context) => {
  const scene = await sceneOf(context);
  if (scene === undefined) return;
  const { home, postgres } = scene;
  const database = await postgres.createDatabase();
  const asked = { ...least, ...databaseOf(database) };
  const say = async (version: string | undefined) => {
    const rows = version === undefined ? "" : `insert into "VERSION" values (1, '${version}')`;
    await postgres.query(
      `drop table if exists "VERSION"; create table "VERSION" ("VER_ID" int, "SCHEMA_VERSION" text); ${rows};
       alter table "VERSION" owner to "${database.user}"`,
      database.name,
    );
    return await launch(home, ["init"], asked);
  };
  const { name } = database;
  const expected = [
    ["3.1.0", `the database ${name} has schema 3.1.0, and metastore 4.0.0 needs 4.0.0`, /-upgradeSchemaFrom 3\.1\.0/],
    ["4.1.0", `the database ${name} has schema 4.1.0, which is newer than metastore 4.0.0`, /fits it/],
    [undefined, `the database ${name} has the tables of a metastore and no version of them`, /empty database/],
  ] as const;
  for (const [version, error, fix] of expected) {
    const { code, errors, fixes } = await say(version);
    assert.deepEqual([code, errors], [5, [error]]);
    assert.match(fixes[0] ?? "", fix);
  }
  await postgres.query('drop table "VERSION"; create table "BUCKETING_COLS" (x int)', name);
  const half = await launch(home, ["init"], asked);
  assert.deepEqual(half.errors, [`the database ${name} has tables and no version: half a schema, or somebody else's`]);
  await postgres.dropDatabase(name);
});

test("whoever is not let in is told at once, and with what to do", async (context) => {
  const scene = await sceneOf(context);
  if (scene === undefined) return;
  const { home, postgres } = scene;
  const database = await postgres.createDatabase();
  const { name, user, port } = database;
  const asked = { ...least, ...databaseOf(database), METASTORE_DATABASE_WAIT: "600" };
  const where = `127.0.0.1:${port}`;
  const wrong = await launch(home, ["init"], { ...asked, METASTORE_DATABASE_PASSWORD: "not the password" });
  assert.equal(wrong.code, 5);
  assert.ok(wrong.errors[0]?.startsWith(`PostgreSQL at ${where} does not let user ${user} in: FATAL: password`));
  assert.ok(!wrong.text.includes("not the password"));
  const absent = await launch(home, ["init"], { ...asked, METASTORE_DATABASE_NAME: "absent" });
  assert.deepEqual(absent.errors, [`PostgreSQL at ${where} has no database absent`]);
  const secure = await launch(home, ["init"], { ...asked, METASTORE_DATABASE_SSLMODE: "require" });
  assert.match(secure.errors[0] ?? "", /does not support SSL/);
  await postgres.query(`revoke all on schema public from public; alter schema public owner to admin`, name);
  const denied = await launch(home, ["init"], asked);
  assert.match(denied.errors[0] ?? "", new RegExp(`^user ${user} may not do that in the database ${name}: .*denied`));
  await postgres.dropDatabase(name);
});

test("PostgreSQL that is not there is waited for until the deadline, and one that comes is used", async (context) => {
  const scene = await sceneOf(context);
  if (scene === undefined) return;
  const { home, postgres } = scene;
  const never = await launch(home, ["init"], { ...least, METASTORE_DATABASE_WAIT: "1" });
  assert.deepEqual([never.code, never.errors], [5, ["PostgreSQL does not answer at 127.0.0.1:1; gave up after 1 s"]]);
  const nobody = { ...least, METASTORE_DATABASE_HOST: "no-such-host.invalid", METASTORE_DATABASE_WAIT: "0" };
  assert.match((await launch(home, ["init"], nobody)).errors[0] ?? "", /there is no host no-such-host\.invalid/);
  const database = await postgres.createDatabase();
  // It takes connections and says nothing.
  postgres.kill("SIGSTOP");
  const { child, said } = start(home, ["init"], { ...least, ...databaseOf(database), METASTORE_DATABASE_WAIT: "120" });
  try {
    while (!said().includes("waits for PostgreSQL")) {
      assert.equal(child.exitCode, null, said());
      await pause(100);
    }
  } finally {
    postgres.kill("SIGCONT");
  }
  const [code] = await once(child, "close");
  assert.equal(code, 0, said());
  await postgres.dropDatabase(database.name);
});

test("a signal ends the waiting at once", async (context) => {
  const scene = await sceneOf(context);
  if (scene === undefined) return;
  const waiting = { ...least, METASTORE_DATABASE_WAIT: "600" };
  for (const [action, signal, expected] of [
    ["serve", "SIGTERM", 0],
    ["init", "SIGTERM", 143],
    ["init", "SIGINT", 130],
  ] as const) {
    const { child, said } = start(scene.home, [action], waiting);
    while (!said().includes("waits for PostgreSQL")) await pause(50);
    child.kill(signal);
    const [code] = await once(child, "close");
    assert.equal(code, expected, said());
    assert.match(said(), /metastore: stopped\n$/);
  }
});

test("the machine's own PostgreSQL does as well", async (context) => {
  const scene = await sceneOf(context);
  const own = installedPostgres().at(-1);
  if (scene === undefined) return;
  if (own === undefined) return context.diagnostic("this machine has none of its own");
  const postgres = await startPostgresOf(own);
  try {
    const database = await postgres.createDatabase();
    const { code, text } = await launch(scene.home, ["init"], { ...least, ...databaseOf(database) });
    assert.equal(code, 0, text);
    const installed = metastoreHome(context, "metastore-4.0.0") ?? "";
    const plain = await withSchema(postgres, installed, rowOf("4.0.0"));
    assert.deepEqual(await contentOf(postgres, database.name), await contentOf(postgres, plain.name));
  } finally {
    await postgres.stop();
  }
});

test("3.1.3 gets its own schema", async (context) => {
  const scene = await sceneOf(context);
  const older = scene === undefined ? undefined : realHome(context, "3.1.3");
  if (scene === undefined || older === undefined) return;
  const database = await scene.postgres.createDatabase();
  const { code, text } = await launch(older, ["init"], { ...least, ...databaseOf(database) });
  assert.equal(code, 0, text);
  assert.match(text, /has schema 3\.1\.0, as metastore 3\.1\.3 needs it/);
  await scene.postgres.dropDatabase(database.name);
  older.remove();
});
