/** Functions that the portable subset leaves out although somebody who knows one engine would reach for them: why, and what to write instead. */

export interface ForeignFunction {
  readonly reason: string;
  readonly instead?: string;
}

/** Several names with one reason. */
function each(names: string, reason: string, instead?: string): [string, ForeignFunction][] {
  return names.split(" ").map((name) => [name, { reason, ...(instead === undefined ? {} : { instead }) }]);
}

const onlyDuckdb = "only DuckDB has it";
const onlySpark = "only Spark has it";
const override = "an override for each engine";
const caseWays = "the engines change special letters in other ways (ß, İ, Σ)";
const toLower = "translate(x, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')";
const toUpper = "translate(x, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')";
const byRows = "its answer depends on the order of rows, which neither engine promises";
const lastDigits = "the last digits differ";

/** Functions that somebody who knows one of the engines would reach for. */
export const foreignFunctions: ReadonlyMap<string, ForeignFunction> = new Map([
  ...each("upper ucase", caseWays, toUpper),
  ...each("lower lcase", caseWays, toLower),
  ...each("initcap", onlySpark, override),
  ...each("concat", "DuckDB leaves nulls out, Spark answers null", "a || b, or concat_ws('', a, b) to leave nulls out"),
  ...each("strpos", onlyDuckdb, "instr(text, part)"),
  ...each("locate", onlySpark, "instr(text, part)"),
  ...each("starts_with", onlyDuckdb, "x like 'prefix%', or left(x, n) = 'prefix'"),
  ...each("startswith", onlySpark, "x like 'prefix%', or left(x, n) = 'prefix'"),
  ...each("ends_with suffix", onlyDuckdb, "x like '%end', or right(x, n) = 'end'"),
  ...each("endswith", onlySpark, "x like '%end', or right(x, n) = 'end'"),
  ...each("prefix", onlyDuckdb, "x like 'prefix%'"),
  ...each("string_split str_split string_to_array", onlyDuckdb, "split(text, separator)"),
  ...each("btrim", onlySpark, "trim(both 'x' from text)"),
  ...each("len", "of a list only DuckDB has it", "cast(length(text) as bigint); for lists an override"),
  ...each("reverse", "it is for DuckDB by visible character, and for texts only", override),
  ...each("octet_length bit_length", "DuckDB takes other types than Spark", override),
  ...each("space", onlySpark, "repeat(' ', n)"),
  ...each("format", onlyDuckdb, "a || b, with lpad(cast(n as string), 2, '0') for digits"),
  ...each(
    "printf",
    "the formats are those of two languages",
    "a || b, with lpad(cast(n as string), 2, '0') for digits",
  ),
  ...each("format_string format_number to_char", onlySpark, "a || b, with lpad(cast(n as string), 2, '0') for digits"),
  ...each("regexp_matches regexp_full_match", onlyDuckdb, "regexp_extract(x, 'pattern', 0) <> ''"),
  ...each(
    "regexp_like regexp rlike regexp_count regexp_substr regexp_instr",
    onlySpark,
    "regexp_extract(x, 'pattern', 0) <> ''",
  ),
  ...each("regexp_replace", "DuckDB replaces the first match, Spark all", "replace(text, from, to), or an override"),
  ...each("regexp_extract_all", "which group they answer differs", override),
  ...each("url_encode", "a space becomes %20 for DuckDB and + for Spark", override),
  ...each("hash", "they are two different functions", "md5(text)"),
  ...each("sha256 to_base64", onlyDuckdb, "md5(text) or sha1(text)"),
  ...each("sha2 crc32 xxhash64 soundex", onlySpark, "md5(text) or sha1(text)"),
  ...each("base64 encode", "DuckDB refuses texts beyond ASCII", override),
  ...each("levenshtein", "DuckDB counts bytes, Spark characters", override),
  ...each("typeof", "the types have two names", override),
  ...each("string_agg listagg", `${byRows}; each engine has its own way to give one`, override),
  ...each("group_concat", onlyDuckdb, override),
  ...each("array_join", onlySpark, override),
  ...each("array_to_string list_aggregate", onlyDuckdb, override),

  ...each("floor", "a double for DuckDB, a BIGINT for Spark, which cuts large numbers off", "x - x % 1 (towards zero)"),
  ...each(
    "ceil ceiling",
    "a double for DuckDB, a BIGINT for Spark, which cuts large numbers off",
    "x - x % 1 (towards zero)",
  ),
  ...each("trunc", "a number for DuckDB, a date for Spark", "x - x % 1"),
  ...each(
    "exp cbrt sin cos tan asin acos atan atan2 power pow log log2 log10 ln",
    `${lastDigits}, and outside of their domain DuckDB fails`,
    override,
  ),
  ...each("skewness kurtosis", "DuckDB answers for the sample, Spark for the population", override),
  ...each(
    "stddev stddev_samp stddev_pop variance var_samp var_pop corr covar_pop covar_samp regr_slope",
    `${lastDigits}: the engines add in other orders`,
    override,
  ),
  ...each("isnan", "of null it is null for DuckDB and false for Spark", "x = cast('nan' as double)"),
  ...each("e pmod rand width_bucket", onlySpark, override),
  ...each("fmod gcd even xor", onlyDuckdb, "a % b"),
  ...each("random uuid", "it answers something else each time", override),
  ...each("nvl", onlySpark, "coalesce(a, b)"),
  ...each("nvl2", onlySpark, "case when x is not null then a else b end"),

  ...each("every some_agg", onlySpark, "bool_and(x)"),
  ...each("any_value", "DuckDB takes a value that is not null, Spark any", "max(x) or min(x)"),
  ...each("first last arbitrary", byRows, "row_number() over (order by …) = 1 in qualify"),
  ...each("arg_max arg_min", onlyDuckdb, "row_number() over (order by …) = 1 in qualify"),
  ...each("count_if", "of conditions that are all null DuckDB counts null, Spark 0", "count(*) filter (where …)"),
  ...each("max_by min_by", "DuckDB passes over rows whose x is null", "row_number() over (order by …) = 1 in qualify"),
  ...each("mode", "of several most frequent values it is any", override),
  ...each("array_agg", `Spark leaves nulls out and answers [] for no rows; ${byRows}`, override),
  ...each("list product histogram quantile_cont quantile approx_quantile", onlyDuckdb, override),
  ...each("collect_list collect_set percentile", onlySpark, override),
  ...each(
    "percentile_disc",
    "a double for Spark, the column's type for DuckDB",
    "percentile_cont(p) within group (order by x)",
  ),
  ...each("approx_count_distinct", "two estimates, which need not be equal", "count(distinct x)"),

  ...each("dayofweek weekday", "days are counted from 0 or 1, from Sunday or Monday", override),
  ...each("dayname monthname", "DuckDB writes the name in full, Spark in three letters", override),
  ...each("week", onlyDuckdb, "weekofyear(moment)"),
  ...each(
    "strftime",
    onlyDuckdb,
    "parts with lpad(cast(month(x) as string), 2, '0'), or cast(cast(x as date) as string)",
  ),
  ...each(
    "date_format",
    onlySpark,
    "parts with lpad(cast(month(x) as string), 2, '0'), or cast(cast(x as date) as string)",
  ),
  ...each("strptime epoch epoch_ms epoch_us today timezone age isfinite", onlyDuckdb, override),
  ...each(
    "to_date unix_timestamp to_unix_timestamp unix_micros unix_date date_from_unix_date add_months months_between next_day from_utc_timestamp timestampdiff timestamp_seconds window",
    onlySpark,
    override,
  ),
  ...each("make_timestamp", "a local timestamp for DuckDB, an instant for Spark", "to_timestamp(seconds)"),
  ...each("date_diff datediff date_sub", "they take other arguments", override),

  ...each("array_contains", "for a list with nulls DuckDB says false where Spark says null", override),
  ...each("array_position", "if there is none DuckDB says null, Spark 0", override),
  ...each("array_distinct array_intersect", "DuckDB drops nulls and the order", override),
  ...each("array_append", "of null DuckDB makes a list, Spark null", override),
  ...each("array_prepend", "the arguments come in other orders", override),
  ...each(
    "array_length list_extract array_extract list_contains array_has array_has_any array_has_all list_slice array_slice list_sort list_distinct list_value list_transform " +
      "array_transform list_filter list_concat array_concat list_append list_reverse array_reverse list_max list_min list_sum list_zip list_position range generate_series unnest reduce " +
      "struct_extract struct_pack json_extract json_extract_string json_valid json_keys json_type json_object generate_subscripts array_pop_back",
    onlyDuckdb,
    override,
  ),
  ...each(
    "element_at try_element_at get size array_size slice sort_array array_max array_min array_except array_union array_remove arrays_overlap array_compact " +
      "array_repeat sequence transform forall exists aggregate zip_with arrays_zip shuffle named_struct struct explode posexplode inline get_json_object from_json json_tuple " +
      "parse_json schema_of_json map_keys map_from_entries json_object_keys",
    onlySpark,
    override,
  ),
  ...each("cardinality", "for DuckDB of maps only", override),
  ...each("flatten row", "the engines build lists and structs in other ways", override),
  ...each("to_json", "Spark leaves null fields out", override),
  ...each("json_array_length", "an unsigned number for DuckDB", "cast(json_array_length(x) as bigint) in an override"),
  ...each("map map_extract", "the arguments are lists for DuckDB, pairs for Spark", override),
  ...each("columns", onlyDuckdb, "the names of the columns"),
  ...each("version current_user", "it tells about the engine", override),
]);
