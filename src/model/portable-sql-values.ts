/** Expressions: each part is checked, and what is known of its value is handed up. */
import { checkCall } from "./portable-sql-calls.ts";
import { checkCast } from "./portable-sql-casts.ts";
import { portableWords } from "./portable-sql-functions.ts";
import { checkBinary, checkComparison, checkLiteral } from "./portable-sql-operators.ts";
import { type Check, fieldOf, resolve, type Scope } from "./portable-sql-scope.ts";
import type { Call, Case, Expression, OrderItem, Window } from "./portable-sql-tree.ts";
import { isInteger, isNested, isNumber, isOpen, UNKNOWN, united, type Value } from "./portable-sql-types.ts";

const BOOL: Value = { kind: "bool" };

export function checkValue(check: Check, node: Expression, scope: Scope): Value {
  switch (node.kind) {
    case "literal":
      return checkLiteral(check, node);
    case "column":
      return checkColumn(check, node, scope);
    case "call":
      return checkWholeCall(check, node, scope);
    case "cast":
      return checkCast(check, node, checkValue(check, node.value, scope));
    case "unary":
      return checkUnary(check, node, scope);
    case "binary":
      return checkBinary(check, node, checkValue(check, node.left, scope), checkValue(check, node.right, scope));
    case "case":
      return checkCase(check, node, scope);
    case "field":
      return fieldOf(checkValue(check, node.value, scope), node.name);
    case "index":
      return checkIndex(check, node, scope);
    case "subquery":
      return check.query(node.query, scope)?.[0]?.value ?? UNKNOWN;
    case "tuple":
      for (const value of node.values) checkValue(check, value, scope);
      return UNKNOWN;
    case "lambda":
      check.refuse(node.at, "json-arrow", "->");
      return UNKNOWN;
    case "star":
      return UNKNOWN;
    default:
      checkCondition(check, node, scope);
      return BOOL;
  }
}

function checkColumn(check: Check, { names, at }: Extract<Expression, { kind: "column" }>, scope: Scope): Value {
  const [first = ""] = names;
  const found = resolve(names, scope);
  const word = portableWords[first.toLowerCase()];
  if (found === undefined && names.length === 1 && word !== undefined)
    return { kind: word === "date" ? "date" : "timestamp" };
  if (found?.isFieldOfList === true) check.refuse(at, "field-of-list");
  if (
    found === undefined &&
    names.length === 1 &&
    scope.sources.some(({ name }) => name?.toLowerCase() === first.toLowerCase())
  ) {
    check.refuse(at, "table-as-value", first);
  }
  if (
    found === undefined &&
    ["current_user", "current_time", "user"].includes(first.toLowerCase()) &&
    names.length === 1
  ) {
    check.refuse(at, "function-unknown", first);
  }
  return found?.value ?? UNKNOWN;
}

function checkUnary(check: Check, node: Extract<Expression, { kind: "unary" }>, scope: Scope): Value {
  const value = checkValue(check, node.value, scope);
  if (node.operator === "not") return BOOL;
  const isRight = isOpen(value) || (node.operator === "~" ? isInteger(value) : isNumber(value));
  if (!isRight) check.refuse(node.at, "arithmetic", node.operator);
  return value;
}

type Conditional = Extract<Expression, { kind: "between" | "in" | "in-query" | "like" | "is" | "exists" }>;

function checkCondition(check: Check, node: Conditional, scope: Scope): void {
  switch (node.kind) {
    case "between":
      compareAll(check, node.at, "<", node.value, [node.low, node.high], scope);
      break;
    case "in":
      compareAll(check, node.at, "=", node.value, node.list, scope);
      break;
    case "in-query":
      checkInQuery(check, node, scope);
      break;
    case "like":
      checkLike(check, node, scope);
      break;
    case "is":
      checkValue(check, node.value, scope);
      break;
    case "exists":
      check.query(node.query, scope);
  }
}

function checkInQuery(check: Check, node: Extract<Expression, { kind: "in-query" }>, scope: Scope): void {
  const value = checkValue(check, node.value, scope);
  const other = check.query(node.query, scope)?.[0]?.value;
  if (other === undefined || node.value.kind === "tuple") return;
  checkComparison(check, node.at, "=", [node.value, value], [node.value, other]);
}

function compareAll(
  check: Check,
  at: number,
  operator: string,
  node: Expression,
  others: readonly Expression[],
  scope: Scope,
): void {
  const value = checkValue(check, node, scope);
  for (const other of others)
    checkComparison(check, at, operator, [node, value], [other, checkValue(check, other, scope)]);
}

function checkLike(check: Check, node: Extract<Expression, { kind: "like" }>, scope: Scope): void {
  const value = checkValue(check, node.value, scope);
  if (node.operator === "ilike") check.refuse(node.at, "ilike");
  const isLiteral = node.pattern.kind === "literal" && (node.pattern.type === "string" || node.pattern.type === "null");
  const isEscape = node.escape === undefined || (node.escape.kind === "literal" && node.escape.text.length === 1);
  if (!isLiteral || !isEscape || (!isOpen(value) && value.kind !== "string")) check.refuse(node.at, "like-pattern");
}

function checkIndex(check: Check, node: Extract<Expression, { kind: "index" }>, scope: Scope): Value {
  const value = checkValue(check, node.value, scope);
  const { key } = node;
  const isField =
    key.kind === "literal" && key.type === "string" && (value.kind === "struct" || value.kind === "unknown");
  if (isField) return fieldOf(value, key.text);
  check.refuse(node.at, "index");
  return value.element ?? UNKNOWN;
}

function checkCase(check: Check, node: Case, scope: Scope): Value {
  const operand = node.operand === undefined ? undefined : checkValue(check, node.operand, scope);
  const values: Value[] = [];
  for (const { when, value } of node.branches) {
    const tested = checkValue(check, when, scope);
    if (node.operand !== undefined && operand !== undefined)
      checkComparison(check, when.at, "=", [node.operand, operand], [when, tested]);
    values.push(checkValue(check, value, scope));
  }
  if (node.otherwise !== undefined) values.push(checkValue(check, node.otherwise, scope));
  const both = united(values);
  if (both === undefined) check.refuse(node.at, "union-types");
  return both ?? UNKNOWN;
}

function checkWholeCall(check: Check, call: Call, scope: Scope): Value {
  const [list, condition] = call.args;
  const values = call.args.map((argument) =>
    argument.kind === "lambda" ? UNKNOWN : checkValue(check, argument, scope),
  );
  if (condition?.kind === "lambda" && list !== undefined) {
    const element = values[0]?.element ?? UNKNOWN;
    const [name = ""] = condition.parameters;
    checkValue(check, condition.body, { ...scope, parameters: [...scope.parameters, { name, value: element }] });
  }
  if (call.filter !== undefined) checkValue(check, call.filter, scope);
  if (call.over !== undefined) checkWindow(check, call.over, scope);
  for (const { value } of call.within) checkValue(check, value, scope);
  return checkCall(check, call, values);
}

export function checkWindow(check: Check, { at, partition, order, frame }: Window, scope: Scope): void {
  for (const value of partition) checkValue(check, value, scope);
  checkOrder(check, order, scope, true);
  const foreign = /\b(?:groups|exclude)\b/u.exec(frame ?? "")?.[0];
  if (foreign !== undefined) check.refuse(at, "window-frame", foreign);
}

/** `decides`: the order says which rows or values come out, not only in which order they do. */
export function checkOrder(check: Check, order: readonly OrderItem[], scope: Scope, decides: boolean): void {
  for (const { at, value, isDescending, nulls } of order) {
    const found = checkValue(check, value, scope);
    if (isNested(found)) check.refuse(at, "nested-order");
    if (decides && !isDescending && nulls === undefined) check.refuse(at, "order-nulls");
  }
}
