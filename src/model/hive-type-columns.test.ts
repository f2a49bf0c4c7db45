import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../errors.ts";
import { hiveColumns, hiveComment, sparkSchemaParameters } from "./hive-type-columns.ts";
import type { RegisteredColumn } from "./registration.ts";

const column = (name: string): RegisteredColumn => ({ name, type: { kind: "int64" } });

test("names at the top level may hold anything, and lose their case", () => {
  const names = ["a", "Bc", "with space", "a.b", "a,b", "a:b", "a`b", "É", "日本", "@type", "a<b"];
  assert.deepEqual(
    hiveColumns(names.map(column)).map(({ name }) => name),
    ["a", "bc", "with space", "a.b", "a,b", "a:b", "a`b", "é", "日本", "@type", "a<b"],
  );
});

test("all that cannot be registered is told at once", () => {
  const columns: readonly RegisteredColumn[] = [
    column("a"),
    column("A"),
    column(""),
    { name: "at", type: { kind: "timestamp_local" } },
    column("SRC"),
    column("nul\0"),
    column("half \ud83d"),
    column("\u{10592}"),
  ];
  assert.throws(
    () => hiveColumns(columns, ["src"]),
    (error: unknown) => {
      assert.ok(error instanceof Failure && error.kind === "refused");
      const messages = [error, ...(error.detail.others ?? [])].map(({ message }) => message);
      assert.deepEqual(messages, [
        'column "A": is the same name as "a" to a metastore, which folds case',
        "a column without a name cannot be registered",
        'column "at": a timestamp without a zone would be read as an instant by name',
        'column "SRC": is the same name as "src" to a metastore, which folds case',
        'column "nul\\u0000": no metastore stores a name with NUL or half of a character in it',
        'column "half \\ud83d": no metastore stores a name with NUL or half of a character in it',
        'column "\u{10592}": it has a capital letter that metastores and readers may not know as one, and could then not find the column',
      ]);
      return true;
    },
  );
});

test("a comment is cut where databases end", () => {
  const comments = ["", "short", "x".repeat(5000)].map((comment) => ({ ...column("a"), comment }));
  assert.deepEqual(
    comments.map((one) => hiveColumns([one])[0]?.comment?.length),
    [undefined, 5, 4000],
  );
  assert.ok(hiveComment(`${"x".repeat(3998)}🙂🙂`).isWellFormed());
  assert.equal(hiveComment("a\0b"), "ab");
});

test("capitals at the top level are told to Spark, in one parameter or in parts", () => {
  assert.equal(sparkSchemaParameters([column("a"), column("b c")]).size, 0);
  const nested: RegisteredColumn = {
    name: "Payload",
    type: {
      kind: "list",
      element: { kind: "struct", fields: [{ name: "É", type: { kind: "decimal", precision: 9, scale: 2 } }] },
    },
  };
  const parameters = sparkSchemaParameters([nested]);
  const text = parameters.get("spark.sql.sources.schema") ?? "";
  assert.match(text, /^[ -~]*$/);
  const element = {
    type: "struct",
    fields: [{ name: "É", type: "decimal(9,2)", nullable: true, metadata: {} }],
  };
  assert.deepEqual(JSON.parse(text), {
    type: "struct",
    fields: [
      {
        name: "Payload",
        type: { type: "array", elementType: element, containsNull: true },
        nullable: true,
        metadata: {},
      },
    ],
  });
  const many = sparkSchemaParameters(Array.from({ length: 200 }, (_, index) => column(`Column${index}`)));
  const count = Number(many.get("spark.sql.sources.schema.numParts"));
  assert.equal(many.size, count + 1);
  const parts = Array.from({ length: count }, (_, part) => many.get(`spark.sql.sources.schema.part.${part}`) ?? "");
  assert.ok(parts.every(({ length }) => length > 0 && length <= 4000));
  assert.equal(JSON.parse(parts.join("")).fields.length, 200);
});
