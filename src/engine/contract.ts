/**
 * The law of an engine: it reads exactly the files it is handed, bound to the table's published schema, and writes a
 * statement's result into local files or streams it as rows. It never lists a lake and never publishes anything.
 *
 * Every session runs in UTC. A column that a partition's file lacks reads as null; `src` is a text column of every table
 * that comes from the partition, not from the file. Before and after a statement the files' tokens are compared; a
 * difference discards the answer and repeats with a fresh file list, at most three times (`conflict` after that).
 *
 * Failures: `usage` (SQL that does not parse or bind: with the position when known), `application` (a statement that
 * fails on the data), `refused` (a partition holds a touched column in another type than the schema: its re-conversion is
 * due), `corrupt` (a damaged file), `unavailable`, `full`, `conflict`, `cancelled`.
 */
import type { ColumnType } from "../model/schema.ts";

export interface Engine {
  readonly name: string;
  /**
   * How it gets at files: `paths` of this machine, to which stored objects are brought first, or `locations` that it opens by
   * itself, wherever it runs.
   */
  readonly opens: "paths" | "locations";
  /** What `doctor` shows. */
  version(): Promise<string>;
  /**
   * Checks a statement against the schemas without reading a row: which tables it names, which columns of each it
   * touches, and what it would return. Throws `usage` with a position for a statement that does not bind.
   */
  describe(sql: string, tables: ReadonlyMap<string, TableShape>, options?: DescribeOptions): Promise<Description>;
  /**
   * Runs a statement and writes its result as `part-*.parquet` into `directory`, which exists and is empty, or to `location` by
   * an engine that opens locations.
   */
  select(request: SelectRequest, options?: EngineOptions): Promise<SelectResult>;
  /** Runs a statement and streams its rows in batches. */
  query(request: QueryRequest, options?: EngineOptions): Promise<QueryResult>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface DescribeOptions extends CallOptions {
  /** Also checks what `select` demands of a mart: names `[a-z_][a-z0-9_]*`, each once, and types that both engines have. */
  readonly mart?: boolean;
}

export interface EngineOptions extends CallOptions {
  /** Share done, 0 to 1, when the engine knows it. */
  readonly onProgress?: (share: number) => void;
}

/** A table by its schema alone. */
export interface TableShape {
  /** A table's schema, or a mart's columns with their types; a `Schema` is one. */
  readonly schema: ShapeSchema;
  /** `false` for marts, whose files carry all their columns. */
  readonly partitioned: boolean;
}

export interface ShapeSchema {
  readonly fields: readonly { readonly name: string; readonly type: ColumnType | EngineType }[];
}

export interface TableInput extends TableShape {
  /** Called again when the files changed under the statement. */
  files(): Promise<readonly InputFile[]>;
}

export interface InputFile {
  /** A local path. Where `bring` is given the file is readable there only after it, and only in what was brought. */
  readonly path: string;
  /**
   * For an object that lies elsewhere: brings its footer and the chunks of the leaf columns that `wanted` selects to `path`.
   * What is brought stays until `release`. Reading a chunk that was not brought is an error of the reader, never a value.
   * A failure of the kind `conflict` or `missing` says that the object changed, as `check` then does.
   */
  readonly bring?: (wanted: WantedLeaves, options?: CallOptions) => Promise<void>;
  /** The engine no longer reads the file. It is called for every file that `files()` answered; repeating it does nothing. */
  readonly release?: () => Promise<void>;
  /**
   * Where an engine that opens locations finds the object: `file:///…` or `s3a://bucket/key`. A partition's lies in a directory
   * `src=<its value>`. `undefined` where nobody but this process gets at it.
   */
  readonly location?: string;
  /** The partition's value of `src`; `undefined` for marts. */
  readonly src: string | undefined;
  readonly size: number;
  /** The storage's token, compared before and after. */
  readonly token: string;
  /**
   * The token of what lies there now; `undefined` if it is gone. A file that is brought is one version of its object by
   * construction, so that it answers without asking anybody: a statement over a table of 87,600 objects makes no request
   * for each of them.
   */
  check(): Promise<string | undefined>;
}

/** Says of a leaf column, by its path in the file (list levels left out, names as in the file), whether a statement reads it. */
export type WantedLeaves = "all" | ((path: readonly string[]) => boolean);

export interface QueryRequest {
  readonly sql: string;
  readonly tables: ReadonlyMap<string, TableInput>;
  /** A directory for intermediate files, which the engine empties again. */
  readonly scratch: string;
}

export interface SelectRequest extends QueryRequest {
  readonly directory: string;
  /**
   * Where an engine that opens locations writes instead: a directory of a store, as a URL ending in `/`, which holds nothing
   * yet. The result is whole there when `select` returns; a failed or stopped one may leave files behind.
   */
  readonly location?: string;
  readonly compression: "zstd" | "snappy";
}

export interface Description {
  /** Names of the tables that the statement reads, of those offered. */
  readonly tables: readonly string[];
  /** The touched columns of each table as paths (`actor.login`); `*` stands for all. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  readonly result: readonly ResultColumn[];
}

export interface ResultColumn {
  readonly name: string;
  /** The type in the lattice's words; a mart's manifest and the catalog use it. */
  readonly type: ColumnType | EngineType;
  /** The engine's own name of the type, for messages. */
  readonly engineType: string;
}

/** Result types beyond the lattice of JSON that a mart may have (`designs/formats.md`, "mart types"). */
export type EngineType =
  | { readonly kind: "int32" }
  | { readonly kind: "float" }
  | { readonly kind: "date" }
  | { readonly kind: "binary" }
  | { readonly kind: "timestamp_local" };

export interface SelectResult {
  readonly columns: readonly ResultColumn[];
  /** What was written to `directory`. Of a result at `location` there are none: whoever asked reads what lies there. */
  readonly files: readonly SelectedFile[];
  /** Size of the input files together. The engine reads no more of them than the touched columns. */
  readonly bytesRead: number;
}

export interface SelectedFile {
  readonly path: string;
  readonly rows: number;
  readonly size: number;
  readonly sha256: string;
}

export interface QueryResult {
  readonly columns: readonly ResultColumn[];
  /**
   * Batches of rows in column order. Values: null, boolean, bigint (every integer), number (double, float), string
   * (also decimal, with its digits), Date for instants is not used: timestamps are ISO text with microseconds and `Z`,
   * dates ISO text; arrays for lists, plain objects for structs, Uint8Array for binary.
   */
  rows(): AsyncIterable<readonly (readonly QueryValue[])[]>;
}

export type QueryValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | readonly QueryValue[]
  | { readonly [name: string]: QueryValue };
