/**
 * The columns of a Parquet file, from its footer alone: what a statement may ask of that file. Any file is read, not only
 * ours; a type that no table can have is kept by its name.
 * Source: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
 */
import { open } from "node:fs/promises";
import { asFailure, Failure } from "../errors.ts";
import { CompactReader, type ThriftStruct, type ThriftValue } from "../parquet/compact-reader.ts";
import type { ValueType } from "./value-types.ts";

export type FileType =
  | Exclude<ValueType, { readonly kind: "list" | "struct" }>
  | { readonly kind: "list"; readonly element: FileType }
  | { readonly kind: "struct"; readonly fields: readonly FileField[] }
  | { readonly kind: "other"; readonly name: string };

export interface FileField {
  readonly name: string;
  readonly type: FileType;
}

/** Most footers of a thousand columns fit; of the others the rest is read as well. Bytes. */
const TAIL_BYTES = 256 << 10;
const END_BYTES = 8;
const FOOTER_SCHEMA = 2;
const FOOTER_ROWS = 3;

/** Reads the columns of many files one after the other, with one buffer for all of them. */
export async function readFilesFields(paths: readonly string[]): Promise<(readonly FileField[])[]> {
  const buffer = Buffer.alloc(TAIL_BYTES);
  const found: (readonly FileField[])[] = [];
  for (const path of paths) found.push(await readFileFields(path, buffer));
  return found;
}

/** How many rows a file says it has. */
export async function readFileRows(path: string): Promise<number> {
  const footer = await readFooter(path, Buffer.alloc(TAIL_BYTES)).catch((error: unknown) => {
    throw asFailure(error, path);
  });
  return numberOf(readField(footer, FOOTER_ROWS, path));
}

async function readFileFields(path: string, buffer: Buffer): Promise<readonly FileField[]> {
  const bytes = await readFooter(path, buffer).catch((error: unknown) => {
    throw asFailure(error, path);
  });
  const elements = readField(bytes, FOOTER_SCHEMA, path);
  const remaining = (Array.isArray(elements) ? elements : []).filter((element) => element instanceof Map);
  const root = takeNode(remaining.values());
  if (root === undefined) throw damaged(path, "its footer has no whole schema");
  return root.children.map(fieldOf);
}

function readField(footer: Uint8Array, field: number, path: string): ThriftValue | undefined {
  try {
    return new CompactReader(footer).struct(new Set([field])).get(field);
  } catch (error) {
    throw error instanceof Failure ? damaged(path, error.message, error) : error;
  }
}

/** A schema element with those below it. */
interface Node {
  readonly element: ThriftStruct;
  readonly children: readonly Node[];
}

/** Deeper than any table: our lines end at 128 levels, of which a list takes two. */
const DEPTH_MAX = 300;

/** The elements are the tree in depth-first order, each with the number of its children. */
function takeNode(elements: Iterator<ThriftStruct>, depth = 0): Node | undefined {
  const { value: element, done } = elements.next();
  if (done === true || element === undefined || depth > DEPTH_MAX) return undefined;
  const children: Node[] = [];
  for (let count = numberOf(element.get(ELEMENT.children)); count > 0; count--) {
    const child = takeNode(elements, depth + 1);
    if (child === undefined) return undefined;
    children.push(child);
  }
  return { element, children };
}

/** The footer, in `buffer` if it fits there. */
async function readFooter(path: string, buffer: Buffer): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const tail = buffer.subarray(0, Math.min(size, buffer.length));
    await file.read(tail, 0, tail.length, size - tail.length);
    if (tail.length < END_BYTES || tail.toString("latin1", tail.length - 4) !== "PAR1") {
      throw damaged(path, "it does not end like a Parquet file");
    }
    const length = tail.readUInt32LE(tail.length - END_BYTES);
    if (length > size - END_BYTES) throw damaged(path, `its footer is said to be ${length} bytes long`);
    if (length <= tail.length - END_BYTES)
      return tail.subarray(tail.length - END_BYTES - length, tail.length - END_BYTES);
    const footer = Buffer.alloc(length);
    await file.read(footer, 0, length, size - END_BYTES - length);
    return footer;
  } finally {
    await file.close();
  }
}

function damaged(path: string, what: string, cause?: unknown): Failure {
  return new Failure("corrupt", `${path}: ${what}`, {
    remedy: "remove the partition, so that it is converted again",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Fields of SchemaElement. */
const ELEMENT = { physical: 1, repetition: 3, name: 4, children: 5, converted: 6, scale: 7, precision: 8, logical: 10 };
const PHYSICAL = { boolean: 0, int32: 1, int64: 2, float: 4, double: 5, binary: 6, fixed: 7 };
const CONVERTED = { utf8: 0, list: 3, decimal: 5, date: 6, millis: 9, micros: 10, int64: 18, json: 19 };
const LOGICAL_TIMESTAMP = 8;
const REPEATED = 2;

function fieldOf(node: Node): FileField {
  const name = node.element.get(ELEMENT.name);
  return { name: name instanceof Uint8Array ? Buffer.from(name).toString("utf8") : "", type: typeOf(node) };
}

function typeOf({ element, children }: Node): FileType {
  const [only] = children;
  if (only === undefined) return leafType(element);
  if (element.get(ELEMENT.converted) !== CONVERTED.list) return { kind: "struct", fields: children.map(fieldOf) };
  // `repeated group list { optional element }`: the standard three levels. Older writers have two.
  const isThree = only.children.length === 1 && only.element.get(ELEMENT.repetition) === REPEATED;
  return { kind: "list", element: typeOf(isThree && only.children[0] !== undefined ? only.children[0] : only) };
}

function leafType(element: ThriftStruct): FileType {
  const converted = element.get(ELEMENT.converted);
  if (converted === CONVERTED.decimal) {
    const [precision, scale] = [ELEMENT.precision, ELEMENT.scale].map((field) => numberOf(element.get(field)));
    return { kind: "decimal", precision: precision ?? 0, scale: scale ?? 0 };
  }
  switch (element.get(ELEMENT.physical)) {
    case PHYSICAL.boolean:
      return { kind: "bool" };
    case PHYSICAL.int32:
      if (converted === CONVERTED.date) return { kind: "date" };
      return converted === undefined || isSigned(converted) ? { kind: "int32" } : other(element);
    case PHYSICAL.int64:
      return (
        timestampType(element) ?? (converted === undefined || isSigned(converted) ? { kind: "int64" } : other(element))
      );
    case PHYSICAL.float:
      return { kind: "float" };
    case PHYSICAL.double:
      return { kind: "double" };
    case PHYSICAL.binary:
      if (converted === CONVERTED.utf8 || converted === CONVERTED.json) return { kind: "string" };
      return converted === undefined ? { kind: "binary" } : other(element);
    default:
      return other(element);
  }
}

/** INT_8 to INT_64. */
function isSigned(converted: ThriftValue): boolean {
  return typeof converted === "number" && converted >= 15 && converted <= CONVERTED.int64;
}

function timestampType(element: ThriftStruct): FileType | undefined {
  const logical = element.get(ELEMENT.logical);
  const timestamp = logical instanceof Map ? logical.get(LOGICAL_TIMESTAMP) : undefined;
  if (timestamp instanceof Map) return { kind: timestamp.get(1) === true ? "timestamp" : "timestamp_local" };
  const converted = element.get(ELEMENT.converted);
  return converted === CONVERTED.micros || converted === CONVERTED.millis ? { kind: "timestamp" } : undefined;
}

function other(element: ThriftStruct): FileType {
  const [physical, converted] = [element.get(ELEMENT.physical), element.get(ELEMENT.converted)];
  return {
    kind: "other",
    name: `Parquet type ${String(physical)}${converted === undefined ? "" : `/${String(converted)}`}`,
  };
}

function numberOf(value: ThriftValue | undefined): number {
  return typeof value === "number" ? value : 0;
}
