/**
 * What the server can do wrong on request, as one table. A fault is written `name:HOUR` with amounts after `=`:
 *
 *     missing:2026-03-01-05              late:2026-03-01-07=90s        503:2026-03-01-02=2req,5s
 *     slow:2026-03-01-03=50KB/s          bad-crc:2026-03-01-04..2026-03-01-06        no-etag:*
 *
 * `2req` limits any fault to the hour's first two requests that it applies to (GET and HEAD alike).
 */
import { Failure } from "../src/errors.ts";
import { hourMs, parseHourText } from "./hours.ts";

/** How the file at the source differs from the true one. */
export type Version =
  | "changed"
  | "small"
  | "partial-not-json"
  | "cut-line"
  | "two-members"
  | "truncated"
  | "bad-crc"
  | "bad-isize"
  | "flipped-bit"
  | "trailing-garbage"
  | "trailing-zeros";

/** What happens while the body is sent. */
export type Delivery = "cut-length" | "cut-close" | "short-length" | "slow" | "stall" | "reset";

export type Answer =
  | { readonly status: 401 | 403 | 404 | 429 | 500 | 503 }
  | { readonly redirect: "path" | "host" | "loop" }
  | { readonly page: "html" | "xml" | "empty" }
  | { readonly silent: true };

/** The parts of an answer that a fault takes over; everything else stays as it should be. */
export interface Effect {
  /** Sent instead of the file. */
  readonly answer?: Answer;
  readonly version?: Version;
  /** Until then the true file is served. */
  readonly versionFrom?: "second request" | "first complete download";
  readonly delivery?: Delivery;
  /** Only the hour's first GET is delivered like that. */
  readonly deliveryOnce?: true;
  readonly omit?: readonly ("etag" | "last-modified" | "ranges")[];
  readonly contentEncoding?: string;
}

/** Amounts a fault understands besides `Nreq`. */
export type Amount = "duration" | "rate" | "hops";

export interface FaultKind {
  readonly name: string;
  /** One line for `--help`. */
  readonly doc: string;
  readonly takes?: Amount;
  /** The amount must be given. */
  readonly needsAmount?: true;
  readonly effect: Effect;
}

export const faultCatalogue: readonly FaultKind[] = [
  { name: "missing", doc: "404 with the archive's XML body", effect: { answer: { status: 404 } } },
  {
    name: "late",
    doc: "404 for so long after the start (=90s) or for so many requests (=2req)",
    takes: "duration",
    needsAmount: true,
    effect: { answer: { status: 404 } },
  },
  { name: "401", doc: "401: the caller must authenticate", effect: { answer: { status: 401 } } },
  { name: "403", doc: "403: the caller may not", effect: { answer: { status: 403 } } },
  {
    name: "429",
    doc: "429 with Retry-After (=5s, default 1s)",
    takes: "duration",
    effect: { answer: { status: 429 } },
  },
  {
    name: "500",
    doc: "500 without Retry-After unless given (=5s)",
    takes: "duration",
    effect: { answer: { status: 500 } },
  },
  {
    name: "503",
    doc: "503 with Retry-After (=5s, default 1s)",
    takes: "duration",
    effect: { answer: { status: 503 } },
  },
  {
    name: "redirect",
    doc: "302 to another path of this server, over so many steps (=7hops, default 1)",
    takes: "hops",
    effect: { answer: { redirect: "path" } },
  },
  {
    name: "redirect-host",
    doc: "302 to this server under the name localhost: another host, which must get no credentials",
    effect: { answer: { redirect: "host" } },
  },
  { name: "redirect-loop", doc: "302 to itself", effect: { answer: { redirect: "loop" } } },
  { name: "html", doc: "200 with an HTML page instead of the file", effect: { answer: { page: "html" } } },
  { name: "xml", doc: "200 with the XML of a 404 instead of the file", effect: { answer: { page: "xml" } } },
  { name: "empty", doc: "200 with no bytes", effect: { answer: { page: "empty" } } },
  { name: "stall-headers", doc: "the request is accepted and never answered", effect: { answer: { silent: true } } },
  {
    name: "truncated",
    doc: "the stored file itself is cut in the middle; HTTP is in order",
    effect: { version: "truncated" },
  },
  { name: "bad-crc", doc: "the gzip trailer has a wrong CRC-32", effect: { version: "bad-crc" } },
  { name: "bad-isize", doc: "the gzip trailer has a wrong length", effect: { version: "bad-isize" } },
  { name: "flipped-bit", doc: "one bit in the middle of the file is wrong", effect: { version: "flipped-bit" } },
  {
    name: "trailing-garbage",
    doc: "bytes that are no gzip follow the member",
    effect: { version: "trailing-garbage" },
  },
  { name: "trailing-zeros", doc: "512 zero bytes follow the member", effect: { version: "trailing-zeros" } },
  {
    name: "two-members",
    doc: "two gzip members, the boundary in the middle of a line",
    effect: { version: "two-members" },
  },
  {
    name: "partial-not-json",
    doc: "every 500th line, the first included, is only half there",
    effect: { version: "partial-not-json" },
  },
  {
    name: "cut-line",
    doc: "the last line ends in the middle, in a whole gzip member",
    effect: { version: "cut-line" },
  },
  { name: "small", doc: "the hour has a hundredth of its events", effect: { version: "small" } },
  {
    name: "changed",
    doc: "after the first complete download the file is another one with another ETag",
    effect: { version: "changed", versionFrom: "first complete download" },
  },
  {
    name: "changed-during-resume",
    doc: "the first download breaks in the middle, and what is there afterwards is another file",
    effect: { version: "changed", versionFrom: "second request", delivery: "cut-length", deliveryOnce: true },
  },
  {
    name: "truncated-length",
    doc: "Content-Length is right, the connection closes after half of the bytes",
    effect: { delivery: "cut-length" },
  },
  {
    name: "truncated-close",
    doc: "no Content-Length, the connection closes after half of the bytes as if that were all",
    effect: { delivery: "cut-close" },
  },
  { name: "wrong-length", doc: "Content-Length is 16 bytes too small", effect: { delivery: "short-length" } },
  {
    name: "slow",
    doc: "the body comes at a given rate (=50KB/s)",
    takes: "rate",
    needsAmount: true,
    effect: { delivery: "slow" },
  },
  { name: "stall", doc: "after half of the bytes nothing more comes", effect: { delivery: "stall" } },
  { name: "reset", doc: "after half of the bytes the connection is reset", effect: { delivery: "reset" } },
  { name: "no-etag", doc: "no ETag; Last-Modified is there", effect: { omit: ["etag"] } },
  { name: "no-validators", doc: "neither ETag nor Last-Modified", effect: { omit: ["etag", "last-modified"] } },
  { name: "no-ranges", doc: "Range is ignored: always the whole file", effect: { omit: ["ranges"] } },
  {
    name: "content-encoding",
    doc: "the file is labelled Content-Encoding: gzip, so that careless clients unpack it",
    effect: { contentEncoding: "gzip" },
  },
];

export interface Fault {
  readonly kind: FaultKind;
  /** First and last hour; both absent for every hour. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** The fault applies to so many requests of each hour; absent: to all. */
  readonly requests?: number;
  /** `late`: how long; status codes: Retry-After. */
  readonly durationMs?: number;
  readonly bytesPerSecond?: number;
  readonly hops?: number;
}

/** Reads option texts; throws a `usage` failure that says what is wrong with which one. */
export function parseFaults(texts: readonly string[]): Fault[] {
  return texts.map(parseFault);
}

export function appliesTo(fault: Fault, startMs: number): boolean {
  return (fault.fromMs ?? startMs) <= startMs && startMs <= (fault.toMs ?? startMs);
}

function parseFault(text: string): Fault {
  const match = /^([^:=]+):([^=]+)(?:=(.+))?$/.exec(text.trim());
  if (match === null) throw refused(text, "expected NAME:HOUR or NAME:HOUR=AMOUNT");
  const [, name = "", hours = "", amounts] = match;
  const kind = faultCatalogue.find((known) => known.name === name);
  if (kind === undefined) {
    throw refused(
      text,
      `no fault is called "${name}"`,
      `one of: ${faultCatalogue.map((known) => known.name).join(", ")}`,
    );
  }
  let fault: Fault = { kind, ...parseHours(text, hours) };
  for (const amount of amounts?.split(",") ?? []) fault = { ...fault, ...parseAmount(text, kind, amount.trim()) };
  const given = fault.durationMs ?? fault.bytesPerSecond ?? fault.hops;
  // `late` is content with a number of requests; a rate cannot be counted in them.
  if (kind.needsAmount === true && given === undefined && (kind.takes === "rate" || fault.requests === undefined)) {
    throw refused(text, "an amount is needed", kind.doc);
  }
  return fault;
}

function parseHours(text: string, hours: string): { fromMs?: number; toMs?: number } {
  if (hours === "*") return {};
  const [first = "", last = first, ...more] = hours.split("..");
  const [fromMs, toMs] = [parseHourText(first), parseHourText(last)];
  if (fromMs === undefined || toMs === undefined || more.length > 0 || toMs < fromMs) {
    throw refused(text, `"${hours}" is no hour`, "write 2026-03-01-05, a range 2026-03-01-05..2026-03-01-07, or *");
  }
  return { fromMs, toMs };
}

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: hourMs };
const rateUnits: Readonly<Record<string, number>> = { B: 1, KB: 1000, MB: 1_000_000, KiB: 1024, MiB: 1_048_576 };

function parseAmount(text: string, kind: FaultKind, amount: string): Partial<Fault> {
  const match = /^(\d+(?:\.\d+)?)(req|hops|ms|s|m|h|(?:B|KB|MB|KiB|MiB)\/s)$/.exec(amount);
  const value = Number(match?.[1]);
  const unit = match?.[2] ?? "";
  const whole = Number.isSafeInteger(value) && value > 0;
  if (unit === "req" && whole) return { requests: value };
  if (unit === "hops" && whole && kind.takes === "hops") return { hops: value };
  if (unit.endsWith("/s") && value > 0 && kind.takes === "rate")
    return { bytesPerSecond: value * (rateUnits[unit.slice(0, -2)] ?? 1) };
  const duration = durationUnits[unit];
  if (duration !== undefined && kind.takes === "duration") return { durationMs: value * duration };
  throw refused(text, `${kind.name} does not take "${amount}"`, kind.doc);
}

function refused(text: string, fact: string, remedy?: string): Failure {
  return new Failure("usage", `fault "${text}": ${fact}`, remedy === undefined ? {} : { remedy });
}
