/** Operators: for which types both engines answer alike, and in which type. */
import { checkAsText, timestampText } from "./portable-sql-casts.ts";
import type { Check } from "./portable-sql-scope.ts";
import type { Binary, Expression } from "./portable-sql-tree.ts";
import { isInteger, isMoment, isNested, isNumber, isOpen, UNKNOWN, united, type Value } from "./portable-sql-types.ts";

/** Digits that DuckDB adds decimals in without another type than Spark's. */
const DECIMAL_SUM_DIGITS_MAX = 18;

const BOOL: Value = { kind: "bool" };

export function checkBinary(check: Check, node: Binary, left: Value, right: Value): Value {
  const { operator, at } = node;
  switch (operator) {
    case "and":
    case "or":
      return BOOL;
    case "||":
      return checkConcat(check, node, left, right);
    case "&":
    case "|":
      return checkIntegers(check, at, operator, left, right);
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return checkArithmetic(check, node, left, right);
    case "<=>":
      check.refuse(at, "null-safe");
      return BOOL;
    default:
      checkComparison(check, at, operator, [node.left, left], [node.right, right]);
      return BOOL;
  }
}

function checkConcat(check: Check, node: Binary, left: Value, right: Value): Value {
  if (left.kind === "list" && right.kind === "list") return left;
  if (left.kind === "null" || right.kind === "null") check.refuse(node.at, "type-null");
  checkAsText(check, node.left.at, left);
  checkAsText(check, node.right.at, right);
  return { kind: "string" };
}

function checkIntegers(check: Check, at: number, operator: string, left: Value, right: Value): Value {
  const both = [left, right];
  if (both.every((value) => isOpen(value) || isInteger(value))) return united(both) ?? UNKNOWN;
  check.refuse(at, "arithmetic", operator);
  return UNKNOWN;
}

function checkArithmetic(check: Check, node: Binary, left: Value, right: Value): Value {
  const { operator, at } = node;
  if (operator === "/" || operator === "%") checkDivisor(check, at, operator, node.right);
  if (isMoment(left) || isMoment(right) || left.kind === "interval" || right.kind === "interval")
    return checkMoments(check, node, left, right);
  const both = [left, right];
  if (both.some(({ kind }) => kind === "unknown" || kind === "null"))
    return both.every(isOpen) ? UNKNOWN : openArithmetic(operator, both);
  if (!both.every(isNumber) || both.some(({ kind }) => kind === "float"))
    return refused(check, at, "arithmetic", operator);
  if (
    both.some(({ kind }) => kind === "double") &&
    both.every(({ unsettled }) => unsettled === undefined || unsettled === "type-decimal-literal")
  ) {
    return { kind: "double" };
  }
  if (both.some(({ kind }) => kind === "decimal")) return checkDecimals(check, at, operator, left, right);
  if (operator === "/") return { kind: "double" };
  const result = united(both) ?? UNKNOWN;
  return result.unsettled === undefined
    ? result
    : refused(check, at, result.unsettled === "type-integer" ? "type-integer" : "arithmetic", operator);
}

function refused(
  check: Check,
  at: number,
  construct: "arithmetic" | "decimal-arithmetic" | "type-integer",
  operator: string,
): Value {
  check.refuse(at, construct, operator);
  return UNKNOWN;
}

function openArithmetic(operator: string, both: readonly Value[]): Value {
  return operator === "/" || both.some(({ kind }) => kind === "double") ? { kind: "double" } : UNKNOWN;
}

/** Sums of decimals agree as long as DuckDB keeps them in 64 bits. */
function checkDecimals(check: Check, at: number, operator: string, left: Value, right: Value): Value {
  const both = [left, right];
  const scale = Math.max(...both.map((value) => value.scale ?? 0));
  const digits = Math.max(...both.map((value) => (value.precision ?? 0) - (value.scale ?? 0))) + scale + 1;
  const isSum = operator === "+" || operator === "-";
  const areSettled =
    both.every(({ kind }) => kind === "decimal") && both.some(({ unsettled }) => unsettled === undefined);
  const areSoft = both.every(({ unsettled }) => unsettled === undefined || unsettled === "type-decimal-literal");
  if (!isSum || !areSettled || !areSoft || digits > DECIMAL_SUM_DIGITS_MAX)
    return refused(check, at, "decimal-arithmetic", operator);
  return { kind: "decimal", precision: digits, scale };
}

/** A number that is not zero, or NULLIF(x, 0). */
export function checkDivisor(check: Check, at: number, operator: string, divisor: Expression): void {
  const isNumberNotZero = (value: Expression): boolean =>
    value.kind === "unary"
      ? isNumberNotZero(value.value)
      : value.kind === "literal" && Number(value.text) !== 0 && !Number.isNaN(Number(value.text));
  const isGuarded =
    divisor.kind === "call" &&
    divisor.name === "nullif" &&
    divisor.args[1]?.kind === "literal" &&
    Number(divisor.args[1].text) === 0;
  if (!isGuarded && !isNumberNotZero(divisor)) check.refuse(at, "division", operator);
}

function checkMoments(check: Check, { at, operator, left: a, right: b }: Binary, left: Value, right: Value): Value {
  const isSum = operator === "+" || operator === "-";
  if (isSum && right.kind === "interval" && isMoment(left)) {
    return left.kind === "date" ? { kind: "timestamp", unsettled: "type-moment" } : left;
  }
  const isDays = (value: Value): boolean => value.kind === "int32" && value.unsettled === undefined;
  if (isSum && left.kind === "date" && left.unsettled === undefined && isDays(right)) return left;
  if (operator === "+" && right.kind === "date" && right.unsettled === undefined && isDays(left)) return right;
  if (operator === "*" && [left, right].some(isInteger) && [a, b].some(({ kind }) => kind === "literal"))
    return { kind: "interval", unsettled: "type-interval" };
  return refused(check, at, "arithmetic", operator);
}

const orders = new Set(["<", "<=", ">", ">="]);

type Side = readonly [Expression, Value];

export function checkComparison(check: Check, at: number, operator: string, left: Side, right: Side): void {
  const [, a] = left;
  const [, b] = right;
  if (isOpen(a) || isOpen(b)) return;
  if (isNested(a) || isNested(b)) {
    if (orders.has(operator)) check.refuse(at, "nested-order");
    else if (a.kind !== b.kind) check.refuse(at, "compare-types");
    return;
  }
  if (isMoment(a) !== isMoment(b)) checkMomentText(check, at, isMoment(a) ? right : left);
  else if (!isMoment(a) && united([a, b]) === undefined && !(isNumber(a) && isNumber(b)))
    check.refuse(at, "compare-types");
}

const zonedText = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z?)?$/u;

function checkMomentText(check: Check, at: number, [expression, value]: Side): void {
  const isText = expression.kind === "literal" && value.kind === "string" && zonedText.test(expression.text);
  if (!isText) check.refuse(at, "compare-moment");
}

/** The value of a literal; a moment or interval in a form that both engines read. */
export function checkLiteral(check: Check, node: Extract<Expression, { kind: "literal" }>): Value {
  const { type, text, at } = node;
  switch (type) {
    case "null":
      return { kind: "null", unsettled: "type-null" };
    case "decimal":
      return decimalLiteral(text);
    case "interval":
      if (!intervalText.test(text)) check.refuse(at, "interval-literal");
      return { kind: "interval", unsettled: "type-interval" };
    case "date":
      if (!/^\d{4}-\d{2}-\d{2}$/u.test(text)) check.refuse(at, "moment-literal");
      return { kind: "date" };
    case "timestamp":
      if (!timestampText.test(text)) check.refuse(at, "moment-literal");
      return { kind: "timestamp", unsettled: "type-moment" };
    default:
      return { kind: type };
  }
}

const unit = "(?:year|month|week|day|hour|minute|second)s?";
const intervalText = new RegExp(`^-?\\d+ ${unit}(?: \\d+ ${unit})*$`, "u");

/** DuckDB counts a zero before the point as a digit, Spark does not. */
function decimalLiteral(text: string): Value {
  const [whole = "", fraction = ""] = text.split(".");
  const isAlike = /^[1-9]\d*$/u.test(whole);
  return {
    kind: "decimal",
    precision: Math.max(1, whole.length) + fraction.length,
    scale: fraction.length,
    ...(isAlike ? {} : { unsettled: "type-decimal-literal" as const }),
  };
}
