/** Edge cases about numbers at every limit. */
import { type CorpusCase, corpusCase } from "./corpus-case.ts";

const integers = [
  ...[
    "0",
    "-0",
    "1",
    "-1",
    "9",
    "10",
    "127",
    "128",
    "65535",
    "2147483647",
    "-2147483648",
    "4294967296",
    "999999999999999",
  ],
  ...["9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740992", "-9007199254740993"],
  ...["999999999999999999", "1000000000000000000", "9223372036854775807", "-9223372036854775808"],
];

const beyondInt64 = ["9223372036854775808", "-9223372036854775809", "99999999999999999999", `1${"0".repeat(400)}`];

const doubles = [
  ...[
    "0.0",
    "-0.0",
    "0e0",
    "-0E-5",
    "1e0",
    "1E5",
    "1e+5",
    "1e-5",
    "0.1",
    "0.30000000000000004",
    "100.0",
    "1.50",
    "123.456e-2",
  ],
  ...[
    "9007199254740993.0",
    "9007199254740992.5",
    "1e23",
    "8.5e22",
    "5e-324",
    "4.9e-324",
    "2.4703282292062328e-324",
    "2.4703282292062327e-324",
  ],
  ...[
    "2.2250738585072011e-308",
    "2.2250738585072014e-308",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "-1.7976931348623157E+308",
  ],
  ...[
    "1.00000000000000011102230246251565404236316680908203125",
    "1.00000000000000011102230246251565404236316680908203124",
  ],
  ...[
    "0.500000000000000166533453693773481063544750213623046875",
    "3.14159265358979323846264338327950288419716939937510",
  ],
  ...[
    "1e-400",
    "-1e-400",
    "1e22",
    "1e-22",
    "7.2057594037927933e16",
    "9214843084008499.0",
    "6.0e15",
    "179769313486231580793e289",
  ],
  ...[
    `0.${"0".repeat(300)}1`,
    `${"1".repeat(200)}.5`,
    `1.${"3".repeat(500)}`,
    "0.00000000000000000000000000000000000001e38",
  ],
];

const outOfRange = [
  "1e400",
  "-1e400",
  "1.7976931348623159e308",
  "1e309",
  "123456789e99999999999",
  `${"9".repeat(310)}.0`,
];

export function numberCases(): CorpusCase[] {
  const each = (lexemes: readonly string[]): string[] => [
    `{${lexemes.map((lexeme, i) => `"n${i}":${lexeme}`).join(",")}}`,
  ];
  const column = (lexemes: readonly string[]): string[] => lexemes.map((lexeme) => `{"n":${lexeme}}`);
  return [
    corpusCase("integers, each in its column", each([...integers, ...beyondInt64])),
    corpusCase("integers in one column", column(integers)),
    corpusCase("small integers in one column", column(integers.slice(0, 13))),
    corpusCase("integers beyond int64 among others", column([...integers, ...beyondInt64])),
    corpusCase("doubles, each in its column", each(doubles)),
    corpusCase("doubles in one column", column(doubles)),
    corpusCase("doubles out of range reject their line", column(["1.5", ...outOfRange, "2.5"])),
    corpusCase("numbers out of range in unlikely places", [
      '{"a":"text"}',
      '{"a":1e400}',
      '{"a":[1e400]}',
      '{"a":{"b":[{"c":-1e999}]}}',
      '{"b":1e400}',
      '{"a":"more"}',
    ]),
    corpusCase("integers up to 2^53 with doubles", column(["0.5", "9007199254740992", "-9007199254740992", "-0", "1"])),
    corpusCase("integers beyond 2^53 with doubles", column(["0.5", "9007199254740993", "-0", "1.50", "1E2", "-0.0"])),
    corpusCase("a double after many integers", column([...Array.from({ length: 500 }, (_, i) => `${i * 37}`), "0.25"])),
    corpusCase(
      "a large integer after many doubles",
      column([...Array.from({ length: 500 }, (_, i) => `${i}.50`), "9007199254740993"]),
    ),
    corpusCase(
      "a string after many numbers",
      column([...Array.from({ length: 500 }, (_, i) => `${i}${i % 3 === 0 ? ".10" : ""}`), '"x"']),
    ),
    corpusCase(
      "many distinct numbers",
      column(Array.from({ length: 3000 }, (_, i) => `${(i * 2654435761) % 4294967296}`)),
    ),
    corpusCase(
      "many large numbers",
      column(Array.from({ length: 600 }, (_, i) => `${9007199254740000n + BigInt(i * 7)}`)),
    ),
    corpusCase("many distinct doubles", column(Array.from({ length: 3000 }, (_, i) => `${i}.${i * 7919}e-${i % 30}`))),
    corpusCase("flags", column(Array.from({ length: 300 }, (_, i) => ["true", "false", "null"][(i * i) % 3] ?? ""))),
    corpusCase(
      "not quite numbers",
      [
        "01",
        "-01",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "--1",
        "-",
        "1_0",
        "1 2",
        "NaN",
        "Infinity",
        "-Infinity",
        "0.",
        "-.5",
        "00",
        "1e5.5",
        "１",
      ].map((lexeme) => `{"a":${lexeme},"b":1}`),
    ),
  ];
}
