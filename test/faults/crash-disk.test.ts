/**
 * The whole small lake on a disk that forgets at a crash what was not synced. After every file system call the directory
 * is made as a power failure could have left it; there, everything that was acknowledged must be found with its bytes and
 * its receipt, and of a sample of them the ordinary next run must make the lake that an undisturbed one makes. `SEED`
 * repeats a sample; `FAULTS=all` takes every outcome that differs.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Random } from "../../sample/random.ts";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import type { Body, Metadata, Storage } from "../../src/storage/contract.ts";
import { localStorage } from "../../src/storage/local.ts";
import { fromEnvironment, seedOf } from "../model/seed.ts";
import { type CrashDisk, recordDisk } from "./crash-disk.ts";
import { laterDays, reachableFaults, workOf } from "./matrix-run.ts";
import { makeSmallLake, type SmallLake, startMs, stateOf } from "./small-lake.ts";

const seed = seedOf();
const recoveries = fromEnvironment("RUNS") ?? (process.env.FAULTS === "all" ? Number.POSITIVE_INFINITY : 40);

/** One call that changes an object: when it began, when its caller was told, and what was there afterwards. */
interface Deed {
  readonly began: number;
  told: number;
  /** sha256 and metadata; `undefined` after a removal. */
  readonly left: { readonly sha256: string; readonly metadata: Metadata | undefined } | undefined;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const bytesOf = (body: Body): Uint8Array => (body instanceof Uint8Array ? body : readFileSync(body.file));

/** Writes down what every caller was told, by place and key. */
function chronicle(operations: () => number) {
  const deeds = new Map<string, Deed[]>();
  const tell = async <T>(key: string, left: Deed["left"], work: () => Promise<T>): Promise<T> => {
    const deed = { began: operations(), told: Number.POSITIVE_INFINITY, left };
    const of = deeds.get(key) ?? [];
    deeds.set(key, of);
    of.push(deed);
    const answer = await work();
    // Who lost a race has changed nothing.
    if (answer === undefined && left !== undefined) of.splice(of.indexOf(deed), 1);
    deed.told = operations();
    return answer;
  };
  const wrap = (place: string, storage: Storage): Storage => ({
    ...storage,
    put: (key, body, options) =>
      tell(`${place}/${key}`, { sha256: sha256(bytesOf(body)), metadata: options?.metadata }, () =>
        storage.put(key, body, options),
      ),
    putIfAbsent: (key, body, options) =>
      tell(`${place}/${key}`, { sha256: sha256(bytesOf(body)), metadata: options?.metadata }, () =>
        storage.putIfAbsent(key, body, options),
      ),
    remove: (key, options) => tell(`${place}/${key}`, undefined, () => storage.remove(key, options)),
  });
  return { deeds, wrap };
}

/** What may be found after a crash at that moment: what was last told, or whatever was begun since. */
function legal(deeds: readonly Deed[], at: number): readonly Deed["left"][] {
  const begun = deeds.filter((deed) => deed.began <= at);
  const last = begun.findLastIndex((deed) => deed.told <= at);
  return last < 0 ? [undefined, ...begun.map(({ left }) => left)] : begun.slice(last).map(({ left }) => left);
}

/** The acknowledged objects that are not there, or not with the bytes and the receipt that they were put with. */
async function lossesIn(image: Image, deeds: ReadonlyMap<string, readonly Deed[]>): Promise<readonly string[]> {
  const losses: string[] = [];
  for (const [name, of] of deeds) {
    const [place = "", ...rest] = name.split("/");
    const key = rest.join("/");
    const storage = localStorage({ path: join(image.directory, "lake", place), name: place });
    const found = await storage.head(key);
    const path = join(image.directory, "lake", place, key);
    const isLegal = legal(of, image.operation).some((left) => {
      if (left === undefined || found === undefined) return left === found;
      const sameMetadata = JSON.stringify(left.metadata) === JSON.stringify(found.metadata);
      return sameMetadata && sha256(readFileSync(path)) === left.sha256;
    });
    if (!isLegal) losses.push(`${name}: ${found === undefined ? "gone" : JSON.stringify(found)}`);
  }
  return losses;
}

interface Image {
  readonly directory: string;
  readonly operation: number;
  /** The call behind which the crash came. */
  readonly behind: string;
}

/** Collects, converts, publishes twice and collects the garbage, recorded; leaves an image for each outcome that differs. */
async function record(lake: SmallLake, images: string) {
  const random = new Random(seed);
  const found = new Map<string, Image>();
  mkdirSync(images);
  const onOperation = (disk: CrashDisk, behind: string): void => {
    for (const choice of ["least", "any"] as const) {
      const directory = join(images, `${disk.operations}-${choice}`);
      const outcome = disk.materialise(directory, choice, random);
      if (found.has(outcome)) rmSync(directory, { recursive: true });
      else found.set(outcome, { directory, operation: disk.operations, behind });
    }
  };
  const disk = recordDisk(lake.directory, onOperation);
  const { deeds, wrap } = chronicle(() => disk.operations);
  try {
    const app = await lake.open(0, { wrapStorage: wrap });
    await app.run();
    await app.run({ rerun: true, only: "marts" });
    await app.close();
    const collector = await lake.open(laterDays, { wrapStorage: wrap });
    await collector.gc({ retentionMs: 0, versions: 1 });
    await collector.close();
  } finally {
    disk.stop();
  }
  return { images: [...found.values()], deeds, operations: disk.operations };
}

function lakeIn(directory: string): SmallLake {
  return {
    directory,
    open: (days, options = {}) =>
      openApp(readProject({ file: join(directory, "millrace.yaml"), environment: {} }), {
        workers: 0,
        clock: () => startMs + days * 86_400_000,
        ...options,
      }),
    remove: () => rmSync(directory, { recursive: true }),
  };
}

test("nothing that was acknowledged is lost in a crash, and the next run repairs what is left", async (context) => {
  const lake = makeSmallLake();
  const place = `${lake.directory}-images`;
  try {
    const { images, deeds, operations } = await record(lake, place);
    const expected = await settledState(lake);
    context.diagnostic(`SEED=${seed}: ${operations} calls, ${images.length} outcomes of a crash that differ`);
    assert.ok(operations > 100, "the calls were not recorded");
    for (const image of images) {
      const losses = await lossesIn(image, deeds);
      assert.deepEqual(losses, [], `SEED=${seed}, behind call ${image.operation}: ${image.behind}`);
    }
    const random = new Random(seed);
    let runs = 0;
    for (const image of images) {
      if (!random.chance(recoveries / images.length)) continue;
      const name = `SEED=${seed}, behind call ${image.operation}: ${image.behind} (${image.directory})`;
      const left = lakeIn(image.directory);
      assert.deepEqual(reachableFaults(left), [], `${name}: right behind the crash`);
      const app = await left.open(1);
      const { exitCode, failures } = await app.run();
      assert.equal(exitCode, 0, `${name}: ${JSON.stringify(failures)}`);
      assert.deepEqual(await workOf(app), [], `${name}: a further run found something to do`);
      await app.close();
      assert.deepEqual(await settledState(left), expected, name);
      assert.deepEqual(reachableFaults(left), [], name);
      runs++;
    }
    context.diagnostic(`${runs} of them repaired`);
  } finally {
    if (process.env.KEEP === undefined) {
      if (existsSync(place)) rmSync(place, { recursive: true });
      lake.remove();
    }
  }
});

/**
 * The lake's state with receipts as readers find them, not as they lie: those of objects whose writer has not come to its
 * end wait in a place of their own until its process is gone. What the store's time was asked with may lie about for a day.
 */
async function settledState(lake: SmallLake): Promise<Record<string, string>> {
  const place = join(lake.directory, "lake/raw");
  const receipts: Record<string, string> = {};
  const raw = localStorage({ path: place, name: "raw" });
  for await (const page of raw.list("")) {
    for (const { key } of page) {
      const { sha256, length, revision, verified } = (await raw.head(key))?.metadata ?? {};
      receipts[`receipt of ${key}`] = JSON.stringify({ sha256, length, revision, verified });
    }
  }
  rmSync(join(place, "_receipts/_pending"), { recursive: true, force: true });
  const files = Object.entries(await stateOf(lake)).filter(([name]) => !/\/(?:_probe|_receipts)\//.test(name));
  return { ...Object.fromEntries(files), ...receipts };
}
