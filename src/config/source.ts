/** `sources.<name>`: a calendar of files somewhere else. */
import { Failure } from "../errors.ts";
import { dayMs, type Every, hourMs } from "../model/calendar.ts";
import { parseKeyPattern } from "../model/key-pattern.ts";
import type { HeaderValue, SecretReference, SourceLocation, SourceSettings } from "../model/project.ts";
import { authorities, chosenAuthorities } from "./authorities.ts";
import * as kind from "./kinds.ts";
import { type Address, address } from "./location.ts";
import { type Kind, listOf, mapOf, mismatch, option, optional, readScalar, type ValuesOf } from "./option.ts";
import { literalSecret, parseHeaderValue, parseReference } from "./secret.ts";
import { section } from "./section.ts";

const yearMs = 365 * dayMs;

const timeouts = section(
  { doc: "When a download counts as stuck. A download that is stuck is tried again, see `retry`." },
  {
    connect: option(kind.duration(1, hourMs), {
      doc: "Longest time until the connection stands, TLS included.",
      default: "10s",
      example: "5s",
    }),
    headers: option(kind.duration(1, hourMs), {
      doc: "Longest time from the request to the answer's headers.",
      default: "30s",
      example: "1m",
    }),
    idle: option(kind.duration(1, hourMs), {
      doc: "Longest time without a single byte of the body.",
      default: "1m",
      example: "30s",
    }),
    total: option(kind.duration(1, dayMs), { doc: "Longest time for one download.", default: "1h", example: "15m" }),
  },
);

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Headers that decide about the bytes of the body or about the connection are the program's own. */
const ownHeaders: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "host",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "range",
  "transfer-encoding",
]);

const headers = mapOf<HeaderValue>({
  doc:
    "Headers sent with every request, never across hosts. A secret is given by reference: `env:NAME` or `file:PATH`; " +
    "a value that is one variable in braces stays a reference too. A secret written out is refused.",
  example: "{ Authorization: env:ARCHIVE_TOKEN, X-Team: data }",
  words: "map of header to text or reference",
  schema: { type: "string" },
  checkName(name) {
    if (!headerName.test(name)) throw new Failure("usage", "not the name of a header");
    if (ownHeaders.has(name.toLowerCase())) {
      throw new Failure("usage", "millrace sets this header itself", { remedy: "Remove it" });
    }
  },
  read: (name, input, reading) =>
    readScalar(
      {
        words: "text or reference",
        expects: "a text, env:NAME or file:PATH",
        schema: { type: "string" },
        secret: true,
        parse: (written) => (written === "" ? mismatch : parseHeaderValue(name, written, reading.directory)),
      },
      input,
      reading,
    ),
});

const proxy: Kind<SourceSettings["proxy"]> = {
  words: "URL, reference, `env` or `none`",
  expects: 'a URL such as http://proxy:3128, a reference, "env" or "none"',
  schema: { type: "string" },
  secret: true,
  parse(written, reading) {
    if (written === "env" || written === "none") return written;
    const reference = parseReference(written, reading.directory);
    if (reference !== undefined) return reference;
    if (!URL.canParse(written) || !/^https?:\/\//i.test(written)) return mismatch;
    const url = new URL(written);
    if (url.username !== "" || url.password !== "") throw literalSecret();
    return { kind: "text", text: written };
  },
};

export const source = section(
  {
    doc:
      "A calendar of files somewhere else, one for every hour or day. millrace keeps a copy of each in `lake.raw`, byte " +
      "for byte.",
  },
  {
    url: listOf(address, {
      doc:
        "Where the files are: `http(s)://…`, or a directory (absolute, relative to the project file, or `file:///…`; also a " +
        "mounted share). Tokens: `{yyyy} {MM} {dd} {HH}` with zeros in front, `{M} {d} {H}` without. A list names mirrors " +
        "with the same naming, in order of preference. Credentials belong into `headers`.",
      example: "https://data.gharchive.org/{yyyy}-{MM}-{dd}-{H}.json.gz",
      required: true,
    }),
    mirrors: listOf(address, {
      doc: "Further places with the same files, asked after those of `url`.",
      example: '["https://mirror.example.org/gharchive/{yyyy}-{MM}-{dd}-{H}.json.gz"]',
    }),
    object: optional(kind.text, {
      doc: "The key of each file in `lake.raw`. It must tell every hour (or day) from every other.",
      absent: "<source>/{yyyy}/{MM}/{dd}/{HH}.json.gz",
      example: "gharchive/{yyyy}/{MM}/{dd}/{HH}.json.gz",
    }),
    every: option(kind.choice("hour", "day"), {
      doc: "How often the source has a new file.",
      default: "hour",
      example: "day",
    }),
    since: option(kind.since, {
      doc:
        "How far to look back: a duration, counted from 00:00 UTC of today, or a fixed instant. Only fetching is bounded by " +
        "it; what is in the lake stays.",
      default: "7d",
      example: "2015-01-01",
    }),
    until: option(kind.orNone(kind.instant), {
      doc: "Nothing at or after this instant is fetched.",
      default: "none",
      example: "2016-01-01",
    }),
    settle: option(kind.duration(0, yearMs), {
      doc:
        "How old a missing file may be, counted from the end of its hour, before it is a gap and an error instead of not " +
        "there yet.",
      default: "6h",
      example: "1h",
    }),
    interval: option(kind.duration(1_000, yearMs), {
      doc: "How often `watch` looks for new files.",
      default: "5m",
      example: "1m",
    }),
    retry: option(kind.count(0, 100), {
      doc: "How often a download that failed for a passing reason is tried again within one pass, with growing pauses.",
      default: "4",
      example: "2",
    }),
    max: option(kind.orNone(kind.count(1, Number.MAX_SAFE_INTEGER)), {
      doc: "Most files fetched in one pass.",
      default: "none",
      example: "100",
    }),
    parallel: option(kind.count(1, 256), { doc: "Downloads side by side.", default: "4", example: "2" }),
    rate: option(kind.orNone(kind.bytes(1, true)), {
      doc: "Most bytes a second over all downloads of this source together.",
      default: "none",
      example: "20MB",
    }),
    requests: option(kind.orNone(kind.amount), {
      doc: "Most requests a second to this source.",
      default: "none",
      example: "5",
    }),
    order: option(kind.choice("oldest", "newest"), {
      doc: "Which files are fetched first.",
      default: "oldest",
      example: "newest",
    }),
    headers,
    ca: authorities({
      doc:
        "Certificate authorities to trust besides the usual ones, for this source alone: a PEM file, or `env:NAME` for a " +
        "variable with PEM text. `none` trusts only the usual ones.",
      absent: "the top-level `ca`",
    }),
    proxy: option(proxy, {
      doc:
        "The proxy for HTTP: its URL, a reference (`env:NAME`, `file:PATH`) to a URL with credentials, `env` for the usual " +
        "variables (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), or `none`.",
      default: "env",
      example: "http://proxy.example.org:3128",
    }),
    timeouts,
    expanded_max: option(kind.bytes(1024), {
      doc: "Largest file after decompression; a guard against archives that are bombs.",
      default: "16GiB",
      example: "2GiB",
    }),
    ratio_max: option(kind.count(1, 100_000), {
      doc: "Most bytes after decompression for one byte before; a guard against archives that are bombs.",
      default: "500",
      example: "100",
    }),
    known_missing: listOf(kind.span, {
      doc:
        "Hours or days that the archive does not have and never will: they are no gaps. A range `a..b` includes the whole of " +
        "`b`.",
      example: "[2016-10-21T18, 2018-10-21T23..2018-10-22T01]",
    }),
    recheck: option(kind.duration(0, 100 * yearMs), {
      doc:
        "Files younger than this are asked for again, to learn whether the archive repaired them; what changed becomes a new " +
        "revision. `0` never asks.",
      default: "0",
      example: "3d",
    }),
    keep: option(kind.orWord(kind.duration(dayMs, 100 * yearMs), "forever", undefined), {
      doc:
        "How long files stay in `lake.raw`, counted from the end of their hour or day. Older ones are not fetched again, and " +
        "`gc` removes them once they are in their tables. Their partitions stay, but cannot be converted again.",
      default: "forever",
      example: "365d",
    }),
  },
  (values, report) => {
    const { every, settle } = values;
    if (every !== undefined) {
      for (const key of ["url", "mirrors"] as const) {
        for (const each of values[key] ?? [])
          attempt(
            () => locationOf(each, every),
            (failure) => report(key, failure.message, failure.detail.remedy),
          );
      }
      const object = values.object;
      if (object !== undefined) {
        attempt(
          () => parseKeyPattern(object, every),
          (failure) => report("object", failure.message, failure.detail.remedy),
        );
      }
      const hourly = values.known_missing?.find((span) => every === "day" && span.hourly);
      if (hourly !== undefined) report("known_missing", `${hourly.text} names an hour, but every is day`);
    }
    const since = values.since;
    if (since?.kind === "ago" && settle !== undefined && settle >= since.ms) {
      const remedy = "Make settle shorter than since: otherwise no file is ever missed";
      report("settle", `as long as the look-back of ${since.text}`, remedy);
    }
    if (values.keep !== undefined && settle !== undefined && values.keep <= settle) {
      report(
        "keep",
        "not longer than settle",
        "A file that is missing would expire before it is a gap: make keep longer",
      );
    }
    if (since?.kind === "at" && values.until !== undefined && values.until <= since.ms) {
      report("until", `not after since (${since.text})`, "Nothing would be fetched: move one of the two");
    }
  },
);

function attempt(parse: () => unknown, onFailure: (failure: Failure) => void): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    onFailure(error);
  }
}

function locationOf(each: Address, every: Every): SourceLocation {
  return { kind: each.kind, base: each.base, pattern: parseKeyPattern(each.pattern, every, "source") };
}

function defaultObject(name: string, every: Every): string {
  return every === "hour" ? `${name}/{yyyy}/{MM}/{dd}/{HH}.json.gz` : `${name}/{yyyy}/{MM}/{dd}.json.gz`;
}

/** `ca` is the project's own, for a source that does not name one. */
export function sourceSettings(
  name: string,
  values: ValuesOf<typeof source.shape.fields>,
  ca: SecretReference | undefined,
): SourceSettings {
  const { every } = values;
  return {
    name,
    locations: [...values.url, ...values.mirrors].map((each) => locationOf(each, every)),
    object: parseKeyPattern(values.object ?? defaultObject(name, every), every),
    every,
    since: values.since,
    untilMs: values.until,
    settleMs: values.settle,
    intervalMs: values.interval,
    retry: values.retry,
    max: values.max,
    parallel: values.parallel,
    bytesPerSecond: values.rate,
    requestsPerSecond: values.requests,
    order: values.order,
    headers: values.headers,
    ca: chosenAuthorities(values.ca, ca),
    proxy: values.proxy,
    timeouts: {
      connectMs: values.timeouts.connect,
      headersMs: values.timeouts.headers,
      idleMs: values.timeouts.idle,
      totalMs: values.timeouts.total,
    },
    expandedBytesMax: values.expanded_max,
    ratioMax: values.ratio_max,
    knownMissing: values.known_missing.map(({ startMs, endMs }) => ({ startMs, endMs })),
    recheckMs: values.recheck,
    keepMs: values.keep,
  };
}
