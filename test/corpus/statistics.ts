/** Checks what a footer says of every column chunk against the rows that the chunk must hold. */
import type { ColumnMetaData } from "hyparquet";
import { ELEMENT, formatPath } from "../../src/model/column-path.ts";
import type { ColumnType, Field } from "../../src/model/schema.ts";
import type { Cell, Row } from "../reference/rows.ts";
import type { HyparquetFile } from "./hyparquet-reader.ts";
import { isList, isRow } from "./read-back.ts";

interface LeafColumn {
  readonly path: readonly (string | typeof ELEMENT)[];
  readonly type: ColumnType;
}

/** The first wrong statistic in words, or nothing. `rows` are the file's rows as they should be. */
export function checkStatistics(
  file: HyparquetFile,
  fields: readonly Field[],
  rows: readonly Row[],
): string | undefined {
  const leaves = fields.flatMap((field) => leavesOf([field.name], field.type));
  if (Number(file.metadata.num_rows) !== rows.length)
    return `the footer counts ${file.metadata.num_rows} rows of ${rows.length}`;
  let start = 0;
  for (const [number, group] of file.metadata.row_groups.entries()) {
    const slice = rows.slice(start, start + Number(group.num_rows));
    start += Number(group.num_rows);
    for (const [index, leaf] of leaves.entries()) {
      const chunk = group.columns[index]?.meta_data;
      const problem = chunk === undefined ? "no metadata" : checkChunk(chunk, leaf, slice);
      if (problem !== undefined) return `row group ${number}, ${formatPath(leaf.path)}: ${problem}`;
    }
  }
  return start === rows.length ? undefined : `the row groups count ${start} rows of ${rows.length}`;
}

function leavesOf(path: LeafColumn["path"], type: ColumnType): LeafColumn[] {
  if (type.kind === "list") return leavesOf([...path, ELEMENT], type.element);
  if (type.kind === "struct") return type.fields.flatMap((field) => leavesOf([...path, field.name], field.type));
  return [{ path, type }];
}

function checkChunk(chunk: ColumnMetaData, leaf: LeafColumn, rows: readonly Row[]): string | undefined {
  const entries = rows.flatMap((row) => entriesOf(row, leaf.path));
  const values = entries.filter((cell) => cell !== null);
  if (Number(chunk.num_values) !== entries.length) return `num_values ${chunk.num_values}, expected ${entries.length}`;
  const { statistics } = chunk;
  if (statistics === undefined) return "no statistics";
  const nulls = entries.length - values.length;
  if (Number(statistics.null_count) !== nulls) return `null_count ${statistics.null_count}, expected ${nulls}`;
  const min = toLimit(statistics.min_value);
  const max = toLimit(statistics.max_value);
  if (values.length === 0) return min === undefined && max === undefined ? undefined : "limits of nothing";
  const [least, greatest] = rangeOf(values.map(toComparable));
  if (leaf.type.kind === "decimal") {
    return checkDecimal("min", min, least, leaf.type.scale) ?? checkDecimal("max", max, greatest, leaf.type.scale);
  }
  return (
    checkLimit("min", min, least, statistics.is_min_value_exact) ??
    checkLimit("max", max, greatest, statistics.is_max_value_exact)
  );
}

/** One entry for each value, null, and empty list on the way, as Parquet counts them. */
function entriesOf(cell: Cell, path: LeafColumn["path"]): Cell[] {
  const [step, ...rest] = path;
  if (cell === null || step === undefined) return [cell];
  if (step === ELEMENT) {
    if (!isList(cell)) throw new Error("no list");
    return cell.length === 0 ? [null] : cell.flatMap((item) => entriesOf(item, rest));
  }
  if (!isRow(cell)) throw new Error("no struct");
  return entriesOf(cell.get(step) ?? null, rest);
}

/** Texts compare by their UTF-8 bytes, whose hexadecimal form sorts alike. */
type Comparable = number | bigint | string;

function toComparable(cell: Cell): Comparable {
  if (typeof cell === "string") return Buffer.from(cell, "utf8").toString("hex");
  if (typeof cell === "boolean") return cell ? 1n : 0n;
  if (typeof cell === "bigint" || typeof cell === "number") return cell;
  throw new Error("a leaf is no scalar");
}

function toLimit(value: unknown): Comparable | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "bigint" || typeof value === "number") return value;
  throw new Error(`a limit is ${value}`);
}

function rangeOf(values: readonly Comparable[]): [Comparable, Comparable] {
  const [first = 0] = values;
  let [least, greatest] = [first, first];
  for (const value of values) {
    if (isLess(value, least)) least = value;
    if (isLess(greatest, value)) greatest = value;
  }
  return [least, greatest];
}

function isLess(left: Comparable, right: Comparable): boolean {
  return left < right || (Object.is(left, -0) && Object.is(right, 0));
}

/** An exact limit is the value; another one bounds it. Zeros of both signs are one: -0 is the min and +0 the max. */
function checkLimit(
  side: "min" | "max",
  limit: Comparable | undefined,
  value: Comparable,
  exact: boolean | undefined,
): string | undefined {
  // A long text that cannot be rounded up to a shorter one has no limit.
  if (limit === undefined) return typeof value === "string" ? undefined : `no ${side}`;
  if (value === 0 && limit === 0) {
    return Object.is(limit, side === "min" ? -0 : 0) || typeof value === "bigint"
      ? undefined
      : `${side} is the wrong zero`;
  }
  const bounds = side === "min" ? !isLess(value, limit) : !isLess(limit, value);
  if (!bounds) return `${side} ${limit} does not bound ${value}`;
  if (exact === true && limit !== value) return `${side} ${limit} is called exact, expected ${value}`;
  return typeof value === "string" || limit === value ? undefined : `${side} ${limit}, expected ${value}`;
}

/** hyparquet gives decimals' limits as doubles, so they are compared as closely as doubles can be. */
function checkDecimal(
  side: string,
  limit: Comparable | undefined,
  unscaled: Comparable,
  scale: number,
): string | undefined {
  const value = Number(unscaled) / 10 ** scale;
  const isClose = typeof limit === "number" && Math.abs(limit - value) <= Math.abs(value) * 1e-12;
  return isClose ? undefined : `${side} ${limit}, expected ${value}`;
}
