/** The lake over its life: objects of another collector, accepted gaps, changed sources, a lost index, damaged bytes. */
import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import type { App, RunSummary, Selection } from "../src/answers.ts";
import { openApp } from "../src/app.ts";
import { readProject } from "../src/config/read.ts";
import { Failure } from "../src/errors.ts";
import type { SmallLake } from "./faults/small-lake.ts";
import { makeSmallLake, startMs, stateOf } from "./faults/small-lake.ts";

async function withLake(body: (lake: SmallLake) => Promise<void>): Promise<void> {
  const lake = makeSmallLake();
  try {
    await body(lake);
  } finally {
    lake.remove();
  }
}

/** Runs and answers what was told, with the summary. */
async function run(
  lake: SmallLake,
  days: number,
  selection: Selection = {},
): Promise<{ readonly codes: readonly string[]; readonly summary: RunSummary }> {
  const app = await lake.open(days);
  const codes: string[] = [];
  try {
    const summary = await app.run({
      ...selection,
      report: (event) => codes.push("key" in event ? `${event.code} ${event.key}` : event.code),
    });
    return {
      codes: codes.filter((code) =>
        /^(fetch\.(done|failed|unchanged)|raw|convert\.done|mart\.published|source)/.test(code),
      ),
      summary,
    };
  } finally {
    await app.close();
  }
}

async function ask<T>(lake: SmallLake, days: number, question: (app: App) => Promise<T>): Promise<T> {
  const app = await lake.open(days);
  try {
    return await question(app);
  } finally {
    await app.close();
  }
}

const archived = (lake: SmallLake, hour: number): string => join(lake.directory, `archive/2026-03-01-${hour}.json.gz`);
const stored = (lake: SmallLake, hour: number): string =>
  join(lake.directory, `lake/raw/hours/2026/03/01/${hour}.json.gz`);

test("an object of another collector is adopted: hashed, marked unverified, converted, never fetched", () =>
  withLake(async (lake) => {
    mkdirSync(join(lake.directory, "lake/raw/hours/2026/03/01"), { recursive: true });
    copyFileSync(archived(lake, 22), stored(lake, 22));
    rmSync(archived(lake, 22));
    const { codes, summary } = await run(lake, 0);
    assert.deepEqual(
      codes.filter((code) => code.endsWith("22")),
      ["raw.adopted hours@2026-03-01-22", "convert.done events@2026-03-01-22", "convert.done events@2026-03-01-22"],
    );
    assert.equal(summary.exitCode, 0);
    assert.ok(!codes.includes("fetch.done hours@2026-03-01-22"));
    const [source] = (await ask(lake, 0, (app) => app.status())).sources;
    assert.deepEqual([source?.stored, source?.adopted], [2, 1]);
    assert.deepEqual((await run(lake, 0)).codes, []);
  }));

test("an accepted gap is no longer reported nor asked for, on any machine", () =>
  withLake(async (lake) => {
    rmSync(archived(lake, 23));
    assert.equal((await run(lake, 1)).summary.exitCode, 4);
    assert.deepEqual(await ask(lake, 1, (app) => app.acknowledge("hours", ["2026-03-01-23"])), ["hours@2026-03-01-23"]);
    // Another machine has no index of its own yet.
    rmSync(join(lake.directory, ".millrace"), { recursive: true });
    const { codes, summary } = await run(lake, 2);
    assert.deepEqual([codes, summary.exitCode], [[], 0]);
    await assert.rejects(
      ask(lake, 2, (app) => app.acknowledge("hours", ["2026-03-01-22"])),
      (error) => error instanceof Failure && error.kind === "usage",
    );
  }));

test("recheck asks young objects again; a changed source is a new revision and the old bytes stay", () =>
  withLake(async (lake) => {
    const file = join(lake.directory, "millrace.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("retry: 0", "retry: 0\n    recheck: 30d"));
    await run(lake, 0);
    const before = readFileSync(stored(lake, 22));
    const unchanged = await run(lake, 1);
    assert.deepEqual(unchanged.codes, ["fetch.unchanged hours@2026-03-01-22", "fetch.unchanged hours@2026-03-01-23"]);
    writeFileSync(
      archived(lake, 22),
      gzipSync(
        '{"id":"1","type":"PushEvent","actor":{"login":"ada"},"size":3}\n{"id":"9","type":"NewEvent","actor":{"login":"zoe"}}\n',
      ),
    );
    utimesSync(archived(lake, 22), startMs / 1000, startMs / 1000);
    const changed = await run(lake, 2);
    assert.deepEqual(
      changed.codes,
      [
        "fetch.done hours@2026-03-01-22",
        "fetch.unchanged hours@2026-03-01-23",
        "convert.done events@2026-03-01-22",
        "mart.published activity",
      ].sort((a, b) => changed.codes.indexOf(a) - changed.codes.indexOf(b)),
    );
    assert.deepEqual(readFileSync(stored(lake, 22)), before);
    assert.deepEqual(readdirSync(join(lake.directory, "lake/raw/_revisions/hours/2026/03/01/22.json.gz")), ["0002"]);
    const state = await stateOf(lake);
    assert.match(state["mart activity"] ?? "", /zoe/);
  }));

test("the index is a cache: deleted or damaged, nothing is done again and status is the same", () =>
  withLake(async (lake) => {
    await run(lake, 0);
    const status = await ask(lake, 0, (app) => app.status());
    const index = join(lake.directory, ".millrace");
    rmSync(index, { recursive: true });
    assert.deepEqual((await run(lake, 0)).codes, []);
    assert.deepEqual(await ask(lake, 0, (app) => app.status()), status);
    for (const name of readdirSync(index)) {
      const path = join(index, name);
      const text = readFileSync(path, "utf8");
      for (const damaged of [
        "",
        text.slice(0, text.length >> 1),
        `${text}[1,2`,
        text.replaceAll('"', ""),
        `{"format":1}\n${text}`,
        text.replace(/"size":\d+/, '"size":"x"'),
      ]) {
        writeFileSync(path, damaged);
        assert.deepEqual((await run(lake, 0)).codes, [], `${name} damaged`);
      }
    }
    assert.deepEqual(await ask(lake, 0, (app) => app.status()), status);
  }));

test("verify names what changed on the disk, and what to do", () =>
  withLake(async (lake) => {
    await run(lake, 0);
    assert.deepEqual((await ask(lake, 0, (app) => app.verify())).damaged, []);
    const flip = (path: string): void => {
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    };
    const marts = join(lake.directory, "lake/marts/activity");
    const [version = ""] = readdirSync(marts);
    flip(stored(lake, 22));
    flip(join(marts, version, "part-00000.parquet"));
    const { damaged } = await ask(lake, 0, (app) => app.verify());
    assert.deepEqual(
      damaged.map(({ place, key }) => `${place} ${key}`),
      [`marts activity/${version}/part-00000.parquet`, "raw hours/2026/03/01/22.json.gz"],
    );
    assert.ok(damaged.every(({ remedy }) => remedy.includes("millrace verify --repair")));
    rmSync(join(marts, version, "part-00000.parquet"));
    await assert.rejects(
      ask(lake, 0, async (app) => (await app.query("select * from activity")).rows()),
      (error) => error instanceof Failure && error.kind === "corrupt",
    );
    // A new version brings a mart back.
    await run(lake, 0, { only: "marts", rerun: true });
    assert.deepEqual((await ask(lake, 0, (app) => app.verify({ only: "marts" }))).damaged, []);
  }));

test("two targets of one project have an index each", () =>
  withLake(async (lake) => {
    const file = join(lake.directory, "millrace.yaml");
    writeFileSync(
      file,
      `${readFileSync(file, "utf8")}targets:\n  other: { lake: { raw: other/raw, tables: other/tables, marts: other/marts } }\n`,
    );
    await run(lake, 0);
    const app = await openApp(readProject({ file, target: "other", environment: {} }), {
      workers: 0,
      clock: () => startMs,
    });
    const summary = await app.run();
    await app.close();
    assert.equal(summary.stages.collect.done, 2);
    assert.ok(existsSync(join(lake.directory, "other/marts/_catalog/activity")));
    assert.ok(existsSync(join(lake.directory, ".millrace/targets/other/raw-hours.index")));
    assert.deepEqual((await run(lake, 0)).codes, []);
  }));
