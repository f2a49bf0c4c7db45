/** Edge cases about strings and their encoding. */
import { type CorpusCase, corpusCase, declare } from "./corpus-case.ts";

/** The same small thing at every offset from 0 to 24, so that it meets every position within a machine word. */
function atEveryOffset(part: string): string[] {
  return Array.from({ length: 25 }, (_, offset) => `{"s":"${"x".repeat(offset)}${part}${"y".repeat(offset % 5)}"}`);
}

function stringCases(): CorpusCase[] {
  const escapes = [
    '\\"',
    "\\\\",
    "\\/",
    "\\b",
    "\\f",
    "\\n",
    "\\r",
    "\\t",
    "\\u0000",
    "\\u001f",
    "\\u0041",
    "\\u00e9",
    "\\u20ac",
    "\\ud83d\\ude00",
    "\\uD83D\\uDE00",
  ];
  const lone = [
    "\\ud800",
    "\\udc00",
    "\\ud800\\ud800",
    "\\udc00\\ud800",
    "\\ud800x",
    "\\ud83d\\u0041",
    "\\ud800\\ud83d\\ude00",
    "\\udfff\\udbff",
    "\\ud83d😀",
    // The last code units before each range, its first and its last, and the first behind it.
    "\\ud7ff\\udc00",
    "\\ud800\\udbff",
    "\\ud800\\udfff",
    "\\ud800\\ue000",
    "\\udbff\\udc00",
    "\\udbff\\udfff",
    "\\udbff\\ue000",
    "\\ue000\\udfff",
  ];
  const wrong = [
    "\\x",
    "\\u12",
    "\\u12G4",
    "\\",
    "\\u",
    "\\U0041",
    "\\'",
    "\\0",
    "\\u 041",
    "\\u-041",
    "\\u+041",
    "\t",
    "\u0001",
    "\u001f",
    "\u0000",
    '"',
    "\r",
  ];
  return [
    ...escapes.map((part) => corpusCase(`escape ${part} at every offset`, atEveryOffset(part))),
    ...lone.map((part) => corpusCase(`lone surrogate ${part} at every offset`, atEveryOffset(part))),
    ...wrong.map((part) =>
      corpusCase(`wrong ${JSON.stringify(part)} at every offset`, [...atEveryOffset(part), '{"s":"ok"}']),
    ),
    ...["é", "€", "😀", "\u007f", "\u0080", "\u2028", "\ufffd", "\ufffe", "日本"].map((part) =>
      corpusCase(`character ${JSON.stringify(part)} at every offset`, atEveryOffset(part)),
    ),
    corpusCase("equal strings in several spellings", [
      '{"s":"\\u00e9/"}',
      '{"s":"é\\/"}',
      '{"s":"\\u00E9\\u002f"}',
      '{"s":"e\\u0301/"}',
    ]),
    corpusCase(
      "strings of every length",
      Array.from({ length: 300 }, (_, i) => `{"s":"${"abcdefghij".repeat(30).slice(0, i)}"}`),
    ),
    corpusCase(
      "strings around the length of cut statistics",
      [48, 60, 47, 49, 48].map((length) => `{"s":"${"m".repeat(length)}"}`),
    ),
    corpusCase("the shorter of two strings with one long beginning", [
      `{"s":"${"m".repeat(48)}"}`,
      `{"s":"${"m".repeat(60)}"}`,
    ]),
    corpusCase("long strings that cannot be rounded up", [
      `{"s":"${"\u007f".repeat(60)}"}`,
      `{"s":"${"\u{10ffff}".repeat(20)}"}`,
      `{"t":"${"é".repeat(40)}"}`,
    ]),
    corpusCase(
      "strings that differ late",
      Array.from({ length: 40 }, (_, i) => `{"s":"${"p".repeat(i)}${i % 2}"}`),
    ),
    corpusCase(
      "strings with the same words in other places",
      ["abcdefgh", "efghabcd", "abcdabcd", "abcdefghabcdefgh", "efgh", "abcd", "abcdefg"].flatMap((s) => [
        `{"s":"${s}"}`,
        `{"s":"${s}\\u0000"}`,
      ]),
    ),
    corpusCase("empty strings", [
      '{"s":""}',
      '{"s":"","t":""}',
      '{"s":null,"t":""}',
      '{"u":[""]}',
      '{"u":["",null,""]}',
    ]),
    corpusCase("long strings", [
      `{"s":"${"long ".repeat(300_000)}"}`,
      '{"s":"short"}',
      `{"s":"${"\\u00e9\\n".repeat(200_000)}"}`,
      '{"t":1}',
    ]),
    corpusCase("text that looks like JSON", [
      '{"s":"{\\"a\\":1}"}',
      '{"s":"[1,2]"}',
      '{"s":"null"}',
      '{"s":"{}"}',
      '{"s":"a\\\\"}',
      '{"s":"\\\\\\""}',
    ]),
  ];
}

function bytes(...parts: readonly (string | readonly number[])[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "utf8") : Buffer.from(part))));
}

function utf8Cases(): CorpusCase[] {
  const invalid: readonly (readonly number[])[] = [
    [0x80],
    [0xbf],
    [0xff],
    [0xfe],
    [0xc0, 0xaf],
    [0xc1, 0xbf],
    [0xe0, 0x80, 0xaf],
    [0xe0, 0x9f, 0xbf],
    [0xf0, 0x80, 0x80, 0xaf],
    [0xf0, 0x8f, 0xbf, 0xbf],
    [0xed, 0xa0, 0x80],
    [0xed, 0xbf, 0xbf],
    [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
    [0xc3],
    [0xe2, 0x82],
    [0xf0, 0x9f, 0x98],
    [0xc3, 0x28],
    [0xe2, 0x28, 0xa1],
    [0xf0, 0x28, 0x8c, 0xbc],
  ];
  const valid: readonly (readonly number[])[] = [
    [0xc2, 0x80],
    [0xdf, 0xbf],
    [0xe0, 0xa0, 0x80],
    [0xed, 0x9f, 0xbf],
    [0xee, 0x80, 0x80],
    [0xef, 0xbf, 0xbf],
    [0xf0, 0x90, 0x80, 0x80],
    [0xf4, 0x8f, 0xbf, 0xbf],
  ];
  const offsets = [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31];
  const file = (
    name: string,
    sequences: readonly (readonly number[])[],
    before: string,
    after: string,
  ): CorpusCase => ({
    name,
    file: bytes(
      ...sequences.flatMap((sequence) => offsets.flatMap((offset) => [before, "x".repeat(offset), sequence, after])),
      '{"end":1}',
    ),
    settings: {},
  });
  return [
    file("invalid UTF-8 in strings", invalid, '{"s":"', '"}\n'),
    file("valid UTF-8 in strings", valid, '{"s":"', '"}\n'),
    file("invalid UTF-8 in keys", invalid, '{"', '":1}\n'),
    file("invalid UTF-8 in raw text", invalid, '{"m":1}\n{"m":["', '"]}\n'),
    file("valid UTF-8 in raw text", valid, '{"m":1}\n{"m":["', '"]}\n'),
    {
      ...file("invalid UTF-8 in what is dropped", invalid, '{"z":["', '"],"k":1}\n'),
      settings: { declared: declare({ z: "drop" }) },
    },
    {
      ...file("invalid UTF-8 in declared json", invalid, '{"z":["', '"],"k":1}\n'),
      settings: { declared: declare({ z: "json" }) },
    },
    {
      name: "invalid UTF-8 outside of strings",
      file: bytes(
        '{"a":1}',
        [0xff],
        '\n{"a":',
        [0xc3],
        "1}\n",
        [0xc3, 0xa9],
        '{"a":1}\n{"a":1} ',
        [0x80],
        '\n{"a":2}\n',
        [0xff],
        "\n",
        [0x00],
        '\n{"a":3}',
        [0x00],
        '\n{"a":4}',
      ),
      settings: {},
    },
    { name: "UTF-16", file: Buffer.from('\ufeff{"a":1}\n{"a":2}', "utf16le"), settings: {} },
    {
      name: "a gzip's bytes in the middle of the text",
      file: bytes('{"a":1}\n', [0x1f, 0x8b, 0x08, 0x00, 0x0a, 0x00], '\n{"a":2}'),
      settings: {},
    },
  ];
}

export function textCases(): CorpusCase[] {
  return [...stringCases(), ...utf8Cases()];
}
