/** Data frames on a real server: each does what the SQL beside it does. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { call, col, lit } from "../../src/spark-connect/column.ts";
import type { Session, Value } from "../../src/spark-connect/contract.ts";
import { type DataFrame, type DataFrames, dataFrames } from "../../src/spark-connect/dataframe.ts";
import { functions } from "../../src/spark-connect/functions.ts";
import { connect } from "../../src/spark-connect/session.ts";
import { sparkServer } from "../real/spark-server.ts";

async function withFrames(context: TestContext, body: (spark: DataFrames, session: Session) => Promise<void>) {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const session = await connect(server.url, { settings: { "spark.sql.shuffle.partitions": "2" } });
  try {
    await body(dataFrames(session), session);
  } finally {
    await session.close();
  }
}

const events = `SELECT * FROM VALUES
  (1L, 'push', 10, 'a'), (2L, 'watch', NULL, 'b'), (3L, 'push', 30, NULL), (4L, 'fork', 5, 'a'), (4L, 'fork', 5, 'a')
  AS t(id, type, size, actor)`;
const actors = "SELECT * FROM VALUES ('a', 'Ada', 1L), ('b', 'Bob', 2L), ('c', 'Cyd', 9L) AS t(actor, name, id)";

test("what a data frame answers is what its SQL answers", async (context) => {
  await withFrames(context, async (spark, session) => {
    const e = spark.sql(events);
    const a = spark.sql(actors);
    await e.createTempView("events");
    await a.createTempView("actors");
    const cases: readonly (readonly [DataFrame, string])[] = [
      [e, "SELECT * FROM events"],
      [spark.table("events").select("*", "size * 2 AS twice"), "SELECT *, size * 2 AS twice FROM events"],
      [e.select(col("id"), col("type").as("t")), "SELECT id, type AS t FROM events"],
      [e.filter("size > 5"), "SELECT * FROM events WHERE size > 5"],
      [
        e.filter(col("size").ge(5).and(col("type").ne("push"))),
        "SELECT * FROM events WHERE size >= 5 AND type <> 'push'",
      ],
      [
        e.filter(col("actor").eqNullSafe(null).or(col("id").isIn(1n, 2n))),
        "SELECT * FROM events WHERE actor IS NULL OR id IN (1, 2)",
      ],
      [e.filter(col("size").isNull()), "SELECT * FROM events WHERE size IS NULL"],
      [e.filter(col("size").isNotNull().not()), "SELECT * FROM events WHERE size IS NULL"],
      [
        e.select(
          col("size").plus(1).minus(2).times(3).dividedBy(4).cast("DECIMAL(10,2)").as("x"),
          call("upper", col("type")).as("u"),
        ),
        "SELECT CAST((size + 1 - 2) * 3 / 4 AS DECIMAL(10,2)) AS x, upper(type) AS u FROM events",
      ],
      [
        e.withColumn("size", "coalesce(size, 0)").withColumn("one", lit(1)),
        "SELECT id, type, coalesce(size, 0) AS size, actor, 1 AS one FROM events",
      ],
      [e.drop("size", "nothing"), "SELECT id, type, actor FROM events"],
      [e.distinct(), "SELECT DISTINCT * FROM events"],
      [e.union(e.limit(0)), "SELECT * FROM events"],
      [
        e.select("id", "type").union(e.select("type", "id"), { byName: true }),
        "SELECT id, type FROM events UNION ALL SELECT id, type FROM events",
      ],
      [
        e.groupBy("type").agg("count(*) AS n", functions.sum("size").as("s"), functions.countDistinct("actor").as("d")),
        "SELECT type, count(*) AS n, sum(size) AS s, count(DISTINCT actor) AS d FROM events GROUP BY type",
      ],
      [
        e
          .groupBy()
          .agg(
            functions.min("size").as("a"),
            functions.max("size").as("b"),
            functions.avg("size").as("c"),
            functions.count().as("d"),
          ),
        "SELECT min(size) AS a, max(size) AS b, avg(size) AS c, count(1) AS d FROM events",
      ],
      [
        e.join(a, { using: ["actor"] }).select("actor", "name", "size"),
        "SELECT actor, name, size FROM events JOIN actors USING (actor)",
      ],
      [
        e.join(a, e.col("id").eq(a.col("id")), "left").select(e.col("id"), a.col("id").as("other"), "name"),
        "SELECT e.id, a.id AS other, name FROM events e LEFT JOIN actors a ON e.id = a.id",
      ],
      [
        e.as("e").join(a.as("a"), "e.actor = a.actor", "full").select("e.id", "a.name"),
        "SELECT e.id, a.name FROM events e FULL JOIN actors a ON e.actor = a.actor",
      ],
      [e.join(a, { using: ["actor"] }, "anti"), "SELECT * FROM events e LEFT ANTI JOIN actors a USING (actor)"],
      [
        e.join(a, { using: ["actor"] }, "semi").select("id"),
        "SELECT id FROM events e LEFT SEMI JOIN actors a USING (actor)",
      ],
      [
        e.select("id").join(a.select("name"), undefined, "cross"),
        "SELECT e.id, a.name FROM events e CROSS JOIN actors a",
      ],
      [
        e.join(a, { using: ["actor"] }, "right").select("name"),
        "SELECT name FROM events RIGHT JOIN actors USING (actor)",
      ],
      [spark.range(3), "SELECT id FROM range(3)"],
      [spark.range(10n, 0, -3), "SELECT id FROM range(10, 0, -3)"],
      [spark.sql("SELECT :a AS a, :b AS b", { parameters: { a: 1n, b: "x" } }), "SELECT 1L AS a, 'x' AS b"],
    ];
    for (const [frame, sql] of cases) {
      const expected = await (await session.sql(sql)).collect();
      assert.deepEqual(sorted(await frame.collect()), sorted(expected), sql);
    }
    assert.equal(await e.count(), 5);
    for (const [frame, sql] of [
      [e.orderBy("size DESC", col("id")), "SELECT * FROM events ORDER BY size DESC, id"],
      [
        e.orderBy(col("actor").desc("first"), "size nulls last").limit(3),
        "SELECT * FROM events ORDER BY actor DESC NULLS FIRST, size NULLS LAST LIMIT 3",
      ],
    ] as const) {
      assert.deepEqual(await frame.collect(), await (await session.sql(sql)).collect(), sql);
    }
  });
});

function sorted(rows: readonly Record<string, Value>[]): readonly string[] {
  const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}n` : value);
  return rows.map((row) => JSON.stringify(row, plain)).toSorted();
}

test("what is written is read again, with or without its schema given", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-dataframe-"));
  try {
    await withFrames(context, async (spark) => {
      const e = spark.sql(events);
      const path = join(directory, "events");
      await e.write.parquet(path, { partitionBy: ["type"], options: { compression: "zstd" } });
      await assert.rejects(e.write.parquet(path), { message: /PATH_ALREADY_EXISTS/ });
      await e.write.parquet(path, { mode: "append", partitionBy: ["type"] });
      assert.equal(await spark.read.parquet(path).count(), 10);
      const schema = "id BIGINT, size INT, actor STRING, type STRING";
      assert.deepEqual(
        sorted(await spark.read.parquet(path, { schema }).distinct().collect()),
        sorted(await e.select("id", "size", "actor", "type").distinct().collect()),
      );
      const csv = join(directory, "csv");
      await e.write.format("csv", csv, { options: { header: "true" } });
      const read = spark.read.format("csv", [csv], { schema: await e.schema(), options: { header: "true" } });
      assert.deepEqual(sorted(await read.collect()), sorted(await e.collect()));
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("tables are saved and added to", async (context) => {
  await withFrames(context, async (spark, session) => {
    const name = `frame_${session.id.replaceAll("-", "")}`;
    try {
      await spark.range(3).write.saveAsTable(name, { format: "parquet" });
      await spark.range(10, 12).write.insertInto(name);
      assert.deepEqual(
        await spark.table(name).orderBy("id").collect(),
        [0n, 1n, 2n, 10n, 11n].map((id) => ({ id })),
      );
    } finally {
      await (await session.sql(`DROP TABLE IF EXISTS ${name}`)).close();
    }
  });
});

test("schema, explain, show, and errors when it is executed", async (context) => {
  await withFrames(context, async (spark) => {
    const frame = spark
      .range(2)
      .withColumn("twice", "id * 2")
      .withColumn("text", lit("a long text, longer than twenty"));
    assert.deepEqual(
      (await frame.schema()).fields.map(({ name, type }) => [name, type.kind]),
      [
        ["id", "long"],
        ["twice", "long"],
        ["text", "string"],
      ],
    );
    assert.match(await frame.explain("formatted"), /Range/);
    assert.equal(
      await frame.show(1),
      [
        "+---+-----+--------------------+",
        "| id|twice|                text|",
        "+---+-----+--------------------+",
        "|  0|    0|a long text, long...|",
        "+---+-----+--------------------+",
        "only showing top 1 row",
      ].join("\n"),
    );
    await assert.rejects(frame.select("nothing").collect(), { kind: "usage", message: /nothing/ });
  });
});
