/** The command line as a command's name, its words and the texts of its options. Unknown names meet the nearest known one. */
import { parseArgs } from "node:util";
import { Failure } from "../errors.ts";
import { nearest } from "../model/nearest.ts";
import type { Command } from "./command.ts";
import { commonOptionList } from "./common-options.ts";
import type { AnyOption, Option } from "./option.ts";

export interface Parsed {
  readonly words: readonly string[];
  /** By option name, in the order given. */
  readonly given: ReadonlyMap<string, readonly string[]>;
}

export interface Split {
  /** The first word, which names the command. */
  readonly name: string | undefined;
  /** Everything else, with the common options that stood before the name. */
  readonly rest: readonly string[];
}

/** Finds the command's name; before it only the common options may stand. */
export function splitCommand(argv: readonly string[]): Split {
  const before: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const arg = argv[index] ?? "";
    if (!arg.startsWith("-") || arg === "-") return { name: arg, rest: [...before, ...argv.slice(index + 1)] };
    before.push(arg);
    const option = commonOptionList.find((each) => isNamed(each, arg));
    if (option === undefined) throw unknownOption(arg, commonOptionList, "");
    const takesNext =
      option.placeholder !== undefined && !arg.includes("=") && (arg.startsWith("--") || arg.length === 2);
    if (takesNext && index + 1 < argv.length) before.push(argv[++index] ?? "");
  }
  return { name: undefined, rest: before };
}

function isNamed(option: AnyOption, arg: string): boolean {
  if (arg.startsWith("--")) return arg.slice(2).split("=")[0] === option.name;
  return option.short !== undefined && arg.startsWith(`-${option.short}`);
}

export function parseCommandLine(
  args: readonly string[],
  command: Pick<Command, "name" | "options" | "arguments">,
): Parsed {
  const options = [...commonOptionList, ...command.options];
  const config = Object.fromEntries(
    options.map((option) => {
      const type = option.placeholder === undefined ? ("boolean" as const) : ("string" as const);
      return [option.name, { type, multiple: true, ...(option.short === undefined ? {} : { short: option.short }) }];
    }),
  );
  const { tokens } = parseArgs({
    args: [...args],
    options: config,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const words: string[] = [];
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const option = options.find((each) => each.name === token.name);
    if (option === undefined) throw unknownOption(token.rawName, options, command.name);
    given.set(option.name, [...(given.get(option.name) ?? []), optionText(option, token.rawName, token.value)]);
  }
  // `--help` answers however incomplete the rest is.
  if (!given.has("help")) checkWords(words, command);
  return { words, given };
}

function optionText(option: AnyOption, rawName: string, text: string | undefined): string {
  if (option.placeholder === undefined) {
    if (text !== undefined) throw new Failure("usage", `${rawName}: takes no value, got "${text}"`);
    return "";
  }
  if (text === undefined || /^--\w/.test(text))
    throw new Failure("usage", `${rawName}: expected a value (${option.placeholder})`);
  return text;
}

function unknownOption(rawName: string, options: readonly AnyOption[], command: string): Failure {
  const name = rawName.split("=")[0] ?? rawName;
  const near = nearest(
    name.replace(/^-+/, ""),
    options.map((each) => each.name),
  );
  const of = command === "" ? "" : ` of millrace ${command}`;
  const help =
    command === "" ? "options of a command stand after its name; see millrace help" : `see millrace ${command} --help`;
  return new Failure("usage", `${name}: no such option${of}`, {
    remedy: near === undefined ? help : `did you mean --${near}?`,
  });
}

function checkWords(words: readonly string[], command: Pick<Command, "name" | "arguments">): void {
  const { least, most, names } = command.arguments;
  const help = { remedy: `see millrace ${command.name} --help` };
  if (words.length < least) throw new Failure("usage", `millrace ${command.name}: expected ${names}`, help);
  const extra = words[most];
  if (extra === undefined) return;
  const expected = most === 0 ? "takes no argument" : `expected only ${names}`;
  throw new Failure("usage", `millrace ${command.name}: ${expected}, got "${extra}" as well`, help);
}

/** The typed value of an option. */
export function readOption<T>(parsed: Parsed, option: Option<T>): T {
  return option.read(parsed.given.get(option.name) ?? []);
}

export function unknownCommand(name: string, names: readonly string[]): Failure {
  const near = nearest(name, names);
  return new Failure("usage", `${name}: no such command`, {
    remedy: near === undefined ? "millrace alone shows the commands" : `did you mean millrace ${near}?`,
  });
}
