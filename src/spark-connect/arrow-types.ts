/** Which type of Arrow's each of Spark's is sent as. Numbers are those of Arrow's Schema.fbs. */
import type { FlatTable } from "./arrow-flatbuffer.ts";
import { SparkError } from "./errors.ts";
import type { SparkType } from "./types.ts";

const TYPE = {
  null: 1,
  int: 2,
  floatingPoint: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  interval: 11,
  list: 12,
  struct: 13,
  map: 17,
  duration: 18,
  largeBinary: 19,
  largeUtf8: 20,
} as const;

const PRECISION = { single: 1, double: 2 } as const;
const UNIT = { second: 0, millisecond: 1, microsecond: 2, nanosecond: 3 } as const;
const DATE_UNIT = { day: 0, millisecond: 1 } as const;
const INTERVAL_UNIT = { yearMonth: 0, monthDayNano: 2 } as const;

/** Fields of the table Field. */
const FIELD = { name: 0, typeNumber: 2, type: 3, dictionary: 4, children: 5 } as const;

/** `SparkError` "corrupt" if the field is not of the type that Spark sends values of this type as. */
export function demandType(type: SparkType, field: FlatTable, path: string): void {
  const number = field.int8(FIELD.typeNumber, 0);
  const detail = field.table(FIELD.type);
  if (detail === undefined || field.has(FIELD.dictionary) || !fits(type, number, detail)) {
    throw new SparkError("corrupt", `Arrow: ${path}: ${type.kind} is sent as type ${number} of Arrow's`);
  }
}

/** Whether its offsets are of 64 bits. */
export function isLarge(field: FlatTable): boolean {
  const number = field.int8(FIELD.typeNumber, 0);
  return number === TYPE.largeUtf8 || number === TYPE.largeBinary;
}

/** A column's columns, of which there must be this many. */
export function childrenOf(field: FlatTable, count: number, path: string): readonly FlatTable[] {
  const children = field.tables(FIELD.children);
  if (children.length !== count) {
    throw new SparkError("corrupt", `Arrow: ${path}: has ${children.length} columns in it where ${count} are due`);
  }
  return children;
}

/** `detail` is the table of that type. What it does not hold has the default that Schema.fbs gives it. */
function fits(type: SparkType, number: number, detail: FlatTable): boolean {
  switch (type.kind) {
    case "null":
      return number === TYPE.null;
    case "boolean":
      return number === TYPE.bool;
    case "byte":
      return isInteger(number, detail, 8);
    case "short":
      return isInteger(number, detail, 16);
    case "integer":
      return isInteger(number, detail, 32);
    case "long":
      return isInteger(number, detail, 64);
    case "float":
      return number === TYPE.floatingPoint && detail.int16(0, 0) === PRECISION.single;
    case "double":
      return number === TYPE.floatingPoint && detail.int16(0, 0) === PRECISION.double;
    case "decimal":
      return number === TYPE.decimal && detail.int32(1, 0) === type.scale && detail.int32(2, 128) === 128;
    case "string":
    case "char":
    case "varchar":
      return number === TYPE.utf8 || number === TYPE.largeUtf8;
    case "binary":
      return number === TYPE.binary || number === TYPE.largeBinary;
    case "date":
      return number === TYPE.date && detail.int16(0, DATE_UNIT.millisecond) === DATE_UNIT.day;
    case "timestamp":
      return number === TYPE.timestamp && detail.int16(0, UNIT.second) === UNIT.microsecond && detail.has(1);
    case "timestamp_ntz":
      return number === TYPE.timestamp && detail.int16(0, UNIT.second) === UNIT.microsecond && !detail.has(1);
    case "time":
      return (
        number === TYPE.time && detail.int16(0, UNIT.millisecond) === UNIT.nanosecond && detail.int32(1, 32) === 64
      );
    case "year_month_interval":
      return number === TYPE.interval && detail.int16(0, INTERVAL_UNIT.yearMonth) === INTERVAL_UNIT.yearMonth;
    case "day_time_interval":
      return number === TYPE.duration && detail.int16(0, UNIT.millisecond) === UNIT.microsecond;
    case "calendar_interval":
      return number === TYPE.interval && detail.int16(0, INTERVAL_UNIT.yearMonth) === INTERVAL_UNIT.monthDayNano;
    case "array":
      return number === TYPE.list;
    case "map":
      return number === TYPE.map;
    case "struct":
    case "variant":
      return number === TYPE.struct;
    case "other":
      return true;
  }
}

function isInteger(number: number, detail: FlatTable, bits: number): boolean {
  return number === TYPE.int && detail.int32(0, 0) === bits && detail.int8(1, 0) === 1;
}
