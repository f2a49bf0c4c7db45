/** Expressions, by the precedence that both engines give their operators. */
import { type Cursor, demand, list, next, peek, sees, stop, takes, unexpected } from "./portable-sql-cursor.ts";
import { readPrimary, readType } from "./portable-sql-operands.ts";
import type { Expression } from "./portable-sql-tree.ts";

export function readExpression(cursor: Cursor): Expression {
  if (peek(cursor).kind === "word" && sees(cursor, "lambda")) throw stop(peek(cursor).at, "lambda-python");
  return readOr(cursor);
}

function readOr(cursor: Cursor): Expression {
  return chain(cursor, ["or"], readAnd);
}

function readAnd(cursor: Cursor): Expression {
  return chain(cursor, ["and"], readNot);
}

/** Operators of one rank, from left to right. */
function chain(
  cursor: Cursor,
  operators: readonly string[],
  operand: (cursor: Cursor) => Expression,
  first?: Expression,
): Expression {
  let left = first ?? operand(cursor);
  for (;;) {
    const operator = operators.find((key) => sees(cursor, key));
    if (operator === undefined) return left;
    const { at } = next(cursor);
    left = { kind: "binary", at, operator, left, right: operand(cursor) };
  }
}

function readNot(cursor: Cursor): Expression {
  const { at } = peek(cursor);
  return takes(cursor, "not") ? { kind: "unary", at, operator: "not", value: readNot(cursor) } : readComparison(cursor);
}

const comparisons = ["=", "==", "<>", "!=", "<", "<=", ">", ">=", "<=>"];

function readComparison(cursor: Cursor): Expression {
  let left = readConcat(cursor);
  for (;;) {
    const { at, key } = peek(cursor);
    const isNegated = sees(cursor, "not") && ["in", "like", "ilike", "between", "rlike"].includes(peek(cursor, 1).key);
    if (isNegated) next(cursor);
    const condition = readCondition(cursor, left, isNegated ? peek(cursor).at : at);
    if (condition !== undefined)
      left = isNegated ? { kind: "unary", at, operator: "not", value: condition } : condition;
    else if (comparisons.includes(key) && peek(cursor).kind === "operator") {
      next(cursor);
      left = { kind: "binary", at, operator: key === "==" ? "=" : key, left, right: readComparand(cursor) };
    } else return left;
  }
}

function readComparand(cursor: Cursor): Expression {
  const { key, at } = peek(cursor);
  if (["any", "all", "some"].includes(key) && peek(cursor, 1).key === "(") throw stop(at, "any-all", key);
  return readConcat(cursor);
}

/** What follows a value in words: IS, BETWEEN, IN, LIKE. */
function readCondition(cursor: Cursor, value: Expression, at: number): Expression | undefined {
  if (takes(cursor, "is")) return readIs(cursor, value, at);
  if (takes(cursor, "between")) {
    const low = readConcat(cursor);
    demand(cursor, "and");
    return { kind: "between", at, value, low, high: readConcat(cursor) };
  }
  if (takes(cursor, "in")) return readIn(cursor, value, at);
  const operator = ["like", "ilike", "rlike", "glob", "similar"].find((word) => takes(cursor, word));
  if (operator === undefined) return undefined;
  if (operator !== "like" && operator !== "ilike") throw stop(at, "pattern-operator", operator);
  const pattern = readConcat(cursor);
  const escaping = takes(cursor, "escape") ? readConcat(cursor) : undefined;
  return { kind: "like", at, operator, value, pattern, escape: escaping };
}

function readIs(cursor: Cursor, value: Expression, at: number): Expression {
  const not = takes(cursor, "not") ? "not " : "";
  if (takes(cursor, "distinct", "from")) {
    return { kind: "binary", at, operator: `is ${not}distinct from`, left: value, right: readConcat(cursor) };
  }
  const what = ["null", "true", "false", "unknown"].find((word) => takes(cursor, word));
  if (what === undefined) throw unexpected(cursor);
  return { kind: "is", at, value, what: `${not}${what}` };
}

function readIn(cursor: Cursor, value: Expression, at: number): Expression {
  demand(cursor, "(");
  if (sees(cursor, "select") || sees(cursor, "with") || sees(cursor, "values")) {
    const query = cursor.query(cursor);
    demand(cursor, ")");
    return { kind: "in-query", at, value, query };
  }
  const values = list(
    cursor,
    () => readExpression(cursor),
    (end) => sees(end, ")"),
  );
  demand(cursor, ")");
  return { kind: "in", at, value, list: values };
}

/** `||`, `&` and `|` have other ranks in the two engines, so that different ones may not stand beside each other. */
export function readConcat(cursor: Cursor): Expression {
  const value = readSum(cursor);
  const { key, at, kind } = peek(cursor);
  if (kind !== "operator") return value;
  const construct = foreignOperators[key];
  if (construct !== undefined) throw stop(at, construct, key);
  if (!["||", "&", "|"].includes(key)) return value;
  const whole = chain(cursor, [key], readSum, value);
  if (["||", "&", "|", "<<", ">>"].includes(peek(cursor).key))
    throw stop(peek(cursor).at, "operators-mixed", peek(cursor).key);
  return whole;
}

const foreignOperators: Readonly<Record<string, string>> = {
  "->": "json-arrow",
  "->>": "json-arrow",
  "^": "caret",
  "<<": "shift",
  ">>": "shift",
  "~": "regex-operator",
  "!~": "regex-operator",
  "~~": "regex-operator",
};

function readSum(cursor: Cursor): Expression {
  return chain(cursor, ["+", "-"], readProduct);
}

function readProduct(cursor: Cursor): Expression {
  const value = chain(cursor, ["*", "/", "%"], readUnary);
  const { key, at, kind } = peek(cursor);
  if (kind === "operator" && (key === "//" || key === "**"))
    throw stop(at, key === "//" ? "integer-division" : "power");
  if (kind === "word" && key === "div") throw stop(at, "integer-division");
  return value;
}

function readUnary(cursor: Cursor): Expression {
  const { at, key, kind } = peek(cursor);
  if (kind === "operator" && ["-", "+", "~"].includes(key)) {
    next(cursor);
    return { kind: "unary", at, operator: key, value: readUnary(cursor) };
  }
  return readPostfix(cursor);
}

function readPostfix(cursor: Cursor): Expression {
  let value = readPrimary(cursor);
  for (;;) {
    const { at } = peek(cursor);
    if (takes(cursor, "::")) {
      value = { kind: "cast", at, value, type: readType(cursor), isTry: false };
    } else if (takes(cursor, "[")) value = readIndex(cursor, value, at);
    else if (takes(cursor, ".")) {
      const { text } = next(cursor);
      value = { kind: "field", at, value, name: text };
    } else if (takes(cursor, "collate")) throw stop(at, "collate");
    else if (takes(cursor, "at", "time", "zone")) throw stop(at, "at-time-zone");
    else return value;
  }
}

function readIndex(cursor: Cursor, value: Expression, at: number): Expression {
  if (sees(cursor, ":")) throw stop(at, "slice");
  const key = readExpression(cursor);
  if (sees(cursor, ":")) throw stop(at, "slice");
  demand(cursor, "]");
  return { kind: "index", at, value, key };
}
