/** The kinds of value a project file holds: how each is read, what a message calls it, and its JSON Schema. */
import { isAbsolute, resolve } from "node:path";
import { Failure } from "../errors.ts";
import { nearest } from "../model/nearest.ts";
import type { DirectoryPlace, Since } from "../model/project.ts";
import type { DeclaredType } from "../model/schema.ts";
import { parseType } from "../model/type-text.ts";
import { parseInstant, parseSince, parseSpan, type Span } from "./instants.ts";
import { type JsonSchema, type Kind, mismatch } from "./option.ts";
import { didYouMean, quote } from "./problems.ts";
import { formatDuration, parseBytes, parseCount, parseDuration, parseShare } from "./quantities.ts";

/** In a JSON Schema every value may also be a text with a variable in it. */
const variable = "\\$\\{";

function pattern(expression: string): JsonSchema {
  return { type: "string", pattern: `^(?:${expression})$|${variable}` };
}

function orVariable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: "string", pattern: variable }] };
}

export const text: Kind<string> = {
  words: "text",
  expects: "a text",
  schema: { type: "string" },
  parse: (written) => (written.trim() === "" ? mismatch : written),
};

export function choice<const T extends string>(...choices: readonly T[]): Kind<T> {
  return {
    words: choices.map((each) => `\`${each}\``).join(", "),
    expects: oneOf(choices),
    schema: orVariable({ enum: [...choices] }),
    choices,
    parse: (written) => choices.find((each) => each === written) ?? mismatch,
  };
}

function oneOf(choices: readonly string[]): string {
  const quoted = choices.map((each) => `"${each}"`);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

const durationExpression = "0|(?=\\d)(\\d+w)?(\\d+d)?(\\d+h)?(\\d+m)?(\\d+s)?(\\d+ms)?";

/** Milliseconds from `minMs` to `maxMs`. */
export function duration(minMs: number, maxMs: number): Kind<number> {
  return {
    words: "duration",
    expects: "a duration such as 30s, 5m, 6h or 1d12h",
    schema: pattern(durationExpression),
    parse(written) {
      const ms = parseDuration(written);
      if (ms === undefined) return unitless(written, "Write the unit behind the number: s, m, h or d");
      if (ms < minMs) throw new Failure("usage", `${written} is less than ${formatDuration(minMs)}`);
      if (ms > maxMs) throw new Failure("usage", `${written} is more than ${formatDuration(maxMs)}`);
      return ms;
    },
  };
}

/** A bare number where a unit is needed is the commonest slip; it deserves its own sentence. */
function unitless(written: string, remedy: string): typeof mismatch {
  if (/^\d+$/.test(written)) {
    throw new Failure("usage", `${written} has no unit`, { remedy });
  }
  return mismatch;
}

/** Bytes, at least `min`. `perSecond` also takes `20MB/s`. */
export function bytes(min: number, perSecond = false): Kind<number> {
  return {
    words: perSecond ? "bytes a second" : "bytes",
    expects: perSecond ? "bytes a second such as 500kB or 20MB" : "a size such as 256MB or 1GiB",
    schema: orVariable({
      anyOf: [
        { type: "integer", minimum: min },
        pattern(`\\d+(\\.\\d+)? ?([kKmMgGtT]i?)?[bB]?${perSecond ? "(/s)?" : ""}`),
      ],
    }),
    parse(written) {
      const size = parseBytes(perSecond ? written.replace(/ ?\/ ?s$/, "") : written);
      if (size === undefined) return mismatch;
      if (size < min) throw new Failure("usage", `${written} is less than ${min} bytes`);
      return size;
    },
  };
}

export function count(min: number, max: number): Kind<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`;
  return {
    words: "number",
    expects: range,
    schema: orVariable({ type: "integer", minimum: min, ...(max === Number.MAX_SAFE_INTEGER ? {} : { maximum: max }) }),
    parse(written) {
      const value = parseCount(written);
      return value === undefined || value < min || value > max ? mismatch : value;
    },
  };
}

export const yesNo: Kind<boolean> = {
  words: "`true` or `false`",
  expects: "true or false",
  schema: orVariable({ type: "boolean" }),
  choices: ["true", "false"],
  parse: (written) => (written === "true" ? true : written === "false" ? false : mismatch),
};

/** A number above zero, also with decimals. */
export const amount: Kind<number> = {
  words: "number",
  expects: "a number above 0",
  schema: orVariable({ type: "number", exclusiveMinimum: 0 }),
  parse(written) {
    const value = /^\d+(\.\d+)?$/.test(written) ? Number(written) : 0;
    return value > 0 && Number.isFinite(value) ? value : mismatch;
  },
};

export const share: Kind<number> = {
  words: "share",
  expects: "a share such as 0.1% or 0.001",
  schema: orVariable({ anyOf: [{ type: "number", minimum: 0, maximum: 1 }, pattern("\\d+(\\.\\d+)?( ?%)?")] }),
  parse: (written) => parseShare(written) ?? mismatch,
};

/** A kind with a word for a special value: `none`, `auto`. */
export function orWord<T, W>(kind: Kind<T>, word: string, value: W): Kind<T | W> {
  return {
    ...kind,
    words: `${kind.words} or \`${word}\``,
    expects: `${kind.expects}, or "${word}"`,
    schema: { anyOf: [{ const: word }, kind.schema] },
    parse: (written, reading, scalar): T | W | typeof mismatch =>
      written === word ? value : kind.parse(written, reading, scalar),
  };
}

/** A limit that can be switched off: `none` reads as `undefined`. */
export function orNone<T>(kind: Kind<T>): Kind<T | undefined> {
  return orWord(kind, "none", undefined);
}

const instantExpression = "\\d{4}-\\d{2}-\\d{2}([T -]\\d{1,2}(Z|:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}:?\\d{2})?)?)?";

/** Milliseconds since the epoch. */
export const instant: Kind<number> = {
  words: "instant",
  expects: "an instant such as 2015-01-01 or 2015-01-01T05",
  schema: pattern(instantExpression),
  parse: (written) => parseInstant(written)?.ms ?? mismatch,
};

export const since: Kind<Since> = {
  words: "duration or instant",
  expects: "a look-back such as 7d, or an instant such as 2015-01-01",
  schema: pattern(`${durationExpression}|${instantExpression}`),
  parse: (written) => parseSince(written) ?? unitless(written, "Write a look-back as 7d and an instant as 2015-01-01"),
};

export const span: Kind<Span> = {
  words: "hour, day or range",
  expects: "an hour or day such as 2016-10-21T18, or a range such as 2018-10-21T23..2018-10-22T01",
  schema: pattern(`${instantExpression}( ?\\.\\. ?${instantExpression})?`),
  parse: (written) => parseSpan(written) ?? mismatch,
};

/** A path relative to the project's directory; the value is absolute. */
export const path: Kind<string> = {
  words: "path",
  expects: "a path",
  schema: { type: "string" },
  parse(written, reading) {
    if (written.trim() === "") return mismatch;
    refuseRemote(written);
    return absolute(written, reading.directory);
  },
};

/** A directory as one of the lake's places. */
export function directoryPlace(written: string, directory: string): DirectoryPlace {
  refuseRemote(written);
  return { kind: "directory", path: absolute(written, directory), name: written };
}

function absolute(written: string, directory: string): string {
  if (written.includes("\u0000")) throw new Failure("usage", "has a NUL character");
  return isAbsolute(written) ? resolve(written) : resolve(directory, written);
}

/** Places that no path names; `file:` and the like are simply not how a path is written. */
function refuseRemote(written: string): void {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):\/\//.exec(written)?.[1]?.toLowerCase();
  if (scheme === undefined) return;
  if (remoteSchemes.has(scheme)) {
    throw new Failure("usage", `${scheme}:// is not offered by this version`, { remedy: "Name a local directory" });
  }
  throw new Failure("usage", `${scheme}:// is not a directory`, { remedy: "Write the path alone" });
}

export const remoteSchemes: ReadonlySet<string> = new Set(["s3", "s3a", "gs", "abfs", "abfss", "hdfs", "sftp", "smb"]);

/** The name of something declared elsewhere in the project. */
export function reference(noun: "source" | "table"): Kind<string> {
  return {
    words: `a ${noun}'s name`,
    expects: `the name of a ${noun}`,
    schema: { type: "string" },
    parse(written, reading) {
      const known = reading.names[noun];
      if (known.has(written)) return written;
      const others = known.size === 0 ? `The project declares no ${noun}` : `The ${noun}s are ${[...known].join(", ")}`;
      throw new Failure("usage", `unknown ${noun} ${quote(written)}`, {
        remedy: didYouMean(nearest(written, known), others) ?? others,
      });
    },
  };
}

export const columnType: Kind<DeclaredType> = {
  words: "type",
  expects: "a type such as timestamp, decimal(10,2), list<string>, json or drop",
  schema: { type: "string" },
  parse: (written) => parseType(written),
};

/** A text, number or boolean as it stands, for lists of accepted values. */
export const literal: Kind<string | number | boolean> = {
  words: "text, number or boolean",
  expects: "a text, number or boolean",
  schema: { type: ["string", "number", "boolean"] },
  parse: (_written, _reading, value) => (value === null ? mismatch : value),
};

/** A column of a mart. */
export const martColumn: Kind<string> = {
  words: "column",
  expects: "a column of the mart: small letters, digits and _",
  schema: pattern("[a-z_][a-z0-9_]*"),
  parse: (written) => (/^[a-z_][a-z0-9_]*$/.test(written) ? written : mismatch),
};
