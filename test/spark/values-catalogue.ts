/**
 * SQL expressions of every type with their edges, and for each type how the server itself is asked for the value as a text, and
 * how that text is compared with what the client made of the value. The judge is the server's own conversion to text, which
 * shares nothing with the way of the values but the connection.
 */
import assert from "node:assert/strict";
import type { Value } from "../../src/spark-connect/contract.ts";

export interface Subject {
  readonly type: string;
  readonly expressions: readonly string[];
  /** SQL that makes a text of an expression. */
  readonly text: (expression: string) => string;
  /** Throws unless the value is what the text says. */
  readonly judge: (value: Value, text: string) => void;
}

const asString = (expression: string): string => `CAST(${expression} AS STRING)`;
const equals = (value: Value, text: string): void => assert.equal(String(value), text);

function typed(kind: "number" | "bigint" | "string" | "boolean", judge: Subject["judge"] = equals): Subject["judge"] {
  return (value, text) => {
    assert.equal(typeof value, kind);
    judge(value, text);
  };
}

function integers(type: string, bits: bigint, kind: "number" | "bigint"): Subject {
  const least = -(2n ** (bits - 1n));
  const values = [0n, 1n, -1n, 42n, least, least + 1n, -least - 1n, -least / 3n];
  return {
    type,
    expressions: values.map((value) => `CAST('${value}' AS ${type})`),
    text: asString,
    judge: typed(kind),
  };
}

/** A text as Spark writes floating point numbers is one that JavaScript reads. */
function floating(type: string, texts: readonly string[], round: (value: number) => number): Subject {
  return {
    type,
    expressions: texts.map((text) => `CAST('${text}' AS ${type})`),
    text: asString,
    judge: typed("number", (value, text) => assert.ok(Object.is(value, round(Number(text))), `${value} is ${text}`)),
  };
}

const doubles = ["0", "-0.0", "1", "-1.5", "0.1", "1e300", "-1e-300", "4.9e-324", "1.7976931348623157e308", "NaN"];
const floats = ["0", "-0.0", "1", "-1.5", "0.1", "3.4028235e38", "1.4e-45", "16777217", "NaN"];
const infinities = ["Infinity", "-Infinity"];

function decimals(precision: number, scale: number): Subject {
  const type = `DECIMAL(${precision},${scale})`;
  const most = "9".repeat(precision - scale) + (scale === 0 ? "" : `.${"9".repeat(scale)}`);
  const least = scale === 0 ? "1" : `0.${"0".repeat(scale - 1)}1`;
  return {
    type,
    expressions: [most, `-${most}`, least, `-${least}`, "0"].map((text) => `CAST('${text}' AS ${type})`),
    text: asString,
    judge: typed("string"),
  };
}

const texts: Subject = {
  type: "STRING",
  expressions: [
    "''",
    "'a'",
    "'twelve chars'",
    "'thirteen char'",
    "'é'",
    "'日本語のテキスト'",
    "'😀👩‍👩‍👧'",
    "repeat('xyz', 1000)",
    "repeat('日', 999)",
    "concat('a', char(0), 'b')",
    "'line\\nline\\ttab'",
    "decode(X'EFBBBF61', 'UTF-8')",
    "CAST('abc' AS VARCHAR(5))",
    "CAST('abc' AS CHAR(5))",
    "'Ab' COLLATE UTF8_LCASE",
  ],
  text: (expression) => `hex(encode(${expression} COLLATE UTF8_BINARY, 'UTF-8'))`,
  judge: typed("string", (value, text) => assert.equal(Buffer.from(String(value)).toString("hex").toUpperCase(), text)),
};

const binaries: Subject = {
  type: "BINARY",
  expressions: ["X''", "X'00'", "X'FF00FF'", "encode(repeat('é', 500), 'UTF-8')", "CAST('abc' AS BINARY)"],
  text: (expression) => `hex(${expression})`,
  judge: (value, text) => {
    assert.ok(value instanceof Uint8Array);
    assert.equal(Buffer.from(value).toString("hex").toUpperCase(), text);
  },
};

/** The server gives years beyond four digits as many digits as they have. */
function shortYear(text: string): string {
  return text.replace(/^([+-])0*(?=\d{4})/, "$1");
}

const dates: Subject = {
  type: "DATE",
  expressions: [
    ...["1970-01-01", "1969-12-31", "2000-02-29", "1582-10-04", "1582-10-15", "0001-01-01", "0000-12-31", "9999-12-31"],
    ...["-0001-03-01", "-9999-01-01", "+10000-01-01", "+99999-12-31"],
  ]
    .map((text) => `DATE'${text}'`)
    .concat(
      [-2147483648, -719529, -719528, -1, 0, 2932896, 2932897, 2147483647].map((day) => `date_from_unix_date(${day})`),
    ),
  text: asString,
  judge: typed("string", (value, text) => assert.equal(shortYear(String(value)), text)),
};

const edgesOfMicros = ["-9223372036854775808", "-62135596800000000", "-1", "0", "1", "999999", "253402300800000000"]
  .concat(["9007199254740991", "9007199254740993", "-9007199254740993", "9223372036854775807"])
  .concat(["86399999999", "86400000000", "-86400000001", "951782400000000"]);

/** Microseconds as the number that the server counts, which no formatter has touched. */
const instants: Subject = {
  type: "TIMESTAMP",
  expressions: edgesOfMicros.map((micros) =>
    `timestamp_micros(${micros}L)`.replace("-9223372036854775808L", "-9223372036854775807L - 1L"),
  ),
  text: (expression) => asString(`unix_micros(${expression})`),
  judge: typed("string", (value, text) => {
    assert.match(String(value), /^(?:\d{4}|[+-]\d{6,})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.equal(microsOf(String(value).slice(0, -1)), BigInt(text));
  }),
};

const localInstants: Subject = {
  type: "TIMESTAMP_NTZ",
  expressions: [
    ...["1970-01-01 00:00:00", "2024-02-29 23:59:59.999999", "0001-01-01 00:00:00.000001", "-0044-03-15 12:00:00"],
    ...["+123456-07-08 09:10:11.12", "9999-12-31 23:59:59.999999", "1582-10-10 00:00:00"],
  ].map((text) => `TIMESTAMP_NTZ'${text}'`),
  text: asString,
  judge: typed("string", (value, text) => {
    assert.match(String(value), /^(?:\d{4}|[+-]\d{6,})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
    assert.equal(
      shortYear(String(value))
        .replace("T", " ")
        .replace(/\.?0{1,6}$/, ""),
      text.replace(/(:00)\.?0*$/, "$1"),
    );
  }),
};

/** Counted through Date, whose years reach 275760: eras of 400 years are taken off first. */
function microsOf(text: string): bigint {
  const [, year = "", rest = "", fraction = ""] = /^([+-]?\d+)-(\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})$/.exec(text) ?? [];
  const era = Math.floor(Number(year) / 400);
  const ms = Date.parse(`${String(Number(year) - 400 * era + 2000).padStart(4, "0")}-${rest}Z`);
  return (BigInt(ms) + BigInt(era - 5) * 146_097n * 86_400_000n) * 1000n + BigInt(fraction);
}

const times: Subject = {
  type: "TIME",
  expressions: ["00:00:00", "12:34:56.789", "23:59:59.999999", "00:00:00.000001"].map((text) => `TIME'${text}'`),
  text: asString,
  judge: typed("string", (value, text) => {
    assert.match(String(value), /^\d\d:\d\d:\d\d\.\d{6}$/);
    assert.equal(String(value).replace(/\.?0{1,6}$/, ""), text.replace(/(:00)$/, "$1"));
  }),
};

const months: Subject = {
  type: "INTERVAL YEAR TO MONTH",
  expressions: [
    "INTERVAL '0-0' YEAR TO MONTH",
    "INTERVAL '1-2' YEAR TO MONTH",
    "INTERVAL '-3-11' YEAR TO MONTH",
    "INTERVAL '7' YEAR",
    "INTERVAL '-9' MONTH",
    "INTERVAL '178956970-7' YEAR TO MONTH",
  ],
  text: (expression) => asString(`CAST(CAST(${expression} AS INTERVAL MONTH) AS BIGINT)`),
  judge: typed("number"),
};

const micros: Subject = {
  type: "INTERVAL DAY TO SECOND",
  expressions: [
    "INTERVAL '0 00:00:00' DAY TO SECOND",
    "INTERVAL '1 02:03:04.567891' DAY TO SECOND",
    "INTERVAL '-1 02:03:04.000001' DAY TO SECOND",
    "INTERVAL '5' DAY",
    "INTERVAL '-5:06' HOUR TO MINUTE",
    "INTERVAL '3600.5' SECOND",
    "INTERVAL '106751990 00:00:00' DAY TO SECOND",
  ],
  text: (expression) => asString(`CAST(CAST(${expression} AS INTERVAL SECOND) AS DECIMAL(20,6))`),
  judge: typed("bigint", (value, text) => assert.equal(value, BigInt(text.replace(".", "")))),
};

/** As `1 years 2 months -3 days 4 hours 5 minutes 6.5 seconds`, without the parts that are zero. */
const calendarIntervals: Subject = {
  type: "INTERVAL",
  expressions: [
    "make_interval()",
    "make_interval(1, 2, 3, 4, 5, 6, 7.5)",
    "make_interval(-1, 0, 0, 5)",
    "make_interval(0, 0, 0, 0, -5, 0, -0.000001)",
    "make_interval(100000, 11, 0, 2147483647)",
  ],
  text: asString,
  judge: (value, text) => {
    const part = (unit: string): number => Number(new RegExp(`(-?[\\d.]+) ${unit}`).exec(text)?.[1] ?? 0);
    const seconds = part("hours") * 3600 + part("minutes") * 60;
    assert.deepEqual(value, {
      months: part("years") * 12 + part("months"),
      days: part("days"),
      nanoseconds: BigInt(seconds) * 10n ** 9n + BigInt(Math.round(part("seconds") * 1e6)) * 1000n,
    });
  },
};

const variants: Subject = {
  type: "VARIANT",
  expressions: [
    ...[
      "null",
      "true",
      "1",
      "-129",
      "2147483648",
      "9223372036854775807",
      "1.5",
      "-0.001",
      "1e300",
      '"x"',
      '""',
      "[]",
      "{}",
    ],
    ...['{"b":[1,{"c":null}],"a":"é"}', '["\\\\u0001\\\\n\\\\\\"/"]', "12345678901234567890.5"],
  ]
    .map((json) => `parse_json('${json}')`)
    .concat([
      "parse_json(concat('[', array_join(transform(sequence(1, 300), i -> i), ','), ']'))",
      "parse_json(concat('{', array_join(transform(sequence(1, 300), i -> concat('\"k', i, '\":', i)), ','), '}'))",
      "CAST(DATE'-0044-03-15' AS VARIANT)",
      "CAST(TIMESTAMP'2020-01-02 03:04:05.120Z' AS VARIANT)",
      "CAST(TIMESTAMP_NTZ'+12020-01-02 03:04:05' AS VARIANT)",
      "CAST(X'00FF10' AS VARIANT)",
      "CAST(CAST('NaN' AS DOUBLE) AS VARIANT)",
      "CAST(CAST('-0.0' AS FLOAT) AS VARIANT)",
      "CAST(CAST('1.1' AS FLOAT) AS VARIANT)",
      "CAST(CAST('123456789.125' AS DOUBLE) AS VARIANT)",
      "CAST(CAST('-99999999999999999999999999999999999999' AS DECIMAL(38,0)) AS VARIANT)",
      "CAST(CAST('0.00000000000000000000000000000000000001' AS DECIMAL(38,38)) AS VARIANT)",
      "to_variant_object(named_struct('a', array(DATE'2020-01-01'), 'b', map('k', 1Y)))",
    ]),
  text: (expression) => `to_json(${expression})`,
  judge: typed("string"),
};

export const subjects: readonly Subject[] = [
  { type: "BOOLEAN", expressions: ["true", "false"], text: asString, judge: typed("boolean") },
  integers("TINYINT", 8n, "number"),
  integers("SMALLINT", 16n, "number"),
  integers("INT", 32n, "number"),
  integers("BIGINT", 64n, "bigint"),
  floating("FLOAT", [...floats, ...infinities], Math.fround),
  floating("DOUBLE", [...doubles, ...infinities], (value) => value),
  ...[
    [1, 0],
    [5, 2],
    [9, 9],
    [15, 7],
    [16, 1],
    [18, 0],
    [19, 19],
    [20, 4],
    [38, 0],
    [38, 10],
    [38, 38],
  ].map(([precision = 1, scale = 0]) => decimals(precision, scale)),
  texts,
  binaries,
  dates,
  instants,
  localInstants,
  times,
  months,
  micros,
  calendarIntervals,
  variants,
];

/** Where an expression, or the text of it, is put, and how its value is found there again. */
export interface Wrapper {
  readonly name: string;
  readonly wrap: (expression: string) => string;
  readonly unwrap: (value: Value) => readonly Value[];
}

function inObject(value: Value, name: string): Value {
  assert.ok(typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Map));
  const found: unknown = Reflect.get(value, name);
  assert.ok(found !== undefined, name);
  return Object.entries(value).find(([key]) => key === name)?.[1] ?? null;
}

function inArray(value: Value): readonly Value[] {
  assert.ok(Array.isArray(value));
  return value;
}

function inMap(value: Value): ReadonlyMap<Value, Value> {
  assert.ok(value instanceof Map);
  return value;
}

export const wrappers: readonly Wrapper[] = [
  { name: "alone", wrap: (e) => e, unwrap: (value) => [value] },
  { name: "array", wrap: (e) => `array(${e}, NULL, ${e})`, unwrap: inArray },
  {
    name: "struct",
    wrap: (e) => `named_struct('n', NULL, 'the value', ${e}, '__proto__', 1)`,
    unwrap: (value) => {
      assert.equal(inObject(value, "__proto__"), 1);
      return [inObject(value, "the value")];
    },
  },
  {
    name: "map",
    wrap: (e) => `map('a', ${e}, 'b', NULL)`,
    unwrap: (value) => [inMap(value).get("a") ?? null, inMap(value).get("b") ?? null],
  },
  {
    name: "deep",
    wrap: (e) => `array(map('k', array(named_struct('s', map(1, ${e})))), map(), NULL)`,
    unwrap: (value) => {
      const [first = null, second, third] = inArray(value);
      assert.deepEqual([second, third], [new Map(), null]);
      return [inMap(inObject(inArray(inMap(first).get("k") ?? null)[0] ?? null, "s")).get(1) ?? null];
    },
  },
];
