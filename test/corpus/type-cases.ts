/** Edge cases about types that meet: in one file, and with what the table knows. */
import type { ColumnType, Schema } from "../../src/model/schema.ts";
import { type CorpusCase, columnType, corpusCase } from "./corpus-case.ts";

/** JSON texts of every kind that a column can meet. */
const values: readonly string[] = [
  "null",
  "true",
  "7",
  "-0",
  "9007199254740993",
  "9223372036854775808",
  "1.50",
  "-0.0",
  '"s\\u0041"',
  "[]",
  "[1]",
  "[null]",
  "[{}]",
  "[[]]",
  "{}",
  '{"x":1}',
  '{"x":null}',
];

const knownTypes: readonly ColumnType[] = [
  { kind: "null" },
  { kind: "bool" },
  { kind: "int64" },
  { kind: "int64", big: true },
  { kind: "double" },
  { kind: "string" },
  { kind: "string", mixed: true },
  { kind: "list", element: { kind: "null" } },
  ...["list<int64>", "list<string>", "list<struct<y bool, b struct<c string>>>", "list<list<double>>"].map(columnType),
  { kind: "struct", fields: [] },
  ...["struct<x double>", "struct<y int64, X string>", "struct<z struct<b int64, a list<bool>>>"].map(columnType),
];

/** Every value beside every other one, in the same column of one file: at the top, in structs, in lists. */
function conflictCases(): CorpusCase[] {
  const pairs = values.flatMap((left, i) => values.map((right, j) => ({ name: `p${i}_${j}`, left, right })));
  const object = (side: "left" | "right"): string =>
    `{${pairs.map((pair) => `"${pair.name}":${pair[side]}`).join(",")}}`;
  const lists = `{${pairs.map((pair) => `"${pair.name}":[${pair.left}, ${pair.right}]`).join(",")}}`;
  return [
    corpusCase("every pair of types at the top", [object("left"), "{}", object("right")]),
    corpusCase("every pair of types in a struct", [
      `{"s":${object("left")}}`,
      '{"s":{}}',
      `{"s":${object("right")},"t":1}`,
    ]),
    corpusCase("every pair of types in structs of a list", [
      `{"l":[${object("left")},null,{},${object("right")}]}`,
      '{"l":[]}',
      `{"l":null}`,
      `{"l":[${object("right")}]}`,
    ]),
    corpusCase("every pair of types as elements", [lists, "{}", lists]),
    corpusCase("every pair of types with rows between", [
      object("left"),
      ...Array<string>(300).fill('{"z":1}'),
      object("right"),
    ]),
  ];
}

/** Every value against every type that the table can know. */
function knownCases(): CorpusCase[] {
  const cells = knownTypes.flatMap((type, i) => values.map((value, j) => ({ name: `k${i}_${j}`, type, value })));
  const table: Schema = { fields: cells.map(({ name, type }) => ({ name, type })) };
  const nested: Schema = { fields: [{ name: "S", type: { kind: "struct", fields: table.fields } }] };
  const listed: Schema = { fields: cells.map(({ name, type }) => ({ name, type: { kind: "list", element: type } })) };
  const line = `{${cells.map(({ name, value }) => `"${name.toUpperCase()}":${value}`).join(",")}}`;
  const elements = `{${cells.map(({ name, value }) => `"${name}":[null,${value}]`).join(",")}}`;
  return (["hold", "text"] as const).flatMap((conflicts) => [
    corpusCase(`every value against every known type, ${conflicts}`, ['{"other":1}', line, "{}"], {
      known: table,
      conflicts,
    }),
    corpusCase(`the same in a struct, ${conflicts}`, [`{"s":${line}}`, "{}"], { known: nested, conflicts }),
    corpusCase(`the same as elements, ${conflicts}`, [elements, elements], { known: listed, conflicts }),
  ]);
}

/** The rows before are in a row group of their own, if those are small: the widening is found all the same. */
function lateCases(): CorpusCase[] {
  const table = (type: string): Schema => ({ fields: [{ name: "b", type: columnType(type) }] });
  const late: readonly [string, string, ...string[]][] = [
    ["int64", "0", "0.0"],
    ["int64", "0", '"x"', "1.5"],
    ["int64", "0", "{}"],
    ["double", "0.5", "9007199254740993"],
    ["bool", "true", "1", "2.5"],
    ["list<int64>", "[0]", "[1.5]", '["x"]'],
    ["struct<x int64>", '{"x":0}', '{"x":0.0}', '{"x":[1]}'],
    ["string", '"x"', "[]"],
  ];
  return late.flatMap(([type, ...texts]) =>
    (["hold", "text"] as const).map((conflicts) =>
      corpusCase(
        `wider than ${type} by ${texts.join(" ")}, ${conflicts}`,
        texts.map((text) => `{"b":${text}}`),
        {
          known: table(type),
          conflicts,
        },
      ),
    ),
  );
}

export function typeCases(): CorpusCase[] {
  return [...conflictCases(), ...knownCases(), ...lateCases()];
}
