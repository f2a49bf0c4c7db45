/** Random statements of the portable grammar give equal answers on both engines. `FC_RUNS` and `FC_SEED` deepen and repeat. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lintPortable } from "../../src/model/portable-sql.ts";
import { propertyRuns } from "../contract/property-runs.ts";
import { sparkServer } from "../real/spark-server.ts";
import { type Answer, verdictOf } from "./answers.ts";
import { answersOf, duckdbEngine, sparkEngine } from "./engines.ts";
import { parityTables } from "./tables.ts";

type Make = (depth: number) => fc.Arbitrary<string>;

const pick = (...texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const join = (...parts: readonly (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part)))
    .map((texts) => texts.join(""));

/** Integers of 64 bits; small ones, so that few statements overflow. */
const integer: Make = (depth) =>
  depth <= 0
    ? pick("id", "id", "userId", "actor.id", "3", "-1", "0")
    : fc.oneof(
        integer(0),
        join("(", integer(depth - 1), pick(" + ", " - ", " * ", " & ", " | "), integer(depth - 1), ")"),
        join("(", integer(depth - 1), " % nullif(", integer(0), ", 0))"),
        join("cast(", pick("length", "char_length", "ascii"), "(", text(depth - 1), ") as bigint)"),
        join(
          "cast(",
          pick("year", "month", "day", "hour", "minute", "second", "quarter", "weekofyear", "dayofyear"),
          "(",
          moment(depth - 1),
          ") as bigint)",
        ),
        join(pick("coalesce", "greatest", "least"), "(", integer(depth - 1), ", ", integer(0), ")"),
        join("case when ", condition(depth - 1), " then ", integer(depth - 1), " else ", integer(0), " end"),
        join("abs(", integer(depth - 1), ")"),
        join("cast(round(", double(depth - 1), ") as bigint)"),
      );

const double: Make = (depth) =>
  depth <= 0
    ? pick("score", "cast(id as double)", "1.5e0", "0e0", "cast(price as double)")
    : fc.oneof(
        double(0),
        join("(", double(depth - 1), pick(" + ", " - ", " * "), double(0), ")"),
        join("(", integer(depth - 1), " / nullif(", double(0), ", 0))"),
        join("(", double(depth - 1), " % 7)"),
        join("abs(", double(depth - 1), ")"),
        join("nullif(", double(depth - 1), ", ", double(0), ")"),
        join("sqrt(abs(", double(depth - 1), "))"),
      );

const text: Make = (depth) =>
  depth <= 0
    ? pick("name", "actor.login", "src", '"a.b"', '"c-d"', "'Ann'", "''", "'a b,c'", "doc", "actor['displayName']")
    : fc.oneof(
        text(0),
        join("(", text(depth - 1), " || ", text(0), ")"),
        join("substr(", text(depth - 1), ", ", pick("1", "2", "-2"), ", ", pick("0", "1", "3"), ")"),
        join(pick("trim", "ltrim", "rtrim", "md5", "sha1"), "(", text(depth - 1), ")"),
        join("replace(", text(depth - 1), ", ", pick("'a'", "'n'", "' '"), ", ", pick("''", "'x'"), ")"),
        join("translate(", text(depth - 1), ", 'abc', 'AB')"),
        join(pick("left", "right"), "(", text(depth - 1), ", ", pick("0", "1", "4"), ")"),
        join(pick("lpad", "rpad"), "(", text(depth - 1), ", 5, '*-')"),
        join("split_part(", text(depth - 1), ", ", pick("' '", "'-'", "','"), ", ", pick("1", "2", "-1"), ")"),
        join("concat_ws('/', ", text(depth - 1), ", ", integer(0), ")"),
        join("cast(", integer(depth - 1), " as string)"),
        join("cast(cast(", moment(0), " as date) as string)"),
        join("coalesce(", text(depth - 1), ", ", text(0), ")"),
        join("regexp_extract(", text(depth - 1), ", ", pick("'[a-z]+'", "'^.'", "'(a|b)+'", "'[^a-c ]+'"), ", 0)"),
      );

const moment: Make = (depth) =>
  depth <= 0
    ? pick("born", "cast(born as date)", "date '2024-02-29'")
    : fc.oneof(
        moment(0),
        join("last_day(", moment(0), ")"),
        join("(born", pick(" + ", " - "), pick("interval 1 day", "interval '1' month", "interval '90' minute"), ")"),
      );

const condition: Make = (depth) =>
  depth <= 0
    ? pick(
        "active",
        "id > 3",
        "name is null",
        "name like '%b%'",
        "score >= 0e0",
        "born > timestamp '2024-01-01 00:00:00'",
      )
    : fc.oneof(
        condition(0),
        join("(", condition(depth - 1), pick(" and ", " or "), condition(0), ")"),
        join("(not ", condition(depth - 1), ")"),
        join("(", integer(depth - 1), pick(" = ", " < ", " <> ", " >= "), integer(0), ")"),
        join("(", text(depth - 1), pick(" = ", " < ", " <> ", " is distinct from "), text(0), ")"),
        join("(", double(depth - 1), pick(" > ", " <= "), integer(0), ")"),
        join("(", integer(depth - 1), " in (1, 4, null))"),
        join("contains(", text(depth - 1), ", 'a')"),
        join("(", integer(depth - 1), " between 1 and 5)"),
      );

const nothing: Answer = { fails: "statement" };

const value = fc.oneof(
  integer(2),
  double(2),
  text(2),
  condition(2),
  pick("born", "tags", "actor", "items", "date_trunc('hour', born)", "price + rate", "array_sort(nums)"),
);

const from = pick(
  "people",
  "people",
  "(select * from people where id <> 3) people",
  "(select * from people union all select * from people) people",
);

const rows = fc
  .tuple(fc.array(value, { minLength: 1, maxLength: 4 }), from, fc.option(condition(2)), fc.boolean())
  .map(([values, source, where, distinct]) => {
    const list = values.map((one, index) => `${one} as c${index}`).join(", ");
    return `select ${distinct ? "distinct " : ""}${list} from ${source}${where === null ? "" : ` where ${where}`}`;
  });

const aggregate = fc.oneof(
  pick("count(*)", "count(name)"),
  join(pick("sum", "min", "max", "count", "avg", "median"), "(", integer(1), ")"),
  join(pick("min", "max"), "(", fc.oneof(text(1), double(1)), ")"),
  join("count(distinct ", fc.oneof(text(1), integer(1)), ")"),
  join("sum(", integer(0), ") filter (where ", condition(1), ")"),
  join(pick("bool_and", "bool_or"), "(", condition(1), ")"),
);

const groups = fc
  .tuple(
    fc.oneof(text(1), integer(1), condition(1)),
    fc.array(aggregate, { minLength: 1, maxLength: 3 }),
    from,
    pick("c0", "1", "all", "rollup(c0)"),
  )
  .filter(([, , , by]) => by !== "rollup(c0)")
  .map(([key, values, source, by]) => {
    const list = [key, ...values].map((one, index) => `${one} as c${index}`).join(", ");
    return `select ${list} from ${source} group by ${by}`;
  });

const windows = fc
  .tuple(
    aggregate.filter((one) => !/distinct|median/u.test(one)),
    fc.oneof(text(1), integer(1)),
    pick("first", "last"),
    pick("", " desc"),
  )
  .map(
    ([one, key, nulls, way]) =>
      `select id, ${one} over (partition by active order by ${key}${way} nulls ${nulls}, id nulls last) as c1, ` +
      `cast(row_number() over (order by ${key}${way} nulls ${nulls}, id nulls last) as bigint) as c2 from people`,
  );

const joins = fc
  .tuple(pick("join", "left join", "full join", "semi join", "anti join"), fc.option(integer(1)), pick("shop", "item"))
  .map(([way, least, key]) => {
    const columns = way.startsWith("semi") || way.startsWith("anti") ? "s.id" : "s.id, h.city, h.rank";
    const condition = least === null ? "" : " and s.id > h.rank";
    return `select ${columns} from sales s ${way} shops h on s.${key} = h.shop${condition}`;
  });

const statement = fc.oneof({ weight: 4, arbitrary: rows }, { weight: 2, arbitrary: groups }, windows, joins);

/** GROUP BY and DISTINCT of Spark drop the sign of a zero, DuckDB keeps one it met: `=` says they are the same. */
function withoutSigns(answer: Answer | undefined): Answer | undefined {
  return answer === undefined ? undefined : JSON.parse(JSON.stringify(answer).replaceAll('"-0.0"', "0"));
}

test("random portable statements answer alike", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const tables = await parityTables();
  const [duckdb, spark] = [duckdbEngine(), sparkEngine(server.url)];
  try {
    await fc.assert(
      fc.asyncProperty(statement, async (sql) => {
        assert.deepEqual(lintPortable(sql, tables.tables), [], sql);
        const [ours, theirs] = await Promise.all([answersOf(duckdb, [sql], tables), answersOf(spark, [sql], tables)]);
        const [a = nothing, b = nothing] = [withoutSigns(ours[0]), withoutSigns(theirs[0])];
        assert.equal(verdictOf(a, b), "same", `${sql}\nDuckDB ${JSON.stringify(a)}\nSpark  ${JSON.stringify(b)}`);
      }),
      propertyRuns(60),
    );
  } finally {
    await Promise.all([duckdb.close(), spark.close()]);
    tables.close();
  }
});
