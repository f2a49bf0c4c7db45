/**
 * DuckDB converts one file in one process.
 *
 *     node duckdb-convert.ts INPUT OUTPUT [SCHEMA.json] [--one-thread]
 *
 * With a schema (ours, as the converter found it) its columns are given; without one the types are inferred over the whole
 * file, with every threshold off that would drop or merge columns.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { duckdbType } from "../../src/model/ddl.ts";
import type { Schema } from "../../src/model/schema.ts";
import { storedSchema } from "../../src/model/stand-in.ts";

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { "one-thread": { type: "boolean", default: false } },
});
const [input = "", output = "", schemaFile] = positionals;
const inferring = "sample_size=-1, map_inference_threshold=-1, field_appearance_threshold=0, maximum_depth=-1";
const columns = schemaFile === undefined ? inferring : givenColumns(JSON.parse(readFileSync(schemaFile, "utf8")));

const instance = await DuckDBInstance.create(":memory:", flags["one-thread"] ? { threads: "1" } : {});
const connection = await instance.connect();
await connection.run(
  `COPY (SELECT * FROM read_json(${quoted(input)}, format='newline_delimited', ${columns}))
   TO ${quoted(output)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`,
);
connection.closeSync();
instance.closeSync();

function givenColumns(schema: Schema): string {
  const fields = storedSchema(schema).fields.map(({ name, type }) => `${quoted(name)}: ${quoted(duckdbType(type))}`);
  return `columns={${fields.join(", ")}}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
