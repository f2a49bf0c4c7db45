/**
 * Shreds JSON lines into columns: the loop of `src/shred/shred-values.ts`. What stands where is predicted from the last row;
 * whatever is seldom is asked of the other side.
 */
import {
  element as createElement,
  fail,
  value as otherValue,
  superseded as passSuperseded,
  field as readKey,
  repeated as repeatedKey,
  settle,
} from "./host";
import { addEntry, addFlag, addNumber, fieldAt, Node, newNode, setLength, truncateNode } from "./node";
import { beginStrings, fullCount, keepStrings, newStringColumn } from "./string-column";
import { readString } from "./text";
import {
  BOOL,
  DOUBLE,
  INT,
  LIST,
  SEEN_DOUBLE,
  SEEN_LIST,
  SEEN_STRING,
  SEEN_STRUCT,
  STRING,
  STRUCT,
  TEXT,
} from "../../src/shred/node-type";
import {
  WISH_END,
  WISH_KEY,
  WISH_LIST_END,
  WISH_OBJECT,
  WISH_OBJECT_END,
  WISH_SHALLOWER,
  WISH_SHORTER,
} from "../../src/shred/wish";

const LINE_FEED: u32 = 0x0a;
const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const OPEN_OBJECT: u32 = 0x7b;
const CLOSE_OBJECT: u32 = 0x7d;
const OPEN_LIST: u32 = 0x5b;
const CLOSE_LIST: u32 = 0x5d;
const LETTER_N: u32 = 0x6e;
const LETTER_T: u32 = 0x74;
const LETTER_F: u32 = 0x66;

/** The words `null`, `true` and `alse` as little-endian integers. */
const NULL_WORD: u32 = 0x6c6c756e;
const TRUE_WORD: u32 = 0x65757274;
const ALSE_WORD: u32 = 0x65736c61;

/** More fields than most objects have, and few enough to be cheap where an object has thousands. */
const LOOKED_THROUGH_MAX: u32 = 64;

/** Up to this many digits an integer is exact in a double, however it is built up. */
const EXACT_DIGITS: u32 = 15;
/** Powers of ten that a double holds exactly, and that so many digits can be divided by. */
const exactPowers = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]);

/** The rows themselves. */
export const root: Node = newNode(0, STRUCT);

/** The number of the line that is being read. */
export let line: u32 = 0;
/** Where the line begins that is being read. */
export let lineStart: usize = 0;
/** How many rows there were when the line began. */
let rowsBefore: u32 = 0;
/** Where reading goes on after the other side has read a key. */
let resumeAt: usize = 0;
/** Whether the other side wants to look at something before the next line. */
let hasFindings: bool = false;
/** Whether some members of this row are to be passed over. */
let hasSuperseded: bool = false;
/** Rows since the text began. */
export let rows: u32 = 0;
/** Bytes of the rows since the group began. */
export let groupBytes: f64 = 0;

let lineBytesMax: usize = 0;
let depthMax: u32 = 0;
let groupBytesMax: f64 = 0;

/** What the project's settings say, and at how many bytes of its lines a row group is full. */
export function configure(lineBytes: f64, depth: u32, bytes: f64): void {
  lineBytesMax = <usize>min<f64>(lineBytes, 4294967295);
  depthMax = depth;
  groupBytesMax = bytes;
}

/** Reading goes on at `at`, behind a key that the other side has read. */
export function resume(at: usize): void {
  resumeAt = at;
}

/** The other side wants to look at something before the next line. */
export function stopAfterLine(): void {
  hasFindings = true;
}

/** Whether to ask for each member if it is to be passed over. */
export function supersede(some: bool): void {
  hasSuperseded = some;
}

/** Begins a row group. */
export function beginGroup(): void {
  groupBytes = 0;
}

/** Takes back what the line added that is being read. */
export function rollBack(): void {
  if (root.count > rowsBefore) truncateNode(root, rowsBefore);
  beginStrings();
}

/**
 * Reads the lines from `start` to `end`, of which the first has the number `firstLine`, and answers where the next begins:
 * before the end where the group is full or something is to be looked at.
 */
export function readLines(start: usize, end: usize, firstLine: u32): usize {
  let at = start;
  line = firstLine;
  hasFindings = false;
  while (at < end) {
    lineStart = at;
    at = skipBlanks(at);
    if (load<u8>(at) !== LINE_FEED) at = readRow(at);
    at++;
    line++;
    if (hasFindings || fullCount !== 0 || groupBytes >= groupBytesMax) break;
  }
  return at;
}

function readRow(start: usize): usize {
  rowsBefore = root.count;
  beginStrings();
  if (load<u8>(start) !== OPEN_OBJECT) fail(start, WISH_OBJECT);
  const end = skipBlanks(shredFields(root, addEntry(root, rowsBefore), 1, start));
  if (load<u8>(end) !== LINE_FEED) fail(end, WISH_END);
  if (end - lineStart > lineBytesMax) fail(end, WISH_SHORTER);
  keepStrings();
  rows++;
  groupBytes += <f64>(end - lineStart);
  return end;
}

@inline
function skipBlanks(start: usize): usize {
  let at = start;
  let byte = <u32>load<u8>(at);
  while (byte === 0x20 || byte === 0x0d || byte === 0x09) byte = <u32>load<u8>(++at);
  return at;
}

/** Shreds the fields of the object at `start`, which is entry `entry` of `node`. `depth` counts this object. */
function shredFields(node: Node, entry: u32, depth: u32, start: usize): usize {
  let at = start + 1;
  if (load<u8>(at) <= 0x20) at = skipBlanks(at);
  if (load<u8>(at) === CLOSE_OBJECT) return at + 1;
  let previous: Node | null = null;
  let predicted = node.first;
  for (;;) {
    if (load<u8>(at) !== QUOTE) fail(at, WISH_KEY);
    const passed = hasSuperseded ? passSuperseded(at, depth) : 0;
    if (passed !== 0) at = passed;
    else {
      at++;
      let field = predicted;
      if (field === null || !isKey(field, at)) {
        // A field that is often left out: the one after it is the next guess.
        if (field !== null) field = field.next;
        if (field === null || !isKey(field, at)) {
          field = findField(node, at);
          if (previous === null) node.first = field;
          else previous.next = field;
        }
      }
      const found = changetype<Node>(field);
      at = resumeAt !== 0 ? takeResume() : at + found.keyLength;
      if (found.last === entry) repeatedKey(found);
      found.last = entry;
      if (load<u8>(at) <= 0x20) at = skipBlanks(at);
      at = shredValue(found, entry, depth, at);
      previous = found;
      predicted = found.next;
    }
    if (load<u8>(at) <= 0x20) at = skipBlanks(at);
    if (load<u8>(at) !== COMMA) break;
    at++;
    if (load<u8>(at) <= 0x20) at = skipBlanks(at);
  }
  if (load<u8>(at) !== CLOSE_OBJECT) fail(at, WISH_OBJECT_END);
  return at + 1;
}

@inline
function takeResume(): usize {
  const at = resumeAt;
  resumeAt = 0;
  return at;
}

/** Whether the text at `at` is the field's key with its colon: by blocks of 16 bytes, of which the last counts in part. */
@inline
function isKey(field: Node, at: usize): bool {
  const key = field.key;
  let rest = field.keyLength;
  let i: usize = 0;
  for (; rest > 16; rest -= 16, i += 16) {
    if (differences(key + i, at + i) !== 0) return false;
  }
  return (differences(key + i, at + i) & ((1 << rest) - 1)) === 0;
}

@inline
function differences(left: usize, right: usize): u32 {
  return i8x16.bitmask(i8x16.ne(v128.load(left), v128.load(right)));
}

/** The field whose key stands at `at`, where the guess was wrong. */
function findField(node: Node, at: usize): Node {
  const end = min(node.fieldCount, LOOKED_THROUGH_MAX);
  for (let i: u32 = 0; i < end; i++) {
    const field = fieldAt(node, i);
    if (isKey(field, at)) return field;
  }
  return readKey(node, at);
}

/**
 * Shreds the value at `at` into `node`, as its value in entry `parentEntry` of its parent, and answers where it ends. `depth`
 * is how many objects and lists stand around it.
 */
function shredValue(node: Node, parentEntry: u32, depth: u32, at: usize): usize {
  const byte = <u32>load<u8>(at);
  const type = node.type;
  if (byte === QUOTE) {
    if ((type === STRING || type === TEXT) && (node.seen & SEEN_STRING) !== 0)
      return shredText(node, parentEntry, depth, at);
  } else if (byte === LETTER_N) {
    if (load<u32>(at) === NULL_WORD) return at + 4;
  } else if (type < <u32>TEXT) {
    if (byte === OPEN_OBJECT) return shredObject(node, parentEntry, depth, at);
    if (byte === OPEN_LIST) return shredList(node, parentEntry, depth, at);
    if (byte === LETTER_T || byte === LETTER_F) {
      if (type === BOOL) return shredFlag(node, parentEntry, depth, at, byte);
    } else if (type === INT || type === DOUBLE) return shredNumber(node, parentEntry, depth, at);
  }
  return otherValue(node, parentEntry, depth, at);
}

function shredText(node: Node, parentEntry: u32, depth: u32, at: usize): usize {
  let strings = node.strings;
  if (strings === null) {
    strings = newStringColumn(node.id);
    node.strings = strings;
  }
  const end = readString(strings, node.count, at);
  if (end === 0) return otherValue(node, parentEntry, depth, at);
  addEntry(node, parentEntry);
  return end;
}

function shredFlag(node: Node, parentEntry: u32, depth: u32, at: usize, byte: u32): usize {
  let end: usize = 0;
  if (byte === LETTER_T) {
    if (load<u32>(at) === TRUE_WORD) end = at + 4;
  } else if (load<u32>(at, 1) === ALSE_WORD) end = at + 5;
  if (end === 0) return otherValue(node, parentEntry, depth, at);
  addFlag(node, addEntry(node, parentEntry), byte === LETTER_T ? 1 : 0);
  return end;
}

/** Integers of few digits and plain fractions; whatever else is a number, or none, is not for here. */
function shredNumber(node: Node, parentEntry: u32, depth: u32, start: usize): usize {
  let at = start;
  const isNegative = load<u8>(at) === 0x2d;
  if (isNegative) at++;
  const first = at;
  let mantissa: u64 = 0;
  let digit = <u32>load<u8>(at) - 0x30;
  while (digit <= 9) {
    mantissa = mantissa * 10 + digit;
    digit = <u32>load<u8>(++at) - 0x30;
  }
  const digits = <u32>(at - first);
  if (digits === 0 || digits > EXACT_DIGITS || (digits > 1 && load<u8>(first) === 0x30)) {
    return otherValue(node, parentEntry, depth, start);
  }
  let byte = <u32>load<u8>(at);
  let value = <f64>mantissa;
  if (byte === 0x2e) {
    if (node.type !== DOUBLE || (node.seen & SEEN_DOUBLE) === 0) return otherValue(node, parentEntry, depth, start);
    const fraction = ++at;
    digit = <u32>load<u8>(at) - 0x30;
    while (digit <= 9) {
      mantissa = mantissa * 10 + digit;
      digit = <u32>load<u8>(++at) - 0x30;
    }
    const scale = <u32>(at - fraction);
    if (scale === 0 || digits + scale > EXACT_DIGITS) return otherValue(node, parentEntry, depth, start);
    // Both operands are exact, so that IEEE division rounds once, correctly (Clinger 1990).
    value = <f64>mantissa / load<f64>(exactPowers + ((<usize>scale) << 3));
    if (isNegative) value = -value;
    byte = <u32>load<u8>(at);
  } else if (isNegative) value = 0 - value;
  if ((byte | 0x20) === 0x65) return otherValue(node, parentEntry, depth, start);
  addNumber(node, addEntry(node, parentEntry), value);
  return at;
}

function shredObject(node: Node, parentEntry: u32, depth: u32, at: usize): usize {
  if (depth >= depthMax) fail(at, WISH_SHALLOWER);
  if (node.type !== STRUCT) {
    settle(node, SEEN_STRUCT, at);
    if (node.type !== STRUCT) return otherValue(node, parentEntry, depth, at);
  }
  return shredFields(node, addEntry(node, parentEntry), depth + 1, at);
}

function shredList(node: Node, parentEntry: u32, depth: u32, start: usize): usize {
  if (depth >= depthMax) fail(start, WISH_SHALLOWER);
  if (node.type !== LIST) {
    settle(node, SEEN_LIST, start);
    if (node.type !== LIST) return otherValue(node, parentEntry, depth, start);
  }
  const known = node.element;
  const element = known === null ? createElement(node) : known;
  const entry = addEntry(node, parentEntry);
  setLength(node, entry, 0);
  const base = node.total;
  let length: u32 = 0;
  let at = skipBlanks(start + 1);
  if (load<u8>(at) === CLOSE_LIST) return at + 1;
  for (;;) {
    at = skipBlanks(shredValue(element, base + length, depth + 1, at));
    length++;
    const byte = <u32>load<u8>(at);
    if (byte !== COMMA && byte !== CLOSE_LIST) fail(at, WISH_LIST_END);
    at++;
    if (byte === CLOSE_LIST) break;
    at = skipBlanks(at);
  }
  node.total = base + length;
  setLength(node, entry, length);
  return at;
}
