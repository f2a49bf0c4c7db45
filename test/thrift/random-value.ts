/** Random values of random nested types: how to write one, and how to read it back. */
import fc from "fast-check";
import {
  type ReadValue,
  readBinary,
  readBool,
  readByte,
  readDouble,
  readI16,
  readI32,
  readI64,
  readList,
  readMap,
  readSet,
  readString,
  readStruct,
} from "../../src/thrift/reader.ts";
import { WireType } from "../../src/thrift/types.ts";
import {
  type ThriftWriter,
  writeBinary,
  writeBool,
  writeByte,
  writeDouble,
  writeFieldBegin,
  writeI16,
  writeI32,
  writeI64,
  writeList,
  writeMap,
  writeString,
  writeStruct,
} from "../../src/thrift/writer.ts";

/** Values are compared by `assert.deepEqual`. */
export interface Kind {
  readonly type: WireType;
  readonly write: (writer: ThriftWriter, value: unknown) => void;
  readonly read: ReadValue<unknown>;
  readonly values: fc.Arbitrary<unknown>;
}

/** What a writer of one type takes is told apart where it is generated. */
function kind<T>(
  type: WireType,
  values: fc.Arbitrary<T>,
  write: (writer: ThriftWriter, value: T) => void,
  read: ReadValue<T>,
  is: (value: unknown) => value is T,
): Kind {
  return {
    type,
    values,
    read,
    write(writer, value) {
      if (!is(value)) throw new TypeError(`not a value of type ${type}`);
      write(writer, value);
    },
  };
}

const isNumber = (value: unknown): value is number => typeof value === "number";
const isString = (value: unknown): value is string => typeof value === "string";
const isArray = (value: unknown): value is unknown[] => Array.isArray(value);
const isMap = (value: unknown): value is Map<unknown, unknown> => value instanceof Map;

const integers = (bits: number): fc.Arbitrary<number> =>
  fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });

const scalars: readonly Kind[] = [
  kind(WireType.bool, fc.boolean(), writeBool, readBool, (value) => typeof value === "boolean"),
  kind(WireType.byte, integers(8), writeByte, readByte, isNumber),
  kind(WireType.i16, integers(16), writeI16, readI16, isNumber),
  kind(WireType.i32, integers(32), writeI32, readI32, isNumber),
  kind(
    WireType.i64,
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    writeI64,
    readI64,
    (value) => typeof value === "bigint",
  ),
  kind(WireType.double, fc.double(), writeDouble, readDouble, isNumber),
  kind(WireType.string, fc.string({ unit: "binary" }), writeString, readString, isString),
  kind<Uint8Array>(
    WireType.string,
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    writeBinary,
    readBinary,
    (value) => value instanceof Uint8Array,
  ),
];

const scalar = fc.constantFrom(...scalars);

/** A struct's value holds the fields' values in the order of `fields`. */
function structOf(fields: ReadonlyMap<number, Kind>): Kind {
  const kinds = [...fields];
  return kind(
    WireType.struct,
    fc.tuple(...kinds.map(([, { values }]) => values)),
    (writer, values: unknown[]) =>
      writeStruct(writer, () => {
        for (const [index, [id, field]] of kinds.entries()) {
          writeFieldBegin(writer, field.type, id);
          field.write(writer, values[index]);
        }
      }),
    (cursor, type) => {
      const values: unknown[] = [];
      readStruct(cursor, type, (id, fieldType) => {
        const field = fields.get(id);
        if (field === undefined) return false;
        values.push(field.read(cursor, fieldType));
        return true;
      });
      return values;
    },
    isArray,
  );
}

const listOf = (element: Kind): Kind =>
  kind(
    WireType.list,
    fc.array(element.values, { maxLength: 5 }),
    (writer, items: unknown[]) => writeList(writer, element.type, items, element.write),
    (cursor, type) => readList(cursor, type, element.read),
    isArray,
  );

const setOf = (element: Kind): Kind => ({
  ...listOf(element),
  type: WireType.set,
  read: (cursor, type) => readSet(cursor, type, element.read),
});

const mapOf = (key: Kind, value: Kind): Kind =>
  kind(
    WireType.map,
    fc.array(fc.tuple(key.values, value.values), { maxLength: 4 }).map((entries) => new Map(entries)),
    (writer, entries: Map<unknown, unknown>) =>
      writeMap(writer, [key.type, value.type], entries, key.write, value.write),
    (cursor, type) => readMap(cursor, type, key.read, value.read),
    isMap,
  );

const { kinds } = fc.letrec<{ kinds: Kind; fields: Map<number, Kind> }>((tie) => ({
  fields: fc
    .uniqueArray(fc.tuple(integers(16), tie("kinds")), { maxLength: 4, selector: ([id]) => id })
    .map((fields) => new Map(fields)),
  kinds: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    tie("fields").map(structOf),
    tie("kinds").map(listOf),
    tie("kinds").map(setOf),
    // Keys that are scalars but NaN and bytes, which a Map does not find again.
    fc
      .tuple(fc.constantFrom(...scalars.slice(0, 5), ...scalars.slice(6, 7)), tie("kinds"))
      .map(([key, value]) => mapOf(key, value)),
  ),
}));

/** A struct with fields of any types, as a message's body is, and a value of it. */
export const structs: fc.Arbitrary<{ readonly kind: Kind; readonly value: unknown }> = fc
  .uniqueArray(fc.tuple(integers(16), kinds), { maxLength: 6, selector: ([id]) => id })
  .chain((fields) => {
    const struct = structOf(new Map(fields));
    return struct.values.map((value) => ({ kind: struct, value }));
  });
