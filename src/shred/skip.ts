/**
 * Passes over one JSON value that is kept as text or left out. What may reject a line must not depend on what its
 * columns became, so everything is checked as if it were shredded: grammar, depth, duplicate keys, the range of numbers,
 * declared columns. Only below a declared `json`, `string` or `drop` the grammar and the depth are all that counts.
 */
import { encodeName, formatPath } from "../model/column-path.ts";
import { BadLine, type Cursor, QUOTE, skipBlanks, unexpected } from "./cursor.ts";
import { DeclaredReader } from "./declared-reader.ts";
import type { DeclaredTree } from "./declared-tree.ts";
import { NumberReader, passLiteral } from "./number.ts";
import { decodeText, findEnd, readText, Text } from "./text.ts";

export interface SkipRules {
  readonly depthMax: number;
  readonly duplicateKeys: "reject" | "last";
}

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

export class Skipper {
  readonly #rules: SkipRules;
  readonly #numbers = new NumberReader();
  readonly #text = new Text();
  readonly #declared = new DeclaredReader();
  /** Where members begin that a later one with the same key replaces: as if they were not there. */
  superseded: ReadonlySet<number> | null = null;
  /** Gets such places, while they are looked for. */
  #found: Set<number> | null = null;

  constructor(rules: SkipRules) {
    this.#rules = rules;
  }

  /** Checks everything. `depth` is how many objects and lists stand around the value, `path` where that is. */
  skip(cursor: Cursor, depth: number, declared: DeclaredTree | undefined, path: string): void {
    const type = declared?.type;
    if (type === undefined) this.#skipValue(cursor, depth, true, declared, path);
    else if (type.kind === "json" || type.kind === "string" || type.kind === "drop") this.pass(cursor, depth);
    else if (cursor.bytes[cursor.at] !== 0x6e || !passLiteral(cursor)) this.#declared.read(cursor, type, path);
  }

  /** Checks the grammar and the depth. */
  pass(cursor: Cursor, depth: number): void {
    this.#skipValue(cursor, depth, false, undefined, "");
  }

  /** Where in the object at the cursor, at any depth, members begin that a later one with the same key replaces. */
  findSuperseded(cursor: Cursor): ReadonlySet<number> {
    const found = new Set<number>();
    this.#found = found;
    try {
      this.pass(cursor, 0);
    } finally {
      this.#found = null;
    }
    return found;
  }

  #skipValue(cursor: Cursor, depth: number, strict: boolean, declared: DeclaredTree | undefined, path: string): void {
    const byte = cursor.bytes[cursor.at] ?? 0;
    if (byte === QUOTE) passText(cursor);
    else if (byte === OPEN_OBJECT) this.#skipObject(cursor, depth + 1, strict, declared, path);
    else if (byte === OPEN_LIST) this.#skipList(cursor, depth + 1, strict, declared, path);
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      if (strict) this.#numbers.read(cursor);
      else this.#numbers.pass(cursor);
    } else if (!passLiteral(cursor)) throw unexpected(cursor, "a value");
  }

  #skipList(cursor: Cursor, depth: number, strict: boolean, declared: DeclaredTree | undefined, path: string): void {
    this.#checkDepth(depth);
    cursor.at++;
    if (skipBlanks(cursor) === CLOSE_LIST) {
      cursor.at++;
      return;
    }
    const element = declared?.element;
    for (;;) {
      if (strict) this.skip(cursor, depth, element, element === undefined ? path : `${path}.[]`);
      else this.pass(cursor, depth);
      const byte = skipBlanks(cursor);
      if (byte !== COMMA && byte !== CLOSE_LIST) throw unexpected(cursor, '"," or "]"');
      cursor.at++;
      if (byte === CLOSE_LIST) return;
      skipBlanks(cursor);
    }
  }

  #skipObject(cursor: Cursor, depth: number, strict: boolean, declared: DeclaredTree | undefined, path: string): void {
    this.#checkDepth(depth);
    /** The members so far by folded key, with the place where each begins. */
    const members = strict || this.#found !== null ? new Map<string, number>() : undefined;
    cursor.at++;
    let byte = skipBlanks(cursor);
    if (byte === CLOSE_OBJECT) {
      cursor.at++;
      return;
    }
    for (;;) {
      if (byte !== QUOTE) throw unexpected(cursor, "a key");
      if (members === undefined || this.superseded?.has(cursor.at) === true) this.passMember(cursor, depth);
      else this.#skipMember(cursor, depth, strict, declared, path, members);
      byte = skipBlanks(cursor);
      if (byte !== COMMA && byte !== CLOSE_OBJECT) throw unexpected(cursor, '"," or "}"');
      cursor.at++;
      if (byte === CLOSE_OBJECT) return;
      byte = skipBlanks(cursor);
    }
  }

  /** Passes over the member of an object whose key stands at the cursor, checking its grammar only. */
  passMember(cursor: Cursor, depth: number): void {
    passText(cursor);
    passColon(cursor);
    this.pass(cursor, depth);
  }

  #skipMember(
    cursor: Cursor,
    depth: number,
    strict: boolean,
    declared: DeclaredTree | undefined,
    path: string,
    members: Map<string, number>,
  ): void {
    const place = cursor.at;
    readText(cursor, this.#text);
    const key = decodeText(this.#text).toLowerCase();
    passColon(cursor);
    const before = members.get(key);
    members.set(key, place);
    if (before !== undefined) {
      if (strict && this.#rules.duplicateKeys === "last") throw new RepeatedKey();
      if (strict) throw duplicateKey(key);
      this.#found?.add(before);
    }
    const inner = declared?.fields.get(key);
    if (strict) this.skip(cursor, depth, inner, inner === undefined ? path : joinPath(path, key));
    else this.pass(cursor, depth);
  }

  #checkDepth(depth: number): void {
    if (depth > this.#rules.depthMax) throw tooDeep(this.#rules.depthMax);
  }
}

/** Thrown at a key that was met before in the same object, where the last member is to be kept. */
export class RepeatedKey extends Error {
  override readonly name = "RepeatedKey";
}

function joinPath(path: string, key: string): string {
  return `${path}${path === "" ? "" : "."}${formatPath([encodeName(key)])}`;
}

/** Passes over the string at the cursor. */
function passText(cursor: Cursor): void {
  cursor.at++;
  findEnd(cursor);
  cursor.at++;
}

/** From behind a key to its value. */
function passColon(cursor: Cursor): void {
  if (skipBlanks(cursor) !== COLON) throw unexpected(cursor, '":"');
  cursor.at++;
  skipBlanks(cursor);
}

export function duplicateKey(path: string): BadLine {
  return new BadLine(`duplicate key ${JSON.stringify(path.slice(0, 200))}`);
}

export function tooDeep(depthMax: number): BadLine {
  return new BadLine(`nested more than ${depthMax} levels deep`);
}
