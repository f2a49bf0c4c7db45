/** What a metastore declares to go wrong: by the name of its exception, never by the words, which change from version to version. */
import { Failure, type FailureKind } from "../../errors.ts";

export type ExceptionName =
  /** The database, table or partition is not there. */
  | "NoSuchObject"
  | "AlreadyExists"
  /** Anything that goes wrong inside: the database behind it, a place it cannot write, a refused compare-and-swap. */
  | "Meta"
  | "InvalidOperation"
  | "InvalidObject"
  | "UnknownDatabase"
  | "Security";

const kinds: Readonly<Record<ExceptionName, FailureKind>> = {
  NoSuchObject: "missing",
  AlreadyExists: "conflict",
  Meta: "unavailable",
  InvalidOperation: "denied",
  InvalidObject: "denied",
  UnknownDatabase: "missing",
  Security: "denied",
};

export class MetastoreException extends Failure {
  readonly exception: ExceptionName;
  /** The metastore's own words, on one line. */
  readonly words: string;

  constructor(subject: string, exception: ExceptionName, words: string) {
    const line = oneLine(words);
    super(kinds[exception], `${subject}: ${line === "" ? `answers ${exception} and nothing else` : line}`);
    this.exception = exception;
    this.words = line;
  }
}

export function isException(error: unknown, ...names: readonly ExceptionName[]): error is MetastoreException {
  return error instanceof MetastoreException && names.includes(error.exception);
}

/** Servers put whole statements in front of what they have to say, and stack traces behind it. */
const lineMax = 400;

function oneLine(words: string): string {
  const all = words.trim().replaceAll(/\s+/g, " ");
  const line = /Root cause: (.+)$/.exec(all)?.[1] ?? all;
  return line.length <= lineMax ? line : `${line.slice(0, lineMax - 1)}…`;
}
