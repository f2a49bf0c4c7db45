/**
 * Reads columns of a record batch as values: one function for each type, chosen once for a column, that turns all of its values
 * in one go.
 */
import type { ArrowColumns, Validity } from "./arrow-columns.ts";
import type { FlatTable } from "./arrow-flatbuffer.ts";
import { childrenOf, demandType, isLarge } from "./arrow-types.ts";
import type { Value, ValueOptions } from "./contract.ts";
import { SparkError } from "./errors.ts";
import type { SparkType } from "./types.ts";
import { decimalNumbers, decimalTexts, exactNumbers } from "./values-numbers.ts";
import { objectMaker } from "./values-objects.ts";
import { utf8Texts } from "./values-texts.ts";
import { dateTexts, instantTexts, timeTexts } from "./values-times.ts";
import { variantText } from "./values-variant.ts";

/** Takes the next column, and those below it, off a batch. It must have `length` values, if that is given. */
export type ReadColumn = (columns: ArrowColumns, length?: number) => Value[];

type Kind = SparkType["kind"];
type TypeOf<K extends Kind> = Extract<SparkType, { readonly kind: K }>;

interface Place {
  readonly field: FlatTable;
  /** The column's name with those of the columns it stands in, for errors. */
  readonly path: string;
  readonly options: ValueOptions;
}

/**
 * `field` describes how the server sends the column. `SparkError` "corrupt" if that is not how it sends such a type, "usage" for
 * a type without values.
 */
export function columnReader(type: SparkType, place: Place): ReadColumn {
  demandType(type, place.field, place.path);
  switch (type.kind) {
    case "array":
      return arrayReader(type, place);
    case "map":
      return mapReader(type, place);
    case "struct":
      return structReader(type, place);
    case "variant":
      return variantReader(place);
    case "other":
      throw new SparkError("usage", `column ${place.path}: this client has no values of type ${type.name}`, {
        remedy: "cast it to another type in the statement, or read the result as Arrow",
      });
    case "null":
      return (columns, length) => new Array<Value>(columns.unbackedNode(length).length).fill(null);
    case "string":
    case "char":
    case "varchar":
      return textReader(place);
    case "binary":
      return binaryReader(place);
    default:
      return fixedReader(type, place);
  }
}

type FixedKind = Exclude<
  Kind,
  "array" | "map" | "struct" | "variant" | "other" | "null" | "string" | "char" | "varchar" | "binary"
>;

/** Types whose values take the same number of bits each: they have one buffer beside that of their nulls. */
function fixedReader(type: TypeOf<FixedKind>, { path, options }: Place): ReadColumn {
  const convert = conversionOf(type, path, options);
  return (columns, length) => {
    const node = columns.node(length);
    const validity = columns.validity(node);
    return withNulls(convert(columns, node.length, validity), validity);
  };
}

type Convert = (columns: ArrowColumns, length: number, validity: Validity) => Value[];

function conversionOf(type: TypeOf<FixedKind>, path: string, options: ValueOptions): Convert {
  switch (type.kind) {
    case "boolean":
      return (columns, length) => booleans(columns.bits(length), length);
    case "byte":
      return (columns, length) => listed(new Int8Array(...viewOf(columns, length, 1)), length);
    case "short":
      return (columns, length) => listed(new Int16Array(...viewOf(columns, length, 2)), length);
    case "integer":
    case "year_month_interval":
      return (columns, length) => listed(new Int32Array(...viewOf(columns, length, 4)), length);
    case "float":
      return (columns, length) => listed(new Float32Array(...viewOf(columns, length, 4)), length);
    case "double":
      return (columns, length) => listed(new Float64Array(...viewOf(columns, length, 8)), length);
    case "long":
      if (options.integers === "number") {
        return (columns, length, validity) =>
          exactNumbers(new BigInt64Array(...viewOf(columns, length, 8)), nullTest(validity), path);
      }
      return (columns, length) => listed(new BigInt64Array(...viewOf(columns, length, 8)), length);
    case "day_time_interval":
      return (columns, length) => listed(new BigInt64Array(...viewOf(columns, length, 8)), length);
    case "decimal": {
      const convert = options.decimals === "number" ? decimalNumbers : decimalTexts;
      return (columns, length) => {
        const [buffer, offset] = viewOf(columns, length, 16);
        return convert(new Int32Array(buffer, offset, 4 * length), type.scale);
      };
    }
    case "date":
      return (columns, length) => dateTexts(new Int32Array(...viewOf(columns, length, 4)));
    case "timestamp":
    case "timestamp_ntz":
      return (columns, length) =>
        instantTexts(new BigInt64Array(...viewOf(columns, length, 8)), type.kind === "timestamp");
    case "time":
      return (columns, length, validity) =>
        timeTexts(new BigInt64Array(...viewOf(columns, length, 8)), nullTest(validity));
    case "calendar_interval":
      return calendarIntervals;
  }
}

/** What a typed array of the column's values is made from. */
function viewOf(columns: ArrowColumns, length: number, bytesEach: number): [ArrayBuffer, number, number] {
  const bytes = columns.values(length, bytesEach);
  return [bytes.buffer, bytes.byteOffset, length];
}

function listed(values: ArrayLike<number | bigint>, length: number): Value[] {
  const list = new Array<Value>(length);
  for (let index = 0; index < length; index++) list[index] = values[index] ?? null;
  return list;
}

function booleans(bits: Uint8Array, length: number): Value[] {
  const list = new Array<Value>(length);
  for (let index = 0; index < length; index++) list[index] = isSet(bits, index);
  return list;
}

/** Months and days of 32 bits, nanoseconds of 64. */
function calendarIntervals(columns: ArrowColumns, length: number): Value[] {
  const [buffer, offset] = viewOf(columns, length, 16);
  const parts = new Int32Array(buffer, offset, 4 * length);
  const nanoseconds = new BigInt64Array(buffer, offset, 2 * length);
  return Array.from({ length }, (_, index) => ({
    months: parts[4 * index] ?? 0,
    days: parts[4 * index + 1] ?? 0,
    nanoseconds: nanoseconds[2 * index + 1] ?? 0n,
  }));
}

function textReader({ field, path }: Place): ReadColumn {
  const large = isLarge(field);
  return (columns, length) => {
    const node = columns.node(length);
    const validity = columns.validity(node);
    const offsets = columns.offsets(node.length, large);
    return withNulls(utf8Texts(columns.bytes(offsets), offsets, path), validity);
  };
}

/** Values are copies: a view would keep the whole batch alive. */
function binaryReader({ field }: Place): ReadColumn {
  const large = isLarge(field);
  return (columns, length) => {
    const node = columns.node(length);
    const validity = columns.validity(node);
    const offsets = columns.offsets(node.length, large);
    const bytes = columns.bytes(offsets);
    const list = new Array<Value>(node.length);
    for (let index = 0; index < list.length; index++) {
      list[index] = bytes.slice(offsets[index] ?? 0, offsets[index + 1] ?? 0);
    }
    return withNulls(list, validity);
  };
}

function structReader(type: TypeOf<"struct">, { field, path, options }: Place): ReadColumn {
  const make = objectMaker(
    type.fields.map((inner) => inner.name),
    `column ${path}`,
  );
  const fields = childrenOf(field, type.fields.length, path);
  const readers = type.fields.map((inner, index) =>
    columnReader(inner.type, { field: fields[index] ?? field, path: `${path}.${inner.name}`, options }),
  );
  return (columns, length) => {
    const node = readers.length === 0 ? columns.unbackedNode(length) : columns.node(length);
    const validity = columns.validity(node);
    const inner = readers.map((read) => read(columns, node.length));
    return withNulls(make(inner, node.length), validity);
  };
}

function arrayReader(type: TypeOf<"array">, { field, path, options }: Place): ReadColumn {
  const [element = field] = childrenOf(field, 1, path);
  const readElements = columnReader(type.element, { field: element, path: `${path}[]`, options });
  return (columns, length) => {
    const node = columns.node(length);
    const validity = columns.validity(node);
    const offsets = columns.offsets(node.length, false);
    const elements = readElements(columns);
    demandReach(offsets, elements.length);
    const list = new Array<Value>(node.length);
    for (let index = 0; index < list.length; index++) {
      list[index] = elements.slice(offsets[index] ?? 0, offsets[index + 1] ?? 0);
    }
    return withNulls(list, validity);
  };
}

/** Sent as a list of structs of a key and a value. */
function mapReader(type: TypeOf<"map">, { field, path, options }: Place): ReadColumn {
  const [entry = field] = childrenOf(field, 1, path);
  const [key = entry, value = entry] = childrenOf(entry, 2, path);
  const readKeys = columnReader(type.key, { field: key, path: `${path}[key]`, options });
  const readValues = columnReader(type.value, { field: value, path: `${path}[value]`, options });
  return (columns, length) => {
    const node = columns.node(length);
    const validity = columns.validity(node);
    const offsets = columns.offsets(node.length, false);
    const entries = columns.node();
    if (columns.validity(entries) !== undefined) throw new SparkError("corrupt", `Arrow: ${path}: an entry is null`);
    demandReach(offsets, entries.length);
    const keys = readKeys(columns, entries.length);
    const values = readValues(columns, entries.length);
    const list = new Array<Value>(node.length);
    for (let index = 0; index < list.length; index++) {
      list[index] = mapOf(keys, values, offsets[index] ?? 0, offsets[index + 1] ?? 0, path);
    }
    return withNulls(list, validity);
  };
}

function mapOf(keys: readonly Value[], values: readonly Value[], start: number, end: number, path: string): Value {
  const map = new Map<Value, Value>();
  for (let index = start; index < end; index++) map.set(keys[index] ?? null, values[index] ?? null);
  if (map.size !== end - start) {
    throw new SparkError("application", `column ${path}: a MAP has a key twice, which a Map cannot hold`, {
      remedy: "select map_entries of it",
    });
  }
  return map;
}

/** Sent as a struct of two binaries, by these names in either order. */
function variantReader({ field, path }: Place): ReadColumn {
  const parts = childrenOf(field, 2, path);
  const names = parts.map((part) => part.text(0));
  const valueAt = names.indexOf("value");
  const metadataAt = names.indexOf("metadata");
  if (valueAt < 0 || metadataAt < 0) throw new SparkError("corrupt", `Arrow: ${path}: a VARIANT consists of ${names}`);
  const large = parts.map(isLarge);
  return (columns, length) => {
    const node = columns.node(length);
    const validity = columns.validity(node);
    const cells = large.map((isLarge) => {
      const part = columns.node(node.length);
      columns.validity(part);
      const offsets = columns.offsets(node.length, isLarge);
      const bytes = columns.bytes(offsets);
      return (index: number) => bytes.subarray(offsets[index] ?? 0, offsets[index + 1] ?? 0);
    });
    const isNull = nullTest(validity);
    return Array.from({ length: node.length }, (_, index) => {
      const value = cells[valueAt]?.(index);
      const metadata = cells[metadataAt]?.(index);
      return value === undefined || metadata === undefined || isNull(index) ? null : variantText(value, metadata);
    });
  };
}

function demandReach(offsets: Int32Array, length: number): void {
  if ((offsets[offsets.length - 1] ?? 0) > length) {
    throw new SparkError("corrupt", `Arrow: a list reaches beyond its ${length} values`);
  }
}

function isSet(bits: Uint8Array, index: number): boolean {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

function nullTest(validity: Validity): (index: number) => boolean {
  return validity === undefined ? () => false : (index) => !isSet(validity, index);
}

/** What stands in the place of a null is converted as the others are, then given up. */
function withNulls(values: Value[], validity: Validity): Value[] {
  if (validity === undefined) return values;
  for (let index = 0; index < values.length; index++) {
    if (!isSet(validity, index)) values[index] = null;
  }
  return values;
}
