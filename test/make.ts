/** Complete settings for tests, from which a test changes what it is about. */

import { parseKeyPattern } from "../src/model/key-pattern.ts";
import type { MartSettings, Project, SourceSettings, TableSettings } from "../src/model/project.ts";
import { settingsFingerprint } from "../src/model/settings-fingerprint.ts";
import type { PartitionSeen, RawSeen } from "../src/reconcile/seen.ts";

export const hourOf = (id: string): number => Date.parse(`${id.slice(0, 10)}T${id.slice(11)}:00:00Z`);

export function makeSource(changes: Partial<SourceSettings> = {}): SourceSettings {
  return {
    name: "gharchive",
    locations: [
      {
        base: "http://127.0.0.1:1",
        pattern: parseKeyPattern("{yyyy}-{MM}-{dd}-{H}.json.gz", "hour", "source"),
        kind: "http",
      },
    ],
    object: parseKeyPattern("gharchive/{yyyy}/{MM}/{dd}/{HH}.json.gz", "hour"),
    every: "hour",
    since: { kind: "at", ms: Date.parse("2026-03-01T00:00:00Z"), text: "2026-03-01" },
    untilMs: undefined,
    settleMs: 6 * 3_600_000,
    intervalMs: 300_000,
    retry: 2,
    max: undefined,
    parallel: 4,
    bytesPerSecond: undefined,
    requestsPerSecond: undefined,
    order: "oldest",
    headers: new Map(),
    ca: undefined,
    proxy: "none",
    timeouts: { connectMs: 2_000, headersMs: 5_000, idleMs: 5_000, totalMs: 60_000 },
    expandedBytesMax: 8 * 1024 ** 3,
    ratioMax: 200,
    knownMissing: [],
    recheckMs: 0,
    keepMs: undefined,
    ...changes,
  };
}

export function makeTable(changes: Partial<TableSettings> = {}): TableSettings {
  return {
    name: "events",
    from: "gharchive",
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
    lineBytesMax: 32 * 1024 * 1024,
    depthMax: 128,
    columnsMax: 10_000,
    rewriteMax: 200,
    onWiden: "ask",
    ...changes,
  };
}

export function makeMart(changes: Partial<MartSettings> = {}): MartSettings {
  const { sql = "select type from events" } = changes;
  return {
    name: "activity",
    sql,
    statements: { duckdb: sql, spark: sql },
    projection: { select: "type", from: "events" },
    description: undefined,
    refresh: { kind: "on_change" },
    checks: [],
    format: "parquet",
    hasOwnConditions: false,
    database: undefined,
    ...changes,
  };
}

export function makeProject(
  directory: string,
  parts: { sources?: readonly SourceSettings[]; tables?: readonly TableSettings[]; marts?: readonly MartSettings[] },
): Project {
  const byName = <T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> =>
    new Map(items.map((item) => [item.name, item]));
  const place = (name: string) =>
    ({ kind: "directory", path: `${directory}/lake/${name}`, name: `lake/${name}` }) as const;
  return {
    name: "test",
    file: undefined,
    directory,
    target: undefined,
    lake: { raw: place("raw"), tables: place("tables"), marts: place("marts"), writers: "several" },
    sources: byName(parts.sources ?? [makeSource()]),
    tables: byName(parts.tables ?? [makeTable()]),
    marts: byName(parts.marts ?? []),
    engine: { kind: "duckdb", threads: 2, memoryBytes: 1024 ** 3 },
    watch: { host: "127.0.0.1", port: 0 },
    gc: { retentionMs: 7 * 24 * 3_600_000, versions: 2 },
    cache: { directory: `${directory}/.millrace/cache`, bytesMax: 10e9 },
    catalog: { kind: "embedded" },
  };
}

export function makeRaw(id: string, changes: Partial<RawSeen> = {}): RawSeen {
  return {
    key: `gharchive/${id.replaceAll("-", "/")}.json.gz`,
    size: 1000,
    token: `raw-${id}`,
    facts: { sha256: sha(id), revision: 1, verified: true },
    ...changes,
  };
}

export const sha = (text: string): string => Buffer.from(text.padEnd(32, "0")).toString("hex").slice(0, 64);

export function makePartition(
  id: string,
  changes: Partial<PartitionSeen["facts"]> = {},
  table: TableSettings = makeTable(),
): PartitionSeen {
  return {
    size: 500,
    token: `partition-${id}`,
    facts: {
      rawSha256: sha(id),
      rawRevision: 1,
      rows: 10,
      rejected: 0,
      converter: "native/1",
      settings: settingsFingerprint(table),
      standIns: [],
      checked: 0,
      narrow: [],
      ...changes,
    },
  };
}
