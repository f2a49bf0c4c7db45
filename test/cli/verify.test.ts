/** `millrace verify` and `rebuild-index` as people see them, at every width, and their exit codes. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { DamagedObject, Repaired, VerifyReport } from "../../src/answers.ts";
import { renderRebuild } from "../../src/cli/rebuild-index.ts";
import { colourPaint, noPaint } from "../../src/cli/terminal/paint.ts";
import { displayWidth } from "../../src/cli/terminal/text.ts";
import { renderVerify } from "../../src/cli/verify.ts";
import { makeSmallLake, type SmallLake } from "../faults/small-lake.ts";
import { millrace } from "./console.ts";
import { assertGolden } from "./golden.ts";

const damage = (place: DamagedObject["place"], key: string, reason: string, repair?: Repaired): DamagedObject => ({
  ...{ place, key, reason, remedy: "`millrace verify --repair` makes it again" },
  ...(repair === undefined ? {} : { repair }),
});

const objects = (repairs: readonly (Repaired | undefined)[]): readonly DamagedObject[] => [
  damage(
    "marts",
    "activity/v000000000007-9f3c21ab/part-00000.parquet",
    "sha256 6e9547240d91…, the manifest says 3c417e96c4bc…",
    repairs[0],
  ),
  damage("tables", "events/src=2026-03-01-10/data.parquet", "its footer holds no provenance of ours", repairs[1]),
  damage("raw", "gharchive/2026/03/01/03.json.gz", "100000 bytes, its receipt says 383587", repairs[2]),
  damage(
    "raw",
    "gharchive/2026/03/01/07.json.gz",
    "is missing, events/src=2026-03-01-07/data.parquet was made from sha256 11431e301dd6…",
    repairs[3],
  ),
];

const planned = (how: string): Repaired => ({ state: "planned", how });
const figures = { objects: 87_612, bytes: 2_400_000_000_000, unverified: 1204 };
const reports: Readonly<Record<string, VerifyReport>> = {
  "verify-good": { ...figures, damaged: [], unverified: 0 },
  "verify-damaged": { ...figures, damaged: objects([]) },
  "verify-planned": {
    ...figures,
    damaged: objects([
      planned("builds a new version"),
      planned("converts it again from raw"),
      ...[1, 2].map(() => planned("fetches it again; only bytes with the recorded sha256 take its place")),
    ]),
  },
  "verify-repaired": {
    ...figures,
    damaged: objects([
      { state: "repaired", how: "built anew as v000000000008-02e7b36b" },
      { state: "repaired", how: "converted again from raw" },
      {
        state: "impossible",
        reason: "https://data.gharchive.org/2026-03-01-3.json.gz has other bytes now (sha256 5d786e955da6…)",
        remedy: "restore gharchive/2026/03/01/03.json.gz from a backup, or remove it to fetch what the source has now",
      },
      {
        ...{ state: "failed", kind: "unavailable", remedy: undefined },
        reason: "https://data.gharchive.org/2026-03-01-7.json.gz: the connection is refused",
      },
    ]),
    failures: [
      {
        ...{ stage: "convert", key: "events@2026-03-01-11", kind: "refused", reason: "4 of 12 lines rejected" },
        remedy: "raise tables.events.rejects_max",
      },
    ],
  },
};

for (const [page, report] of Object.entries(reports)) {
  for (const [form, options] of [
    ["120", { width: 120, paint: noPaint }],
    ["80", { width: 80, paint: noPaint }],
    ["40", { width: 40, paint: noPaint }],
    ["80-colour", { width: 80, paint: colourPaint }],
  ] as const) {
    test(`${page} at ${form}`, () => {
      const lines = renderVerify(report, 5_400_000, options);
      // A key is never broken: whoever copies it must get all of it.
      const isKey = (word: string): boolean => word.length > options.width - 10;
      for (const line of form === "80-colour" ? [] : lines) {
        if (!line.includes("millrace ") && !line.trim().split(" ").some(isKey))
          assert.ok(displayWidth(line) <= options.width, line);
      }
      assertGolden(`golden/${page}-${form}.txt`, lines);
    });
  }
}

test("a rebuilt index", () => {
  const schemas = (["kept", "completed", "rebuilt"] as const).map((state, at) => ({
    table: `events${at}`,
    version: at + 1,
    state,
  }));
  assertGolden(
    "golden/rebuild-index.txt",
    renderRebuild({ removed: [], raw: 87_600, partitions: 87_590, schemas, ms: 61_000 }),
  );
});

async function withLake(
  work: (lake: SmallLake, run: (...argv: string[]) => ReturnType<typeof millrace>) => Promise<void>,
) {
  const lake = makeSmallLake();
  try {
    const run = (...argv: string[]) => millrace(["-f", join(lake.directory, "millrace.yaml"), ...argv], {});
    assert.equal((await run("run")).code, 0);
    await work(lake, run);
  } finally {
    lake.remove();
  }
}

test("exit codes: 0 whole or repaired, 1 damaged, 2 a dry run of nothing, 5 a source that is away", () =>
  withLake(async (lake, run) => {
    assert.equal((await run("verify")).code, 0);
    assert.equal((await run("verify", "--dry-run")).code, 2);
    const raw = join(lake.directory, "lake/raw/hours/2026/03/01/22.json.gz");
    writeFileSync(raw, readFileSync(raw).subarray(1));
    for (const options of [[], ["--repair", "--dry-run"]]) assert.equal((await run("verify", ...options)).code, 1);
    const archive = join(lake.directory, "archive");
    const file = join(archive, "2026-03-01-22.json.gz");
    const bytes = readFileSync(file);
    rmSync(archive, { recursive: true });
    const away = await run("verify", "--repair", "--json");
    assert.equal(away.code, 5, away.stdout);
    assert.equal(JSON.parse(away.stdout).damaged[0].repair.kind, "unavailable");
    mkdirSync(archive);
    writeFileSync(file, bytes);
    const repaired = await run("verify", "--repair");
    assert.equal(repaired.code, 0, repaired.stdout);
    assert.match(repaired.stdout, /1 repaired {3}hours\/2026\/03\/01\/22\.json\.gz/);
    const rebuilt = await run("rebuild-index", "--json");
    assert.deepEqual([rebuilt.code, JSON.parse(rebuilt.stdout).partitions], [0, 2]);
  }));
