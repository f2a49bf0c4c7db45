/**
 * Passes over one JSON value, checking it as strictly as if it were shredded: grammar, depth, duplicate keys, numbers
 * that overflow. Used for values that are kept as text or left out.
 */
import { BadLine, type Cursor, skipBlanks, unexpected } from "./cursor.ts";
import { NumberReader } from "./number.ts";
import { decodeText, findEnd, readText, Text } from "./text.ts";

export interface SkipRules {
  readonly depthMax: number;
  readonly duplicateKeys: "reject" | "last";
}

/** The words `null`, `true` and `alse` as little-endian integers. */
const NULL_WORD = 0x6c6c756e;
const TRUE_WORD = 0x65757274;
const ALSE_WORD = 0x65736c61;

/** Passes over `null`, `true` or `false` at the cursor. Answers whether one stands there. */
export function passLiteral(cursor: Cursor): boolean {
  const { view, at } = cursor;
  const word = view.getInt32(at, true);
  if (word === NULL_WORD || word === TRUE_WORD) cursor.at = at + 4;
  else if (view.getUint8(at) === 0x66 && view.getInt32(at + 1, true) === ALSE_WORD) cursor.at = at + 5;
  else return false;
  return true;
}

export class Skipper {
  readonly #rules: SkipRules;
  readonly #numbers = new NumberReader();
  readonly #text = new Text();
  /**
   * If set, gets the position of every value that a later one with the same key replaces (`duplicateKeys: last`).
   */
  #superseded: Set<number> | null = null;

  constructor(rules: SkipRules) {
    this.#rules = rules;
  }

  /** Passes over the value at the cursor. `depth` is how many objects and lists stand around it. */
  skip(cursor: Cursor, depth: number): void {
    const byte = cursor.bytes[cursor.at] ?? 0;
    if (byte === 0x22) {
      cursor.at++;
      findEnd(cursor);
      cursor.at++;
    } else if (byte === 0x7b) this.#skipObject(cursor, depth + 1);
    else if (byte === 0x5b) this.#skipList(cursor, depth + 1);
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) this.#numbers.read(cursor);
    else if (!passLiteral(cursor)) throw unexpected(cursor, "a value");
  }

  /** The positions of the values in the object at the cursor that are replaced by a later one with the same key. */
  findSuperseded(cursor: Cursor): Set<number> {
    const found = new Set<number>();
    this.#superseded = found;
    try {
      this.skip(cursor, 0);
    } finally {
      this.#superseded = null;
    }
    return found;
  }

  #skipList(cursor: Cursor, depth: number): void {
    this.#checkDepth(depth);
    cursor.at++;
    if (skipBlanks(cursor) === 0x5d) {
      cursor.at++;
      return;
    }
    for (;;) {
      this.skip(cursor, depth);
      const byte = skipBlanks(cursor);
      if (byte !== 0x2c && byte !== 0x5d) throw unexpected(cursor, '"," or "]"');
      cursor.at++;
      if (byte === 0x5d) return;
      skipBlanks(cursor);
    }
  }

  #skipObject(cursor: Cursor, depth: number): void {
    this.#checkDepth(depth);
    const seen = new KeysSeen(this.#superseded);
    cursor.at++;
    let byte = skipBlanks(cursor);
    if (byte === 0x7d) {
      cursor.at++;
      return;
    }
    for (;;) {
      if (byte !== 0x22) throw unexpected(cursor, "a key");
      readText(cursor, this.#text);
      const key = decodeText(this.#text).toLowerCase();
      if (skipBlanks(cursor) !== 0x3a) throw unexpected(cursor, '":"');
      cursor.at++;
      skipBlanks(cursor);
      if (seen.add(key, cursor.at) && this.#rules.duplicateKeys === "reject") throw duplicateKey(key);
      this.skip(cursor, depth);
      byte = skipBlanks(cursor);
      if (byte !== 0x2c && byte !== 0x7d) throw unexpected(cursor, '"," or "}"');
      cursor.at++;
      if (byte === 0x7d) return;
      byte = skipBlanks(cursor);
    }
  }

  #checkDepth(depth: number): void {
    if (depth > this.#rules.depthMax) throw tooDeep(this.#rules.depthMax);
  }
}

/** The keys of one object so far, with the places of their values. */
class KeysSeen {
  readonly #superseded: Set<number> | null;
  readonly #places = new Map<string, number>();

  constructor(superseded: Set<number> | null) {
    this.#superseded = superseded;
  }

  /** Adds a folded key; answers whether it was there already. */
  add(key: string, place: number): boolean {
    const before = this.#places.get(key);
    this.#places.set(key, place);
    if (before === undefined) return false;
    this.#superseded?.add(before);
    return true;
  }
}

export function duplicateKey(path: string): BadLine {
  return new BadLine(`duplicate key ${JSON.stringify(path.slice(0, 200))}`);
}

export function tooDeep(depthMax: number): BadLine {
  return new BadLine(`nested more than ${depthMax} levels deep`);
}
