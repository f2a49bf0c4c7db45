/** The whole project file as one declared tree. */
import { dayMs, hourMs } from "../model/calendar.ts";
import { authorities } from "./authorities.ts";
import { catalog } from "./catalog.ts";
import { engine } from "./engine.ts";
import { type Input, keysOf, member } from "./input.ts";
import * as kind from "./kinds.ts";
import { lake } from "./lake.ts";
import { mart } from "./mart.ts";
import { checkName } from "./names.ts";
import { type Kind, mismatch, type Option, option, optional, type Reading } from "./option.ts";
import { s3 } from "./s3.ts";
import { named, section, unoffered } from "./section.ts";
import { source } from "./source.ts";
import { table } from "./table.ts";

export const projectNamePattern = /^[a-z][a-z0-9_-]*$/;

const projectName: Kind<string> = {
  words: "name",
  expects: "a name of small letters, digits, - and _",
  schema: { type: "string", pattern: `${projectNamePattern.source}|\\$\\{` },
  parse: (written) => (projectNamePattern.test(written) ? written : mismatch),
};

const watch = section(
  { doc: "Where `watch` serves health and metrics." },
  {
    host: option(kind.text, {
      doc: "The address to listen on. The default is reachable from this machine only.",
      default: "127.0.0.1",
      example: "0.0.0.0",
    }),
    port: option(kind.count(0, 65_535), {
      doc: "The port; `0` takes any free one.",
      default: "9464",
      example: "8080",
    }),
  },
);

const gc = section(
  { doc: "What `gc` leaves alone." },
  {
    retention: option(kind.duration(hourMs, 100 * 365 * dayMs), {
      doc:
        "What nothing refers to any more (old versions, rejected lines, leftovers) is collected when it is older than " +
        "this; at least 1h, so that no run in progress loses what it is about to publish.",
      default: "7d",
      example: "30d",
    }),
    versions: option(kind.count(1, 1_000_000), {
      doc: "Versions of each mart that are kept whatever their age, the current one counted.",
      default: "2",
      example: "5",
    }),
  },
);

const cache = section(
  {
    doc:
      "Local copies of what lies in buckets, for the embedded engine. A cache: it can be deleted at any time. Directories " +
      "of a local lake are read where they are.",
  },
  {
    directory: option(kind.path, {
      doc: "Where the copies are, relative to the project file.",
      default: ".millrace/cache",
      example: "/var/cache/millrace",
    }),
    max: option(kind.bytes(64 * 1024 * 1024), {
      doc: "Most bytes of copies; those that were not used for longest make room. At least 64MiB.",
      default: "10GB",
      example: "100GB",
    }),
  },
);

/** What a target may say differently. */
const overlayFields = {
  ca: authorities({
    doc:
      "Certificate authorities to trust besides the usual ones, wherever millrace connects by TLS: a PEM file, or `env:NAME` " +
      "for a variable with PEM text. Sources and stores may name their own.",
    absent: "none",
  }),
  lake,
  s3,
  sources: named({ doc: "The archives, by a name of your choice.", noun: "source", required: true, checkName }, source),
  tables: named({ doc: "The Parquet tables, by name.", noun: "table", checkName }, table),
  marts: named({ doc: "The marts, by name.", noun: "mart", checkName }, mart),
  engine,
  watch,
  gc,
  cache,
  catalog,
  exports: unoffered("the export of marts into databases is"),
} as const;

export const overlaySection = section(
  { doc: "Settings that replace those of the project when the target is chosen." },
  overlayFields,
);

/**
 * Targets that were not chosen are still read, so that a mistake in `prod` is found on a laptop; the chosen one has
 * become part of the project before.
 */
const targets: Option<undefined> = {
  doc:
    "Named variants of the project: `--target NAME` (or `MILLRACE_TARGET`) lays one over the rest of the file. A target " +
    "has the same keys as the file, without `name` and `targets`; mappings are merged key by key, other values replaced.",
  example: undefined,
  fallback: { kind: "words", text: "none" },
  shape: { kind: "named", noun: "target", entry: overlaySection },
  read(input, _origin, reading) {
    if (input === undefined) return { value: undefined };
    if (input.kind !== "mapping") {
      if (input.kind === "scalar" && input.value === null) return { value: undefined };
      reading.problems.report(input.origin, "expected a mapping of names to targets");
      return undefined;
    }
    for (const [name, { keyOrigin, value }] of input.entries) {
      if (!projectNamePattern.test(name))
        reading.problems.report(keyOrigin, "not a name", "Names are small letters, digits, - and _");
      if (name !== reading.target) overlaySection.read(value, keyOrigin, partial(reading, value));
    }
    return { value: undefined };
  },
};

function partial(reading: Reading, overlay: Input): Reading {
  const names = (noun: "source" | "table" | "mart"): ReadonlySet<string> =>
    new Set([...reading.names[noun], ...keysOf(member(overlay, `${noun}s`))]);
  return { ...reading, partial: true, names: { source: names("source"), table: names("table"), mart: names("mart") } };
}

export const declaration = section(
  { doc: "A millrace project." },
  {
    name: optional(projectName, {
      doc: "What the project is called in messages.",
      absent: "the directory's name",
      example: "gha",
    }),
    ...overlayFields,
    targets,
  },
);
