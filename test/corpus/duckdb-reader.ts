/** Reads a Parquet file with DuckDB. */
import {
  DuckDBDecimalType,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBListType,
  DuckDBListValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { ColumnType } from "../../src/model/schema.ts";
import type { Cell, Row } from "../reference/rows.ts";
import type { ReadBack } from "./read-back.ts";

export interface DuckdbReader {
  read(file: string): Promise<ReadBack>;
  close(): void;
}

export async function openDuckdbReader(): Promise<DuckdbReader> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  return {
    async read(file) {
      const reader = await connection.runAndReadAll("SELECT * FROM read_parquet($file, hive_partitioning = false)", {
        file,
      });
      const names = reader.columnNames();
      const fields = reader.columnTypes().map((type, index) => ({ name: names[index] ?? "", type: columnType(type) }));
      return { fields, rows: reader.getRows().map((values) => toRow(names, values)) };
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function columnType(type: DuckDBType): ColumnType {
  if (type instanceof DuckDBListType) return { kind: "list", element: columnType(type.valueType) };
  if (type instanceof DuckDBDecimalType) return { kind: "decimal", precision: type.width, scale: type.scale };
  if (type instanceof DuckDBStructType) {
    const fields = type.entryTypes.map((entry, index) => ({
      name: type.entryNames[index] ?? "",
      type: columnType(entry),
    }));
    return { kind: "struct", fields };
  }
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return { kind: "bool" };
    case DuckDBTypeId.BIGINT:
      return { kind: "int64" };
    case DuckDBTypeId.DOUBLE:
      return { kind: "double" };
    case DuckDBTypeId.VARCHAR:
      return { kind: "string" };
    case DuckDBTypeId.TIMESTAMP_TZ:
      return { kind: "timestamp" };
    default:
      throw new Error(`DuckDB found a column of type ${type}`);
  }
}

function toRow(names: readonly string[], values: readonly DuckDBValue[]): Row {
  const row = new Map<string, Cell>();
  for (const [index, value] of values.entries()) {
    const cell = toCell(value);
    if (cell !== null) row.set(names[index] ?? "", cell);
  }
  return row;
}

function toCell(value: DuckDBValue): Cell {
  if (value instanceof DuckDBListValue) return value.items.map(toCell);
  if (value instanceof DuckDBStructValue) return toRow(Object.keys(value.entries), Object.values(value.entries));
  if (value instanceof DuckDBTimestampTZValue) return value.micros;
  if (value instanceof DuckDBDecimalValue) return value.value;
  switch (typeof value) {
    case "boolean":
    case "bigint":
    case "number":
    case "string":
      return value;
    default:
      if (value === null) return null;
      throw new Error(`DuckDB gave ${value}`);
  }
}
