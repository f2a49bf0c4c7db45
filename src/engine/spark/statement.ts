/**
 * What is refused of a statement by its text alone: more than one, anything but a query, and functions that reach beyond the
 * tables offered. Analysing a command would carry it out, so nothing else may come near the server.
 */
import { Failure } from "../../errors.ts";
import { foldName } from "../../model/column-path.ts";
import { placeOfOffset, STATEMENT } from "../place.ts";
import { nameOf, type Token, tokensOf } from "./tokens.ts";

export interface Statement {
  /** Without what follows its last token. */
  readonly sql: string;
  /** Folded words and quoted names: every table that it reads is among them. */
  readonly names: ReadonlySet<string>;
  /** No text or name in it could be taken for a line of a plan. */
  readonly isPlain: boolean;
  /** No text in it could be taken for a part of a filter, as a plan prints it. */
  readonly hasPlainTexts: boolean;
}

const queryWords = new Set(["select", "with", "values", "from", "table"]);

const commandWords = new Set(
  (
    "add alter analyze attach begin cache call clear comment commit copy create declare delete detach drop execute export " +
    "import insert install kill list load lock merge msck optimize pragma refresh repair reset restore revoke grant " +
    "rollback set start truncate uncache undrop unlock update use vacuum map reduce"
  ).split(" "),
);

const lookingWords = new Set(["desc", "describe", "explain", "show", "summarize"]);

/** `reflect` and its kind call any Java method on the server; `identifier` makes names out of texts. */
const foreignFunctions = new Set(["reflect", "try_reflect", "java_method", "identifier"]);

export function readStatement(sql: string): Statement {
  const tokens = tokensOf(sql);
  const end = tokens.findIndex((token) => token.text === ";");
  const own = end < 0 ? tokens : tokens.slice(0, end);
  const [first] = own;
  const last = own.at(-1);
  if (first === undefined || last === undefined) {
    throw new Failure("usage", `${STATEMENT}: no statement`, { remedy: "write one SELECT" });
  }
  refuseOthers(end < 0 ? [] : tokens.slice(end));
  refuseCommand(sql, own);
  refuseFunctions(sql, own);
  const quoted = own.filter((token) => token.kind === "string" || token.kind === "name");
  return {
    sql: sql.slice(0, last.end),
    names: new Set(
      own.filter(({ kind }) => kind === "word" || kind === "name").map((token) => foldName(nameOf(token))),
    ),
    isPlain: quoted.every(({ text }) => !/[\r\n]|\\[nrux0-9]/.test(text)),
    hasPlainTexts: quoted.every(({ kind, text }) => kind === "name" || /^'[\w.:%/+-]*'$/.test(text)),
  };
}

function refuseOthers(rest: readonly Token[]): void {
  const others = rest.filter((token, index) => token.text !== ";" && rest[index - 1]?.text === ";").length;
  if (others > 0) throw new Failure("usage", `${STATEMENT}: expected one SELECT, got ${others + 1} statements`);
}

function refuseCommand(sql: string, tokens: readonly Token[]): void {
  const first = tokens.find((token) => token.text !== "(");
  const word = first?.kind === "word" ? first.text.toLowerCase() : "";
  if (first === undefined || queryWords.has(word)) return;
  const place = placeOfOffset(sql, first.start);
  if (lookingWords.has(word)) {
    throw new Failure("usage", `${STATEMENT}: DESCRIBE, SHOW and SUMMARIZE are not available here`, {
      place,
      remedy: "`millrace schema TABLE` shows a table's columns",
    });
  }
  if (commandWords.has(word)) {
    throw new Failure("usage", `${STATEMENT}: expected one SELECT statement`, {
      place,
      remedy: "a statement reads the project's tables and marts and changes nothing",
    });
  }
  throw new Failure("usage", `${STATEMENT}: syntax error at or near "${first.text}"`, {
    place,
    remedy: "write one SELECT: it begins with SELECT, WITH, FROM, VALUES or TABLE",
  });
}

function refuseFunctions(sql: string, tokens: readonly Token[]): void {
  for (const [index, token] of tokens.entries()) {
    const name = token.kind === "word" || token.kind === "name" ? nameOf(token).toLowerCase() : "";
    if (!foreignFunctions.has(name) || tokens[index + 1]?.text !== "(") continue;
    throw new Failure(
      "usage",
      `${STATEMENT}: ${name}() is not available: a statement reads the project's tables and marts only`,
      { place: placeOfOffset(sql, token.start) },
    );
  }
}
