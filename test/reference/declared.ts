/** Declared columns: which values they accept and what they hold (rules T7 and "Declared columns"). */
import { ELEMENT, foldName, formatPath, parsePath } from "../../src/model/column-path.ts";
import type { ColumnType, DeclaredColumns, DeclaredType } from "../../src/model/schema.ts";
import { type JsonMember, type JsonObject, type JsonValue, Reject } from "./json.ts";

/** A path with every name folded. */
export type FoldedPath = readonly (string | typeof ELEMENT)[];

/** What is declared at a path, if anything that decides the column: a scalar type, `json` or `drop`. */
export type Declarations = (path: FoldedPath) => DeclaredType | undefined;

export function declarationsOf(declared: DeclaredColumns): Declarations {
  const byPath = new Map<string, DeclaredType>();
  for (const [path, type] of declared) {
    declare(
      parsePath(path).map((step) => (step === ELEMENT ? ELEMENT : foldName(step))),
      type,
      byPath,
    );
  }
  return (path) => byPath.get(formatPath(path));
}

/** Of a declared list or struct only the leaves that data cannot give decide; the rest acts as a known type. */
function declare(path: FoldedPath, type: DeclaredType, byPath: Map<string, DeclaredType>): void {
  const declareInner = (inner: FoldedPath, innerType: ColumnType): void => {
    const fromData = ["bool", "int64", "double", "string", "null"].includes(innerType.kind);
    if (!fromData) declare(inner, innerType, byPath);
  };
  if (type.kind === "list") declareInner([...path, ELEMENT], type.element);
  else if (type.kind === "struct")
    for (const field of type.fields) declareInner([...path, foldName(field.name)], field.type);
  else byPath.set(formatPath(path), type);
}

/**
 * Checks an object against everything that does not depend on other lines: duplicate keys (K2), numbers beyond double
 * (V2), declared types. Gives back what remains of it: without dropped columns and without the earlier of two members.
 * Below a declared `json`, `string` or `drop` only the grammar counts.
 */
export function checkObject(
  object: JsonObject,
  path: FoldedPath,
  declared: Declarations,
  duplicateKeys: "reject" | "last",
): JsonObject {
  const lastByName = new Map<string, JsonMember>();
  for (const member of object.members) {
    const name = foldKey(member.key);
    if (duplicateKeys === "reject" && lastByName.has(name)) throw new Reject("duplicate key");
    lastByName.set(name, member);
  }
  const members = object.members.flatMap((member): JsonMember[] => {
    if (lastByName.get(foldKey(member.key)) !== member) return [];
    const inner = [...path, foldKey(member.key)];
    if (declared(inner)?.kind === "drop") return [];
    return [{ key: member.key, value: checkValue(member.value, inner, declared, duplicateKeys) }];
  });
  return { kind: "object", raw: object.raw, members };
}

/** Rule K1 on a decoded key. It is folded as the name of a column is, so that both can be compared. */
function foldKey(key: string): string {
  return foldName(encodeKey(key));
}

/** Rule K3. */
export function encodeKey(key: string): string {
  if (key === "") return "%";
  let name = "";
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    const isEncoded = code < 0x20 || code === 0x7f || "%,:;<>`".includes(key.charAt(at));
    name += isEncoded ? `%${code.toString(16).toUpperCase().padStart(2, "0")}` : key.charAt(at);
  }
  return name;
}

function checkValue(
  value: JsonValue,
  path: FoldedPath,
  declared: Declarations,
  duplicateKeys: "reject" | "last",
): JsonValue {
  const type = declared(path);
  if (type !== undefined) {
    if (type.kind === "drop") throw new Error(`a list's elements cannot be dropped: ${formatPath(path)}`);
    if (value.kind !== "null" && !accepts(type, value)) throw new Reject(`does not fit the declared ${type.kind}`);
    return value;
  }
  switch (value.kind) {
    case "object":
      return checkObject(value, path, declared, duplicateKeys);
    case "array": {
      const items = value.items.map((item) => checkValue(item, [...path, ELEMENT], declared, duplicateKeys));
      return { kind: "array", raw: value.raw, items };
    }
    case "number":
      if (!isInteger(value.raw) && !Number.isFinite(Number(value.raw))) throw new Reject("number out of range");
      return value;
    default:
      return value;
  }
}

/** Whether a JSON number is an integer by its looks (V1). */
export function isInteger(lexeme: string): boolean {
  return !/[.eE]/.test(lexeme);
}

export const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;
/** Every integer up to here, and its negative, is a double. */
export const EXACT_MAX = 2n ** 53n;

function accepts(type: ColumnType, value: JsonValue): boolean {
  switch (type.kind) {
    case "json":
    case "string":
      return true;
    case "bool":
      return value.kind === "bool";
    case "int64":
      return value.kind === "number" && exactInteger(value.raw) !== undefined;
    case "double":
      return value.kind === "number" && fitsDouble(value.raw);
    case "timestamp":
      return value.kind === "string" && microsecondsOf(value.text) !== undefined;
    case "decimal":
      return unscaledOf(value, type.precision, type.scale) !== undefined;
    default:
      throw new Error(`${type.kind} is not declared at a leaf`);
  }
}

function fitsDouble(lexeme: string): boolean {
  if (!isInteger(lexeme)) return Number.isFinite(Number(lexeme));
  const value = BigInt(lexeme);
  return value <= EXACT_MAX && value >= -EXACT_MAX;
}

/** The int64 that a JSON number is exactly, also for `1.0` and `1e3`. */
export function exactInteger(lexeme: string): bigint | undefined {
  const value = scaled(lexeme, 0, 19);
  return value === undefined || value < INT64_MIN || value > INT64_MAX ? undefined : value;
}

/** The decimal's unscaled integer, `12.5` at scale 2 being 1250; absent if it does not fit exactly. */
export function unscaledOf(value: JsonValue, precision: number, scale: number): bigint | undefined {
  const lexeme = value.kind === "number" ? value.raw : value.kind === "string" ? value.text : "";
  if (!/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(lexeme)) return undefined;
  return scaled(lexeme, scale, precision);
}

/** The number times 10^scale if that is an integer of at most `digitsMax` digits. */
function scaled(lexeme: string, scale: number, digitsMax: number): bigint | undefined {
  const [mantissa = "", exponent = "0"] = lexeme.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = `${whole}${fraction}`.replace(/^0+/, "").replace(/0+$/, "");
  if (digits === "") return 0n;
  const trailingZeros = `${whole}${fraction}`.length - `${whole}${fraction}`.replace(/0+$/, "").length;
  const power = Number(exponent) - fraction.length + trailingZeros + scale;
  if (power < 0 || digits.length + power > digitsMax) return undefined;
  const magnitude = BigInt(digits) * 10n ** BigInt(power);
  return mantissa.startsWith("-") ? -magnitude : magnitude;
}

const isoTimestamp = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])(\d\d):?(\d\d))$/;
const oldTimestamp = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)() ([+-])(\d\d)(\d\d)$/;

/** The instant of a timestamp's text in microseconds since 1970 in UTC. */
export function microsecondsOf(text: string): bigint | undefined {
  const match = isoTimestamp.exec(text) ?? oldTimestamp.exec(text);
  if (match === null) return undefined;
  const [
    ,
    year = "",
    month = "",
    day = "",
    hour = "",
    minute = "",
    second = "",
    fraction = "",
    sign,
    h = "0",
    m = "0",
  ] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || Number(h) > 23 || Number(m) > 59)
    return undefined;
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  // A day that the month does not have moves on to the next month.
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day)) return undefined;
  const seconds = date.getTime() / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  const offset = (sign === "-" ? -1 : 1) * (Number(h) * 3600 + Number(m) * 60);
  return BigInt(seconds - offset) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
}
