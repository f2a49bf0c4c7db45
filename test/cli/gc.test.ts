/** `millrace gc` as people see it: what goes, what stays and why, at every width; options and exit codes. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { GcItem, GcKept, GcReport } from "../../src/answers.ts";
import { renderGc } from "../../src/cli/terminal/gc-report.ts";
import { colourPaint, noPaint } from "../../src/cli/terminal/paint.ts";
import { displayWidth } from "../../src/cli/terminal/text.ts";
import { millrace } from "./console.ts";
import { assertGolden } from "./golden.ts";

const at = "2026-03-10T00:00:00.000Z";
const daysAgo = (days: number): string => new Date(Date.parse(at) - days * 86_400_000).toISOString();

const version = (kind: "superseded" | "orphan", number: number, days: number, bytes: number): GcItem => ({
  place: "marts",
  kind,
  name: "activity",
  id: undefined,
  key: `activity/v${String(number).padStart(12, "0")}-9f3c21ab/`,
  since: daysAgo(days),
  objects: 3,
  bytes,
});

const ofInterval = (kind: "rejected" | "expired", name: string, id: string, bytes: number): GcItem => ({
  place: kind === "rejected" ? "tables" : "raw",
  kind,
  name,
  id,
  key: `${name}/${id}`,
  since: daysAgo(8),
  objects: 1,
  bytes,
});

const leftover = (kind: "probe" | "upload" | "scratch", key: string, bytes: number): GcItem => ({
  place: "raw",
  kind,
  name: "",
  id: undefined,
  key,
  since: kind === "scratch" ? undefined : daysAgo(9),
  objects: kind === "scratch" ? 3 : 1,
  bytes,
});

const kept = (kind: GcKept["kind"], name: string, key: string, id?: string): GcKept => ({
  place: kind === "unconverted" ? "raw" : "marts",
  kind,
  name,
  id,
  key,
  ...(kind === "unconverted" ? { tables: ["events"] } : {}),
  objects: 2,
  bytes: 1_100_000,
});

const report: GcReport = {
  at,
  dryRun: true,
  retentionMs: 7 * 86_400_000,
  versions: 2,
  removed: [
    version("orphan", 15, 8.2, 13_000_000),
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((number) => version("superseded", number, 20 - number, 41_200_000)),
    ofInterval("rejected", "events", "2026-03-01-05", 812),
    ofInterval("rejected", "events", "2026-03-01-06", 1_204),
    ...["2026-02-27-22", "2026-02-27-23", "2026-02-28-00", "2026-02-28-07"].map((id) =>
      ofInterval("expired", "gharchive", id, 17_800_000),
    ),
    leftover("probe", "_probe/8f14e45fceea167a/object", 2),
    leftover("upload", "gharchive/2026/02/01/05.json.gz", 0),
    leftover("scratch", "_staging/", 0),
  ],
  kept: [
    kept("beyond", "activity", "activity/v000000000099-9f3c21ab/"),
    kept("unpublished", "fresh", "fresh/v000000000001-9f3c21ab/"),
    kept("dropped", "old_mart", "old_mart/"),
    kept("unconverted", "gharchive", "gharchive/2026/02/27/20.json.gz", "2026-02-27-20"),
    kept("unconverted", "gharchive", "gharchive/2026/02/27/21.json.gz", "2026-02-27-21"),
  ],
  failures: [],
  exitCode: 0,
};

const failed: GcReport = {
  ...report,
  dryRun: false,
  removed: report.removed.slice(0, 2),
  kept: [],
  failures: [
    {
      place: "raw",
      key: "",
      kind: "denied",
      reason: "s3://gha-raw: the right s3:DeleteObject on gha-raw/* is missing: Access Denied (AccessDenied)",
      remedy: "give these credentials s3:DeleteObject on gha-raw/*",
    },
    {
      place: "marts",
      key: "pushes",
      kind: "conflict",
      reason: "mart pushes: other writers recorded something 10 times in a row",
      remedy: "run gc again when fewer processes publish this mart; nothing of it was removed",
    },
  ],
  exitCode: 5,
};

const pages: readonly (readonly [name: string, report: GcReport])[] = [
  ["gc", report],
  ["gc-failed", failed],
  ["gc-nothing", { ...report, removed: [], kept: [] }],
];

for (const [name, page] of pages) {
  for (const [form, options] of [
    ["120", { width: 120, paint: noPaint }],
    ["80", { width: 80, paint: noPaint }],
    ["40", { width: 40, paint: noPaint }],
    ["80-colour", { width: 80, paint: colourPaint }],
  ] as const) {
    test(`${name} at ${form}`, () => {
      const lines = renderGc(page, 3210, options);
      for (const line of lines)
        if (!line.includes("millrace ") && !line.includes("/")) assert.ok(displayWidth(line) <= options.width, line);
      assertGolden(`golden/${name}-${form}.txt`, lines);
    });
  }
}

test("a dry run shows, the real one removes, the next finds nothing; bad options are refused", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "millrace-cli-gc-"));
  try {
    writeFileSync(
      join(cwd, "millrace.yaml"),
      'name: x\nsources:\n  hours:\n    url: "file:///nowhere/{yyyy}-{MM}-{dd}-{H}.gz"\n    object: hours/{yyyy}/{MM}/{dd}/{HH}.gz\ntables:\n  events: { from: hours }\n',
    );
    const directory = join(cwd, "lake/tables/_rejected/events/2026-03-01-05");
    mkdirSync(directory, { recursive: true });
    const file = join(directory, "0123456789ab.ndjson.gz");
    writeFileSync(file, "left behind");
    const weekAgo = Date.now() / 1000 - 8 * 86_400;
    utimesSync(file, weekAgo, weekAgo);

    const dry = await millrace(["gc", "--dry-run"], { cwd, env: { COLUMNS: "100" } });
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /^ {2}events +1 rejected +2026-03-01-05 +11 B, named by no partition\n/);
    assert.match(dry.stdout, /1 object, 11 B would go\. Nothing was written\. {3}millrace gc\n$/);
    assert.ok(existsSync(file));

    const young = await millrace(["gc", "--retention", "30d"], { cwd });
    assert.match(young.stdout, /^ {2}Nothing to collect that is older than 30 d\.\n$/);
    const elsewhere = await millrace(["gc", "--only", "marts", "--json"], { cwd });
    assert.deepEqual(JSON.parse(elsewhere.stdout).removed, []);
    assert.ok(existsSync(file));

    const json = JSON.parse((await millrace(["gc", "--json", "--versions", "3"], { cwd })).stdout);
    assert.deepEqual([json.dryRun, json.versions, json.retentionMs, json.exitCode], [false, 3, 604_800_000, 0]);
    assert.deepEqual(
      json.removed.map(({ kind, key, bytes }: GcItem) => [kind, key, bytes]),
      [["rejected", "_rejected/events/2026-03-01-05/0123456789ab.ndjson.gz", 11]],
    );
    assert.ok(!existsSync(file));
    assert.ok(!readdirSync(join(cwd, "lake/tables")).includes("_rejected"));
    assert.match((await millrace(["gc"], { cwd })).stdout, /^ {2}Nothing to collect/);

    for (const [argv, words] of [
      [["gc", "--retention", "7"], /--retention: expected a duration, got "7"/],
      [["gc", "--versions", "0"], /--versions: expected a whole number of at least 1/],
      [["gc", "--only", "mart"], /--only: expected raw, tables, marts, got "mart"\n.*did you mean marts/],
      [["gc", "marts"], /marts/],
    ] as const) {
      const { code, stderr } = await millrace(argv, { cwd });
      assert.equal(code, 2, stderr);
      assert.match(stderr, words);
    }
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
});
