/** The rules of `designs/schema-rules.md`, one by one, on the reference itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ColumnType, DeclaredType, Field, Schema } from "../../src/model/schema.ts";
import { describeType, parseType } from "../../src/model/type-text.ts";
import { defaultSettings, parseFile, type ReferenceFile, type ReferenceSettings } from "./parse.ts";
import type { Cell, Row } from "./rows.ts";

function parse(text: string | Uint8Array, settings: Partial<ReferenceSettings> = {}): ReferenceFile {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return parseFile(bytes, { ...defaultSettings, ...settings });
}

/** The schema in one line: `a int64, b list<null>`; `big` after the types that have it. */
function shape(file: ReferenceFile): string {
  return file.schema.fields
    .map(({ name, type }) => `${name} ${describeType(type)}${"big" in type ? " big" : ""}`)
    .join(", ");
}

/** Rows as plain objects. */
function plain(file: ReferenceFile): unknown[] {
  return file.rows.map(plainCell);
}

function plainCell(cell: Cell): unknown {
  if (Array.isArray(cell)) return cell.map(plainCell);
  if (isRow(cell)) return Object.fromEntries([...cell].map(([name, inner]) => [name, plainCell(inner)]));
  return cell;
}

function isRow(cell: Cell): cell is Row {
  return cell instanceof Map;
}

function known(...columns: [string, string | ColumnType][]): Schema {
  return {
    fields: columns.map(([name, type]): Field => ({ name, type: typeof type === "string" ? columnType(type) : type })),
  };
}

function columnType(text: string): ColumnType {
  const type = parseType(text);
  if (type.kind === "drop") throw new Error("drop holds nothing");
  return type;
}

function declared(...columns: [string, string][]): ReadonlyMap<string, DeclaredType> {
  return new Map(columns.map(([path, type]) => [path, parseType(type)]));
}

function reasons(file: ReferenceFile): string[] {
  return file.rejects.map((reject) => `${reject.line}@${reject.offset} ${reject.reason}`);
}

test("the example at the head of the rules", () => {
  const file = parse('{"a":1,"b":[]}\n{"a":1.5,"b":[{"c":1}]}\n{"a":"x"}');
  assert.equal(shape(file), "a string, b list<struct<c int64>>");
  assert.deepEqual(plain(file), [{ a: "1", b: [] }, { a: "1.5", b: [{ c: 1n }] }, { a: "x" }]);
  const alone = parse('{"a":1,"b":[]}');
  assert.equal(shape(alone), "a int64, b list<null>");
  assert.deepEqual(alone.standIns, [{ path: "b", seen: "list" }]);
});

test("L1 only LF separates; CR is white space", () => {
  assert.deepEqual(plain(parse('{"a":1}\r\n{"a":\r2}\n')), [{ a: 1n }, { a: 2n }]);
  assert.deepEqual(reasons(parse('{"a":1}\r{"a":2}\n')), ["1@0 second value on the line"]);
});

test("L2 the byte order mark is dropped at the start only", () => {
  const file = parse('\ufeff{"a":1}\n\ufeff{"a":2}\n{"a":3}');
  assert.deepEqual(plain(file), [{ a: 1n }, { a: 3n }]);
  assert.deepEqual(reasons(file), ["2@11 unexpected character"]);
  assert.deepEqual(reasons(parse('\ufeff\ufeff{"a":1}')), ["1@3 unexpected character"]);
});

test("L3 blank lines are no rows but count", () => {
  const file = parse('\n \t\r\n{"a":1}\n\nx\n');
  assert.deepEqual(plain(file), [{ a: 1n }]);
  assert.deepEqual(reasons(file), ["5@14 unexpected character"]);
});

test("L4 the last line needs no LF", () => {
  assert.equal(parse('{"a":1}\n{"a":2}').rows.length, 2);
  assert.equal(parse("").rows.length, 0);
});

test("L5 one object a line", () => {
  const file = parse('[1]\n1\n"x"\nnull\n{}{}\n{} 1\n{\n{"a"\n{"a":\n{"a":1\n{"a":1,\n{"a":"x\n{"a":tr\n{}}\n');
  assert.deepEqual(
    file.rejects.map((reject) => reject.reason),
    [
      ...Array<string>(4).fill("not an object"),
      ...Array<string>(2).fill("second value on the line"),
      ...Array<string>(7).fill("unexpected end"),
      "unexpected character",
    ],
  );
});

test("L6 strictly RFC 8259", () => {
  const bad = [
    "NaN",
    "Infinity",
    "-Infinity",
    "'x'",
    "01",
    "-01",
    "+1",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x1",
    "1_0",
    "--1",
    "-",
    "True",
    "nul",
    "undefined",
  ];
  const worse = [
    "[1,]",
    "[,1]",
    "[1 2]",
    '{"b":1,}',
    "{b:1}",
    '{"b" 1}',
    "/*x*/1",
    "1//x",
    '"\t"',
    '"\u0000"',
    '"\\x41"',
    '"\\u12G4"',
    '"\\u123"',
    '"\\"',
    "\u00a01",
  ];
  const file = parse([...bad, ...worse].map((value) => `{"a":${value}}`).join("\n"));
  assert.deepEqual(plain(file), []);
  assert.equal(file.rejects.length, bad.length + worse.length);
  assert.equal(parse('{"a":"\u007f\u0080\u2028"}').rows.length, 1);
  assert.deepEqual(plain(parse(' { "a" : [ 1 , 2 ] , "b" : { } } ')), [{ a: [1n, 2n], b: "{}" }]);
});

test("L7 invalid UTF-8 rejects the line", () => {
  const invalid = [
    [0xff],
    [0xc0, 0xaf],
    [0xe0, 0x80, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xc3],
    [0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
  ];
  for (const bytes of invalid) {
    const file = parse(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}\n{"a":"y"}')]));
    assert.deepEqual(plain(file), [{ a: "y" }]);
    assert.equal(file.rejects[0]?.reason, "invalid UTF-8");
  }
});

test("L8 lines too long or nested too deep", () => {
  assert.deepEqual(reasons(parse('{"a":123}\n{"a":12}', { lineBytesMax: 8 })), ["1@0 line longer than 8 bytes"]);
  assert.deepEqual(reasons(parse('{"a":[[1]]}\n{"a":[1]}\n{"a":{"b":[]}}', { depthMax: 2 })), [
    "1@0 nested deeper than 2",
    "3@22 nested deeper than 2",
  ]);
});

test("L9 a rejected line leaves no trace", () => {
  const file = parse('{"a":1}\n{"A":"x","b":1,\n{"a":2}');
  assert.equal(shape(file), "a int64");
  assert.deepEqual(
    file.rejects.map(({ bytes }) => new TextDecoder().decode(bytes)),
    ['{"A":"x","b":1,'],
  );
  const long = parse(`x${"y".repeat(2 ** 20)}`);
  assert.equal(long.rejects[0]?.bytes.length, 2 ** 20);
});

test("V1 integers", () => {
  const file = parse(
    '{"a":9223372036854775807,"b":1,"c":-0,"d":9007199254740992}\n{"a":-9223372036854775808,"b":9223372036854775808}',
  );
  assert.equal(shape(file), "a int64 big, b string, c int64, d int64");
  assert.deepEqual(plain(file), [
    { a: 2n ** 63n - 1n, b: "1", c: 0n, d: 2n ** 53n },
    { a: -(2n ** 63n), b: "9223372036854775808" },
  ]);
});

test("V2 doubles", () => {
  const file = parse(
    '{"a":-0.0}\n{"a":1e3}\n{"a":0.1}\n{"a":1e-400}\n{"a":5e-324}\n{"a":1.7976931348623157e308}\n{"a":1e400}\n{"a":-1.8e308}',
  );
  assert.deepEqual(plain(file), [{ a: -0 }, { a: 1000 }, { a: 0.1 }, { a: 0 }, { a: 5e-324 }, { a: Number.MAX_VALUE }]);
  assert.deepEqual(
    file.rejects.map((reject) => reject.reason),
    ["number out of range", "number out of range"],
  );
});

test("V3 int64 with double", () => {
  assert.deepEqual(plain(parse('{"a":1}\n{"a":-0}\n{"a":0.5}')), [{ a: 1 }, { a: 0 }, { a: 0.5 }]);
  const exact = parse('{"a":9007199254740992}\n{"a":0.5}');
  assert.deepEqual(plain(exact), [{ a: 2 ** 53 }, { a: 0.5 }]);
  assert.deepEqual(plain(parse('{"a":9007199254740993}\n{"a":1.50}\n{"a":1E2}')), [
    { a: "9007199254740993" },
    { a: "1.50" },
    { a: "1E2" },
  ]);
});

test("V4 strings", () => {
  const file = parse(String.raw`{"a":"\ud800x\udc00\ud83d\ude00\ud800\ud83d\ude00\u0000\/\b\f\n\r\t\"\\é\u00e9"}`);
  assert.deepEqual(plain(file), [{ a: '\ufffdx\ufffd😀\ufffd😀\u0000/\b\f\n\r\t"\\éé' }]);
});

test("V5 null and absent", () => {
  const file = parse('{"a":null,"b":1,"c":[1,null]}\n{}');
  assert.deepEqual(plain(file), [{ b: 1n, c: [1n, null] }, {}]);
  assert.deepEqual(file.seenNull, ["a"]);
});

test("V6 empty is not null", () => {
  const file = parse('{"a":[],"b":{},"c":[null]}\n{"a":[1],"b":{"x":1}}\n{"a":null,"b":{"x":null}}');
  assert.deepEqual(plain(file), [{ a: [], b: {}, c: [null] }, { a: [1n], b: { x: 1n } }, { b: {} }]);
  assert.deepEqual(file.standIns, [{ path: "c", seen: "list" }]);
});

test("V7 any other mix is text, byte by byte", () => {
  const scalars = parse('{"a":true}\n{"a":1.50}\n{"a":"x\\u0041"}');
  assert.equal(shape(scalars), "a string");
  assert.deepEqual(plain(scalars), [{ a: "true" }, { a: "1.50" }, { a: "xA" }]);
  const nested = parse('{"a":{ "b" : [1, 2.0] }}\n{"a":"x"}\n{"a":[ ]}\n{"a":null}');
  assert.equal(shape(nested), "a mixed");
  assert.deepEqual(plain(nested), [{ a: '{ "b" : [1, 2.0] }' }, { a: "x" }, { a: "[ ]" }, {}]);
});

test("V8 bottoms", () => {
  assert.equal(
    shape(parse('{"a":[],"b":{},"c":null}\n{"a":[1],"b":{"x":1},"c":true}')),
    "a list<int64>, b struct<x int64>, c bool",
  );
  assert.equal(shape(parse('{"a":[]}\n{"a":{}}')), "a mixed");
  assert.equal(shape(parse('{"a":[]}\n{"a":1}')), "a mixed");
  assert.deepEqual(plain(parse('{"a":[{}, {}]}\n{"a":[null]}')), [{ a: ["{}", "{}"] }, { a: [null] }]);
});

test("K1 keys match in lower case and keep the first spelling", () => {
  const file = parse('{"Abc":1,"x":{"É":1}}\n{"aBC":2,"X":{"é":2}}');
  assert.equal(shape(file), "Abc int64, x struct<É int64>");
  assert.deepEqual(plain(file), [
    { Abc: 1n, x: { É: 1n } },
    { Abc: 2n, x: { É: 2n } },
  ]);
  assert.deepEqual(plain(parse('{"\\u00e9":1}\n{"é":2}')), [{ é: 1n }, { é: 2n }]);
});

test("K2 duplicate keys", () => {
  const text = '{"a":1,"b":{"c":1,"C":"x"}}\n{"a":"y","A":2}\n{"a":3}';
  assert.deepEqual(reasons(parse(text)), ["1@0 duplicate key", "2@28 duplicate key"]);
  const last = parse(text, { duplicateKeys: "last" });
  assert.equal(shape(last), "a int64, b struct<C string>");
  assert.deepEqual(plain(last), [{ a: 1n, b: { C: "x" } }, { a: 2n }, { a: 3n }]);
  assert.deepEqual(reasons(parse('{"\\ud800":1,"\\udfff":2}')), ["1@0 duplicate key"]);
});

test("K3 characters of names", () => {
  const file = parse('{"":1,"a,b":1,"%":1,"`":1,"\\u0000":1,"\\u007f":1,"a.b c-é\\ud800":1,"<:;>":1}');
  assert.deepEqual(
    file.schema.fields.map((field) => field.name),
    ["%", "a%2Cb", "%25", "%60", "%00", "%7F", "a.b c-é\ufffd", "%3C%3A%3B%3E"],
  );
});

test("T2 only null", () => {
  const file = parse('{"a":null,"b":{"c":null,"d":1}}', {
    known: known(["a", "int64"], ["b", "struct<c string, d int64>"]),
  });
  assert.deepEqual(plain(file), [{ b: { d: 1n } }]);
  assert.deepEqual(file.seenNull, ["a", "b.c"]);
});

test("T3 bottoms take the table's known type, the least of it", () => {
  const text = '{"l":[],"s":{},"n":{"z":null},"e":[[]]}';
  const bare = parse(text);
  assert.deepEqual(plain(bare), [{ l: [], s: "{}", n: "{}", e: [[]] }]);
  assert.deepEqual(bare.standIns, [
    { path: "l", seen: "list" },
    { path: "s", seen: "struct" },
    { path: "n", seen: "struct" },
    { path: "e.[]", seen: "list" },
  ]);
  const table = known(
    ["l", "list<struct<y int64, B list<double>>>"],
    ["s", "struct<b int64, A string>"],
    ["n", "struct<z bool>"],
    ["e", "list<list<int64>>"],
  );
  const file = parse(text, { known: table });
  assert.equal(
    shape(file),
    "l list<struct<B list<double>>>, s struct<A string>, n struct<z bool>, e list<list<int64>>",
  );
  assert.deepEqual(plain(file), [{ l: [], s: {}, n: {}, e: [[]] }]);
  assert.deepEqual([file.standIns, file.seenNull], [[], []]);
});

test("T4 the table's wider type is written", () => {
  const table = known(
    ["a", "double"],
    ["b", "string"],
    ["c", "string"],
    ["d", "list<double>"],
    ["e", { kind: "string", mixed: true }],
  );
  const file = parse('{"A":1,"b":1.50,"c":true,"d":[1,null],"e":7}', { known: table });
  assert.equal(shape(file), "A double, b string, c string, d list<double>, e mixed");
  assert.deepEqual(plain(file), [{ A: 1, b: "1.50", c: "true", d: [1, null], e: "7" }]);
  assert.deepEqual(file.widened, []);
});

test("T5 a file wider than the table names the line", () => {
  const table = known(
    ["a", "int64"],
    ["b", "bool"],
    ["c", "double"],
    ["d", { kind: "int64", big: true }],
    ["e", "string"],
    ["f", "list<int64>"],
  );
  const file = parse(
    '{"a":1,"b":true,"c":1,"d":1,"e":"x","f":[1]}\n{"a":1.5,"b":"x","c":9007199254740993,"d":0.5,"e":{},"f":[1,2.5]}\n{"e":"y"}',
    { known: table },
  );
  assert.equal(shape(file), "a double, b string, c string, d string, e mixed, f list<double>");
  assert.deepEqual(
    file.widened.map(
      ({ path, table: from, file: to, line, offset, value }) =>
        `${path} ${describeType(from)} -> ${describeType(to)} ${line}@${offset} ${value}`,
    ),
    [
      "a int64 -> double 2@45 1.5",
      'b bool -> string 2@45 "x"',
      "c double -> string 2@45 9007199254740993",
      "d int64 -> string 2@45 0.5",
      "e string -> mixed 2@45 {}",
      "f.[] int64 -> double 2@45 2.5",
    ],
  );
});

test("T6 shapes that clash with the table's", () => {
  const table = known(
    ["a", "struct<x int64>"],
    ["b", "list<struct<c string>>"],
    ["d", { kind: "string", mixed: true }],
  );
  const text = '{"a":{"x":1}}\n{"a":1,"b":[{"c":[1]}],"d":{"y":1}}';
  const held = parse(text, { known: table });
  assert.deepEqual(
    held.conflicts.map(
      ({ path, table: from, file, line, value }) =>
        `${path} ${describeType(from)} / ${describeType(file)} ${line} ${value}`,
    ),
    ["a struct<x int64> / mixed 2 1", "b.[].c string / list<int64> 2 [1]", 'd mixed / struct<y int64> 2 {"y":1}'],
  );
  const text2 = parse(text, { known: table, conflicts: "text" });
  assert.deepEqual(text2.conflicts, []);
  assert.equal(shape(text2), "a mixed, b list<struct<c mixed>>, d mixed");
  assert.deepEqual(plain(text2), [{ a: '{"x":1}' }, { a: "1", b: [{ c: "[1]" }], d: '{"y":1}' }]);
});

test("T7 json, drop and string take anything", () => {
  const columns = declared(["a", "json"], ["b.C", "drop"], ["d", "string"], ["e", "list<json>"]);
  const file = parse(
    '{"a":{"x":1,"x":1e400},"B":{"c":[1e999],"k":1},"d":[1, "2"],"e":[null,"x",{}]}\n{"a":null,"d":"s"}\n{"a":"s"}\n{"a":[1,]}',
    {
      declared: columns,
    },
  );
  assert.equal(shape(file), "a json, B struct<k int64>, d string, e list<json>");
  assert.deepEqual(plain(file), [
    { a: '{"x":1,"x":1e400}', B: { k: 1n }, d: '[1, "2"]', e: [null, '"x"', "{}"] },
    { d: "s" },
    { a: '"s"' },
  ]);
  assert.equal(file.rejects.length, 1);
});

test("T7 int64, double and bool without loss", () => {
  const columns = declared(["i", "int64"], ["d", "double"], ["b", "bool"]);
  const good =
    '{"i":1.0,"d":9007199254740992,"b":false}\n{"i":1e3,"d":0.1}\n{"i":9.223372036854775807e18}\n{"i":-0.0e5}\n{"i":0e999999999}';
  assert.deepEqual(plain(parse(good, { declared: columns })), [
    { i: 1n, d: 2 ** 53, b: false },
    { i: 1000n, d: 0.1 },
    { i: 2n ** 63n - 1n },
    { i: 0n },
    { i: 0n },
  ]);
  const bad = [
    '"i":1.5',
    '"i":1e19',
    '"i":9223372036854775808',
    '"i":"1"',
    '"i":true',
    '"i":1e999999999',
    '"d":9007199254740993',
    '"d":1e400',
    '"d":"1"',
    '"b":0',
    '"b":"true"',
    '"b":[]',
  ];
  assert.equal(parse(bad.map((member) => `{${member}}`).join("\n"), { declared: columns }).rejects.length, bad.length);
});

test("T7 timestamps", () => {
  const columns = declared(["t", "timestamp"]);
  const good: [string, string][] = [
    ["2015-01-01T00:00:00Z", "2015-01-01T00:00:00.000Z"],
    ["2015-01-01T00:00:00.123456+02:00", "2014-12-31T22:00:00.123Z"],
    ["2015-01-01T00:00:00.5-0730", "2015-01-01T07:30:00.500Z"],
    ["2012/03/11 12:00:00 -0700", "2012-03-11T19:00:00.000Z"],
    ["1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999Z"],
    ["2016-02-29T00:00:00Z", "2016-02-29T00:00:00.000Z"],
  ];
  for (const [text, iso] of good) {
    const [row] = parse(JSON.stringify({ t: text }), { declared: columns }).rows;
    const micros = row?.get("t");
    assert.ok(typeof micros === "bigint");
    const milliseconds = (micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n;
    assert.equal(new Date(Number(milliseconds)).toISOString(), iso, text);
  }
  const bad = [
    "2015-02-29T00:00:00Z",
    "2015-13-01T00:00:00Z",
    "2015-01-01T24:00:00Z",
    "2015-01-01T00:00:60Z",
    "2015-01-01T00:00:00",
    "2015-01-01",
    "2015-01-01T00:00:00.1234567Z",
    "2015/01/01 00:00:00",
    "",
    "x",
  ];
  assert.equal(
    parse(bad.map((t) => JSON.stringify({ t })).join("\n"), { declared: columns }).rejects.length,
    bad.length,
  );
  assert.equal(parse('{"t":1420070400}', { declared: columns }).rejects.length, 1);
});

test("T7 decimals fit exactly", () => {
  const columns = declared(["p", "decimal(4,2)"]);
  const good = ["12.34", "12.340", '"-12.3"', "1e1", "0.01", "-0", "1000e-2", "99.99"];
  const file = parse(good.map((value) => `{"p":${value}}`).join("\n"), { declared: columns });
  assert.deepEqual(
    plain(file),
    [1234n, 1234n, -1230n, 1000n, 1n, 0n, 1000n, 9999n].map((p) => ({ p })),
  );
  const bad = ["100", "0.001", '"x"', '""', '" 1"', '"+1"', '"1,5"', "true", "[]", "1e9999999"];
  assert.equal(
    parse(bad.map((value) => `{"p":${value}}`).join("\n"), { declared: columns }).rejects.length,
    bad.length,
  );
});
