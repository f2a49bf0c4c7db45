/**
 * What the portable subset leaves out, apart from functions: each with the reason and what to write instead. `{}` stands for
 * the word at hand. The corpus holds a statement for each that shows the difference.
 */

export interface Construct {
  readonly what: string;
  readonly reason: string;
  readonly instead?: string;
}

const onlyDuckdb = "only DuckDB reads it";
const onlySpark = "only Spark reads it";
const override = "an override for each engine";

export const constructs = {
  // How statements are written.
  syntax: { what: "`{}` here", reason: "it is not in the portable grammar" },
  end: { what: "the end of the statement here", reason: "something is missing" },
  statements: { what: "a second statement", reason: "a mart or query is one statement" },
  parameter: { what: "a parameter", reason: "parameters have no value here" },
  "back-quotes": {
    what: "the name `{}` in back quotes",
    reason: onlySpark,
    instead: "the name in double quotes",
  },
  backslash: {
    what: "a backslash in a text",
    reason: "Spark takes it and what follows for one character",
    instead: "chr(92) || …; chr(10) for a line break, chr(9) for a tab",
  },
  "string-prefix": {
    what: "a text with the prefix {}",
    reason: "the engines have other prefixes",
    instead: "a plain text",
  },
  "quote-open": { what: "a quote that is not closed", reason: "the statement ends inside" },
  "comment-open": { what: "a comment that is not closed", reason: "the statement ends inside" },
  hint: { what: "a comment that begins with /*+", reason: "it is a hint for Spark", instead: "/* … */" },
  "number-form": {
    what: "the number {}",
    reason: "only one engine reads it",
    instead: "an integer of 64 bits, or digits with point or exponent",
  },
  "trailing-comma": { what: "a comma before the end of the list", reason: onlyDuckdb, instead: "no comma" },

  // Operators.
  "null-safe": { what: "`<=>`", reason: onlySpark, instead: "a is not distinct from b" },
  "integer-division": {
    what: "division of integers (`//`, `div`)",
    reason: "each engine has its own operator",
    instead: "cast(round((a - a % nullif(b, 0)) / nullif(b, 0)) as bigint)",
  },
  power: { what: "`**`", reason: onlyDuckdb, instead: "x * x" },
  caret: { what: "`^`", reason: "a power for DuckDB, exclusive or for Spark", instead: "x * x" },
  shift: { what: "`{}`", reason: "DuckDB fails where bits are lost, Spark drops them", instead: "x * 2" },
  "operators-mixed": {
    what: "`{}` beside another operator of its kind",
    reason: "the engines read them in other orders",
    instead: "parentheses",
  },
  "regex-operator": { what: "`{}`", reason: onlyDuckdb, instead: "regexp_extract(x, 'pattern', 0) <> ''" },
  "pattern-operator": {
    what: "`{}`",
    reason: "only one engine has it",
    instead: "like, or regexp_extract(x, 'pattern', 0) <> ''",
  },
  "json-arrow": {
    what: "`{}` on JSON",
    reason: onlyDuckdb,
    instead: "declare the column's type, or an override for each engine",
  },
  ilike: {
    what: "`ilike`",
    reason: "the engines lower special letters in other ways (İ)",
    instead: "like on translate(x, 'ABC…', 'abc…')",
  },
  "like-pattern": {
    what: "a pattern that is not a literal",
    reason: "Spark reads backslashes in it",
    instead: "a literal, or contains(x, y)",
  },
  collate: { what: "`collate`", reason: "the collations have other names", instead: override },
  "at-time-zone": { what: "`at time zone`", reason: onlyDuckdb, instead: override },
  "any-all": {
    what: "a comparison with `{}` of a query",
    reason: onlyDuckdb,
    instead: "in, exists, or a query with min or max",
  },
  division: {
    what: "`{}` by something that may be zero",
    reason: "DuckDB answers null or infinity, Spark fails",
    instead: "{} nullif(x, 0), or a literal that is not zero",
  },

  // Lists, structs, maps.
  index: { what: "`[…]` on a list or text", reason: "DuckDB counts from 1, Spark from 0", instead: override },
  slice: { what: "`[a:b]`", reason: onlyDuckdb, instead: override },
  "list-literal": { what: "a list in `[…]`", reason: onlyDuckdb, instead: override },
  "struct-literal": { what: "a struct in `{…}`", reason: onlyDuckdb, instead: override },
  "lambda-python": { what: "`lambda x:`", reason: onlyDuckdb, instead: "x -> …" },
  "lambda-two": { what: "a lambda with an index", reason: "DuckDB counts from 1, Spark from 0", instead: override },
  "dot-call": { what: "`.{}(…)`", reason: onlyDuckdb, instead: "{}(x, …)" },
  "field-of-list": { what: "a field of a list", reason: onlySpark, instead: override },
  tuple: {
    what: "several values in parentheses as a column",
    reason: "a struct without names",
    instead: "one column each",
  },
  "nested-type": { what: "a cast to a nested type", reason: "the engines write it in other ways", instead: override },
  "nested-order": {
    what: "an order of lists or structs",
    reason: "nulls inside count as greatest for DuckDB and as least for Spark",
    instead: "their elements or fields",
  },

  // Clauses.
  "distinct-on": {
    what: "`distinct on`",
    reason: onlyDuckdb,
    instead: "row_number() over (partition by …) = 1 in qualify",
  },
  "star-modifier": {
    what: "`* {} (…)`",
    reason: "the engines have other words for it",
    instead: "the names of the columns",
  },
  "alias-first": { what: "`name: value`", reason: onlyDuckdb, instead: "value as name" },
  "alias-missing": {
    what: "a column without a name",
    reason: "the engines name it in other ways",
    instead: "… as name",
  },
  "alias-in-where": {
    what: "the select list's name {} in WHERE",
    reason: onlyDuckdb,
    instead: "its expression, or a query around",
  },
  "name-case": {
    what: "the column {} in another spelling than the table's",
    reason: "DuckDB answers with the table's spelling, Spark with this one",
    instead: "{} as name",
  },
  "with-rollup": { what: "`with rollup`", reason: onlySpark, instead: "group by rollup(…)" },
  "order-all": {
    what: "`order by all`",
    reason: "nulls come last for DuckDB and first for Spark",
    instead: "the columns, each with nulls first or nulls last",
  },
  "order-nulls": {
    what: "an ascending order that decides about rows, without nulls first or nulls last",
    reason: "nulls come last for DuckDB and first for Spark",
    instead: "order by x nulls last",
  },
  "order-distinct": {
    what: "an order by something that `select distinct` leaves out",
    reason: onlyDuckdb,
    instead: "the column in the select list too",
  },
  "limit-unordered": {
    what: "`limit` without `order by`",
    reason: "which rows come is up to the engine",
    instead: "order by",
  },
  "limit-form": {
    what: "`limit` or `offset` with more than a number",
    reason: "only DuckDB reads shares, null and queries there",
    instead: "a number",
  },
  "offset-first": { what: "`offset` before `limit`", reason: onlyDuckdb, instead: "limit n offset m" },
  fetch: { what: "`fetch first`", reason: onlyDuckdb, instead: "limit n" },
  sample: { what: "a sample", reason: "the rows are others each time, and the forms differ", instead: override },
  pivot: { what: "`{}`", reason: "the columns get other names", instead: "sum(x) filter (where …) as name" },
  "from-first": {
    what: "`from` first",
    reason: "the engines read other clauses behind it",
    instead: "select … from …",
  },
  "spark-order": { what: "`{} by`", reason: onlySpark, instead: "order by" },
  minus: { what: "`minus`", reason: onlySpark, instead: "except" },
  "union-by-name": { what: "`by name`", reason: onlyDuckdb, instead: "the columns in one order" },
  "union-types": {
    what: "columns of other types",
    reason: "the engines agree on other types, or on none",
    instead: "cast(… as type) in each query",
  },
  recursive: {
    what: "`with recursive`",
    reason: "Spark stops after 100 steps and has no UNION there",
    instead: override,
  },
  materialized: { what: "`materialized`", reason: onlyDuckdb, instead: "with name as (…)" },
  "values-names": {
    what: "`values` without names for its columns",
    reason: "they count from 0 or from 1",
    instead: "(values …) as t(a, b)",
  },
  "values-bare": {
    what: "`values` without parentheses",
    reason: "the engines attach its name in other ways",
    instead: "(values …) as t(a, b)",
  },

  // Joins and tables.
  "natural-join": { what: "`natural join`", reason: "the columns come in other orders", instead: "join … on" },
  "left-semi": { what: "`left semi` or `left anti`", reason: onlySpark, instead: "semi join or anti join" },
  "join-without-on": { what: "a join without a condition", reason: onlySpark, instead: "cross join" },
  "using-star": {
    what: "`*` over a join with USING",
    reason: "the columns come in other orders",
    instead: "the names of the columns",
  },
  "asof-join": { what: "`asof join`", reason: onlyDuckdb, instead: override },
  "positional-join": { what: "`positional join`", reason: onlyDuckdb, instead: override },
  lateral: {
    what: "`lateral` with a function",
    reason: onlySpark,
    instead: "lateral (select …), or an override for each engine",
  },
  "table-function": { what: "the table function {}", reason: "the engines have other ones", instead: override },
  "file-as-table": { what: "a file as a table", reason: "a statement reads the project's tables and marts only" },
  "qualified-table": {
    what: "the table {} with a schema or catalog",
    reason: "the engines keep tables in other ones",
    instead: "the bare name",
  },
  "table-as-value": { what: "the table {} as a value", reason: onlyDuckdb, instead: "its columns" },

  // Windows and aggregates.
  "window-inherits": {
    what: "a window that begins with another one's name",
    reason: onlyDuckdb,
    instead: "the whole window",
  },
  "window-frame": { what: "a frame with {}", reason: onlyDuckdb, instead: "rows or range" },
  "window-distinct": { what: "`distinct` in a window function", reason: onlyDuckdb, instead: "a query around" },
  "ignore-nulls": { what: "`ignore nulls`", reason: "it stands in other places", instead: override },
  "order-in-call": { what: "`order by` inside of {}(…)", reason: onlyDuckdb, instead: override },
  "within-group": { what: "`within group` for {}", reason: onlySpark, instead: override },

  // Types.
  "type-name": {
    what: "the type {}",
    reason: "only one engine has it under this name",
    instead: "boolean, int, bigint, double, decimal(p,s), string, date or timestamp",
  },
  "type-integer": {
    what: "an integer whose width the engines do not share",
    reason: "BIGINT for DuckDB, INT for Spark",
    instead: "cast(… as bigint)",
  },
  "type-moment": {
    what: "a moment whose type the engines do not share",
    reason: "for DuckDB it is a timestamp without zone (or a date), for Spark an instant",
    instead: "cast(… as date); or a timestamp column, to_timestamp(seconds)",
  },
  "type-decimal": {
    what: "a decimal whose digits the engines count in other ways",
    reason: "precision and scale of the result differ",
    instead: "cast(… as decimal(p,s)) around sums; cast the operands to double elsewhere",
  },
  "type-decimal-literal": {
    what: "the decimal {} as a column",
    reason: "DuckDB counts the zero before the point as a digit",
    instead: "cast({} as decimal(p,s)), or 0.5e0 for a double",
  },
  "type-null": {
    what: "null as a column",
    reason: "INTEGER for DuckDB, STRING for Spark",
    instead: "cast(null as type)",
  },
  "type-rounded": {
    what: "round of a double or decimal as it is",
    reason: "-0.0 for DuckDB, 0.0 for Spark; digits of decimals differ",
    instead: "cast(round(x) as bigint)",
  },
  "type-sign": {
    what: "sign as it is",
    reason: "INT for DuckDB, DOUBLE for Spark",
    instead: "cast(sign(x) as bigint)",
  },
  "type-interval": {
    what: "an interval as a column",
    reason: "neither a mart nor both engines hold it",
    instead: "moment + interval",
  },
  arithmetic: {
    what: "`{}` on these types",
    reason: "the engines answer with other types, or one has none",
    instead: "cast the operands to one type",
  },
  "decimal-arithmetic": {
    what: "`{}` on decimals",
    reason: "precision and scale of the result differ",
    instead: "cast the operands to double; + and - of decimals with up to 17 digits",
  },
  "compare-types": {
    what: "a comparison of a text with a number or truth value",
    reason: "the engines convert in other ways",
    instead: "cast one side",
  },
  "compare-moment": {
    what: "a comparison of a moment with this text",
    reason: "the engines read other forms",
    instead: "'2026-03-01', '2026-03-01 15:00:00' or '2026-03-01T15:00:00Z'",
  },
  "moment-literal": {
    what: "this literal of a date or timestamp",
    reason: "the engines read other forms, and DuckDB drops the zone",
    instead: "date '2026-03-01', timestamp '2026-03-01 15:00:00'",
  },
  "interval-literal": {
    what: "this interval",
    reason: "the engines read other forms",
    instead: "interval 1 day, interval '90' minute",
  },
  "typed-literal": {
    what: "a literal of the type {}",
    reason: "only one engine reads it",
    instead: "cast('…' as type)",
  },
  "cast-rounds": {
    what: "a cast of a double or of a decimal with digits behind the point to an integer",
    reason: "DuckDB rounds, Spark cuts off",
    instead: "cast(round(x) as bigint), or cast(round(x - x % 1) as bigint)",
  },
  "cast-double-decimal": {
    what: "a cast of a double to a decimal",
    reason: "DuckDB rounds the binary value, Spark its shortest text: 1.005 becomes 1.00 or 1.01",
    instead: "declare the column as decimal",
  },
  "cast-to-text": {
    what: "a {} as text",
    reason: "the engines write it in other ways",
    instead: "parts of it: integers, decimals, dates and truth values are written alike",
  },
  "cast-text": {
    what: "a cast of this text",
    reason: "only one engine reads it",
    instead: "plain digits, or '2026-03-01'",
  },
  "try-cast": {
    what: "`try_cast` of a text",
    reason: "the engines take other texts for a number, date or truth value, and answer null for the rest",
    instead: "declare the column's type; or cast, which fails where they differ",
  },
  "boolean-text": {
    what: "a cast between these types",
    reason: "only one engine has it",
    instead: "case when … then … end",
  },

  // Functions.
  "function-unknown": {
    what: "the function {}",
    reason: "it is not proven to answer alike on both engines",
    instead: override,
  },
  "function-arguments": {
    what: "{} with this number of arguments",
    reason: "it is not proven to answer alike on both engines",
  },
  "function-argument": { what: "this argument of {}", reason: "only for other values do the engines answer alike" },
} as const satisfies Readonly<Record<string, Construct>>;

export type ConstructName = keyof typeof constructs;
