/** Arrow IPC streams, as a server sends a result's rows, as values: `contract.ts` says which for each type. */
import { ArrowColumns } from "./arrow-columns.ts";
import type { FlatTable } from "./arrow-flatbuffer.ts";
import { readArrowStream } from "./arrow-stream.ts";
import type { Value, ValueOptions } from "./contract.ts";
import { SparkError } from "./errors.ts";
import type { StructType } from "./types.ts";
import { columnReader, type ReadColumn } from "./values-columns.ts";
import { objectMaker } from "./values-objects.ts";

/**
 * Reads the batches of one result. Each `data` is one whole Arrow IPC stream. `SparkError` "corrupt" for bytes that are none of
 * this schema, "usage" for a column of a type that has no values, "application" for a value that JavaScript cannot hold without
 * loss: a text that is not UTF-8, a map with a key twice, an integer beyond what was asked for.
 */
export interface BatchDecoder {
  rows(data: Uint8Array): Value[][];
  /** `SparkError` "usage" if two columns have one name. */
  objects(data: Uint8Array): Record<string, Value>[];
}

export function batchDecoder(schema: StructType, options: ValueOptions = {}): BatchDecoder {
  const names = schema.fields.map((field) => field.name);
  const makeObjects = lazily(() => objectMaker(names, "the result"));
  return {
    rows: (data) => decode(data, schema, options, rowsOf),
    objects: (data) => decode(data, schema, options, makeObjects()),
  };
}

/** The rows of one batch, in the order of the schema's columns. */
export function decodeBatch(
  data: Uint8Array,
  schema: StructType,
  options: ValueOptions,
): readonly (readonly Value[])[] {
  return batchDecoder(schema, options).rows(data);
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

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
