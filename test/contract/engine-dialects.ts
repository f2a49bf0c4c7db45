/** What the suite of engines asks in each engine's own words, where SQL leaves the words open, and what their messages say. */
import type { FailureKind } from "../../src/errors.ts";
import { duckdbLists, type ListWords } from "./engine-answers.ts";

export type Refusal = readonly [sql: string, words: RegExp, at?: readonly [line: number, column: number]];

export interface EngineDialect {
  /** Whether a partition's file may lie anywhere; otherwise its directory says its `src`. */
  readonly isFileAnywhere: boolean;
  readonly lists: ListWords;
  /** Statements made at random: an engine whose every statement takes a second tries fewer. */
  readonly randomRuns: number;
  /** A row of a value of every type, in the order in which the suite expects them. */
  readonly values: string;
  readonly refused: readonly Refusal[];
  /** One row `1`, with something around the statement. */
  readonly adorned: readonly string[];
  /** Results that no mart can be. */
  readonly noMarts: readonly (readonly [sql: string, words: RegExp])[];
  /** Expressions over `x` of 1 and 2, the type of a mart's column for them, and its value. */
  readonly martTypes: readonly (readonly [expression: string, kind: string, value: unknown])[];
  /** Fails with a text of the statement's own. */
  readonly failing: string;
  /** `src` is a text: what the engine calls its type. */
  readonly textType: RegExp;
  /** Over `t(id, s(a, b(c)), l[](k), late, src)`. */
  readonly many: readonly string[];
  /** Which of the hours 00 to 03 are looked at for a statement over `t(h, src)`, and what it answers. */
  readonly hours: readonly (readonly [sql: string, looked: string, values: readonly bigint[]])[];
  /** A condition on `src` that is wrong in itself. */
  readonly wrongCondition: readonly [sql: string, kind: FailureKind, words: RegExp];
}

/** Refused by every engine in words that say the same. */
const refusedByAll: readonly Refusal[] = [
  ["selec 1", /syntax error/i, [1, 1]],
  ["select\n  'é', tpe from events", /tpe.*type/s, [2, 8]],
  ["select e.payload.acton from events e", /no field "acton".*action/s, [1, 8]],
  ["select * from evnts", /evnts.*events/s, [1, 15]],
  ["select nofunction(type) from events", /nofunction/, [1, 8]],
  ["select 1; select 2", /one SELECT/],
  ["", /no statement/],
  ["-- nothing", /no statement/],
  ["select ?", /parameter/],
  ["insert into events values (1)", /one SELECT/],
  ["create table x as select 1", /one SELECT/],
  ["copy (select 1) to 'x.parquet'", /one SELECT/],
  ["attach 'x.db'", /one SELECT/],
  ["load httpfs", /one SELECT/],
  ["set memory_limit = '1GB'", /one SELECT/],
  ["pragma database_list", /one SELECT/],
  ["describe events", /not available/],
  ["summarize events", /not available/],
  ["select * from read_csv('/etc/passwd')", /read_csv\(\) is not available/, [1, 15]],
  ["select * from read_parquet('x.parquet')", /read_parquet\(\) is not available/],
  ["select (select count(*) from glob('/*'))", /glob\(\) is not available/],
  ["select * from information_schema.tables", /no table or mart is named/],
  ["select rowid from events", /rowid/],
  ["select filename from events", /filename/],
];

const VALUES = "123456789.120::decimal(20,3) as dec, 'text' as s, null::varchar";

export const duckdbDialect: EngineDialect = {
  isFileAnywhere: true,
  lists: duckdbLists,
  randomRuns: 20,
  values: `select true as b, 1::integer as i, 9223372036854775807 as big, 1.5::double as d, 0.25::float as f,
    ${VALUES} as n, date '2026-03-01' as day,
    timestamptz '2026-03-01 15:00:00.000001+00' as at, timestamp '1969-12-31 23:59:59.9' as local,
    [1, null] as list, {'a': 1, 'b': [{'c': 'x'}]} as st, '\\xAB'::blob as bin`,
  refused: [
    ...refusedByAll,
    ["select type from events group by src", /GROUP BY/, [1, 8]],
    ["select $1 from events", /parameter/],
    ["install httpfs", /one SELECT/],
    ["with x as (from read_text('/etc/passwd')) from x", /read_text\(\) is not available/],
    ["from query('select 1')", /query\(\) is not available/],
    ["select * from '/etc/passwd'", /no table or mart is named/],
    ["select * from duckdb_settings()", /duckdb_settings\(\) is not available/],
  ],
  adorned: [
    "select 1 as a;",
    "/* x */ select 1 as a -- y",
    "select 1 as a ; -- z",
    "(select 1 as a)",
    "from (values (1)) t(a)",
  ],
  noMarts: [
    ["select count(*) from events", /"count_star\(\)".*as count_star/s],
    ['select 1 as "A b"', /"A b".*as a_b/s],
    ['select 1 as "1x"', /as _1x/],
    ['select 1 as "é"', /as value/],
    ["select type, type from events", /"type" comes twice.*as type_2/s],
    ["select interval 1 day as d", /INTERVAL.*epoch/s],
    ["select time '12:00' as t", /TIME.*varchar/s],
    ["select map {'a': 1} as m", /MAP.*map_entries/s],
    ["select [time '12:00'] as t", /TIME/],
  ],
  martTypes: [
    ["sum(x::bigint)", "int64", 3n],
    ["max(x::utinyint)", "int32", 2],
    ["max(x::uinteger)", "int64", 2n],
    ["max(x::smallint)", "int32", 2],
    ["max(18446744073709551615::ubigint)", "decimal", Number(2n ** 64n - 1n)],
    ["any_value('a'::enum('a', 'b'))", "string", "a"],
    ["any_value('f7c1aab5-3d0c-4d52-8e07-52b5a8a8c1de'::uuid)", "string", "f7c1aab5-3d0c-4d52-8e07-52b5a8a8c1de"],
    ["any_value('{}'::json)", "string", "{}"],
    ["max([x::hugeint])", "list", [2n]],
    ["max({'a': x::integer})", "struct", { a: 2n }],
  ],
  failing: "error('stop: ' || type)",
  textType: /^VARCHAR$/,
  many: [
    "select count(*), count(distinct src), min(src), max(src) from t",
    "select * from t order by id",
    "select id, s from t where s is not null order by id",
    "select id, s.a, s.b.c from t order by id",
    "select id, s.b is null, s.b from t order by id",
    "select id, l[1], len(l) from t order by id",
    "select id, u from (select id, unnest(l) as u from t) order by id, u.k",
    "select a.id, b.s.a from t a join t b on a.id = b.s.a order by 1",
    "with t as (select id, s.b.c as c from t) select c, count(*) from t group by all order by all",
    "select id, row_number() over (partition by s.b.c order by id) from t order by id",
    "select t from t where id < 20 order by t.id",
    "select src, sum(s.a), max(late) from t group by src order by src",
    "select id from t where exists (select * from t o where o.s.a = t.id) order by id",
    "select 1 from t limit 3",
  ],
  hours: [
    ["select h from t where src = '2026-03-01-02'", "02", [2n]],
    ["select h from t e where h >= 0 and e.src >= '2026-03-01-02' order by h", "02,03", [2n, 3n]],
    ["select h from t where src in ('2026-03-01-00', '2026-03-01-03') order by h", "00,03", [0n, 3n]],
    ["select h from t where src between '2026-03-01-01' and '2026-03-01-02' order by h", "01,02", [1n, 2n]],
    ["select h from t where src like '%-00' or right(src, 2) = '01' order by h", "00,01", [0n, 1n]],
    ["select h from t where not (src <> '2026-03-01-01')", "01", [1n]],
    ["select h from (select * from t where src < '2026-03-01-01')", "00", [0n]],
    ["with t as (select * from t where src = '2026-03-01-01') select h from t", "00,01,02,03", [1n]],
    ["select h from t where src = '2026-03-01-02' or h = 0 order by h", "00,01,02,03", [0n, 2n]],
    ["select a.h from t a join t b on a.h = b.h where a.src = '2026-03-01-01'", "00,01,02,03", [1n]],
    ["select t.h from (values (1)) v(h) left join t on t.h = v.h where t.src = '2026-03-01-01'", "00,01,02,03", [1n]],
    ["select t.h from t left join (values (1)) v(h) on t.h = v.h where t.src = '2026-03-01-01'", "01", [1n]],
    ["select count(*) from t where src = 'nothing'", "", [0n]],
  ],
  wrongCondition: ["select h from t where regexp_matches(src, '(')", "usage", /missing/],
};

export const sparkDialect: EngineDialect = {
  isFileAnywhere: false,
  lists: { first: "get(l, 0)", length: "size(l)", mapped: "transform(l, k -> k.k)" },
  randomRuns: 6,
  values: `select true as b, 1::integer as i, 9223372036854775807 as big, 1.5::double as d, 0.25::float as f,
    ${VALUES}(9) as n, date '2026-03-01' as day,
    timestamp '2026-03-01 15:00:00.000001+00' as at, timestamp_ntz '1969-12-31 23:59:59.9' as local,
    array(1, null) as list, named_struct('a', 1, 'b', array(named_struct('c', 'x'))) as st, x'AB' as bin`,
  refused: [
    ...refusedByAll,
    // Spark gives no position for this one.
    ["select type from events group by src", /GROUP BY/],
    ["select :name from events", /parameter/],
    ["select sum(type, type) from events", /sum.*parameters/, [1, 8]],
    ["explain select 1", /not available/],
    ["show tables", /not available/],
    ["drop table x", /one SELECT/],
    ["use x", /one SELECT/],
    ["cache table events", /one SELECT/],
    ["add jar 'x.jar'", /one SELECT/],
    ["begin select 1; end", /one SELECT/],
    ["with x as (select 1) insert into events select * from x", /syntax error/i],
    ["from events insert into x select type", /syntax error/i],
    ["with x as (select 1 as a) delete from events", /syntax error/i],
    ["select * from text.`/etc/passwd`", /no table or mart is named/, [1, 15]],
    ["select * from parquet.`s3a://bucket/key`", /no table or mart is named/],
    ["with x as (select * from default.events) select * from x", /no table or mart is named "default.events"/, [1, 26]],
    ["select * from spark_catalog.default.events", /no table or mart is named/],
    ["select * from global_temp.events", /no table or mart is named/],
    ["select * from identifier('ev' || 'ents')", /identifier\(\) is not available/, [1, 15]],
    ["select java_method('java.lang.System', 'getenv', 'HOME')", /java_method\(\) is not available/, [1, 8]],
    ["select `reflect`('java.lang.System', 'getenv', 'HOME')", /reflect\(\) is not available/, [1, 8]],
    ["select transform(type) using 'cat' from events", /a script/],
    ["select _metadata.file_path from events", /_metadata/],
    ['select type from events where type = "Push"', /Push/, [1, 38]],
  ],
  adorned: [
    "select 1 as a;",
    "/* x */ select 1 as a -- y",
    "select 1 as a ; -- z",
    "(select 1 as a)",
    "from (values (1)) t(a) select a",
    "/* a /* b */ ; */ select 1 as a ;;",
    "select 1 as a -- \\",
    "with x as (select * from values (1) as t(a)) table x",
  ],
  noMarts: [
    ["select count(*) from events", /"count\(1\)".*as count_1/s],
    ["select 1 as `A b`", /"A b".*as a_b/s],
    ['select 1 as "1x"', /as _1x/],
    ["select 1 as `é`", /as value/],
    ["select type, type from events", /"type" comes twice.*as type_2/s],
    ["select interval 1 day as d", /INTERVAL.*unix_micros/s],
    ["select interval 1 month as d", /INTERVAL.*extract/s],
    ["select make_interval(1, 2, 3) as d", /INTERVAL.*unix_micros/s],
    ["select time '12:00' as t", /TIME.*string/s],
    ["select map('a', 1) as m", /MAP.*map_entries/s],
    ["select array(time '12:00') as t", /TIME/],
    ["select array(date '2026-03-01') as t", /DATE.*take it out/s],
    ["select parse_json('1') as v", /VARIANT.*to_json/s],
  ],
  martTypes: [
    ["sum(x::bigint)", "int64", 3n],
    ["max(x::tinyint)", "int32", 2],
    ["max(x::smallint)", "int32", 2],
    ["max(x::decimal(20,0))", "decimal", 2],
    ["max('a'::varchar(3))", "string", "a"],
    ["max('a'::char(1))", "string", "a"],
    ["max(null)", "string", null],
    ["max(x::float)", "float", 2],
    ["max(array(x::int))", "list", [2n]],
    ["max(named_struct('a', x::integer, 'b', array(x::float)))", "struct", { a: 2n, b: [2] }],
  ],
  failing: "raise_error('stop: ' || type)",
  textType: /^string$/,
  many: [
    "select count(*), count(distinct src), min(src), max(src) from t",
    "select * from t order by id",
    "select id, s from t where s is not null order by id",
    "select id, s.a, s.b.c from t order by id",
    "select id, s.b is null, s.b from t order by id",
    "select id, get(l, 0), size(l) from t order by id",
    "select id, u from (select id, explode(l) as u from t) order by id, u.k",
    "select a.id, b.s.a from t a join t b on a.id = b.s.a order by 1",
    "with t as (select id, s.b.c as c from t) select c, count(*) from t group by all order by all",
    "select id, row_number() over (partition by s.b.c order by id) from t order by id",
    "select struct(t.*) from t where id < 20 order by t.id",
    "select src, sum(s.a), max(late) from t group by src order by src",
    "select id from t where exists (select * from t o where o.s.a = t.id) order by id",
    "select 1 from t limit 3",
  ],
  // Spark moves conditions to the scans by itself, through expressions and joins; what it evaluates there is not looked at by
  // us beforehand, but it does not open those files either.
  hours: [
    ["select h from t where src = '2026-03-01-02'", "02", [2n]],
    ["select h from t e where h >= 0 and e.src >= '2026-03-01-02' order by h", "02,03", [2n, 3n]],
    ["select h from t where src in ('2026-03-01-00', '2026-03-01-03') order by h", "00,03", [0n, 3n]],
    ["select h from t where src between '2026-03-01-01' and '2026-03-01-02' order by h", "01,02", [1n, 2n]],
    ["select h from t where src like '%-00' or src like '2026-03-01-01' order by h", "00,01", [0n, 1n]],
    ["select h from t where src like '%-00' or right(src, 2) = '01' order by h", "00,01,02,03", [0n, 1n]],
    ["select h from t where not (src <> '2026-03-01-01')", "01", [1n]],
    ["select h from (select * from t where src < '2026-03-01-01')", "00", [0n]],
    ["with t as (select * from t where src = '2026-03-01-01') select h from t", "01", [1n]],
    ["select h from t where src = '2026-03-01-02' or h = 0 order by h", "00,01,02,03", [0n, 2n]],
    ["select a.h from t a join t b on a.h = b.h where a.src = '2026-03-01-01'", "00,01,02,03", [1n]],
    ["select a.h from t a join t b on a.src = b.src where a.src = '2026-03-01-01'", "01", [1n]],
    ["select t.h from (values (1)) v(h) left join t on t.h = v.h where t.src = '2026-03-01-01'", "01", [1n]],
    ["select t.h from t left join (values (1)) v(h) on t.h = v.h where t.src = '2026-03-01-01'", "01", [1n]],
    [
      "select h from t where src = '2026-03-01-01' union all select h from t where src = '2026-03-01-03'",
      "01,03",
      [1n, 3n],
    ],
    ["select count(*) from t where src = 'nothing'", "", [0n]],
    ["select count(*) from t where src = '), EqualTo(src,2026-03-01-02'", "00,01,02,03", [0n]],
  ],
  wrongCondition: ["select h from t where src rlike '('", "application", /rlike/],
};
