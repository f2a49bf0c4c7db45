/** `millrace catalog` as people see it: its pages at every width, its mistakes, its exit codes. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { describe } from "node:test";
import type { CatalogListing, ExportReport, MartVersion, MartVersions, RollbackReport } from "../../src/answers.ts";
import { renderExport, renderListing, renderRollback, renderVersions } from "../../src/cli/terminal/catalog-report.ts";
import { colourPaint, noPaint } from "../../src/cli/terminal/paint.ts";
import type { ReportOptions } from "../../src/cli/terminal/report.ts";
import { millrace } from "../cli/console.ts";
import { assertGolden } from "../cli/golden.ts";
import { makeSmallLake, type SmallLake } from "../faults/small-lake.ts";

const nowMs = Date.parse("2026-03-10T12:00:00Z");

const version = (number: number, changes: Partial<MartVersion> = {}): MartVersion => ({
  number,
  version: `v${String(number).padStart(12, "0")}-9f3c21ab`,
  at: new Date(nowMs - (20 - number) * 3_600_000).toISOString(),
  rows: 48_000 * number,
  bytes: 1_100_000 * number,
  engine: number === 16 ? "duckdb" : "spark",
  isCurrent: false,
  isRegistered: false,
  restored: [],
  state: "whole",
  reason: undefined,
  ...changes,
});

const rolledBack: MartVersions = {
  mart: "activity",
  record: 18,
  isRolledBack: true,
  registration: {
    ...{ name: "gha.activity", state: "behind", reason: "shows record 16, the last one is 18" },
    ...{ number: 16, version: "v000000000016-9f3c21ab" },
  },
  versions: [
    version(16, { isRegistered: true }),
    version(15, { isCurrent: true, restored: [{ number: 18, at: "2026-03-10T11:59:00.000Z" }] }),
    version(14, { state: "removing" }),
    version(13, { state: "damaged", reason: "part-0.parquet is missing" }),
    version(12, {
      state: "gone",
      rows: undefined,
      bytes: undefined,
      engine: undefined,
      reason: "its files were removed",
    }),
  ],
};

const done: RollbackReport = {
  mart: "activity",
  state: "done",
  from: { number: 16, version: "v000000000016-9f3c21ab" },
  to: { number: 15, version: "v000000000015-9f3c21ab", rows: 720_000, bytes: 16_500_000 },
  record: 18,
  registered: "gha.activity",
};

const entry = { reason: undefined, number: undefined, version: undefined, partitions: undefined } as const;

const listing: CatalogListing = {
  catalog: "metastore metastore:9083",
  entries: [
    { ...entry, kind: "mart", name: "activity", registered: "gha.activity", state: "registered", number: 16 },
    {
      ...{ ...entry, kind: "mart", name: "pushes", registered: "gha.pushes", state: "behind", number: 9 },
      reason: "shows record 8, the last one is 9",
    },
    { ...entry, kind: "mart", name: "repos", registered: undefined, state: "missing", number: 1 },
    { ...entry, kind: "mart", name: "stars", registered: undefined, state: "unpublished" },
    {
      ...{ ...entry, kind: "mart", name: "orgs", registered: "gha.orgs", state: "foreign", number: 2 },
      reason: "a managed table of owner hive",
    },
    { ...entry, kind: "mart", name: "old", registered: "gha.old", state: "dropped" },
    {
      ...{ ...entry, kind: "table", name: "events", registered: "gha.events", state: "behind", partitions: 10_000 },
      reason: "lacks 24 partitions",
    },
  ],
};

const exported: ExportReport = {
  action: "register",
  catalog: "metastore metastore:9083",
  dryRun: false,
  items: [
    {
      ...{ kind: "mart", name: "activity", registered: "gha.activity", state: "done" },
      ...{ what: "v000000000016-9f3c21ab", failure: undefined },
    },
    {
      ...{ kind: "mart", name: "stars", registered: undefined, state: "nothing" },
      ...{ what: "was never published", failure: undefined },
    },
    {
      ...{ kind: "mart", name: "orgs", registered: undefined, state: "failed" },
      what: "gha.orgs is not ours: a managed table of owner hive",
      failure: {
        kind: "conflict",
        remedy: "name another database, or remove that one where it came from; it was not touched",
      },
    },
    {
      ...{ kind: "table", name: "events", registered: "gha.events", state: "already" },
      ...{ what: "10000 partitions", failure: undefined },
    },
  ],
  exitCode: 1,
};

const pages: readonly (readonly [name: string, page: (options: ReportOptions) => readonly string[]])[] = [
  ["catalog-versions", (options) => renderVersions(rolledBack, nowMs, options)],
  ["catalog-rollback", (options) => renderRollback(done, options)],
  ["catalog-rollback-dry", (options) => renderRollback({ ...done, state: "planned", record: undefined }, options)],
  ["catalog-rollback-current", (options) => renderRollback({ ...done, state: "current" }, options)],
  ["catalog-list", (options) => renderListing(listing, options)],
  ["catalog-export", (options) => renderExport(exported, options)],
];

for (const [name, page] of pages) {
  for (const [form, options] of [
    ["120", { width: 120, paint: noPaint }],
    ["80", { width: 80, paint: noPaint }],
    ["40", { width: 40, paint: noPaint }],
    ["80-colour", { width: 80, paint: colourPaint }],
  ] as const) {
    test(`${name} at ${form}`, () => {
      assertGolden(`golden/${name}-${form}.txt`, page(options));
    });
  }
}

describe("millrace catalog", () => {
  let lake: SmallLake;
  test.before(async () => {
    lake = makeSmallLake();
    const app = await lake.open(0);
    await app.run();
    await app.run({ only: "marts", rerun: true });
    await app.close();
  });
  test.after(() => lake.remove());

  test("shows versions, goes back, and the next run leaves it so until somebody asks", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "millrace-cli-catalog-"));
    try {
      cpSync(lake.directory, cwd, { recursive: true });
      const asked = async (...argv: readonly string[]) => {
        const { code, stdout, stderr } = await millrace([...argv, "--json"], { cwd });
        assert.equal(code, 0, stderr);
        return JSON.parse(stdout);
      };
      assert.deepEqual((await asked("catalog", "list")).entries[0].state, "own");
      assert.equal((await asked("catalog", "versions", "activity")).versions.length, 2);
      assert.equal((await asked("catalog", "rollback", "activity", "--dry-run")).state, "planned");
      assert.deepEqual(await asked("catalog", "rollback", "activity").then(({ state, to }) => [state, to.number]), [
        "done",
        1,
      ]);
      assert.equal((await asked("catalog", "rollback", "activity", "1")).state, "current");
      assert.equal((await asked("catalog", "export", "--to", "embedded")).items[0].state, "already");
      assert.deepEqual((await asked("verify")).damaged, []);
      await asked("run");
      assert.equal((await asked("catalog", "versions", "activity")).isRolledBack, true);
      await asked("run", "--only", "marts", "--select", "activity", "--rerun");
      const { versions, isRolledBack } = await asked("catalog", "versions", "activity");
      assert.deepEqual([versions[0].number, versions[0].isCurrent, isRolledBack], [5, true, false]);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  const mistakes: readonly (readonly [argv: readonly string[], code: number, words: RegExp])[] = [
    [["catalog"], 2, /list, versions, rollback, export/],
    [["catalog", "rolback"], 2, /did you mean millrace catalog rollback\?/],
    [["catalog", "list", "activity"], 2, /millrace catalog list: takes no "activity"/],
    [["catalog", "versions"], 2, /which mart\?/],
    [["catalog", "versions", "activty"], 2, /no mart "activty"\n.*did you mean activity\?/],
    [["catalog", "versions", "activity", "--dry-run"], 2, /writes nothing anyway/],
    [["catalog", "rollback", "activity", "9"], 2, /there is no version 9\n.*can be restored: 1/],
    [["catalog", "rollback", "activity", "1", "--drop"], 2, /--drop: belongs to millrace catalog export/],
    [["catalog", "export"], 2, /lake's own, which has no names for other tools\n.*--to hive/],
    [["catalog", "export", "--drop"], 2, /lake's own/],
    [["catalog", "export", "--to", "embedded", "--drop"], 2, /--drop: names are taken out of a metastore/],
    [["catalog", "export", "--to", "metastore:9083"], 2, /--to: "metastore:9083" is no metastore\n.*hive:\/\/HOST/],
    [["catalog", "export", "--to", "hive://m:99999/x"], 2, /--to: 99999 is not a port/],
    [["catalog", "export", "--to", "hive://m/My-DB"], 2, /--to: "My-DB" is no name .*\n.*my_db/],
    [["catalog", "export", "--to", "hive://127.0.0.1:1/x"], 5, /127\.0\.0\.1:1 refuses connections/],
  ];
  for (const [argv, code, words] of mistakes) {
    test(argv.join(" "), async () => {
      const outcome = await millrace(argv, { cwd: lake.directory });
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, words);
      assert.equal(outcome.stdout, "");
    });
  }
});
