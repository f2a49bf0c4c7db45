/** Casts: which types both engines have under one name, and which conversions they make alike. */
import type { Check } from "./portable-sql-scope.ts";
import type { Expression, TypeName } from "./portable-sql-tree.ts";
import { isInteger, isMoment, isNested, isNumber, isOpen, UNKNOWN, type Value } from "./portable-sql-types.ts";

const types: Readonly<Record<string, Value>> = {
  boolean: { kind: "bool" },
  tinyint: { kind: "int32" },
  smallint: { kind: "int32" },
  int: { kind: "int32" },
  integer: { kind: "int32" },
  bigint: { kind: "int64" },
  double: { kind: "double" },
  float: { kind: "float" },
  real: { kind: "float" },
  string: { kind: "string" },
  date: { kind: "date" },
  timestamp: { kind: "timestamp", unsettled: "type-moment" },
  "timestamp without time zone": { kind: "timestamp_local" },
};

type CastExpression = Extract<Expression, { kind: "cast" }>;

export function checkCast(check: Check, cast: CastExpression, value: Value): Value {
  const target = targetOf(cast.type);
  if (target === undefined) {
    check.refuse(cast.type.at, "type-name", cast.type.name);
    return UNKNOWN;
  }
  if (cast.isTry && value.kind === "string" && target.kind !== "string") check.refuse(cast.at, "try-cast");
  else if (cast.value.kind === "literal" && cast.value.type === "string")
    checkText(check, cast, target, cast.value.text);
  else checkConversion(check, cast, value, target);
  return target;
}

function targetOf({ name, parameters }: TypeName): Value | undefined {
  const [precision, scale = 0] = parameters;
  if (name === "decimal" && precision !== undefined) return { kind: "decimal", precision, scale };
  return parameters.length === 0 ? types[name] : undefined;
}

const integerText = /^[+-]?\d{1,19}$/u;
const numberText = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|infinity|-infinity)$/iu;
const booleanText = /^(?:true|false|t|f|yes|no|y|n|1|0)$/iu;
const dateText = /^\d{4}-\d{1,2}-\d{1,2}(?:[ T]\d{2}:\d{2}:\d{2})?$/u;
export const timestampText = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)?$/u;

/** A literal is judged by what it says: whether both engines read it, or both refuse it. */
function checkText(check: Check, { at }: CastExpression, target: Value, text: string): void {
  const isRead =
    (isInteger(target) && (integerText.test(text) || isRefusedByBoth(text))) ||
    ((target.kind === "double" || target.kind === "float" || target.kind === "decimal") && numberText.test(text)) ||
    (target.kind === "bool" && booleanText.test(text)) ||
    (target.kind === "date" && dateText.test(text)) ||
    (target.kind === "timestamp" && timestampText.test(text)) ||
    (target.kind === "timestamp_local" && timestampText.test(text)) ||
    target.kind === "string";
  if (!isRead) check.refuse(at, "cast-text");
}

/** Neither engine takes a text of letters, or none at all, for a number. */
function isRefusedByBoth(text: string): boolean {
  return /^[a-z]*$/iu.test(text);
}

function checkConversion(check: Check, { at, value: expression }: CastExpression, value: Value, target: Value): void {
  if (isOpen(value)) return;
  const isOpaque = isMoment(value) || isNested(value) || value.kind === "interval" || value.kind === "binary";
  if (target.kind === "string") checkAsText(check, at, value);
  else if (isMoment(target)) {
    if (!isMoment(value) && value.kind !== "string") check.refuse(at, "boolean-text");
  } else if (isOpaque) check.refuse(at, "boolean-text");
  else if (isInteger(target)) checkAsInteger(check, at, expression, value);
  else if (target.kind === "decimal" && (value.kind === "double" || value.kind === "float")) {
    check.refuse(at, "cast-double-decimal");
  } else if (target.kind === "bool" && (value.kind === "double" || value.kind === "decimal")) {
    check.refuse(at, "boolean-text");
  }
}

/** Integers, truth values, dates and decimals are written alike; the rest is not. */
export function checkAsText(check: Check, at: number, value: Value): void {
  const isAlike =
    isOpen(value) ||
    value.kind === "string" ||
    value.kind === "bool" ||
    isInteger(value) ||
    (value.kind === "date" && value.unsettled === undefined) ||
    (value.kind === "decimal" && value.unsettled !== "type-rounded");
  if (!isAlike) check.refuse(at, "cast-to-text", isNested(value) ? `${value.kind}` : value.kind);
}

function checkAsInteger(check: Check, at: number, expression: Expression, value: Value): void {
  const isRounded = expression.kind === "call" && expression.name === "round" && expression.args.length === 1;
  const isWhole =
    !isNumber(value) || isInteger(value) || isRounded || value.scale === 0 || value.unsettled === "type-sign";
  if (!isWhole) check.refuse(at, "cast-rounds");
}
