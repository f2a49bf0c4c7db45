/** Tables for engine tests: Parquet files written by SQL values, with the tokens that a local storage would give. */
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { InputFile, TableInput } from "../../src/engine/contract.ts";
import type { Schema } from "../../src/model/schema.ts";
import { parseType } from "../../src/model/type-text.ts";

export interface EngineInputs {
  /** A fresh empty directory. */
  directory(): string;
  /**
   * Writes the rows of a SELECT as the partition `src` of a table and answers it as an input. Partitions lie below one table's
   * directory until a `src` comes again, which begins another one.
   */
  partition(src: string, select: string): Promise<InputFile>;
  /** As `partition`, at the same path: what a writer that replaces it does. */
  replace(file: InputFile, select: string): Promise<InputFile>;
  close(): void;
}

export async function engineInputs(): Promise<EngineInputs> {
  const root = mkdtempSync(join(tmpdir(), "millrace-engine-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  let directories = 0;
  const directory = (): string => {
    directories += 1;
    const path = join(root, String(directories));
    mkdirSync(path);
    return path;
  };
  let table = { path: directory(), partitions: new Set<string>() };
  return {
    directory,
    partition: async (src, select) => {
      if (table.partitions.has(src)) table = { path: directory(), partitions: new Set() };
      table.partitions.add(src);
      const place = join(table.path, `src=${src}`);
      mkdirSync(place);
      return await write(connection, join(place, "data.parquet"), src, select);
    },
    replace: async (file, select) => {
      rmSync(file.path);
      return await write(connection, file.path, file.src, select);
    },
    close: () => {
      connection.closeSync();
      instance.closeSync();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function write(
  connection: DuckDBConnection,
  path: string,
  src: string | undefined,
  select: string,
): Promise<InputFile> {
  await connection.run(`COPY (${select}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`);
  return inputFile(path, src);
}

export function inputFile(path: string, src: string | undefined): InputFile {
  const token = tokenOf(path);
  if (token === undefined) throw new Error(`${path}: not written`);
  const location = `file://${path}`;
  return { path, location, src, size: statSync(path).size, token, check: async () => tokenOf(path) };
}

function tokenOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? undefined : `${found.ino}-${found.mtimeNs}-${found.size}`;
}

/** `struct<a int64, b list<string>>` as a schema. */
export function schemaOf(text: string): Schema {
  const type = parseType(text);
  if (type.kind !== "struct") throw new TypeError(`${text}: not a struct`);
  return { fields: type.fields };
}

export function partitioned(schema: Schema, files: readonly InputFile[]): TableInput {
  return { schema, partitioned: true, files: async () => files };
}
