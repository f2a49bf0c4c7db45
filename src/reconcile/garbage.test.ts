import assert from "node:assert/strict";
import test, { describe } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/contract/property-runs.ts";
import { hourOf, makePartition, makeRaw, makeSource, makeTable, sha } from "../../test/make.ts";
import type { CatalogRecord, Dated } from "../catalog/contract.ts";
import { dayMs, hourMs } from "../model/calendar.ts";
import { rejectedKey, revisionKey, versionName } from "../model/layout.ts";
import type { ObjectInfo } from "../storage/contract.ts";
import {
  isFarEnough,
  martGarbage,
  rawGarbage,
  rejectedGarbage,
  type VersionDirectory,
  versionDirectories,
} from "./garbage.ts";
import type { PartitionSeen, RawSeen, Seen } from "./seen.ts";

const object = (key: string, modifiedMs: number, size = 10): ObjectInfo => ({ key, size, token: key, modifiedMs });

const name = (number: number, id: number | string): string =>
  versionName(number, typeof id === "number" ? String(id).padStart(8, "0") : id);

/** A directory with one part of that age. */
const directory = (number: number, id: number | string, modifiedMs: number): VersionDirectory => ({
  mart: "m",
  name: name(number, id),
  number,
  objects: [object(`m/${name(number, id)}/part-0.parquet`, modifiedMs)],
});

const publish = (number: number, writtenMs: number): Dated => ({
  number,
  writtenMs,
  record: {
    kind: "publish",
    version: name(number, number),
    publishId: `${number}`,
    parent: number - 1,
    at: "",
    manifestSha256: "",
  },
});

const fenceOf = (number: number, version: number, writtenMs: number): Dated => ({
  number,
  writtenMs,
  record: { kind: "fence", version: name(version, version), publishId: `f${number}`, parent: number - 1, at: "" },
});

/** A record that shows version `version` again. */
const backTo = (number: number, version: number, writtenMs: number): Dated => {
  const { record } = publish(version, 0);
  return { number, writtenMs, record: { ...record, publishId: `r${number}`, parent: number - 1, rollback: true } };
};

const rules = { nowMs: 100, retentionMs: 10, versions: 2 };

const names = (found: readonly { readonly directory: VersionDirectory; readonly why: string }[]): string[] =>
  found.map(({ directory, why }) => `${directory.number} ${why}`);

describe("versions of a mart", () => {
  test("directories are told from everything else that lies there", () => {
    const found = versionDirectories([
      object("m/v000000000002-0000000b/part-0.parquet", 1),
      object("m/v000000000002-0000000b/_manifest.json", 2),
      object("m/v000000000001-0000000a/part-0.parquet", 1),
      object("m/notes.txt", 1),
      object("m/v1-0000000a/part-0.parquet", 1),
      object("readme", 1),
      object("n/v000000000001-0000000a/deep/er", 1),
    ]);
    assert.deepEqual(
      [...found].map(([mart, each]) => [mart, each.map(({ number, objects }) => [number, objects.length])]),
      [
        [
          "m",
          [
            [1, 1],
            [2, 2],
          ],
        ],
        ["n", [[1, 1]]],
      ],
    );
  });

  test("the last N published stay, whatever their age, and the others go", () => {
    const chain = [publish(4, 40), publish(3, 30), publish(2, 20), publish(1, 10)];
    const all = [1, 2, 3, 4].map((number) => directory(number, number, number));
    assert.deepEqual(names(martGarbage(all, chain, rules).settled), ["1 superseded", "2 superseded"]);
    const one = martGarbage(all, chain, { ...rules, versions: 1 });
    assert.deepEqual(names(one.settled), ["1 superseded", "2 superseded", "3 superseded"]);
    assert.deepEqual(names(martGarbage(all, chain, { ...rules, versions: 9 }).settled), []);
  });

  test("a version is garbage from the moment its successor was recorded, however old its files are", () => {
    const replaced = (ms: number) =>
      martGarbage([directory(1, 1, 1)], [publish(3, ms + 1), publish(2, ms), publish(1, 2)], { ...rules, versions: 1 });
    assert.deepEqual(names(replaced(90).settled), ["1 superseded"]);
    assert.equal(replaced(90).settled[0]?.sinceMs, 90);
    assert.deepEqual(replaced(91).settled, []);
  });

  test("fences neither count as versions nor replace one", () => {
    const chain = [fenceOf(5, 3, 99), fenceOf(4, 3, 50), publish(3, 30), fenceOf(2, 1, 20), publish(1, 10)];
    const all = [directory(1, 1, 1), directory(3, 3, 3)];
    assert.deepEqual(names(martGarbage(all, chain, rules).settled), []);
    const found = martGarbage(all, chain, { ...rules, versions: 1 });
    assert.deepEqual(
      found.settled.map(({ directory, sinceMs }) => [directory.number, sinceMs]),
      [[1, 30]],
    );
  });

  test("a version that was gone back to counts once, and is garbage only since it was replaced for the last time", () => {
    const all = [1, 2, 3].map((number) => directory(number, number, number));
    const back = [backTo(5, 1, 50), backTo(4, 1, 40), publish(3, 30), publish(2, 20), publish(1, 10)];
    // Two versions stay: the one shown twice, and the one before it.
    assert.deepEqual(names(martGarbage(all, back, rules).settled), ["2 superseded"]);
    const forward = [publish(7, 93), publish(6, 60), ...back];
    const built = [...all, directory(6, 6, 60), directory(7, 7, 90)];
    assert.deepEqual(
      martGarbage(built, forward, rules).settled.map(({ directory, sinceMs }) => [directory.number, sinceMs]),
      [
        [1, 60],
        [2, 30],
        [3, 40],
      ],
    );
  });

  test("while an older version is shown, what was built last stays: people go forward to it again", () => {
    const all = [1, 2, 3].map((number) => directory(number, number, number));
    const chain = [backTo(5, 1, 50), backTo(4, 2, 40), publish(3, 30), publish(2, 20), publish(1, 10)];
    assert.deepEqual(names(martGarbage(all, chain, { ...rules, versions: 1 }).settled), ["2 superseded"]);
    assert.equal(isFarEnough([directory(4, "aaaaaaaa", 1)], chain.slice(0, 2), 1), false, "not known yet");
    assert.equal(isFarEnough([directory(4, "aaaaaaaa", 1)], chain.slice(0, 3), 1), true);
  });

  test("an orphan goes if its number is taken, waits for a fence if it is the next, and is left alone beyond", () => {
    const chain = [publish(2, 20), publish(1, 10)];
    const orphans = [1, 2, 3, 4].map((number) => directory(number, "aaaaaaaa", 5));
    const found = martGarbage(orphans, chain, rules);
    assert.deepEqual(names(found.settled), ["1 orphan", "2 orphan"]);
    assert.deepEqual(names(found.open), ["3 orphan"]);
    assert.deepEqual(names(found.unknown), ["4 orphan"]);
    const behind = martGarbage(orphans, [fenceOf(3, 2, 95), ...chain], rules);
    assert.deepEqual(names(behind.settled), ["1 orphan", "2 orphan", "3 orphan"]);
    assert.deepEqual(names(behind.open), ["4 orphan"]);
  });

  test("of a mart without a log nothing is known, so nothing goes", () => {
    const found = martGarbage([directory(1, 1, 1)], [], rules);
    assert.deepEqual([found.settled, found.open, names(found.unknown)], [[], [], ["1 orphan"]]);
  });

  test("what has just been written stays: one young object protects its directory", () => {
    const young = { ...directory(1, "aaaaaaaa", 1), objects: [object("a", 1), object("b", 91)] };
    assert.deepEqual(martGarbage([young], [publish(2, 20), publish(1, 10)], rules).settled, []);
  });

  test("the log is read as far back as the oldest directory, and as the versions that stay", () => {
    const chain = [publish(5, 50), fenceOf(4, 3, 40), publish(3, 30)];
    assert.equal(isFarEnough([directory(4, "aaaaaaaa", 1)], chain.slice(0, 2), 1), true);
    assert.equal(isFarEnough([directory(4, "aaaaaaaa", 1)], chain.slice(0, 2), 2), false);
    assert.equal(isFarEnough([directory(3, 3, 1)], chain, 2), true);
    assert.equal(isFarEnough([directory(2, 2, 1)], chain, 2), false);
    assert.equal(isFarEnough([directory(2, 2, 1)], [], 2), false);
  });

  test("property: what readers get and the last N published never go; every other old one does, once it is fenced", () => {
    const world = fc.record({
      kinds: fc.array(fc.boolean(), { maxLength: 12 }),
      orphans: fc.array(fc.nat(16), { maxLength: 8 }),
      versions: fc.integer({ min: 1, max: 5 }),
      retentionMs: fc.nat(200),
    });
    fc.assert(
      fc.property(world, ({ kinds, orphans, versions, retentionMs }) => {
        const chain: Dated[] = [publish(1, 10)];
        for (const isPublish of kinds) {
          const number = chain.length + 1;
          const last = chain.findLast(({ record }) => record.kind === "publish")?.number ?? 1;
          chain.push(isPublish ? publish(number, number * 10) : fenceOf(number, last, number * 10));
        }
        const published = chain.filter(({ record }) => record.kind === "publish");
        const directories = [
          ...published.map(({ number }) => directory(number, number, number * 10 - 1)),
          ...[...new Set(orphans)].map((number) => directory(number, "aaaaaaaa", number * 10)),
        ];
        const newest = chain.toReversed();
        const nowMs = 200;
        const { settled, open, unknown } = martGarbage(directories, newest, { nowMs, retentionMs, versions });
        const gone = new Set([...settled, ...open, ...unknown].map(({ directory }) => directory.name));
        const keep = published.slice(-versions).map(({ record }: { record: CatalogRecord }) => record.version);
        for (const version of keep) assert.ok(!gone.has(version), `${version} is kept`);
        for (const each of directories) {
          if (keep.includes(each.name)) continue;
          const successor = published.find(
            ({ number }) => number > each.number && each.name === name(each.number, each.number),
          );
          const sinceMs = Math.max(successor?.writtenMs ?? 0, each.objects[0]?.modifiedMs ?? 0);
          assert.equal(gone.has(each.name), nowMs - sinceMs >= retentionMs, `${each.name} since ${sinceMs}`);
        }
        for (const { directory } of settled) assert.ok(directory.number <= chain.length);
        for (const { directory } of open) assert.equal(directory.number, chain.length + 1);
      }),
      propertyRuns(200),
    );
  });
});

interface World {
  readonly raw?: readonly (readonly [string, RawSeen])[];
  readonly partitions?: readonly (readonly [string, PartitionSeen])[];
  readonly keepMs?: number;
  readonly table?: ReturnType<typeof makeTable>;
}

function world({ raw = [], partitions = [], keepMs, table = makeTable() }: World): Seen {
  const settings = makeSource({ keepMs });
  const source = {
    settings,
    raw: new Map(raw.map(([id, seen]) => [hourOf(id), seen])),
    unadopted: new Set<number>(),
    acknowledged: [],
  };
  return {
    atMs: Date.parse("2026-03-10T00:00:00Z"),
    sources: new Map([[settings.name, source]]),
    tables: new Map([
      [
        table.name,
        { settings: table, schema: undefined, partitions: new Map(partitions.map(([id, seen]) => [hourOf(id), seen])) },
      ],
    ]),
    marts: new Map(),
    attempts: new Map(),
  };
}

describe("rejected lines", () => {
  const id = "2026-03-01-05";
  const key = (bytes: string): string => rejectedKey("events", id, sha(bytes));
  const found = (seen: Seen, ...objects: readonly ObjectInfo[]): string[] =>
    rejectedGarbage(objects, seen, rules).map((garbage) => garbage.object.key);
  const partition = (bytes: string): readonly [string, PartitionSeen] => [
    id,
    makePartition(id, { rawSha256: sha(bytes) }),
  ];

  test("go when neither the partition nor the newest raw bytes are theirs", () => {
    const seen = world({ raw: [[id, makeRaw(id, { facts: { sha256: sha("new"), revision: 2, verified: true } })]] });
    const old = object(key("older"), 1);
    assert.deepEqual(found(seen, old, object(key("new"), 1)), [old.key]);
    assert.deepEqual(found(world({ partitions: [partition("older")] }), old, object(key("new"), 1)), [key("new")]);
    assert.deepEqual(found(world({}), old), [old.key]);
  });

  test("stay while they are young, of another project's table, or of no interval of ours", () => {
    assert.deepEqual(
      found(
        world({}),
        object(key("older"), 91),
        object(rejectedKey("other", id, sha("older")), 1),
        object(rejectedKey("events", "2026-03-01", sha("older")), 1),
        object("_rejected/events/notes.txt", 1),
      ),
      [],
    );
  });
});

describe("raw objects and keep", () => {
  const ids = ["2026-03-01-00", "2026-03-01-01", "2026-03-08-00"] as const;
  const nowMs = Date.parse("2026-03-10T00:00:00Z");
  const stored = ids.map((id) => [id, makeRaw(id)] as const);
  const converted = ids.map((id) => [id, makePartition(id)] as const);
  const judge = (
    seen: Seen,
    changes: { revisions?: readonly ObjectInfo[]; nowMs?: number; modifiedMs?: number } = {},
  ) => {
    const [source] = [...seen.sources.values()];
    assert.ok(source !== undefined);
    const originals = [...source.raw.values()].map(({ key }) => object(key, changes.modifiedMs ?? 0));
    const listed = { originals, revisions: changes.revisions ?? [] };
    const found = rawGarbage(source, listed, seen, {
      nowMs: changes.nowMs ?? nowMs,
      retentionMs: dayMs,
      converter: "native/1",
    });
    return { expired: found.expired.map(({ id }) => id), needed: found.needed.map(({ id }) => id), found };
  };

  test("what ended longer ago than keep goes, its partition is named, and what came later stays", () => {
    const { expired, needed, found } = judge(world({ raw: stored, partitions: converted, keepMs: 5 * dayMs }));
    assert.deepEqual([expired, needed], [["2026-03-01-00", "2026-03-01-01"], []]);
    assert.deepEqual(found.expired[0]?.partitions, [
      { key: "events/src=2026-03-01-00/data.parquet", token: "partition-2026-03-01-00" },
    ]);
  });

  test("without keep nothing expires", () => {
    assert.deepEqual(judge(world({ raw: stored, partitions: converted })).expired, []);
  });

  test("what a table is still to be made from stays, whatever holds it up", () => {
    const old = converted.map(([id]) => [id, makePartition(id, { converter: "native/0" })] as const);
    for (const partitions of [[], old]) {
      const { expired, needed } = judge(world({ raw: stored, partitions, keepMs: 5 * dayMs }));
      assert.deepEqual([expired, needed], [[], ["2026-03-01-00", "2026-03-01-01"]]);
    }
    const unadopted = stored.map(([id]) => [id, makeRaw(id, { facts: undefined })] as const);
    assert.deepEqual(judge(world({ raw: unadopted, keepMs: 5 * dayMs })).expired, []);
    const later = makeTable({ since: { kind: "at", ms: hourOf("2026-03-01-01"), text: "" } });
    const outside = judge(world({ raw: unadopted, keepMs: 5 * dayMs, table: later }));
    assert.deepEqual([outside.expired, outside.needed], [["2026-03-01-00"], ["2026-03-01-01"]]);
  });

  test("the object goes before its revisions, and revisions that were left behind go too", () => {
    const [first = ["", makeRaw(ids[0])] as const] = stored;
    const revisions = [2, 3].map((revision) => object(revisionKey(first[1].key, revision), 0));
    const seen = world({ raw: stored, partitions: converted, keepMs: 5 * dayMs });
    assert.deepEqual(
      judge(seen, { revisions }).found.expired[0]?.objects.map(({ key }) => key),
      [first[1].key, ...revisions.map(({ key }) => key)],
    );
    const rest = world({ raw: stored.slice(1), partitions: converted, keepMs: 5 * dayMs });
    assert.deepEqual(judge(rest, { revisions }).found.expired[0]?.objects, revisions);
  });

  test("the earlier of the two clocks says what has expired, and the store's what is older than the retention", () => {
    const seen = world({ raw: stored, partitions: converted, keepMs: 5 * dayMs });
    const behind = hourOf("2026-03-06-01");
    assert.deepEqual(judge(seen, { nowMs: behind }).expired, ["2026-03-01-00"]);
    assert.deepEqual(judge(seen, { nowMs: nowMs + 99 * dayMs }).expired, ["2026-03-01-00", "2026-03-01-01"]);
    assert.deepEqual(judge(seen, { modifiedMs: nowMs - dayMs + hourMs }).expired, []);
  });
});
