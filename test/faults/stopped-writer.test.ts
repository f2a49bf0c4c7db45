/**
 * Two processes watch one lake, each with a `.millrace` of its own. One is stopped (SIGSTOP) in the middle of something,
 * the other takes over or collects garbage, and the first goes on as if no time had passed (SIGCONT).
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type { App } from "../../src/answers.ts";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { startVersitygw } from "../real/s3-servers.ts";
import { openBuckets } from "./bucket-lake.ts";
import { contentOf, diskLake, type PlaceName } from "./damaged-lake.ts";
import { reachableFaultsBelow, workOf } from "./matrix-run.ts";
import { catalogFaultsBelow, makeSmallLake } from "./small-lake.ts";
import { endWatching, startWatching, type Watching } from "./watching.ts";

const binary = new URL("../../bin/millrace.js", import.meta.url).pathname;
const watcher = new URL("watcher.ts", import.meta.url).pathname;
const manifest: { version: string } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const { version } = manifest;

/** A lake, wherever it is, and the project directories of three machines that share it. */
interface SharedLake {
  readonly first: string;
  readonly second: string;
  readonly third: string;
  readonly places: Readonly<Record<PlaceName, Storage>>;
  readonly martsDirectory: string;
  /** The source's file of the second hour. */
  readonly lateFile: string;
  remove(): void;
}

type MakeLake = () => Promise<SharedLake>;

function shared(directory: string, rest: string): Pick<SharedLake, "first" | "second" | "third" | "lateFile"> {
  const text = readFileSync(join(directory, "millrace.yaml"), "utf8");
  const machine = (name: string): string => {
    const own = join(directory, name);
    mkdirSync(join(own, ".millrace"), { recursive: true });
    writeFileSync(join(own, "millrace.yaml"), text + rest);
    const known = join(directory, ".millrace", "stores.json");
    if (existsSync(known)) cpSync(known, join(own, ".millrace", "stores.json"));
    return own;
  };
  return {
    first: machine("first"),
    second: machine("second"),
    third: machine("third"),
    lateFile: join(directory, "archive", "2026-03-01-23.json.gz"),
  };
}

async function onDisk(): Promise<SharedLake> {
  const lake = makeSmallLake();
  const root = join(lake.directory, "lake");
  const places = (["raw", "tables", "marts"] as const).map((name) => `${name}: "${join(root, name)}"`);
  return {
    ...shared(lake.directory, `lake: { ${places.join(", ")} }\n`),
    places: diskLake(lake).places,
    martsDirectory: join(root, "marts"),
    remove: lake.remove,
  };
}

const open = (directory: string): Promise<App> =>
  openApp(readProject({ file: join(directory, "millrace.yaml"), environment: {} }), { workers: 0, version });

const contentFrom = (lake: SharedLake): Promise<Record<string, string>> =>
  contentOf({ open: () => open(lake.third), places: lake.places }, 0);

async function runOn(directory: string): Promise<void> {
  const app = await open(directory);
  try {
    assert.deepEqual((await app.run()).failures, []);
  } finally {
    await app.close();
  }
}

interface Stopping {
  readonly point: string;
  /** What the source has for the second hour, if not the usual. */
  readonly late?: Buffer;
  readonly parts?: boolean;
}

type Start = (program: string, ...args: readonly string[]) => Watching;

/** A lake, and processes on it that do not outlive the test. */
async function withLake(make: MakeLake, work: (lake: SharedLake, start: Start) => Promise<void>): Promise<void> {
  const lake = await make();
  const processes: Watching[] = [];
  try {
    await work(lake, (program, ...args) => {
      const process = startWatching(program, args);
      processes.push(process);
      return process;
    });
  } finally {
    for (const { kill } of processes) kill("SIGKILL");
    await Promise.all(processes.map(({ ended }) => ended));
    lake.remove();
  }
}

/** The first machine, stopped at the point. */
async function stoppedFirst(lake: SharedLake, start: Start, { point, parts }: Stopping): Promise<Watching> {
  const first = start(watcher, join(lake.first, "millrace.yaml"), point, version, ...(parts ? ["parts"] : []));
  await first.line(/^stopped$/);
  return first;
}

/** It goes on to the end of its pass. Answers how that failed, if it did. */
async function wokenUp(first: Watching): Promise<string> {
  first.kill("SIGCONT");
  return first.line(/^pass /);
}

/** Whoever comes later finds the lake complete, as one writer alone would have left it. */
async function assertComplete(lake: SharedLake, expected: Readonly<Record<string, string>>): Promise<void> {
  const app = await open(lake.third);
  try {
    assert.deepEqual(await workOf(app), [], "something was left to do");
  } finally {
    await app.close();
  }
  assert.deepEqual(await contentFrom(lake), expected);
}

/** What one writer alone leaves. */
async function undisturbed(make: MakeLake, late?: Buffer): Promise<Record<string, string>> {
  let content: Record<string, string> = {};
  await withLake(make, async (lake) => {
    if (late !== undefined) writeFileSync(lake.lateFile, late);
    await runOn(lake.third);
    content = await contentFrom(lake);
  });
  return content;
}

/**
 * The stopped one knows one hour. The second hour appears, and the other watches the lake to its end. Nothing that the
 * first one does when it wakes up may take the second hour away again.
 */
async function takesOver(make: MakeLake, expected: Readonly<Record<string, string>>, stopping: Stopping) {
  await withLake(make, async (lake, start) => {
    if (stopping.late !== undefined) writeFileSync(lake.lateFile, stopping.late);
    const aside = `${lake.lateFile}.aside`;
    const isMart = stopping.point.startsWith("marts");
    // The hour of which a partition is under way must be there.
    if (isMart) renameSync(lake.lateFile, aside);
    const first = await stoppedFirst(lake, start, stopping);
    if (isMart) renameSync(aside, lake.lateFile);
    const project = join(lake.second, "millrace.yaml");
    const second = start(binary, "watch", "-f", project, "--port", "0", "--log", "json");
    await second.line(/"code":"pass.sleep"/);
    await assertComplete(lake, expected);
    const failures = await wokenUp(first);
    if (isMart) assert.match(failures, /another writer published a version meanwhile/);
    await assertComplete(lake, expected);
    assert.deepEqual(catalogFaultsBelow(lake.martsDirectory), []);
    await Promise.all([endWatching(first, "the one that was stopped"), endWatching(second, "the one that took over")]);
  });
}

/** A version is about to be published over one that is there; the other one collects what nobody refers to, at once. */
async function losesToCollector(make: MakeLake, expected: Readonly<Record<string, string>>, stopping: Stopping) {
  await withLake(make, async (lake, start) => {
    const aside = `${lake.lateFile}.aside`;
    renameSync(lake.lateFile, aside);
    const early = await open(lake.third);
    await early.run();
    await early.close();
    renameSync(aside, lake.lateFile);
    const first = await stoppedFirst(lake, start, stopping);
    const args = ["gc", "--retention", "0", "--versions", "1", "--json", "-f", join(lake.second, "millrace.yaml")];
    const report: { removed: { kind: string }[] } = JSON.parse(
      execFileSync(process.execPath, [binary, ...args]).toString(),
    );
    assert.ok(
      report.removed.some(({ kind }) => kind === "orphan"),
      "what was about to be published was not collected",
    );
    const failures = await wokenUp(first);
    assert.match(failures, /"kind":"conflict"/);
    assert.deepEqual(reachableFaultsBelow(lake.martsDirectory), [], "what was collected was published");
    await runOn(lake.second);
    await assertComplete(lake, expected);
    assert.deepEqual(reachableFaultsBelow(lake.martsDirectory), []);
    await endWatching(first, "the one that was stopped");
  });
}

async function meetings(context: TestContext, make: MakeLake, inPartition: Stopping): Promise<void> {
  const inMart: Readonly<Record<string, string>> = {
    "between a mart's file and its manifest": "marts.put:part-:after",
    "before a mart's pointer moves": "marts.putIfAbsent:_catalog:before",
  };
  const expected = await undisturbed(make);
  const large = inPartition.late === undefined ? expected : await undisturbed(make, inPartition.late);
  await context.test("stopped in the middle of a partition, another takes over", () =>
    takesOver(make, large, inPartition),
  );
  for (const [name, point] of Object.entries(inMart)) {
    await context.test(`stopped ${name}, another takes over`, () => takesOver(make, expected, { point }));
    await context.test(`stopped ${name}, another collects garbage`, () => losesToCollector(make, expected, { point }));
  }
}

test("a writer that sleeps neither loses nor doubles anything when it wakes up: on a disk", (context) =>
  meetings(context, onDisk, { point: "tables.put:data.parquet$:before" }));

test("a writer that sleeps neither loses nor doubles anything when it wakes up: on a store", async (context) => {
  const server = await startVersitygw(context);
  if (server === undefined) return;
  const buckets = await openBuckets(server);
  const inBuckets: MakeLake = async () => {
    const lake = await buckets.another();
    const machines = shared(lake.directory, "");
    return {
      ...machines,
      places: lake.places,
      martsDirectory: lake.martsDirectory,
      remove() {
        // What the first machine has learned of the store need not be learned again.
        const known = join(machines.third, ".millrace", "stores.json");
        if (existsSync(known)) cpSync(known, join(lake.directory, ".millrace", "stores.json"));
        lake.remove();
      },
    };
  };
  try {
    const noise = randomBytes(6 << 20).toString("base64");
    const late = gzipSync(`{"id":"3","type":"PushEvent","actor":{"login":"ada"},"size":1.5,"noise":"${noise}"}\n`, {
      level: 1,
    });
    await meetings(context, inBuckets, { point: "request.POST:parquet\\?.*uploadId=:before", late, parts: true });
  } finally {
    buckets.remove();
    await server.stop();
  }
});
