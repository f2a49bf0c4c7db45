/** PostgreSQL behind TLS of an own authority: who is trusted, for which names, and what is told at once instead of waited for. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { freePort } from "../../src/distribution/ports.ts";
import { makeChain } from "../contract/certificate.ts";
import { startPostgres } from "../real/postgres-server.ts";
import { databaseOf, endAll, type Home, launch, least, realHome, start } from "./launches.ts";
import { awaitServing, metastoreAt } from "./serving.ts";

let home: Home | undefined;
after(() => {
  endAll();
  home?.remove();
});

test("with a file of the authority every connection is compared with it, from the schema to the metastore", async (context) => {
  home ??= realHome(context);
  const chain = makeChain();
  const postgres = home === undefined ? undefined : await startPostgres(context, { tls: chain });
  if (home === undefined || postgres === undefined) return;
  const database = await postgres.createDatabase();
  const port = await freePort();
  const running = start(home, [], {
    ...least,
    ...databaseOf(database),
    METASTORE_DATABASE_CA_FILE: home.give("authority.pem", chain.authority),
    METASTORE_WAREHOUSE: join(home.work, "warehouse"),
    METASTORE_BIND: "127.0.0.1",
    METASTORE_PORT: String(port),
  });
  await awaitServing(running, port);
  assert.match(running.said(), /created the schema/);
  const metastore = metastoreAt(port);
  assert.equal((await metastore.calls.database("default"))?.name, "default");
  metastore.close();
  const [work = ""] = readdirSync(home.temporary);
  const site = readFileSync(join(home.temporary, work, "metastore-site.xml"), "utf8");
  assert.match(site, /sslmode=verify-full&amp;sslrootcert=/);
  const plain = `select count(*) filter (where not ssl), count(*) > 0
    from pg_stat_ssl join pg_stat_activity using (pid) where usename = '${database.user}'`;
  assert.deepEqual(await postgres.query(plain), [["0", "t"]]);
  running.child.kill("SIGTERM");
  assert.equal((await once(running.child, "close"))[0], 0, running.said());
  await postgres.stop();
});

test("a certificate that nobody vouches for is told at once, whatever language the user speaks", async (context) => {
  home ??= realHome(context);
  const chain = makeChain();
  const postgres = home === undefined ? undefined : await startPostgres(context, { tls: chain });
  if (home === undefined || postgres === undefined) return;
  const database = await postgres.createDatabase();
  const asked = { ...least, ...databaseOf(database), METASTORE_DATABASE_WAIT: "600" };
  const where = `127.0.0.1:${database.port}`;
  for (const given of [
    { METASTORE_DATABASE_CA: makeChain().authority },
    { METASTORE_DATABASE_CA: chain.authority.replace(/^MII/m, "AAA") },
    // Java's own authorities do not know it.
    { METASTORE_DATABASE_SSLMODE: "verify-full" },
  ]) {
    const { code, errors, fixes } = await launch(home, ["check"], { ...asked, ...given, LC_ALL: "de_DE.UTF-8" });
    assert.equal(code, 5);
    assert.match(errors[0] ?? "", /^PostgreSQL at 127\.0\.0\.1:\d+: (SSL error: PKIX path|Loading the SSL root)/);
    assert.match(fixes[0] ?? "", /METASTORE_DATABASE_CA is the authority of its certificate$/);
  }
  // What serves S3 may vouch for PostgreSQL as well.
  const both = { METASTORE_DATABASE_SSLMODE: "verify-full", METASTORE_S3_CA: chain.authority };
  const noSchema = [`the database ${database.name} at ${where} has no schema`];
  assert.deepEqual((await launch(home, ["check"], { ...asked, ...both })).errors, noSchema);
  const open = await launch(home, ["check"], { ...asked, METASTORE_DATABASE_SSLMODE: "disable" });
  assert.match(open.errors[0] ?? "", /does not let user .* in: .*no encryption/);
  assert.match(open.fixes[0] ?? "", /METASTORE_DATABASE_SSLMODE/);
  await postgres.stop();
});

test("a certificate for another host is told at once, and taken where names are not compared", async (context) => {
  home ??= realHome(context);
  const chain = makeChain("db.example.org");
  const postgres = home === undefined ? undefined : await startPostgres(context, { tls: chain });
  if (home === undefined || postgres === undefined) return;
  const database = await postgres.createDatabase();
  const asked = {
    ...least,
    ...databaseOf(database),
    METASTORE_DATABASE_WAIT: "600",
    METASTORE_DATABASE_CA: chain.authority,
  };
  const where = `127.0.0.1:${database.port}`;
  const full = await launch(home, ["check"], asked);
  assert.deepEqual([full.code, full.errors], [5, [`PostgreSQL at ${where}: its certificate is not for 127.0.0.1`]]);
  const named = await launch(home, ["check"], { ...asked, METASTORE_DATABASE_SSLMODE: "verify-ca" });
  assert.deepEqual(named.errors, [`the database ${database.name} at ${where} has no schema`]);
  await postgres.stop();
});
