import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { schemaOf } from "../../../test/contract/engine-inputs.ts";
import type { TableShape } from "../contract.ts";
import { openEngine } from "../open.ts";

const tables: ReadonlyMap<string, TableShape> = new Map([
  [
    "events",
    {
      schema: schemaOf(
        "struct<id string, actor struct<id int64, login string>, org struct<login string>, payload struct<action string, " +
          "size int64, commits list<struct<sha string, author struct<name string>>>, pull_request struct<base struct<repo " +
          "struct<id int64, name string>>, merged bool>>, type string, created_at string>",
      ),
      partitioned: true,
    },
  ],
  ["teams", { schema: schemaOf("struct<login string, team string, since string>"), partitioned: false }],
]);

/** Statement and the touched columns, table by table. */
const cases: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["select 1 as one", {}],
  ["select count(*) as n from events", { events: "" }],
  ["select payload.pull_request.base.repo.id from events", { events: "payload.pull_request.base.repo.id" }],
  ["select e.payload.pull_request.base.repo from events e", { events: "payload.pull_request.base.repo" }],
  ["select ACTOR.Login from Events", { events: "actor.login" }],
  ["select main.events.type from main.events", { events: "type" }],
  ["select memory.main.events.type from events", { events: "type" }],
  [
    "select (payload).action, payload['size'], struct_extract(actor, 'login') from events",
    { events: "actor.login,payload.action,payload.size" },
  ],
  ["select type.upper(), events.id.lower() from events", { events: "id,type" }],
  // Below a list the whole list is taken.
  ["select payload.commits[1].author.name from events", { events: "payload.commits" }],
  ["select list_transform(payload.commits, lambda c: c.sha) from events", { events: "payload.commits" }],
  ["select [c.sha for c in payload.commits] from events", { events: "payload.commits" }],
  ["select unnest(payload.commits).sha from events", { events: "payload.commits" }],
  ["select c.sha from events, unnest(payload.commits) as u(c)", { events: "payload.commits" }],
  // What asks for a struct as a whole gets it.
  ["select payload is null from events", { events: "payload" }],
  ["select to_json(payload) from events", { events: "payload" }],
  ["select actor.* from events", { events: "actor" }],
  ["select unnest(actor) from events", { events: "actor" }],
  ["select x.login from (select actor as x from events)", { events: "actor" }],
  // Stars.
  ["select * from teams", { teams: "*" }],
  ["from teams", { teams: "*" }],
  ["table teams", { teams: "*" }],
  ["select e.*, t.team from events e join teams t on true", { events: "*", teams: "team" }],
  ["select * exclude (since) from teams", { teams: "*" }],
  ["select columns('lo.*') from teams", { teams: "*" }],
  ["select t from teams t", { teams: "*" }],
  ["select b from teams as t(a, b, c)", { teams: "*" }],
  ["select #1 from teams", { teams: "*" }],
  ["select * from teams pivot (count(*) for team in ('a', 'b'))", { teams: "*" }],
  ["unpivot teams on team, since into name n value v", { teams: "*" }],
  ["select e.type from events e natural join (select type from events)", { events: "*" }],
  ["select * from (select actor.login as l from events)", { events: "actor.login" }],
  ["from (from teams select team)", { teams: "team" }],
  // Common table expressions, also those that hide a table.
  ["with e as (select actor.login as l, type from events) select * from e", { events: "actor.login,type" }],
  ["with events as (select actor.login as l, type from events) select * from events", { events: "actor.login,type" }],
  ["with teams as (select 1 as a) select * from teams", {}],
  ["with a as (select team from teams), b as (select * from a) select * from b", { teams: "team" }],
  [
    "with recursive r as (select login, 1 as n from teams union all select login, n + 1 from r where n < 3) from r",
    { teams: "login" },
  ],
  // Every clause.
  ["select type from events where org.login is not null", { events: "org.login,type" }],
  [
    "select src, max(created_at) as m from events where src >= '2026' group by src having count(*) > 0 order by all",
    { events: "created_at,src" },
  ],
  [
    "select type, row_number() over (partition by actor.login order by created_at) as r from events qualify r = 1",
    { events: "actor.login,created_at,type" },
  ],
  [
    "select distinct on (actor.login) type from events order by actor.login, created_at desc",
    { events: "actor.login,created_at,type" },
  ],
  ["select count(*) filter (where payload.size > 3) from events", { events: "payload.size" }],
  [
    "select case when payload.action = 'x' then actor.login end, coalesce(org.login, '') from events",
    { events: "actor.login,org.login,payload.action" },
  ],
  ["(select type from events) union all (select team from teams) order by 1", { events: "type", teams: "team" }],
  [
    "select login from teams where exists (select * from events e where e.actor.login = teams.login)",
    { events: "actor.login", teams: "login" },
  ],
  [
    "select (select max(team) from teams where login = actor.login) from events",
    { events: "actor.login", teams: "login,team" },
  ],
  ["select a.team from teams a join teams b using (login)", { teams: "login,team" }],
  ["select a.type from events a, events b where a.id = b.id", { events: "id,type" }],
  [
    "select e.src from events e asof join teams t on e.actor.login = t.login and e.created_at >= t.since",
    { events: "actor.login,created_at,src", teams: "login,since" },
  ],
  // An alias like a table's or column's name.
  [
    "select team, count(*) as events from events join teams on actor.login = login group by team order by events",
    { events: "actor.login", teams: "login,team" },
  ],
  ["select org.login from events org", { events: "org.login" }],
];

describe("the touched columns", () => {
  const engine = openEngine({ kind: "duckdb", threads: 1, memoryBytes: 200_000_000 });
  after(() => engine.close());
  for (const [sql, expected] of cases) {
    test(sql, async () => {
      const { columns } = await engine.describe(sql, tables);
      assert.deepEqual(Object.fromEntries([...columns].map(([name, paths]) => [name, paths.join()])), expected);
    });
  }

  test("are the tables in question, by the names under which they were offered", async () => {
    const offered = new Map([...tables].map(([name, shape]) => [name.toUpperCase(), shape]));
    const found = await engine.describe("select team from teams, events where type = 'x'", offered);
    assert.deepEqual([...found.tables].sort(), ["EVENTS", "TEAMS"]);
    assert.deepEqual(found.columns.get("EVENTS"), ["type"]);
  });

  test("of a schema of thousands are found in time", async () => {
    const fields = Array.from({ length: 4000 }, (_, index) => `field_${index} struct<a string, b list<int64>>`);
    const wide: TableShape = { schema: schemaOf(`struct<${fields.join(", ")}>`), partitioned: true };
    const started = performance.now();
    const found = await engine.describe(
      "select field_7.a as a, field_3999.b as b from wide",
      new Map([["wide", wide]]),
    );
    assert.deepEqual(found.columns.get("wide"), ["field_3999.b", "field_7.a"]);
    assert.ok(performance.now() - started < 30_000);
  });
});
