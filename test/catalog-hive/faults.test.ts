/** A real metastore whose answers are lost, late or never come: no update is lost, none is done twice, and none goes back. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { Catalog } from "../../src/catalog/contract.ts";
import { Failure } from "../../src/errors.ts";
import type { HiveSettings } from "../../src/model/project.ts";
import { failsAs, publishRecord, registrationOf } from "../contract/catalog-record.ts";
import { type HiveLake, hiveLake } from "./hive-lake.ts";
import { type Fault, type MetastoreProxy, metastoreProxy } from "./metastore-proxy.ts";
import { server, skipping } from "./server.ts";

const alter = "alter_table_with_environment_context";
const create = "create_table_with_environment_context";
const drop = "drop_table_with_environment_context";
const add = "add_partitions_req";

/** Shorter than any late answer, longer than an honest one takes on a busy machine. */
const callMs = 3000;

const unclear: readonly Fault[] = ["lost request", "lost answer", "late answer", "late request"];

describe("a real Hive Metastore behind faults", skipping, () => {
  let lake: HiveLake;
  let proxy: MetastoreProxy;
  let honest: Catalog;
  let count = 0;

  before(async () => {
    if (server !== undefined) lake = await hiveLake(server);
    honest = lake.again();
  });
  after(async () => {
    if (server !== undefined) await lake.close();
  });
  beforeEach(async () => {
    if (server !== undefined) proxy = await metastoreProxy(server);
  });
  afterEach(async () => {
    if (server !== undefined) await proxy.close();
  });

  const behind = (changes: Partial<HiveSettings> = {}): Catalog =>
    lake.again({ hosts: [{ host: proxy.host, port: proxy.port }], callMs, ...changes });

  /** A mart of `length` records, none of them registered. */
  async function chain(length: number) {
    count += 1;
    const mart = `mart_${count}`;
    const idOf = (number: number): string => `id${number}xxxxxxxx`;
    for (let number = 1; number <= length; number++) {
      await honest.append(mart, number - 1, publishRecord(number - 1, idOf(number)));
    }
    return { mart, of: (number: number) => registrationOf(number, idOf(number)) };
  }

  async function shownOf(mart: string): Promise<number | undefined> {
    const found = (await honest.registered([mart])).get(mart);
    assert.ok(found === undefined || (found.kind === "ours" && found.fault === undefined));
    return found?.kind === "ours" ? found.number : undefined;
  }

  for (const fault of unclear) {
    test(`a swap with a ${fault} is done once, and found done`, async () => {
      const { mart, of } = await chain(2);
      await honest.register(mart, of(1));
      proxy.fail(alter, fault);
      const answer = await behind().register(mart, of(2));
      assert.equal(answer.number, 2);
      await proxy.settled();
      assert.deepEqual((await honest.registered([mart])).get(mart), answer);
    });

    test(`a creation with a ${fault} is done once, and found done`, async () => {
      const { mart, of } = await chain(1);
      proxy.fail(create, fault);
      assert.equal((await behind().register(mart, of(1))).number, 1);
      await proxy.settled();
      assert.equal(await shownOf(mart), 1);
    });
  }

  test("a swap that arrives after later ones changes nothing", async () => {
    const { mart, of } = await chain(4);
    await honest.register(mart, of(1));
    proxy.fail(alter, "late request");
    const slow = behind().register(mart, of(2));
    // The late one waits in the proxy until its writer gives up; meanwhile others go on.
    await honest.register(mart, of(3));
    await honest.register(mart, of(4));
    assert.equal((await slow).number, 4);
    await proxy.settled();
    assert.equal(await shownOf(mart), 4);
  });

  test("whoever hears nothing again and again says so, and the next run puts it right", async () => {
    const { mart, of } = await chain(2);
    await honest.register(mart, of(1));
    proxy.fail(alter, "lost request", "lost request", "lost request");
    await assert.rejects(behind().register(mart, of(2)), failsAs("unavailable"));
    assert.equal(await shownOf(mart), 1);
    assert.equal((await behind().register(mart, of(2))).number, 2);
  });

  test("a metastore that goes away while one looks is unavailable, and nothing was replaced", async () => {
    const { mart, of } = await chain(2);
    await honest.register(mart, of(1));
    proxy.fail(alter, "lost answer");
    proxy.fail("get_table_objects_by_name_req", ...Array.from({ length: 8 }, (): Fault => "lost request"));
    await assert.rejects(behind().register(mart, of(2)), failsAs("unavailable"));
    assert.equal(await shownOf(mart), 1);
  });

  test("taking a name away whose answer is lost is told, and repeating it finds nothing", async () => {
    const { mart, of } = await chain(1);
    await honest.register(mart, of(1));
    proxy.fail(drop, "lost answer");
    await assert.rejects(behind().unregister(mart), failsAs("unavailable"));
    assert.equal(await behind().unregister(mart), false);
  });

  test("partitions whose answer is lost are added again, and are there once", async () => {
    // A repetition waits until the server has sorted out with the first one what is there.
    const tables = behind({ callMs: 60_000 }).tables ?? assert.fail("no tables");
    await tables.register("events", { schemaVersion: 1, columns: [{ name: "id", type: { kind: "int64" } }] });
    const ids = Array.from({ length: 600 }, (_, index) => `2026-${String(index).padStart(5, "0")}`);
    proxy.fail(add, "lost answer", "lost request");
    await tables.add("events", ids);
    const found: string[] = [];
    for await (const page of tables.partitions("events")) found.push(...page);
    assert.deepEqual(found, ids);
  });

  test("writers behind faults race those without: the last record stays", async () => {
    const { mart, of } = await chain(12);
    proxy.fail(alter, "lost answer", "late request", "lost request", "late answer", "lost answer", "lost request");
    proxy.fail(create, "lost answer");
    const numbers = Array.from({ length: 12 }, (_, index) => index + 1);
    const seen: number[] = [];
    await Promise.all(
      numbers.map(async (number) => {
        const writer = number % 2 === 0 ? lake.again() : behind();
        try {
          seen.push((await writer.register(mart, of(number))).number - number);
        } catch (error) {
          // Out of patience, but never wrong.
          assert.ok(error instanceof Failure && error.kind === "unavailable", String(error));
        }
      }),
    );
    await proxy.settled();
    for (const ahead of seen) assert.ok(ahead >= 0);
    await honest.register(mart, of(12));
    assert.equal(await shownOf(mart), 12);
  });

  test("a server without the call that Spark makes is refused with the version to use", async () => {
    proxy.fail("get_table", "unknown method", "unknown method");
    await assert.rejects(behind().prove("one"), (error: unknown) => {
      assert.match(error instanceof Failure ? (error.detail.remedy ?? "") : "", /use Hive Metastore 4\.0\.0/);
      return failsAs("denied", /get_table/)(error);
    });
    const { calls } = proxy;
    assert.ok(calls.includes(drop), "the probe is dropped");
  });
});
