/** What the law of `src/catalog/contract.ts` says of names that other tools look up: the chain decides, they follow. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Catalog, OwnRegistered } from "../../src/catalog/contract.ts";
import type { OpenedCatalog } from "./catalog.ts";
import { failsAs, publishRecord, registrationOf } from "./catalog-record.ts";

const WRITERS = 24;

const idOf = (mart: string, number: number): string => `${mart.slice(0, 4)}${number}xxxxxxx`;

/** Numbers `from` to `to` of the mart's chain. */
async function appendTo(catalog: Catalog, mart: string, to: number, from = 1): Promise<void> {
  for (let number = from; number <= to; number++) {
    await catalog.append(mart, number - 1, publishRecord(number - 1, idOf(mart, number)));
  }
}

const register = (catalog: Catalog, mart: string, number: number): Promise<OwnRegistered> =>
  catalog.register(mart, registrationOf(number, idOf(mart, number)));

/** What stands under the name, which must be ours and without a fault. */
async function shown(catalog: Catalog, mart: string): Promise<OwnRegistered | undefined> {
  const found = (await catalog.registered([mart])).get(mart);
  assert.notEqual(found?.kind, "foreign");
  if (found?.kind !== "ours") return undefined;
  assert.equal(found.fault, undefined);
  return found;
}

function shows(found: OwnRegistered | undefined, mart: string, number: number): void {
  const { version, publishId } = registrationOf(number, idOf(mart, number));
  assert.deepEqual([found?.number, found?.version, found?.publishId], [number, version, publishId]);
}

export function registrationContract(name: string, open: () => Promise<OpenedCatalog>): void {
  describe(`catalog contract: ${name}: names`, () => {
    let opened: OpenedCatalog;
    let catalog: Catalog;
    before(async () => {
      opened = await open();
      catalog = opened.again();
    });
    after(async () => {
      await opened.close();
    });

    test("under a name that was never registered nothing stands, and taking it away is no error", async () => {
      assert.equal((await catalog.registered([])).size, 0);
      assert.equal((await catalog.registered(["nothing", "nothing_else"])).size, 0);
      assert.equal(await catalog.unregister("nothing"), false);
    });

    test("the catalog is proved for one writer and for several, and says what it is", async () => {
      for (const writers of ["one", "several"] as const) {
        const { what, findings } = await catalog.prove(writers);
        assert.notEqual(what, "");
        assert.ok(findings.length > 0);
        for (const finding of findings) assert.doesNotMatch(finding, /\.$|\n/);
      }
    });

    test("a name shows the version that was registered last, for everybody, and a repetition changes nothing", async () => {
      await appendTo(catalog, "grow", 3);
      if (!catalog.registersItself) assert.equal(await shown(catalog, "grow"), undefined);
      for (const number of [1, 2, 3]) {
        if (catalog.registersItself && number < 3) continue;
        const answer = await register(catalog, "grow", number);
        shows(answer, "grow", number);
        assert.match(answer.name, /grow$/);
        assert.deepEqual(await shown(opened.again(), "grow"), answer);
        assert.deepEqual(await register(opened.again(), "grow", number), answer);
        assert.deepEqual(await shown(catalog, "grow"), answer);
      }
    });

    test("a name never goes back: a writer that slept finds what later ones registered", async () => {
      await appendTo(catalog, "slept", 5);
      await register(catalog, "slept", 5);
      for (const number of [1, 4]) {
        shows(await register(opened.again(), "slept", number), "slept", 5);
        shows(await shown(catalog, "slept"), "slept", 5);
      }
    });

    test("a fence changes nothing that is shown", async () => {
      await appendTo(catalog, "fenced", 1);
      await register(catalog, "fenced", 1);
      const { version } = publishRecord(0, idOf("fenced", 1));
      const at = "2026-03-01T16:00:00.000Z";
      await catalog.append("fenced", 1, { kind: "fence", version, publishId: "fence000", parent: 1, at });
      assert.equal((await shown(catalog, "fenced"))?.version, version);
      assert.equal((await register(opened.again(), "fenced", 1)).version, version);
      await appendTo(catalog, "fenced", 3, 3);
      shows(await register(catalog, "fenced", 3), "fenced", 3);
    });

    test("a rollback is a later record that names an older version", async () => {
      await appendTo(catalog, "back", 2);
      await register(catalog, "back", 2);
      const { version } = publishRecord(0, idOf("back", 1));
      await catalog.append("back", 2, { ...publishRecord(2, "back3xxx"), version, rollback: true });
      const answer = await catalog.register("back", { ...registrationOf(3, "back3xxx"), version });
      assert.deepEqual([answer.number, answer.version], [3, version]);
      assert.deepEqual(await shown(opened.again(), "back"), answer);
    });

    test(`of ${WRITERS} writers that register at once the last record stays, and nobody sees a step back`, async () => {
      await appendTo(catalog, "race", WRITERS);
      const seen: number[] = [];
      let isOver = false;
      const watching = (async () => {
        const other = opened.again();
        while (!isOver) seen.push((await shown(other, "race"))?.number ?? 0);
      })();
      const numbers = Array.from({ length: WRITERS }, (_, index) => ((index * 7) % WRITERS) + 1);
      const answers = await Promise.all(numbers.map((number) => register(opened.again(), "race", number)));
      isOver = true;
      await watching;
      for (const [index, { number }] of answers.entries()) assert.ok(number >= (numbers[index] ?? 0));
      shows(await shown(opened.again(), "race"), "race", WRITERS);
      assert.deepEqual(
        seen,
        [...seen].sort((a, b) => a - b),
      );
    });

    test("a name that was taken away is free, and comes back with the next registration", async () => {
      await appendTo(catalog, "gone", 1);
      const answer = await register(catalog, "gone", 1);
      assert.equal(await catalog.unregister("gone"), !catalog.registersItself);
      if (!catalog.registersItself) assert.equal(await shown(opened.again(), "gone"), undefined);
      assert.equal(await opened.again().unregister("gone"), false);
      assert.deepEqual(await register(opened.again(), "gone", 1), answer);
    });

    test("every name that a project can give is found again, all in one question", async () => {
      const named = ["a", "a__b", "a_", "x1", "default_", "tables", "m".repeat(128), "partition"];
      for (const mart of named) {
        await appendTo(catalog, mart, 1);
        await register(catalog, mart, 1);
      }
      const found = await opened.again().registered([...named, "not_there"]);
      assert.deepEqual([...found.keys()].sort(), [...named].sort());
      for (const mart of named) {
        const one = found.get(mart);
        assert.ok(one?.kind === "ours");
        shows(one, mart, 1);
      }
    });

    test("a signal stops", async () => {
      await appendTo(catalog, "stop", 1);
      const signal = AbortSignal.abort();
      const other = opened.again();
      await assert.rejects(other.registered(["stop"], { signal }), failsAs("cancelled"));
      await assert.rejects(
        other.register("stop", registrationOf(1, idOf("stop", 1)), { signal }),
        failsAs("cancelled"),
      );
    });
  });
}
