/** A mart as a table of Delta Lake over its life: built, replaced, changed back, disturbed, killed, verified, repaired, collected. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { App } from "../../src/answers.ts";
import { laterDays, runWith, workOf } from "../faults/matrix-run.ts";
import { catalogFaults, type SmallLake, stateOf } from "../faults/small-lake.ts";
import { faults, noFault, oneFault } from "../faulty.ts";
import {
  currentVersion,
  filesOf,
  logName,
  makeDeltaLake,
  readLog,
  setFormat,
  setHour,
  setSelect,
  versionDirectory,
  versionsOf,
} from "./delta-lake.ts";

async function withLake(body: (lake: SmallLake) => Promise<void>): Promise<void> {
  const lake = makeDeltaLake();
  try {
    await body(lake);
  } finally {
    lake.remove();
  }
}

async function withApp<T>(lake: SmallLake, days: number, work: (app: App) => Promise<T>): Promise<T> {
  const app = await lake.open(days);
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

/** Runs, and answers the version that readers see then. */
async function build(lake: SmallLake, days = 0): Promise<string> {
  const { exitCode, failures } = await withApp(lake, days, (app) => app.run());
  assert.deepEqual([exitCode, failures], [0, []]);
  return currentVersion(lake) ?? "";
}

interface Manifest {
  readonly rows: number;
  readonly publishId: string;
  readonly files: readonly { readonly name: string; readonly rows: number; readonly size: number }[];
  readonly delta?: { readonly name: string; readonly size: number; readonly sha256: string };
}

const manifestOf = (lake: SmallLake, version: string): Manifest =>
  JSON.parse(readFileSync(join(versionDirectory(lake, version), "_manifest.json"), "utf8"));

test("a version is Parquet, a log and the manifest that names both; every version is a table of its own", () =>
  withLake(async (lake) => {
    const first = await build(lake);
    setSelect(lake, "actor.login as actor, type, src");
    const second = await build(lake, 1);
    assert.notEqual(first, second);
    const ids = [first, second].map((version) => {
      const { rows, publishId, files, delta } = manifestOf(lake, version);
      assert.deepEqual(filesOf(lake, version), [logName, "_manifest.json", ...files.map(({ name }) => name)]);
      const log = readFileSync(join(versionDirectory(lake, version), logName));
      assert.deepEqual(delta, {
        name: logName,
        size: log.length,
        sha256: createHash("sha256").update(log).digest("hex"),
      });
      const { adds, metaData, protocol } = readLog(lake, version);
      assert.deepEqual(
        adds.map(({ path, size, stats }) => ({ name: path, size, rows: JSON.parse(stats).numRecords })),
        files.map(({ name, size, rows: each }) => ({ name, size, rows: each })),
      );
      for (const { path, size } of adds) assert.equal(statSync(join(versionDirectory(lake, version), path)).size, size);
      assert.equal(
        adds.reduce((sum, { stats }) => sum + JSON.parse(stats).numRecords, 0),
        rows,
      );
      assert.deepEqual([metaData.name, metaData.id, protocol.minReaderVersion], ["activity", publishId, 1]);
      assert.deepEqual(protocol.writerFeatures, ["millraceImmutable"]);
      return metaData.id;
    });
    assert.equal(new Set(ids).size, 2);
    const names = (version: string): readonly string[] =>
      JSON.parse(readLog(lake, version).metaData.schemaString).fields.map(({ name }: { name: string }) => name);
    assert.deepEqual(
      [names(first), names(second)],
      [
        ["actor", "type", "size", "src"],
        ["actor", "type", "src"],
      ],
    );
    assert.deepEqual(await withApp(lake, 1, workOf), []);
  }));

test("another format is another version, with the same rows; nothing is done when it is as it should be", () =>
  withLake(async (lake) => {
    setFormat(lake, "parquet");
    const plain = await build(lake);
    assert.deepEqual(filesOf(lake, plain), ["_manifest.json", "part-00000.parquet"]);
    const { "mart activity": rows } = await stateOf(lake);
    setFormat(lake, "delta");
    const plan = await withApp(lake, 1, (app) => app.plan());
    assert.deepEqual(
      plan.steps.map((step) => (step.kind === "mart" ? step.reason : step.kind)),
      [{ kind: "format", format: "delta" }],
    );
    const delta = await build(lake, 1);
    assert.ok(existsSync(join(versionDirectory(lake, delta), logName)));
    assert.equal((await stateOf(lake))["mart activity"], rows);
    assert.deepEqual(await withApp(lake, 1, workOf), []);
    setFormat(lake, "parquet");
    const back = await build(lake, 2);
    assert.ok(!existsSync(join(versionDirectory(lake, back), "_delta_log")));
    assert.equal((await stateOf(lake))["mart activity"], rows);
    assert.deepEqual(catalogFaults(lake), []);
  }));

test("every call for the log may go wrong in every way", async (context) => {
  const clean = makeDeltaLake();
  const calls = await runWith(clean, noFault, 0);
  const expected = await stateOf(clean);
  clean.remove();
  const chosen = calls.flatMap((call, at) => (call.includes("_delta_log") ? [at + 1] : []));
  // It is put, and looked at once more before the pointer moves.
  assert.deepEqual(
    chosen.map((call) => calls[call - 1]?.replace(/activity\/v[^/]+/, "V")),
    [`put V/${logName}`, `head V/${logName}`],
  );
  for (const call of chosen) {
    for (const fault of faults) {
      const name = `${calls[call - 1]} × ${fault}`;
      const lake = makeDeltaLake();
      try {
        await runWith(lake, oneFault(call, fault), 0);
        assert.deepEqual(catalogFaults(lake), [], `${name}: right behind the fault`);
        assert.equal(currentVersion(lake), undefined, `${name}: nothing is visible`);
        const version = await build(lake, 1);
        assert.deepEqual(await withApp(lake, 1, workOf), [], `${name}: a second run found something to do`);
        assert.deepEqual(await stateOf(lake), expected, name);
        assert.equal(readLog(lake, version).adds.length, 1);
      } finally {
        lake.remove();
      }
    }
  }
  context.diagnostic(`${chosen.length * faults.length} disturbed runs converged`);
});

test("dead between the log and the manifest: readers see the version before, and gc takes the rest away", () =>
  withLake(async (lake) => {
    const before = await build(lake);
    setSelect(lake, "actor.login as actor");
    const trial = makeDeltaLake();
    await build(trial);
    setSelect(trial, "actor.login as actor");
    const calls = await runWith(trial, noFault, 1);
    trial.remove();
    const put = calls.findIndex((call) => call.startsWith("put ") && call.endsWith(logName)) + 1;
    assert.ok(put > 0);
    await runWith(lake, oneFault(put, "crash-after"), 1);
    const [orphan] = versionsOf(lake).filter((version) => version !== before);
    assert.deepEqual(filesOf(lake, orphan ?? ""), [logName, "part-00000.parquet"]);
    assert.equal(currentVersion(lake), before);
    const after = await build(lake, 2);
    assert.deepEqual([...versionsOf(lake)].sort(), [before, orphan, after].sort());
    const report = await withApp(lake, laterDays + 30, (app) => app.gc({ retentionMs: 0 }));
    assert.deepEqual(
      report.removed.filter(({ place }) => place === "marts").map(({ kind, key }) => [kind, key]),
      [["orphan", `activity/${orphan}/`]],
    );
    assert.deepEqual(versionsOf(lake), [before, after]);
    assert.deepEqual(catalogFaults(lake), []);
    assert.deepEqual((await withApp(lake, 3, (app) => app.verify())).damaged, []);
  }));

test("versions that were replaced are collected with their logs", () =>
  withLake(async (lake) => {
    const versions = [await build(lake)];
    for (const [at, select] of ["type", "type, src", "src"].entries()) {
      setSelect(lake, `actor.login as actor, ${select}`);
      versions.push(await build(lake, at + 1));
    }
    await withApp(lake, laterDays + 30, (app) => app.gc({ retentionMs: 0 }));
    assert.deepEqual(versionsOf(lake), versions.slice(-2));
    for (const version of versions.slice(-2)) assert.equal(readLog(lake, version).adds.length, 1);
  }));

const damages: Readonly<
  Record<string, { readonly key: RegExp; readonly reason: RegExp; readonly harm: (directory: string) => void }>
> = {
  "a log that is gone": {
    key: /_delta_log\/0{20}\.json$/,
    reason: /is missing/,
    harm: (directory) => rmSync(join(directory, logName)),
  },
  "a log that says something else": {
    key: /_delta_log\/0{20}\.json$/,
    reason: /sha256/,
    harm: (directory) => {
      const file = join(directory, logName);
      writeFileSync(file, readFileSync(file, "utf8").replace("numRecords", "numrecords"));
    },
  },
  "a commit of somebody else": {
    key: /_delta_log\/0{19}1\.json$/,
    reason: /is no part of the version/,
    harm: (directory) =>
      writeFileSync(
        join(directory, "_delta_log/00000000000000000001.json"),
        '{"remove":{"path":"part-00000.parquet","deletionTimestamp":0,"dataChange":true}}\n',
      ),
  },
  "a file that somebody else left": {
    key: /\/part-9999\.parquet$/,
    reason: /is no part of the version/,
    harm: (directory) => copyFileSync(join(directory, "part-00000.parquet"), join(directory, "part-9999.parquet")),
  },
  "a directory of files that somebody else left": {
    key: /\/day=1\/part-0\.parquet$/,
    reason: /is no part of the version/,
    harm: (directory) => {
      mkdirSync(join(directory, "day=1"));
      copyFileSync(join(directory, "part-00000.parquet"), join(directory, "day=1/part-0.parquet"));
    },
  },
};

for (const [name, { key, reason, harm }] of Object.entries(damages)) {
  test(`verify finds ${name}, and --repair publishes a version without it`, () =>
    withLake(async (lake) => {
      const version = await build(lake);
      const { "mart activity": rows } = await stateOf(lake);
      assert.deepEqual((await withApp(lake, 1, (app) => app.verify())).damaged, []);
      harm(versionDirectory(lake, version));
      const { damaged } = await withApp(lake, 1, (app) => app.verify({ repair: true }));
      assert.deepEqual(
        damaged.map(({ repair }) => repair?.state),
        ["repaired"],
      );
      assert.match(damaged[0]?.key ?? "", key);
      assert.match(damaged[0]?.reason ?? "", reason);
      const anew = currentVersion(lake) ?? "";
      assert.notEqual(anew, version);
      assert.equal(readLog(lake, anew).adds.length, 1);
      assert.deepEqual((await withApp(lake, 1, (app) => app.verify())).damaged, []);
      assert.equal((await stateOf(lake))["mart activity"], rows);
      assert.deepEqual(await withApp(lake, 1, workOf), []);
    }));
}

test("files that no reader of Parquet or Delta looks at are nobody's business", () =>
  withLake(async (lake) => {
    const directory = versionDirectory(lake, await build(lake));
    for (const name of ["_SUCCESS", ".part-00000.parquet.crc", "_delta_log/00000000000000000000.crc"])
      writeFileSync(join(directory, name), "");
    assert.deepEqual((await withApp(lake, 1, (app) => app.verify())).damaged, []);
  }));

test("a lost record is proved by a version whose log is whole, and by no other", () =>
  withLake(async (lake) => {
    const first = await build(lake);
    setHour(lake, 22, '{"id":"7","type":"NewEvent","actor":{"login":"zoe"}}\n');
    setSelect(lake, "actor.login as actor, src");
    await build(lake, 1);
    const record = join(lake.directory, "lake/marts/_catalog/activity", `${"1".padStart(20, "0")}.json`);
    const bytes = readFileSync(record);
    rmSync(record);
    const repair = () => withApp(lake, 1, (app) => app.verify({ repair: true }));
    assert.deepEqual(
      (await repair()).damaged.map(({ repair: done }) => done?.state),
      ["repaired"],
    );
    assert.deepEqual(readFileSync(record), bytes);
    rmSync(record);
    writeFileSync(join(versionDirectory(lake, first), logName), "{}\n");
    assert.deepEqual(
      (await repair()).damaged.map(({ repair: done }) => done?.state),
      ["impossible"],
    );
    assert.ok(readdirSync(versionDirectory(lake, first)).includes("_delta_log"));
  }));
