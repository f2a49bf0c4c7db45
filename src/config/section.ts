/** Options with members: sections with declared keys, and mappings from the user's names to sections. */
import { nearest } from "../model/nearest.ts";
import { type Entry, emptyMapping, type Input, memberLabel, nested } from "./input.ts";
import {
  type Fields,
  isNothing,
  mappingOf,
  type Noun,
  nameIsRight,
  type Option,
  type Reading,
  readAbsent,
  type ValuesOf,
} from "./option.ts";
import { didYouMean, type Origin, quote } from "./problems.ts";

/** Reports a problem with one key of a section, at its value or, where it is not written, at the section. */
export type Report<F extends Fields> = (key: keyof F & string, fact: string, remedy?: string) => void;

export interface Section<F extends Fields> extends Option<ValuesOf<F>> {
  readonly shape: { readonly kind: "section"; readonly fields: F };
}

/** A section that may be left out, or in whose place a word may stand. */
export interface OptionalSection<F extends Fields> extends Option<ValuesOf<F> | "none" | undefined> {
  readonly shape: { readonly kind: "section"; readonly fields: F; readonly words: readonly string[] };
}

/**
 * A mapping with declared keys. `rule` sees the values that could be read, also when others could not, so that all
 * mistakes are found in one go.
 */
export function section<F extends Fields>(
  about: { readonly doc: string; readonly example?: string },
  fields: F,
  rule?: (values: Partial<ValuesOf<F>>, report: Report<F>, reading: Reading) => void,
): Section<F> {
  const names = Object.keys(fields);
  return {
    doc: about.doc,
    example: about.example,
    fallback: Object.values(fields).some((field) => field.fallback.kind === "required")
      ? { kind: "required" }
      : { kind: "words", text: "every key's own default" },
    shape: { kind: "section", fields },
    read(input, origin, reading) {
      const mapping = input === undefined || isNothing(input) ? undefined : mappingOf(input, reading);
      if (input !== undefined && !isNothing(input) && mapping === undefined) return undefined;
      const entries = mapping?.entries ?? new Map<string, Entry>();
      const here = input?.origin ?? origin;
      reportUnknownKeys(entries, fields, reading);
      const originOf = (key: string): Origin => entries.get(key)?.value.origin ?? childOrigin(here, key);
      const values: Record<string, unknown> = {};
      for (const [key, field] of Object.entries(fields)) {
        const read = field.read(entries.get(key)?.value, childOrigin(here, key), reading);
        if (read !== undefined) values[key] = read.value;
      }
      // The record is filled above from `fields` alone, key by key with each option's own type.
      const typed = values as Partial<ValuesOf<F>>;
      rule?.(typed, (key, fact, remedy) => reading.problems.report(originOf(key), fact, remedy), reading);
      return names.every((name) => name in values) ? { value: typed as ValuesOf<F> } : undefined;
    },
  };
}

function childOrigin(origin: Origin, key: string): Origin {
  return { ...origin, label: memberLabel(origin.label, key) };
}

function reportUnknownKeys(entries: ReadonlyMap<string, Entry>, fields: Fields, reading: Reading): void {
  const known = Object.keys(fields).filter((key) => fields[key]?.shape.kind !== "unoffered");
  for (const [key, { keyOrigin }] of entries) {
    if (Object.hasOwn(fields, key)) continue;
    reading.problems.report(
      keyOrigin,
      "unknown key",
      didYouMean(nearest(key, known), `The keys here are ${known.join(", ")}`),
    );
  }
}

/**
 * A section that is `undefined` where it is not written. In its place may stand `none` (or another word for nothing), which
 * undoes what would be inherited, and, where `key` is the name of a section inside, that name: `spark: local` is `spark: { local: {} }`.
 */
export function optionalSection<F extends Fields>(
  of: Section<F>,
  {
    key,
    none = "none",
    remedy,
  }: { readonly key?: keyof F & string; readonly none?: string; readonly remedy?: string } = {},
): OptionalSection<F> {
  const words = key === undefined ? [none] : [key, none];
  return {
    doc: of.doc,
    example: of.example,
    fallback: { kind: "words", text: none },
    shape: { ...of.shape, words },
    read(input, origin, reading) {
      if (input === undefined || isNothing(input)) return { value: undefined };
      if (input.kind === "scalar" && input.text === none) return { value: "none" };
      if (key !== undefined && input.kind === "scalar" && input.text === key) {
        const inner = emptyMapping({ ...input.origin, label: memberLabel(input.origin.label, key) });
        return of.read(nested([key], inner), origin, reading);
      }
      if (input.kind !== "mapping") reportNoSection(input, words, remedy, reading);
      return input.kind === "mapping" ? of.read(input, origin, reading) : undefined;
    },
  };
}

function reportNoSection(input: Input, words: readonly string[], remedy: string | undefined, reading: Reading): void {
  // Not any text: an address may hold a secret.
  const word = input.kind === "scalar" && /^[\w-]{1,20}$/.test(input.text) ? input.text : undefined;
  const found = word !== undefined ? quote(word) : input.kind === "scalar" ? "a text" : "a list";
  const near = word === undefined ? undefined : nearest(word, words);
  const expected = words.map((word) => `"${word}"`).join(" or ");
  reading.problems.report(
    input.origin,
    `expected a mapping of keys to values, or ${expected}, got ${found}`,
    didYouMean(near, remedy),
  );
}

/** A mapping from the user's names to sections: sources, tables, marts. */
export function named<T>(
  about: { readonly doc: string; readonly noun: Noun; readonly required?: true; checkName(name: string): void },
  entry: Option<T>,
): Option<ReadonlyMap<string, T>> {
  const required = about.required === true;
  return {
    doc: about.doc,
    example: undefined,
    fallback: required ? { kind: "required" } : { kind: "words", text: "none" },
    shape: { kind: "named", noun: about.noun, entry },
    read(input, origin, reading) {
      const empty = input?.kind === "mapping" && input.entries.size === 0;
      if (input === undefined || isNothing(input) || empty) {
        return readAbsent(
          () => ({ value: new Map() }),
          required,
          `at least one ${about.noun}`,
          input?.origin ?? origin,
          reading,
        );
      }
      const mapping = mappingOf(input, reading);
      if (mapping === undefined) return undefined;
      const values = new Map<string, T>();
      for (const [name, { keyOrigin, value }] of mapping.entries) {
        const right = nameIsRight(about.checkName, name, keyOrigin, reading);
        const read = entry.read(value, keyOrigin, reading);
        if (right && read !== undefined) values.set(name, read.value);
      }
      return values.size === mapping.entries.size ? { value: values } : undefined;
    },
  };
}

/** A key of a later version: refused with one sentence instead of as an unknown word. */
export function unoffered(what: string): Option<undefined> {
  return {
    doc: what,
    example: undefined,
    fallback: { kind: "words", text: "none" },
    shape: { kind: "unoffered" },
    read(input, _origin, reading) {
      if (input === undefined) return { value: undefined };
      reading.problems.report(input.origin, `${what} not offered by this version`, "Remove the key");
      return undefined;
    },
  };
}
