/** A bug that was planted to see whether a test finds it. */
export interface Mutant {
  /** Short, in kebab-case: what one asks for on the command line. */
  readonly name: string;
  /** What would go wrong for a user. */
  readonly why: string;
  readonly edits: readonly Edit[];
  /** The test files that must fail. */
  readonly killedBy: readonly string[];
  /** For the tests, for example to take a small sample. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Replaces a text that occurs exactly once in the file. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}
