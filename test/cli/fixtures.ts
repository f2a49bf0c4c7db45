/** One project and what may be seen of it, as values: the input of the renderers' golden tests. */
import { join } from "node:path";
import type { CalendarCell, CalendarDay, MartStatus, RunSummary, StageSummary, Status } from "../../src/answers.ts";
import { emptyMapping } from "../../src/config/input.ts";
import { normalizeInput } from "../../src/config/normalize.ts";
import { collectProblems } from "../../src/config/problems.ts";
import { scaffold } from "../../src/config/scaffold.ts";
import { parseYaml } from "../../src/config/yaml.ts";
import { type Interval, parseIntervalId } from "../../src/model/calendar.ts";
import type { Project } from "../../src/model/project.ts";
import type { Plan, Step, Waiting } from "../../src/reconcile/plan.ts";
import type { RawSeen } from "../../src/reconcile/seen.ts";

const files = scaffold({ name: "gha" });

/** The project of `millrace init gha`. */
export const project: Project = (() => {
  const problems = collectProblems();
  const input = parseYaml(files.get("millrace.yaml") ?? "", { name: "millrace.yaml" }, problems);
  const around = {
    file: "/projects/gha/millrace.yaml",
    directory: "/projects/gha",
    environment: {},
    files: {
      readText: (path: string) => files.get(path.replace(join("/projects/gha", "/"), "")) ?? "",
      realPath: (path: string) => path,
    },
  };
  return normalizeInput(input ?? emptyMapping({ label: "" }), around, problems);
})();

export const nowMs = Date.parse("2026-03-02T01:12:00Z");
const hourMs = 3_600_000;

export function interval(id: string): Interval {
  const found = parseIntervalId(id);
  if (found === undefined) throw new Error(`${id} is no interval`);
  return found;
}

const raw = (id: string): RawSeen => ({
  key: `gharchive/${id.replaceAll("-", "/")}.json.gz`,
  size: 2_000_000,
  token: id,
  facts: { sha256: "0".repeat(64), revision: 1, verified: true },
});

const collectStep = (id: string): Step => ({
  kind: "collect",
  source: "gharchive",
  interval: interval(id),
  reason: "missing",
  raw: undefined,
});

const convertStep = (id: string, reason: Extract<Step, { kind: "convert" }>["reason"]): Step => ({
  kind: "convert",
  table: "events",
  source: "gharchive",
  interval: interval(id),
  raw: raw(id),
  reason,
});

export const pending: Waiting = {
  kind: "pending",
  key: "gharchive@2026-03-02-00",
  ageMs: 12 * 60_000,
  settleMs: 6 * hourMs,
  nextMs: nowMs + 300_000,
};

export const gap: Waiting = {
  kind: "gap",
  key: "gharchive@2026-02-27-14",
  ageMs: 57 * hourMs,
  tries: 3,
  nextMs: nowMs + 3 * hourMs,
};

/** The picture of the design: three to fetch, one pending, one gap, three new and one widened, one mart. */
export const plan: Plan = {
  atMs: nowMs,
  steps: [
    ...["2026-03-01-21", "2026-03-01-22", "2026-03-01-23"].map(collectStep),
    ...["2026-03-01-18", "2026-03-01-19", "2026-03-01-20"].map((id) => convertStep(id, { kind: "new" })),
    convertStep("2026-02-28-03", { kind: "widened", paths: ["payload.size"] }),
    { kind: "mart", mart: "activity", reason: { kind: "inputs", table: "events", before: 24, now: 27 } },
  ],
  waiting: [pending, gap],
  foreseen: [],
  upToDate: [
    { stage: "collect", name: "gharchive", items: 164 },
    { stage: "convert", name: "events", items: 160 },
    { stage: "marts", name: "pushes", items: 1 },
  ],
};

export const widenings = new Map([
  [
    "events",
    [
      {
        path: "payload.size",
        from: "int64",
        to: "double",
        src: "2026-03-01-21",
        line: 8812,
        offset: 4_100_221,
        value: "1.5",
      },
    ],
  ],
]);

/** Everything that may wait, at once. */
export const trouble: readonly Waiting[] = [
  ...["2026-02-20-05", "2026-02-20-06", "2026-02-20-07"].map(
    (id, index): Waiting => ({
      kind: "gap",
      key: `gharchive@${id}`,
      ageMs: (230 - index) * hourMs,
      tries: 9,
      nextMs: undefined,
    }),
  ),
  gap,
  pending,
  ...["2026-03-01-02", "2026-03-01-03"].map(
    (id): Waiting => ({
      kind: "failed",
      stage: "collect",
      key: `gharchive@${id}`,
      reason: "data.gharchive.org: 503 Service Unavailable after 4 tries",
      failure: "unavailable",
      remedy: "millrace doctor",
      tries: 2,
      nextMs: nowMs + 120_000,
    }),
  ),
  {
    kind: "held",
    stage: "convert",
    key: "events@2026-03-01-11",
    reason: "512 of 2,000 lines rejected (25.6 %), rejects_max is 0.1 %; the first at line 7: unexpected end",
    remedy: "raise tables.events.rejects_max, or millrace explain events@2026-03-01-11",
  },
  {
    kind: "rewrite",
    table: "events",
    partitions: 1204,
    bytes: 88_000_000_000,
    limit: 200,
    paths: ["payload.size", "payload.release.id"],
  },
  { kind: "mart", mart: "activity", reason: "widening", done: 24, of: 1204 },
  { kind: "mart", mart: "pushes", reason: "manual", done: 0, of: 0 },
];

const cells = (text: string): readonly CalendarCell[] => {
  const states: Readonly<Record<string, CalendarCell>> = {
    "■": "converted",
    "▪": "stored",
    "·": "pending",
    "+": "due",
    "✕": "gap",
    "!": "rejected",
    "~": "odd",
    H: "held",
    F: "failed",
    "-": "known",
    " ": "outside",
  };
  return [...text].map((symbol) => {
    const state = states[symbol];
    if (state === undefined) throw new Error(`no state is drawn as ${symbol}`);
    return state;
  });
};

export const day = (date: string, text: string): CalendarDay => ({ day: date, cells: cells(text) });

/** `days` days from a date on, drawn as `text` except where `others` says otherwise. */
export function days(
  from: string,
  howMany: number,
  text: string,
  others: Readonly<Record<string, string>> = {},
): readonly CalendarDay[] {
  const startMs = Date.parse(`${from}T00:00:00Z`);
  return Array.from({ length: howMany }, (_, index) => {
    const date = new Date(startMs + index * 24 * hourMs).toISOString().slice(0, 10);
    return day(date, others[date] ?? text);
  });
}

export const fullDay = "■".repeat(24);

export const status: Status = {
  at: new Date(nowMs).toISOString(),
  project: "gha",
  sources: [
    {
      name: "gharchive",
      every: "hour",
      stored: 167,
      bytes: 318_400_000,
      first: "2026-02-23-00",
      last: "2026-03-01-23",
      lagMs: 72 * 60_000,
      pending: 1,
      gaps: 1,
      adopted: 0,
      days: [
        ...days("2026-02-23", 4, fullDay),
        day("2026-02-27", `${"■".repeat(14)}✕${"■".repeat(9)}`),
        day("2026-02-28", `■■■!■■■■~~■■${"■".repeat(12)}`),
        day("2026-03-01", `${"■".repeat(11)}H${"■".repeat(6)}▪▪▪+++`),
        day("2026-03-02", `·${" ".repeat(23)}`),
      ],
    },
  ],
  tables: [
    {
      name: "events",
      from: "gharchive",
      partitions: 163,
      rows: 326_000,
      rejected: 3,
      bytes: 341_000_000,
      columns: 1204,
      schemaVersion: 7,
      last: "2026-03-01-17",
      unsettled: 1,
    },
  ],
  marts: [
    {
      name: "activity",
      version: "v000000000012-9f3c21ab",
      number: 12,
      rows: 326_000,
      bytes: 9_120_000,
      publishedAt: "2026-03-01T18:05:11.000Z",
      engine: "duckdb",
      upToDate: false,
      reason: "inputs",
    },
    {
      name: "pushes",
      version: undefined,
      number: 0,
      rows: 0,
      bytes: 0,
      publishedAt: undefined,
      engine: undefined,
      upToDate: false,
      reason: "new",
    },
  ],
  waiting: [gap, pending],
};

/** The same lake, of which other tools find something by name. */
export const named: Status = {
  ...status,
  tables: status.tables.map((table) => ({
    ...table,
    registered: { name: "gha.events", state: "wrong", partitions: 160 },
  })),
  marts: status.marts.flatMap((mart): readonly MartStatus[] => {
    if (mart.name !== "activity") {
      const nothing = {
        name: undefined,
        state: "missing",
        reason: undefined,
        number: undefined,
        version: undefined,
      } as const;
      return [{ ...mart, registered: nothing }];
    }
    const behind = { name: "gha.activity", state: "behind", reason: "", number: 11, version: "v11" } as const;
    const right = { name: "reports.daily", state: "registered", reason: undefined, number: 4, version: "v4" } as const;
    return [
      { ...mart, registered: behind },
      {
        ...mart,
        name: "daily",
        version: "v000000000004-9f3c21ab",
        number: 4,
        upToDate: true,
        reason: undefined,
        registered: right,
      },
    ];
  }),
};

/** What is to be registered, and what cannot be. */
export const namesPlan: Plan = {
  ...plan,
  steps: [
    { kind: "register", mart: "activity", reason: { kind: "behind", number: 11 } },
    {
      kind: "register-table",
      table: "events",
      define: "columns",
      add: ["2026-03-01-16", "2026-03-01-17"],
      remove: ["2026-02-01-00"],
      files: "0123456789abcdef",
    },
  ],
  waiting: [
    {
      ...{ kind: "held", stage: "marts", key: "pushes", reason: "the name gha.pushes is taken by a view of owner ada" },
      remedy:
        "give the mart another name or another database (marts.pushes.database), or drop that one yourself: millrace does not touch it",
    },
    { kind: "mart", mart: "activity", reason: "rollback", done: 0, of: 0 },
    {
      ...{ kind: "catalog", name: "metastore m:9083", items: ["activity", "pushes"], failure: "unavailable" },
      ...{ reason: "metastore m:9083: does not answer", remedy: "start it, or name another one under catalog.hive" },
    },
  ],
};

export const stage = (figures: Partial<StageSummary>): StageSummary => ({
  done: 0,
  failed: 0,
  held: 0,
  skipped: 0,
  bytes: 0,
  rows: 0,
  rejected: 0,
  ms: 0,
  ...figures,
});

export const summary: RunSummary = {
  startedAt: "2026-03-02T01:12:00.000Z",
  ms: 4100,
  stages: {
    collect: stage({ done: 22, failed: 2, bytes: 17_800_000, ms: 612 }),
    convert: stage({ done: 21, held: 1, bytes: 19_000_000, rows: 42_000, rejected: 3, ms: 2130 }),
    marts: stage({ done: 2, rows: 57_311, bytes: 900_000, ms: 930 }),
  },
  waiting: trouble,
  exitCode: 5,
  failures: [
    ...["gharchive@2026-03-01-02", "gharchive@2026-03-01-03"].map((key) => ({
      stage: "collect" as const,
      key,
      kind: "unavailable",
      reason: "data.gharchive.org: 503 Service Unavailable after 4 tries",
      remedy: "millrace doctor",
    })),
    {
      stage: "convert" as const,
      key: "events@2026-03-01-11",
      kind: "refused",
      reason: "512 of 2,000 lines rejected (25.6 %), rejects_max is 0.1 %",
      remedy: "millrace explain events@2026-03-01-11",
    },
  ],
};

/** Text that would steer a terminal if it were let through. */
export const hostile = "a\u001b[2Jb\u0007\u202egnp.exe\u009b31m\r\nc";
