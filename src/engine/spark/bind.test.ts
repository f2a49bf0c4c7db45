/** What the server's own plans say of statements: touched columns, tables, results. On a real server. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { after, before, describe, test } from "node:test";
import { failsAs } from "../../../test/contract/engine-answers.ts";
import { partitioned, schemaOf } from "../../../test/contract/engine-inputs.ts";
import { serverForSuites } from "../../../test/contract/engine-spark.ts";
import type { Engine, TableShape } from "../contract.ts";

const server = await serverForSuites("a statement bound by Spark");

const EVENTS = partitioned(
  schemaOf(
    "struct<actor struct<id int64, login string>, id string, n int64, payload struct<action string, commits list<struct<author struct<name string>, sha string>>, size int64>, type string>",
  ),
  [],
);
const PEOPLE: TableShape = {
  schema: {
    fields: [
      { name: "login", type: { kind: "string" } },
      { name: "day", type: { kind: "date" } },
    ],
  },
  partitioned: false,
};
const TABLES = new Map<string, TableShape>([
  ["events", EVENTS],
  ["people", PEOPLE],
  ["unused", EVENTS],
]);

/** Statements, and by table what they touch. */
const CASES: readonly (readonly [string, Readonly<Record<string, readonly string[]>>])[] = [
  ["select 1 as a", {}],
  ["select count(*) from events", { events: [] }],
  ["select * from events", { events: ["*"] }],
  ["select e.* from events e", { events: ["*"] }],
  ["select n from (select * from events)", { events: ["n"] }],
  ["select ACTOR.LOGIN from EVENTS", { events: ["actor.login"] }],
  ["select actor from events", { events: ["actor.id", "actor.login"] }],
  ["select actor is null from events", { events: ["actor.id", "actor.login"] }],
  ["select actor.login is null from events", { events: ["actor.login"] }],
  ["select type from events where payload.action = 'x'", { events: ["payload.action", "type"] }],
  ["select type from events where src like '2026%'", { events: ["src", "type"] }],
  ["select payload.commits.sha from events", { events: ["payload.commits"] }],
  ["select size(payload.commits) from events", { events: ["payload.commits"] }],
  ["select c.author.name from events lateral view explode(payload.commits) as c", { events: ["payload.commits"] }],
  ["select transform(payload.commits, c -> c.sha) from events", { events: ["payload.commits"] }],
  ["select type from events order by n", { events: ["n", "type"] }],
  ["select type, count(*) from events group by type having max(n) > 1", { events: ["n", "type"] }],
  ["select row_number() over (partition by type order by n) from events", { events: ["n", "type"] }],
  ["select 'events' as a, 'people' as b", {}],
  ["with people as (select n from events) select * from people", { events: ["n"] }],
  [
    "select p.day from people p where exists (select 1 from events e where e.actor.login = p.login)",
    { events: ["actor.id", "actor.login"], people: ["*"] },
  ],
  ["select (select max(n) from events) as m, login from people", { events: ["n"], people: ["login"] }],
  ["select a.n from events a join events b on a.id = b.payload.action", { events: ["id", "n", "payload.action"] }],
  [
    "select e.n, p.day from events e left join people p on p.login = e.actor.login",
    { events: ["actor.login", "n"], people: ["*"] },
  ],
  ["select n from events union all select id from events where false", { events: ["n"] }],
  ["select n from events union select length(login) from people", { events: ["n"], people: ["login"] }],
  ["select n from events where false", { events: [] }],
  [
    "with recursive r(n) as (select 1 union all select r.n + 1 from r join events e on e.n = r.n) select * from r",
    { events: ["*"] },
  ],
  [
    "with x as (select *, rand() as r from events) select a.n, b.r from x a join x b on a.id = b.id",
    { events: ["id", "n"] },
  ],
  ["select /*+ broadcast(p) */ p.login from people p, events where n = 1", { events: ["n"], people: ["login"] }],
  ["select 'a\n== Physical Plan ==\n' as x, n from events", { events: ["*"] }],
  ["select type from events |> where n > 1", { events: ["*"] }],
];

if (server !== undefined) {
  describe("a statement bound by Spark", () => {
    let engine: Engine;
    before(async () => {
      ({ engine } = await server.open());
    });
    after(() => engine.close());

    for (const [sql, touched] of CASES) {
      test(sql, async () => {
        // The last one names a column that the select before the pipe leaves out.
        if (sql.includes("|>")) return await assert.rejects(engine.describe(sql, TABLES), failsAs("usage", /`n`/));
        const found = await engine.describe(sql, TABLES);
        assert.deepEqual(Object.fromEntries(found.columns), touched);
        assert.deepEqual([...found.tables].sort(), Object.keys(touched));
      });
    }

    test("results have the lattice's words", async () => {
      const sql = "select day, actor, n, sum(n) as s, 1 as i, null as z from events, people group by all";
      const { result } = await engine.describe(sql, TABLES);
      assert.deepEqual(
        result.map(({ name, type, engineType }) => [name, type.kind, engineType]),
        [
          ["day", "date", "DATE"],
          ["actor", "struct", "STRUCT<id: BIGINT, login: STRING>"],
          ["n", "int64", "BIGINT"],
          ["s", "int64", "BIGINT"],
          ["i", "int32", "INT"],
          ["z", "string", "VOID"],
        ],
      );
    });

    test("names in double quotes are names", async () => {
      const found = await engine.describe('select "type" as "Kind" from "events"', TABLES);
      assert.deepEqual(found.columns.get("events"), ["type"]);
      assert.equal(found.result[0]?.name, "Kind");
    });

    test("nothing of the server's environment gets into a statement", async () => {
      const place = (name: string): string => ["$", `{${name}}`].join("");
      await assert.rejects(engine.describe(`select ${place("spark.sql.session.timeZone")}`, TABLES), failsAs("usage"));
      const answer = await engine.query({ sql: `select '${place("env:PATH")}'`, tables: new Map(), scratch: tmpdir() });
      for await (const rows of answer.rows()) assert.deepEqual(rows, [[place("env:PATH")]]);
    });

    test("places count characters, also behind brackets of ours", async () => {
      for (const [sql, at] of [
        ["select '𝄞é',\n  tpe from events", [2, 3]],
        ["select 1 as a\nfrom events where '𝄞' = nme", [2, 25]],
        ["select a from\n  events where where", [2, 16]],
      ] as const) {
        await assert.rejects(engine.describe(sql, TABLES), failsAs("usage", undefined, at), sql);
      }
    });
  });
}
