/** What operators stand between: literals, names, CASE, casts, calls. */

import { readCall } from "./portable-sql-call-syntax.ts";
import { type Cursor, demand, list, next, peek, sees, stop, takes, unexpected } from "./portable-sql-cursor.ts";
import type { Expression, LiteralType, TypeName } from "./portable-sql-tree.ts";

export function readPrimary(cursor: Cursor): Expression {
  const token = peek(cursor);
  const { at, key, text } = token;
  switch (token.kind) {
    case "number":
      next(cursor);
      return { kind: "literal", at, type: numberType(text), text };
    case "string":
      next(cursor);
      return { kind: "literal", at, type: "string", text };
    case "quoted":
      return readNames(cursor);
    case "operator":
      return readSymbol(cursor);
    case "word":
      return readWord(cursor, key, at);
    default:
      throw unexpected(cursor);
  }
}

function numberType(text: string): LiteralType {
  if (/[eE]/u.test(text)) return "double";
  if (text.includes(".")) return "decimal";
  const value = BigInt(/^\d+$/u.test(text) ? text : 0);
  return value < 1n << 31n ? "int32" : value < 1n << 63n ? "int64" : "decimal";
}

function readSymbol(cursor: Cursor): Expression {
  const { at } = peek(cursor);
  if (takes(cursor, "*")) return { kind: "star", at, table: undefined };
  if (takes(cursor, "(")) {
    if (sees(cursor, "select") || sees(cursor, "with") || sees(cursor, "values")) {
      const query = cursor.query(cursor);
      demand(cursor, ")");
      return { kind: "subquery", at, query };
    }
    const values = list(
      cursor,
      () => cursor.expression(cursor),
      (end) => sees(end, ")"),
    );
    demand(cursor, ")");
    const [only, ...more] = values;
    if (takes(cursor, "->")) return lambda(cursor, at, { kind: "tuple", at, values });
    return only !== undefined && more.length === 0 ? only : { kind: "tuple", at, values };
  }
  if (sees(cursor, "[")) throw stop(at, "list-literal");
  if (sees(cursor, "{")) throw stop(at, "struct-literal");
  if (sees(cursor, "?") || sees(cursor, "$") || sees(cursor, ":")) throw stop(at, "parameter");
  throw unexpected(cursor);
}

function lambda(cursor: Cursor, at: number, head: Expression): Expression {
  const names = head.kind === "tuple" ? head.values : [head];
  const parameters = names.flatMap((name) => (name.kind === "column" && name.names.length === 1 ? name.names : []));
  if (parameters.length !== names.length || parameters.length === 0) throw unexpected(cursor);
  return { kind: "lambda", at, parameters, body: cursor.expression(cursor) };
}

function readWord(cursor: Cursor, key: string, at: number): Expression {
  if (sees(cursor, "case")) return readCase(cursor);
  if (key === "true" || key === "false" || key === "null") {
    next(cursor);
    return { kind: "literal", at, type: key === "null" ? "null" : "bool", text: key };
  }
  if ((key === "cast" || key === "try_cast") && peek(cursor, 1).key === "(") return readCast(cursor);
  if (key === "exists" && peek(cursor, 1).key === "(" && ["select", "with"].includes(peek(cursor, 2).key)) {
    cursor.index += 2;
    const query = cursor.query(cursor);
    demand(cursor, ")");
    return { kind: "exists", at, query };
  }
  if (key === "interval" && peek(cursor, 1).kind !== "operator") return readInterval(cursor);
  if (peek(cursor, 1).kind === "string" && !reserved.has(key)) return readTypedLiteral(cursor);
  if (peek(cursor, 1).key === "(" && peek(cursor, 1).kind === "operator") return readCall(cursor);
  if (reserved.has(key)) throw unexpected(cursor);
  const column = readNames(cursor);
  return takes(cursor, "->") ? lambda(cursor, at, column) : column;
}

/** Words that name no column in DuckDB unless they stand in quotes or behind a dot (measured), and two of Spark. */
const reserved = new Set(
  (
    "all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast check collate " +
    "column constraint create cross default deferrable desc describe distinct do else end except fetch for foreign from full " +
    "glob group having ilike in initially inner intersect into is isnull join lambda lateral leading left like limit minus " +
    "natural not notnull null offset on only or order outer overlaps pivot pivot_longer pivot_wider placing positional primary " +
    "qualify references returning right select semi show similar some summarize symmetric table tablesample then to trailing " +
    "union unique unpivot using variadic when where window with"
  ).split(" "),
);

export function isReserved(key: string): boolean {
  return reserved.has(key);
}

function readNames(cursor: Cursor): Expression {
  const { at, text } = next(cursor);
  const names = [text];
  while (sees(cursor, ".")) {
    next(cursor);
    if (takes(cursor, "*")) return { kind: "star", at, table: names.join(".") };
    const part = next(cursor);
    if (part.kind !== "word" && part.kind !== "quoted") throw stop(part.at, "syntax", part.text);
    // `name.function(…)`: DuckDB calls the function with the name as its first argument.
    if (sees(cursor, "(")) throw stop(part.at, "dot-call", part.text);
    names.push(part.text);
  }
  return { kind: "column", at, names };
}

function readTypedLiteral(cursor: Cursor): Expression {
  const { at, key, text } = next(cursor);
  const value = next(cursor).text;
  if (key === "date" || key === "timestamp") return { kind: "literal", at, type: key, text: value };
  throw stop(at, "typed-literal", text);
}

function readInterval(cursor: Cursor): Expression {
  const { at } = next(cursor);
  const { text, kind } = next(cursor);
  const isUnit = peek(cursor).kind === "word" && intervalUnits.has(peek(cursor).key);
  if (kind === "number" && !isUnit) throw stop(at, "interval-literal");
  return { kind: "literal", at, type: "interval", text: isUnit ? `${text} ${next(cursor).key}` : text };
}

const intervalUnits = new Set(
  ["year", "month", "week", "day", "hour", "minute", "second"].flatMap((unit) => [unit, `${unit}s`]),
);

function readCase(cursor: Cursor): Expression {
  const { at } = next(cursor);
  const operand = sees(cursor, "when") ? undefined : cursor.expression(cursor);
  const branches: { when: Expression; value: Expression }[] = [];
  while (takes(cursor, "when")) {
    const when = cursor.expression(cursor);
    demand(cursor, "then");
    branches.push({ when, value: cursor.expression(cursor) });
  }
  if (branches.length === 0) throw unexpected(cursor);
  const otherwise = takes(cursor, "else") ? cursor.expression(cursor) : undefined;
  demand(cursor, "end");
  return { kind: "case", at, operand, branches, otherwise };
}

function readCast(cursor: Cursor): Expression {
  const { at, key } = next(cursor);
  demand(cursor, "(");
  const value = cursor.expression(cursor);
  demand(cursor, "as");
  const type = readType(cursor);
  demand(cursor, ")");
  return { kind: "cast", at, value, type, isTry: key === "try_cast" };
}

export function readType(cursor: Cursor): TypeName {
  const { at, key, kind } = next(cursor);
  if (kind !== "word") throw stop(at, "syntax", key);
  const words = [key];
  const parameters: number[] = [];
  if (key === "double" && takes(cursor, "precision")) words.push("precision");
  if (takes(cursor, "(")) {
    parameters.push(
      ...list(
        cursor,
        () => Number(next(cursor).text),
        (end) => sees(end, ")"),
      ),
    );
    demand(cursor, ")");
  }
  for (const zone of ["with", "without"]) if (takes(cursor, zone, "time", "zone")) words.push(`${zone} time zone`);
  if (sees(cursor, "[") || sees(cursor, "<")) throw stop(at, "nested-type", key);
  return { at, name: words.join(" "), parameters };
}
