/**
 * Every role under exactly its rights (`src/operations/roles.ts`), and under one less: rights are what the program uses.
 * Here a wrapper stands between it and a lake on a disk; `test/s3-policy.test.ts` lets a real store do the same.
 */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type App, type RoleName, roleNames } from "../src/answers.ts";
import { asFailure, Failure } from "../src/errors.ts";
import { dayMs } from "../src/model/calendar.ts";
import { type Grant, type PlaceName, placeNames, roles } from "../src/operations/roles.ts";
import type { Storage, StoreRight } from "../src/storage/contract.ts";
import { copySmallLake, makeSmallLake, type SmallLake, startMs } from "./faults/small-lake.ts";

type Rights = Partial<Record<PlaceName, readonly Grant[]>>;

/** Lets through what the rights allow and refuses the rest as a store does. */
function guarded(place: PlaceName, storage: Storage, rights: Rights): Storage {
  const grants = rights[place] ?? [];
  const demand = (right: StoreRight, key = ""): void => {
    const grant = grants.find(
      (each) =>
        each.right === right && (each.below === undefined || each.below.some((prefix) => key.startsWith(prefix))),
    );
    if (grant === undefined) throw new Failure("denied", `${place}: the right to ${right} is missing (${key})`);
  };
  return {
    ...storage,
    async put(key, body, options) {
      demand("write", key);
      return storage.put(key, body, options);
    },
    async putIfAbsent(key, body, options) {
      demand("write", key);
      return storage.putIfAbsent(key, body, options);
    },
    async annotate(key, token, metadata, options) {
      demand("read", key);
      demand("write", key);
      return storage.annotate(key, token, metadata, options);
    },
    async head(key, options) {
      demand("read", key);
      return storage.head(key, options);
    },
    async *read(key, options) {
      demand("read", key);
      yield* storage.read(key, options);
    },
    // A file that is opened where it lies is read as well.
    locate(key) {
      demand("read", key);
      return storage.locate(key);
    },
    async *list(prefix, options) {
      demand("list", prefix);
      yield* storage.list(prefix, options);
    },
    async remove(key, options) {
      demand("delete", key);
      return storage.remove(key, options);
    },
    async sweepUploads(beforeMs, options) {
      demand("list uploads");
      if (options?.dryRun !== true) demand("abort uploads");
      return [{ key: "upload", begunMs: beforeMs - 1 }];
    },
  };
}

/** What somebody in the role does; throws the first failure. */
type Deed = (app: App) => Promise<unknown>;

const pass =
  (only?: "collect" | "convert" | "marts"): Deed =>
  async (app) => {
    const summary = await app.run(only === undefined ? {} : { only });
    const [failure] = summary.failures;
    assert.equal(failure?.reason, undefined);
    assert.equal(summary.exitCode, 0);
  };

const rowsOf: Deed = async (app) => {
  for (const sql of ["select count(*) from events", "select actor from activity order by all"]) {
    const answer = await app.query(sql);
    for await (const rows of answer.rows()) assert.ok(rows.length > 0);
    await answer.close();
  }
};

interface Part {
  /** With all rights: what the role meets. */
  readonly begin: (lake: SmallLake) => Promise<void>;
  readonly deed: Deed;
}

const parts: Readonly<Record<RoleName, Part>> = {
  collector: { begin: oneHourStored, deed: pass("collect") },
  converter: {
    async begin(lake) {
      await done(lake, pass());
      rmSync(join(lake.directory, "lake/tables/events/src=2026-03-01-23"), { recursive: true });
    },
    deed: pass("convert"),
  },
  marts: {
    async begin(lake) {
      await done(lake, pass("collect"));
      await done(lake, pass("convert"));
    },
    deed: pass("marts"),
  },
  run: { begin: oneHourStored, deed: pass() },
  reader: { begin: (lake) => done(lake, pass()), deed: rowsOf },
  auditor: {
    begin: (lake) => done(lake, pass()),
    async deed(app) {
      await app.status();
      await app.schema("events");
      await app.explain("hours@2026-03-01-22");
      assert.deepEqual((await app.verify()).damaged, []);
    },
  },
  gc: {
    async begin(lake) {
      await done(lake, pass());
      await done(lake, (app) => app.run({ only: "marts", rerun: true }));
      const tables = join(lake.directory, "lake/tables");
      mkdirSync(join(tables, "_rejected/events/2026-03-01-22"), { recursive: true });
      writeFileSync(join(tables, "_rejected/events/2026-03-01-22/0123456789ab.ndjson.gz"), "x");
      const next = join(lake.directory, "lake/marts/activity/v000000000003-01234567");
      mkdirSync(next, { recursive: true });
      writeFileSync(join(next, "part-0.parquet"), "x");
      const file = join(lake.directory, "millrace.yaml");
      writeFileSync(file, readFileSync(file, "utf8").replace("retry: 0", "retry: 0\n    keep: 1d"));
    },
    async deed(app) {
      const { failures, removed } = await app.gc({ retentionMs: 0, versions: 1 });
      if (failures[0] !== undefined) throw new Failure(failures[0].kind, failures[0].reason);
      assert.deepEqual([...new Set(removed.map(({ place, kind }) => `${place} ${kind}`))].sort(), [
        "marts orphan",
        "marts superseded",
        "marts upload",
        "raw expired",
        "raw upload",
        "tables rejected",
        "tables upload",
      ]);
    },
  },
};

/** One hour is there, by somebody else; the other is still to come. */
async function oneHourStored(lake: SmallLake): Promise<void> {
  await done(lake, pass("collect"));
  for (const key of ["hours/2026/03/01/23.json.gz", "_receipts/hours/2026/03/01/23.json.gz.json"])
    rmSync(join(lake.directory, "lake/raw", key));
}

/** What is deleted must look old to the file system's clock, so this one goes with it. */
const daysUntilNow = Math.ceil((Date.now() - startMs) / dayMs) + 1;

async function done(lake: SmallLake, deed: Deed, rights?: Rights): Promise<void> {
  // Another machine than that of the deeds before: nothing is remembered.
  rmSync(join(lake.directory, ".millrace"), { recursive: true, force: true });
  const app = await lake.open(
    daysUntilNow,
    rights === undefined ? {} : { wrapStorage: (place, storage) => guarded(place, storage, rights) },
  );
  try {
    await deed(app);
  } finally {
    await app.close();
  }
}

/** Rights that only a place in a bucket asks for: tests of the store before the first write, uploads in parts. */
const ofBuckets = (grant: Grant, role: RoleName): boolean =>
  (grant.right === "abort uploads" && role !== "gc") ||
  (grant.below?.every((prefix) => prefix === "_staging/") ?? false);

for (const role of roleNames) {
  test(`${role} can do with its rights what it does, and with none of them less`, async (context) => {
    const { begin, deed } = parts[role];
    const lake = makeSmallLake();
    context.after(() => lake.remove());
    await begin(lake);
    const again = async (rights: Rights): Promise<void> => {
      const copy = copySmallLake(lake);
      try {
        copyFileSync(join(lake.directory, "millrace.yaml"), join(copy.directory, "millrace.yaml"));
        await done(copy, deed, rights);
      } finally {
        copy.remove();
      }
    };
    const { rights } = roles[role];
    await again(rights);
    for (const place of placeNames) {
      for (const grant of rights[place] ?? []) {
        if (ofBuckets(grant, role)) continue;
        const fewer = { ...rights, [place]: rights[place]?.filter((each) => each !== grant) };
        const lacking = new RegExp(`${place}: the right to ${grant.right} is missing`);
        await assert.rejects(
          again(fewer),
          (error) => lacking.test(asFailure(error).message),
          `${place}: ${grant.right}`,
        );
      }
    }
  });
}
