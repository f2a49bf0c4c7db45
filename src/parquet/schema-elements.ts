/**
 * The model's schema as Parquet's flat list of schema elements, in both directions. Every field is optional; a list has
 * the standard three levels (`optional group x (LIST) { repeated group list { optional element } }`).
 * Source: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
 */
import type { ColumnType, Field, Schema } from "../model/schema.ts";
import { corrupt, type ThriftStruct, type ThriftValue } from "./compact-reader.ts";
import type { CompactWriter } from "./compact-writer.ts";
import { PHYSICAL, type PhysicalType, WIDE_DECIMAL_BYTES } from "./values.ts";

const REPETITION = { required: 0, optional: 1, repeated: 2 } as const;
const CONVERTED = { utf8: 0, list: 3, decimal: 5, timestampMicros: 10 } as const;
/** Fields of the union LogicalType. */
const LOGICAL = { string: 1, list: 3, decimal: 5, timestamp: 8 } as const;
/** Up to here a decimal's unscaled value fits 64 bits. */
const NARROW_DECIMAL_DIGITS = 18;

/** A column that holds values, as a footer describes it. */
export interface LeafColumn {
  /** Parquet's own path, for example `["commits", "list", "element", "sha"]`. */
  readonly path: readonly string[];
  readonly type: ColumnType;
  readonly physical: PhysicalType;
  readonly definitionMax: number;
  readonly repetitionMax: number;
}

export function physicalType(type: ColumnType): PhysicalType {
  switch (type.kind) {
    case "bool":
      return PHYSICAL.boolean;
    case "int64":
    case "timestamp":
      return PHYSICAL.int64;
    case "double":
      return PHYSICAL.double;
    case "decimal":
      return type.precision > NARROW_DECIMAL_DIGITS ? PHYSICAL.fixedByteArray : PHYSICAL.int64;
    default:
      return PHYSICAL.byteArray;
  }
}

/** The leaf columns of a stored schema, in the order in which a row group lists their chunks. */
export function leafColumns(schema: Schema): LeafColumn[] {
  const found: LeafColumn[] = [];
  const visit = (type: ColumnType, path: readonly string[], definitionMax: number, repetitionMax: number): void => {
    if (type.kind === "struct") {
      for (const field of type.fields) visit(field.type, [...path, field.name], definitionMax + 1, repetitionMax);
    } else if (type.kind === "list") {
      visit(type.element, [...path, "list", "element"], definitionMax + 2, repetitionMax + 1);
    } else found.push({ path, type, physical: physicalType(type), definitionMax, repetitionMax });
  };
  for (const field of schema.fields) visit(field.type, [field.name], 1, 0);
  return found;
}

export function countElements(schema: Schema): number {
  const count = (type: ColumnType): number => {
    if (type.kind === "struct") return type.fields.reduce((sum, field) => sum + count(field.type), 1);
    return type.kind === "list" ? 2 + count(type.element) : 1;
  };
  return schema.fields.reduce((sum, field) => sum + count(field.type), 1);
}

/** Writes the elements of a list whose header the caller has written. */
export function writeElements(out: CompactWriter, schema: Schema): void {
  out.structElement(() => {
    out.binary(4, "schema");
    out.int32(5, schema.fields.length);
  });
  for (const field of schema.fields) writeField(out, field);
}

function writeField(out: CompactWriter, { name, type }: Field): void {
  if (type.kind === "struct") {
    writeGroup(out, name, REPETITION.optional, type.fields.length);
    for (const field of type.fields) writeField(out, field);
  } else if (type.kind === "list") {
    out.structElement(() => {
      out.int32(3, REPETITION.optional);
      out.binary(4, name);
      out.int32(5, 1);
      out.int32(6, CONVERTED.list);
      out.struct(10, () => out.struct(LOGICAL.list, () => undefined));
    });
    writeGroup(out, "list", REPETITION.repeated, 1);
    writeField(out, { name: "element", type: type.element });
  } else writeLeaf(out, name, type);
}

function writeGroup(out: CompactWriter, name: string, repetition: number, children: number): void {
  out.structElement(() => {
    out.int32(3, repetition);
    out.binary(4, name);
    out.int32(5, children);
  });
}

function writeLeaf(out: CompactWriter, name: string, type: ColumnType): void {
  const physical = physicalType(type);
  out.structElement(() => {
    out.int32(1, physical);
    if (physical === PHYSICAL.fixedByteArray) out.int32(2, WIDE_DECIMAL_BYTES);
    out.int32(3, REPETITION.optional);
    out.binary(4, name);
    if (type.kind === "timestamp") writeTimestamp(out);
    else if (type.kind === "decimal") writeDecimal(out, type.precision, type.scale);
    else if (physical === PHYSICAL.byteArray) {
      out.int32(6, CONVERTED.utf8);
      out.struct(10, () => out.struct(LOGICAL.string, () => undefined));
    }
  });
}

function writeTimestamp(out: CompactWriter): void {
  out.int32(6, CONVERTED.timestampMicros);
  out.struct(10, () =>
    out.struct(LOGICAL.timestamp, () => {
      out.bool(1, true);
      out.struct(2, () => out.struct(2, () => undefined));
    }),
  );
}

function writeDecimal(out: CompactWriter, precision: number, scale: number): void {
  out.int32(6, CONVERTED.decimal);
  out.int32(7, scale);
  out.int32(8, precision);
  out.struct(10, () =>
    out.struct(LOGICAL.decimal, () => {
      out.int32(1, scale);
      out.int32(2, precision);
    }),
  );
}

/** Rebuilds the stored schema from the footer's elements. Throws a `corrupt` failure for anything we do not write. */
export function readElements(elements: readonly ThriftValue[]): Schema {
  const cursor = { at: 0 };
  const next = (): ThriftStruct => {
    const element = elements[cursor.at++];
    if (!(element instanceof Map)) throw corrupt("the schema ends early");
    return element;
  };
  const readFields = (count: number): Field[] => {
    const fields: Field[] = [];
    for (let i = 0; i < count; i++) {
      const element = next();
      fields.push({ name: textOf(element.get(4)), type: readType(element) });
    }
    return fields;
  };
  const readType = (element: ThriftStruct): ColumnType => {
    const children = numberOf(element.get(5) ?? 0);
    if (children === 0) return readLeafType(element);
    if (element.get(6) !== CONVERTED.list) return { kind: "struct", fields: readFields(children) };
    const middle = next();
    if (middle.get(3) !== REPETITION.repeated || middle.get(5) !== 1) throw corrupt("a list has not three levels");
    return { kind: "list", element: readType(next()) };
  };
  return { fields: readFields(numberOf(next().get(5) ?? 0)) };
}

function readLeafType(element: ThriftStruct): ColumnType {
  const converted = element.get(6);
  if (converted === CONVERTED.timestampMicros) return { kind: "timestamp" };
  if (converted === CONVERTED.decimal) {
    return { kind: "decimal", precision: numberOf(element.get(8)), scale: numberOf(element.get(7) ?? 0) };
  }
  switch (element.get(1)) {
    case PHYSICAL.boolean:
      return { kind: "bool" };
    case PHYSICAL.int64:
      return { kind: "int64" };
    case PHYSICAL.double:
      return { kind: "double" };
    case PHYSICAL.byteArray:
      return { kind: "string" };
    default:
      throw corrupt(`column "${textOf(element.get(4))}" has a type that millrace does not write`);
  }
}

function numberOf(value: ThriftValue | undefined): number {
  if (typeof value !== "number") throw corrupt("a number is missing");
  return value;
}

const utf8 = new TextDecoder("utf-8", { fatal: false });

function textOf(value: ThriftValue | undefined): string {
  if (!(value instanceof Uint8Array)) throw corrupt("a name is missing");
  return utf8.decode(value);
}
