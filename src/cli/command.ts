/** What a command is, and what it is handed when it runs. */
import type { Readable } from "node:stream";
import type { AnyOption, Option } from "./option.ts";
import type { OutStream, Screen } from "./terminal/screen.ts";

export interface Command {
  readonly name: string;
  /** One line, in the imperative. */
  readonly purpose: string;
  /** The forms of the command line, without `millrace`. */
  readonly usage: readonly string[];
  readonly arguments: Arguments;
  readonly options: readonly AnyOption[];
  /** Real command lines, without `millrace`, and what each is for. */
  readonly examples: readonly (readonly [command: string, says: string])[];
  /** Paragraphs that the examples leave open. */
  readonly notes?: readonly string[];
  /** Where the exit code says more than "done". */
  readonly exitCodes?: readonly (readonly [code: number, says: string])[];
  /** Answers the exit code; throws a `Failure` for everything that went wrong. */
  run(call: Call): Promise<number>;
}

/** How many words a command takes beside its options; `names` are for messages. */
export interface Arguments {
  readonly least: number;
  readonly most: number;
  readonly names: string;
}

export const noArguments: Arguments = { least: 0, most: 0, names: "" };

/** The world around the process, narrow enough to be set up by a test. */
export interface Surroundings {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: OutStream;
  readonly stderr: OutStream;
  readonly now: () => number;
}

/** One invocation. */
export interface Call extends Surroundings {
  readonly words: readonly string[];
  readonly signal: AbortSignal;
  /** Data. */
  readonly out: Screen;
  /** Messages. */
  readonly err: Screen;
  /** The options that every command takes. */
  readonly common: CommonValues;
  /** The value of one of the command's own options. */
  read<T>(option: Option<T>): T;
}

export interface CommonValues {
  readonly file: string | undefined;
  readonly target: string | undefined;
  readonly json: boolean;
  readonly log: "text" | "json";
  readonly quiet: boolean;
}
