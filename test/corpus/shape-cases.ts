/** Edge cases about nesting and about where values are: sparse, late, empty, many. */
import { type CorpusCase, corpusCase, known } from "./corpus-case.ts";

const manyLists = "it takes 2^n steps for n lists inside each other";

function nestingCases(): CorpusCase[] {
  return [
    corpusCase("rows without a value among others", ["{}", '{"a":1}', "{}", "{}", '{"a":null}', '{"b":null}']),
    corpusCase("lists of scalars", [
      '{"l":[1,2,3]}',
      '{"l":[]}',
      '{"l":null}',
      "{}",
      '{"l":[null]}',
      '{"l":[null,4,null]}',
    ]),
    corpusCase("lists of lists", [
      '{"l":[[1,2],[],[3]]}',
      '{"l":[[]]}',
      '{"l":[]}',
      '{"l":[null,[null],[4]]}',
      '{"l":null}',
      '{"l":[[],[],[null,5]]}',
    ]),
    corpusCase("lists of lists of lists", [
      '{"l":[[[1],[]],[]]}',
      '{"l":[[[]]]}',
      '{"l":[[],[[2,3],null]]}',
      '{"l":[null,[null],[[null]]]}',
      '{"l":[[[],[4]],[[5,6]]]}',
    ]),
    corpusCase("lists of structs", [
      '{"l":[{"a":1},{"b":"x"},{}]}',
      '{"l":[null,{"a":null},{"a":2,"b":"y"}]}',
      '{"l":[]}',
      '{"l":[{}]}',
    ]),
    corpusCase("structs of lists of structs of lists", [
      '{"s":{"l":[{"m":[{"n":[1]},{"n":[]},{}]},{"m":[]},{}]}}',
      '{"s":{"l":[]}}',
      '{"s":{}}',
      '{"s":null}',
      '{"s":{"l":[{"m":[null,{"n":null},{"n":[null,2]}]}]}}',
    ]),
    corpusCase("structs that are null, empty or absent", [
      '{"s":{"a":1}}',
      '{"s":{}}',
      '{"s":null}',
      "{}",
      '{"s":{"a":null}}',
      '{"s":{"t":{}}}',
      '{"s":{"t":{"u":1}}}',
      '{"s":{"t":null}}',
    ]),
    corpusCase("bottoms of every depth", [
      '{"a":[],"b":{},"c":[[]],"d":[{}],"e":{"f":{}},"g":{"h":[]},"i":[null],"j":[[null],[]],"k":{"l":null},"m":[{"n":null}],"o":null}',
      "{}",
    ]),
    corpusCase(
      "bottoms of every depth that are known",
      [
        '{"a":[],"b":{},"c":[[]],"d":[{}],"e":{"f":{}},"g":{"h":[]},"i":[null],"j":[[null],[]],"k":{"l":null},"m":[{"n":null}],"o":null}',
        "{}",
      ],
      {
        known: known({
          a: "list<struct<y int64, B list<bool>>>",
          b: "struct<z struct<q double, p list<int64>>>",
          c: "list<list<double>>",
          d: "list<struct<x int64>>",
          e: "struct<f struct<u bool>>",
          g: "struct<h list<string>>",
          i: "list<int64>",
          j: "list<list<struct<w string>>>",
          k: "struct<L int64>",
          m: "list<struct<n bool>>",
          o: "int64",
        }),
      },
    ),
    corpusCase("bottoms that get their type late", [
      '{"a":[],"b":{},"c":[[]],"d":[{}],"e":[null],"f":null}',
      ...Array<string>(50).fill('{"z":1}'),
      '{"a":[{"x":1}],"b":{"y":[2]},"c":[[true]],"d":[{"v":[]}],"e":["s"],"f":{"g":null}}',
    ]),
    corpusCase("a struct whose fields are all bottoms", ['{"s":{"a":null,"b":null}}', '{"s":null}', '{"s":{}}']),
    corpusCase("a struct that only holds a stand-in", ['{"s":{"a":{},"b":null}}', '{"s":{"a":{"c":null}}}']),
    corpusCase("deep structs", [
      `{${'"a":{'.repeat(60)}"leaf":1${"}".repeat(60)}}`,
      '{"a":{"a":{"b":1}}}',
      '{"a":{"a":null}}',
    ]),
    corpusCase("lists in lists in lists", [
      `{"l":${"[".repeat(14)}1${"]".repeat(14)}}`,
      `{"l":${"[".repeat(9)}${"]".repeat(9)}}`,
      '{"l":[[],[[]],null]}',
    ]),
    {
      ...corpusCase("deep lists", [
        `{"l":${"[".repeat(60)}1${"]".repeat(60)}}`,
        `{"l":${"[".repeat(30)}${"]".repeat(30)}}`,
        '{"l":[[],[[]],null]}',
      ]),
      unreadable: { duckdb: manyLists },
    },
    {
      ...corpusCase("deep lists and structs", [
        `{"l":${'[{"l":'.repeat(30)}[]${"}]".repeat(30)}}`,
        '{"l":[{"l":[]},{},{"l":[{"l":null}]}]}',
      ]),
      unreadable: { duckdb: manyLists },
    },
    corpusCase("lists and structs in each other", [
      `{"l":${'[{"l":'.repeat(12)}[]${"}]".repeat(12)}}`,
      '{"l":[{"l":[]},{},{"l":[{"l":null}]}]}',
    ]),
    corpusCase("one row", ['{"a":1,"b":[{"c":"x"}]}']),
    corpusCase("wide rows", [
      `{${Array.from({ length: 500 }, (_, i) => `"c${i}":${i}`).join(",")}}`,
      `{${Array.from({ length: 500 }, (_, i) => `"d${i}":"${i}"`).join(",")}}`,
      "{}",
    ]),
    corpusCase("text that began as a struct", [
      '{"a":{"x":1,"y":[1,{"z":2}]}}',
      '{"a":{"x": 2 , "w":"q"}}',
      '{"a":5,"b":1}',
      '{"a":{"v":1}}',
      '{"a":null}',
    ]),
    corpusCase("text that began as a list", [
      '{"a":[1, {"z":2}]}',
      '{"a":[ ]}',
      '{"a":{"k":[ 1 ]}}',
      '{"a":[[],[null]]}',
    ]),
    corpusCase("text inside of lists", [
      '{"l":[1,{"a": [ 1 ] },"x",null,true]}',
      '{"l":[[ 1.50 ]]}',
      '{"l":[{"a":{"b":1}},{"a":"t"},{"a":[ ]}]}',
    ]),
    corpusCase("a key that is new at every level at once", [
      '{"s":{"a":1},"l":[{"a":1}]}',
      '{"s":{"a":2,"b":{"c":[{"d":1}]}},"l":[{"a":2},{"e":{"f":[[3]]}}],"n":{"g":[]}}',
      '{"s":{},"l":[{}]}',
    ]),
  ];
}

function placeCases(): CorpusCase[] {
  const rows = (count: number, row: (index: number) => string): string[] =>
    Array.from({ length: count }, (_, index) => row(index));
  return [
    corpusCase("a column in the first row only", ['{"first":"x","l":[1]}', ...rows(2000, (i) => `{"i":${i}}`)]),
    corpusCase("a column in the last row only", [
      ...rows(2000, (i) => `{"i":${i}}`),
      '{"last":{"a":[{"b":1}]},"l":[[2]],"t":"x"}',
    ]),
    corpusCase(
      "columns in some rows",
      rows(
        1500,
        (i) =>
          `{${[2, 3, 7, 64, 100]
            .filter((n) => i % n === 0)
            .map((n) => `"c${n}":${n === 7 ? `"s${i % 50}"` : i}`)
            .join(",")}}`,
      ),
    ),
    corpusCase(
      "lists in some rows",
      rows(
        800,
        (i) =>
          `{"l":${i % 3 === 0 ? "null" : i % 5 === 0 ? "[]" : `[${Array.from({ length: i % 4 }, (_, k) => `{"v":${i + k}${k % 2 === 0 ? ',"w":["x"]' : ""}}`).join(",")}]`}}`,
      ),
    ),
    corpusCase(
      "few distinct values in long runs",
      rows(
        5000,
        (i) => `{"r":"${Math.floor(i / 700)}","b":${Math.floor(i / 333) % 2 === 0},"n":${Math.floor(i / 1000)}}`,
      ),
    ),
    corpusCase(
      "alternating presence",
      rows(3000, (i) => (i % 2 === 0 ? `{"a":${i}}` : `{"b":"${i % 9}"}`)),
    ),
    corpusCase("a long list in one row", [`{"l":[${rows(30_000, (i) => `${i % 300}`).join(",")}]}`, '{"l":[1]}']),
    corpusCase("a long list of structs in one row", [
      '{"l":[]}',
      `{"l":[${rows(5000, (i) => `{"a":${i},"s":"${i % 77}"${i % 10 === 0 ? ',"x":[null]' : ""}}`).join(",")}]}`,
    ]),
    corpusCase(
      "more distinct strings than a dictionary takes",
      rows(
        70_000,
        (i) => `{"s":"key-${(i * 48271) % 70_001}","n":${i},"d":${i}.5,"c":"${i % 10}","l":[${i % 3 === 0 ? i : ""}]}`,
      ),
    ),
    corpusCase(
      "long distinct strings",
      rows(3000, (i) => `{"s":"${String(i * 7919).repeat(60)}"}`),
    ),
    corpusCase("a dictionary given up after many rows", [
      ...rows(4000, (i) => `{"s":"v${i % 20}"}`),
      ...rows(12_000, (i) => `{"s":"distinct ${i} ${i * 31}"}`),
    ]),
    corpusCase("wider and wider", [
      '{"v":1}',
      ...rows(300, (i) => `{"v":${i}}`),
      '{"v":0.5}',
      ...rows(300, (i) => `{"v":${i}.25}`),
      '{"v":true}',
      '{"v":[1, 2]}',
      '{"v":"end"}',
    ]),
  ];
}

export function shapeCases(): CorpusCase[] {
  return [...nestingCases(), ...placeCases()];
}
