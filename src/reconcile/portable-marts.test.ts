/** A statement runs on Spark if it is portable or Spark's own; the reason and the place are told otherwise. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { makeMart } from "../../test/make.ts";
import { Failure } from "../errors.ts";
import type { MartSettings } from "../model/project.ts";
import { refuseUnportable, unportable } from "./portable-marts.ts";
import type { Seen } from "./seen.ts";

const seen = (...marts: readonly MartSettings[]): Seen => ({
  atMs: 0,
  sources: new Map(),
  tables: new Map(),
  marts: new Map(marts.map((settings) => [settings.name, { settings, current: undefined }])),
  attempts: new Map(),
});

// An element of a list counts from 1 on one engine and from 0 on the other.
const odd = makeMart({ name: "odd", sql: "select\n  labels[1] as label from events" });
const plain = makeMart({ name: "plain", sql: "select type from events" });

describe("a statement for Spark", () => {
  it("is refused with its place and what to do, unless it is portable", () => {
    assert.equal(unportable(seen(plain), plain, "spark"), undefined);
    const refusal = unportable(seen(odd), odd, "spark");
    assert.ok(refusal instanceof Failure);
    assert.equal(refusal.kind, "usage");
    assert.match(refusal.message, /^marts\.odd: /);
    assert.deepEqual([refusal.detail.place?.file, refusal.detail.place?.line], ["marts.odd", 2]);
    assert.match(refusal.detail.remedy ?? "", /marts\.odd\.spark: \{ sql: … \}$/);
  });

  it("is refused for a condition among its checks as well", () => {
    const checked = makeMart({ ...plain, checks: [{ kind: "expression", sql: "labels[1] = 'x'" }] });
    const refusal = unportable(seen(checked), checked, "spark");
    assert.match(refusal?.message ?? "", /^marts\.plain\.checks\.expression: /);
    assert.deepEqual([refusal?.detail.place?.line, refusal?.detail.place?.column], [1, 7]);
    assert.match(refusal?.detail.remedy ?? "", /spark: \{ expression: … \}$/);
    assert.equal(unportable(seen(checked), { ...checked, hasOwnConditions: true }, "spark"), undefined);
  });

  it("may say what it likes where it is Spark's own, and on the embedded engine", () => {
    assert.equal(unportable(seen(odd), odd, "duckdb"), undefined);
    const own = { ...odd, statements: { duckdb: odd.sql, spark: "select labels[0] as label from events" } };
    assert.equal(unportable(seen(own), own, "spark"), undefined);
  });

  it("is looked at by plan with all others that were asked for", () => {
    const other = makeMart({ name: "other", sql: odd.sql });
    refuseUnportable(seen(plain, odd), "duckdb", () => true);
    refuseUnportable(seen(plain, odd), "spark", (mart) => mart === "plain");
    assert.throws(
      () => refuseUnportable(seen(odd, plain, other), "spark", () => true),
      (error) => {
        assert.ok(error instanceof Failure);
        const all = [error, ...(error.detail.others ?? [])].map(({ message }) => message.split(":")[0]);
        assert.deepEqual([...new Set(all)], ["marts.odd", "marts.other"]);
        return true;
      },
    );
  });
});
