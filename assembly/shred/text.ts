/** Reads JSON strings. A text without an escape, which is nearly all of them, is found 16 bytes at a time. */
import { roomForText } from "./arena";
import { allocate, resize } from "./memory";
import { addString, appended, StringColumn } from "./string-column";

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const LETTER_U: u8 = 0x75;
/** What one step of reading may write behind the text. */
const SCRATCH_SLACK: usize = 32;

/** Where strings with escapes are put together; grows to the longest such string. */
let scratch: usize = 0;
let scratchBytes: usize = 0;

/** The bits of the bytes that are a quote, a backslash or a control character. */
@inline
function stopsIn(block: v128): u32 {
  const isQuote = i8x16.eq(block, i8x16.splat(QUOTE));
  const isBackslash = i8x16.eq(block, i8x16.splat(BACKSLASH));
  const isControl = i8x16.lt_u(block, i8x16.splat(0x20));
  return i8x16.bitmask(v128.or(v128.or(isQuote, isBackslash), isControl));
}

/**
 * Adds the string whose opening quote stands at `quote` as value number `value` and answers where it ends; or answers 0,
 * having done nothing, where something stands in it that no string may have.
 */
export function readString(column: StringColumn, value: u32, quote: usize): usize {
  if (column.isPlain) return copyString(column, value, quote);
  const text = quote + 1;
  let at = text;
  let stops = stopsIn(v128.load(at));
  while (stops === 0) {
    at += 16;
    stops = stopsIn(v128.load(at));
  }
  at += ctz(stops);
  if (load<u8>(at) !== QUOTE) return readEscaped(column, value, text);
  addString(column, value, text, at - text);
  return at + 1;
}

/** Without a dictionary nobody needs a hash, so that finding the end of a text and keeping it are one loop. */
function copyString(column: StringColumn, value: u32, quote: usize): usize {
  const text = quote + 1;
  let length: usize = 0;
  let to = roomForText(column, 0);
  let last = column.arena + column.capacity - 16;
  for (;;) {
    if (to + length > last) {
      to = roomForText(column, length + 64);
      // The text so far may have moved to other memory, of which only the used part was kept.
      for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(text + i));
      last = column.arena + column.capacity - 16;
    }
    const block = v128.load(text + length);
    v128.store(to + length, block);
    const stops = stopsIn(block);
    if (stops !== 0) {
      length += ctz(stops);
      break;
    }
    length += 16;
  }
  if (load<u8>(text + length) !== QUOTE) return readEscaped(column, value, text);
  appended(column, value, length);
  return text + length + 1;
}

/** Reads a string whose text begins at `text` and in which something stands that is not simply text. */
function readEscaped(column: StringColumn, value: u32, text: usize): usize {
  if (scratch === 0) {
    scratchBytes = 1 << 16;
    scratch = allocate(scratchBytes);
  }
  let from = text;
  let used: usize = 0;
  for (;;) {
    if (used + SCRATCH_SLACK > scratchBytes) {
      scratch = resize(scratch, used, scratchBytes, scratchBytes * 2);
      scratchBytes *= 2;
    }
    // Blocks are taken over as they are up to the next stop, and what follows that in the block is overwritten.
    const block = v128.load(from);
    v128.store(scratch + used, block);
    const stops = stopsIn(block);
    if (stops === 0) {
      from += 16;
      used += 16;
      continue;
    }
    const before = <usize>ctz(stops);
    from += before;
    used += before;
    const byte = load<u8>(from);
    if (byte === QUOTE) break;
    if (byte !== BACKSLASH) return 0;
    const name = load<u8>(from + 1);
    if (name !== LETTER_U) {
      const stands = shortEscape(name);
      if (stands === 0) return 0;
      store<u8>(scratch + used++, stands);
      from += 2;
      continue;
    }
    let code = readHex(from + 2);
    if (code < 0) return 0;
    from += 6;
    if (code >= 0xd800 && code < 0xe000) {
      const low = code < 0xdc00 && load<u16>(from) === 0x755c ? readHex(from + 2) : -1;
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        from += 6;
      } else code = 0xfffd;
    }
    used += writeUtf8(scratch + used, code);
  }
  addString(column, value, scratch, used);
  return from + 1;
}

/** What stands for the escape `\name`, or 0. */
function shortEscape(name: u8): u8 {
  switch (name) {
    case 0x22:
    case 0x5c:
    case 0x2f:
      return name;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return 0;
  }
}

/** Four hexadecimal digits, or -1. */
function readHex(at: usize): i32 {
  let value: i32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const byte = <i32>load<u8>(at + i);
    const lower = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) value = (value << 4) | (byte - 0x30);
    else if (lower >= 0x61 && lower <= 0x66) value = (value << 4) | (lower - 0x57);
    else return -1;
  }
  return value;
}

function writeUtf8(to: usize, code: u32): usize {
  if (code < 0x80) {
    store<u8>(to, code);
    return 1;
  }
  let at = to;
  if (code < 0x800) store<u8>(at++, 0xc0 | (code >> 6));
  else {
    if (code < 0x10000) store<u8>(at++, 0xe0 | (code >> 12));
    else {
      store<u8>(at++, 0xf0 | (code >> 18));
      store<u8>(at++, 0x80 | ((code >> 12) & 0x3f));
    }
    store<u8>(at++, 0x80 | ((code >> 6) & 0x3f));
  }
  store<u8>(at++, 0x80 | (code & 0x3f));
  return at - to;
}
