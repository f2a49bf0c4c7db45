/**
 * A matched distribution of Spark on this machine, and servers of it that live as long as somebody needs them. Matched means:
 * the jars that reach S3 fit the Hadoop that Spark was built with to the digit (`model/versions.ts`).
 *
 * A server listens on the loopback only, knows the places that it is handed and nothing else of a project, and ends with the
 * process that started it, however that ends. Keys reach it in a file that only its user can read, in a directory that is
 * removed at the end; never in an argument, and never in what is printed.
 *
 * Failures: `usage` (no Java, pip or Maven, a version that is not known or does not fit, a taken port), `unavailable` (a
 * registry or repository that cannot be reached, a server that does not start), `corrupt` (bytes whose sum is another one),
 * `full`, `denied`, `cancelled`.
 */
import type { HiveSettings, Place, SecretReference } from "../model/project.ts";

/** Looks a distribution up, brings it if it is not there, starts a server of it and answers when it serves. */
export type OpenLocalSpark = (options: LocalSparkOptions) => Promise<LocalSpark>;

export interface DistributionOptions {
  /** Of Spark; default: the newest that was tried. */
  readonly version?: string | undefined;
  /** A directory or archive to take instead of what `install` brought. Absolute. */
  readonly dist?: string | undefined;
  /** HOME, XDG_CACHE_HOME, JAVA_HOME and PATH are looked at; children get all of it but what would lead Spark elsewhere. */
  readonly environment: Environment;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DistributionProgress) => void) | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A Hive Metastore, as its clients have to know it. */
export type MetastoreAddress = Pick<HiveSettings, "hosts" | "transport">;

export interface ServerOptions {
  /** Where the server may read and write beside this machine's files. */
  readonly places: readonly Place[];
  readonly resolveSecret: (reference: SecretReference) => string;
  /**
   * Where statements find databases and tables by name; asked when the first name is looked up. Default: none, names are those
   * that a session makes itself.
   */
  readonly metastore?: MetastoreAddress | undefined;
  /** Whether sessions know Delta Lake's tables; its jars are brought if they are not there. Default: no. */
  readonly delta?: boolean | undefined;
  /** As Java says it: `1g`, `2048m`. Default `1g`. */
  readonly memory?: string | undefined;
  /** Tasks side by side. Default, and 0: all cores. */
  readonly cores?: number | undefined;
  /** Default, and 0: a free one. */
  readonly port?: number | undefined;
  /** What callers must send. Without one everybody on this machine may run statements with the rights of this user. */
  readonly token?: string | undefined;
  /** A directory for event logs, which the History Server shows; made if it is not there. Default: none are written. */
  readonly eventLog?: string | undefined;
  readonly logLevel?: LogLevel | undefined;
  /** Settings of Spark beside, and before, those that are made here. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** What the server says, as it says it. Its last words are in the failure when it does not start. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

export type LocalSparkOptions = DistributionOptions & ServerOptions;

export const logLevels = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LocalSpark {
  /** `sc://127.0.0.1:port`. */
  readonly url: string;
  /** Of Spark, as the server says. */
  readonly version: string;
  /** What callers must send, if it demands something. */
  readonly token: string | undefined;
  readonly pid: number;
  /** From the start of its process until it answered. */
  readonly readyMs: number;
  /** Resolves when the process has ended, with how, and with its last words. */
  readonly ended: Promise<ServerEnd>;
  /** Ends the process and removes what it needed. Repeating it does nothing. */
  stop(): Promise<void>;
}

export interface ServerEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lastWords: string;
}

/** What takes long enough to be told. */
export type DistributionProgress =
  | { readonly code: "install.start"; readonly version: string; readonly directory: string }
  | { readonly code: "install.download"; readonly name: string; readonly bytes: number; readonly total: number }
  | { readonly code: "install.unpack"; readonly name: string }
  | { readonly code: "install.done"; readonly version: string; readonly directory: string; readonly ms: number }
  | { readonly code: "server.start"; readonly version: string }
  | { readonly code: "server.ready"; readonly version: string; readonly url: string; readonly ms: number };

/** A distribution that is there. */
export interface Distribution {
  /** The directory with `bin/` and `jars/`. Absolute. */
  readonly home: string;
  readonly spark: string;
  /** That Spark was built with. */
  readonly hadoop: string;
  /** Of `hadoop-aws`; `undefined` if it cannot reach S3. */
  readonly hadoopAws: string | undefined;
  /** Jars of the table that are not there. */
  readonly missing: readonly string[];
  /** Jars that are there in another version than the table's. */
  readonly wrong: readonly string[];
}
