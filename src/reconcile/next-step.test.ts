import assert from "node:assert/strict";
import test, { describe } from "node:test";
import fc from "fast-check";
import { hourOf, makeMart, makePartition, makeRaw, makeSource, makeTable } from "../../test/make.ts";
import { hourMs, intervalId } from "../model/calendar.ts";
import type { MartSettings, SourceSettings, TableSettings } from "../model/project.ts";
import type { Schema } from "../model/schema.ts";
import { emptyTable } from "../model/table-document.ts";
import type { Attempt } from "./attempts.ts";
import { unsettledOf } from "./convert-steps.ts";
import { nextSteps } from "./next-step.ts";
import type { PlanOptions } from "./plan.ts";
import type { PartitionSeen, RawSeen, Seen } from "./seen.ts";
import { tableInput } from "./table-input.ts";

const options: PlanOptions = { converter: "native/1" };

interface World {
  readonly now?: string;
  readonly source?: SourceSettings;
  readonly table?: TableSettings;
  readonly mart?: MartSettings;
  readonly raw?: readonly (string | readonly [string, RawSeen])[];
  readonly partitions?: readonly (string | readonly [string, PartitionSeen])[];
  readonly attempts?: Readonly<Record<string, Attempt>>;
  readonly schema?: Schema;
  readonly widenings?: number;
}

function world(parts: World): Seen {
  const source = parts.source ?? makeSource();
  const table = parts.table ?? makeTable();
  const widening = {
    path: "n",
    from: { kind: "int64" },
    to: { kind: "double" },
    src: "2026-03-01-02",
    line: 7,
    offset: 70,
    value: "1.5",
  } as const;
  return {
    atMs: Date.parse(parts.now ?? "2026-03-01T04:10:00Z"),
    sources: new Map([
      [
        source.name,
        {
          settings: source,
          raw: new Map(
            (parts.raw ?? []).map((item) =>
              typeof item === "string" ? [hourOf(item), makeRaw(item)] : [hourOf(item[0]), item[1]],
            ),
          ),
          unadopted: new Set(
            (parts.raw ?? []).flatMap((item) =>
              typeof item !== "string" && item[1].facts === undefined ? [hourOf(item[0])] : [],
            ),
          ),
          acknowledged: [],
        },
      ],
    ]),
    tables: new Map([
      [
        table.name,
        {
          settings: table,
          schema:
            parts.schema === undefined
              ? undefined
              : {
                  version: 1,
                  complete: true,
                  state: {
                    ...emptyTable,
                    schema: parts.schema,
                    widenings: Array.from({ length: parts.widenings ?? 0 }, () => widening),
                  },
                },
          partitions: new Map(
            (parts.partitions ?? []).map((item) =>
              typeof item === "string" ? [hourOf(item), makePartition(item, {}, table)] : [hourOf(item[0]), item[1]],
            ),
          ),
        },
      ],
    ]),
    marts:
      parts.mart === undefined ? new Map() : new Map([[parts.mart.name, { settings: parts.mart, current: undefined }]]),
    attempts: new Map(Object.entries(parts.attempts ?? {})),
  };
}

const brief = (seen: Seen, plan: PlanOptions = options): string[] =>
  nextSteps(seen, plan).steps.map((step) =>
    step.kind === "mart"
      ? `mart ${step.mart}: ${step.reason.kind}`
      : step.kind === "adopt"
        ? `adopt ${intervalId(step.interval)}`
        : step.kind === "register"
          ? `register ${step.mart}: ${step.reason.kind}`
          : step.kind === "register-table"
            ? `register table ${step.table}: ${step.define ?? "as it is"} +${step.add.length} -${step.remove.length}`
            : `${step.kind} ${intervalId(step.interval)}: ${step.kind === "collect" ? step.reason : step.reason.kind}`,
  );

const waits = (seen: Seen, plan: PlanOptions = options): string[] =>
  nextSteps(seen, plan).waiting.map(
    (item) =>
      `${item.kind} ${"key" in item ? item.key : "table" in item ? item.table : item.kind === "catalog" ? `${item.name} ${item.failure}` : `${item.mart} ${item.reason}`}`,
  );

const attempt = (kind: Attempt["kind"], nextAt: string, more: Partial<Attempt> = {}): Attempt => ({
  kind,
  tries: 1,
  lastMs: 0,
  nextMs: Date.parse(nextAt),
  reason: "because",
  ...more,
});

test("every ended hour since the look-back that is not stored is fetched, oldest first", () => {
  assert.deepEqual(brief(world({ raw: ["2026-03-01-01"], partitions: ["2026-03-01-01"] })), [
    "collect 2026-03-01-00: missing",
    "collect 2026-03-01-02: missing",
    "collect 2026-03-01-03: missing",
  ]);
});

test("order: newest turns it round, max bounds it", () => {
  assert.deepEqual(brief(world({ source: makeSource({ order: "newest", max: 2 }) })), [
    "collect 2026-03-01-03: missing",
    "collect 2026-03-01-02: missing",
  ]);
  assert.deepEqual(brief(world({}), { ...options, max: 1 }), ["collect 2026-03-01-00: missing"]);
});

test("a young miss is pending until its time has come, then asked for again", () => {
  const seen = (now: string) =>
    world({
      now,
      raw: ["2026-03-01-00", "2026-03-01-01", "2026-03-01-02"],
      partitions: ["2026-03-01-00", "2026-03-01-01", "2026-03-01-02"],
      attempts: { "collect gharchive@2026-03-01-03": attempt("pending", "2026-03-01T04:15:00Z") },
    });
  assert.deepEqual(brief(seen("2026-03-01T04:10:00Z")), []);
  assert.deepEqual(waits(seen("2026-03-01T04:10:00Z")), ["pending gharchive@2026-03-01-03"]);
  assert.deepEqual(brief(seen("2026-03-01T04:15:00Z")), ["collect 2026-03-01-03: pending"]);
});

test("an old miss is a gap that stays visible, also while it is asked for again", () => {
  const seen = (now: string) =>
    world({
      now,
      source: makeSource({ untilMs: hourOf("2026-03-01-01") }),
      attempts: { "collect gharchive@2026-03-01-00": attempt("gap", "2026-03-01T09:00:00Z") },
    });
  assert.deepEqual(brief(seen("2026-03-01T08:00:00Z")), []);
  assert.deepEqual(waits(seen("2026-03-01T08:00:00Z")), ["gap gharchive@2026-03-01-00"]);
  assert.deepEqual(brief(seen("2026-03-01T09:00:00Z")), ["collect 2026-03-01-00: gap"]);
  assert.deepEqual(waits(seen("2026-03-01T09:00:00Z")), ["gap gharchive@2026-03-01-00"]);
});

test("known and acknowledged holes are neither fetched nor reported", () => {
  const range = { startMs: hourOf("2026-03-01-00"), endMs: hourOf("2026-03-01-04") };
  assert.deepEqual(brief(world({ source: makeSource({ knownMissing: [range] }) })), []);
  assert.deepEqual(
    waits(world({ source: makeSource({ knownMissing: [range] }), now: "2026-03-02T00:00:00Z" })).filter(
      (line) => line.includes("2026-03-01-0") && /-0[0-3]$/.test(line),
    ),
    [],
  );
});

test("a hole between the first stored object and the look-back is a gap, not fetched by itself", () => {
  const seen = world({
    source: makeSource({ since: { kind: "at", ms: hourOf("2026-03-01-03"), text: "" } }),
    raw: ["2026-03-01-00", "2026-03-01-02", "2026-03-01-03"],
    partitions: ["2026-03-01-00", "2026-03-01-02", "2026-03-01-03"],
    now: "2026-03-01T12:00:00Z",
  });
  const plan = nextSteps(
    { ...seen, atMs: Date.parse("2026-03-01T04:10:00Z") + 6 * hourMs },
    { ...options, untilMs: hourOf("2026-03-01-04") },
  );
  assert.deepEqual(plan.steps, []);
  assert.deepEqual(
    plan.waiting.map((item) => (item.kind === "gap" ? [item.key, item.nextMs] : [])),
    [["gharchive@2026-03-01-01", undefined]],
  );
});

test("an object without a receipt is adopted, never fetched", () => {
  const seen = world({ raw: [["2026-03-01-00", makeRaw("2026-03-01-00", { facts: undefined })]] });
  assert.equal(brief(seen)[0], "adopt 2026-03-01-00");
});

test("a partition is due when absent, from another revision, by other settings or another converter", () => {
  const seen = world({
    raw: [
      "2026-03-01-00",
      ["2026-03-01-01", makeRaw("2026-03-01-01", { facts: { sha256: "f".repeat(64), revision: 2, verified: true } })],
      "2026-03-01-02",
      "2026-03-01-03",
    ],
    partitions: [
      "2026-03-01-01",
      ["2026-03-01-02", makePartition("2026-03-01-02", { settings: "other" })],
      ["2026-03-01-03", makePartition("2026-03-01-03", { converter: "native/0" })],
    ],
  });
  assert.deepEqual(brief(seen), [
    "convert 2026-03-01-00: new",
    "convert 2026-03-01-01: revision",
    "convert 2026-03-01-02: settings",
    "convert 2026-03-01-03: converter",
  ]);
});

test("a stand-in is due once the table knows its type, a narrower type at once, and marts wait for both", () => {
  const standIns = [{ path: "labels", seen: "list" }] as const;
  const ids = ["2026-03-01-00", "2026-03-01-01", "2026-03-01-02", "2026-03-01-03"];
  const unknown: Schema = { fields: [{ name: "labels", type: { kind: "list", element: { kind: "null" } } }] };
  const known: Schema = {
    fields: [
      {
        name: "labels",
        type: { kind: "list", element: { kind: "struct", fields: [{ name: "a", type: { kind: "int64" } }] } },
      },
    ],
  };
  const partitions = [
    ["2026-03-01-00", makePartition("2026-03-01-00", { standIns })],
    ["2026-03-01-01", makePartition("2026-03-01-01", { narrow: ["n"] })],
    "2026-03-01-02",
    "2026-03-01-03",
  ] as const;
  const before = world({ raw: ids, partitions, schema: unknown, mart: makeMart() });
  assert.deepEqual(brief(before), ["convert 2026-03-01-01: widened", "mart activity: new"]);
  const after = world({ raw: ids, partitions, schema: known, mart: makeMart() });
  assert.deepEqual(brief(after, { ...options, only: "convert" }), [
    "convert 2026-03-01-00: stand-in",
    "convert 2026-03-01-01: widened",
  ]);
  assert.deepEqual(waits(after, { ...options, only: "marts" }), ["mart activity widening"]);
});

test("partitions that were not compared with the newest widening are unsettled", () => {
  const seen = world({ raw: ["2026-03-01-00"], partitions: ["2026-03-01-00"], schema: { fields: [] }, widenings: 1 });
  const table = seen.tables.get("events");
  assert.ok(table !== undefined);
  const unsettled = unsettledOf(table);
  assert.equal(unsettled.left, 1);
  assert.deepEqual([...unsettled.paths], ["n"]);
});

test("more re-conversions than rewrite_max wait for consent", () => {
  const ids = ["2026-03-01-00", "2026-03-01-01", "2026-03-01-02", "2026-03-01-03"];
  const partitions = ids.map((id) => [id, makePartition(id, { narrow: ["n"] })] as const);
  const seen = world({ raw: ids, partitions, table: makeTable({ rewriteMax: 3 }) });
  assert.deepEqual(brief(seen), []);
  const [rewrite] = nextSteps(seen, options).waiting;
  assert.ok(rewrite?.kind === "rewrite");
  assert.deepEqual([rewrite.partitions, rewrite.bytes, rewrite.limit, rewrite.paths], [4, 4000, 3, ["n"]]);
  assert.equal(brief(seen, { ...options, acceptRewrite: true }).length, 4);
  assert.equal(brief(world({ raw: ids, partitions, table: makeTable({ rewriteMax: 4 }) })).length, 4);
});

test("a held partition is tried again only when its basis changes or when asked", () => {
  const one = { source: makeSource({ untilMs: hourOf("2026-03-01-01") }), raw: ["2026-03-01-00"] };
  const first = nextSteps(world(one), options).steps[0];
  assert.ok(first?.kind === "convert");
  const basis = [
    makeRaw("2026-03-01-00").facts?.sha256,
    makePartition("2026-03-01-00").facts.settings,
    0.001,
    200,
    "ask",
  ].join(" ");
  const held = { "convert events@2026-03-01-00": attempt("held", "2099-01-01T00:00:00Z", { basis }) };
  assert.deepEqual(waits(world({ ...one, attempts: held })), ["held events@2026-03-01-00"]);
  assert.deepEqual(brief(world({ ...one, attempts: held, table: makeTable({ rejectsMax: 0.5 }) })), [
    "convert 2026-03-01-00: new",
  ]);
  assert.deepEqual(brief(world({ ...one, attempts: held }), { ...options, rerun: true, only: "convert" }), [
    "convert 2026-03-01-00: asked",
  ]);
});

test("a failed item backs off and says so", () => {
  const failed = {
    "collect gharchive@2026-03-01-00": attempt("failure", "2026-03-01T05:00:00Z", { failure: "unavailable" }),
  };
  const seen = (now: string) =>
    world({ source: makeSource({ untilMs: hourOf("2026-03-01-01") }), attempts: failed, now });
  assert.deepEqual(waits(seen("2026-03-01T04:10:00Z")), ["failed gharchive@2026-03-01-00"]);
  assert.deepEqual(brief(seen("2026-03-01T05:00:00Z")), ["collect 2026-03-01-00: failed"]);
});

test("a mart waits for data, and for nothing else that is not its own", () => {
  assert.deepEqual(waits(world({ mart: makeMart() }), { ...options, only: "marts" }), ["mart activity empty"]);
  const manual = makeMart({ refresh: { kind: "manual" } });
  const stored = { raw: ["2026-03-01-00"], partitions: ["2026-03-01-00"], schema: { fields: [] } };
  assert.deepEqual(waits(world({ mart: manual, ...stored }), { ...options, only: "marts" }), ["mart activity manual"]);
  assert.deepEqual(brief(world({ mart: manual, ...stored }), { ...options, only: "marts", rerun: true }), [
    "mart activity: asked",
  ]);
});

test("a published mart is due when its statement, its inputs or its schema change", () => {
  const mart = makeMart();
  const seen = world({
    mart,
    raw: ["2026-03-01-00"],
    partitions: ["2026-03-01-00"],
    schema: { fields: [] },
    source: makeSource({ untilMs: hourOf("2026-03-01-01") }),
  });
  const table = seen.tables.get("events");
  assert.ok(table !== undefined);
  const manifest = {
    format: 1,
    mart: "activity",
    version: "v",
    publishId: "p",
    parent: 0,
    at: "2026-03-01T04:00:00Z",
    sql: mart.sql,
    engine: "duckdb",
    rows: 1,
    columns: [],
    files: [],
    inputs: [tableInput(table)],
  } as const;
  const current = {
    number: 1,
    record: { kind: "publish", version: "v", publishId: "p", parent: 0, at: "", manifestSha256: "" },
    manifest,
  } as const;
  const published = (settings: MartSettings, changes: object = {}): Seen => ({
    ...seen,
    marts: new Map([["activity", { settings, current: { ...current, manifest: { ...manifest, ...changes } } }]]),
  });
  assert.deepEqual(brief(published(mart)), []);
  const changed = makeMart({ sql: "select 1" });
  assert.deepEqual(brief(published(changed)), ["mart activity: sql"]);
  // Another engine made it, of its own statement, which means the same.
  const onSpark = { ...changed, statements: { duckdb: mart.sql, spark: "select 1" } };
  assert.deepEqual(brief(published(onSpark)), []);
  assert.deepEqual(brief(published(onSpark, { engine: "spark" })), ["mart activity: sql"]);
  assert.deepEqual(brief(published(onSpark, { engine: "spark", sql: "select 1" })), []);
  assert.deepEqual(brief(published(mart, { inputs: [{ ...tableInput(table), digest: "other" }] })), [
    "mart activity: inputs",
  ]);
  assert.deepEqual(brief(published(mart, { inputs: [{ ...tableInput(table), schemaFingerprint: "other" }] })), [
    "mart activity: schema",
  ]);
  const slow = { ...mart, refresh: { kind: "every", ms: 24 * hourMs } } as const;
  assert.deepEqual(waits(published(slow, { inputs: [{ ...tableInput(table), digest: "other" }] })), [
    "mart activity interval",
  ]);
});

describe("keep", () => {
  const source = makeSource({ keepMs: 24 * hourMs });
  const hours = ["2026-03-01-00", "2026-03-01-01", "2026-03-01-02", "2026-03-01-03"];
  // The hours 00 and 01 have expired, 02 and 03 have not.
  const now = "2026-03-02T02:30:00Z";
  const later = makeSource({ keepMs: 24 * hourMs, untilMs: hourOf("2026-03-01-04") });

  test("what has expired is neither due nor pending nor a gap, and its partition is not stale", () => {
    const seen = world({ now, source: later, raw: hours.slice(2), partitions: hours });
    assert.deepEqual(brief(seen), []);
    assert.deepEqual(waits(seen), []);
    // Other settings make the partitions of stored hours stale, and only those.
    const stale = { ...options, converter: "native/2" };
    assert.deepEqual(brief(seen, stale), ["convert 2026-03-01-02: converter", "convert 2026-03-01-03: converter"]);
  });

  test("a gap ends when its hour expires, also between stored hours that are older", () => {
    const attempts = { "collect gharchive@2026-03-01-01": attempt("gap", "2026-03-09T00:00:00Z", { tries: 5 }) };
    const raw = ["2026-03-01-00", "2026-03-01-02", "2026-03-01-03"];
    const gap = world({ now: "2026-03-02T01:59:59Z", source: later, raw, partitions: raw, attempts });
    assert.deepEqual(waits(gap), ["gap gharchive@2026-03-01-01"]);
    const expired = world({ now, source: later, raw, partitions: raw, attempts });
    assert.deepEqual([brief(expired), waits(expired)], [[], []]);
  });

  test("nobody fetches what has expired: not since, not rerun, not recheck", () => {
    const eager = { ...later, recheckMs: 1000 * hourMs };
    const asked = { ...options, sinceMs: hourOf("2026-03-01-00"), rerun: true, only: "collect" } as const;
    const seen = world({ now, source: eager, raw: ["2026-03-01-00"], partitions: [] });
    assert.deepEqual(brief(seen, asked), ["collect 2026-03-01-02: missing", "collect 2026-03-01-03: missing"]);
  });

  test("what has expired and is still stored goes on to the table", () => {
    const adopted = ["2026-03-01-01", makeRaw("2026-03-01-01", { facts: undefined })] as const;
    const seen = world({ now, source: later, raw: ["2026-03-01-00", adopted, ...hours.slice(2)] });
    assert.deepEqual(brief(seen), [
      "adopt 2026-03-01-01",
      "convert 2026-03-01-00: new",
      "convert 2026-03-01-02: new",
      "convert 2026-03-01-03: new",
    ]);
  });

  test("the end of the look-back moves on with the clock", () => {
    assert.equal(brief(world({ now, source }))[0], "collect 2026-03-01-02: missing");
    assert.equal(brief(world({ now: "2026-03-02T03:00:00Z", source }))[0], "collect 2026-03-01-03: missing");
  });
});

test("select narrows to items by name", () => {
  const only = (names: readonly string[]): PlanOptions => ({ ...options, select: (name) => names.includes(name) });
  assert.deepEqual(brief(world({}), only(["gharchive@2026-03-01-02"])), ["collect 2026-03-01-02: missing"]);
  assert.deepEqual(brief(world({ raw: ["2026-03-01-00"] }), only(["events@2026-03-01-00"])), [
    "convert 2026-03-01-00: new",
  ]);
});

test("property: what a plan says of an hour does not depend on the order in which hours were listed", () => {
  const ids = Array.from({ length: 12 }, (_, hour) => `2026-03-01-${String(hour).padStart(2, "0")}`);
  fc.assert(
    fc.property(fc.subarray(ids), fc.shuffledSubarray(ids), (stored, converted) => {
      const raw = stored.map((id) => id);
      const partitions = converted.filter((id) => stored.includes(id));
      const now = "2026-03-01T12:30:00Z";
      const one = brief(world({ now, raw, partitions })).sort();
      const other = brief(world({ now, raw: [...raw].reverse(), partitions: [...partitions].reverse() })).sort();
      assert.deepEqual(one, other);
      assert.equal(one.length, ids.length - partitions.length, "every hour without a partition has exactly one step");
    }),
  );
});
