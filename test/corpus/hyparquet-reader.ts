/**
 * Reads a Parquet file with hyparquet. Columns are renamed to their number before reading, because hyparquet joins the
 * names of a path by dots and keeps structs in plain objects, which neither `a.b` nor `__proto__` survives.
 */
import { type FileMetaData, parquetMetadata, parquetReadObjects, type SchemaElement } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { ColumnType, Field } from "../../src/model/schema.ts";
import type { Cell, Row } from "../reference/rows.ts";
import type { ReadBack } from "./read-back.ts";

/** A node of the file's schema; `id` is its name while it is read. */
interface Node {
  readonly id: string;
  readonly name: string;
  readonly element: SchemaElement;
  readonly children: readonly Node[];
}

export interface HyparquetFile extends ReadBack {
  /** The footer under the real names; limits of texts are bytes. */
  readonly metadata: FileMetaData;
}

const textDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export async function readWithHyparquet(bytes: Uint8Array): Promise<HyparquetFile> {
  const metadata = parquetMetadata(bytes, {
    geoparquet: false,
    parsers: { stringFromBytes: (limit) => limit, timestampFromMicroseconds: (micros) => micros },
  });
  const root = buildTree(metadata.schema);
  const rows = await parquetReadObjects({
    file: {
      byteLength: bytes.length,
      slice: (start, end) => Uint8Array.from(bytes.subarray(start, end)).buffer,
    },
    metadata: rename(metadata, root),
    compressors,
    geoparquet: false,
    parsers: {
      stringFromBytes: (text) => textDecoder.decode(text),
      jsonFromBytes: (text) => textDecoder.decode(text),
      timestampFromMicroseconds: (micros) => micros,
    },
  });
  return { fields: root.children.map(toField), rows: rows.map((row) => toRow(row, root)), metadata };
}

function buildTree(elements: readonly SchemaElement[]): Node {
  let next = 0;
  const build = (): Node => {
    const id = `c${next}`;
    const element = elements[next++];
    if (element === undefined) throw new Error("the footer's schema ends early");
    const children = Array.from({ length: element.num_children ?? 0 }, build);
    return { id, name: element.name, element, children };
  };
  const root = build();
  if (next !== elements.length) throw new Error(`the footer's schema has ${elements.length - next} elements too many`);
  return root;
}

/** The same footer with numbered names and without the decimals' types, which hyparquet would turn into doubles. */
function rename(metadata: FileMetaData, root: Node): FileMetaData {
  const elements: SchemaElement[] = [];
  const leaves: { readonly ids: readonly string[]; readonly names: readonly string[] }[] = [];
  const visit = (node: Node, ids: readonly string[], names: readonly string[]): void => {
    const { converted_type, logical_type, ...element } = node.element;
    const types = converted_type === "DECIMAL" ? {} : { converted_type, logical_type };
    elements.push(withoutUndefined({ ...element, ...types, name: node.id }));
    if (node.children.length === 0) leaves.push({ ids, names });
    for (const child of node.children) visit(child, [...ids, child.id], [...names, child.name]);
  };
  visit(root, [], []);
  const rowGroups = metadata.row_groups.map((group) => {
    if (group.columns.length !== leaves.length)
      throw new Error(`${group.columns.length} chunks for ${leaves.length} columns`);
    const columns = group.columns.map((column, index) => {
      const leaf = leaves[index];
      if (column.meta_data === undefined || leaf === undefined) throw new Error(`chunk ${index} has no metadata`);
      if (JSON.stringify(column.meta_data.path_in_schema) !== JSON.stringify(leaf.names)) {
        throw new Error(`chunk ${index} is of ${column.meta_data.path_in_schema}, expected ${leaf.names}`);
      }
      return { ...column, meta_data: { ...column.meta_data, path_in_schema: [...leaf.ids] } };
    });
    return { ...group, columns };
  });
  return { ...metadata, schema: elements, row_groups: rowGroups };
}

function withoutUndefined(
  element: { [K in keyof SchemaElement]: SchemaElement[K] | undefined } & { name: string },
): SchemaElement {
  return Object.assign(
    { name: element.name },
    Object.fromEntries(Object.entries(element).filter(([, value]) => value !== undefined)),
  );
}

function toField(node: Node): Field {
  if (node.element.repetition_type !== "OPTIONAL") throw new Error(`${node.name} is not optional`);
  return { name: node.name, type: toType(node) };
}

function toType(node: Node): ColumnType {
  const { type, converted_type, logical_type, precision = 0, scale = 0 } = node.element;
  if (converted_type === "LIST") return { kind: "list", element: toField(elementOf(node)).type };
  if (node.children.length > 0) return { kind: "struct", fields: node.children.map(toField) };
  if (converted_type === "DECIMAL") return { kind: "decimal", precision, scale };
  if (logical_type?.type === "TIMESTAMP" && logical_type.unit === "MICROS" && logical_type.isAdjustedToUTC) {
    return { kind: "timestamp" };
  }
  if (type === "BYTE_ARRAY" && (converted_type === "UTF8" || converted_type === "JSON")) return { kind: "string" };
  if (type === "INT64" && converted_type === "INT_64") return { kind: "int64" };
  if (converted_type === undefined && logical_type === undefined) {
    if (type === "BOOLEAN") return { kind: "bool" };
    if (type === "INT64") return { kind: "int64" };
    if (type === "DOUBLE") return { kind: "double" };
  }
  throw new Error(`${node.name}: ${type} as ${converted_type ?? JSON.stringify(logical_type)}`);
}

/** Of `optional group x (LIST) { repeated group list { optional element } }`, the element. */
function elementOf(list: Node): Node {
  const [repeated] = list.children;
  const [element] = repeated?.children ?? [];
  const isStandard =
    list.children.length === 1 &&
    repeated?.name === "list" &&
    repeated.element.repetition_type === "REPEATED" &&
    repeated.children.length === 1 &&
    element?.name === "element";
  if (!isStandard || element === undefined) throw new Error(`${list.name} is no list of three levels`);
  return element;
}

function toRow(value: unknown, node: Node): Row {
  if (typeof value !== "object" || value === null) throw new Error(`${node.name}: a struct is ${value}`);
  const entries = new Map<string, unknown>(Object.entries(value));
  const row = new Map<string, Cell>();
  for (const child of node.children) {
    const cell = toCell(entries.get(child.id), child);
    if (cell !== null) row.set(child.name, cell);
  }
  return row;
}

function toCell(value: unknown, node: Node): Cell {
  if (value === null || value === undefined) return null;
  if (node.element.converted_type === "LIST") {
    if (!Array.isArray(value)) throw new Error(`${node.name}: a list is ${value}`);
    const element = elementOf(node);
    return value.map((item: unknown) => toCell(item, element));
  }
  if (node.children.length > 0) return toRow(value, node);
  if (value instanceof Uint8Array) return fromTwosComplement(value);
  if (typeof value === "number" && node.element.converted_type === "DECIMAL") return BigInt(value);
  switch (typeof value) {
    case "boolean":
    case "bigint":
    case "number":
    case "string":
      return value;
    default:
      throw new Error(`${node.name}: hyparquet gave ${value}`);
  }
}

/** A decimal's unscaled integer, big endian. */
function fromTwosComplement(bytes: Uint8Array): bigint {
  const magnitude = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  return BigInt.asIntN(bytes.length * 8, magnitude);
}
