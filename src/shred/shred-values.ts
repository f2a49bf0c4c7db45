/**
 * Shreds JSON text into columns: reads each byte once and makes no object for any value. What stands where is predicted
 * from the last row: the next key is nearly always the one that followed last time, and its column has a type. On an
 * hour of 50,000 events that guess is wrong 1.5 times a row; without it shredding took 1.1 s and not 0.4.
 *
 * What happens once or seldom in a column's life has a function of its own that few values reach: V8 compiles what is called
 * in a hot function together with it, and again for each caller, and compiling is a sixth of the CPU of a process for one
 * file. That took about a third off the time of V8's optimizing compiler (by `--trace-opt`, three runs each); in CPU of the
 * whole process no more than the noise.
 */
import { LINE_FEED, QUOTE, skipBlanks, unexpected } from "./cursor.ts";
import { passKey } from "./key-arena.ts";
import { addEntry, flagsOf, type Node, numbersOf, setLength, stringsOf } from "./node.ts";
import {
  BOOL,
  DECLARED_BOOL,
  DOUBLE,
  DROP,
  INT,
  JSON_TEXT,
  LIST,
  LOST,
  SEEN_BIG,
  SEEN_BOOL,
  SEEN_DOUBLE,
  SEEN_INT,
  SEEN_LIST,
  SEEN_STRING,
  SEEN_STRUCT,
  STRING,
  STRUCT,
  TEXT,
} from "./node-type.ts";
import { passLiteral } from "./number.ts";
import type { RowState } from "./row-state.ts";
import { note, settle } from "./settle.ts";
import { duplicateKey, RepeatedKey, tooDeep } from "./skip.ts";
import { decodeText, readText } from "./text.ts";

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const LETTER_F = 0x66;

/** Shreds the object at the cursor as one more row, and leaves the cursor after it. */
export function shredRow(state: RowState): void {
  const { root } = state;
  shredFields(state, root, addEntry(root, root.count), 1);
}

/**
 * Shreds the value at the cursor into `node`, as its value in entry `parentEntry` of its parent. `depth` is how many
 * objects and lists stand around it.
 */
export function shredValue(state: RowState, node: Node, parentEntry: number, depth: number): void {
  if (node.type >= TEXT) {
    shredSpecial(state, node, parentEntry, depth);
    return;
  }
  const { cursor } = state;
  switch (cursor.bytes[cursor.at]) {
    case QUOTE: {
      const { strings } = node;
      if (strings === null || node.type !== STRING) {
        shredFirstText(state, node, parentEntry);
        return;
      }
      if (!strings.copy(node.count, cursor)) {
        readText(cursor, state.text);
        strings.add(node.count, state.text);
      }
      addEntry(node, parentEntry);
      return;
    }
    case OPEN_OBJECT:
      shredObject(state, node, parentEntry, depth);
      return;
    case OPEN_LIST:
      shredList(state, node, parentEntry, depth);
      return;
    case LETTER_N:
      if (!passLiteral(cursor)) throw unexpected(cursor, "a value");
      return;
    case LETTER_T:
      shredFlag(state, node, parentEntry, 1);
      return;
    case LETTER_F:
      shredFlag(state, node, parentEntry, 0);
      return;
    default:
      if (!startsNumber(cursor.bytes[cursor.at] ?? 0)) throw unexpected(cursor, "a value");
      shredNumber(state, node, parentEntry);
  }
}

function startsNumber(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2d;
}

function shredFirstText(state: RowState, node: Node, parentEntry: number): void {
  const start = state.cursor.at;
  readText(state.cursor, state.text);
  if (node.type !== STRING) settle(state, node, SEEN_STRING, start);
  if (node.type === LOST) return;
  const value = addEntry(node, parentEntry);
  stringsOf(node).add(value, state.text);
}

function shredNumber(state: RowState, node: Node, parentEntry: number): void {
  const { cursor, numbers } = state;
  const start = cursor.at;
  const kind = numbers.read(cursor);
  const { type, numbers: column } = node;
  if (column !== null && kind === SEEN_INT && (type === INT || type === DOUBLE)) {
    column.add(node.count, numbers.value[0] ?? 0);
    addEntry(node, parentEntry);
  } else shredOtherNumber(state, node, parentEntry, kind, start);
}

/** The first number of a column, and others than small integers. */
function shredOtherNumber(state: RowState, node: Node, parentEntry: number, kind: number, start: number): void {
  const { numbers } = state;
  const { type } = node;
  const isSettled = kind === SEEN_INT ? type === INT || type === DOUBLE : kind === SEEN_DOUBLE && type === DOUBLE;
  if (!isSettled) {
    settle(state, node, kind, start);
    if (node.type === LOST) return;
    if (node.type === TEXT) {
      addRaw(state, node, parentEntry, start);
      return;
    }
  } else if (kind === SEEN_DOUBLE && (node.seen & SEEN_DOUBLE) === 0) {
    // The column began as double by a hint or by the table, before this first double of its own.
    note(state, node, kind, start);
  }
  const value = addEntry(node, parentEntry);
  if (kind === SEEN_BIG) numbersOf(node).addWide(value, numbers.wide);
  else numbersOf(node).add(value, numbers.value[0] ?? 0);
}

function shredFlag(state: RowState, node: Node, parentEntry: number, flag: number): void {
  const start = state.cursor.at;
  if (!passLiteral(state.cursor)) throw unexpected(state.cursor, "a value");
  const { flags } = node;
  if (flags !== null && node.type === BOOL) {
    flags.add(node.count, flag);
    addEntry(node, parentEntry);
  } else shredFirstFlag(state, node, parentEntry, flag, start);
}

function shredFirstFlag(state: RowState, node: Node, parentEntry: number, flag: number, start: number): void {
  if (node.type !== BOOL) {
    settle(state, node, SEEN_BOOL, start);
    if (node.type === LOST) return;
    if (node.type === TEXT) {
      addRaw(state, node, parentEntry, start);
      return;
    }
  }
  const value = addEntry(node, parentEntry);
  flagsOf(node).add(value, flag);
}

function shredList(state: RowState, node: Node, parentEntry: number, depth: number): void {
  const { cursor } = state;
  const start = cursor.at;
  if (depth >= state.settings.depthMax) throw tooDeep(state.settings.depthMax);
  if (node.type !== LIST) {
    settle(state, node, SEEN_LIST, start);
    if (node.type !== LIST) {
      shredSpecial(state, node, parentEntry, depth);
      return;
    }
  }
  const element = node.element ?? state.createElement(node);
  const entry = addEntry(node, parentEntry);
  setLength(node, entry, 0);
  const base = node.total;
  let length = 0;
  cursor.at++;
  if (skipBlanks(cursor) === CLOSE_LIST) {
    cursor.at++;
    return;
  }
  for (;;) {
    shredValue(state, element, base + length, depth + 1);
    length++;
    const byte = skipBlanks(cursor);
    if (byte !== COMMA && byte !== CLOSE_LIST) throw unexpected(cursor, '"," or "]"');
    cursor.at++;
    if (byte === CLOSE_LIST) break;
    skipBlanks(cursor);
  }
  node.total = base + length;
  setLength(node, entry, length);
}

function shredObject(state: RowState, node: Node, parentEntry: number, depth: number): void {
  if (depth >= state.settings.depthMax) throw tooDeep(state.settings.depthMax);
  if (node.type !== STRUCT) {
    settle(state, node, SEEN_STRUCT, state.cursor.at);
    if (node.type !== STRUCT) {
      shredSpecial(state, node, parentEntry, depth);
      return;
    }
  }
  shredFields(state, node, addEntry(node, parentEntry), depth + 1);
}

/** Shreds the fields of the object at the cursor, which is entry `entry` of `node`. `depth` counts this object. */
function shredFields(state: RowState, node: Node, entry: number, depth: number): void {
  const { cursor, keys } = state;
  const { bytes } = cursor;
  cursor.at++;
  let byte = bytes[cursor.at] ?? LINE_FEED;
  if (byte <= 0x20) byte = skipBlanks(cursor);
  if (byte === CLOSE_OBJECT) {
    cursor.at++;
    return;
  }
  let previous: Node | null = null;
  let predicted = node.first;
  for (;;) {
    if (byte !== QUOTE) throw unexpected(cursor, "a key");
    if (state.superseded?.has(cursor.at) === true) state.skipper.passMember(cursor, depth);
    else {
      cursor.at++;
      let field = predicted;
      if (field === null || !passKey(cursor, keys, field)) {
        // A field that is often left out: the one after it is the next guess.
        field = field === null ? null : field.next;
        if (field === null || !passKey(cursor, keys, field)) {
          field = findField(state, node);
          if (previous === null) node.first = field;
          else previous.next = field;
        }
      }
      if (field.last === entry) repeatedKey(state, field);
      field.last = entry;
      if ((bytes[cursor.at] ?? LINE_FEED) <= 0x20) skipBlanks(cursor);
      shredValue(state, field, entry, depth);
      previous = field;
      predicted = field.next;
    }
    byte = bytes[cursor.at] ?? LINE_FEED;
    if (byte <= 0x20) byte = skipBlanks(cursor);
    if (byte !== COMMA) break;
    cursor.at++;
    byte = bytes[cursor.at] ?? LINE_FEED;
    if (byte <= 0x20) byte = skipBlanks(cursor);
  }
  if (byte !== CLOSE_OBJECT) throw unexpected(cursor, '"," or "}"');
  cursor.at++;
}

export function repeatedKey(state: RowState, field: Node): never {
  if (state.settings.duplicateKeys === "last") throw new RepeatedKey();
  throw duplicateKey(field.path);
}

/** More fields than most objects have, and few enough to be cheap where an object has thousands. */
const LOOKED_THROUGH_MAX = 64;

/**
 * The field whose key stands at the cursor, where the guess was wrong; the cursor is left as by `readKey`. Looking through
 * the object's first fields takes a tenth of the time of making the key a string, and nearly always finds it.
 */
function findField(state: RowState, node: Node): Node {
  const { cursor, keys } = state;
  const { fields } = node;
  const end = Math.min(fields.length, LOOKED_THROUGH_MAX);
  for (let i = 0; i < end; i++) {
    const field = fields[i];
    if (field !== undefined && passKey(cursor, keys, field)) return field;
  }
  return readKey(state, node);
}

/** Reads the key at the cursor, which stands after the opening quote, and the colon; answers its field, new or old. */
export function readKey(state: RowState, node: Node): Node {
  const { cursor, text } = state;
  const start = cursor.at;
  cursor.at = start - 1;
  readText(cursor, text);
  const end = cursor.at - 1;
  const key = decodeText(text);
  if (skipBlanks(cursor) !== COLON) throw unexpected(cursor, '":"');
  cursor.at++;
  const folded = key.toLowerCase();
  const known = node.fieldsByKey.get(folded);
  if (known !== undefined) return known;
  const field = state.createField(node, key, folded);
  state.keys.add(field, cursor.bytes, start, end);
  return field;
}

/** Values of columns that hold something else than the value's own type. */
function shredSpecial(state: RowState, node: Node, parentEntry: number, depth: number): void {
  const { cursor } = state;
  const start = cursor.at;
  const byte = cursor.bytes[start] ?? LINE_FEED;
  if (byte === LETTER_N) {
    if (!passLiteral(cursor)) throw unexpected(cursor, "a value");
    return;
  }
  switch (node.type) {
    case TEXT:
      shredAsText(state, node, parentEntry, depth);
      return;
    case JSON_TEXT:
      state.skipper.pass(cursor, depth);
      addRaw(state, node, parentEntry, start);
      return;
    case DROP:
    case LOST:
      state.skipper.skip(cursor, depth, node.declared, node.path);
      return;
    default:
      shredDeclared(state, node, parentEntry);
  }
}

function shredDeclared(state: RowState, node: Node, parentEntry: number): void {
  const type = node.declared?.type;
  if (type === undefined) throw new RangeError(`column ${node.path} has no declared type`);
  const value = state.declaredReader.read(state.cursor, type, node.path);
  const entry = addEntry(node, parentEntry);
  if (typeof value === "bigint") numbersOf(node).addWide(entry, value);
  else if (node.type === DECLARED_BOOL) flagsOf(node).add(entry, value);
  else numbersOf(node).add(entry, value);
}

function shredAsText(state: RowState, node: Node, parentEntry: number, depth: number): void {
  const { cursor, text } = state;
  const start = cursor.at;
  const byte = cursor.bytes[start] ?? LINE_FEED;
  if (byte === QUOTE) {
    readText(cursor, text);
    note(state, node, SEEN_STRING, start);
    const value = addEntry(node, parentEntry);
    stringsOf(node).add(value, text);
    return;
  }
  let kind = byte === OPEN_OBJECT ? SEEN_STRUCT : byte === OPEN_LIST ? SEEN_LIST : SEEN_BOOL;
  if (node.declared?.type !== undefined) state.skipper.pass(cursor, depth);
  else if (startsNumber(byte)) kind = state.numbers.read(cursor);
  else state.skipper.skip(cursor, depth, node.declared, node.path);
  note(state, node, kind, start);
  addRaw(state, node, parentEntry, start);
}

/** Adds the bytes from `start` to the cursor as a text. */
function addRaw(state: RowState, node: Node, parentEntry: number, start: number): void {
  const { cursor, text } = state;
  text.setRange(cursor.view, start, cursor.at);
  const value = addEntry(node, parentEntry);
  stringsOf(node).add(value, text);
}
