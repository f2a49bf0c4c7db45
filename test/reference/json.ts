/**
 * A plain recursive-descent parser for one JSON text (RFC 8259, strictly) that keeps every value's source text. It is
 * written to be read and believed, not to be fast.
 */

/** `raw` is the value's text exactly as in the source. */
export type JsonValue =
  | { readonly kind: "null"; readonly raw: string }
  | { readonly kind: "bool"; readonly raw: string; readonly value: boolean }
  | { readonly kind: "number"; readonly raw: string }
  | { readonly kind: "string"; readonly raw: string; readonly text: string }
  | { readonly kind: "array"; readonly raw: string; readonly items: readonly JsonValue[] }
  | JsonObject;

export interface JsonObject {
  readonly kind: "object";
  readonly raw: string;
  readonly members: readonly JsonMember[];
}

/** A key with its escapes decoded and lone surrogates replaced. */
export interface JsonMember {
  readonly key: string;
  readonly value: JsonValue;
}

/** Why a line is rejected. */
export class Reject extends Error {
  override readonly name = "Reject";
}

/** Parses a line that must hold exactly one object. The object itself is depth 1. Throws `Reject`. */
export function parseObject(text: string, depthMax: number): JsonObject {
  const parser = new Parser(text, depthMax);
  const value = parser.value(1);
  if (value.kind !== "object") throw new Reject("not an object");
  parser.end();
  return value;
}

class Parser {
  readonly #text: string;
  readonly #depthMax: number;
  #at = 0;

  constructor(text: string, depthMax: number) {
    this.#text = text;
    this.#depthMax = depthMax;
    this.#skipSpace();
  }

  value(depth: number): JsonValue {
    const start = this.#at;
    const raw = (): string => this.#text.slice(start, this.#at);
    switch (this.#peek()) {
      case "{": {
        const members = this.#object(depth);
        return { kind: "object", raw: raw(), members };
      }
      case "[": {
        const items = this.#array(depth);
        return { kind: "array", raw: raw(), items };
      }
      case '"': {
        const text = this.#string();
        return { kind: "string", raw: raw(), text };
      }
      case "t":
        this.#word("true");
        return { kind: "bool", raw: "true", value: true };
      case "f":
        this.#word("false");
        return { kind: "bool", raw: "false", value: false };
      case "n":
        this.#word("null");
        return { kind: "null", raw: "null" };
      default:
        this.#number();
        return { kind: "number", raw: raw() };
    }
  }

  /** Nothing but white space may follow. */
  end(): void {
    this.#skipSpace();
    if (this.#at === this.#text.length) return;
    throw new Reject('{["tfn-0123456789'.includes(this.#peek()) ? "second value on the line" : "unexpected character");
  }

  #object(depth: number): JsonMember[] {
    this.#enter(depth, "{");
    const members: JsonMember[] = [];
    if (this.#accept("}")) return members;
    do {
      this.#skipSpace();
      const key = this.#string();
      this.#skipSpace();
      this.#expect(":");
      this.#skipSpace();
      members.push({ key, value: this.value(depth + 1) });
      this.#skipSpace();
    } while (this.#accept(","));
    this.#expect("}");
    return members;
  }

  #array(depth: number): JsonValue[] {
    this.#enter(depth, "[");
    const items: JsonValue[] = [];
    if (this.#accept("]")) return items;
    do {
      this.#skipSpace();
      items.push(this.value(depth + 1));
      this.#skipSpace();
    } while (this.#accept(","));
    this.#expect("]");
    return items;
  }

  #enter(depth: number, bracket: string): void {
    if (depth > this.#depthMax) throw new Reject(`nested deeper than ${this.#depthMax}`);
    this.#expect(bracket);
    this.#skipSpace();
  }

  #string(): string {
    this.#expect('"');
    let text = "";
    for (;;) {
      const character = this.#take();
      if (character === '"') return replaceLoneSurrogates(text);
      if (character < " ") throw new Reject("control character in a string");
      text += character === "\\" ? this.#escape() : character;
    }
  }

  #escape(): string {
    const character = this.#take();
    if (character === "u") {
      const hex = this.#text.slice(this.#at, this.#at + 4);
      if (!/^[0-9a-fA-F]{4}$/.test(hex))
        throw new Reject(this.#at + 4 > this.#text.length ? "unexpected end" : "wrong escape");
      this.#at += 4;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const plain = simpleEscapes.get(character);
    if (plain === undefined) throw new Reject("wrong escape");
    return plain;
  }

  #number(): void {
    const match = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/.exec(this.#text.slice(this.#at));
    if (match === null) throw this.#unexpected();
    this.#at += match[0].length;
  }

  #word(word: string): void {
    for (const letter of word) this.#expect(letter);
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && " \t\r\n".includes(this.#peek())) this.#at++;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #take(): string {
    if (this.#at === this.#text.length) throw new Reject("unexpected end");
    return this.#text.charAt(this.#at++);
  }

  #accept(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#accept(character)) throw this.#unexpected();
  }

  #unexpected(): Reject {
    return new Reject(this.#at === this.#text.length ? "unexpected end" : "unexpected character");
  }
}

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/** Half of a surrogate pair stands for no character and cannot be written as UTF-8 (rule V4). */
function replaceLoneSurrogates(text: string): string {
  return text.toWellFormed();
}
