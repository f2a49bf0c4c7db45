/**
 * Asks both engines again and writes down what they answer:
 *
 *     MILLRACE_TEST_SPARK=sc://127.0.0.1:15002 node test/parity/record.ts [topic …]
 *
 * A verdict that changes is a finding; read the difference before it is committed.
 */
import { recorded, recordOf, statements, write } from "./corpus.ts";
import { answersOf, duckdbEngine, sparkEngine } from "./engines.ts";
import { parityTables } from "./tables.ts";

const url = process.env.MILLRACE_TEST_SPARK;
if (url === undefined) throw new Error("MILLRACE_TEST_SPARK is not set: the URL of a Spark Connect server");
const tables = await parityTables();
const [duckdb, spark] = [duckdbEngine(), sparkEngine(url)];
const all = statements();
const topics = process.argv.length > 2 ? process.argv.slice(2) : [...new Set(all.map(({ topic }) => topic))];
for (const topic of topics) {
  const before = recorded(topic);
  const sqls = all.filter((statement) => statement.topic === topic).map(({ sql }) => sql);
  const ours = await answersOf(duckdb, sqls, tables);
  const theirs = await answersOf(spark, sqls, tables);
  const records = sqls.map((sql, index) =>
    recordOf(sql, ours[index] ?? { fails: "data" }, theirs[index] ?? { fails: "data" }),
  );
  for (const record of records) {
    const old = before.get(record.sql)?.verdict ?? "new";
    if (old !== record.verdict) process.stdout.write(`${topic}: ${old} → ${record.verdict}: ${record.sql}\n`);
  }
  write(topic, records);
}
await Promise.all([duckdb.close(), spark.close()]);
tables.close();
