/** Edge cases about keys. */
import { type CorpusCase, corpusCase } from "./corpus-case.ts";

const oddKeys = [
  ...[
    "",
    " ",
    "a b",
    "a.b",
    "a",
    "[]",
    "list",
    "element",
    "key_value",
    "%",
    "%2C",
    "+1",
    "-1",
    "1",
    "0",
    "a-b",
    "$",
    "#",
    "@",
    "/",
    "?",
    "&",
    "=",
    "*",
    "(",
    ")",
    "{",
    "}",
    "|",
    "~",
    "^",
    "'",
    '"',
    "\\",
    "\\.",
    ",",
    ":",
    ";",
    "<",
    ">",
    "`",
  ],
  ...[
    "\t",
    "\n",
    "\u0000",
    "\u001f",
    "\u007f",
    "\u0080",
    "é",
    "日本語",
    "😀",
    "\u200f",
    "\u2028",
    "x".repeat(1000),
    "constructor",
    "toString",
    "hasOwnProperty",
    "valueOf",
    "length",
    "schema",
    "src",
    "null",
    "true",
  ],
];

export function keyCases(): CorpusCase[] {
  const object = (keys: readonly string[], value: (key: string, index: number) => string): string =>
    `{${keys.map((key, i) => `${JSON.stringify(key)}:${value(key, i)}`).join(",")}}`;
  const lengths = Array.from({ length: 40 }, (_, i) => "abcdefghijklmnopqrstuvwxyzabcdefghijklmn".slice(0, i + 1));
  const alike = ["aaaaaaaa1", "aaaaaaaa2", "aaaa1aaaa", "1aaaaaaaa", "aaaaaaaa", "aaaaaaa", "aaaaaaaaa", "aaaaaaaa1b"];
  const permuted = ["a", "bb", "ccc", "dddd", "eeeee", "ffffff"];
  return [
    corpusCase("odd keys", [object(oddKeys, (_, i) => `${i}`), "{}", object([...oddKeys].reverse(), (_, i) => `${i}`)]),
    corpusCase("odd keys in structs and lists", [
      `{"s":${object(oddKeys, () => '"x"')},"l":[${object(oddKeys, (_, i) => `[${i}]`)}]}`,
      `{"l":[{}],"s":{}}`,
    ]),
    corpusCase("odd keys of structs", [object(oddKeys, (key) => object([key], () => "true"))]),
    ...oddKeys
      .slice(0, 60)
      .filter((key) => key !== "")
      .map((key) =>
        corpusCase(`only the key ${JSON.stringify(key)}`, [object([key], () => "1"), object([key], () => "2")]),
      ),
    corpusCase("a dot in a name beside a path", ['{"a.b":1,"a":{"b":2,"b.c":3},"a.b.c":{"d":4}}', '{"a":{"b":5}}']),
    corpusCase("lists named like their own parts", [
      '{"list":[{"element":[1]}],"element":{"list":[[2]]}}',
      '{"list":[],"element":{}}',
    ]),
    corpusCase("keys escaped in several ways", [
      '{"abc":1}',
      '{"\\u0061bc":2}',
      '{"a\\u0062\\u0063":3}',
      '{"é":1}',
      '{"\\u00e9":2}',
      '{"\\u00C9":3}',
      '{"a\\/b":1}',
      '{"a/b":2}',
    ]),
    corpusCase("lone surrogates in keys", [
      '{"\\ud800":1}',
      '{"\\udc00":2}',
      '{"\ufffd":3}',
      '{"\\ud83d\\ude00":4}',
      '{"😀":5}',
    ]),
    corpusCase("keys in several cases", [
      '{"Login":"a","ID":1}',
      '{"login":"b","id":2}',
      '{"LOGIN":"c","Id":3}',
      '{"s":{"É":1,"Straße":1}}',
      '{"S":{"é":2,"straße":2,"STRASSE":3}}',
    ]),
    corpusCase("lower case that changes length or depends on context", [
      '{"İ":1}',
      '{"i̇":2}',
      '{"ΑΣ":1}',
      '{"ας":2}',
      '{"ασ":3}',
      '{"ΑΣ:Β":1}',
      '{"ασ:β":2}',
      '{"\u212a":1}',
      '{"k":2}',
      '{"ı":1}',
      '{"I":2}',
    ]),
    corpusCase("keys of every length", [
      object(lengths, (_, i) => `${i}`),
      object([...lengths].reverse(), (_, i) => `${i}`),
      ...lengths.map((key) => object([key], () => "7")),
    ]),
    corpusCase("keys that are nearly alike", [
      object(alike, (_, i) => `${i}`),
      ...alike.map((key) => object([key], () => '"x"')),
    ]),
    corpusCase(
      "keys in another order every time",
      permuted.flatMap((_, i) =>
        permuted.map((__, j) =>
          object(
            [...permuted.slice(i), ...permuted.slice(0, i)].filter((___, k) => k !== j),
            (key) => `"${key}${i}"`,
          ),
        ),
      ),
    ),
    corpusCase("white space around colons and commas", [
      '{"a":1,"b":2,"c":3}',
      '{"a" :1, "b": 2 ,"c" : 3}',
      '{"a":1,"b" :2,"c":3}',
      '{ "a":1,"b":2,"c":3 }',
      '{"a":1 ,"bb":2,"c":3}',
    ]),
    ...(["reject", "last"] as const).flatMap((duplicateKeys) => [
      corpusCase(
        `duplicate keys, ${duplicateKeys}`,
        [
          ...[
            '{"a":1,"a":2}',
            '{"a":1,"A":2}',
            '{"a":1,"b":2,"\\u0061":3}',
            '{"s":{"x":1,"X":2},"t":1}',
            '{"l":[{"x":1},{"x":1,"x":2}]}',
          ],
          ...[
            '{"a":{"y":1},"a":{"z":2}}',
            '{"a":[1,2],"b":1,"a":[3]}',
            '{"a":null,"a":1}',
            '{"a":1,"a":null}',
            '{"":1,"":2}',
            '{"\\ud800":1,"\\udfff":2}',
          ],
          ...[
            '{"%":1,"%25":2}',
            '{"q":"x","Q":{"n":[1]}}',
            '{"q":{"n":[1]},"Q":"x"}',
            '{"a":1,"b":2,"c":3}',
            '{"s":{"x":1,"y":{"z":1,"z":2,"Z":3}}}',
          ],
        ],
        { duplicateKeys },
      ),
      corpusCase(
        `duplicate keys where text follows, ${duplicateKeys}`,
        ['{"m":"text"}', '{"m":{"x":1,"x":2}}', '{"m":[{"x":1,"X":2}]}', '{"m":{"x":1,"y":2}}'],
        { duplicateKeys },
      ),
    ]),
  ];
}

/** Names that the readers' own plain objects cannot carry inside structs; at the top both can. */
export function prototypeCases(): CorpusCase[] {
  const reason = "its binding keeps structs in plain objects";
  return [
    corpusCase("the key __proto__ at the top", ['{"__proto__":1,"constructor":2}', '{"__PROTO__":3}']),
    {
      ...corpusCase("the key __proto__ inside", [
        '{"s":{"__proto__":{"a":1}},"l":[{"__proto__":[2]}]}',
        '{"s":{"a":1}}',
      ]),
      unreadable: { duckdb: reason },
    },
    {
      ...corpusCase("strings that begin with a byte order mark", [
        '{"s":"\ufeffx"}',
        '{"s":"\\ufeff"}',
        '{"l":["\ufeff\ufeffy"]}',
      ]),
      unreadable: { duckdb: "its binding drops the mark" },
    },
  ];
}
