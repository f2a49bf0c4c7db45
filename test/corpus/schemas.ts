/** Random column types and schemas, skewed to the places where a merge can go wrong. */
import fc from "fast-check";
import { foldName } from "../../src/model/column-path.ts";
import type { ColumnType, Field, Schema } from "../../src/model/schema.ts";

/** Few names, so that schemas overlap; in several spellings, with characters that paths must escape. */
export const columnName: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "A", "b", "B", "c") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("a.b", "[]", "\\", "ΑΣ%3Ab", "ασ%3AB", "%", "%25", "É", "é", "a b", "(", '"', "'"),
  },
);

const inferredScalar: fc.Arbitrary<ColumnType> = fc.constantFrom<ColumnType>(
  { kind: "null" },
  { kind: "bool" },
  { kind: "int64" },
  { kind: "int64", big: true },
  { kind: "double" },
  { kind: "string" },
  { kind: "string", mixed: true },
);

const declaredScalar: fc.Arbitrary<ColumnType> = fc.oneof(
  fc.constantFrom<ColumnType>({ kind: "json" }, { kind: "timestamp" }),
  fc
    .integer({ min: 1, max: 38 })
    .chain((precision) =>
      fc.integer({ min: 0, max: precision }).map((scale): ColumnType => ({ kind: "decimal", precision, scale })),
    ),
);

const { inferred, any } = fc.letrec<{ inferred: ColumnType; any: ColumnType }>((tie) => ({
  inferred: nested(inferredScalar, tie("inferred")),
  any: nested(fc.oneof({ weight: 3, arbitrary: inferredScalar }, { weight: 1, arbitrary: declaredScalar }), tie("any")),
}));

function nested(scalar: fc.Arbitrary<ColumnType>, inner: fc.Arbitrary<ColumnType>): fc.Arbitrary<ColumnType> {
  return fc.oneof(
    { maxDepth: 3, depthIdentifier: "column type" },
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: inner.map((element): ColumnType => ({ kind: "list", element })) },
    { weight: 2, arbitrary: fieldsOf(inner).map((fields): ColumnType => ({ kind: "struct", fields })) },
  );
}

function fieldsOf(type: fc.Arbitrary<ColumnType>): fc.Arbitrary<Field[]> {
  return fc.uniqueArray(fc.record({ name: columnName, type }, { noNullPrototype: true }), {
    maxLength: 4,
    selector: (field) => foldName(field.name),
  });
}

/** Types that data alone can give, bottoms included. */
export const inferredType: fc.Arbitrary<ColumnType> = inferred;

/** Those and the declared ones. */
export const anyType: fc.Arbitrary<ColumnType> = any;

export const inferredSchema: fc.Arbitrary<Schema> = fieldsOf(inferred).map((fields) => ({ fields }));
export const anySchema: fc.Arbitrary<Schema> = fieldsOf(any).map((fields) => ({ fields }));
