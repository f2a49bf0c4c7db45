/** `SparkError` out of a fault and of what the server told about it when it was asked. */
import { Code } from "@connectrpc/connect";
import type { FailureKind } from "../errors.ts";
import type { ErrorDetails } from "./details.ts";
import { type QueryContext, SparkError, type SparkErrorDetail } from "./errors.ts";
import { type ConnectionTrouble, type Fault, troubleOf } from "./fault.ts";
import type {
  FetchErrorDetailsResponse,
  FetchErrorDetailsResponse_Error,
  FetchErrorDetailsResponse_StackTraceElement,
} from "./gen/spark_connect_pb.ts";

/** For messages: where the server is, and whether it ever answered in HTTP/2. */
export interface Peer {
  readonly endpoint: string;
  spoke(): boolean;
}

export function sparkErrorOf(fault: Fault, peer: Peer, fetched?: FetchErrorDetailsResponse): SparkError {
  return fault.origin === "connection" ? connectionError(fault, peer) : serverError(fault, peer, fetched);
}

const troubles: Readonly<
  Record<ConnectionTrouble, { readonly kind: FailureKind; readonly fact: string; readonly remedy?: string }>
> = {
  refused: {
    kind: "unavailable",
    fact: "nothing listens there",
    remedy: "start a Spark Connect server there, or correct the URL (its port is 15002 unless set otherwise)",
  },
  "unknown-host": { kind: "unavailable", fact: "the host's name is unknown", remedy: "correct the URL" },
  certificate: {
    kind: "denied",
    fact: "its certificate is signed by nobody who is trusted here, or has expired",
    remedy: "trust its authority's certificate with `ca`",
  },
  "certificate-name": {
    kind: "denied",
    fact: "its certificate is another host's",
    remedy: "use the name that the certificate holds",
  },
  "no-tls": {
    kind: "denied",
    fact: "it does not speak TLS",
    remedy:
      "leave out use_ssl=true if nothing on the way can listen, otherwise name the port of the proxy that speaks TLS",
  },
  "no-http2": {
    kind: "denied",
    fact: "it does not speak HTTP/2",
    remedy: "name the port of Spark Connect (15002 unless set otherwise), and set use_ssl=true if it is behind TLS",
  },
  "no-grpc": {
    kind: "denied",
    fact: "it answers, but not as a Spark Connect server",
    remedy: "name the port of Spark Connect (15002 unless set otherwise)",
  },
  "too-large": {
    kind: "denied",
    fact: "a message is larger than the limit",
    remedy: "raise grpc_max_message_size in the URL (bytes), or fetch less in one row",
  },
  undecodable: { kind: "corrupt", fact: "a message cannot be decoded" },
  silent: {
    kind: "unavailable",
    fact: "it does not answer",
    remedy: "look whether a Spark Connect server runs there, and whether something on the way swallows the connection",
  },
  "hung-up": {
    kind: "unavailable",
    fact: "it ended the connection without an answer",
    remedy: "name the port of Spark Connect (15002 unless set otherwise), and set use_ssl=true if it is behind TLS",
  },
  lost: {
    kind: "unavailable",
    fact: "the connection was lost",
    remedy: "run again; if it stays so, look at the server's log and at what stands between",
  },
};

function connectionError(fault: Fault, peer: Peer): SparkError {
  const { kind, fact, remedy } = troubles[troubleOf(fault, peer.spoke())];
  const { systemCode = "" } = fault;
  // OpenSSL adds the places in its own sources.
  const isOwn = systemCode.startsWith("ERR_SSL_") || systemCode === "EPROTO";
  const message = fault.message.replaceAll(/\s+/g, " ").trim();
  const said = isOwn ? systemCode : [systemCode, message].filter((text) => text !== "").join(", ");
  return new SparkError(kind, `${peer.endpoint}: ${fact} (${said})`, {
    cause: fault.cause,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

function serverError(fault: Fault, peer: Peer, fetched: FetchErrorDetailsResponse | undefined): SparkError {
  const told = fault.details.error ?? {};
  const chain = chainOf(fetched);
  const [root] = chain;
  // A failed task is wrapped in "Job aborted"; the error that has a class is what the statement did.
  const throwable = chain.find((error) => error.sparkThrowable?.errorClass !== undefined)?.sparkThrowable;
  const errorClass = throwable?.errorClass ?? told.errorClass ?? classInMessage(fault.message);
  const sqlState = throwable?.sqlState ?? told.sqlState ?? /\bSQLSTATE: ([0-9A-Z]{5})\b/.exec(fault.message)?.[1];
  const parameters =
    throwable === undefined ? told.messageParameters : new Map(Object.entries(throwable.messageParameters));
  const contexts = throwable?.queryContexts.map(queryContextOf) ?? [];
  const types = root?.errorTypeHierarchy ?? told.classes ?? [];
  const kind = kindOf(
    fault.code,
    errorClass,
    sqlState,
    chain.length > 0 ? chain.flatMap((e) => e.errorTypeHierarchy) : types,
  );
  const remedy = remedyOf(fault.code, errorClass);
  const detail: SparkErrorDetail = {
    cause: fault.cause,
    ...(remedy === undefined ? {} : { remedy }),
    ...(errorClass === undefined ? {} : { errorClass }),
    ...(sqlState === undefined ? {} : { sqlState }),
    ...(parameters === undefined || parameters.size === 0 ? {} : { messageParameters: parameters }),
    ...(contexts.length === 0 ? {} : { queryContexts: contexts }),
    ...(types.length === 0 ? {} : { serverTypes: types }),
    ...(fault.details.retryAfterMs === undefined ? {} : { retryAfterMs: fault.details.retryAfterMs }),
    serverStack: stackOf(chain, told),
  };
  return new SparkError(kind, messageOf(fault, peer, root?.message), detail);
}

/** The root error and its causes, each once. */
function chainOf(fetched: FetchErrorDetailsResponse | undefined): readonly FetchErrorDetailsResponse_Error[] {
  const chain: FetchErrorDetailsResponse_Error[] = [];
  let at = fetched?.rootErrorIdx;
  while (at !== undefined) {
    const error = fetched?.errors[at];
    if (error === undefined || chain.includes(error)) break;
    chain.push(error);
    at = error.causeIdx;
  }
  return chain;
}

function classInMessage(message: string): string | undefined {
  return /^\s*\[([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)*)\]/.exec(message)?.[1];
}

function queryContextOf(context: {
  readonly objectType: string;
  readonly objectName: string;
  readonly startIndex: number;
  readonly stopIndex: number;
  readonly fragment: string;
  readonly summary: string;
}): QueryContext {
  const { objectType, objectName, startIndex, stopIndex, fragment, summary } = context;
  return { objectType, objectName, start: startIndex, stop: stopIndex, fragment, summary };
}

const classKinds: Readonly<Record<string, FailureKind>> = {
  "INVALID_HANDLE.SESSION_CHANGED": "conflict",
  "INVALID_HANDLE.SESSION_CLOSED": "conflict",
  "INVALID_HANDLE.SESSION_NOT_FOUND": "conflict",
  "INVALID_HANDLE.OPERATION_NOT_FOUND": "unavailable",
  "INVALID_HANDLE.OPERATION_ABANDONED": "unavailable",
  "INVALID_CURSOR.DISCONNECTED": "unavailable",
  "INVALID_CURSOR.NOT_REATTACHABLE": "unavailable",
  "INVALID_CURSOR.POSITION_NOT_AVAILABLE": "unavailable",
  "INVALID_CURSOR.POSITION_NOT_FOUND": "unavailable",
  OPERATION_CANCELED: "cancelled",
  ARTIFACT_ALREADY_EXISTS: "conflict",
};

/** By the first two characters of an SQLSTATE: what the statement says, against what it met when it ran. */
const stateKinds: Readonly<Record<string, FailureKind>> = {
  "07": "usage",
  "0A": "usage",
  "28": "denied",
  "3D": "usage",
  "3F": "usage",
  "40": "conflict",
  "42": "usage",
  "54": "usage",
};

const typeKinds: Readonly<Record<string, FailureKind>> = {
  "java.nio.file.AccessDeniedException": "denied",
  "org.apache.hadoop.security.AccessControlException": "denied",
  "org.apache.spark.SparkSecurityException": "denied",
};

const codeKinds: Partial<Record<Code, FailureKind>> = {
  [Code.Canceled]: "cancelled",
  [Code.InvalidArgument]: "usage",
  [Code.DeadlineExceeded]: "unavailable",
  [Code.PermissionDenied]: "denied",
  [Code.ResourceExhausted]: "denied",
  [Code.Aborted]: "conflict",
  [Code.Unimplemented]: "denied",
  [Code.Unavailable]: "unavailable",
  [Code.DataLoss]: "corrupt",
  [Code.Unauthenticated]: "denied",
};

function kindOf(
  code: Code,
  errorClass: string | undefined,
  sqlState: string | undefined,
  types: readonly string[],
): FailureKind {
  const byClass = errorClass === undefined ? undefined : classKinds[errorClass];
  const byState = sqlState === undefined ? undefined : stateKinds[sqlState.slice(0, 2)];
  const byType = types.map((type) => typeKinds[type]).find((kind) => kind !== undefined);
  return byClass ?? byState ?? (sqlState === undefined ? codeKinds[code] : undefined) ?? byType ?? "application";
}

const classRemedies: Readonly<Record<string, string>> = {
  "INVALID_HANDLE.SESSION_CHANGED": "connect again: what the session held (views, settings, artifacts) is gone",
  "INVALID_HANDLE.SESSION_CLOSED": "connect again: what the session held (views, settings, artifacts) is gone",
  "INVALID_HANDLE.SESSION_NOT_FOUND": "connect again: what the session held (views, settings, artifacts) is gone",
  "INVALID_HANDLE.OPERATION_ABANDONED": "run the statement again; whether it had been carried out is unknown",
  "INVALID_HANDLE.OPERATION_NOT_FOUND": "run the statement again; whether it had been carried out is unknown",
  PARSE_SYNTAX_ERROR: "correct the statement at that position",
  PARSE_EMPTY_STATEMENT: "give a statement",
  TABLE_OR_VIEW_NOT_FOUND: "correct the name, or create the table or view in this session first",
  UNRESOLVED_ROUTINE: "correct the function's name, or register the function on the server",
  DATA_SOURCE_NOT_FOUND: "correct the format's name, or put its jar on the server's class path",
  DIVIDE_BY_ZERO: "use try_divide, or nullif(divisor, 0)",
  ARITHMETIC_OVERFLOW: "cast to a wider type first, or use the function's try_ form",
  CAST_INVALID_INPUT: "use try_cast where a value may be malformed",
  CAST_OVERFLOW: "use try_cast, or a wider type",
};

function remedyOf(code: Code, errorClass: string | undefined): string | undefined {
  const byClass = errorClass === undefined ? undefined : classRemedies[errorClass];
  if (byClass !== undefined) return byClass;
  if (code === Code.Unauthenticated) return "set the server's token: sc://HOST:PORT/;token=TOKEN";
  if (code === Code.PermissionDenied) return "use a token or user that may do this";
  if (code === Code.Unimplemented) return "connect to Spark 4.0 or later, on the port of Spark Connect";
  if (code === Code.ResourceExhausted)
    return "send less in one message, or raise the server's spark.connect.grpc.maxInboundMessageSize";
  return undefined;
}

/** Of these statuses the server speaks before it has looked at a statement. */
const callCodes = new Set([
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.Unimplemented,
  Code.Unavailable,
  Code.ResourceExhausted,
]);

function messageOf(fault: Fault, peer: Peer, full: string | undefined): string {
  // The status holds the first part of a long message only.
  const text = (full !== undefined && full.length > fault.message.length ? full : fault.message).trim();
  if (text === "") return `${peer.endpoint}: the server failed and said nothing (${Code[fault.code]})`;
  // An analysed plan follows the sentence that says what is wrong with it.
  if (callCodes.has(fault.code)) return `${peer.endpoint}: ${text}`;
  const plan = text.search(/;\n(?=['+]|[A-Z][A-Za-z]* [[(])/);
  return plan < 0 ? text : text.slice(0, plan);
}

function stackOf(chain: readonly FetchErrorDetailsResponse_Error[], told: ErrorDetails): readonly string[] {
  const lines = chain.flatMap((error, index) => [
    ...(index === 0 || error.stackTrace.length === 0
      ? []
      : [`Caused by: ${error.errorTypeHierarchy[0] ?? ""}: ${error.message}`]),
    ...error.stackTrace.map(frameText),
  ]);
  if (lines.length > 0 || told.stackTrace === undefined) return lines;
  return told.stackTrace.split("\n").filter((line) => line !== "");
}

function frameText(frame: FetchErrorDetailsResponse_StackTraceElement): string {
  const line = frame.lineNumber > 0 ? `:${frame.lineNumber}` : "";
  const place = frame.fileName === undefined ? "Unknown Source" : `${frame.fileName}${line}`;
  return `at ${frame.declaringClass}.${frame.methodName}(${place})`;
}
