/** The client's errors as the contract's failures, with a place in the user's own text. */
import { Failure, type FailureDetail, type FailureKind, type TextPlace } from "../../errors.ts";
import { SparkError } from "../../spark-connect/errors.ts";
import { placeOfOffset, STATEMENT } from "../place.ts";

export interface FaultContext {
  /** The user's statement, if the text that failed contains it. */
  readonly sql?: string;
  /** Characters and lines in front of the user's statement in the text that failed. */
  readonly before?: string;
  /**
   * What failed: `bind`, a statement before any row was read, so that whatever is wrong is wrong with it; `run`, a statement
   * over the data; `own`, one of ours.
   */
  readonly phase: "bind" | "run" | "own";
}

export function sparkFailure(error: unknown, context: FaultContext): unknown {
  if (!(error instanceof SparkError)) return error;
  const [first = "", ...rest] = sentences(error.message);
  const file = fileIn(error);
  const known = knownFault(error, file);
  const kind = known?.kind ?? kindOf(error, context);
  const remedy = known?.remedy ?? (rest.length > 0 ? rest.join(" ") : error.detail.remedy);
  const place = context.sql === undefined ? undefined : placeOf(error, context.sql, context.before ?? "");
  const detail: FailureDetail = {
    cause: error,
    ...(remedy === undefined ? {} : { remedy }),
    ...(place === undefined ? {} : { place }),
    ...(error.detail.retryAfterMs === undefined ? {} : { retryAfterMs: error.detail.retryAfterMs }),
  };
  const fact = isBehind(place, context.sql) ? "Syntax error at the end of the statement" : first;
  return new Failure(
    kind,
    known?.message ?? `${context.phase === "own" ? "Spark" : STATEMENT}: ${fact}${classOf(error)}`,
    detail,
  );
}

/** A statement that ends too early fails at what we put behind it, which the user did not write. */
function isBehind(place: TextPlace | undefined, sql = ""): boolean {
  return place !== undefined && place.line > sql.split("\n").length;
}

/** By which Spark's documentation lists its errors. */
function classOf({ detail: { errorClass } }: SparkError): string {
  return errorClass === undefined ? "" : ` (${errorClass})`;
}

/** Statements do not bind with kinds that only a run can have, and the other way round. */
function kindOf(error: SparkError, context: FaultContext): FailureKind {
  const { kind } = error;
  if (context.phase === "own" && kind === "usage") return "bug";
  if (context.phase === "bind" && kind === "application" && error.detail.errorClass !== undefined) return "usage";
  return kind;
}

interface KnownFault {
  readonly kind: FailureKind;
  readonly message: string;
  readonly remedy: string;
}

/** What Spark's message about a file that it could not read is about, by the exceptions behind it; the first that fits. */
const readFaults: readonly (readonly [RegExp, FailureKind])[] = [
  [/AccessDenied|Forbidden|AccessControlException/, "denied"],
  [/RemoteFileChanged/, "conflict"],
  [/FileNotFoundException|NoSuchKey/, "missing"],
  [
    /AWSClientIO|AWSServiceIO|SdkClientException|SocketTimeout|ConnectException|UnknownHost|ServiceUnavailable/,
    "unavailable",
  ],
  [
    /ColumnConvertNotSupported|cannot be converted|Invalid Spark read type|is not a group|ClassCastException|group converter|Found duplicate field/,
    "refused",
  ],
];

function knownFault(error: SparkError, file: string): KnownFault | undefined {
  const { errorClass = "" } = error.detail;
  const said = [error.message, ...(error.detail.serverTypes ?? []), ...(error.detail.serverStack ?? [])].join("\n");
  if (/S3AFileSystem not found|No FileSystem for scheme|UNSUPPORTED_FILESYSTEM/.test(said)) {
    return {
      kind: "denied",
      message: "the Spark server cannot open s3a:// locations: it lacks the jars of S3A",
      remedy: "`millrace doctor` says which jars it needs",
    };
  }
  if (errorClass === "PATH_NOT_FOUND" || errorClass === "FAILED_READ_FILE.FILE_NOT_EXIST") return notFound(file);
  if (!errorClass.startsWith("FAILED_READ_FILE")) return undefined;
  const isType = errorClass.endsWith("TYPE_MISMATCH");
  const kind = isType ? "refused" : (readFaults.find(([words]) => words.test(said))?.[1] ?? "corrupt");
  switch (kind) {
    case "refused":
      return differs(error, file);
    case "missing":
      return notFound(file);
    case "corrupt":
      return {
        kind,
        message: `${file}: it cannot be read as Parquet`,
        remedy: "remove the partition, so that it is converted again",
      };
    default:
      return {
        kind,
        message: `${file}: the Spark server cannot read it`,
        remedy: "`millrace doctor` looks at the server's way to the store",
      };
  }
}

function notFound(file: string): KnownFault {
  return {
    kind: "missing",
    message: `${file}: the Spark server does not find it`,
    remedy: file.startsWith("s3a:")
      ? "`millrace doctor` looks at the server's way to the store"
      : "a lake on a disk needs a server on the same machine; keep it in a bucket otherwise",
  };
}

function differs(error: SparkError, file: string): KnownFault {
  const parameters = error.detail.messageParameters;
  const [column, found, wanted] = ["column", "actualType", "expectedType"].map((key) => parameters?.get(key));
  const name = column?.replace(/^\[|\]$/g, "") ?? "a touched column";
  const types =
    found === undefined || wanted === undefined
      ? `is of another type in ${file} than in the table's schema`
      : `is ${found.toLowerCase()} in ${file}, ${wanted} in the table's schema`;
  return {
    kind: "refused",
    message: `${name}: ${types}`,
    remedy: "`millrace run` converts such partitions again; `millrace plan` shows what it waits for",
  };
}

function fileIn(error: SparkError): string {
  const path = error.detail.messageParameters?.get("path");
  return path ?? /\b(?:file|s3a):\/\S+\.parquet/.exec(error.message)?.[0] ?? "a file";
}

/** What is wrong, without the class before it and what stands behind it for machines. */
function sentences(message: string): string[] {
  const text = message
    .replace(/\n\n== SQL[\s\S]*$/, "")
    .replace(/\n\nJVM stacktrace:[\s\S]*$/, "")
    .replace(/^\s*\[[A-Z][A-Z0-9_.]*\] /, "")
    .replace(/ SQLSTATE: [0-9A-Z]{5}[\s\S]*$/, "");
  const lines = text
    .split(/\n|(?<=\.) (?=[A-Z])/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^Search path: |^If you did not qualify|^To tolerate the error/.test(line));
  return lines.map((line, index) => (index === 0 ? line.replace(/\.$/, "") : line));
}

/** From the first context inside of the statement; a parser's error has its line and column in the message alone. */
function placeOf(error: SparkError, sql: string, before: string): TextPlace | undefined {
  const [context] = error.detail.queryContexts ?? [];
  if (context !== undefined) {
    // Spark counts characters, JavaScript counts halves of some.
    const start = context.start - [...before].length;
    return start < 0 ? undefined : placeOfOffset(sql, [...sql].slice(0, start).join("").length);
  }
  const [, line, column] = /\bline (\d+),? pos (\d+)/.exec(error.message) ?? [];
  if (line === undefined || column === undefined) return undefined;
  const own = Number(line) - before.split("\n").length + 1;
  const indent = own === 1 ? [...(before.split("\n").at(-1) ?? "")].length : 0;
  return own < 1 ? undefined : { file: STATEMENT, line: own, column: Number(column) + 1 - indent };
}
