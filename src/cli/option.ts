/**
 * Options of commands, declared once: a declaration gives the parser its type, the help its line, and the command a
 * typed value. What cannot be read is a usage failure that names the flag.
 */
import { Failure } from "../errors.ts";
import { nearest } from "../model/nearest.ts";

export interface Option<T> {
  /** Without dashes. */
  readonly name: string;
  readonly short?: string;
  /** What stands for the value in the help; `undefined` for a switch. */
  readonly placeholder: string | undefined;
  readonly isRepeatable: boolean;
  readonly help: string;
  /** The default as the help shows it. */
  readonly fallback?: string;
  /** From the texts given, in order; none when the option is absent. A switch is given as an empty text. */
  read(texts: readonly string[]): T;
}

/** Every kind of option, for tables of them. */
export type AnyOption = Option<unknown>;

interface Describing {
  readonly short?: string;
  readonly fallback?: string;
}

export function flag(name: string, help: string, describing: Describing = {}): Option<boolean> {
  return { name, placeholder: undefined, isRepeatable: false, help, ...describing, read: (texts) => texts.length > 0 };
}

/** A value read by `parse`, which throws `usage`; of several the last counts. */
export function value<T>(
  name: string,
  placeholder: string,
  help: string,
  parse: (text: string) => T,
  describing: Describing = {},
): Option<T | undefined> {
  return {
    name,
    placeholder,
    isRepeatable: false,
    help,
    ...describing,
    read(texts) {
      const text = texts.at(-1);
      return text === undefined ? undefined : named(name, () => parse(text));
    },
  };
}

export function text(
  name: string,
  placeholder: string,
  help: string,
  describing: Describing = {},
): Option<string | undefined> {
  return value(name, placeholder, help, notEmpty, describing);
}

/** May be given several times. */
export function list(name: string, placeholder: string, help: string): Option<readonly string[]> {
  return {
    name,
    placeholder,
    isRepeatable: true,
    help,
    read: (texts) => texts.map((each) => named(name, () => notEmpty(each))),
  };
}

export function choice<T extends string>(
  name: string,
  placeholder: string,
  choices: readonly T[],
  help: string,
  describing: Describing = {},
): Option<T | undefined> {
  return value(
    name,
    placeholder,
    `${help}: ${choices.slice(0, -1).join(", ")} or ${choices.at(-1) ?? ""}`,
    (given) => chosen(given, choices),
    describing,
  );
}

/** A whole number from `least` on. */
export function whole(
  name: string,
  placeholder: string,
  help: string,
  least: number,
  describing: Describing = {},
): Option<number | undefined> {
  const parse = (given: string): number => {
    const number = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
    if (!(number >= least)) throw new Failure("usage", `expected a whole number of at least ${least}, got "${given}"`);
    return number;
  };
  return value(name, placeholder, help, parse, describing);
}

function chosen<T extends string>(given: string, choices: readonly T[]): T {
  const found = choices.find((each) => each === given);
  if (found !== undefined) return found;
  const near = nearest(given, choices);
  throw new Failure(
    "usage",
    `expected ${choices.join(", ")}, got "${given}"`,
    near === undefined ? {} : { remedy: `did you mean ${near}?` },
  );
}

function notEmpty(given: string): string {
  if (given === "") throw new Failure("usage", "expected a text, got an empty one");
  return given;
}

/** Puts the flag's name before the message of a usage failure. */
function named<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Failure && error.kind === "usage")
      throw new Failure("usage", `--${name}: ${error.message}`, error.detail);
    throw error;
  }
}
