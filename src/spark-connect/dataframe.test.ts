import assert from "node:assert/strict";
import { test } from "node:test";
import { toJson } from "@bufbuild/protobuf";
import { type ColumnLike, col, lit } from "./column.ts";
import type { Session } from "./contract.ts";
import { type DataFrame, dataFrames } from "./dataframe.ts";
import { functions } from "./functions.ts";
import { RelationSchema } from "./gen/spark_connect_pb.ts";

/** Building sends nothing: whoever reaches for the session is wrong. */
const nobody = new Proxy(Object.create(null), {
  get(_, name) {
    throw new Error(`a step asked the session for ${String(name)}`);
  },
});

function frames() {
  const session: Session = nobody;
  return dataFrames(session);
}

/** The relation as the protocol's JSON, without the numbers of plans. */
function shown(frame: DataFrame): unknown {
  const withoutPlan = (key: string, value: unknown): unknown => (key === "common" ? undefined : value);
  return JSON.parse(JSON.stringify(toJson(RelationSchema, frame.relation), withoutPlan));
}

const named = (name: string): unknown => ({ unresolvedAttribute: { unparsedIdentifier: name } });
const text = (expression: string): unknown => ({ expressionString: { expression } });
const table = { read: { namedTable: { unparsedIdentifier: "t" } } };

test("steps are messages around the one before, which stays as it is", () => {
  const t = frames().table("t");
  const before = shown(t);
  const selected = t.select("a + 1 AS b", col("c.d").as("e"));
  assert.deepEqual(shown(selected), {
    project: {
      input: table,
      expressions: [text("a + 1 AS b"), { alias: { expr: named("c.d"), name: ["e"] } }],
    },
  });
  assert.deepEqual(shown(t), before);
  assert.deepEqual(shown(t.limit(3)), { limit: { input: table, limit: 3 } });
  assert.deepEqual(shown(t.drop("x", "y z")), { drop: { input: table, columnNames: ["x", "y z"] } });
  assert.deepEqual(shown(t.distinct()), { deduplicate: { input: table, allColumnsAsKeys: true } });
  assert.deepEqual(shown(t.as("u")), { subqueryAlias: { input: table, alias: "u" } });
  assert.deepEqual(shown(t.withColumn("n", lit(null))), {
    withColumns: { input: table, aliases: [{ expr: { literal: { null: { null: {} } } }, name: ["n"] }] },
  });
});

test("operations take values as values, not as SQL", () => {
  const filtered = frames()
    .table("t")
    .filter(col("a").gt(1).and(col("b").ne("x OR true")));
  const call = (functionName: string, ...args: unknown[]): unknown => ({
    unresolvedFunction: { functionName, arguments: args },
  });
  assert.deepEqual(shown(filtered), {
    filter: {
      input: table,
      condition: call(
        "and",
        call(">", named("a"), { literal: { integer: 1 } }),
        call("not", call("==", named("b"), { literal: { string: "x OR true" } })),
      ),
    },
  });
});

test("orders as texts end as in SQL", () => {
  const order = (...columns: readonly ColumnLike[]): unknown => {
    const shownOrder = shown(
      frames()
        .table("t")
        .orderBy(...columns),
    );
    return Object(Object(shownOrder).sort).order;
  };
  const sorted = (child: unknown, direction: string, nulls: string): unknown => ({
    child,
    direction: `SORT_DIRECTION_${direction}`,
    nullOrdering: `SORT_NULLS_${nulls}`,
  });
  assert.deepEqual(order("a", "b desc", "c + 1 DESC NULLS FIRST", "d nulls last", "`x desc`"), [
    sorted(text("a"), "ASCENDING", "FIRST"),
    sorted(text("b"), "DESCENDING", "LAST"),
    sorted(text("c + 1"), "DESCENDING", "FIRST"),
    sorted(text("d"), "ASCENDING", "LAST"),
    sorted(text("`x desc`"), "ASCENDING", "FIRST"),
  ]);
  assert.deepEqual(order(col("a"), col("b").desc(), col("c").asc("last")), [
    sorted(named("a"), "ASCENDING", "FIRST"),
    sorted(named("b"), "DESCENDING", "LAST"),
    sorted(named("c"), "ASCENDING", "LAST"),
  ]);
});

test("readers take a schema as text or as it came with a result", () => {
  const { read } = frames();
  const schema = { kind: "struct", fields: [{ name: "a b", type: { kind: "long" }, nullable: false }] } as const;
  assert.deepEqual(shown(read.parquet(["p", "q"], { schema, options: { basePath: "/" } })), {
    read: {
      dataSource: { format: "parquet", schema: "`a b` BIGINT NOT NULL", options: { basePath: "/" }, paths: ["p", "q"] },
    },
  });
  assert.deepEqual(shown(read.format("csv", "p", { schema: "a INT" })), {
    read: { dataSource: { format: "csv", schema: "a INT", paths: ["p"] } },
  });
});

test("joins have a condition unless they are crosses, and groups their functions", () => {
  const spark = frames();
  const [left, right] = [spark.table("t"), spark.table("u")];
  assert.throws(() => left.join(right, undefined), { kind: "usage" });
  assert.throws(() => left.join(right, "true", "cross"), { kind: "usage" });
  const joined = left.join(right, left.col("id").eq(right.col("id")), "left");
  const json = JSON.stringify(toJson(RelationSchema, joined.relation));
  for (const { relation } of [left, right]) assert.ok(json.includes(`"planId":"${relation.common?.planId}"`));
  assert.notEqual(left.relation.common?.planId, right.relation.common?.planId);
  assert.deepEqual(shown(left.groupBy("k").agg(functions.countDistinct("v").as("n"))), {
    aggregate: {
      input: table,
      groupType: "GROUP_TYPE_GROUPBY",
      groupingExpressions: [text("k")],
      aggregateExpressions: [
        {
          alias: {
            expr: { unresolvedFunction: { functionName: "count", arguments: [text("v")], isDistinct: true } },
            name: ["n"],
          },
        },
      ],
    },
  });
});
