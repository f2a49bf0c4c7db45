/** Random columns: names and types that somebody's data may have, with a value of each in DuckDB's words. */
import fc from "fast-check";
import { foldsAlike } from "../../src/model/hive-type-columns.ts";

export interface OddColumn {
  readonly name: string;
  /** A value of its type. */
  readonly literal: string;
  /** Whether readers by name can read it. */
  readonly isReadable: boolean;
}

const sayings = [
  ...[
    "MixedCase",
    "with space",
    " lead",
    "dot.ted",
    "semi;colon",
    "eq=ual",
    "tab\there",
    "slash/back\\",
    "123",
    "select",
  ],
  ...[
    "a'b",
    'quote"d',
    "paren(x)",
    "{brace}",
    "percent%20",
    "ÄÖ",
    "ünïcødé 漢字 😀",
    "more>than",
    "$",
    "\u200b",
    "\u{10592}",
    "#",
    "new\nline",
  ],
];
/** Spark's own reading of a type ends a field's name there. */
const endings = ["com,ma", "col:on", "less<than", "back`tick"];

const topName = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...sayings, ...endings) },
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter(isName),
);
const fieldName = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...sayings) },
  { weight: 1, arbitrary: fc.constantFrom(...endings) },
  { weight: 3, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter(isName) },
);

/** What DuckDB takes for a name, and JSON and Java for text; a name's case must fold the same way everywhere. */
function isName(text: string): boolean {
  return (
    !text.includes("\0") && text.isWellFormed() && text.toLowerCase().toUpperCase().toLowerCase() === text.toLowerCase()
  );
}

interface Shape {
  readonly literal: string;
  readonly isReadable: boolean;
}

const scalars: readonly Shape[] = [
  ...["true", "7::bigint", "0.25::double", "12.34::decimal(9,2)", "1234567890.12::decimal(18,2)"],
  ...[
    "12345678901234567890.123456::decimal(38,6)",
    "'täxt'",
    "timestamptz '2026-03-01 15:30:00.123456+00'",
    "null::bigint",
  ],
].map((literal) => ({ literal, isReadable: true }));

const topScalars: readonly Shape[] = [
  ...["7::integer", "1.5::float", "date '2026-03-01'", "'\\x00\\xFF'::blob"].map((literal) => ({
    literal,
    isReadable: true,
  })),
  { literal: "timestamp '2026-03-01 15:30:00'", isReadable: false },
];

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const nested: fc.Arbitrary<Shape> = fc.letrec<{ any: Shape; list: Shape; struct: Shape }>((tie) => ({
  any: fc.oneof({ maxDepth: 3, depthSize: "small" }, fc.constantFrom(...scalars), tie("struct"), tie("list")),
  list: tie("any").map(({ literal, isReadable }) => ({ literal: `[${literal}, null]`, isReadable })),
  struct: fc
    .uniqueArray(fc.tuple(fieldName, tie("any")), {
      selector: ([name]) => name.toLowerCase(),
      minLength: 1,
      maxLength: 4,
    })
    .map((fields) => ({
      literal: `struct_pack(${fields.map(([name, { literal }]) => `${quoted(name)} := ${literal}`).join(", ")})`,
      isReadable: fields.every(([name, shape]) => !/[,:<`]/.test(name) && shape.isReadable),
    })),
})).any;

export const oddColumns: fc.Arbitrary<readonly OddColumn[]> = fc
  .uniqueArray(
    fc.tuple(
      topName,
      fc.oneof({ weight: 4, arbitrary: nested }, { weight: 1, arbitrary: fc.constantFrom(...topScalars) }),
    ),
    { selector: ([name]) => name.toLowerCase(), minLength: 1, maxLength: 5 },
  )
  .map((columns) =>
    columns.map(([name, { literal, isReadable }]) => ({ name, literal, isReadable: isReadable && foldsAlike(name) })),
  );

export const selectOf = (columns: readonly OddColumn[]): string =>
  `select ${columns.map(({ name, literal }) => `${literal} as ${quoted(name)}`).join(", ")}`;
