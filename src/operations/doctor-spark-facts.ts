/** What `doctor` asks a Spark Connect server, as plain facts. Every question may go unanswered by itself. */
import type { Failure } from "../errors.ts";
import type { HiveSettings } from "../model/project.ts";
import type { PlaceName } from "./roles.ts";

/** An answer, or why there is none. */
export type Asked<T> = { readonly value: T } | { readonly failure: Failure };

export interface SparkFacts {
  /** As the project names it; holds no secret. */
  readonly url: string;
  /** Whether a session can be opened, and which version the server calls itself. Everything else is about that session. */
  readonly server: Asked<string>;
  /** Absent where no session could be opened. */
  readonly session: SessionFacts | undefined;
}

export interface SessionFacts {
  /** Settings as a session finds them that sets nothing itself: the server's own, and Spark's defaults. */
  readonly defaults: Asked<ServerDefaults>;
  readonly machine: Asked<MachineFacts>;
  readonly s3a: Asked<S3aFacts>;
  readonly clock: Asked<ClockFacts>;
  /** Tasks that run side by side. */
  readonly tasks: Asked<number>;
  readonly places: readonly PlaceFacts[];
  /** Absent where the project registers its marts with no metastore. */
  readonly names?: NamesFacts;
}

export interface NamesFacts {
  /** The project's own. */
  readonly metastore: Pick<HiveSettings, "hosts" | "tables">;
  readonly settings: Asked<NameSettings>;
  /** What the server has under the name of a mart; `undefined` while none is registered. */
  readonly mart: Asked<NamedMart | undefined>;
}

export interface NameSettings {
  /** `hive` or `in-memory`. */
  readonly implementation: string;
  /** `undefined` where it comes from a file of the server's and is not told. */
  readonly uris: string | undefined;
  /** Whether Spark reads Parquet of Hive's tables by its own reader. */
  readonly readsParquet: boolean;
  /** Whether sessions keep the lengths of partitions' files. */
  readonly remembersPartitions: boolean;
}

export interface NamedMart {
  readonly name: string;
  /** Whether it is the version that is registered. */
  readonly isOurs: boolean;
  /** Whether a row of it could be read. */
  readonly row: Asked<true>;
}

export interface ServerDefaults {
  readonly timeZone: string;
  readonly ansi: boolean;
  /** `local[2]`, `k8s://…`, or empty where it is not told. */
  readonly master: string;
  /** As Spark writes sizes: `1g`. `undefined` is Spark's default. */
  readonly driverMemory: string | undefined;
  readonly executorMemory: string | undefined;
  /** Jars that were added by setting, beside the class path; a comma between them. */
  readonly addedJars: string;
}

/** Of where tasks run: an executor, which in a local master is the driver itself. */
export interface MachineFacts {
  /** For example `17.0.15`. */
  readonly java: string;
  /** The version of Hadoop that Spark brings, for example `3.5.0`. */
  readonly hadoop: string;
  readonly scala: string;
  readonly classPath: string;
}

/** Whether classes can be loaded where statements are planned (the driver) and where tasks run. */
export interface S3aFacts {
  readonly fileSystem: { readonly driver: boolean; readonly tasks: boolean };
  /** Spark's classes for the committers of object stores, in `spark-hadoop-cloud`. */
  readonly committer: { readonly driver: boolean; readonly tasks: boolean };
}

export interface ClockFacts {
  /** The server's time less ours, in milliseconds. */
  readonly aheadMs: number;
  /** How far that may be wrong: half of what the answer took. */
  readonly uncertaintyMs: number;
}

export interface PlaceFacts {
  readonly place: PlaceName;
  /** What messages call it: a directory, or `s3://bucket/prefix`. */
  readonly name: string;
  readonly kind: "directory" | "s3";
  /** Read by the server; `undefined` where the place holds nothing yet, or nothing is read there. */
  readonly read: (Asked<"read" | "absent"> & { readonly key: string }) | undefined;
  /** Written and replaced by the server, and read by us. `undefined` where it writes nothing. */
  readonly write: Asked<WriteFacts> | undefined;
}

export interface WriteFacts {
  /** What a statement of Spark's left there, as our storage sees it. */
  readonly seen: "all" | "nothing";
  /** The bytes of `_SUCCESS` as text; `undefined` if there is none. */
  readonly success: string | undefined;
  /** Whether the second write removed what the first had left: the server's right to delete. */
  readonly replaced: Asked<boolean>;
  /** Keys that we could not remove again. */
  readonly left: readonly string[];
}
