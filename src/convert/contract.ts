/**
 * The law of a converter: raw bytes in, exactly one Parquet file and a report out. It never touches the lake: the step
 * that calls it publishes the file, the rejected lines and the schema.
 *
 * The same raw bytes with the same `known`, `declared` and options give the same output bytes, however the input is
 * chunked and however many workers run.
 */
import type { Writable } from "node:stream";
import type { ReadableStream, WritableStream } from "node:stream/web";
import type { ColumnType, DeclaredColumns, Schema } from "../model/schema.ts";

export interface Converter {
  /** Name and version that go into the provenance, for example `native/1`. A new major version asks for re-conversion. */
  readonly version: string;
  convert(
    request: ConvertRequest,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (bytesIn: number) => void },
  ): Promise<ConvertReport>;
  /** Writes a Parquet file with the schema's columns and no row; binding a query to it makes every path resolve. */
  emptyFile(schema: Schema, file: string): Promise<void>;
  close(): Promise<void>;
}

export interface ConvertRequest {
  /** The raw object as a local file; its compression is found by magic bytes (gzip, zstd, or plain). */
  readonly input: { readonly file: string };
  /** For converters that have others do the work: where those find the raw object, and may leave a file. */
  readonly elsewhere?: Elsewhere;
  /** Where to write the Parquet file. It is complete and synced when `convert` returns; on failure it is removed. */
  readonly output: string;
  /**
   * Where to write the rejected lines (gzip NDJSON of offset, line number, reason, bytes); written only if there are any.
   * Without it they are only counted.
   */
  readonly rejects: string | undefined;
  /**
   * What makes the converter refuse the file itself: a `refused` failure and no output. Without it the caller decides by
   * the report.
   */
  readonly refuse?: RefuseRules;
  readonly settings: ConvertSettings;
  /** The table's schema so far: a column that is wider there is written as that wider type, a bottom takes that type. */
  readonly known: Schema;
  /** Goes into the footer's key-value metadata under `millrace`, completed by the converter's own findings. */
  readonly provenance: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

export interface Elsewhere {
  /** The raw object, as `Storage.location` says it. */
  readonly raw: string;
  /** A directory that holds nothing yet, said in the same way, with a slash at its end. */
  readonly staging: string;
  /**
   * Puts a small object there. Where nothing is yet, S3A marks a directory by an object of its own, which only S3A can remove
   * again.
   */
  prepare(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Brings the one Parquet file that lies there to a local path; `corrupt` if there is not exactly one. */
  bring(file: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Removes what lies there. */
  clear(): Promise<void>;
}

export interface RefuseRules {
  /** Largest share of rejected lines, 0 to 1. Clashes with `known` are refused as well. */
  readonly rejectsMax: number;
}

export interface ConvertSettings {
  readonly declared: DeclaredColumns;
  /** `text` makes a clash of struct with scalar (also across partitions) a text column; `hold` holds the partition back. */
  readonly conflicts: "hold" | "text";
  readonly duplicateKeys: "reject" | "last";
  readonly compression: "zstd" | "snappy";
  readonly lineBytesMax: number;
  readonly depthMax: number;
  readonly columnsMax: number;
}

export interface ConvertReport {
  readonly rows: number;
  readonly rejected: number;
  /** The first few rejects, for messages. */
  readonly rejectSamples: readonly { readonly line: number; readonly offset: number; readonly reason: string }[];
  readonly schema: Schema;
  /** The paths that hold a stand-in for a bottom type (`[]` or `{}` only), and what was seen. */
  readonly standIns: readonly { readonly path: string; readonly seen: "list" | "struct" }[];
  /** The paths that were only ever null. */
  readonly seenNull: readonly string[];
  /** For each column that this file makes wider than `known`: the line that did. */
  readonly widened: readonly Widening[];
  /** Clashes with `known` that are not merged silently. Not empty means: hold the partition back. */
  readonly conflicts: readonly SchemaConflict[];
  readonly bytesIn: number;
  readonly bytesJson: number;
  readonly bytesOut: number;
  /** CPU and wall milliseconds by phase. */
  readonly timings: Readonly<Record<string, number>>;
  /** Why the native converter's file stands for an object that Spark was to convert: a sentence about it, without an end. */
  readonly notBySpark?: string;
  /** The complete provenance as written into the footer. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

export interface Widening {
  readonly path: string;
  readonly from: ColumnType;
  readonly to: ColumnType;
  readonly line: number;
  readonly offset: number;
  /** The value's JSON text, cut at 100 characters. */
  readonly value: string;
}

export interface SchemaConflict {
  readonly path: string;
  readonly table: ColumnType;
  readonly file: ColumnType;
  readonly line: number;
  readonly offset: number;
  readonly value: string;
}

/** A path, or bytes: a Node or web stream, or anything that yields them. Plain, gzip or zstd. */
export type ConvertInput = string | URL | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/**
 * A path, a Node or web stream, which is ended, or a function, which is awaited for every piece. Streams and functions get
 * their first byte only when the whole file is ready: of a conversion that fails they see nothing.
 */
export type ConvertOutput =
  | string
  | URL
  | Writable
  | WritableStream<Uint8Array>
  | ((bytes: Uint8Array) => void | Promise<void>);

export interface ConvertOptions extends Partial<Omit<ConvertSettings, "declared">> {
  /** Types of columns by path, as in the project file: `{ "payload.config": "json" }`. Others come from the data. */
  readonly columns?: Readonly<Record<string, string>> | DeclaredColumns;
  /** The schema of the table that the file is for: what is wider there is written so, what clashes is refused. */
  readonly known?: Schema;
  /** Where rejected lines go (gzip NDJSON); without a path they are only counted. */
  readonly rejects?: string;
  /** Largest share of rejected lines, 0 to 1; with more a `refused` failure and no output. Default: 0.001. */
  readonly rejectsMax?: number;
  /** Goes into the footer's metadata under the key `millrace`, beside what the converter found. */
  readonly provenance?: Readonly<Record<string, string | number | boolean>>;
  /** What makes rows of lines. Default: `webassembly`, where it can be had; `typescript` is slower and gives the same file. */
  readonly rows?: "webassembly" | "typescript";
  /** What messages call an input without a path. Default: `input`. */
  readonly name?: string;
  readonly signal?: AbortSignal;
  /** Called with the bytes of input so far, compressed as they are. */
  readonly onProgress?: (bytesIn: number) => void;
}

/** What conversion and `doctor` need of a session on a Spark server. */
export interface SqlSession {
  /** For example `4.2.0`. */
  readonly version: string;
  sql(
    text: string,
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ collect(): Promise<readonly Readonly<Record<string, unknown>>[]> }>;
  close(): Promise<void>;
}
