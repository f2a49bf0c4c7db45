/**
 * Whether a statement is nothing but a query. Queries are executed at once; everything else goes through a command, whose
 * answer says what to execute for its rows, which takes one request more but is carried out exactly once whatever it is.
 */

/** Of these, none can be a query's first word; a query after `WITH` or `FROM` that has one may be a command. */
const writing = /\b(?:insert|update|delete|merge|overwrite)\b/i;

/** `false` when in doubt. */
export function isPlainQuery(text: string): boolean {
  const first = firstWord(text);
  if (first === "select" || first === "values" || first === "table") return true;
  // `WITH … INSERT` and `FROM … INSERT` write.
  return (first === "with" || first === "from") && !writing.test(text);
}

const leading = /(?:[\s(]+|--(?:\\\r?\n|[^\r\n])*|\/\*)/y;

/** In lower case, after white space, comments and opening brackets. */
function firstWord(text: string): string | undefined {
  let at = 0;
  for (;;) {
    leading.lastIndex = at;
    const skipped = leading.exec(text)?.[0];
    if (skipped === undefined) break;
    const next = skipped === "/*" ? endOfComment(text, at) : at + skipped.length;
    if (next === undefined) return undefined;
    at = next;
  }
  return /[A-Za-z]+(?![A-Za-z0-9_])/y.exec(text.slice(at, at + 32))?.[0].toLowerCase();
}

/** Bracketed comments nest. */
function endOfComment(text: string, start: number): number | undefined {
  const edges = /\/\*|\*\//g;
  edges.lastIndex = start;
  let depth = 0;
  for (let match = edges.exec(text); match !== null; match = edges.exec(text)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return edges.lastIndex;
  }
  return undefined;
}
