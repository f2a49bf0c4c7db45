/** A position in a list of tokens, and the findings made on the way. */
import type { Token } from "./portable-sql-tokens.ts";
import type { Expression, Name, Query } from "./portable-sql-tree.ts";

/** A construct of `portable-sql-constructs.ts` at a place, with the words that make its message concrete. */
export interface Refusal {
  readonly at: number;
  readonly construct: string;
  readonly word?: string;
}

/** What cannot be read any further. What was found before stands. */
export class SyntaxStop extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.construct);
    this.refusal = refusal;
  }
}

/** What contains itself: queries hold expressions, which hold queries. */
export interface Grammar {
  query(cursor: Cursor): Query;
  expression(cursor: Cursor): Expression;
  /** An expression without conditions: what may stand before IN or AND. */
  operand(cursor: Cursor): Expression;
}

export interface Cursor extends Grammar {
  readonly tokens: readonly Token[];
  index: number;
  readonly refusals: Refusal[];
}

export function cursorOver(tokens: readonly Token[], grammar: Grammar): Cursor {
  const refusals = tokens.flatMap(({ at, construct, text }) =>
    construct === undefined ? [] : [{ at, construct, word: text }],
  );
  return {
    tokens: tokens.filter(({ construct }) => construct?.startsWith("comment") !== true && construct !== "hint"),
    index: 0,
    refusals,
    ...grammar,
  };
}

export function peek(cursor: Cursor, ahead = 0): Token {
  const last = cursor.tokens.length - 1;
  const token = cursor.tokens[Math.min(cursor.index + ahead, last)];
  return token ?? { kind: "end", text: "", key: "", at: 0 };
}

export function next(cursor: Cursor): Token {
  const token = peek(cursor);
  cursor.index += 1;
  return token;
}

/** Whether these words or operators come next. */
export function sees(cursor: Cursor, ...keys: readonly string[]): boolean {
  return keys.every((key, ahead) => isKey(peek(cursor, ahead), key));
}

function isKey(token: Token, key: string): boolean {
  return (token.kind === "word" || token.kind === "operator") && token.key === key;
}

/** Steps over these words or operators if they come next. */
export function takes(cursor: Cursor, ...keys: readonly string[]): boolean {
  if (!sees(cursor, ...keys)) return false;
  cursor.index += keys.length;
  return true;
}

export function demand(cursor: Cursor, ...keys: readonly string[]): void {
  for (const key of keys) if (!takes(cursor, key)) throw unexpected(cursor);
}

export function refuse(cursor: Cursor, at: number, construct: string, word?: string): void {
  cursor.refusals.push({ at, construct, ...(word === undefined ? {} : { word }) });
}

export function stop(at: number, construct: string, word?: string): SyntaxStop {
  return new SyntaxStop({ at, construct, ...(word === undefined ? {} : { word }) });
}

export function unexpected(cursor: Cursor): SyntaxStop {
  const token = peek(cursor);
  return stop(token.at, token.kind === "end" ? "end" : "syntax", token.text);
}

export function nameHere(cursor: Cursor): Name {
  const token = peek(cursor);
  if (token.kind !== "word" && token.kind !== "quoted") throw unexpected(cursor);
  cursor.index += 1;
  return { text: token.text, at: token.at };
}

/** One or more, with commas between. A comma after the last one is refused. */
export function list<T>(cursor: Cursor, one: () => T, ends: (cursor: Cursor) => boolean): T[] {
  const found = [one()];
  while (sees(cursor, ",")) {
    const { at } = next(cursor);
    if (ends(cursor)) {
      refuse(cursor, at, "trailing-comma");
      break;
    }
    found.push(one());
  }
  return found;
}
