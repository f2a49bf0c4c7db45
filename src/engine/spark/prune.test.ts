import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { InputFile } from "../contract.ts";
import { splitArguments } from "./plan-text.ts";
import { filesPassing, srcCondition } from "./prune.ts";

const HOURS = ["2026-03-01-00", "2026-03-01-01", "2026-03-02-00"];

/** Which of the hours a scan with these filters needs. */
function needed(...scans: readonly string[]): readonly (string | undefined)[] {
  const files = HOURS.map((src): InputFile => ({ path: src, src, size: 1, token: "t", check: async () => "t" }));
  const facts = scans.map((filters) => ({ readSchema: "struct<>", filters: splitArguments(filters) }));
  return filesPassing(srcCondition(facts), files).map(({ src }) => src);
}

describe("partitions that a scan needs", () => {
  const cases: readonly (readonly [string, readonly number[]])[] = [
    ["", [0, 1, 2]],
    ["IsNotNull(src)", [0, 1, 2]],
    ["IsNotNull(src), EqualTo(src,2026-03-01-01)", [1]],
    ["EqualNullSafe(SRC,2026-03-01-01)", [1]],
    ["In(src, [2026-03-01-00,2026-03-02-00]), IsNotNull(n)", [0, 2]],
    ["GreaterThan(src,2026-03-01-00)", [1, 2]],
    ["GreaterThanOrEqual(src,2026-03-01-01), LessThan(src,2026-03-02)", [1]],
    ["LessThanOrEqual(src,2026-03-01-00)", [0]],
    ["StringStartsWith(src,2026-03-01)", [0, 1]],
    ["StringEndsWith(src,-00)", [0, 2]],
    ["StringContains(src,-02-)", [2]],
    ["Not(EqualTo(src,2026-03-01-01))", [0, 2]],
    ["Not(In(src, [2026-03-01-00,2026-03-01-01]))", [2]],
    ["Or(EqualTo(src,2026-03-01-00),EqualTo(src,2026-03-02-00))", [0, 2]],
    ["Or(EqualTo(src,2026-03-01-00),EqualTo(n,1))", [0, 1, 2]],
    ["And(EqualTo(src,2026-03-01-00),EqualTo(n,1))", [0]],
    ["Not(And(EqualTo(src,2026-03-01-00),EqualTo(n,1)))", [0, 1, 2]],
    ["Not(Or(EqualTo(src,2026-03-01-00),EqualTo(n,1)))", [1, 2]],
    ["EqualTo(n,1)", [0, 1, 2]],
    ["EqualTo(src.x,1)", [0, 1, 2]],
    ["SomethingNew(src,2026-03-01-00)", [0, 1, 2]],
    ["EqualTo(src,a(b)", [0, 1, 2]],
    ["EqualTo(src,nothing)", []],
  ];
  for (const [filters, hours] of cases) {
    test(filters === "" ? "all of them without a filter" : filters, () => {
      assert.deepEqual(
        needed(filters),
        hours.map((hour) => HOURS[hour]),
      );
    });
  }

  test("are those of any of its scans", () => {
    assert.deepEqual(needed("EqualTo(src,2026-03-01-00)", "EqualTo(src,2026-03-02-00)"), [HOURS[0], HOURS[2]]);
    assert.deepEqual(needed("EqualTo(src,2026-03-01-00)", "IsNotNull(src)"), HOURS);
    assert.deepEqual(needed(), HOURS);
  });
});
