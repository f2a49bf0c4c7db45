/**
 * A client of Apache Spark Connect: sessions on a server, statements and plans executed there, results streamed as Arrow.
 * It knows nothing of lakes, marts or projects; `engine/spark` is built on it, and library users get it as `millrace/spark`.
 *
 * Every execution is reattachable: a stream that ends without its last message, or breaks, is taken up again after the last
 * response that arrived, so that a result is either whole or an error, and nothing of it arrives twice. What was read is
 * released on the server, and everything is when the reader is done, stops early, or fails.
 *
 * Failures are `SparkError`s (`errors.ts`): `usage` (the statement does not parse or bind, a wrong URL), `application` (it
 * failed on the data), `denied` (a refused token), `unavailable` (no server, after the retries that the official clients
 * make), `conflict` (the session is gone: the server was restarted), `cancelled`, `corrupt` (frames that are none).
 */
import type { Relation } from "./gen/spark_connect_pb.ts";
import type { SparkType, StructType } from "./types.ts";

export interface ConnectOptions {
  /** Name of the user on the server; overrides the URL's. Default: the URL's, or that of the process's user. */
  readonly userId?: string;
  /** Sent as `authorization: Bearer`, which demands TLS off loopback; overrides the URL's. */
  readonly token?: string;
  /** Certificates (PEM) to trust instead of the well-known ones; with it the connection is made over TLS. */
  readonly ca?: string;
  /** Says who is calling, in the server's logs. */
  readonly userAgent?: string;
  /** Largest message that is accepted, in bytes. Default 128 MiB. */
  readonly messageBytesMax?: number;
  /**
   * How long a server may be unreachable altogether before a call gives up, in milliseconds. Default: 3 seconds for the first
   * call, which `connect` makes, so that a wrong port is told at once; afterwards what the official clients do, 10 minutes.
   */
  readonly retryMsMax?: number;
  /** Settings of the session, set before anything else runs in it. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What the URL `sc://host:port/;key=value` says. */
export interface ConnectTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly token: string | undefined;
  readonly userId: string | undefined;
  readonly userAgent: string | undefined;
  readonly sessionId: string | undefined;
  readonly messageBytesMax: number | undefined;
}

/** One session on a server. Its calls may be made side by side. */
export interface Session {
  readonly id: string;
  /** The server's version of Spark, for example `4.2.0`. */
  readonly version: string;
  readonly config: SessionConfig;
  /**
   * Runs a statement: a command has been carried out when this resolves, and its result holds the rows it answers; a query
   * is executed. Rows arrive as they are read.
   */
  sql(text: string, options?: SqlOptions): Promise<Result>;
  /** Executes a relation. */
  execute(relation: Relation, options?: ExecuteOptions): Promise<Result>;
  /** Writes a relation's rows, resolving when the server has done it. */
  write(relation: Relation, target: WriteTarget, options?: ExecuteOptions): Promise<ExecutionFigures>;
  createView(name: string, relation: Relation, options?: { readonly replace?: boolean } & CallOptions): Promise<void>;
  schema(relation: Relation, options?: CallOptions): Promise<StructType>;
  explain(relation: Relation, mode?: ExplainMode, options?: CallOptions): Promise<string>;
  inputFiles(relation: Relation, options?: CallOptions): Promise<readonly string[]>;
  /** The type that a DDL text (`a INT, b STRUCT<c: STRING>`) names, as the server understands it. */
  parseDdl(text: string, options?: CallOptions): Promise<SparkType>;
  /** Uploads a file under a name such as `jars/x.jar`, `files/x` or `pyfiles/x.py`. */
  addArtifacts(artifacts: readonly Artifact[], options?: CallOptions): Promise<void>;
  /** Which of these artifacts the server has. */
  artifactStatus(names: readonly string[], options?: CallOptions): Promise<ReadonlyMap<string, boolean>>;
  /** Stops everything that runs in the session, what has this tag, or one operation. Answers the ids of what was stopped. */
  interrupt(what?: { readonly tag: string } | { readonly operationId: string }): Promise<readonly string[]>;
  /** Ends the session on the server and the connection. Running operations end as `cancelled`. Repeating it does nothing. */
  close(): Promise<void>;
}

export interface SessionConfig {
  get(key: string, options?: CallOptions): Promise<string | undefined>;
  /** All settings of the session, or those below a prefix, whose keys then lack it. */
  all(prefix?: string, options?: CallOptions): Promise<ReadonlyMap<string, string>>;
  /** Answers the server's warnings. */
  set(settings: Readonly<Record<string, string>>, options?: CallOptions): Promise<readonly string[]>;
  unset(keys: readonly string[], options?: CallOptions): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ExecuteOptions extends CallOptions {
  /** Each without a comma. They name operations for `interrupt` and in the server's user interface. */
  readonly tags?: readonly string[];
  readonly onProgress?: (progress: Progress) => void;
  /** How values come out of `rows`, `objects` and `collect`. */
  readonly values?: ValueOptions;
}

export interface SqlOptions extends ExecuteOptions {
  /** Values of `?` in their order, or of `:name`. */
  readonly parameters?: readonly Parameter[] | Readonly<Record<string, Parameter>>;
  /** Relations that the statement may name as tables; they shadow the catalog's. */
  readonly relations?: Readonly<Record<string, Relation>>;
}

/** A parameter's type follows from the value: number → INT where it is one, else DOUBLE; bigint → BIGINT; Date → TIMESTAMP. */
export type Parameter = null | boolean | number | bigint | string | Uint8Array | Date;

/** What the server says of a running operation. */
export interface Progress {
  readonly tasks: number;
  readonly tasksDone: number;
  readonly tasksRunning: number;
  /** Input read so far, in bytes. */
  readonly bytesRead: number;
  readonly stages: readonly {
    readonly id: number;
    readonly tasks: number;
    readonly tasksDone: number;
    readonly bytesRead: number;
    readonly isDone: boolean;
  }[];
}

export interface ExecutionFigures {
  readonly operationId: string;
  /** The server's own figures of each operator, as it names them, if it sent any. */
  readonly metrics: readonly {
    readonly name: string;
    readonly planId: number;
    readonly parent: number;
    readonly values: ReadonlyMap<string, bigint>;
  }[];
}

/**
 * A running or finished execution. One of `arrow`, `batches`, `rows`, `objects` and `collect` may be used, once. Rows are fetched
 * as they are asked for, so that memory holds one batch of the server (4 MiB unless set otherwise) and what is being read.
 */
export interface Result {
  readonly operationId: string;
  readonly schema: StructType;
  /** Arrow IPC streams, each complete in itself (a schema and one record batch). */
  arrow(): AsyncIterable<{ readonly rows: number; readonly data: Uint8Array }>;
  /** Batches of rows in column order. */
  batches(): AsyncIterable<readonly (readonly Value[])[]>;
  rows(): AsyncIterable<readonly Value[]>;
  objects(): AsyncIterable<Record<string, Value>>;
  collect(): Promise<Record<string, Value>[]>;
  /** Ends it early: nothing is left of it on the server. Reading to the end does it as well. */
  close(): Promise<void>;
  /** Of a finished execution. */
  figures(): ExecutionFigures;
}

/**
 * Values by type. Nothing is lost: TINYINT, SMALLINT, INT → number; BIGINT → bigint; FLOAT, DOUBLE → number; DECIMAL → string with
 * all digits of its scale; STRING, CHAR, VARCHAR → string; BINARY → Uint8Array; BOOLEAN → boolean; DATE → `YYYY-MM-DD`; TIMESTAMP →
 * `YYYY-MM-DDTHH:MM:SS.ffffffZ`; TIMESTAMP_NTZ the same without `Z`; TIME → `HH:MM:SS.ffffff`; year-month intervals → months as
 * number; day-time intervals → microseconds as bigint; calendar intervals → `{ months, days, nanoseconds }`; ARRAY → array;
 * STRUCT → object; MAP → `Map` (its keys may be of any type); VARIANT → its JSON value as text; NULL → null. Years beyond 9999 or
 * before 0 have a sign and at least six digits, as ISO 8601 demands.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Value[]
  | ReadonlyMap<Value, Value>
  | { readonly [name: string]: Value };

export interface ValueOptions {
  /** `bigint` (default), or `number`: BIGINT as a number, with an error for one that a number cannot hold exactly. */
  readonly integers?: "bigint" | "number";
  /** `string` (default), or `number`: DECIMAL as the nearest number. */
  readonly decimals?: "string" | "number";
}

export type ExplainMode = "simple" | "extended" | "codegen" | "cost" | "formatted";

export interface WriteTarget {
  /** For example `parquet`. */
  readonly format?: string;
  readonly to: { readonly path: string } | { readonly table: string; readonly method: "save" | "insert" };
  readonly mode: "append" | "overwrite" | "error" | "ignore";
  readonly partitionBy?: readonly string[];
  readonly options?: Readonly<Record<string, string>>;
}

export interface Artifact {
  readonly name: string;
  readonly data: Uint8Array | { readonly file: string };
}
