/** One mart with a column of every type that a mart may have. */

/** Rows of extremes, of ordinary values and of nulls alone. */
export const typesSql = `
select * from (values
  (true, 2147483647, 9223372036854775807::bigint, 1.5::float, 0.1::double, 12.34::decimal(9,2), -1234567890123456.78::decimal(18,2),
   12345678901234567890.123456::decimal(38,6), 'täxt, "quoted"', date '2026-03-01', timestamptz '2026-03-01 15:30:00.123456+00',
   '\\x00\\xFF\\x41'::blob, [1, 2, null]::bigint[], [{'Id': 1::bigint, 'tags': ['q', null]}, null],
   {'MixedCase': 1::bigint, 'with space': {'instant': timestamptz '2026-03-01 15:30:00+00', 'é漢': 2.50::decimal(9,2)}}, [['a'], null, []]),
  (false, -2147483648, (-9223372036854775808)::bigint, -0.5::float, 1e300::double, -0.01::decimal(9,2), 0::decimal(18,2),
   0::decimal(38,6), '', date '1969-12-31', timestamptz '1969-12-31 23:59:59.999999+00',
   ''::blob, []::bigint[], [], {'MixedCase': null, 'with space': null}, []),
  (null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)
) as t(flag, i32, i64, f32, f64, d9, d18, d38, s, day, "at", bytes, longs, items, deep, lists)`;

/** The columns as Spark has to name them. */
export const typesColumns: readonly (readonly [string, string])[] = [
  ["flag", "boolean"],
  ["i32", "int"],
  ["i64", "bigint"],
  ["f32", "float"],
  ["f64", "double"],
  ["d9", "decimal(9,2)"],
  ["d18", "decimal(18,2)"],
  ["d38", "decimal(38,6)"],
  ["s", "string"],
  ["day", "date"],
  ["at", "timestamp"],
  ["bytes", "binary"],
  ["longs", "array<bigint>"],
  ["items", "array<struct<Id:bigint,tags:array<string>>>"],
  ["deep", "struct<MixedCase:bigint,with space:struct<instant:timestamp,é漢:decimal(9,2)>>"],
  ["lists", "array<array<string>>"],
];

/** What JDBC shows of the first row: text, and JSON for what is nested. */
export const typesFirstLine =
  'true\t2147483647\t9223372036854775807\t1.5\t0.1\t12.34\t-1234567890123456.78\t12345678901234567890.123456\ttäxt, "quoted"\t' +
  '2026-03-01\t2026-03-01 15:30:00.123456\t00FF41\t[1,2,null]\t[{"Id":1,"tags":["q",null]},null]\t' +
  '{"MixedCase":1,"with space":{"instant":2026-03-01 15:30:00,"é漢":2.50}}\t[["a"],null,[]]';
