/** Calls: whether the function is of the subset, and its arguments are those for which it answers alike. */
import { checkAsText } from "./portable-sql-casts.ts";
import { foreignFunctions } from "./portable-sql-foreign.ts";
import { type Need, type PortableFunction, portableFunctions } from "./portable-sql-functions.ts";
import { checkDivisor } from "./portable-sql-operators.ts";
import type { Check } from "./portable-sql-scope.ts";
import type { Call, Expression } from "./portable-sql-tree.ts";
import { isInteger, isMoment, isNested, isNumber, isOpen, UNKNOWN, united, type Value } from "./portable-sql-types.ts";

/** `values` are those of the arguments. */
export function checkCall(check: Check, call: Call, values: readonly Value[]): Value {
  const { name, at, args } = call;
  const found = Object.hasOwn(portableFunctions, name) ? portableFunctions[name] : undefined;
  if (found === undefined) {
    refuseFunction(check, at, name);
    return UNKNOWN;
  }
  const least = found.least ?? found.needs.length;
  if (args.length < least || args.length > (found.most ?? found.needs.length)) {
    check.refuse(at, "function-arguments", name);
    return UNKNOWN;
  }
  for (const [index, argument] of args.entries()) {
    const need = found.needs[Math.min(index, found.needs.length - 1)] ?? "any";
    if (argument.kind !== "star") checkNeed(check, call, need, argument, values[index] ?? UNKNOWN);
  }
  checkForm(check, call, found);
  return resultOf(check, call, found, values);
}

function refuseFunction(check: Check, at: number, name: string): void {
  const foreign = foreignFunctions.get(name);
  if (foreign === undefined) check.refuse(at, "function-unknown", name);
  else check.refuseFunction(at, name, foreign.reason, foreign.instead);
}

/** Words around the arguments: DISTINCT, FILTER, OVER, WITHIN GROUP. */
function checkForm(
  check: Check,
  { at, name, args, distinct, filter, over, within }: Call,
  found: PortableFunction,
): void {
  const isAggregate = found.sort === "aggregate";
  if (distinct && over !== undefined) check.refuse(at, "window-distinct");
  if ((distinct || filter !== undefined) && !isAggregate) check.refuse(at, "function-argument", name);
  if (over !== undefined && !isAggregate && found.sort !== "window") check.refuse(at, "function-argument", name);
  if (over === undefined && found.sort === "window") check.refuse(at, "function-argument", name);
  if (within.length > 0 !== (name === "percentile_cont")) check.refuse(at, "within-group", name);
  if (name === "trim" && args.length === 2) check.refuse(at, "function-arguments", name);
  if (name === "regexp_extract" && !hasGroup(args)) check.refuse(at, "function-argument", name);
  if (args.some(({ kind }) => kind === "star") && name !== "count") check.refuse(at, "function-argument", name);
}

const literalNeeds: Readonly<Partial<Record<Need, RegExp>>> = {
  literal: /^[^\\]+$/u,
  separator: /^[\p{L}\p{N} ,;:/_=#@&~"'<>%!-]+$/u,
  pattern: /^(?:[^\\$(]|\((?![?*]))*$/u,
  part: /^(?:year|quarter|month|week|day|doy|hour|minute)$/iu,
  unit: /^(?:year|quarter|month|week|day|hour|minute|second|millisecond)$/iu,
  side: /^(?:both|leading|trailing)$/u,
};

const numberNeeds: Readonly<Partial<Record<Need, RegExp>>> = {
  position: /^-?[1-9]\d*$/u,
  count: /^\d+$/u,
  group: /^\d$/u,
  index: /^-?[1-9]\d*$/u,
  ascii: /^(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$/u,
};

function checkNeed(check: Check, call: Call, need: Need, argument: Expression, value: Value): void {
  const pattern = literalNeeds[need];
  const number = numberNeeds[need];
  const isMet =
    pattern !== undefined
      ? argument.kind === "literal" &&
        argument.type === "string" &&
        pattern.test(argument.text) &&
        !hasClass(need, argument.text)
      : number !== undefined
        ? number.test(numberText(argument))
        : meets(check, call, need, argument, value);
  if (!isMet) check.refuse(argument.at, "function-argument", call.name);
}

/** Spark fails where the pattern has no such group. */
function hasGroup([, pattern, group]: readonly Expression[]): boolean {
  if (pattern?.kind !== "literal" || group?.kind !== "literal") return true;
  return Number(group.text) < pattern.text.split("(").length;
}

/** `[[:digit:]]` is a class for DuckDB only. */
function hasClass(need: Need, text: string): boolean {
  return need === "pattern" && (text.includes("[:") || text.includes("&&") || groupsIn(text) === undefined);
}

function groupsIn(pattern: string): number | undefined {
  const opened = pattern.split("(").length - 1;
  return opened === pattern.split(")").length - 1 ? opened : undefined;
}

function numberText(argument: Expression): string {
  if (argument.kind === "unary" && argument.operator === "-") return `-${numberText(argument.value)}`;
  return argument.kind === "literal" && (argument.type === "int32" || argument.type === "int64") ? argument.text : "";
}

function meets(check: Check, call: Call, need: Need, argument: Expression, value: Value): boolean {
  if (need === "divisor") {
    checkDivisor(check, call.at, call.name, argument);
    return true;
  }
  if (need === "condition") return checkLambda(check, argument);
  if (need === "bucket") return argument.kind === "literal" && argument.type === "interval" && isBucket(argument.text);
  if (need === "not-negative") return isNotNegative(argument);
  if (isOpen(value)) return true;
  if (need === "scalar" && call.name === "concat_ws") {
    checkAsText(check, argument.at, value);
    return true;
  }
  if (need === "scalar" && isNested(value)) {
    check.refuse(argument.at, "nested-order");
    return true;
  }
  if (value.unsettled === "type-rounded" || value.unsettled === "type-interval") return false;
  return meetsKind(need, value);
}

function meetsKind(need: Need, value: Value): boolean {
  const { kind, unsettled } = value;
  switch (need) {
    case "text":
      return kind === "string";
    case "bool":
      return kind === "bool";
    case "integer":
      return isInteger(value);
    case "int32":
      return kind === "int32" && unsettled === undefined;
    case "number":
      return (
        (isInteger(value) || kind === "double" || kind === "decimal") &&
        (unsettled === undefined || unsettled === "type-integer")
      );
    case "exact":
      return isInteger(value) || kind === "double";
    case "double":
      return isInteger(value) || kind === "double";
    case "moment":
      return isMoment(value);
    case "date":
      return kind === "date" && unsettled === undefined;
    case "list":
      return kind === "list";
    case "list-of-scalars":
      return kind === "list" && (value.element === undefined || !isNested(value.element));
    default:
      return true;
  }
}

function checkLambda(check: Check, argument: Expression): boolean {
  if (argument.kind !== "lambda") return false;
  if (argument.parameters.length !== 1) check.refuse(argument.at, "lambda-two");
  return true;
}

/** Other widths begin elsewhere. */
function isBucket(text: string): boolean {
  const [, count, unit] = /^(\d+) (minute|hour|day|month)s?$/u.exec(text) ?? [];
  const whole = { minute: 1_440, hour: 24, day: 1, month: 12 }[unit ?? ""];
  return whole !== undefined && Number(count) > 0 && whole % Number(count) === 0;
}

function isNotNegative(argument: Expression): boolean {
  if (argument.kind === "literal") return /^[\d.]+(?:[eE][+-]?\d+)?$/u.test(argument.text);
  if (argument.kind !== "call") return false;
  return (argument.name === "greatest" && argument.args.some(isNotNegative)) || argument.name === "abs";
}

function resultOf(check: Check, call: Call, { result }: PortableFunction, values: readonly Value[]): Value {
  const [first = UNKNOWN, second = UNKNOWN] = values;
  switch (result) {
    case "text":
      return { kind: "string" };
    case "integer":
      return { kind: "int64", unsettled: "type-integer" };
    case "moment":
      return {
        kind: "timestamp",
        ...(second.kind === "timestamp" && second.unsettled === undefined ? {} : { unsettled: "type-moment" as const }),
      };
    case "list-of-text":
      return { kind: "list", element: { kind: "string" } };
    case "first":
      return withDefault(check, call, values);
    case "second":
      return second;
    case "united":
      return unitedArguments(check, call, values);
    case "sum":
      return sumOf(first);
    case "sign":
      return { kind: "double", unsettled: "type-sign" };
    case "rounded":
      return isInteger(first) || isOpen(first) ? first : { ...first, unsettled: "type-rounded" };
    case "remainder":
      return united(values) ?? UNKNOWN;
    default:
      return { kind: result };
  }
}

function sumOf(value: Value): Value {
  if (value.kind === "decimal") return { ...value, unsettled: "type-decimal" };
  return isInteger(value) ? { kind: "int64" } : value;
}

/** `lag(x, 1, default)` answers either; what NULLIF compares must be comparable. */
function withDefault(check: Check, call: Call, values: readonly Value[]): Value {
  const [first = UNKNOWN, second = UNKNOWN, third] = values;
  if (third !== undefined) return unitedArguments(check, call, [first, third]);
  if (call.name === "nullif" && united([first, second]) === undefined && !(isNumber(first) && isNumber(second))) {
    check.refuse(call.at, "compare-types");
  }
  return first;
}

/** IF has its condition before the two values. */
function unitedArguments(check: Check, call: Call, values: readonly Value[]): Value {
  const both = united(call.name === "if" ? values.slice(1) : values);
  if (both === undefined) check.refuse(call.at, "union-types");
  return both ?? UNKNOWN;
}
