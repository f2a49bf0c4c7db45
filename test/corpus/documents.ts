/**
 * Random files, skewed to nasty cases. A file follows a random shape, as real files do, and departs from it now and
 * then: other types, other spellings, other white space, broken lines.
 */
import fc from "fast-check";
import { mergeSchemas } from "../../src/model/merge.ts";
import type { DeclaredType, Schema } from "../../src/model/schema.ts";
import { parseType } from "../../src/model/type-text.ts";
import { defaultSettings, parseFile, type ReferenceSettings } from "../reference/parse.ts";
import type { CorpusCase } from "./corpus-case.ts";
import { inferredSchema } from "./schemas.ts";

/** What a column mostly holds. */
type Shape =
  | { readonly kind: "scalar"; readonly texts: fc.Arbitrary<string> }
  | { readonly kind: "list"; readonly element: Shape }
  | { readonly kind: "struct"; readonly fields: readonly { readonly key: string; readonly shape: Shape }[] };

const integer = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -5, max: 300 }).map(String) },
  { weight: 2, arbitrary: fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }).map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "-0",
      "0",
      "9007199254740992",
      "9007199254740993",
      "9223372036854775807",
      "-9223372036854775808",
    ),
  },
);
const hugeInteger = fc.constantFrom("9223372036854775808", "-9223372036854775809", "123456789012345678901234567890");
const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(doubleText),
  fc
    .tuple(fc.integer({ min: -999, max: 999 }), fc.integer({ min: 0, max: 99 }))
    .map(([whole, part]) => `${whole}.${part}`),
  fc.constantFrom(
    "-0.0",
    "0.0",
    "1e3",
    "1E-7",
    "5e-324",
    "1.7976931348623157e308",
    "1.50",
    "1e-400",
    "9007199254740993.0",
    "0.1e1",
  ),
);

function doubleText(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** JSON strings as source text: plain, escaped, or escaped where there is no need. */
const stringUnit = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(..."abcxyz 01") },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '\\"',
      "\\\\",
      "\\/",
      "\\n",
      "\\t",
      "\\u0000",
      "\\u0041",
      "\\u00e9",
      "\\ud83d\\ude00",
      "\\ud800",
      "\\udfff",
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom("é", "€", "😀", "\u007f", "\u2028", "{", "]", ":", ",", "'") },
);
const string = fc.oneof(
  { weight: 6, arbitrary: fc.array(stringUnit, { maxLength: 12 }).map((units) => `"${units.join("")}"`) },
  { weight: 1, arbitrary: fc.constantFrom('""', '"null"', '"{}"', '"1"', '"[]"', '"2015-01-01T00:00:00Z"', '"12.5"') },
  {
    weight: 1,
    arbitrary: fc
      .tuple(stringUnit, fc.integer({ min: 20, max: 200 }))
      .map(([unit, count]) => `"${unit.repeat(count)}"`),
  },
);
const bool = fc.constantFrom("true", "false");

const scalarTexts = fc.constantFrom(
  integer,
  integer,
  double,
  string,
  string,
  bool,
  fc.oneof(integer, double),
  fc.oneof(integer, hugeInteger),
  fc.constant("null"),
);

/** Few, so that they meet; the same key in several spellings; and some that need care. */
const key = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom("a", "b", "c", "d", "id", "login") },
  { weight: 3, arbitrary: fc.constantFrom("A", "B", "Id", "LOGIN") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      "a.b",
      "[]",
      "%",
      "x y",
      "é",
      "É",
      "list",
      "element",
      "\\u0061",
      "a\\u002fb",
      "a\\nb",
      "<",
      "\\ud800",
      "ΑΣ:b",
    ),
  },
);

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 4, depthIdentifier: "document shape" },
    { weight: 5, arbitrary: scalarTexts.map((texts): Shape => ({ kind: "scalar", texts })) },
    { weight: 2, arbitrary: tie("shape").map((element): Shape => ({ kind: "list", element })) },
    { weight: 3, arbitrary: structOf(tie("shape")) },
  ),
}));

function structOf(inner: fc.Arbitrary<Shape>): fc.Arbitrary<Extract<Shape, { kind: "struct" }>> {
  const field = fc.record({ key, shape: inner }, { noNullPrototype: true });
  return fc
    .uniqueArray(field, { maxLength: 5, selector: (entry) => entry.key.toLowerCase() })
    .map((fields) => ({ kind: "struct", fields }));
}

/** Texts of a shape. `chaos` is how many of a hundred values are something else. */
function textOf(of: Shape, chaos: number): fc.Arbitrary<string> {
  const wild = shape.chain((other) => textOf(other, 0));
  return fc.oneof(
    { weight: 100 - chaos, arbitrary: plainTextOf(of, chaos) },
    { weight: 8, arbitrary: fc.constantFrom("null", "[]", "{}", "null") },
    ...(chaos > 0 ? [{ weight: chaos, arbitrary: wild }] : []),
  );
}

function plainTextOf(of: Shape, chaos: number): fc.Arbitrary<string> {
  switch (of.kind) {
    case "scalar":
      return of.texts;
    case "list":
      return fc
        .tuple(fc.array(textOf(of.element, chaos), { maxLength: 4 }), space)
        .map(([items, pad]) => `[${pad}${items.join(`,${pad}`)}]`);
    case "struct":
      return objectOf(of, chaos);
  }
}

const space = fc.oneof(
  { weight: 9, arbitrary: fc.constant("") },
  { weight: 1, arbitrary: fc.constantFrom(" ", "\t", " \r ") },
);

function objectOf(of: Extract<Shape, { kind: "struct" }>, chaos: number): fc.Arbitrary<string> {
  const members = of.fields.map((field) =>
    fc
      .tuple(fc.integer({ min: 0, max: 9 }), fc.integer(), textOf(field.shape, chaos))
      .map(([presence, order, text]) => ({
        isPresent: presence > 1,
        order,
        text: `"${field.key}":${text}`,
      })),
  );
  const extra = fc.tuple(key, fc.oneof(integer, string)).map(([name, text]) => `"${name}":${text}`);
  const extras = fc.oneof(
    { weight: 19, arbitrary: fc.constant<string[]>([]) },
    { weight: 1, arbitrary: fc.array(extra, { maxLength: 2 }) },
  );
  return fc.tuple(fc.tuple(...members), extras, fc.boolean(), space).map(([fields, added, shuffled, pad]) => {
    const present = fields.filter((field) => field.isPresent);
    if (shuffled) present.sort((a, b) => a.order - b.order);
    return `{${pad}${[...present.map((field) => field.text), ...added].join(`${pad},${pad}`)}${pad}}`;
  });
}

/** A line as it should be, or damaged. */
function lineOf(of: Extract<Shape, { kind: "struct" }>, chaos: number, damage: number): fc.Arbitrary<Uint8Array> {
  const good = objectOf(of, chaos).map((text) => Buffer.from(text, "utf8"));
  if (damage === 0) return good;
  const broken = fc.oneof(
    fc.tuple(good, fc.nat(1000)).map(([line, at]) => line.subarray(0, at % Math.max(1, line.length))),
    fc.tuple(good, fc.nat(1000), fc.nat(255)).map(([line, at, byte]) => replaceByte(line, at, byte)),
    fc
      .tuple(good, fc.nat(1000), fc.constantFrom(...'"\\{}[],:0-.eE \u0000é'))
      .map(([line, at, text]) => insertText(line, at, text)),
    fc
      .constantFrom("", " ", "\r", "null", "[]", "{}{}", '{"a":1e400}', '{"a":1,"A":2}', '{"d":[[[[[[[[[]]]]]]]]]}')
      .map((text) => Buffer.from(text)),
  );
  return fc.oneof({ weight: 100 - damage, arbitrary: good }, { weight: damage, arbitrary: broken });
}

function replaceByte(line: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = Uint8Array.from(line);
  if (copy.length > 0) copy[at % copy.length] = byte;
  return copy;
}

function insertText(line: Uint8Array, at: number, text: string): Uint8Array {
  const place = at % (line.length + 1);
  return Buffer.concat([line.subarray(0, place), Buffer.from(text, "utf8"), line.subarray(place)]);
}

const file: fc.Arbitrary<Uint8Array> = fc
  .record({
    of: structOf(shape),
    chaos: fc.constantFrom(0, 0, 2, 10, 40),
    damage: fc.constantFrom(0, 0, 0, 10, 30),
    repeat: fc.constantFrom(1, 1, 1, 1, 40),
    feed: fc.constantFrom("\n", "\n", "\n", "\r\n"),
    mark: fc.constantFrom("", "", "", "\ufeff"),
    isClosed: fc.boolean(),
  })
  .chain(({ of, chaos, damage, repeat, feed, mark, isClosed }) =>
    fc.array(lineOf(of, chaos, damage), { maxLength: 14 }).map((lines) => {
      const all = Array.from({ length: repeat }, () => lines).flat();
      const feedBytes = Buffer.from(feed);
      const parts = all.flatMap((line, index) => (index + 1 < all.length || isClosed ? [line, feedBytes] : [line]));
      return Buffer.concat([Buffer.from(mark, "utf8"), ...parts]);
    }),
  );

const declared: fc.Arbitrary<ReadonlyMap<string, DeclaredType>> = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom("a", "b", "c", "Id", "login", "a.b", "d.a", "b.[].a", "c.[]"),
      fc.constantFrom("json", "drop", "string", "int64", "double", "bool", "timestamp", "decimal(12,2)").map(parseType),
    ),
    { maxLength: 2, selector: ([path]) => path },
  )
  .map((columns) => new Map(columns.filter(([path, type]) => !(path.endsWith("[]") && type.kind === "drop"))));

/** What the table knows: nothing, the schemas of other files, or anything. */
type KnownFrom = { readonly files: readonly Uint8Array[] } | { readonly schema: Schema };

const knownFrom: fc.Arbitrary<KnownFrom> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<KnownFrom>({ files: [] }) },
  { weight: 2, arbitrary: fc.array(file, { minLength: 1, maxLength: 2 }).map((files): KnownFrom => ({ files })) },
  { weight: 1, arbitrary: inferredSchema.map((schema): KnownFrom => ({ schema })) },
);

/** A random file with the settings of its conversion. */
export const corpusDocument: fc.Arbitrary<CorpusCase> = fc
  .record({
    file,
    knownFrom,
    declared: fc.oneof(
      { weight: 2, arbitrary: fc.constant<ReadonlyMap<string, DeclaredType>>(new Map()) },
      { weight: 1, arbitrary: declared },
    ),
    conflicts: fc.constantFrom("hold" as const, "text" as const),
    duplicateKeys: fc.constantFrom("reject" as const, "last" as const),
    depthMax: fc.constantFrom(128, 128, 6),
    lineBytesMax: fc.constantFrom(1 << 25, 1 << 25, 120),
  })
  .map(({ file: bytes, knownFrom: from, ...rest }) => {
    const settings: ReferenceSettings = { ...defaultSettings, ...rest };
    return { name: "a random file", file: bytes, settings: { ...rest, known: tableSchema(from, settings) } };
  });

/** As a lake would have it: merged, ordered by name, with the declared columns. */
function tableSchema(from: KnownFrom, settings: ReferenceSettings): Schema {
  const options = { conflicts: "text" as const, declared: settings.declared };
  let table = mergeSchemas({ fields: [] }, { fields: [] }, options).schema;
  const schemas =
    "schema" in from
      ? [from.schema]
      : from.files.map((bytes) => parseFile(bytes, { ...settings, known: table }).schema);
  for (const schema of schemas) table = mergeSchemas(table, schema, options).schema;
  return table;
}
