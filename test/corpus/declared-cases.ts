/** Edge cases about declared columns. */
import { type CorpusCase, corpusCase, declare } from "./corpus-case.ts";

export function declaredCases(): CorpusCase[] {
  const instants = [
    ...[
      "2015-01-01T00:00:00Z",
      "2015-01-01T00:00:00.123456Z",
      "2015-01-01T00:00:00.1+00:00",
      "2015-01-01T02:30:00.5+0230",
    ],
    ...[
      "1969-12-31T23:59:59.999999-11:00",
      "0001-01-01T00:00:00Z",
      "9999-12-31T23:59:59.999999Z",
      "2016-02-29T12:00:00Z",
    ],
    ...["2012/03/11 12:00:00 -0700", "2011/02/12 00:00:00 +0000", "1600-02-29T00:00:00-00:00"],
  ];
  const noInstants = [
    ...[
      "2015-02-29T00:00:00Z",
      "2015-13-01T00:00:00Z",
      "2015-00-10T00:00:00Z",
      "2015-01-32T00:00:00Z",
      "2015-01-01T24:00:00Z",
    ],
    ...[
      "2015-01-01T00:60:00Z",
      "2015-01-01T00:00:60Z",
      "2015-01-01T00:00:00",
      "2015-01-01",
      "",
      "now",
      "2015-01-01T00:00:00.1234567Z",
    ],
    ...[
      "2015-01-01T00:00:00.Z",
      "2015-1-1T00:00:00Z",
      "2015/01/01 00:00:00",
      "2015-01-01T00:00:00+25:00",
      "1900-02-29T00:00:00Z",
    ],
    ...[
      "2015-01-01T00:00:00Z ",
      " 2015-01-01T00:00:00Z",
      "2015-01-01 00:00:00Z",
      "2015-01-01T00:00Z",
      "2015/01/01T00:00:00Z",
    ],
  ];
  const decimals = [
    "12.34",
    "12.340",
    '"-12.3"',
    "1e1",
    "0.01",
    "-0",
    "1000e-2",
    "99.99",
    "-99.99",
    "0",
    '"0.00"',
    "null",
    "0e99999",
  ];
  const noDecimals = [
    "100",
    "0.001",
    '"x"',
    '""',
    '" 1"',
    '"+1"',
    '"1,5"',
    "true",
    "[]",
    "{}",
    "1e9999999",
    "99.995",
    '"1."',
  ];
  const fits: readonly [string, string, readonly string[], readonly string[]][] = [
    [
      "t",
      "timestamp",
      instants.map((text) => JSON.stringify(text)),
      [...noInstants.map((text) => JSON.stringify(text)), "1", "true", "{}"],
    ],
    ["p", "decimal(4,2)", decimals, noDecimals],
    [
      "q",
      "decimal(38,10)",
      ["1234567890123456789012345678.0123456789", "-0.0000000001", '"9999999999999999999999999999.9999999999"', "7"],
      ["1e28", "1e-11"],
    ],
    [
      "r",
      "decimal(18,0)",
      ["999999999999999999", "-999999999999999999", "1e17", "12.0"],
      ["1000000000000000000", "0.5"],
    ],
    [
      "i",
      "int64",
      ["1", "1.0", "1e3", "-0", "9223372036854775807", "-9.223372036854775808e18", "100e-2", "0e999999999", "null"],
      ["1.5", "1e19", "9223372036854775808", '"1"', "true", "1e400", "[]"],
    ],
    [
      "d",
      "double",
      ["1", "0.1", "9007199254740992", "1e300", "-0.0", "-0", "9007199254740993.0", "1e-400"],
      ["9007199254740993", "1e400", '"1"', "false", "{}"],
    ],
    ["b", "bool", ["true", "false", "null"], ["0", '"true"', "[]", "{}"]],
    [
      "s",
      "string",
      ['"x\\n"', "1.50", "true", '{ "a" : [1e999, {"b":1,"b":2}] }', "[]", "null", '""'],
      ["[1,]", "{a:1}", "01"],
    ],
    [
      "j",
      "json",
      ['"x\\n"', "1.50", "true", '{ "a" : [1e999, {"b":1,"b":2}] }', "[]", "null", '""'],
      ["[1,]", "{a:1}", "01"],
    ],
    ["z", "drop", ["1", '{"x":[1e999]}', '{"b":1,"b":2}', "null", '"x"'], ["[1,]", "nul", '"\\x"']],
  ];
  const single = fits.map(([name, type, good, bad]) =>
    corpusCase(
      `declared ${type}`,
      [...good, ...bad].flatMap((value) => [`{"${name}":${value},"k":1}`]),
      { declared: declare({ [name]: type }) },
    ),
  );
  const nested = fits.map(([name, type, good, bad]) =>
    corpusCase(
      `declared ${type} in a struct and a list`,
      [
        ...good.map((value) => `{"Outer":{"${name}":${value},"k":[{"${name}":${value}}]}}`),
        ...bad.map((value) => `{"Outer":{"k":[{"${name}":${value}}]}}`),
        `{"outer":{"K":[{"${name}":${good[0]}},null,{}]}}`,
      ],
      { declared: declare({ [`outer.${name.toUpperCase()}`]: type, [`outer.k.[].${name}`]: type }) },
    ),
  );
  return [
    ...single,
    ...nested,
    corpusCase(
      "declared lists and structs",
      ['{"l":[],"s":{},"m":["x"]}', '{"l":[1,2.5],"s":{"a":1},"m":[]}', '{"l":null}'],
      {
        declared: declare({ l: "list<double>", s: "struct<a int64, b string>", m: "list<string>" }),
      },
    ),
    corpusCase(
      "declared lists of timestamps and decimals",
      ['{"l":["2015-01-01T00:00:00Z",null],"s":{"p":[1.5]}}', '{"l":["x"]}', '{"s":{"p":["2.25"]}}'],
      {
        declared: declare({ l: "list<timestamp>", s: "struct<p list<decimal(5,2)>>" }),
      },
    ),
    corpusCase(
      "a declared column inside what is text elsewhere",
      ['{"a":{"t":"2015-01-01T00:00:00Z"}}', '{"a":1}', '{"a":{"t":"x"}}'],
      {
        declared: declare({ "a.t": "timestamp" }),
      },
    ),
    corpusCase("a dropped column is all there is", ['{"a":{"x":1}}', '{"a":{"x":"y"},"b":2}'], {
      declared: declare({ "a.x": "drop" }),
    }),
    corpusCase("a declared path whose name holds a dot", ['{"a.b":1.5,"a":{"b":2}}'], {
      declared: declare({ "a\\.b": "string" }),
    }),
    corpusCase("a declared column that is only null or absent", ['{"t":null}', '{"k":1}'], {
      declared: declare({ t: "timestamp", u: "json" }),
    }),
    corpusCase("depth below a declared json", ['{"j":[[[1]]]}', '{"j":[[[[1]]]]}', '{"j":{"j":{"j":{}}}}'], {
      declared: declare({ j: "json" }),
      depthMax: 4,
    }),
  ];
}
