/** Arrow IPC streams, as a server sends a result's rows, as values: `contract.ts` says which for each type. */
import { ArrowColumns } from "./arrow-columns.ts";
import type { FlatTable } from "./arrow-flatbuffer.ts";
import { readArrowStream } from "./arrow-stream.ts";
import type { Value, ValueOptions } from "./contract.ts";
import { SparkError } from "./errors.ts";
import type { StructType } from "./types.ts";
import { columnReader, type ReadColumn } from "./values-columns.ts";
import { objectMaker } from "./values-objects.ts";

/** What one Arrow IPC stream holds. */
export type DecodeBatch<T> = (data: Uint8Array) => T[];

/**
 * Reads the batches of one result as rows, in the order of the schema's columns. What it answers throws `SparkError` "corrupt" for
 * bytes that are no stream of this schema, "usage" for a column of a type that has no values, "application" for a value that
 * JavaScript cannot hold without loss: a text that is not UTF-8, a map with a key twice, an integer beyond what was asked for.
 */
export function rowDecoder(schema: StructType, options: ValueOptions = {}): DecodeBatch<readonly Value[]> {
  return (data) => decode(data, schema, options, rowsOf);
}

/** The same as objects. `SparkError` "usage" at once if two columns have one name. */
export function objectDecoder(schema: StructType, options: ValueOptions = {}): DecodeBatch<Record<string, Value>> {
  const makeObjects = objectMaker(
    schema.fields.map((field) => field.name),
    "the result",
  );
  return (data) => decode(data, schema, options, makeObjects);
}

function decode<T>(
  data: Uint8Array,
  schema: StructType,
  options: ValueOptions,
  assemble: (columns: readonly Value[][], count: number) => T[],
): T[] {
  const stream = readArrowStream(data);
  const readers = readersOf(schema, stream.fields, options);
  const parts = stream.batches.map((batch) => {
    const columns = new ArrowColumns(batch);
    const values = readers.map((read) => read(columns, batch.rows));
    columns.end();
    return assemble(values, batch.rows);
  });
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : parts.flat();
}

function readersOf(schema: StructType, fields: readonly FlatTable[], options: ValueOptions): readonly ReadColumn[] {
  if (fields.length !== schema.fields.length) {
    throw new SparkError(
      "corrupt",
      `Arrow: a batch has ${fields.length} columns where ${schema.fields.length} are due`,
    );
  }
  return schema.fields.flatMap(({ name, type }, index) => {
    const field = fields[index];
    return field === undefined ? [] : [columnReader(type, { field, path: name, options })];
  });
}

function rowsOf(columns: readonly Value[][], count: number): Value[][] {
  const rows = new Array<Value[]>(count);
  const width = columns.length;
  for (let index = 0; index < count; index++) {
    const row = new Array<Value>(width);
    for (let at = 0; at < width; at++) row[at] = columns[at]?.[index] ?? null;
    rows[index] = row;
  }
  return rows;
}
