import assert from "node:assert/strict";
import { test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { anySchema } from "../../test/corpus/schemas.ts";
import { duckdbColumns, duckdbType, sparkColumns } from "./ddl.ts";
import type { Schema } from "./schema.ts";
import { boundSchema } from "./stand-in.ts";

const runs = runSettings(100);

const example: Schema = {
  fields: [
    { name: "id", type: { kind: "int64", big: true } },
    {
      name: "+1",
      type: { kind: "list", element: { kind: "struct", fields: [{ name: 'a"b', type: { kind: "double" } }] } },
    },
    { name: "at", type: { kind: "timestamp" } },
    { name: "price", type: { kind: "decimal", precision: 10, scale: 2 } },
    { name: "blob", type: { kind: "json" } },
    { name: "unknown", type: { kind: "null" } },
    { name: "hollow", type: { kind: "struct", fields: [] } },
    { name: "bottom", type: { kind: "list", element: { kind: "null" } } },
    { name: "ok", type: { kind: "bool" } },
  ],
};

test("DDL for DuckDB", () => {
  assert.deepEqual(duckdbColumns(example).split(",\n"), [
    '"id" BIGINT',
    '"+1" STRUCT("a""b" DOUBLE)[]',
    '"at" TIMESTAMP WITH TIME ZONE',
    '"price" DECIMAL(10,2)',
    '"blob" VARCHAR',
    '"unknown" VARCHAR',
    '"hollow" VARCHAR',
    '"bottom" VARCHAR[]',
    '"ok" BOOLEAN',
  ]);
});

test("DDL for Spark", () => {
  assert.deepEqual(sparkColumns(example).split(",\n"), [
    "`id` BIGINT",
    '`+1` ARRAY<STRUCT<`a"b`: DOUBLE>>',
    "`at` TIMESTAMP",
    "`price` DECIMAL(10,2)",
    "`blob` STRING",
    "`unknown` STRING",
    "`hollow` STRING",
    "`bottom` ARRAY<STRING>",
    "`ok` BOOLEAN",
  ]);
});

test("DuckDB takes the DDL of any schema and describes the same columns", async (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  try {
    await fc.assert(
      fc.asyncProperty(
        anySchema.filter((schema) => schema.fields.length > 0),
        async (schema) => {
          await connection.run(`CREATE OR REPLACE TABLE t (${duckdbColumns(schema)})`);
          const described = (await connection.runAndReadAll("DESCRIBE t")).getRowObjects();
          assert.deepEqual(
            described.map((row) => row.column_name),
            schema.fields.map((field) => field.name),
          );
          const wanted = boundSchema(schema).fields.map((field) => `NULL::${duckdbType(field.type)}`);
          const cast = (await connection.runAndReadAll(`DESCRIBE SELECT ${wanted.join(", ")}`)).getRowObjects();
          assert.deepEqual(
            described.map((row) => row.column_type),
            cast.map((row) => row.column_type),
          );
        },
      ),
      runs,
    );
  } finally {
    connection.closeSync();
  }
});
