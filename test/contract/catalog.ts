/** The law of `src/catalog/contract.ts` in executable form: one suite for every catalog. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Catalog, CatalogRecord, Inspected, Numbered } from "../../src/catalog/contract.ts";
import { Failure } from "../../src/errors.ts";
import { documentMemory } from "../../src/reconcile/documents.ts";
import { failsAs, publishRecord } from "./catalog-record.ts";
import { registrationContract } from "./catalog-registration.ts";

export { failsAs, publishRecord } from "./catalog-record.ts";

/** A fresh, empty catalog. */
export interface OpenedCatalog {
  /** Another handle on the same catalog, as a second process would have it. */
  again(): Catalog;
  /** Closes the handles too. */
  close(): Promise<void>;
}

const WRITERS = 24;

async function historyOf(catalog: Catalog, mart: string): Promise<Numbered[]> {
  const records: Numbered[] = [];
  for await (const { number, record } of catalog.history(mart)) records.push({ number, record });
  return records;
}

async function inspectionOf(catalog: Catalog, mart: string): Promise<Inspected[]> {
  const found: Inspected[] = [];
  for await (const inspected of catalog.inspect(mart)) found.push(inspected);
  return found;
}

/** Appends behind whatever is last until it wins, as a publisher does. */
async function appendUntilWon(catalog: Catalog, mart: string, publishId: string): Promise<Numbered> {
  for (;;) {
    const parent = (await catalog.current(mart))?.number ?? 0;
    const won = await catalog.append(mart, parent, publishRecord(parent, publishId));
    if (won !== undefined) return won;
  }
}

export function catalogContract(name: string, open: () => Promise<OpenedCatalog>): void {
  describe(`catalog contract: ${name}`, () => {
    let opened: OpenedCatalog;
    let catalog: Catalog;
    before(async () => {
      opened = await open();
      catalog = opened.again();
    });
    after(async () => {
      await opened.close();
    });

    test("an empty catalog answers", async () => {
      assert.equal(await catalog.current("nothing"), undefined);
      assert.deepEqual(await historyOf(catalog, "nothing"), []);
      assert.deepEqual(await catalog.marts(), []);
    });

    test("a glance shows the last record, also with documents of an older chain or of another one", async () => {
      const documents = documentMemory([]);
      assert.equal(await catalog.glance("glance", documents), undefined);
      for (let parent = 0; parent < 3; parent++) {
        const won = await catalog.append("glance", parent, publishRecord(parent, `glance${parent}xx`));
        assert.deepEqual(await opened.again().glance("glance", documents), won);
        // The same again, and by somebody who knows nothing.
        assert.deepEqual(await opened.again().glance("glance", documents), won);
        assert.deepEqual(await opened.again().glance("glance", documentMemory([])), won);
      }
      const elsewhere = documents.used().map((document) => ({ ...document, token: "another", text: "{}" }));
      const last = await catalog.current("glance");
      assert.deepEqual(await opened.again().glance("glance", documentMemory(elsewhere)), last);
      const later = elsewhere.map((document) => ({
        ...document,
        key: document.key.replace(/\d{20}/, "9".repeat(15).padStart(20, "0")),
      }));
      assert.deepEqual(await opened.again().glance("glance", documentMemory(later)), last);
    });

    test("a chain grows by one, is read back equal, and its history is newest first", async () => {
      const records: Numbered[] = [];
      for (let parent = 0; parent < 5; parent++) {
        const record = publishRecord(parent, `grow${parent}xxxx`);
        const won = await catalog.append("grow", parent, record);
        assert.deepEqual(won, { number: parent + 1, record });
        assert.deepEqual(await catalog.current("grow"), won);
        assert.deepEqual(await opened.again().current("grow"), won);
        records.unshift({ number: parent + 1, record });
      }
      assert.deepEqual(await historyOf(catalog, "grow"), records);
      assert.deepEqual(await historyOf(opened.again(), "grow"), records);
    });

    test("history says when each record was written, by the catalog's own clock", async () => {
      const startMs = Date.now();
      for (let parent = 0; parent < 3; parent++) {
        await catalog.append("dated", parent, publishRecord(parent, `dated${parent}xxx`));
      }
      for (const handle of [catalog, opened.again()]) {
        const times: number[] = [];
        for await (const { writtenMs } of handle.history("dated")) times.push(writtenMs);
        assert.equal(times.length, 3);
        assert.deepEqual(
          [...times].sort((a, b) => b - a),
          times,
          "newest first",
        );
        for (const time of times) assert.ok(Math.abs(time - startMs) < 60_000, `${time} is not about now`);
      }
    });

    test("an inspection answers every number of the chain; a record that is put back is the one that stood there", async () => {
      assert.deepEqual(await inspectionOf(catalog, "nobody"), []);
      for (let parent = 0; parent < 3; parent++) {
        await catalog.append("inspected", parent, publishRecord(parent, `look${parent}xxx`));
      }
      const whole = await inspectionOf(opened.again(), "inspected");
      assert.deepEqual(
        whole.map(({ number, record, fault }) => [number, record?.publishId, fault]),
        [1, 2, 3].map((number) => [number, `look${number - 1}xxx`, undefined]),
      );
      assert.ok(whole.every(({ bytes }) => bytes > 0));
      await catalog.restore("inspected", 2, publishRecord(1, "look1xxx"));
      assert.deepEqual(await inspectionOf(opened.again(), "inspected"), whole);
    });

    test("a fence is a record as any other", async () => {
      await catalog.append("fenced", 0, publishRecord(0, "first000"));
      const fence: CatalogRecord = {
        kind: "fence",
        version: "v000000000001-first000",
        publishId: "fence000",
        parent: 1,
        at: "2026-03-01T16:00:00.000Z",
      };
      assert.deepEqual(await catalog.append("fenced", 1, fence), { number: 2, record: fence });
      assert.deepEqual(await opened.again().current("fenced"), { number: 2, record: fence });
      assert.equal(await catalog.append("fenced", 1, publishRecord(1, "stalled0")), undefined);
    });

    test("an append behind a number that is taken loses and changes nothing", async () => {
      await catalog.append("taken", 0, publishRecord(0, "one00000"));
      const two = await catalog.append("taken", 1, publishRecord(1, "two00000"));
      for (const parent of [0, 1]) {
        assert.equal(await catalog.append("taken", parent, publishRecord(parent, "late0000")), undefined);
        assert.equal(await opened.again().append("taken", parent, publishRecord(parent, "late0001")), undefined);
      }
      assert.deepEqual(await catalog.current("taken"), two);
    });

    test("repeating one's own append is a win again", async () => {
      const record = publishRecord(0, "mine0000");
      const won = await catalog.append("repeat", 0, record);
      assert.deepEqual(await catalog.append("repeat", 0, record), won);
      assert.deepEqual(await opened.again().append("repeat", 0, record), won);
      assert.equal((await historyOf(catalog, "repeat")).length, 1);
    });

    test("no record is appended to one that is not there", async () => {
      await assert.rejects(catalog.append("hole", 3, publishRecord(3, "hole0000")), Failure);
      assert.equal(await catalog.current("hole"), undefined);
    });

    test("a handle that knows an old end finds the new one", async () => {
      const old = opened.again();
      await catalog.append("behind", 0, publishRecord(0, "behind00"));
      assert.equal((await old.current("behind"))?.number, 1);
      for (let parent = 1; parent < 40; parent++) {
        await catalog.append("behind", parent, publishRecord(parent, `behind${parent}`));
      }
      assert.equal((await old.current("behind"))?.number, 40);
    });

    test("of 24 racing writers exactly one wins a number", async () => {
      const catalogs = Array.from({ length: WRITERS }, () => opened.again());
      for (let parent = 0; parent < 5; parent++) {
        const outcomes = await Promise.all(
          catalogs.map((other, writer) =>
            other.append("race", parent, publishRecord(parent, `w${writer}-${parent}-xxxx`)),
          ),
        );
        const winners = outcomes.filter((outcome) => outcome !== undefined);
        assert.equal(winners.length, 1);
        assert.deepEqual(await catalog.current("race"), winners[0]);
      }
    });

    test("24 writers that look again all get in, each once, and the chain has no hole", async () => {
      const ids = Array.from({ length: WRITERS }, (_, writer) => `look${writer}xxxx`);
      const won = await Promise.all(ids.map((id) => appendUntilWon(opened.again(), "queue", id)));
      assert.deepEqual(
        won.map((record) => record.number).sort((a, b) => a - b),
        ids.map((_, index) => index + 1),
      );
      const records = await historyOf(opened.again(), "queue");
      assert.deepEqual(records.map((record) => record.record.publishId).sort(), [...ids].sort());
      for (const { number, record } of records) assert.equal(record.parent, number - 1);
    });

    test("the marts with a chain are listed by name", async () => {
      const other = await open();
      try {
        const names = ["b", "a", "a_b", "ab"];
        for (const mart of names) await other.again().append(mart, 0, publishRecord(0, "listed00"));
        assert.deepEqual(await other.again().marts(), ["a", "a_b", "ab", "b"]);
        assert.equal((await other.again().current("a"))?.number, 1);
      } finally {
        await other.close();
      }
    });

    test("a signal stops", async () => {
      await catalog.append("stop", 0, publishRecord(0, "stop0000"));
      const signal = AbortSignal.abort();
      await assert.rejects(opened.again().current("stop", { signal }), failsAs("cancelled"));
      await assert.rejects(
        opened.again().append("stop", 1, publishRecord(1, "stop0001"), { signal }),
        failsAs("cancelled"),
      );
      assert.equal((await opened.again().current("stop"))?.number, 1);
    });
  });
  registrationContract(name, open);
}
