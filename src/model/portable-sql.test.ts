import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { lintPortable, type PortableTable } from "./portable-sql.ts";
import { constructs } from "./portable-sql-constructs.ts";
import { foreignFunctions } from "./portable-sql-foreign.ts";
import { portableFunctions } from "./portable-sql-functions.ts";

const events: PortableTable = {
  partitioned: true,
  schema: {
    fields: [
      { name: "id", type: { kind: "int64" } },
      { name: "type", type: { kind: "string" } },
      { name: "price", type: { kind: "decimal", precision: 10, scale: 2 } },
      { name: "created_at", type: { kind: "timestamp" } },
      { name: "tags", type: { kind: "list", element: { kind: "string" } } },
      { name: "actor", type: { kind: "struct", fields: [{ name: "login", type: { kind: "string" } }] } },
      { name: "userId", type: { kind: "int64" } },
    ],
  },
};
const tables = new Map([["events", events]]);

/** The findings as `line:column what`. */
function found(sql: string): string[] {
  return lintPortable(sql, tables).map(({ line, column, what }) => `${line}:${column} ${what}`);
}

test("the reference select, and what the demo and init write, are portable, with and without the table's columns", () => {
  const statements = [
    "select actor.login as actor, actor.display_login as actor_display, org.login as org, repo.name as repo, type, payload.action, src from events",
    "select\n  repo.name as repo,\n  substr(src, 1, 10) as day,\n  count(*) as pushes,\n  count(distinct actor.login) as actors\n" +
      "from events\nwhere type = 'PushEvent'\ngroup by repo.name, substr(src, 1, 10)\n",
  ];
  for (const sql of statements) {
    assert.deepEqual(found(sql), []);
    assert.deepEqual(lintPortable(sql), []);
  }
});

test("a finding says where, what, why and what instead", () => {
  assert.deepEqual(lintPortable("select type,\n  tags[1] as tag\nfrom events", tables), [
    {
      ...{ line: 2, column: 7, what: "`[…]` on a list or text", reason: "DuckDB counts from 1, Spark from 0" },
      instead: "an override for each engine",
    },
  ]);
});

test("findings come in the order of the text, each once", () => {
  assert.deepEqual(found("select strpos(type, 'a') as a, `type` as b, id / id as c from events order by d limit 1"), [
    "1:8 the function strpos",
    "1:32 the name `type` in back quotes",
    "1:48 `/` by something that may be zero",
    "1:79 an ascending order that decides about rows, without nulls first or nulls last",
  ]);
});

test("what depends on types is found where the columns are known", () => {
  assert.deepEqual(found("select price * 2 as x from events"), ["1:14 `*` on decimals"]);
  assert.deepEqual(lintPortable("select price * 2 as x from events"), []);
  assert.deepEqual(found("with q as (select price as p from events) select q.p / 3 as x from q"), [
    "1:54 `/` on decimals",
  ]);
  assert.deepEqual(found("select length(type) as n from events"), [
    "1:8 an integer whose width the engines do not share",
  ]);
  assert.deepEqual(found("select cast(length(type) as bigint) as n from events where length(type) > 3"), []);
  assert.deepEqual(found("select cast(created_at as string) as x from events"), ["1:8 a timestamp as text"]);
  assert.deepEqual(found("select userid from events"), ["1:8 the column userid in another spelling than the table's"]);
  assert.deepEqual(found("select tags.x as x from events"), ["1:8 a field of a list"]);
});

test("names and types are followed through queries, joins and unions", () => {
  const decimals = "select x.n * 2 as y from (select id, sum(price) as n from events group by id) x";
  assert.deepEqual(found(decimals), ["1:12 `*` on decimals"]);
  assert.deepEqual(found("select a.id from events a join events b on a.price * b.price > 1"), ["1:52 `*` on decimals"]);
  assert.deepEqual(found("select id as x from events union all select type from events"), [
    "1:28 columns of other types",
  ]);
  assert.deepEqual(found("select e.id from events e where exists (select 1 from events x where x.price / 2 > e.id)"), [
    "1:78 `/` on decimals",
  ]);
});

test("no text makes the lint fail or find a place outside of it", () => {
  const parts = fc.constantFrom(
    ..."select from where group by order limit ( ) [ ] , . ; ' \" ` \\ /* */ -- :: -> || + - * / % 1 1.5 'a' null x events case when then end over filter cast as union with lateral in is not like interval \n".split(
      " ",
    ),
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 25 }), (words) => {
      const sql = words.join(" ");
      for (const { line, column } of lintPortable(sql, tables)) {
        const text = sql.split("\n")[line - 1];
        assert.ok(
          text !== undefined && column >= 1 && column <= text.length + 1,
          `${line}:${column} of ${JSON.stringify(sql)}`,
        );
      }
    }),
    { numRuns: 2_000 },
  );
});

test("no function is both portable and foreign, and every construct says something", () => {
  for (const name of Object.keys(portableFunctions)) assert.ok(!foreignFunctions.has(name), name);
  for (const [name, { what, reason }] of Object.entries(constructs))
    assert.ok(what.length > 0 && reason.length > 0, name);
});
