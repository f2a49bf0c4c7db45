/**
 * The shape of a declaration. One option gives the default, the check, the sentence of the reference and the JSON Schema;
 * this file has options of one value, `section.ts` those with members, `kinds.ts` the kinds of value, and the files named
 * after a noun (`source.ts`, `table.ts` …) the declared tree.
 */
import { Failure } from "../errors.ts";
import { nearest } from "../model/nearest.ts";
import type { Input, MappingInput, ScalarInput, ScalarValue } from "./input.ts";
import { didYouMean, type Origin, type Problems, quote } from "./problems.ts";
import { type Environment, substitute } from "./substitute.ts";

/** What a project's text may touch while it is read: SQL files beside it. */
export interface Files {
  /** Throws the system's error. */
  readText(path: string): string;
  /** The path without symbolic links; throws the system's error. */
  realPath(path: string): string;
}

export type Noun = "source" | "table" | "mart" | "target" | "bucket";

/** What reading an option depends on, besides its input. */
export interface Reading {
  readonly problems: Problems;
  readonly environment: Environment;
  /** Where relative paths start. */
  readonly directory: string;
  readonly files: Files;
  /** The names that others may refer to, gathered before anything is read. */
  readonly names: Readonly<Record<"source" | "table" | "mart", ReadonlySet<string>>>;
  /** An overlay that was not chosen: what it lacks is no problem, nor is a variable that only its user sets. */
  readonly partial: boolean;
  readonly target: string | undefined;
}

/** A value, or `undefined` when the problem with it has been reported. */
export type Read<T> = { readonly value: T } | undefined;

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonSchema = Readonly<Record<string, Json>>;

/** How the reference and the JSON Schema see an option. */
export type Shape =
  | {
      readonly kind: "leaf";
      readonly words: string;
      readonly schema: JsonSchema;
      /** A list or mapping; in the environment it is written in YAML's flow form. */
      readonly composite: boolean;
    }
  | {
      readonly kind: "section";
      readonly fields: Fields;
      /** Words that may stand in its place. */
      readonly words?: readonly string[];
    }
  | { readonly kind: "named"; readonly noun: Noun; readonly entry: Option<unknown> }
  | { readonly kind: "unoffered" };

/** What holds when the key is absent: nothing (it must be written), a value as a project would write it, or words for it. */
export type Fallback =
  | { readonly kind: "required" }
  | { readonly kind: "value"; readonly text: string }
  | { readonly kind: "words"; readonly text: string };

export interface Option<T> {
  /** What it is for: sentences. */
  readonly doc: string;
  /** A value as a project would write it. */
  readonly example: string | undefined;
  readonly fallback: Fallback;
  readonly shape: Shape;
  read(input: Input | undefined, origin: Origin, reading: Reading): Read<T>;
}

export type Fields = Readonly<Record<string, Option<unknown>>>;
export type ValuesOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Option<infer T> ? T : never };

/** Returned by a kind whose text is something else altogether; the message is then "expected …, got …". */
export const mismatch: unique symbol = Symbol("mismatch");

/** How one scalar is read. */
export interface Kind<T> {
  /** In the reference's value column: `duration`. */
  readonly words: string;
  /** In messages: `a duration such as 30s, 5m, 6h or 1d12h`. */
  readonly expects: string;
  readonly schema: JsonSchema;
  /** The text as written, without substitution: the option is secret and `${VAR}` stays a reference. */
  readonly secret?: true;
  /** What a choice offers, for "Did you mean". */
  readonly choices?: readonly string[];
  /** Throws a `usage` failure for a text of the right kind that is wrong, or returns `mismatch`. */
  parse(text: string, reading: Reading, value: ScalarValue): T | typeof mismatch;
}

export interface About {
  readonly doc: string;
  readonly example: string;
  readonly default?: string;
}

function describeInput(input: Input, secret = false): string {
  if (input.kind === "list") return "a list";
  if (input.kind === "mapping") return "a mapping";
  if (input.value === null) return "nothing";
  return secret ? "something else" : quote(input.text);
}

/** One scalar of a kind, judged. */
export function readScalar<T>(kind: Kind<T>, input: Input, reading: Reading): Read<T> {
  const { problems } = reading;
  if (input.kind !== "scalar" || input.value === null) {
    problems.report(input.origin, `expected ${kind.expects}, got ${describeInput(input)}`);
    return undefined;
  }
  const text = kind.secret === true ? input.text : substituted(input, reading);
  if (text === undefined) return undefined;
  try {
    const value = kind.parse(text, reading, text === input.text ? input.value : text);
    if (value !== mismatch) return { value };
    const shown = kind.secret === true ? describeInput(input, true) : quote(text);
    const near = kind.choices === undefined ? undefined : nearest(text, kind.choices);
    problems.report(input.origin, `expected ${kind.expects}, got ${shown}`, didYouMean(near));
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === "bug") throw error;
    problems.report(input.origin, error.message, error.detail.remedy);
  }
  return undefined;
}

function substituted(input: ScalarInput, reading: Reading): string | undefined {
  if (!input.template) return input.text;
  const { text, failed } = substitute(input.text, reading.environment);
  if (failed.length === 0) return text;
  if (reading.partial) return undefined;
  for (const { offset, fact, remedy } of failed) {
    reading.problems.report(originInside(input, offset), fact, remedy);
  }
  return undefined;
}

/** The line inside a block scalar; elsewhere the scalar's own place. */
function originInside(input: ScalarInput, offset: number): Origin {
  const { origin, textLine, text } = input;
  if (textLine === undefined || origin.place === undefined) return origin;
  const line = textLine + text.slice(0, offset).split("\n").length - 1;
  return { label: origin.label, place: { file: origin.place.file, line } };
}

function leafShape(words: string, schema: JsonSchema, composite = false): Shape {
  return { kind: "leaf", words, schema, composite };
}

export function readAbsent<T>(
  fallback: () => Read<T>,
  required: boolean,
  expects: string,
  origin: Origin,
  reading: Reading,
): Read<T> {
  if (!required) return fallback();
  if (!reading.partial) reading.problems.report(origin, `missing: expected ${expects}`);
  return undefined;
}

/** An option of one scalar; required unless `about.default` says otherwise. */
export function option<T>(kind: Kind<T>, about: About): Option<T> {
  const { default: fallback } = about;
  return {
    doc: about.doc,
    example: about.example,
    fallback: fallback === undefined ? { kind: "required" } : { kind: "value", text: fallback },
    shape: leafShape(kind.words, kind.schema),
    read(input, origin, reading) {
      if (input !== undefined) return readScalar(kind, input, reading);
      const byDefault = (): Read<T> => readScalar(kind, defaultInput(fallback ?? "", origin), reading);
      return readAbsent(byDefault, fallback === undefined, kind.expects, origin, reading);
    },
  };
}

function defaultInput(text: string, origin: Origin): ScalarInput {
  return { kind: "scalar", value: text, text, template: false, origin };
}

/** An option that may be left out; `absent` says what that means. */
export function optional<T>(
  kind: Kind<T>,
  about: { readonly doc: string; readonly example: string; readonly absent: string },
): Option<T | undefined> {
  return {
    doc: about.doc,
    example: about.example,
    fallback: { kind: "words", text: about.absent },
    shape: leafShape(kind.words, kind.schema),
    read: (input, _origin, reading) => (input === undefined ? { value: undefined } : readScalar(kind, input, reading)),
  };
}

export interface ListAbout {
  readonly doc: string;
  readonly example: string;
  /** Whether one must be given; otherwise the default is the empty list. */
  readonly required?: true;
}

/** One scalar or a list of them. */
export function listOf<T>(kind: Kind<T>, about: ListAbout): Option<readonly T[]> {
  const required = about.required === true;
  const expects = `${kind.expects}, or a list of them`;
  return {
    doc: about.doc,
    example: about.example,
    fallback: required ? { kind: "required" } : { kind: "words", text: "none" },
    shape: leafShape(
      `${kind.words} or list`,
      {
        anyOf: [kind.schema, { type: "array", items: kind.schema, ...(required ? { minItems: 1 } : {}) }],
      },
      true,
    ),
    read(input, origin, reading) {
      if (input === undefined) return readAbsent(() => ({ value: [] }), required, expects, origin, reading);
      if (input.kind === "mapping") {
        reading.problems.report(input.origin, `expected ${expects}, got a mapping`);
        return undefined;
      }
      const items = input.kind === "list" ? input.items : [input];
      if (required && items.length === 0) {
        reading.problems.report(input.origin, `expected ${expects}, got an empty list`);
        return undefined;
      }
      return allOf(items.map((item) => readScalar(kind, item, reading)));
    },
  };
}

function allOf<T>(reads: readonly Read<T>[]): Read<readonly T[]> {
  const values = reads.filter((read) => read !== undefined).map((read) => read.value);
  return values.length === reads.length ? { value: values } : undefined;
}

export interface MapAbout<T> {
  readonly doc: string;
  readonly example: string;
  /** `map of header to text`. */
  readonly words: string;
  readonly schema: JsonSchema;
  /** Throws `usage` for a name that cannot be one. */
  checkName?(name: string): void;
  read(name: string, input: Input, reading: Reading): Read<T>;
}

/** A mapping with names of the user's choice. */
export function mapOf<T>(about: MapAbout<T>): Option<ReadonlyMap<string, T>> {
  return {
    doc: about.doc,
    example: about.example,
    fallback: { kind: "words", text: "none" },
    shape: leafShape(about.words, { type: ["object", "null"], additionalProperties: about.schema }, true),
    read(input, _origin, reading) {
      if (input === undefined || isNothing(input)) return { value: new Map() };
      const entries = mappingOf(input, reading);
      if (entries === undefined) return undefined;
      const values = new Map<string, T>();
      for (const [name, { keyOrigin, value }] of entries.entries) {
        if (!nameIsRight(about.checkName, name, keyOrigin, reading)) continue;
        const read = about.read(name, value, reading);
        if (read !== undefined) values.set(name, read.value);
      }
      return values.size === entries.entries.size ? { value: values } : undefined;
    },
  };
}

/** A key without a value (all its lines commented out) counts as an empty mapping. */
export function isNothing(input: Input): boolean {
  return input.kind === "scalar" && input.value === null;
}

export function mappingOf(input: Input, reading: Reading): MappingInput | undefined {
  if (input.kind === "mapping") return input;
  // Not the text itself: of headers it may be a secret.
  const found = input.kind === "list" ? "a list" : `a ${typeof input.value === "string" ? "text" : typeof input.value}`;
  reading.problems.report(input.origin, `expected a mapping of keys to values, got ${found}`);
  return undefined;
}

export function nameIsRight(
  check: ((name: string) => void) | undefined,
  name: string,
  origin: Origin,
  reading: Reading,
): boolean {
  try {
    check?.(name);
    return true;
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === "bug") throw error;
    reading.problems.report(origin, error.message, error.detail.remedy);
    return false;
  }
}
