/**
 * The functions of the portable subset: those that gave equal answers on both engines over the parity corpus, with the
 * arguments for which they did. Whatever is not here is refused; `portable-sql-foreign.ts` says why and what to write instead.
 */

/** What an argument must be. The last one of a list stands for all that follow. */
export type Need =
  | "any"
  | "scalar"
  | "text"
  | "bool"
  | "integer"
  | "int32"
  | "number"
  | "exact"
  | "double"
  | "moment"
  | "date"
  | "list"
  | "list-of-scalars"
  | "condition"
  | "position"
  | "count"
  | "literal"
  | "separator"
  | "pattern"
  | "group"
  | "index"
  | "part"
  | "unit"
  | "ascii"
  | "side"
  | "divisor"
  | "not-negative"
  | "bucket";

/** What comes out. `integer` is BIGINT for DuckDB and INT for Spark. */
export type Result =
  | "text"
  | "bool"
  | "int32"
  | "int64"
  | "integer"
  | "double"
  | "date"
  | "timestamp"
  | "moment"
  | "list-of-text"
  | "first"
  | "second"
  | "united"
  | "sum"
  | "sign"
  | "rounded"
  | "remainder";

export type FunctionSort = "text" | "number" | "choice" | "time" | "list" | "aggregate" | "window";

export interface PortableFunction {
  readonly sort: FunctionSort;
  /** As the documentation shows it. */
  readonly form: string;
  readonly needs: readonly Need[];
  readonly result: Result;
  /** Least and most arguments; as many as `needs` unless given. */
  readonly least?: number;
  readonly most?: number;
  readonly note?: string;
}

const many = Number.POSITIVE_INFINITY;

export const portableFunctions: Readonly<Record<string, PortableFunction>> = {
  ascii: {
    sort: "text",
    form: "ascii(text)",
    needs: ["text"],
    result: "int32",
    note: "code point of the first character",
  },
  char_length: { sort: "text", form: "char_length(text)", needs: ["text"], result: "integer" },
  character_length: { sort: "text", form: "character_length(text)", needs: ["text"], result: "integer" },
  chr: { sort: "text", form: "chr(n)", needs: ["ascii"], result: "text", note: "n is a literal from 1 to 255" },
  concat_ws: {
    sort: "text",
    form: "concat_ws(separator, value, …)",
    needs: ["text", "scalar"],
    most: many,
    result: "text",
    note: "leaves nulls out",
  },
  contains: { sort: "text", form: "contains(text, part)", needs: ["text", "text"], result: "bool" },
  hex: { sort: "text", form: "hex(text or integer)", needs: ["any"], result: "text" },
  bin: { sort: "text", form: "bin(integer)", needs: ["integer"], result: "text" },
  instr: {
    sort: "text",
    form: "instr(text, part)",
    needs: ["text", "text"],
    result: "integer",
    note: "0 if it is not there",
  },
  left: {
    sort: "text",
    form: "left(text, n)",
    needs: ["text", "count"],
    result: "text",
    note: "n is a literal, not negative",
  },
  length: { sort: "text", form: "length(text)", needs: ["text"], result: "integer", note: "in code points" },
  lpad: { sort: "text", form: "lpad(text, n, fill)", needs: ["text", "integer", "literal"], result: "text" },
  ltrim: { sort: "text", form: "ltrim(text)", needs: ["text"], result: "text", note: "spaces only" },
  md5: { sort: "text", form: "md5(text)", needs: ["text"], result: "text" },
  position: { sort: "text", form: "position(part in text)", needs: ["text", "text"], result: "integer" },
  regexp_extract: {
    sort: "text",
    form: "regexp_extract(text, pattern, group)",
    needs: ["text", "pattern", "group"],
    result: "text",
    note: "the pattern is a literal of letters, digits, classes, groups, `.`, `^`, `|` and quantifiers; empty if nothing matches",
  },
  repeat: { sort: "text", form: "repeat(text, n)", needs: ["text", "integer"], result: "text" },
  replace: { sort: "text", form: "replace(text, from, to)", needs: ["text", "text", "text"], result: "text" },
  right: {
    sort: "text",
    form: "right(text, n)",
    needs: ["text", "count"],
    result: "text",
    note: "n is a literal, not negative",
  },
  rpad: { sort: "text", form: "rpad(text, n, fill)", needs: ["text", "integer", "literal"], result: "text" },
  rtrim: { sort: "text", form: "rtrim(text)", needs: ["text"], result: "text", note: "spaces only" },
  sha1: { sort: "text", form: "sha1(text)", needs: ["text"], result: "text" },
  split: {
    sort: "text",
    form: "split(text, separator)",
    needs: ["text", "separator"],
    result: "list-of-text",
    note: "the separator is a literal without regular expression characters",
  },
  split_part: {
    sort: "text",
    form: "split_part(text, separator, n)",
    needs: ["text", "literal", "index"],
    result: "text",
    note: "n is a literal, from 1 or from -1 on",
  },
  substr: {
    sort: "text",
    form: "substr(text, start[, n])",
    needs: ["text", "position", "count"],
    least: 2,
    result: "text",
    note: "start and n are literals: start is not 0, n not negative",
  },
  substring: {
    sort: "text",
    form: "substring(text, start[, n])",
    needs: ["text", "position", "count"],
    least: 2,
    result: "text",
    note: "likewise; also `substring(text from start for n)`",
  },
  translate: { sort: "text", form: "translate(text, from, to)", needs: ["text", "text", "text"], result: "text" },
  trim: {
    sort: "text",
    form: "trim(text)",
    needs: ["text", "text", "side"],
    least: 1,
    result: "text",
    note: "spaces only; also `trim(both 'x' from text)`",
  },

  abs: { sort: "number", form: "abs(x)", needs: ["number"], result: "first" },
  bit_count: { sort: "number", form: "bit_count(integer)", needs: ["int32"], result: "int32" },
  degrees: { sort: "number", form: "degrees(x)", needs: ["double"], result: "double" },
  factorial: { sort: "number", form: "factorial(n)", needs: ["int32"], result: "int64" },
  mod: { sort: "number", form: "mod(a, b)", needs: ["exact", "divisor"], result: "remainder", note: "b as behind `%`" },
  pi: { sort: "number", form: "pi()", needs: [], result: "double" },
  radians: { sort: "number", form: "radians(x)", needs: ["double"], result: "double" },
  round: {
    sort: "number",
    form: "round(x)",
    needs: ["number", "index"],
    least: 1,
    result: "rounded",
    note: "of doubles and decimals only inside `cast(… as bigint)`",
  },
  sign: { sort: "number", form: "sign(x)", needs: ["number"], result: "sign", note: "cast it" },
  sqrt: {
    sort: "number",
    form: "sqrt(greatest(x, 0))",
    needs: ["not-negative"],
    result: "double",
    note: "DuckDB fails on negative numbers",
  },

  coalesce: { sort: "choice", form: "coalesce(a, b, …)", needs: ["any"], most: many, result: "united" },
  greatest: {
    sort: "choice",
    form: "greatest(a, b, …)",
    needs: ["scalar"],
    most: many,
    result: "united",
    note: "leaves nulls out",
  },
  if: { sort: "choice", form: "if(condition, a, b)", needs: ["bool", "any", "any"], result: "united" },
  ifnull: { sort: "choice", form: "ifnull(a, b)", needs: ["any", "any"], result: "united" },
  least: {
    sort: "choice",
    form: "least(a, b, …)",
    needs: ["scalar"],
    most: many,
    result: "united",
    note: "leaves nulls out",
  },
  nullif: { sort: "choice", form: "nullif(a, b)", needs: ["any", "any"], result: "first" },

  date: { sort: "time", form: "date(moment)", needs: ["moment"], result: "date" },
  date_add: { sort: "time", form: "date_add(date, n)", needs: ["date", "int32"], result: "date" },
  date_part: { sort: "time", form: "date_part('part', moment)", needs: ["part", "moment"], result: "integer" },
  date_trunc: {
    sort: "time",
    form: "date_trunc('unit', moment)",
    needs: ["unit", "moment"],
    result: "moment",
    note: "of a date only inside a cast",
  },
  day: { sort: "time", form: "day(moment)", needs: ["moment"], result: "integer" },
  dayofmonth: { sort: "time", form: "dayofmonth(moment)", needs: ["moment"], result: "integer" },
  dayofyear: { sort: "time", form: "dayofyear(moment)", needs: ["moment"], result: "integer" },
  extract: {
    sort: "time",
    form: "extract(part from moment)",
    needs: ["part", "moment"],
    result: "integer",
    note: "year, quarter, month, week, day, doy, hour, minute",
  },
  hour: { sort: "time", form: "hour(moment)", needs: ["moment"], result: "integer" },
  last_day: { sort: "time", form: "last_day(moment)", needs: ["moment"], result: "date" },
  make_date: { sort: "time", form: "make_date(y, m, d)", needs: ["integer", "integer", "integer"], result: "date" },
  minute: { sort: "time", form: "minute(moment)", needs: ["moment"], result: "integer" },
  month: { sort: "time", form: "month(moment)", needs: ["moment"], result: "integer" },
  now: { sort: "time", form: "now()", needs: [], result: "timestamp" },
  quarter: { sort: "time", form: "quarter(moment)", needs: ["moment"], result: "integer" },
  second: { sort: "time", form: "second(moment)", needs: ["moment"], result: "integer", note: "without its fraction" },
  time_bucket: {
    sort: "time",
    form: "time_bucket(interval, moment)",
    needs: ["bucket", "moment"],
    result: "second",
    note: "minutes or hours that divide a day, one day, or months that divide a year",
  },
  to_timestamp: { sort: "time", form: "to_timestamp(seconds)", needs: ["integer"], result: "timestamp" },
  weekofyear: { sort: "time", form: "weekofyear(moment)", needs: ["moment"], result: "integer" },
  year: { sort: "time", form: "year(moment)", needs: ["moment"], result: "integer" },

  array_sort: {
    sort: "list",
    form: "array_sort(list)",
    needs: ["list-of-scalars"],
    result: "first",
    note: "nulls last",
  },
  filter: { sort: "list", form: "filter(list, x -> condition)", needs: ["list", "condition"], result: "first" },

  avg: { sort: "aggregate", form: "avg(x)", needs: ["double"], result: "double" },
  bit_and: { sort: "aggregate", form: "bit_and(integer)", needs: ["integer"], result: "first" },
  bit_or: { sort: "aggregate", form: "bit_or(integer)", needs: ["integer"], result: "first" },
  bit_xor: { sort: "aggregate", form: "bit_xor(integer)", needs: ["integer"], result: "first" },
  bool_and: { sort: "aggregate", form: "bool_and(condition)", needs: ["bool"], result: "bool" },
  bool_or: { sort: "aggregate", form: "bool_or(condition)", needs: ["bool"], result: "bool" },
  count: { sort: "aggregate", form: "count(*), count(x), count(distinct x)", needs: ["any"], result: "int64" },
  max: { sort: "aggregate", form: "max(x)", needs: ["scalar"], result: "first" },
  median: { sort: "aggregate", form: "median(x)", needs: ["double"], result: "double" },
  min: { sort: "aggregate", form: "min(x)", needs: ["scalar"], result: "first" },
  percentile_cont: {
    sort: "aggregate",
    form: "percentile_cont(p) within group (order by x)",
    needs: ["any"],
    result: "double",
  },
  sum: { sort: "aggregate", form: "sum(x)", needs: ["number"], result: "sum", note: "of decimals only inside a cast" },
  grouping: { sort: "aggregate", form: "grouping(column)", needs: ["any"], result: "integer" },
  grouping_id: { sort: "aggregate", form: "grouping_id(column, …)", needs: ["any"], most: many, result: "integer" },

  cume_dist: { sort: "window", form: "cume_dist()", needs: [], result: "double" },
  dense_rank: { sort: "window", form: "dense_rank()", needs: [], result: "integer" },
  first_value: { sort: "window", form: "first_value(x)", needs: ["any"], result: "first" },
  lag: { sort: "window", form: "lag(x[, n[, default]])", needs: ["any", "int32", "any"], least: 1, result: "first" },
  last_value: { sort: "window", form: "last_value(x)", needs: ["any"], result: "first" },
  lead: { sort: "window", form: "lead(x[, n[, default]])", needs: ["any", "int32", "any"], least: 1, result: "first" },
  nth_value: { sort: "window", form: "nth_value(x, n)", needs: ["any", "int32"], result: "first" },
  ntile: { sort: "window", form: "ntile(n)", needs: ["int32"], result: "integer" },
  percent_rank: { sort: "window", form: "percent_rank()", needs: [], result: "double" },
  rank: { sort: "window", form: "rank()", needs: [], result: "integer" },
  row_number: { sort: "window", form: "row_number()", needs: [], result: "integer" },
};

/** Functions that are written without parentheses. */
export const portableWords: Readonly<Record<string, Result>> = { current_date: "date", current_timestamp: "timestamp" };
