import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readPlan } from "./plan-text.ts";

/** Plans as Spark 4.2 prints them, made shorter. */
const plan = (analyzed: string, optimized: string, physical: string): string =>
  ["== Parsed Logical Plan ==", "'Project ['x]", "", "== Analyzed Logical Plan ==", "x: string", analyzed, ""]
    .concat(["== Optimized Logical Plan ==", optimized, "", "== Physical Plan ==", physical, ""])
    .join("\n");

const scan = (filters: string, readSchema: string): string =>
  `FileScan parquet [a#1] Batched: true, DataFilters: [(src#2 = a)], Format: Parquet, Location: InMemoryFileIndex(0 paths)[], ` +
  `PartitionFilters: [], PushedFilters: [${filters}], ReadSchema: ${readSchema}`;

const VIEW = "      +- View (`events`, [a#1, src#2])\n         +- Relation [a#1,src#2] parquet";

describe("a plan's text", () => {
  test("names the views, what the scans read and what they leave out", () => {
    const found = readPlan(
      plan(
        `Project [a#1]\n+- SubqueryAlias e\n   +- SubqueryAlias events\n${VIEW}`,
        "Project [a#1]\n+- Filter (src#2 = a)\n   +- Relation [a#1,src#2] parquet",
        `*(1) Project [a#1]\n+- *(1) Filter (src#2 = a)\n   +- *(1) ColumnarToRow\n      +- ${scan("IsNotNull(src), In(src, [a,b]), Or(EqualTo(src,a),EqualTo(n,1))", "struct<a:string,src:string>")}`,
      ),
    );
    assert.deepEqual([...found.views], ["events"]);
    assert.equal(found.foreign, undefined);
    assert.equal(found.isOrdered, false);
    assert.deepEqual(found.scans, [
      {
        readSchema: "struct<a:string,src:string>",
        filters: ["IsNotNull(src)", "In(src, [a,b])", "Or(EqualTo(src,a),EqualTo(n,1))"],
      },
    ]);
  });

  test("scans of subqueries and of both sides of a join are found", () => {
    const relation = "Relation [a#1,src#2] parquet";
    const found = readPlan(
      plan(
        `Project [a#1]\n:  +- Aggregate [x]\n${VIEW}\n${VIEW}`,
        `Project [a#1]\n:  +- Aggregate [count(1)]\n:     +- ${relation}\n+- Join Inner\n   :- ${relation}\n   +- ${relation}`,
        `AdaptiveSparkPlan isFinalPlan=false\n+- Project\n   :  +- Subquery subquery#7\n   :     +- ${scan("", "struct<>")}\n   :- ${scan("", "struct<a:string>")}\n   +- ${scan("", "struct<src:string>")}`,
      ),
    );
    assert.deepEqual(
      found.scans?.map(({ readSchema }) => readSchema),
      ["struct<>", "struct<a:string>", "struct<src:string>"],
    );
  });

  test("whatever may hide a scan is not understood", () => {
    const relation = "Relation [a#1,src#2] parquet";
    const one = scan("", "struct<a:string>");
    for (const [optimized, physical] of [
      [`Join Inner\n:- ${relation}\n+- ${relation}`, one],
      [relation, one.slice(0, -1)],
      [relation, `UnionLoop 1\n+- ${one}`],
      [relation, `Union\n:- BatchScan parquet\n+- ${one}`],
      [relation, ""],
    ] as const) {
      assert.equal(readPlan(plan(VIEW, optimized, physical).replace(/\n$/, "")).scans?.length ?? -1, -1, physical);
    }
    assert.equal(readPlan("something else").scans, undefined);
  });

  const foreign: readonly (readonly [string, string | undefined])[] = [
    ["+- View (`global_temp`.`x`, [a#1])", "global_temp.x"],
    ["+- View (`spark_catalog`.`default`.`v`, [a#1])", "spark_catalog.default.v"],
    ["+- Relation spark_catalog.default.t[a#1] parquet", "spark_catalog.default.t"],
    ["+- HiveTableRelation [`spark_catalog`.`default`.`t`, org.apache.x]", "spark_catalog.default.t"],
    ["+- RelationV2[a#1] ice.db.t", "ice.db.t"],
    ["+- ScriptTransformation cat, [a#1], ScriptInputOutputSchema(x)", "a script"],
    ["+- LocalRelation [a#1]", undefined],
    ["+- View (`x`, [a#1])", undefined],
  ];
  for (const [line, name] of foreign) {
    test(`reads what nobody offered: ${line}`, () => {
      const found = readPlan(plan(`Project [a#1]\n${line}`, "x", "y")).foreign;
      assert.equal(found, name);
    });
  }

  test("an order of its own is that of the last sort or limit", () => {
    const ordered = (optimized: string): boolean => readPlan(plan(VIEW, optimized, "x")).isOrdered;
    assert.equal(ordered("Sort [a#1 ASC NULLS FIRST], true\n+- Relation [a#1] parquet"), true);
    assert.equal(ordered("Project [a#1]\n+- Sort [b#1 ASC NULLS FIRST], true\n   +- Relation [a#1] parquet"), true);
    assert.equal(ordered("GlobalLimit 3\n+- LocalLimit 3\n   +- Relation [a#1] parquet"), true);
    assert.equal(ordered("Sort [a#1 ASC NULLS FIRST], false\n+- Relation [a#1] parquet"), false);
    assert.equal(ordered("Aggregate [a#1]\n+- Sort [a#1 ASC], true\n   +- Relation [a#1] parquet"), false);
  });
});
