import assert from "node:assert/strict";
import test, { describe } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/contract/property-runs.ts";
import { hourOf, makeMart, makePartition, makeSource, makeTable } from "../../test/make.ts";
import type { CatalogRecord, OwnRegistered, Registered, RegisteredTable } from "../catalog/contract.ts";
import { Failure } from "../errors.ts";
import { hourMs, intervalId } from "../model/calendar.ts";
import { versionName } from "../model/layout.ts";
import type { MartSettings } from "../model/project.ts";
import { tableFingerprint } from "../model/registration.ts";
import type { Schema } from "../model/schema.ts";
import { emptyTable } from "../model/table-document.ts";
import type { PublishedMart } from "../step/manifest.ts";
import { wantedFingerprint } from "../step/register.ts";
import { tableRegistration } from "../step/register-table.ts";
import type { Attempt } from "./attempts.ts";
import { nextSteps } from "./next-step.ts";
import { packedPartitions } from "./packed.ts";
import { exitCodeOfRun } from "./pass.ts";
import type { PlanOptions } from "./plan.ts";
import { registerReason, tableStep } from "./register-steps.ts";
import type { MartSeen, RegistrySeen, Seen, TableRegistered, TableSeen } from "./seen.ts";
import { tableInput } from "./table-input.ts";

const options: PlanOptions = { converter: "native/1", only: "marts" };
const schema: Schema = { fields: [{ name: "type", type: { kind: "string" } }] };

const table: TableSeen = {
  settings: makeTable(),
  schema: { version: 3, complete: true, state: { ...emptyTable, schema } },
  partitions: new Map([[hourOf("2026-03-01-02"), makePartition("2026-03-01-02")]]),
};

const version = (number: number): string => versionName(number, String(number).padStart(8, "0"));

function manifestOf(number: number, sql = makeMart().sql): PublishedMart["manifest"] {
  return {
    ...{ format: 1, mart: "activity", version: version(number), publishId: `p${number}`, parent: number - 1 },
    ...{ at: "2026-03-01T03:00:00Z", sql, engine: "duckdb", rows: 5, files: [] },
    columns: [{ name: "type", type: "string" }],
    inputs: [tableInput(table)],
  };
}

/** Published as record `number`, up to date. */
function published(number: number, more: Partial<CatalogRecord> = {}, shown = number): PublishedMart {
  const common = { version: version(shown), publishId: `p${number}`, parent: number - 1, at: "2026-03-01T03:00:00Z" };
  const { rollback, kind } = more;
  const flag = rollback === true ? ({ rollback } as const) : {};
  const record: CatalogRecord =
    kind === "fence"
      ? { kind: "fence", ...common, ...flag }
      : { kind: "publish", ...common, ...flag, manifestSha256: "0" };
  return { number, record, manifest: manifestOf(shown) };
}

function ours(number: number, more: Partial<OwnRegistered> = {}): OwnRegistered {
  const wanted = wantedFingerprint(makeMart(), manifestOf(number));
  return {
    ...{ kind: "ours", name: "test.activity", number, version: version(number), publishId: `p${number}` },
    ...{ fingerprint: wanted, fault: undefined, ...more },
  };
}

interface World {
  readonly current?: PublishedMart;
  readonly settings?: Partial<MartSettings>;
  readonly shown?: Registered;
  readonly registry?: RegistrySeen;
  readonly attempts?: Readonly<Record<string, Attempt>>;
  readonly tables?: ReadonlyMap<string, TableRegistered>;
}

function world({ current, settings, shown, registry, attempts = {}, tables = new Map() }: World): Seen {
  const source = makeSource();
  return {
    atMs: Date.parse("2026-03-01T04:10:00Z"),
    sources: new Map([[source.name, { settings: source, raw: new Map(), unadopted: new Set(), acknowledged: [] }]]),
    tables: new Map([["events", table]]),
    marts: new Map([["activity", { settings: makeMart(settings), current }]]),
    attempts: new Map(Object.entries(attempts)),
    registry: registry ?? {
      kind: "seen",
      marts: new Map(shown === undefined ? [] : [["activity", shown]]),
      tables: new Map(tables),
    },
  };
}

/** Steps and what waits, as short texts. */
function decided(seen: Seen, more: Partial<PlanOptions> = {}): readonly string[] {
  const { steps, waiting } = nextSteps(seen, { ...options, ...more });
  return [
    ...steps.map((step) =>
      step.kind === "mart" || step.kind === "register" ? `${step.kind} ${step.reason.kind}` : step.kind,
    ),
    ...waiting.map((item) => (item.kind === "mart" ? `waits: ${item.reason}` : `waits: ${item.kind}`)),
  ];
}

const foreign: Registered = { kind: "foreign", name: "test.activity", what: "a managed table of owner hive" };

describe("a mart and its name", () => {
  test("a name that shows what is published needs nothing; one that does not is registered, and nothing is built", () => {
    assert.deepEqual(decided(world({ current: published(7), shown: ours(7) })), []);
    assert.deepEqual(decided(world({ current: published(7) })), ["register absent"]);
    assert.deepEqual(decided(world({ current: published(7), shown: ours(6) })), ["register behind"]);
    assert.deepEqual(decided(world({ current: published(7), shown: ours(7, { fault: "x" }) })), ["register fault"]);
    assert.deepEqual(decided(world({ current: published(7), shown: ours(7), settings: { description: "new" } })), [
      "register differs",
    ]);
  });

  test("what the lake does not have is told from what it has", () => {
    assert.deepEqual(decided(world({ current: published(7), shown: ours(9) })), ["register ahead"]);
    assert.deepEqual(decided(world({ current: published(7), shown: ours(7, { publishId: "other" }) })), [
      "register ahead",
    ]);
  });

  test("a mart that is due is built and registered in one step; one that waits is registered as it is", () => {
    const due = published(7);
    const manual = {
      refresh: { kind: "manual" },
      sql: "select 2",
      statements: { duckdb: "select 2", spark: "" },
    } as const;
    assert.deepEqual(decided(world({})), ["mart new"]);
    assert.deepEqual(decided(world({ current: due }), { rerun: true }), ["mart asked"]);
    assert.deepEqual(decided(world({ current: due, settings: manual })), ["register absent", "waits: manual"]);
    assert.deepEqual(decided(world({ current: due, settings: manual, shown: ours(7) })), ["waits: manual"]);
  });

  test("without a registry nothing is compared", () => {
    const { registry: _, ...seen } = world({ current: published(7) });
    assert.deepEqual(decided(seen), []);
  });

  test("a name of somebody else holds the mart before it is built, whatever is asked", () => {
    for (const seen of [world({ shown: foreign }), world({ current: published(7), shown: foreign })]) {
      for (const rerun of [false, true]) {
        const plan = nextSteps(seen, { ...options, rerun });
        assert.deepEqual(plan.steps, []);
        const [held] = plan.waiting;
        assert.ok(held?.kind === "held");
        assert.equal(held.reason, "the name test.activity is taken by a managed table of owner hive");
        assert.match(held.remedy ?? "", /marts\.activity\.database/);
        assert.equal(exitCodeOfRun({ stages: noStages, failures: [], left: plan }), 3);
      }
    }
  });

  test("a catalog that cannot be asked stops the marts alone, with exit code 5", () => {
    const failure = new Failure("unavailable", "metastore m:9083: does not answer", { remedy: "start it" });
    const away = world({ registry: { kind: "away", name: "metastore m:9083", failure } });
    const plan = nextSteps(away, { ...options });
    assert.deepEqual(plan.steps, []);
    assert.deepEqual(plan.waiting, [
      {
        ...{ kind: "catalog", name: "metastore m:9083", items: ["activity"], failure: "unavailable" },
        ...{ reason: "metastore m:9083: does not answer", remedy: "start it" },
      },
    ]);
    assert.equal(exitCodeOfRun({ stages: noStages, failures: [], left: plan }), 5);
    assert.deepEqual(nextSteps(away, { ...options, select: (name) => name === "gharchive" }).waiting, []);
    assert.deepEqual(nextSteps(away, { converter: "native/1", only: "collect" }).waiting, []);
  });

  test("a fence shows what was shown before", () => {
    assert.deepEqual(decided(world({ current: published(8, { kind: "fence" }, 7), shown: ours(7) })), []);
    assert.deepEqual(decided(world({ current: published(8, { kind: "fence" }, 7), shown: ours(6) })), [
      "register behind",
    ]);
  });
});

const noTotals = { done: 0, failed: 0, held: 0, skipped: 0, bytes: 0, rows: 0, rejected: 0, ms: 0 };
const noStages = { collect: noTotals, convert: noTotals, marts: noTotals };

describe("registering that failed", () => {
  const attempt = (kind: Attempt["kind"], more: Partial<Attempt> = {}): Attempt => ({
    ...{ kind, tries: 1, lastMs: 0, nextMs: Date.parse("2026-03-01T05:00:00Z"), reason: "no" },
    ...more,
  });
  const spent = { fetched: new Map<string, number>(), converted: new Map<string, number>() };

  test("is tried again by the next run at once, and within a run not twice", () => {
    const seen = world({ current: published(7), attempts: { "register activity": attempt("failure") } });
    assert.deepEqual(decided(seen), ["register absent"]);
    assert.deepEqual(decided(seen, { spent }), ["waits: failed"]);
  });

  test("is held where the columns were refused, until they change", () => {
    const basis = `7 ${wantedFingerprint(makeMart(), manifestOf(7))}`;
    const attempts = { "register activity": attempt("held", { basis }) };
    assert.deepEqual(decided(world({ current: published(7), attempts })), ["waits: held"]);
    assert.deepEqual(decided(world({ current: published(8), attempts })), ["register absent"]);
    assert.deepEqual(decided(world({ current: published(7), attempts, settings: { description: "new" } })), [
      "register absent",
    ]);
  });
});

describe("after a rollback", () => {
  const back = (built: string | undefined, more: Partial<CatalogRecord> = {}): PublishedMart => ({
    ...published(9, { rollback: true, ...more }, 7),
    lastBuilt: built === undefined ? undefined : manifestOf(8, built),
  });
  const own = makeMart().sql;

  test("a mart is not built again until its statement changes or somebody asks", () => {
    const shown = ours(7, { number: 9, publishId: "p9" });
    assert.deepEqual(decided(world({ current: back(own), shown })), ["waits: rollback"]);
    assert.deepEqual(decided(world({ current: back(undefined), shown })), ["waits: rollback"], "not known any more");
    assert.deepEqual(decided(world({ current: back(own), shown }), { rerun: true }), ["mart asked"]);
    const changed = {
      sql: "select 2 as type from events",
      statements: { duckdb: "select 2 as type from events", spark: "" },
    };
    assert.deepEqual(decided(world({ current: back(own), shown, settings: changed })), ["mart sql"]);
    // The statement of the restored version again: it is what the lake shows already.
    assert.deepEqual(decided(world({ current: back("select 3 as type from events"), shown })), []);
  });

  test("the name has to show the record of the rollback, not only the same version", () => {
    assert.deepEqual(decided(world({ current: back(own), shown: ours(7) })), ["register behind", "waits: rollback"]);
    const fenced = (number: number): readonly string[] => {
      const current = { ...back(own, { kind: "fence" }), number: 10 };
      return decided(world({ current, shown: ours(7, { number, publishId: `p${number}` }) }));
    };
    assert.deepEqual(fenced(9), ["waits: rollback"]);
    assert.deepEqual(fenced(7), ["register behind", "waits: rollback"]);
  });

  test("who goes forward to what was built last has undone it", () => {
    const forward: PublishedMart = {
      ...published(10, { rollback: true }, 8),
      lastBuilt: manifestOf(8),
    };
    const shown = ours(8, { number: 10, publishId: "p10" });
    assert.deepEqual(decided(world({ current: forward, shown })), []);
  });
});

describe("a table and its name", () => {
  const own: RegisteredTable & { readonly kind: "ours" } = {
    ...{ kind: "ours", name: "test.events", schemaVersion: 3 },
    fingerprint: tableFingerprint(tableRegistration({ version: 3, complete: true, state: { ...emptyTable, schema } })),
    files: tableInput(table).digest.slice(0, 16),
  };
  const listed = (ids: readonly string[], strange: readonly string[] = []): TableRegistered => ({
    registered: own,
    partitions: { starts: new Set(ids.map(hourOf)), strange: new Set(strange) },
  });
  const stepOf = (seen: TableRegistered, from: TableSeen = table) => tableStep(from, seen, "hour");

  test("is created with its partitions, and only what differs is done later", () => {
    const nothing = { registered: undefined, partitions: { starts: new Set<number>(), strange: new Set<string>() } };
    assert.partialDeepStrictEqual(stepOf(nothing), { define: "absent", add: ["2026-03-01-02"], remove: [] });
    assert.equal(stepOf(listed(["2026-03-01-02"])), undefined);
    assert.partialDeepStrictEqual(stepOf(listed(["2026-03-01-01", "2026-03-01-02"], ["x"])), {
      ...{ define: undefined, add: [], remove: ["2026-03-01-01", "x"] },
    });
    assert.partialDeepStrictEqual(stepOf({ ...listed(["2026-03-01-02"]), registered: { ...own, fingerprint: "0" } }), {
      ...{ define: "columns", add: [], remove: [] },
    });
    assert.partialDeepStrictEqual(stepOf({ ...listed(["2026-03-01-02"]), registered: { ...own, files: "before" } }), {
      ...{ define: undefined, add: [], remove: [], files: own.files },
    });
    const rewritten = { ...makePartition("2026-03-01-02"), size: 4711 };
    const changed = { ...table, partitions: new Map([[hourOf("2026-03-01-02"), rewritten]]) };
    assert.notEqual(stepOf(listed(["2026-03-01-02"]), changed)?.files, own.files);
    assert.equal(stepOf(nothing, { ...table, schema: undefined, partitions: new Map() }), undefined);
  });

  test("is held where its name is somebody else's, and left alone where another item is chosen", () => {
    const tables = new Map([["events", { ...listed([]), registered: foreign }]]);
    assert.deepEqual(decided(world({ current: published(7), shown: ours(7), tables })), ["waits: held"]);
    const due = new Map([["events", listed([])]]);
    const seen = world({ current: published(7), shown: ours(7), tables: due });
    assert.deepEqual(decided(seen), ["register-table"]);
    assert.deepEqual(decided(seen, { select: (name) => name === "activity" }), []);
  });

  test("of any two sets of hours the difference is found, in order", () => {
    const hours = fc.uniqueArray(fc.integer({ min: 400_000, max: 400_200 }), { maxLength: 60 });
    fc.assert(
      fc.property(hours, hours, (there, known) => {
        const partitions = packedPartitions();
        for (const hour of there) partitions.set(hour * hourMs, makePartition("2026-03-01-02"));
        const starts = new Set(known.map((hour) => hour * hourMs));
        const step = stepOf({ registered: own, partitions: { starts, strange: new Set() } }, { ...table, partitions });
        const ids = (of: readonly number[]) =>
          of.map((hour) => intervalId({ every: "hour", startMs: hour * hourMs })).sort();
        assert.deepEqual(step?.add ?? [], ids(there.filter((hour) => !known.includes(hour))));
        assert.deepEqual(step?.remove ?? [], ids(known.filter((hour) => !there.includes(hour))));
      }),
      propertyRuns(200),
    );
  });

  test("ten years of hours are compared in a moment", () => {
    const partitions = packedPartitions();
    const starts = new Set<number>();
    for (let hour = 0; hour < 87_600; hour++) {
      partitions.set((400_000 + hour) * hourMs, makePartition("2026-03-01-02"));
      if (hour % 100 !== 0) starts.add((400_000 + hour) * hourMs);
    }
    const began = performance.now();
    const step = stepOf({ registered: own, partitions: { starts, strange: new Set() } }, { ...table, partitions });
    assert.equal(step?.add.length, 876);
    assert.ok(performance.now() - began < 10_000, "no quadratic comparison");
  });
});

test("whatever is published and shown: what is registered then shows it, and is not registered again", () => {
  const number = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(number, fc.option(number, { nil: undefined }), fc.boolean(), (current, shown, isFence) => {
      const seen: MartSeen = {
        settings: makeMart(),
        current: isFence ? published(current + 1, { kind: "fence" }, current) : published(current),
      };
      const before = shown === undefined ? undefined : ours(shown);
      const reason = registerReason(seen, before);
      assert.equal(registerReason(seen, ours(current)), undefined);
      assert.equal(reason === undefined, shown === current);
    }),
    propertyRuns(200),
  );
});
