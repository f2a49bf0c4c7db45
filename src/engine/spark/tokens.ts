/** The text of a statement cut as Spark's lexer cuts it, as far as it takes to tell words from what is quoted. */

export interface Token {
  /** `name`: quoted by backticks or double quotes. `symbol`: one character that is none of the others. */
  readonly kind: "word" | "name" | "string" | "number" | "symbol";
  /** As written. */
  readonly text: string;
  /** Its first character and the one behind its last. */
  readonly start: number;
  readonly end: number;
}

const patterns: readonly (readonly [Token["kind"] | "space", RegExp])[] = [
  ["space", /\s+/y],
  // A backslash before the end of the line takes the next line into the comment.
  ["space", /--(?:\\\n|[^\r\n])*/y],
  // Raw strings have no escapes.
  ["string", /[rR](?:'[^']*'|"[^"]*")/y],
  ["string", /'(?:[^'\\]|\\[\s\S]|'')*'/y],
  ["name", /"(?:[^"\\]|\\[\s\S]|"")*"/y],
  ["name", /`(?:[^`]|``)*`/y],
  ["number", /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\w*/y],
  ["word", /[\p{L}_][\p{L}\p{N}_]*/uy],
];

export function tokensOf(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length; ) {
    const comment = sql.startsWith("/*", at) ? endOfComment(sql, at) : undefined;
    const [kind, end] = comment === undefined ? matchAt(sql, at) : (["space", comment] as const);
    if (kind !== "space") tokens.push({ kind, text: sql.slice(at, end), start: at, end });
    at = end;
  }
  return tokens;
}

function matchAt(sql: string, at: number): readonly [Token["kind"] | "space", number] {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(sql)?.[0];
    if (found !== undefined) return [kind, at + found.length];
  }
  return ["symbol", at + String.fromCodePoint(sql.codePointAt(at) ?? 0).length];
}

/** Bracketed comments nest. One that is never closed reaches to the end. */
function endOfComment(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; ) {
    const two = sql.slice(at, at + 2);
    if (two === "/*") depth += 1;
    if (two === "*/") depth -= 1;
    at += two === "/*" || two === "*/" ? 2 : 1;
    if (depth === 0) return at;
  }
  return sql.length;
}

/** The name that a word or a quoted name stands for. */
export function nameOf(token: Token): string {
  if (token.kind !== "name") return token.text;
  const quote = token.text.charAt(0);
  return token.text.slice(1, -1).replaceAll(quote + quote, quote);
}
