/**
 * Every kind of object × every kind of damage, on a disk and in memory: it is named, repaired by `verify --repair`, and
 * afterwards the lake is what it was, a verification finds nothing, and a run does nothing.
 */
import assert from "node:assert/strict";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { App, VerifyReport } from "../../src/answers.ts";
import { runSettings } from "../corpus/runs.ts";
import { faultyStorage, makeFaults, noFault, oneFault } from "../faulty.ts";
import {
  contentOf,
  type Damage,
  type DamagedLake,
  damages,
  diskLake,
  flipAt,
  keysOf,
  memoryLake,
} from "./damaged-lake.ts";
import { makeSmallLake } from "./small-lake.ts";

interface Kind {
  readonly place: "raw" | "tables" | "marts";
  /** Chooses the object among the keys of its place, in their order; the last one that fits. */
  readonly key: RegExp;
  readonly isReceipt?: true;
}

const kinds: Readonly<Record<string, Kind>> = {
  "raw object": { place: "raw", key: /^hours\/.*22\.json\.gz$/ },
  "raw object with rejected lines": { place: "raw", key: /^hours\/.*23\.json\.gz$/ },
  receipt: { place: "raw", key: /^hours\/.*22\.json\.gz$/, isReceipt: true },
  partition: { place: "tables", key: /^events\/src=2026-03-01-22\/data\.parquet$/ },
  "partition with rejected lines": { place: "tables", key: /^events\/src=2026-03-01-23\/data\.parquet$/ },
  "rejected lines": { place: "tables", key: /^_rejected\/events\// },
  "schema document": { place: "tables", key: /\/_schema\/\d+\.json$/ },
  "statement for DuckDB": { place: "tables", key: /\/_schema\/\d+\.duckdb\.sql$/ },
  "statement for Spark": { place: "tables", key: /\/_schema\/\d+\.spark\.ddl$/ },
  "catalog record": { place: "marts", key: /^_catalog\/activity\// },
  manifest: { place: "marts", key: /_manifest\.json$/ },
  "part of a mart": { place: "marts", key: /part-\d+\.parquet$/ },
};

/** A record of the catalog can only be proved by the version that it published. */
const together = Object.entries(kinds).flatMap(([name, kind]) => (name === "catalog record" ? [] : [kind]));

async function withApp<T>(lake: DamagedLake, days: number, work: (app: App) => Promise<T>): Promise<T> {
  const app = await lake.open(days);
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

const codesOf = (lake: DamagedLake, days: number): Promise<readonly string[]> =>
  withApp(lake, days, async (app) => {
    const codes: string[] = [];
    const { exitCode } = await app.run({ report: ({ code }) => codes.push(code) });
    return [
      ...codes.filter((code) => /^(fetch|convert|mart|schema|raw)\./.test(code)),
      ...(exitCode === 0 ? [] : [`exit ${exitCode}`]),
    ];
  });

const verify = (lake: DamagedLake, options: Parameters<App["verify"]>[0] = {}): Promise<VerifyReport> =>
  withApp(lake, 1, (app) => app.verify(options));

async function keyOf(lake: DamagedLake, { place, key }: Kind): Promise<string> {
  const found = (await keysOf(lake.places[place])).findLast((each) => key.test(each));
  assert.ok(found !== undefined, `no object like ${key}`);
  return found;
}

/** As what damage of one object is named; `undefined` where nothing can be told, or nothing is wrong. */
function namedAs(kind: string, damage: string, key: string): RegExp | undefined {
  // Of a partition that vanished only the number is known.
  if (kind.startsWith("partition") && damage === "gone") return /^events\/$/;
  // The last record of a chain leaves no trace; the version that it published looks like one whose writer died.
  if (kind === "catalog record" && damage === "gone") return undefined;
  // White space behind a receipt changes nothing of what it says.
  if (kind === "receipt" && damage === "grown") return undefined;
  return new RegExp(`^${key.replaceAll(/[.*+?^$()[\]{}|\\]/g, "\\$&")}$`);
}

/** In memory nothing but the storage differs: there the damages that differ most are enough. */
const essential = ["a byte flipped in the middle", "truncated", "empty", "a foreign file", "gone"];

for (const [name, make, chosen] of [
  ["disk", async () => diskLake(makeSmallLake()), Object.keys(damages)],
  ["memory", async () => memoryLake(), essential],
] as const) {
  describe(`on ${name}`, () => {
    let clean: DamagedLake;
    let expected: Record<string, string>;

    before(async () => {
      clean = await make();
      await withApp(clean, 0, (app) => app.run());
      expected = await contentOf(clean, 1);
      const { damaged, unverified, objects } = await verify(clean);
      assert.deepEqual(damaged, []);
      // Two raw objects, two partitions, the schema, a record, a manifest and a part; all of them have a sum.
      assert.deepEqual([unverified, objects], [0, 8]);
    });

    after(() => clean.remove());

    /** The repair puts everything right, a verification finds nothing then, and a run nothing to do. */
    async function repairs(lake: DamagedLake, label: string, codes: readonly string[] = []): Promise<VerifyReport> {
      const report = await verify(lake, { repair: true });
      assert.deepEqual(
        report.damaged.filter(({ repair }) => repair?.state !== "repaired"),
        [],
        label,
      );
      assert.deepEqual(report.failures ?? [], [], label);
      assert.deepEqual((await verify(lake)).damaged, [], `${label}: after the repair`);
      assert.deepEqual(await codesOf(lake, 1), codes, `${label}: what a run did`);
      assert.deepEqual(await contentOf(lake, 1), expected, label);
      return report;
    }

    for (const [kind, object] of Object.entries(kinds)) {
      test(kind, async () => {
        for (const damage of chosen) {
          const lake = await clean.copy();
          const label = `${kind}, ${damage}`;
          try {
            const key = await damageOne(lake, object, damages[damage]);
            const found = await verify(lake);
            const named = namedAs(kind, damage, key);
            if (named === undefined) assert.deepEqual(found.damaged, [], label);
            else
              assert.ok(
                found.damaged.some((each) => named.test(each.key)),
                `${label}: ${JSON.stringify(found.damaged)}`,
              );
            const isLost = kind === "catalog record" && damage === "gone";
            await repairs(lake, label, isLost ? ["mart.start", "mart.published"] : []);
          } finally {
            lake.remove();
          }
        }
      });
    }

    test("everything at once, after a dry run that changes nothing", async () => {
      const lake = await clean.copy();
      try {
        for (const object of together) await damageOne(lake, object, flipAt(0.5));
        const found = await verify(lake);
        const planned = await verify(lake, { repair: true, dryRun: true });
        assert.ok(planned.damaged.every(({ repair }) => repair?.state === "planned"));
        assert.equal(planned.damaged.length, found.damaged.length);
        assert.deepEqual(await verify(lake), found);
        await repairs(lake, "everything");
      } finally {
        lake.remove();
      }
    });

    test("an object in another's place is whole, and yet not the one that belongs there", async () => {
      const lake = await clean.copy();
      try {
        const read = async (place: "raw" | "tables", key: string): Promise<Buffer> =>
          Buffer.concat(await Array.fromAsync(lake.places[place].read(key)));
        const [raw22, raw23] = ["hours/2026/03/01/22.json.gz", "hours/2026/03/01/23.json.gz"] as const;
        const [part22, part23] = [22, 23].map((hour) => `events/src=2026-03-01-${hour}/data.parquet`);
        assert.ok(part22 !== undefined && part23 !== undefined);
        const [bytes, partition] = [await read("raw", raw23), await read("tables", part22)];
        await lake.damage("raw", raw22, () => bytes);
        await lake.damage("tables", part23, () => partition);
        const { damaged } = await verify(lake);
        assert.deepEqual(
          damaged.map(({ key }) => key),
          [part23, raw22],
        );
        assert.match(damaged[0]?.reason ?? "", /holds the partition events@2026-03-01-22/);
        await repairs(lake, "swapped");
      } finally {
        lake.remove();
      }
    });
  });
}

/** Each run here is a whole verification, or a whole repair. */
const capped = <T extends { readonly numRuns: number }>(settings: T, most: number): T => ({
  ...settings,
  numRuns: Math.min(settings.numRuns, most),
});

async function damageOne(lake: DamagedLake, kind: Kind, how: Damage | undefined): Promise<string> {
  assert.ok(how !== undefined);
  const key = await keyOf(lake, kind);
  if (kind.isReceipt === true) await lake.damageReceipt(key, how);
  else await lake.damage(kind.place, key, how);
  return key;
}

async function withLake(work: (lake: DamagedLake) => Promise<void>): Promise<void> {
  const lake = diskLake(makeSmallLake());
  try {
    await withApp(lake, 0, (app) => app.run());
    await work(lake);
  } finally {
    lake.remove();
  }
}

const stateOf = (report: VerifyReport, key: RegExp) => report.damaged.find((each) => key.test(each.key))?.repair;

describe("what cannot be made again", () => {
  const sources: Readonly<Record<string, { readonly prepare: (file: string) => void; readonly says: RegExp }>> = {
    "the source has other bytes now": {
      prepare: (file) => writeFileSync(file, gzipSync('{"id":"9"}\n')),
      says: /has other bytes now/,
    },
    "the source no longer has it": { prepare: (file) => rmSync(file), says: /is gone/ },
  };
  for (const [name, { prepare, says }] of Object.entries(sources)) {
    test(`${name}: the damaged object stays, named with what to do`, () =>
      withLake(async (lake) => {
        const key = "hours/2026/03/01/22.json.gz";
        await lake.damage("raw", key, flipAt(0.5));
        const before = await contentOf(lake, 1);
        prepare(lake.archived(22));
        for (let round = 0; round < 2; round++) {
          const report = await verify(lake, { repair: true });
          const repair = stateOf(report, /22\.json\.gz/);
          assert.ok(repair?.state === "impossible", JSON.stringify(repair));
          assert.match(repair.reason, says);
          assert.match(repair.remedy, /from a backup/);
          assert.deepEqual(await contentOf(lake, 1), before);
        }
      }));
  }

  test("a partition whose raw object is damaged for good stays, and so do the marts that read it", () =>
    withLake(async (lake) => {
      for (const name of ["raw object", "partition", "part of a mart"]) {
        const kind = kinds[name];
        assert.ok(kind !== undefined);
        await damageOne(lake, kind, flipAt(0.3));
      }
      rmSync(lake.archived(22));
      const report = await verify(lake, { repair: true });
      const states = report.damaged.map(({ key, repair }) => [key.replace(/v\d+-\w+/, "v"), repair?.state]);
      assert.deepEqual(states, [
        ["activity/v/part-00000.parquet", "impossible"],
        ["events/src=2026-03-01-22/data.parquet", "impossible"],
        ["hours/2026/03/01/22.json.gz", "impossible"],
      ]);
      assert.match(JSON.stringify(stateOf(report, /^events/)), /is damaged as well/);
      assert.match(JSON.stringify(stateOf(report, /^activity/)), /would lack their rows/);
    }));

  test("a source that cannot be reached now is tried again by the next repair", () =>
    withLake(async (lake) => {
      const before = await contentOf(lake, 1);
      await lake.damage("raw", "hours/2026/03/01/22.json.gz", flipAt(0.5));
      const archive = dirname(lake.archived(22));
      renameSync(archive, `${archive}.away`);
      const repair = stateOf(await verify(lake, { repair: true }), /22\.json\.gz/);
      assert.ok(repair?.state === "failed" && repair.kind === "unavailable", JSON.stringify(repair));
      renameSync(`${archive}.away`, archive);
      assert.equal(stateOf(await verify(lake, { repair: true }), /22\.json\.gz/)?.state, "repaired");
      assert.deepEqual(await contentOf(lake, 1), before);
    }));

  test("a receipt that nothing proves is told, and the bytes stay", () =>
    withLake(async (lake) => {
      await lake.damageReceipt("hours/2026/03/01/22.json.gz", () => Buffer.from("{"));
      await lake.damage("tables", "events/src=2026-03-01-22/data.parquet", () => undefined);
      rmSync(lake.archived(22));
      const repair = stateOf(await verify(lake, { repair: true }), /22\.json\.gz/);
      assert.ok(repair?.state === "impossible" && /remove the receipt/.test(repair.remedy), JSON.stringify(repair));
    }));
});

test("a raw object beside a receipt of other bytes is not adopted by a run, which would make its damage the truth", () =>
  withLake(async (lake) => {
    const key = "hours/2026/03/01/22.json.gz";
    const before = await contentOf(lake, 1);
    await lake.damage("raw", key, (bytes) => bytes.subarray(0, 20));
    await lake.damage("tables", "events/src=2026-03-01-22/data.parquet", () => undefined);
    const { failures } = await withApp(lake, 1, (app) => app.run());
    assert.ok(failures.length > 0);
    for (const { key: item, kind } of failures) assert.deepEqual([item, kind], ["hours@2026-03-01-22", "corrupt"]);
    assert.match(failures[0]?.reason ?? "", /20 bytes, its receipt says/);
    const report = await verify(lake, { repair: true });
    assert.equal(stateOf(report, /22\.json\.gz/)?.state, "repaired");
    assert.deepEqual(await codesOf(lake, 2), []);
    assert.deepEqual(await contentOf(lake, 2), before);
  }));

test("objects of earlier versions, without sums, are valid, unverified, and not made again", () =>
  withLake(async (lake) => {
    const before = await contentOf(lake, 1);
    /** Without its sums, and as long as before. */
    const asBefore: Damage = (bytes) => {
      const text = bytes
        .toString("latin1")
        .replaceAll(/"(?:file|rejected)_sha256":"[0-9a-f]{64}",/g, (sum) => " ".repeat(sum.length));
      return Buffer.from(text, "latin1");
    };
    for (const hour of [22, 23]) {
      await lake.damage("tables", `events/src=2026-03-01-${hour}/data.parquet`, asBefore);
      await lake.damageReceipt(`hours/2026/03/01/${hour}.json.gz`, (bytes) => {
        const sidecar = JSON.parse(bytes.toString());
        delete sidecar.metadata.check;
        return Buffer.from(`${JSON.stringify(sidecar)}\n`);
      });
    }
    const document = await keyOf(lake, kinds["schema document"] ?? { place: "tables", key: /^$/ });
    await lake.damage("tables", document, (bytes) =>
      Buffer.from(bytes.toString().replace(/,"sha256":"[0-9a-f]{64}"\}\n$/, "}\n")),
    );
    const { damaged, unverified } = await verify(lake);
    assert.deepEqual([damaged, unverified], [[], 3]);
    assert.deepEqual(await codesOf(lake, 1), []);
    const rows = "rows of activity";
    assert.deepEqual((await contentOf(lake, 1))[rows], before[rows]);
    // What can be told without a sum still is.
    await lake.damage("tables", "events/src=2026-03-01-22/data.parquet", (bytes) => bytes.subarray(0, -1));
    assert.equal(stateOf(await verify(lake, { repair: true }), /src=2026-03-01-22/)?.state, "repaired");
    assert.deepEqual(await codesOf(lake, 1), []);
    assert.deepEqual((await contentOf(lake, 1))[rows], before[rows]);
  }));

test("a flipped bit anywhere in a partition, its rejected lines, a schema, a manifest or a part is named", async (context) => {
  const settings = capped(runSettings(60), 2000);
  context.diagnostic(`seed ${settings.seed}`);
  await withLake(async (lake) => {
    const names = ["partition", "rejected lines", "schema document", "manifest", "part of a mart", "raw object"];
    const app = await lake.open(1);
    try {
      const property = fc.asyncProperty(
        fc.constantFrom(...names),
        fc.nat(99_999),
        fc.nat(7),
        async (name, share, bit) => {
          const kind = kinds[name];
          assert.ok(kind !== undefined);
          const key = await keyOf(lake, kind);
          const flip: Damage = (bytes) => {
            const at = Math.floor((share / 100_000) * bytes.length);
            bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
            return bytes;
          };
          await lake.damage(kind.place, key, flip);
          const { damaged } = await app.verify();
          await lake.damage(kind.place, key, flip);
          assert.ok(
            damaged.some((each) => each.key === key),
            `${key}: ${JSON.stringify(damaged)}`,
          );
        },
      );
      await fc.assert(property, settings);
      assert.deepEqual((await app.verify()).damaged, []);
    } finally {
      await app.close();
    }
  });
});

test("a flipped bit anywhere in a receipt is put right, or says nothing that counts", async (context) => {
  const settings = capped(runSettings(25), 250);
  context.diagnostic(`seed ${settings.seed}`);
  await withLake(async (lake) => {
    const key = "hours/2026/03/01/22.json.gz";
    const before = await contentOf(lake, 1);
    const property = fc.asyncProperty(fc.nat(99_999), fc.nat(7), async (share, bit) => {
      await lake.damageReceipt(key, (bytes) => {
        const at = Math.floor((share / 100_000) * bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        return bytes;
      });
      const report = await verify(lake, { repair: true });
      assert.deepEqual(
        report.damaged.filter(({ repair }) => repair?.state !== "repaired"),
        [],
      );
      assert.deepEqual(await codesOf(lake, 1), []);
      assert.deepEqual(await contentOf(lake, 1), before);
    });
    await fc.assert(property, settings);
  });
});

test("one place or one item alone is verified and repaired", () =>
  withLake(async (lake) => {
    for (const object of together) await damageOne(lake, object, flipAt(0.5));
    const places = async (options: Parameters<App["verify"]>[0]): Promise<readonly string[]> =>
      [...new Set((await verify(lake, options)).damaged.map(({ place }) => place))].sort();
    assert.deepEqual(await places({ only: "raw" }), ["raw"]);
    assert.deepEqual(await places({ only: "tables" }), ["tables"]);
    assert.deepEqual(await places({ only: "marts" }), ["marts"]);
    const one = await verify(lake, { select: (name) => name === "hours@2026-03-01-23", repair: true });
    assert.deepEqual(
      one.damaged.map(({ key, repair }) => [key, repair?.state]),
      [["hours/2026/03/01/23.json.gz", "repaired"]],
    );
    assert.ok(!(await verify(lake, { only: "raw" })).damaged.some(({ key }) => key.includes("23.json.gz")));
  }));

test("a repair that dies anywhere, or loses an answer, is finished by the next one", async (context) => {
  const deep = process.env.FAULTS === "all";
  const clean = diskLake(makeSmallLake());
  try {
    await withApp(clean, 0, (app) => app.run());
    const expected = await contentOf(clean, 1);
    for (const object of together) await damageOne(clean, object, flipAt(0.4));
    const repairWith = async (lake: DamagedLake, plan: Parameters<typeof makeFaults>[0]): Promise<number> => {
      const state = makeFaults(plan);
      const app = await lake.open(1, { wrapStorage: (_place, storage) => faultyStorage(storage, state).port });
      try {
        await app.verify({ repair: true });
      } catch {
        // What the fault made of this repair is its own business: what counts is what the next one makes of the lake.
      } finally {
        await app.close();
      }
      return state.calls.length;
    };
    const counted = await clean.copy();
    const calls = await repairWith(counted, noFault);
    assert.deepEqual(await contentOf(counted, 1), expected);
    counted.remove();
    assert.ok(calls > 100, `${calls} calls`);
    let runs = 0;
    for (let call = 1; call <= calls; call += deep ? 1 : Math.ceil(calls / 20)) {
      const fault = (["lost", "crash-after", "before", "crash-before", "partial"] as const)[runs % 5] ?? "lost";
      const lake = await clean.copy();
      try {
        await repairWith(lake, oneFault(call, fault));
        const report = await verify(lake, { repair: true });
        const label = `call ${call} × ${fault}`;
        assert.deepEqual(
          report.damaged.filter(({ repair }) => repair?.state !== "repaired"),
          [],
          label,
        );
        assert.deepEqual((await verify(lake)).damaged, [], label);
        assert.deepEqual(await codesOf(lake, 2), [], label);
        assert.deepEqual(await contentOf(lake, 2), expected, label);
        runs++;
      } finally {
        lake.remove();
      }
    }
    context.diagnostic(`${calls} calls, ${runs} disturbed repairs converged`);
  } finally {
    clean.remove();
  }
});

test("while a lake is written to, nothing is taken for damage", () =>
  withLake(async (lake) => {
    let runs = 0;
    let verifications = 0;
    const stop = new AbortController();
    const writing = (async () => {
      for (; runs < 12; runs++) {
        const only = runs % 3 === 2 ? "marts" : "convert";
        await withApp(lake, 2, (app) => app.run({ rerun: true, only }));
      }
      stop.abort();
    })();
    while (!stop.signal.aborted) {
      assert.deepEqual((await verify(lake)).damaged, []);
      verifications++;
    }
    await writing;
    assert.ok(verifications > 1, `${verifications} verifications beside ${runs} runs`);
  }));

test("two repairs at once end as one does", () =>
  withLake(async (lake) => {
    const expected = await contentOf(lake, 1);
    for (const object of together) await damageOne(lake, object, flipAt(0.6));
    await Promise.allSettled([verify(lake, { repair: true }), verify(lake, { repair: true })]);
    await verify(lake, { repair: true });
    assert.deepEqual((await verify(lake)).damaged, []);
    assert.deepEqual(await codesOf(lake, 2), []);
    assert.deepEqual(await contentOf(lake, 2), expected);
  }));
