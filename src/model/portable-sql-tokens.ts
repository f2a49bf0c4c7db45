/**
 * SQL text as tokens, as far as DuckDB and Spark agree on where a token ends. Where they do not (a backslash in a string,
 * back quotes, a number with a suffix), the token is made as DuckDB would and carries what is wrong with it.
 */

export type TokenKind = "word" | "number" | "string" | "quoted" | "operator" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** As written; of a string its value, of a quoted name the name. */
  readonly text: string;
  /** Of a word in small letters; otherwise the text. */
  readonly key: string;
  /** Offset of its first character. */
  readonly at: number;
  /** A construct (`portable-sql-constructs.ts`) that the token is by itself. */
  readonly construct?: string;
}

export interface Place {
  /** Both count from 1, columns in characters of UTF-16. */
  readonly line: number;
  readonly column: number;
}

export function placeOf(sql: string, at: number): Place {
  const before = sql.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const word = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const number = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const space = /\s+/y;
const lineComment = /--[^\n]*/y;
/** The longest first. */
const operators = [
  "<=>",
  "->>",
  "::",
  "<>",
  "!=",
  "<=",
  ">=",
  "==",
  "||",
  "->",
  "=>",
  ":=",
  "//",
  "**",
  "<<",
  ">>",
  "!~",
  "~~",
];

export function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const blank = match(space, sql, at) ?? match(lineComment, sql, at);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const [token, end] = sql.startsWith("/*", at) ? blockComment(sql, at) : tokenAt(sql, at);
    if (token !== undefined) tokens.push(token);
    at = end;
  }
  tokens.push({ kind: "end", text: "", key: "", at: sql.length });
  return tokens;
}

function match(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}

/** Comments may hold comments. Only one that is not closed, or that reads as a hint, is worth a token. */
function blockComment(sql: string, at: number): readonly [Token | undefined, number] {
  const end = commentEnd(sql, at);
  const text = sql.slice(at, end);
  const construct = end === undefined ? "comment-open" : text.startsWith("/*+") ? "hint" : undefined;
  const token = construct === undefined ? undefined : { kind: "operator" as const, text, key: text, at, construct };
  return [token, at + text.length];
}

const commentMark = /\/\*|\*\//gu;

function commentEnd(sql: string, at: number): number | undefined {
  let depth = 0;
  for (const mark of sql.slice(at).matchAll(commentMark)) {
    depth += mark[0] === "/*" ? 1 : -1;
    if (depth === 0) return at + mark.index + 2;
  }
  return undefined;
}

function tokenAt(sql: string, at: number): readonly [Token, number] {
  const first = sql[at] ?? "";
  if (first === "'") return quotedAt(sql, at, "string");
  if (first === '"') return quotedAt(sql, at, "name");
  if (first === "`") return quotedAt(sql, at, "back-quotes");
  const name = match(word, sql, at);
  if (name !== undefined) return wordAt(sql, at, name);
  const digits = match(number, sql, at);
  if (digits !== undefined) return numberAt(sql, at, digits);
  const operator = operators.find((text) => sql.startsWith(text, at)) ?? String.fromCodePoint(sql.codePointAt(at) ?? 0);
  return [{ kind: "operator", text: operator, key: operator, at }, at + operator.length];
}

function quotedAt(sql: string, at: number, sort: "string" | "name" | "back-quotes"): readonly [Token, number] {
  const quote = sql[at] ?? "";
  let end = at + 1;
  while (end < sql.length && (sql[end] !== quote || sql[end + 1] === quote)) end += sql[end] === quote ? 2 : 1;
  const text = sql.slice(at + 1, end).replaceAll(quote + quote, quote);
  const construct = end >= sql.length ? "quote-open" : sort === "back-quotes" ? sort : hasBackslash(sort, text);
  const kind: TokenKind = sort === "string" ? "string" : "quoted";
  return [{ kind, text, key: text, at, ...(construct === undefined ? {} : { construct }) }, end + 1];
}

function hasBackslash(sort: string, text: string): string | undefined {
  return sort === "string" && text.includes("\\") ? "backslash" : undefined;
}

/** A word directly before a quote is a prefix of the string: `e'…'`, `r'…'`, `x'…'`. */
function wordAt(sql: string, at: number, name: string): readonly [Token, number] {
  const end = at + name.length;
  const key = name.toLowerCase();
  const isPrefix = sql[end] === "'" && /^(?:e|r|x|b|u|n)$/u.test(key);
  return [{ kind: "word", text: name, key, at, ...(isPrefix ? { construct: "string-prefix" } : {}) }, end];
}

function numberAt(sql: string, at: number, digits: string): readonly [Token, number] {
  const isLarge = /^\d+$/u.test(digits) && BigInt(digits) >= 1n << 63n;
  const suffix = match(/[\p{L}\p{N}_.]+/uy, sql, at + digits.length) ?? "";
  const text = digits + suffix;
  const construct = suffix === "" && !isLarge ? {} : { construct: "number-form" };
  return [{ kind: "number", text, key: text, at, ...construct }, at + text.length];
}
