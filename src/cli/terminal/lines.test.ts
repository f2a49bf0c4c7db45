import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { hostile } from "../../../test/cli/fixtures.ts";
import { assertGolden } from "../../../test/cli/golden.ts";
import type { Event } from "../../model/events.ts";
import { eventRecord, jsonText } from "./json-lines.ts";
import { eventLine, isAlarming } from "./lines.ts";

const atMs = Date.parse("2026-03-27T12:00:05Z");
const hour = "gharchive@2026-03-27-11";
const partition = "events@2026-03-27-11";

const events: readonly Event[] = [
  { code: "pass.start", since: "2026-03-20T00:00:00.000Z", until: "2026-03-27T12:00:00.000Z" },
  { code: "item.skipped", stage: "collect", name: "gharchive", items: 167, reason: "up to date" },
  { code: "stage.start", stage: "collect", items: 2 },
  { code: "fetch.start", key: hour, url: "https://data.gharchive.org/2026-03-27-11.json.gz" },
  { code: "fetch.progress", key: hour, bytes: 1_000, total: 17_800_000 },
  { code: "fetch.done", key: hour, bytes: 17_800_000, ms: 610, revision: 1, tries: 1, resumed: 0 },
  { code: "fetch.done", key: hour, bytes: 17_800_000, ms: 610, revision: 2, tries: 3, resumed: 500 },
  { code: "fetch.unchanged", key: hour },
  { code: "fetch.failed", key: hour, reason: "connection refused", kind: "unavailable" },
  { code: "raw.adopted", key: hour, bytes: 17_800_000 },
  { code: "source.pending", key: hour, ageMs: 720_000, settleMs: 21_600_000, nextAt: "2026-03-27T12:05:00.000Z" },
  { code: "source.gap", key: hour, ageMs: 205_200_000, nextAt: "2026-03-27T13:00:00.000Z" },
  { code: "convert.start", key: partition, reason: "new" },
  { code: "convert.done", key: partition, rows: 48_000, rejected: 3, bytesIn: 1, bytes: 19_000_000, ms: 2_130 },
  { code: "convert.held", key: partition, reason: "too many rejected lines" },
  { code: "convert.failed", key: partition, reason: "no room", kind: "full" },
  { code: "schema.published", table: "events", version: 7, columns: 1204, added: 3, widened: 1 },
  { code: "mart.start", key: "activity", reason: "inputs", inputs: 27 },
  { code: "mart.published", key: "activity", version: "v000000000012-9f3c21ab", rows: 48_000, bytes: 900_000, ms: 930 },
  { code: "mart.held", key: "activity", reason: "min_rows: 0 rows" },
  { code: "mart.failed", key: "activity", reason: "division by zero", kind: "application" },
  {
    ...{ code: "mart.registered", key: "activity", name: "gha.activity", number: 12 },
    ...{ version: "v000000000012-9f3c21ab", ms: 31 },
  },
  { code: "table.progress", key: "events", done: 1000, total: 10_000 },
  { code: "table.registered", key: "events", added: 10_000, removed: 2, ms: 4_200 },
  { code: "catalog.failed", name: "metastore m:9083", reason: "does not answer", kind: "unavailable" },
  { code: "catalog.tested", name: "Hive Metastore 4.0.0 at m:9083", findings: 4, ms: 900 },
  { code: "sweep.done", place: "raw", removed: 2 },
  { code: "store.tested", place: "s3://gha-raw", tests: 22, ms: 1903 },
  {
    code: "stage.done",
    stage: "convert",
    items: 24,
    failed: 1,
    bytes: 19_000_000,
    rows: 48_000,
    rejected: 3,
    ms: 2_130,
  },
  { code: "pass.done", ms: 4_100, done: 50, failed: 2, waiting: 1 },
  { code: "pass.sleep", until: "2026-03-27T12:05:00.000Z" },
];

/** The line of `--log json`. */
function eventJson(event: Event, at: number): string | undefined {
  const record = eventRecord(event, at);
  return record === undefined ? undefined : jsonText(record);
}

test("lines of events", () => {
  assertGolden(
    "golden/lines.txt",
    events.flatMap((event) => eventLine(event, atMs) ?? []),
  );
});

test("JSON lines of events", () => {
  const lines = events.flatMap((event) => eventJson(event, atMs) ?? []);
  for (const line of lines) assert.equal(JSON.parse(line).at, "2026-03-27T12:00:05Z");
  assertGolden("golden/json-lines.txt", lines);
});

test("the picture of the design", () => {
  const [, , , , , done] = events;
  assert.ok(done);
  assert.equal(eventLine(done, atMs), "2026-03-27T12:00:05Z fetch.done gharchive@2026-03-27-11 17.8 MB 0.61 s");
});

test("hostile reasons stay in their line, in both forms", () => {
  const event: Event = { code: "fetch.failed", key: hour, reason: hostile, kind: "unavailable" };
  for (const line of [eventLine(event, atMs), eventJson(event, atMs)])
    assert.doesNotMatch(line ?? "", /[\p{Cc}\u202e]/u);
  assert.equal(JSON.parse(eventJson(event, atMs) ?? "").reason, hostile);
});

test("what needs a person is told even when quiet", () => {
  assert.deepEqual(
    events.filter(isAlarming).map((event) => event.code),
    ["fetch.failed", "source.gap", "convert.held", "convert.failed", "mart.held", "mart.failed", "catalog.failed"],
  );
});

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);

test(`JSON on a terminal is harmless and means the same (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const json = jsonText({ [text]: text });
      assert.doesNotMatch(json, /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify({ [text]: text })));
    }),
    { seed, numRuns: Number(process.env.FC_RUNS ?? 300) },
  );
});
