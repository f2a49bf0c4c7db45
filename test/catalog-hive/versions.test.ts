/** Metastores of the tests' own: of another version, killed, frozen, and without what they need. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import type { Catalog } from "../../src/catalog/contract.ts";
import { Failure } from "../../src/errors.ts";
import { failsAs, plainColumns, publishRecord, registrationOf } from "../contract/catalog-record.ts";
import { ownMetastore } from "../real/metastore-server.ts";
import { hiveLake, tableIn } from "./hive-lake.ts";

const idOf = (number: number): string => `id${number}xxxxxxxx`;
const of = (number: number) => registrationOf(number, idOf(number));

async function append(catalog: Catalog, mart: string, length: number): Promise<void> {
  for (let number = 1; number <= length; number++) {
    await catalog.append(mart, number - 1, publishRecord(number - 1, idOf(number)));
  }
}

const withRemedy = (kind: Parameters<typeof failsAs>[0], words: RegExp, remedy: RegExp) => (error: unknown) => {
  assert.match(error instanceof Failure ? (error.detail.remedy ?? "") : "", remedy);
  return failsAs(kind, words)(error);
};

describe("metastores of one's own", () => {
  test("3.1.3 ignores the compare-and-swap: refused for several writers, good for one", async (context) => {
    const server = await ownMetastore(context, { version: "3.1.3" });
    if (server === undefined) return;
    const lake = await hiveLake(server);
    try {
      const catalog = lake.again();
      const refused = withRemedy(
        "denied",
        /Hive Metastore 3\.0 at .*stale value is accepted/,
        /Metastore 4\.0\.0.*writers: one/,
      );
      await assert.rejects(catalog.prove("several"), refused);
      const { what, findings } = await catalog.prove("one");
      // So it calls itself.
      assert.match(what, /^Hive Metastore 3\.0 at 127\.0\.0\.1:\d+$/);
      assert.match(findings.join(), /does not know the compare-and-swap, which is no matter while one process writes/);
      await append(catalog, "mart", 3);
      const numbers = [];
      for (const number of [1, 2, 1, 3]) numbers.push((await catalog.register("mart", of(number))).number);
      assert.deepEqual(numbers, [1, 2, 2, 3]);
      const retyped = plainColumns.map(({ name }) => ({ name, type: { kind: "bool" } as const }));
      await append(catalog, "retyped", 2);
      await catalog.register("retyped", of(1));
      assert.equal((await catalog.register("retyped", { ...of(2), columns: retyped })).fault, undefined);
      assert.equal((await catalog.registered(["mart", "retyped", "none"])).size, 2);
      const tables = catalog.tables ?? assert.fail("no tables");
      await tables.register("events", { schemaVersion: 1, columns: plainColumns });
      await tables.add("events", ["a:b", "c"]);
      await tables.add("events", ["a:b", "d"]);
      await tables.remove("events", ["c", "e"]);
      const pages: string[] = [];
      for await (const page of tables.partitions("events")) pages.push(...page);
      assert.deepEqual(pages, ["a:b", "d"]);
      assert.equal(await catalog.unregister("mart"), true);
      assert.equal(await tables.unregister("events"), true);
      assert.deepEqual(
        (await lake.calls.tables(lake.database, ["mart", "events", "retyped"])).map(({ name }) => name),
        ["retyped"],
      );
    } finally {
      await lake.close();
      await server.stop();
    }
  });

  test("4.0.0 killed, frozen and without its schema: told as what it is, and afterwards all is right", async (context) => {
    const server = await ownMetastore(context);
    if (server === undefined) return;
    const lake = await hiveLake(server);
    try {
      const catalog = lake.again({ callMs: 3000 });
      await append(catalog, "mart", 4);
      await catalog.register("mart", of(1));

      server.kill("SIGSTOP");
      await assert.rejects(catalog.register("mart", of(2)), failsAs("unavailable", /no answer within/));
      server.kill("SIGCONT");
      assert.equal((await lake.again().register("mart", of(2))).number, 2);

      server.kill("SIGKILL");
      await assert.rejects(catalog.register("mart", of(3)), failsAs("unavailable"));
      await assert.rejects(catalog.registered(["mart"]), failsAs("unavailable"));
      await server.restart();
      assert.equal((await lake.again().register("mart", of(3))).number, 3);
      assert.equal((await tableIn(lake, "mart")).parameters.get("millrace.number"), "3");

      // The swap is under way when the server dies: done or not, it is done once in the end.
      const dying = assert.rejects(
        lake
          .again()
          .register("mart", of(4))
          .then(() => assert.fail("done")),
        () => true,
      );
      server.kill("SIGKILL");
      await dying;
      await server.restart();
      const answer = await lake.again().register("mart", of(4));
      assert.deepEqual((await lake.again().registered(["mart"])).get("mart"), answer);

      const { name, user } = server.database;
      await server.postgres.query(`drop schema public cascade; create schema public authorization "${user}"`, name);
      const lost = withRemedy("unavailable", /./, /has no schema of its version: `millrace metastore init`/);
      // Side by side: the server tries each for twenty seconds before it says so.
      await Promise.all([
        assert.rejects(lake.again().registered(["mart"]), lost),
        assert.rejects(lake.again().register("mart", of(4)), lost),
        assert.rejects(lake.again().prove("one"), lost),
      ]);
    } finally {
      await lake.abandon();
      await server.stop();
    }
  });

  test("what listens there is no metastore, or nothing does", async () => {
    const http = createHttpServer((_, response) => response.end("no"));
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const address: AddressInfo | string | null = http.address();
    assert.ok(address !== null && typeof address !== "string");
    const { port } = address;
    const lake = await hiveLake({ host: "127.0.0.1", port });
    const foreign = withRemedy("denied", /not a Thrift port: it answers as HTTP/, /host and the port/);
    await assert.rejects(lake.again().prove("one"), foreign);
    await assert.rejects(lake.again().register("mart", of(1)), foreign);
    await assert.rejects(lake.again().registered(["mart"]), foreign);
    http.close();
    await once(http, "close");
    const away = withRemedy("unavailable", /refuses connections/, /whether it runs/);
    await assert.rejects(lake.again().prove("one"), away);
    await assert.rejects(lake.again().register("mart", of(1)), away);
    await lake.abandon();
  });
});
