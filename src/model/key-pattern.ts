/**
 * Patterns between an interval and a key, exact in both directions: `gharchive/{yyyy}/{MM}/{dd}/{HH}.json.gz`.
 *
 * `{yyyy} {MM} {dd} {HH}` are padded with zeros, `{M} {d} {H}` are not. A token may occur more than once; all its
 * occurrences must agree. All times are UTC, as everywhere.
 */
import { Failure } from "../errors.ts";
import { dayMs, type Every, hourMs, type Interval, utcDayMs } from "./calendar.ts";
import { nearest } from "./nearest.ts";

type Unit = "year" | "month" | "day" | "hour";

interface Token {
  readonly kind: "token";
  readonly unit: Unit;
  /** Digits of a padded number; 0 means one or two digits without padding. */
  readonly width: number;
}

type Part = Token | { readonly kind: "literal"; readonly text: string };

export interface KeyPattern {
  /** As the user wrote it. */
  readonly text: string;
  readonly every: Every;
  readonly parts: readonly Part[];
}

/** `raw`: a key in our own lake. `source`: a path at an archive, whose names are not ours to judge. */
export type PatternUse = "raw" | "source";

const tokens: ReadonlyMap<string, Token> = new Map([
  ["yyyy", { kind: "token", unit: "year", width: 4 }],
  ["MM", { kind: "token", unit: "month", width: 2 }],
  ["M", { kind: "token", unit: "month", width: 0 }],
  ["dd", { kind: "token", unit: "day", width: 2 }],
  ["d", { kind: "token", unit: "day", width: 0 }],
  ["HH", { kind: "token", unit: "hour", width: 2 }],
  ["H", { kind: "token", unit: "hour", width: 0 }],
]);

const tokenOfUnit: Readonly<Record<Unit, string>> = { year: "{yyyy}", month: "{MM}", day: "{dd}", hour: "{HH}" };

const unitsOf: Readonly<Record<Every, readonly Unit[]>> = {
  day: ["year", "month", "day"],
  hour: ["year", "month", "day", "hour"],
};

/** Parses a pattern. Throws `usage` for one that is unsafe, that is ambiguous, or that does not name exactly one interval. */
export function parseKeyPattern(text: string, every: Every, use: PatternUse = "raw"): KeyPattern {
  const pattern: KeyPattern = { text, every, parts: splitParts(text) };
  refuseUnsafe(text, use);
  refuseUndetermined(pattern);
  refuseAmbiguous(pattern);
  if (use === "raw") refuseHidden(pattern);
  return pattern;
}

/** The key of an interval. */
export function formatKey(pattern: KeyPattern, interval: Interval): string {
  const at = new Date(interval.startMs);
  let key = "";
  for (const part of pattern.parts) {
    if (part.kind === "literal") key += part.text;
    else key += String(numberOf(part.unit, at)).padStart(part.width, "0");
  }
  return key;
}

function numberOf(unit: Unit, at: Date): number {
  switch (unit) {
    case "year":
      return at.getUTCFullYear();
    case "month":
      return at.getUTCMonth() + 1;
    case "day":
      return at.getUTCDate();
    case "hour":
      return at.getUTCHours();
  }
}

const unknown = -1;

/**
 * The interval of a key: the exact inverse of `formatKey`. `undefined` for every other key, also for 31 February, hour 24
 * and wrong padding. Planning calls it for every key of a listing, hence no regular expression and no Date.
 */
export function matchKey(pattern: KeyPattern, key: string): Interval | undefined {
  const seen = { year: unknown, month: unknown, day: unknown, hour: unknown };
  let at = 0;
  for (const part of pattern.parts) {
    if (part.kind === "literal") {
      if (!key.startsWith(part.text, at)) return undefined;
      at += part.text.length;
      continue;
    }
    const end = at + (part.width === 0 ? unpaddedLength(key, at) : part.width);
    const value = digits(key, at, end);
    if (value === unknown || (seen[part.unit] !== unknown && seen[part.unit] !== value)) return undefined;
    seen[part.unit] = value;
    at = end;
  }
  if (at !== key.length) return undefined;
  const startMs = utcDayMs(seen.year, seen.month, seen.day);
  if (startMs === undefined) return undefined;
  if (pattern.every === "day") return { every: "day", startMs };
  return seen.hour < dayMs / hourMs ? { every: "hour", startMs: startMs + seen.hour * hourMs } : undefined;
}

/**
 * How many characters an unpadded number takes: one for a leading zero (so that `05` fails at what follows), otherwise
 * as many of two as are digits. `refuseAmbiguous` has made sure that no digit may follow.
 */
function unpaddedLength(key: string, at: number): number {
  const first = key.charCodeAt(at);
  const second = key.charCodeAt(at + 1);
  return first !== zeroCode && second >= zeroCode && second <= nineCode ? 2 : 1;
}

const zeroCode = 48;
const nineCode = 57;

/** The number in `key[start, end)`, or `unknown` if a character there is no digit or lies behind the end. */
function digits(key: string, start: number, end: number): number {
  let value = 0;
  for (let index = start; index < end; index++) {
    const code = key.charCodeAt(index);
    // Written so that the NaN behind the end of the key fails too.
    if (!(code >= zeroCode && code <= nineCode)) return unknown;
    value = value * 10 + code - zeroCode;
  }
  return value;
}

/**
 * The directory that holds every key of the pattern: the part before the first token, cut behind its last `/`
 * (`gharchive/`); empty if there is none. It is what a listing of the pattern's keys asks for.
 */
export function staticPrefix(pattern: KeyPattern): string {
  const first = pattern.parts[0];
  if (first === undefined || first.kind === "token") return "";
  return first.text.slice(0, first.text.lastIndexOf("/") + 1);
}

function splitParts(text: string): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{", at);
    const literal = open === -1 ? text.slice(at) : text.slice(at, open);
    if (literal.includes("}")) throw refusal(text, "has a } without its {");
    if (literal !== "") parts.push({ kind: "literal", text: literal });
    if (open === -1) break;
    const close = text.indexOf("}", open);
    if (close === -1) throw refusal(text, "has a { without its }");
    parts.push(parseToken(text, text.slice(open + 1, close)));
    at = close + 1;
  }
  return parts;
}

function parseToken(text: string, name: string): Token {
  const token = tokens.get(name);
  if (token !== undefined) return token;
  const near = nearest(name, tokens.keys());
  const known = [...tokens.keys()].map((each) => `{${each}}`).join(" ");
  throw refusal(
    text,
    `has the unknown token {${name}}`,
    near === undefined ? `The tokens are ${known}` : `Did you mean {${near}}? The tokens are ${known}`,
  );
}

function refuseUnsafe(text: string, use: PatternUse): void {
  if (text === "") throw refusal(text, "is empty");
  if (text.includes("\\")) throw refusal(text, "has a backslash", "Separate directories with /");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here.
  if (/[\u0000-\u001f\u007f]/.test(text)) throw refusal(text, "has a control character");
  if (text.startsWith("/")) throw refusal(text, "begins with /", "Write it relative to its place");
  // Names that NTFS cannot hold would make a lake that cannot be copied there.
  if (use === "raw" && /[<>:"|?*]/.test(text)) throw refusal(text, 'has one of < > : " | ? *');
  for (const segment of text.split("/")) {
    if (segment === "")
      throw refusal(text, "has an empty segment", "Write one / between two names and none at the end");
    if (segment === "." || segment === "..")
      throw refusal(text, `has the segment "${segment}"`, "Name the directory itself");
    if (use === "raw" && /[. ]$/.test(segment))
      throw refusal(text, `has the segment "${segment}", which ends in a dot or space`);
  }
  if (use === "raw" && Buffer.byteLength(text) > keyBytesMax)
    throw refusal(text, `is longer than ${keyBytesMax} bytes`);
}

/** The storages' bound on a key; a pattern is never shorter than its keys. */
const keyBytesMax = 1024;

function refuseUndetermined(pattern: KeyPattern): void {
  const { text, every } = pattern;
  const used = new Set(pattern.parts.flatMap((part) => (part.kind === "token" ? [part.unit] : [])));
  const missing = unitsOf[every].filter((unit) => !used.has(unit)).map((unit) => tokenOfUnit[unit]);
  if (missing.length > 0) {
    throw refusal(text, `does not tell one ${every} from another: ${missing.join(" ")} is missing`);
  }
  if (every === "day" && used.has("hour")) {
    throw refusal(text, "names an hour, but every is day", "Leave the hour out, or write every: hour");
  }
}

/** `{M}{d}` would read `111` in two ways; an unpadded number must end where something else than a digit begins. */
function refuseAmbiguous(pattern: KeyPattern): void {
  pattern.parts.forEach((part, index) => {
    if (part.kind !== "token" || part.width !== 0) return;
    const next = pattern.parts[index + 1];
    if (next === undefined || (next.kind === "literal" && !/^[0-9]/.test(next.text))) return;
    const padded = tokenOfUnit[part.unit];
    throw refusal(
      pattern.text,
      `has a digit directly behind an unpadded ${part.unit}`,
      `Put a separator between, or write ${padded}`,
    );
  });
}

/** Listings leave out what begins with `_` directly below their prefix: receipts, revisions, staging. */
function refuseHidden(pattern: KeyPattern): void {
  const { text } = pattern;
  const belowPrefix = text.slice(staticPrefix(pattern).length);
  if (text.startsWith("_") || belowPrefix.startsWith("_")) {
    throw refusal(
      text,
      "has a name that begins with _",
      "Names that begin with _ are the lake's own (_receipts, _staging)",
    );
  }
}

function refusal(text: string, fact: string, remedy?: string): Failure {
  return new Failure("usage", `the pattern "${text}" ${fact}`, remedy === undefined ? {} : { remedy });
}
