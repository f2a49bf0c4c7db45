/** Edge cases about lines and the grammar of JSON. */
import { type CorpusCase, corpusCase } from "./corpus-case.ts";

export function lineCases(): CorpusCase[] {
  const whole = (name: string, text: string): CorpusCase => corpusCase(name, [text]);
  return [
    whole("an empty file", ""),
    whole("only blank lines", "\n \n\t\r\n\n"),
    whole("only a line feed", "\n"),
    whole("carriage returns before line feeds", '{"a":1}\r\n{"a":2}\r\n\r\n{"a":3}\r'),
    whole("lone carriage returns are white space", '{"a":\r1\r}\r\n{"a":2}\r{"a":3}\n\r{"a":4}'),
    whole("a partial last line", '{"a":1}\n{"a":2}\n{"a":3,"b":"x'),
    whole("blank lines count", '\n\n{"a":1}\n \n\tbad\n\r\n{"a":2}\n\n'),
    whole("a byte order mark at the start", '\ufeff{"a":1}\n{"a":2}'),
    whole("a byte order mark at the start of a bad line", '\ufeffbad\n{"a":2}'),
    whole("a byte order mark at the start of a blank line", '\ufeff \n{"a":2}\nbad'),
    whole("two byte order marks", '\ufeff\ufeff{"a":1}\n{"a":2}'),
    whole("byte order marks elsewhere", '{"a":1}\n\ufeff{"a":2}\n{"a":3}\ufeff\n{"a":\ufeff4}\n{"a":"x\ufeff"}'),
    whole("only a byte order mark", "\ufeff"),
    {
      name: "a cut byte order mark",
      file: Buffer.concat([Buffer.from([0xef, 0xbb]), Buffer.from('{"a":1}\n{"a":2}')]),
      settings: {},
    },
    whole("not an object", '[1]\n1\n"x"\nnull\ntrue\n-\n[{"a":1}]\n{"a":1}\n[]\n""'),
    whole(
      "a second value",
      '{"a":1}{"a":2}\n{"a":3} {"a":4}\n{"a":5} 1\n{"a":6} ,\n{"a":7}]\n{"a":8}}\n{"a":9} \t\r\n{"a":10} x',
    ),
    whole(
      "every prefix of a line is no line",
      Array.from({ length: 61 }, (_, i) =>
        '{"key":"va\\u0041l","n":[-1.5e-3,{"x":null}],"t":true,"f":0}'.slice(0, i),
      ).join("\n"),
    ),
    whole(
      "every byte of a line left out",
      Array.from({ length: 44 }, (_, i) => {
        const line = '{"k" : "v\\n", "n":[ -12 , {}], "t":false } ';
        return line.slice(0, i) + line.slice(i + 1);
      }).join("\n"),
    ),
    whole(
      "every byte of a line doubled",
      Array.from({ length: 44 }, (_, i) => {
        const line = '{"k" : "v\\n", "n":[ -12 , {}], "t":false } ';
        return line.slice(0, i + 1) + line.slice(i);
      }).join("\n"),
    ),
    whole("white space everywhere", ' \t{ \r"a" :\t[ 1 ,\r2 ] , "b":{ } , "c" : [ ] ,"d":{"e" :null } } \t\n{"a":[3]}'),
    whole(
      "other white space is none",
      '{"a":\u00a01}\n{"a":\u20281}\n{"a":\f1}\n{"a":\v1}\n{\u3000"a":1}\n{"a":1}\u0085\n{"a":2}',
    ),
    whole(
      "comments and commas",
      '{"a":1,}\n{,"a":1}\n{"a":[1,]}\n{"a":[,1]}\n{"a":1/*x*/}\n{"a":1}//x\n{"a" 1}\n{"a"::1}\n{a:1}\n{\'a\':1}\n{"a":1 "b":2}\n{"a":[1 2]}\n{"a"}\n{1:2}\n{null:1}',
    ),
    whole(
      "words",
      '{"a":true}\n{"a":false}\n{"a":null}\n{"a":tru}\n{"a":truee}\n{"a":True}\n{"a":nul}\n{"a":undefined}\n{"a":fals}\n{"a":nullx}',
    ),
    corpusCase("structures that are no JSON", [
      ...[
        '{"a":/*comment*/"b"}',
        '{"a":"b"}#',
        '{"a":"b"}//',
        '{"a":"b"}/**/',
        "{,}",
        '{"a" b}',
        '{:"b"}',
        '{"a":"a" 123}',
        "{key: 'value'}",
      ],
      ...[
        '{"id":0,,,,,}',
        '{"x"::"b"}',
        '{"a":"b",,"c":"d"}',
        '{"a":true} "x"',
        '{"a":"b"}#{}',
        '{"":',
        '{"',
        '{"a',
        '{"a":"a',
        "<null>",
        "å",
      ],
      ...[
        "*",
        "{]",
        "[}",
        '{"a":[}]',
        '{"a":{]}',
        '{"a":[1}',
        '{"a":[1,2',
        '{"a":[1,',
        '{"a":["x"',
        '{"a":[""',
        '{"a":["",]}',
        '{"a":[,]}',
      ],
      ...[
        '{"a":[1,,2]}',
        '{"a":["",,1]}',
        '{"a":[1:2]}',
        '{"a":[3 [4]]}',
        '{"a":[x]}',
        '{"a":[*]}',
        '{"a":[1]]}',
        '{"a":[\\n]}',
        "{\\n}",
        '{"a":b}',
      ],
      ...[
        '{"a":1}\u2060',
        "\u2060",
        '{"a":[\u000b]}',
        '{"a":"\u000b"}',
        '{"a":[fals]}',
        '{"a":[nul]}',
        '{"a":[tru]}',
        '{"a":[TRUE]}',
        '{"a":a}',
        '{"a":"b"}}',
      ],
      ...[
        '{"a":1',
        "{{",
        '{{"a":1}}',
        '{"a":1}{',
        '{"a":1},',
        ',{"a":1}',
        '"a":1',
        ":",
        "@",
        '{"a":\u0000}',
        '{"a"\u0000:1}',
        '{\u0000"a":1}',
        '{"a":1}\u0000',
      ],
      '{"ok":1}',
    ]),
    corpusCase(
      "lines at the limit of length",
      ['{"a":1234567}', '{"a":12345678}', '{"a":123456}\r', '{"a":1234567}\r', " ".repeat(14), '{"a":1}'],
      { lineBytesMax: 13 },
    ),
    corpusCase("a byte order mark before lines at the limit of length", ['\ufeff{"a":1234567}', '{"a":1234567}'], {
      lineBytesMax: 13,
    }),
    corpusCase("a byte order mark before the only line, at the limit of length", ['\ufeff{"a":1234567}'], {
      lineBytesMax: 13,
    }),
    corpusCase("a byte order mark before a line that is too long", ['\ufeff{"a":12345678}', '{"a":1}'], {
      lineBytesMax: 13,
    }),
    corpusCase(
      "a far too long line between others",
      ['{"a":1}', `{"a":"${"x".repeat(100_000)}"}`, '{"a":2}', `{"a":"${"y".repeat(99_000)}`],
      { lineBytesMax: 90_000 },
    ),
    corpusCase(
      "objects at the limit of depth",
      [nest("{", 5), nest("{", 6), nest("[", 5), nest("[", 6), nest("{", 2)],
      { depthMax: 5 },
    ),
    corpusCase("objects at the ordinary limit of depth", [
      nest("[", 128),
      nest("[", 129),
      nest("{", 128),
      nest("{", 129),
    ]),
    corpusCase("far too deep", [
      `{"a":${"[".repeat(100_000)}`,
      `{"a":${'{"a":'.repeat(50_000)}`,
      '{"a":[]}',
      `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`,
    ]),
    corpusCase("a rejected line leaves no trace", [
      '{"a":1,"l":[1,2]}',
      '{"new":{"x":[1,2,{"y":"z"}]},"a":"text","l":[{"q":1}],"late":[[1]],"b":1e400}',
      '{"a":2,"l":[3],"c":"x"}',
      '{"a":3.5,"c":"y","l":[4,5,6.5],"A":1}',
      '{"c":"x","l":[7]',
      '{"l":[8],"a":3}',
    ]),
    corpusCase("a rejected line spells no column", [
      '{"Q":1,"S":{"X":[1',
      '{"q":2,"s":{"x":[3]}}',
      '{"NEW":1e400}',
      '{"b":1,"new":5}',
    ]),
    corpusCase("only rejected lines", ["x", "{", "[]", '{"a":1e999}']),
    corpusCase(
      "rejected lines around every row",
      Array.from({ length: 400 }, (_, i) => (i % 3 === 0 ? `{"a":${i},"b":["x${i}"]}` : `{"a":"${i}","b":[{"c":${i}}`)),
    ),
  ];
}

/** A value nested so that its line has the given depth. */
function nest(bracket: "{" | "[", depth: number): string {
  const [open, close] = bracket === "{" ? ['{"d":', "}"] : ["[", "]"];
  const inner = bracket === "{" ? "1" : "";
  return `{"d":${open.repeat(depth - 1)}${inner}${close.repeat(depth - 1)}}`;
}
