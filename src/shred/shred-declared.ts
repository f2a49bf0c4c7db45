/** Shreds values of columns that a project declares as scalars: what does not fit rejects the line (rule T7). */
import { BadLine, QUOTE, unexpected } from "./cursor.ts";
import { parseDecimal, parseTimestamp, unscaledDecimal } from "./declared-values.ts";
import { addEntry, flagsOf, type Node, numbersOf } from "./node.ts";
import {
  DECIMAL,
  DECLARED_BOOL,
  DECLARED_DOUBLE,
  DECLARED_INT,
  SEEN_DOUBLE,
  SEEN_INT,
  TIMESTAMP,
} from "./node-type.ts";
import type { RowState } from "./row-state.ts";
import { passLiteral } from "./skip.ts";
import { decodeText, readText } from "./text.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const INT64_DIGITS = 19;
const FOUND_CHARACTERS_MAX = 60;

/** Shreds the value at the cursor, which is not null. */
export function shredDeclared(state: RowState, node: Node, parentEntry: number): void {
  switch (node.type) {
    case DECLARED_BOOL:
      shredBool(state, node, parentEntry);
      break;
    case DECLARED_INT:
      addInteger(node, parentEntry, readInteger(state, node));
      break;
    case DECLARED_DOUBLE:
      shredDouble(state, node, parentEntry);
      break;
    case TIMESTAMP:
      addInteger(node, parentEntry, readTimestamp(state, node));
      break;
    case DECIMAL:
      addInteger(node, parentEntry, readDecimal(state, node));
      break;
    default:
      throw new RangeError(`column ${node.path} has the type ${node.type}`);
  }
}

function shredBool(state: RowState, node: Node, parentEntry: number): void {
  const { cursor } = state;
  const isTrue = cursor.bytes[cursor.at] === 0x74;
  if (!isTrue && cursor.bytes[cursor.at] !== 0x66) throw misfit(state, node, "bool", cursor.at);
  if (!passLiteral(cursor)) throw unexpected(cursor, "a value");
  const value = addEntry(node, parentEntry);
  flagsOf(node).add(value, isTrue ? 1 : 0);
}

function shredDouble(state: RowState, node: Node, parentEntry: number): void {
  const start = state.cursor.at;
  const kind = readNumber(state, node, "double");
  if (kind !== SEEN_INT && kind !== SEEN_DOUBLE) throw misfit(state, node, "double", start);
  const value = addEntry(node, parentEntry);
  numbersOf(node).add(value, state.numbers.value[0] ?? 0);
}

function readInteger(state: RowState, node: Node): bigint | number {
  const start = state.cursor.at;
  const kind = readNumber(state, node, "int64");
  if (kind === SEEN_INT) return state.numbers.value[0] ?? 0;
  const decimal = parseDecimal(lexeme(state, start));
  const value = decimal === undefined ? undefined : unscaledDecimal(decimal, INT64_DIGITS, 0);
  if (value === undefined || value > INT64_MAX || value < INT64_MIN) throw misfit(state, node, "int64", start);
  return value;
}

function readTimestamp(state: RowState, node: Node): bigint {
  const { cursor, text } = state;
  const start = cursor.at;
  if (cursor.bytes[start] !== QUOTE) throw misfit(state, node, "timestamp", start);
  readText(cursor, text);
  const micros = text.length > 64 ? undefined : parseTimestamp(decodeText(text));
  if (micros === undefined) throw misfit(state, node, "timestamp", start);
  return micros;
}

function readDecimal(state: RowState, node: Node): bigint {
  const { cursor, text } = state;
  const { declared } = node;
  if (declared?.kind !== "decimal") throw new RangeError(`column ${node.path} is not declared as a decimal`);
  const name = `decimal(${declared.precision},${declared.scale})`;
  const start = cursor.at;
  let digits: string;
  if (cursor.bytes[start] === QUOTE) {
    readText(cursor, text);
    digits = decodeText(text);
  } else {
    readNumber(state, node, name);
    digits = lexeme(state, start);
  }
  const decimal = parseDecimal(digits);
  const value = decimal === undefined ? undefined : unscaledDecimal(decimal, declared.precision, declared.scale);
  if (value === undefined) throw misfit(state, node, name, start);
  return value;
}

/** Reads the number at the cursor and answers its kind. */
function readNumber(state: RowState, node: Node, name: string): number {
  const { cursor } = state;
  const byte = cursor.bytes[cursor.at] ?? 0;
  if (byte !== 0x2d && (byte < 0x30 || byte > 0x39)) throw misfit(state, node, name, cursor.at);
  return state.numbers.read(cursor);
}

function lexeme(state: RowState, start: number): string {
  return state.cursor.bytes.toString("latin1", start, state.cursor.at);
}

function addInteger(node: Node, parentEntry: number, integer: bigint | number): void {
  const value = addEntry(node, parentEntry);
  const asNumber = Number(integer);
  if (typeof integer === "bigint" && !Number.isSafeInteger(asNumber)) numbersOf(node).addWide(value, integer);
  // Not -0, which a column of integers does not know.
  else numbersOf(node).add(value, asNumber + 0);
}

function misfit(state: RowState, node: Node, wish: string, start: number): BadLine {
  const { value } = state.describeValue(start);
  const found = value.length > FOUND_CHARACTERS_MAX ? `${value.slice(0, FOUND_CHARACTERS_MAX)}…` : value;
  return new BadLine(`column ${node.path}: expected ${wish}, got ${found}`);
}
