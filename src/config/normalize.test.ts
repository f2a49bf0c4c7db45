import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Failure } from "../errors.ts";
import { parseIntervalId } from "../model/calendar.ts";
import { formatKey } from "../model/key-pattern.ts";
import type { Place, Project } from "../model/project.ts";
import { normalizeProject, type Surroundings } from "./normalize.ts";
import { localFiles, parseProject } from "./read.ts";

const pathOf = (place: Place): string => (place.kind === "directory" ? place.path : assert.fail(place.name));

const around: Surroundings = { file: "/p/millrace.yaml", directory: "/p", environment: {}, files: localFiles };
const url = "https://data.gharchive.org/{yyyy}-{MM}-{dd}-{H}.json.gz";

const read = (text: string, more: Partial<Surroundings> = {}): Project =>
  parseProject(text, "millrace.yaml", { ...around, ...more });

describe("a project", () => {
  it("is complete by its defaults", () => {
    const project = normalizeProject(
      { sources: { a: { url } }, tables: { t: { from: "a" } }, marts: { m: { select: "type", from: "t" } } },
      { ...around, file: undefined, directory: "/home/me/GH Archive" },
    );
    assert.equal(project.name, "gh-archive");
    assert.equal(project.file, undefined);
    assert.deepEqual(project.lake, {
      raw: { kind: "directory", path: "/home/me/GH Archive/lake/raw", name: "lake/raw" },
      tables: { kind: "directory", path: "/home/me/GH Archive/lake/tables", name: "lake/tables" },
      marts: { kind: "directory", path: "/home/me/GH Archive/lake/marts", name: "lake/marts" },
      writers: "several",
    });
    const { locations, object, ...source } = project.sources.get("a") ?? assert.fail();
    assert.equal(object.text, "a/{yyyy}/{MM}/{dd}/{HH}.json.gz");
    assert.deepEqual(
      locations.map(({ base, kind, pattern }) => [base, kind, pattern.text]),
      [["https://data.gharchive.org", "http", "{yyyy}-{MM}-{dd}-{H}.json.gz"]],
    );
    assert.deepEqual(source, {
      name: "a",
      every: "hour",
      since: { kind: "ago", ms: 604_800_000, text: "7d" },
      untilMs: undefined,
      settleMs: 21_600_000,
      intervalMs: 300_000,
      retry: 4,
      max: undefined,
      parallel: 4,
      bytesPerSecond: undefined,
      requestsPerSecond: undefined,
      order: "oldest",
      headers: new Map(),
      ca: undefined,
      proxy: "env",
      timeouts: { connectMs: 10_000, headersMs: 30_000, idleMs: 60_000, totalMs: 3_600_000 },
      expandedBytesMax: 17_179_869_184,
      ratioMax: 500,
      knownMissing: [],
      recheckMs: 0,
      keepMs: undefined,
    });
    assert.deepEqual(project.tables.get("t"), {
      name: "t",
      from: "a",
      since: undefined,
      untilMs: undefined,
      max: undefined,
      parallel: 0,
      convert: "native",
      columns: new Map(),
      conflicts: "hold",
      duplicateKeys: "reject",
      compression: "zstd",
      rejectsMax: 0.001,
      lineBytesMax: 33_554_432,
      depthMax: 128,
      columnsMax: 10_000,
      rewriteMax: 200,
      onWiden: "ask",
    });
    assert.deepEqual(project.marts.get("m"), {
      name: "m",
      sql: "select type from t",
      statements: { duckdb: "select type from t", spark: "select type from t" },
      projection: { select: "type", from: "t" },
      description: undefined,
      refresh: { kind: "on_change" },
      checks: [],
      format: "parquet",
      hasOwnConditions: false,
      database: undefined,
    });
    assert.deepEqual(project.engine, { kind: "duckdb", threads: 0, memoryBytes: 2_000_000_000 });
    assert.deepEqual(project.watch, { host: "127.0.0.1", port: 9464 });
    assert.deepEqual(project.gc, { retentionMs: 604_800_000, versions: 2 });
    assert.deepEqual(project.cache, { directory: "/home/me/GH Archive/.millrace/cache", bytesMax: 10_000_000_000 });
  });

  it("takes every key", () => {
    const project = read(`
name: gha
lake: { raw: /data/raw, tables: ../tables, marts: m }
sources:
  a:
    url: [ "${url}", "file:///mnt/share/{yyyy}/{MM}{dd}{HH}.gz" ]
    mirrors: incoming/{yyyy}-{MM}-{dd}-{H}.gz
    object: a/{yyyy}{MM}{dd}/{HH}.gz
    since: 2015-01-01T05
    until: 2016-01-01
    settle: 0
    interval: 1m
    retry: "2"
    max: 10
    parallel: 8
    rate: 20MB/s
    requests: 0.5
    order: newest
    headers: { X-Team: data }
    ca: certs/ca.pem
    proxy: none
    timeouts: { connect: 1s }
    expanded_max: 1GiB
    ratio_max: 100
    known_missing: [2015-02-01, 2015-03-01T05..2015-03-01T06]
    recheck: 3d
    keep: 400d
  d:
    url: /mnt/daily/{yyyy}-{M}-{d}.gz
    every: day
    ca: none
  e:
    url: /mnt/other/{yyyy}-{M}-{d}.gz
    every: day
tables:
  t:
    from: a
    since: 30d
    until: 2016-01-01
    max: 5
    parallel: 2
    columns: { created_at: timestamp, "payload.commits.[].sha": string, x: "decimal(10,2)", y: drop }
    conflicts: text
    duplicate_keys: last
    compression: snappy
    rejects_max: 1%
    line_max: 1MiB
    depth_max: 16
    columns_max: 500
    rewrite_max: 0
    on_widen: quarantine
marts:
  m:
    sql: |
      select type, count(*) as n   -- all of them
      from t group by type;
    description: Counts
    refresh: 1h
    checks:
      not_null: type
      unique: [type]
      min_rows: 1
      accepted_values: { type: [PushEvent, 1, true] }
      expression: [n > 0, n < 100]
engine: { threads: 2, memory: 1GiB }
watch: { host: 0.0.0.0, port: 0 }
ca: env:CA_PEM
gc: { retention: 30d, versions: 5 }
cache: { directory: /var/cache/gha, max: 1GiB }
`);
    const source = project.sources.get("a") ?? assert.fail();
    const at = parseIntervalId("2015-03-01-05") ?? assert.fail();
    assert.deepEqual(
      source.locations.map(({ base, kind, pattern }) => [kind, base, formatKey(pattern, at)]),
      [
        ["http", "https://data.gharchive.org", "2015-03-01-5.json.gz"],
        ["directory", "/mnt/share", "2015/030105.gz"],
        ["directory", "/p/incoming", "2015-03-01-5.gz"],
      ],
    );
    assert.equal(formatKey(source.object, at), "a/20150301/05.gz");
    assert.deepEqual(source.since, { kind: "at", ms: Date.parse("2015-01-01T05:00Z"), text: "2015-01-01T05" });
    assert.equal(source.untilMs, Date.parse("2016-01-01"));
    assert.deepEqual(
      [
        source.settleMs,
        source.retry,
        source.max,
        source.bytesPerSecond,
        source.requestsPerSecond,
        source.order,
        source.proxy,
      ],
      [0, 2, 10, 20_000_000, 0.5, "newest", "none"],
    );
    assert.deepEqual(source.ca, { kind: "file", path: "/p/certs/ca.pem" });
    assert.equal(source.keepMs, 400 * 86_400_000);
    assert.deepEqual(source.timeouts, { connectMs: 1_000, headersMs: 30_000, idleMs: 60_000, totalMs: 3_600_000 });
    assert.deepEqual(source.knownMissing, [
      { startMs: Date.parse("2015-02-01"), endMs: Date.parse("2015-02-02") },
      { startMs: Date.parse("2015-03-01T05:00Z"), endMs: Date.parse("2015-03-01T07:00Z") },
    ]);
    const daily = project.sources.get("d") ?? assert.fail();
    assert.equal(daily.object.text, "d/{yyyy}/{MM}/{dd}.json.gz");
    assert.equal(daily.locations[0]?.base, "/mnt/daily");
    assert.equal(daily.ca, undefined);
    assert.deepEqual(project.sources.get("e")?.ca, { kind: "env", name: "CA_PEM" });
    const table = project.tables.get("t") ?? assert.fail();
    assert.deepEqual(
      [...table.columns].map(([path, type]) => [path, type.kind]),
      [
        ["created_at", "timestamp"],
        ["payload.commits.[].sha", "string"],
        ["x", "decimal"],
        ["y", "drop"],
      ],
    );
    assert.deepEqual(project.marts.get("m"), {
      name: "m",
      sql: "select type, count(*) as n   -- all of them\nfrom t group by type",
      statements: {
        duckdb: "select type, count(*) as n   -- all of them\nfrom t group by type",
        spark: "select type, count(*) as n   -- all of them\nfrom t group by type",
      },
      projection: undefined,
      description: "Counts",
      refresh: { kind: "every", ms: 3_600_000 },
      checks: [
        { kind: "not_null", columns: ["type"] },
        { kind: "unique", columns: ["type"] },
        { kind: "min_rows", rows: 1 },
        { kind: "accepted_values", column: "type", values: ["PushEvent", 1, true] },
        { kind: "expression", sql: "n > 0" },
        { kind: "expression", sql: "n < 100" },
      ],
      format: "parquet",
      hasOwnConditions: false,
      database: undefined,
    });
    assert.deepEqual(project.lake.tables, { kind: "directory", path: "/tables", name: "../tables" });
    assert.deepEqual(project.engine, { kind: "duckdb", threads: 2, memoryBytes: 1_073_741_824 });
    assert.deepEqual(project.watch, { host: "0.0.0.0", port: 0 });
    assert.deepEqual(project.gc, { retentionMs: 30 * 86_400_000, versions: 5 });
    assert.deepEqual(project.cache, { directory: "/var/cache/gha", bytesMax: 1_073_741_824 });
  });

  it("keeps a comment at the end of select from swallowing from", () => {
    const project = read(
      `sources: { a: { url: "${url}" } }\ntables: { t: { from: a } }\nmarts: { m: { select: "type -- kind", from: t } }`,
    );
    assert.equal(project.marts.get("m")?.sql, "select type -- kind\nfrom t");
  });
});

describe("layers", () => {
  const text = `
sources:
  a: { url: "${url}", since: 2d, headers: { X-One: "1" } }
  my__src: { url: "${url}" }
tables: { t: { from: a } }
targets:
  prod:
    lake: { raw: /prod/raw }
    sources: { a: { since: 3d, headers: { X-Two: "2" } } }
    engine: { threads: 2 }
`;
  const target = { name: "prod", chosenBy: "--target" };
  const sinceOf = (project: Project): string | undefined => project.sources.get("a")?.since.text;

  it("go flag, environment, target, file, default", () => {
    const environment = { MILLRACE_SOURCES__A__SINCE: "4d" };
    const overrides = [{ flag: "--since", path: "sources.*.since", value: "5d" }];
    assert.equal(read(text).sources.get("my__src")?.since.text, "7d");
    assert.equal(sinceOf(read(text)), "2d");
    assert.equal(sinceOf(read(text, { target })), "3d");
    assert.equal(sinceOf(read(text, { target, environment })), "4d");
    assert.equal(sinceOf(read(text, { environment })), "4d");
    const flagged = read(text, { target, environment, overrides });
    assert.equal(sinceOf(flagged), "5d");
    assert.equal(flagged.sources.get("my__src")?.since.text, "5d");
  });

  it("a target merges mappings and replaces everything else", () => {
    const project = read(text, { target });
    assert.equal(project.target, "prod");
    assert.deepEqual([...(project.sources.get("a")?.headers.keys() ?? [])], ["X-One", "X-Two"]);
    assert.equal(pathOf(project.lake.raw), "/prod/raw");
    assert.equal(pathOf(project.lake.tables), "/p/lake/tables");
    assert.partialDeepStrictEqual(project.engine, { kind: "duckdb", threads: 2 });
    assert.partialDeepStrictEqual(read(text).engine, { threads: 0 });
  });

  it("variables reach every kind of value", () => {
    const project = read(text, {
      environment: {
        MILLRACE_NAME: "other",
        MILLRACE_LAKE__MARTS: "/env/marts",
        MILLRACE_SOURCES__A__KNOWN_MISSING: "[2020-01-01, 2020-02-01]",
        MILLRACE_SOURCES__A__URL: `["${url}", "https://mirror.example.org/{yyyy}{MM}{dd}{HH}"]`,
        MILLRACE_SOURCES__A__TIMEOUTS__IDLE: "5s",
        MILLRACE_SOURCES__MY__SRC__PARALLEL: "1",
        MILLRACE_TABLES__T: '{"conflicts": "text", "columns": {"a.b": "json"}}',
        MILLRACE_WATCH__PORT: "0",
        MILLRACE_ENGINE__MEMORY: "",
      },
    });
    assert.equal(project.name, "other");
    assert.equal(pathOf(project.lake.marts), "/env/marts");
    const source = project.sources.get("a") ?? assert.fail();
    assert.equal(source.knownMissing.length, 2);
    assert.equal(source.locations.length, 2);
    assert.equal(source.timeouts.idleMs, 5_000);
    assert.equal(project.sources.get("my__src")?.parallel, 1);
    assert.equal(project.tables.get("t")?.conflicts, "text");
    assert.deepEqual([...(project.tables.get("t")?.columns.keys() ?? [])], ["a.b"]);
    assert.equal(project.watch.port, 0);
  });

  it("leave alone what is not theirs", () => {
    const environment = {
      HOME: "/root",
      MILLRACE_LOG: "json",
      MILLRACE_TARGET: "prod",
      // What Kubernetes sets in a pod beside services named millrace and millrace-watch.
      MILLRACE_SERVICE_HOST: "10.0.0.1",
      MILLRACE_SERVICE_PORT: "80",
      MILLRACE_SERVICE_PORT_METRICS: "9464",
      MILLRACE_PORT: "tcp://10.0.0.1:80",
      MILLRACE_PORT_80_TCP: "tcp://10.0.0.1:80",
      MILLRACE_PORT_80_TCP_ADDR: "10.0.0.1",
      MILLRACE_WATCH_SERVICE_HOST: "10.0.0.2",
      MILLRACE_WATCH_PORT_9464_TCP_PROTO: "tcp",
    };
    assert.equal(read(text, { environment }).target, undefined);
  });

  it("leave alone what the project itself asks for", () => {
    const environment = { MILLRACE_SAMPLE_URL: "http://127.0.0.1:80", MILLRACE_TOKEN: "x" };
    const asking = `sources: { a: { url: "\${MILLRACE_SAMPLE_URL}/{yyyy}{MM}{dd}{HH}", headers: { Authorization: env:MILLRACE_TOKEN } } }`;
    assert.equal(read(asking, { environment }).sources.get("a")?.locations[0]?.base, "http://127.0.0.1:80");
    assert.throws(() => read(text, { environment }), /MILLRACE_SAMPLE_URL: no such option/);
  });

  it("a flag's mistake is the flag's", () => {
    assert.throws(
      () => read(text, { overrides: [{ flag: "--since", path: "sources.a.since", value: "soon" }] }),
      (error) =>
        error instanceof Failure &&
        error.message === '--since: expected a look-back such as 7d, or an instant such as 2015-01-01, got "soon"',
    );
  });

  it("a value that the environment replaces is not judged", () => {
    const project = read(`sources: { a: { url: "${url}", since: "\${UNSET}" } }`, {
      environment: { MILLRACE_SOURCES__A__SINCE: "1d" },
    });
    assert.equal(sinceOf(project), "1d");
  });
});

describe("a project made in memory", () => {
  it("is judged like a file, without lines", () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.sources = cyclic;
    const table: readonly (readonly [unknown, string])[] = [
      [{ sources: { a: { url, sinc: "7d" } } }, "sources.a.sinc: unknown key"],
      [
        { sources: { a: { url, since: () => 1 } } },
        "sources.a.since: expected a text, number, boolean, list or mapping, got a function",
      ],
      [undefined, "project: expected a text, number, boolean, list or mapping, got a undefined"],
      [7, "project: expected a mapping with keys such as sources, tables and marts"],
    ];
    for (const [value, message] of table) {
      assert.throws(
        () => normalizeProject(value, around),
        (error) =>
          error instanceof Failure &&
          error.kind === "usage" &&
          error.message === message &&
          error.detail.place === undefined,
        message,
      );
    }
    assert.throws(() => normalizeProject(cyclic, around), /nested too deep/);
  });
});
