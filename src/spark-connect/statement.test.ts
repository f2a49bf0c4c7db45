import assert from "node:assert/strict";
import test from "node:test";
import { isPlainQuery } from "./statement.ts";

test("statements that are queries, whatever stands before their first word", () => {
  const queries = [
    "select 1",
    "SELECT 'insert into x'",
    "  \n\tSeLeCt 1",
    "-- comment\nselect 1",
    "-- goes on \\\n insert\nselect 1",
    "/* a /* nested */ comment */ select 1",
    "/*+ hint */ (( select 1 ) union all select 2)",
    "values (1), (2)",
    "table t",
    "(values 1)",
    "with a as (select 1) select * from a",
    "from values (1) t(a) |> where a = 1",
    "from t select a",
  ];
  for (const text of queries) assert.equal(isPlainQuery(text), true, text);
});

test("everything that may be more than a query is not", () => {
  const others = [
    "",
    "-- nothing",
    "/* not closed select 1",
    "create table t as select 1",
    "insert into t select 1",
    "with a as (select 1) insert into t select * from a",
    "WITH a AS (SELECT 1) MERGE INTO t USING a ON true WHEN MATCHED THEN DELETE",
    "with a as (select 'update') select * from a",
    "from t insert into u select a insert overwrite v select b",
    "-- select\ninsert into t values (1)",
    "/* select */ drop table t",
    "show tables",
    "describe t",
    "explain select 1",
    "set a = 1",
    "begin select 1; end",
    "execute immediate 'select 1'",
    "select1",
    "selection",
    "map a using 'x'",
    "cache table t",
    "refresh t",
    "analyze table t compute statistics",
  ];
  for (const text of others) assert.equal(isPlainQuery(text), false, text);
});
