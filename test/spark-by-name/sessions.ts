/** What sessions see that looked at a mart before it was replaced. `docs/spark-by-name.md` says it in words. */
import assert from "node:assert/strict";
import { askConnect } from "./answers.ts";
import type { Scene } from "./scene.ts";

export async function whatSessionsSee(scene: Scene): Promise<void> {
  const table = `${scene.database}.looked_at`;
  const notebook = async (sql: string) => (await scene.notebook.ask({ sql })).rows;
  const connect = async (sql: string) => (await askConnect(scene.connect, sql)).rows;
  await scene.publish("looked_at", "select 1::bigint as v, i::bigint as n from range(3) as r(i)");
  await connect(`CREATE OR REPLACE TEMPORARY VIEW looked AS SELECT * FROM ${table}`);
  await connect(`CACHE TABLE ${table}`);
  await notebook(`CREATE OR REPLACE VIEW ${scene.database}.looked_view AS SELECT * FROM ${table}`);
  await scene.notebook.ask({ keep: table });
  assert.deepEqual(await connect(`SELECT max(v), count(*) FROM ${table}`), [["1", "3"]]);

  await scene.publish("looked_at", "select 'x' as extra, 2::bigint as v, i::bigint as n from range(5) as r(i)");
  const second = [["2", "5"]];
  assert.deepEqual(await connect(`SELECT max(v), count(*) FROM ${table}`), second, "although it was cached");
  assert.deepEqual(await connect("SELECT max(v), count(*) FROM looked"), second, "through a view of the session");
  assert.deepEqual(await connect("SELECT * FROM looked LIMIT 0"), []);
  assert.deepEqual(await notebook(`SELECT max(v), count(*) FROM ${scene.database}.looked_view`), second);
  const { columns } = await scene.notebook.ask({ sql: `SELECT * FROM ${scene.database}.looked_view` });
  assert.deepEqual(
    columns.map(([name]) => name),
    ["v", "n"],
    "a view keeps its columns",
  );
  const kept = await scene.notebook.ask({ kept: table });
  assert.deepEqual(kept.rows.map(([v, n]) => `${v} ${n}`).sort(), ["1 0", "1 1", "1 2"], "a frame keeps its version");
  assert.equal((await scene.notebook.ask({ table })).rows.length, 5, "a new frame does not");
}
