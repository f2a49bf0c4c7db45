/** What a Parquet file holds, as DuckDB sees it: so that nobody is fast by leaving something out. */
import { statSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";

export interface ParquetFacts {
  readonly bytes: number;
  readonly rows: number;
  readonly leafColumns: number;
  /** Values that are not null, in all columns, where every column has a null count. */
  readonly values: number | undefined;
  /** Compressed bytes of all column chunks; the rest of the file is the footer and indexes. */
  readonly chunkBytes: number;
}

export async function parquetFacts(file: string): Promise<ParquetFacts> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const name = `'${file.replaceAll("'", "''")}'`;
    const reader = await connection.runAndReadAll(
      `SELECT (SELECT sum(num_rows)::DOUBLE FROM parquet_file_metadata(${name})) AS file_rows,
         count(DISTINCT column_id)::DOUBLE AS leaves,
         sum(total_compressed_size)::DOUBLE AS chunk_bytes,
         sum(num_values - stats_null_count)::DOUBLE AS present,
         count(*) FILTER (stats_null_count IS NULL)::DOUBLE AS unknown_chunks
       FROM parquet_metadata(${name})`,
    );
    const [row = []] = reader.getRows();
    const [rows, leafColumns, chunkBytes, values, unknownChunks] = row.map(Number);
    return {
      bytes: statSync(file).size,
      rows: rows ?? 0,
      leafColumns: leafColumns ?? 0,
      values: unknownChunks === 0 ? values : undefined,
      chunkBytes: chunkBytes ?? 0,
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
