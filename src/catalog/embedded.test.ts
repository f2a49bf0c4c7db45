import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { catalogContract, failsAs, publishRecord } from "../../test/contract/catalog.ts";
import { type Fault, faulty, oneFault } from "../../test/faulty.ts";
import type { Storage } from "../storage/contract.ts";
import { localStorage } from "../storage/local.ts";
import { memoryStorage } from "../storage/memory.ts";
import type { Numbered } from "./contract.ts";
import { embeddedCatalog } from "./embedded.ts";
import { encodeRecord } from "./record.ts";

catalogContract("embedded in memory", async () => {
  const storage = memoryStorage();
  return { again: () => embeddedCatalog(storage), close: async () => undefined };
});

catalogContract("embedded on a disk", async () => {
  const path = mkdtempSync(join(tmpdir(), "millrace-catalog-"));
  return {
    again: () => embeddedCatalog(localStorage({ path, name: "marts" })),
    close: async () => rmSync(path, { recursive: true, force: true }),
  };
});

async function grown(length: number): Promise<Storage> {
  const storage = memoryStorage();
  const catalog = embeddedCatalog(storage);
  for (let parent = 0; parent < length; parent++) {
    await catalog.append("activity", parent, publishRecord(parent, `id${parent}xxxxxxx`));
  }
  return storage;
}

describe("the embedded catalog", () => {
  test("writes one line of JSON with sorted keys under a number of 20 digits", async () => {
    const path = mkdtempSync(join(tmpdir(), "millrace-catalog-"));
    try {
      const catalog = embeddedCatalog(localStorage({ path, name: "marts" }));
      await catalog.append("activity", 0, publishRecord(0, "abcdef0123"));
      assert.deepEqual(readdirSync(join(path, "_catalog", "activity")), ["00000000000000000001.json"]);
      assert.equal(
        readFileSync(join(path, "_catalog", "activity", "00000000000000000001.json"), "utf8"),
        `{"at":"2026-03-01T15:00:00.000Z","kind":"publish","manifestSha256":"${"0".repeat(64)}","parent":0,` +
          `"publishId":"abcdef0123","version":"v000000000001-abcdef01"}\n`,
      );
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  });

  test("an inspection names what is damaged, missing or out of the chain, and goes on behind it", async () => {
    const storage = await grown(6);
    const key = (number: number): string => `_catalog/activity/${String(number).padStart(20, "0")}.json`;
    const catalog = embeddedCatalog(storage);
    await storage.remove(key(1));
    await storage.put(key(2), Buffer.from("{"));
    await storage.put(key(3), encodeRecord(publishRecord(7, "otherxxx")));
    await storage.put(key(5), Buffer.from(` ${Buffer.from(encodeRecord(publishRecord(4, "id4xxxxx"))).toString()}`));
    const faults: (string | undefined)[] = [];
    for await (const { fault } of catalog.inspect("activity")) faults.push(fault);
    assert.deepEqual(
      faults.map((fault) => fault?.replace(/^.*: /, "")),
      [
        "is missing, although a later record is there",
        "1 bytes are not JSON",
        "names 7 as its parent",
        undefined,
        "is not written as records are",
        undefined,
      ],
    );
    await catalog.restore("activity", 1, publishRecord(0, "id0xxxxx"));
    const [first] = await Array.fromAsync(catalog.inspect("activity"));
    assert.deepEqual([first?.fault, first?.record?.publishId], [undefined, "id0xxxxx"]);
  });

  test("believes a listing only as a start: newest keys may be hidden in it", async () => {
    const storage = await grown(7);
    const late: Storage = {
      ...storage,
      async *list(prefix, options) {
        for await (const page of storage.list(prefix, options)) {
          yield page.filter((object) => !/0[4-7]\.json$/.test(object.key));
        }
      },
    };
    assert.equal((await embeddedCatalog(late).current("activity"))?.number, 7);
    const blind: Storage = {
      ...storage,
      async *list() {
        yield [];
      },
    };
    assert.equal((await embeddedCatalog(blind).current("activity"))?.number, 7);
    for (const hiding of [late, blind]) {
      const seen: [number, number][] = [];
      for await (const { number, writtenMs } of embeddedCatalog(hiding).history("activity")) {
        const key = `_catalog/activity/${String(number).padStart(20, "0")}.json`;
        assert.equal(writtenMs, (await storage.head(key))?.modifiedMs);
        seen.push([number, writtenMs]);
      }
      assert.equal(seen.length, 7);
    }
  });

  test("a known end costs one head and one read, not a listing", async () => {
    const storage = await grown(3);
    const wrapped = faulty(storage, { at: new Map() });
    const catalog = embeddedCatalog(wrapped.port);
    await catalog.current("activity");
    const before = wrapped.calls.length;
    await catalog.current("activity");
    assert.deepEqual(wrapped.calls.slice(before), [
      "head _catalog/activity/00000000000000000004.json",
      "read _catalog/activity/00000000000000000003.json",
    ]);
  });

  test("starts over where the lake was removed under it", async () => {
    const storage = await grown(3);
    const catalog = embeddedCatalog(storage);
    assert.equal((await catalog.current("activity"))?.number, 3);
    for (const number of [1, 2, 3]) await storage.remove(`_catalog/activity/0000000000000000000${number}.json`);
    assert.equal(await catalog.current("activity"), undefined);
    await embeddedCatalog(storage).append("activity", 0, publishRecord(0, "again000"));
    assert.equal((await catalog.current("activity"))?.record.publishId, "again000");
  });

  test("names the key of a damaged record", async () => {
    const damages = [
      "",
      "{",
      "[]",
      "{}",
      '{"kind":"publish"}',
      '{"kind":"other","version":"v","publishId":"p","parent":0,"at":"t","manifestSha256":"s"}',
      '{"kind":"fence","version":"v","publishId":"p","parent":-1,"at":"t"}',
      '{"kind":"publish","version":"v","publishId":"p","parent":1,"at":"t"}',
      `{"kind":"fence"${" ".repeat(70_000)}}`,
    ];
    for (const damage of damages) {
      const storage = await grown(2);
      await storage.put("_catalog/activity/00000000000000000002.json", Buffer.from(damage));
      const words = /_catalog\/activity\/00000000000000000002\.json/;
      await assert.rejects(embeddedCatalog(storage).current("activity"), failsAs("corrupt", words), damage);
    }
  });

  test("a hole in the log is damage, not an end", async () => {
    const storage = await grown(4);
    await storage.remove("_catalog/activity/00000000000000000002.json");
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const { number } of embeddedCatalog(storage).history("activity")) seen.push(number);
    };
    await assert.rejects(read(), failsAs("corrupt", /00000000000000000002\.json: missing/));
    assert.deepEqual(seen, [4, 3]);
  });

  test("an append whose answer was lost is found by its publish id", async () => {
    const storage = await grown(1);
    const wrapped = faulty(storage, oneFault(2, "lost"));
    const record = publishRecord(1, "lost0000");
    const catalog = embeddedCatalog(wrapped.port);
    assert.deepEqual(await catalog.append("activity", 1, record), { number: 2, record });
    assert.match(wrapped.calls[1] ?? "", /^putIfAbsent/);
    assert.deepEqual((await catalog.current("activity"))?.record, record);
  });

  test("an append that failed, while another writer got in, is lost and not an error", async () => {
    const storage = await grown(1);
    const wrapped = faulty(storage, oneFault(2, "before"));
    await embeddedCatalog(storage).append("activity", 1, publishRecord(1, "other000"));
    assert.equal(await embeddedCatalog(wrapped.port).append("activity", 1, publishRecord(1, "late0000")), undefined);
  });

  /** Builds on what is current, as a publisher that starts again after a failure or a crash does. */
  async function publish(storage: Storage, publishId: string): Promise<Numbered | undefined> {
    const catalog = embeddedCatalog(storage);
    for await (const past of catalog.history("activity")) if (past.record.publishId === publishId) return past;
    const parent = (await catalog.current("activity"))?.number ?? 0;
    return await catalog.append("activity", parent, publishRecord(parent, publishId));
  }

  test("whatever call fails, and however: after a restart the record is there once", async () => {
    const clean = faulty(await grown(2), { at: new Map() });
    await publish(clean.port, "mine0000");
    const calls = clean.calls.length;
    assert.equal(calls, 8, clean.calls.join("\n"));
    const kinds: Fault[] = ["before", "lost", "partial", "stall", "crash-before", "crash-after"];
    for (let call = 1; call <= calls; call++) {
      for (const fault of kinds) {
        const storage = await grown(2);
        const wrapped = faulty(storage, oneFault(call, fault));
        const first = await publish(wrapped.port, "mine0000").catch((error: unknown) => error);
        const again = await publish(storage, "mine0000");
        assert.equal(again?.number, 3, `${fault} at call ${call}: ${String(first)}`);
        const ids: string[] = [];
        for await (const past of embeddedCatalog(storage).history("activity")) ids.push(past.record.publishId);
        assert.deepEqual(ids, ["mine0000", "id1xxxxxxx", "id0xxxxxxx"], `${fault} at call ${call}`);
      }
    }
  });
});
