/**
 * What the user declared, complete: every default is filled in, every pattern is parsed, every period is a number.
 * Made by `config/normalize.ts`; nothing behind it looks at the project file again.
 */
import type { Every } from "./calendar.ts";
import type { KeyPattern } from "./key-pattern.ts";
import type { DeclaredColumns } from "./schema.ts";

export interface Project {
  readonly name: string;
  /** The project file, or `undefined` for a project made in memory. */
  readonly file: string | undefined;
  /** The directory that relative paths start from, absolute. */
  readonly directory: string;
  /** The target that was chosen with `--target`, if any. */
  readonly target: string | undefined;
  readonly lake: Lake;
  readonly sources: ReadonlyMap<string, SourceSettings>;
  readonly tables: ReadonlyMap<string, TableSettings>;
  readonly marts: ReadonlyMap<string, MartSettings>;
  readonly engine: EngineSettings;
  readonly watch: WatchSettings;
  readonly gc: GcSettings;
  readonly cache: CacheSettings;
  readonly catalog: CatalogSettings;
}

/** The three places, each a local directory or a prefix of a bucket. */
export interface Lake {
  readonly raw: Place;
  readonly tables: Place;
  readonly marts: Place;
  /**
   * How many processes may write to the lake. `several` (the default) demands of a store what keeps racing writers apart;
   * `one` is the user's word that nobody else writes, and is all that some stores are good for.
   */
  readonly writers: "several" | "one";
}

export type Place = DirectoryPlace | BucketPlace;

export interface DirectoryPlace {
  readonly kind: "directory";
  /** Absolute. */
  readonly path: string;
  /** As the user wrote it, for messages. */
  readonly name: string;
}

export interface BucketPlace {
  readonly kind: "s3";
  readonly bucket: string;
  /** Without a slash at either end; `""` is the whole bucket. */
  readonly prefix: string;
  /** `s3://bucket/prefix`, for messages. Two places of one project never overlap in (endpoint, bucket, prefix). */
  readonly name: string;
  readonly store: StoreSettings;
}

/** How to reach the store that holds a bucket: `s3:` of the project file, with what `s3.buckets.NAME` says differently. */
export interface StoreSettings {
  /** What is known of stores of this kind: `model/store-profiles.ts`. */
  readonly profile: StoreProfileName;
  /** `https://host:port`, without a path; `undefined` is AWS, by region. */
  readonly endpoint: string | undefined;
  readonly region: string;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  readonly pathStyle: boolean;
  /** PEM text with certificate authorities beside the usual ones: a file or a secret. */
  readonly ca: SecretReference | undefined;
  readonly credentials: StoreCredentials;
  /** Requests side by side. */
  readonly parallel: number;
}

export type StoreProfileName = "aws" | "seaweedfs" | "garage" | "ceph" | "rustfs" | "minio" | "versitygw" | "other";

export type StoreCredentials =
  /** Environment, shared files, web identity, container or instance: what the usual tools look at, in their order. */
  | { readonly kind: "chain" }
  /** A profile of the usual shared files. */
  | { readonly kind: "profile"; readonly name: string }
  | {
      readonly kind: "keys";
      readonly accessKey: SecretReference;
      readonly secretKey: SecretReference;
      readonly sessionToken: SecretReference | undefined;
    };

/** Where a look-back begins: counted back from 00:00 UTC of the day, or fixed. */
export type Since =
  | { readonly kind: "ago"; readonly ms: number; readonly text: string }
  | { readonly kind: "at"; readonly ms: number; readonly text: string };

/** A secret is never in the project: only where to find it, when it is needed. */
export type SecretReference =
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "file"; readonly path: string };

/** A header or proxy value: plain text for what is not secret, a reference for what is. */
export type HeaderValue = { readonly kind: "text"; readonly text: string } | SecretReference;

export interface SourceSettings {
  readonly name: string;
  /** In order of preference; the first is the archive, the others are mirrors with the same naming. `http(s)://…` or `file://…` with a pattern for the path. */
  readonly locations: readonly SourceLocation[];
  /** The key in the raw lake. */
  readonly object: KeyPattern;
  readonly every: Every;
  readonly since: Since;
  /** No interval at or after this instant is wanted; `undefined` means "until now". */
  readonly untilMs: number | undefined;
  /** A miss younger than this is pending, an older one is a gap. Counted from the interval's end. Milliseconds. */
  readonly settleMs: number;
  /** How often `watch` makes a pass. Milliseconds. */
  readonly intervalMs: number;
  /** Tries within one pass for failures that may pass. */
  readonly retry: number;
  /** Most objects fetched in a pass; `undefined` is no limit. */
  readonly max: number | undefined;
  readonly parallel: number;
  /** Most bytes a second over all downloads of this source; `undefined` is no limit. */
  readonly bytesPerSecond: number | undefined;
  /** Most requests a second. */
  readonly requestsPerSecond: number | undefined;
  readonly order: "oldest" | "newest";
  readonly headers: ReadonlyMap<string, HeaderValue>;
  /** PEM text with certificate authorities beside the usual ones: a file or a secret. The project's own `ca` unless the source says otherwise. */
  readonly ca: SecretReference | undefined;
  /** A proxy's URL, or `env` for the usual variables, or `none`. */
  readonly proxy: HeaderValue | "env" | "none";
  readonly timeouts: {
    readonly connectMs: number;
    readonly headersMs: number;
    readonly idleMs: number;
    readonly totalMs: number;
  };
  /** Caps against archives that are bombs: bytes of JSON an object may hold, and JSON bytes a compressed byte. */
  readonly expandedBytesMax: number;
  readonly ratioMax: number;
  readonly knownMissing: readonly TimeRange[];
  /** Objects younger than this are asked for again with their validator; 0 never asks. Milliseconds. */
  readonly recheckMs: number;
  /**
   * Raw objects of intervals that ended longer ago may be collected, and are not fetched again; `undefined` keeps them for
   * ever. Milliseconds.
   */
  readonly keepMs: number | undefined;
}

export interface SourceLocation {
  /** Scheme and authority, or the directory: everything before the pattern. No credentials. */
  readonly base: string;
  readonly pattern: KeyPattern;
  readonly kind: "http" | "directory";
}

/** Instants in milliseconds: from `startMs` up to but excluding `endMs`. */
export interface TimeRange {
  readonly startMs: number;
  readonly endMs: number;
}

export interface TableSettings {
  readonly name: string;
  readonly from: string;
  /** Partitions outside are not wanted; a table may cover only an era of its source. */
  readonly since: Since | undefined;
  readonly untilMs: number | undefined;
  readonly max: number | undefined;
  /** Conversions side by side; 0 lets cores and memory decide. */
  readonly parallel: number;
  /** Who writes the row groups. `spark` stands for `native` wherever Spark would read an object otherwise. */
  readonly convert: "native" | "spark";
  readonly columns: DeclaredColumns;
  readonly conflicts: "hold" | "text";
  readonly duplicateKeys: "reject" | "last";
  readonly compression: "zstd" | "snappy";
  /** A share: 0.001 is 0.1 %. More rejected lines than this hold the partition back. */
  readonly rejectsMax: number;
  readonly lineBytesMax: number;
  readonly depthMax: number;
  readonly columnsMax: number;
  /** More re-conversions than this wait for `--accept-rewrite`. */
  readonly rewriteMax: number;
  readonly onWiden: "ask" | "rewrite" | "quarantine";
}

export interface MartSettings {
  readonly name: string;
  /** The statement that the project's engine runs. */
  readonly sql: string;
  /** The statement of each engine: the same text unless the project gives one its own. They mean the same. */
  readonly statements: Readonly<Record<EngineName, string>>;
  /** `select` with `from` is a plain projection of one table; its text is kept for messages and for the manifest. */
  readonly projection: { readonly select: string; readonly from: string } | undefined;
  readonly description: string | undefined;
  /** `on_change`, `manual`, or every so many milliseconds. */
  readonly refresh:
    | { readonly kind: "on_change" }
    | { readonly kind: "manual" }
    | { readonly kind: "every"; readonly ms: number };
  readonly checks: readonly MartCheck[];
  /** `delta`: each version's directory is a table of Delta Lake too. The parts are Parquet in either case. */
  readonly format: MartFormat;
  /** Of the metastore, where the mart is registered in another one than the catalog's. */
  readonly database: string | undefined;
  /** The conditions among the checks are written for the project's engine alone. */
  readonly hasOwnConditions: boolean;
}

export const martFormats = ["parquet", "delta"] as const;
export type MartFormat = (typeof martFormats)[number];

export type MartCheck =
  | { readonly kind: "not_null"; readonly columns: readonly string[] }
  | { readonly kind: "unique"; readonly columns: readonly string[] }
  | { readonly kind: "min_rows"; readonly rows: number }
  | {
      readonly kind: "accepted_values";
      readonly column: string;
      readonly values: readonly (string | number | boolean)[];
    }
  /** True for every row, for example `pushes >= 0`. */
  | { readonly kind: "expression"; readonly sql: string };

/** What runs the marts and `query`. */
export type EngineSettings = DuckdbSettings | SparkSettings;

/** The names of engines, as manifests record them. */
export type EngineName = EngineSettings["kind"];

/** The embedded engine. */
export interface DuckdbSettings {
  readonly kind: "duckdb";
  /** 0 is one a core. */
  readonly threads: number;
  readonly memoryBytes: number;
}

export interface SparkSettings {
  readonly kind: "spark";
  readonly server: SparkServer;
}

export type SparkServer =
  | {
      readonly kind: "url";
      /** `sc://host:port`, with `/;use_ssl=true` behind it where TLS is asked for. Holds no secret. */
      readonly url: string;
      /** It is reached without leaving this machine, and so sees the same files. */
      readonly isHere: boolean;
      readonly token: SecretReference | undefined;
      /** What the user is called on the server. */
      readonly user: string | undefined;
      /** PEM text to trust, where the connection is made over TLS: the project's own `ca`. */
      readonly ca: SecretReference | undefined;
    }
  /** A matched distribution on this machine: a server of its own is started, and stopped at the end. */
  | {
      readonly kind: "local";
      /** `undefined` is the newest that is known. */
      readonly version: string | undefined;
      /** A directory or archive to take instead of downloading one. Absolute. */
      readonly dist: string | undefined;
      readonly memoryBytes: number;
      /** 0 is all of this machine. */
      readonly cores: number;
    };

export interface WatchSettings {
  /** Where health and metrics are served: loopback unless told otherwise. */
  readonly host: string;
  readonly port: number;
}

/** What the collection of garbage leaves alone. */
export interface GcSettings {
  /** What nothing refers to is collected when it is older than this. Milliseconds. */
  readonly retentionMs: number;
  /** Versions of each mart that are kept whatever their age, the current one counted; at least 1. */
  readonly versions: number;
}

/** Local copies of stored objects, for places that are not on a disk. */
export interface CacheSettings {
  /** Absolute. */
  readonly directory: string;
  readonly bytesMax: number;
}

/** Where other tools find marts by name. The chain of versions is the lake's own in either case. */
export type CatalogSettings = { readonly kind: "embedded" } | HiveSettings;

/** A Hive Metastore. */
export interface HiveSettings {
  readonly kind: "hive";
  /** In the order in which they are tried: several servers of one metastore. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** Of marts that do not name their own; created if it is not there. Lower case. */
  readonly database: string;
  /** Where a database that has to be created lies; `undefined` is `_databases/<name>` in the place of the marts. */
  readonly location: string | undefined;
  /** Tables are registered too, with a partition a raw object. */
  readonly tables: boolean;
  readonly owner: string;
  readonly transport: "buffered" | "framed";
  readonly connectMs: number;
  /** For the answer to one call. */
  readonly callMs: number;
}
