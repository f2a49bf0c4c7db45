/**
 * One private in-memory database. It is configured, then locked: from there on no statement reads or writes a file
 * outside of what the lock names, loads an extension, attaches a database or changes a setting.
 */
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBResult,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";
import { Failure } from "../../errors.ts";
import { duckdbFailure, type FaultContext } from "./fault.ts";

export interface SessionSettings {
  /** 0 is one a core. */
  readonly threads: number;
  readonly memoryBytes: number;
}

export interface Lock {
  /** Files that may be read. */
  readonly files: readonly string[];
  /** Directories that may be read and written. */
  readonly directories: readonly string[];
}

export interface RunOptions {
  readonly context?: FaultContext;
  readonly signal?: AbortSignal | undefined;
  /** Share done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

export interface BoundColumn {
  readonly name: string;
  readonly type: DuckDBType;
}

export interface Session {
  /** Runs one statement and answers its rows, which must be few. */
  run(sql: string, options?: RunOptions): Promise<DuckDBValue[][]>;
  /** Binds a statement without running it. */
  bind(sql: string, options?: RunOptions): Promise<readonly BoundColumn[]>;
  /** Starts a statement whose rows are fetched chunk by chunk with `guard`. */
  stream(sql: string, options?: RunOptions): Promise<DuckDBResult>;
  /** Runs `work` so that the signal interrupts the database and its errors become failures. */
  guard<T>(work: () => Promise<T>, options?: RunOptions): Promise<T>;
  close(): void;
}

/** How often an interrupt is repeated: one that arrives between two tasks of a statement would be lost. */
const INTERRUPT_MS = 50;
const PROGRESS_MS = 250;
const OWN: FaultContext = { phase: "own" };

/** Opens a database that spills to `temporary` (created), or not at all, and locks it. */
export async function openSession(
  settings: SessionSettings,
  temporary: string | undefined,
  lock: Lock,
): Promise<Session> {
  if (temporary !== undefined) await mkdir(temporary, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(settings.threads > 0 ? settings.threads : availableParallelism()),
    memory_limit: `${settings.memoryBytes}B`,
    temp_directory: temporary ?? "",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
    allow_persistent_secrets: "false",
    // Every file is read once; keeping what was read would fill the memory with it.
    enable_external_file_cache: "false",
    // Rows keep their order, so that equal inputs give equal outputs.
    preserve_insertion_order: "true",
  });
  const connection = await instance.connect();
  try {
    for (const statement of configuration(temporary, lock)) await connection.run(statement);
  } catch (error) {
    connection.closeSync();
    instance.closeSync();
    throw duckdbFailure(error, OWN);
  }
  return sessionOf(connection, () => {
    connection.closeSync();
    instance.closeSync();
  });
}

function configuration(temporary: string | undefined, lock: Lock): string[] {
  const directories = [...(temporary === undefined ? [] : [temporary]), ...lock.directories];
  return [
    "SET errors_as_json = true",
    "SET TimeZone = 'UTC'",
    "SET enable_progress_bar = true",
    "SET enable_progress_bar_print = false",
    `SET allowed_paths = [${lock.files.map(quoteText).join(", ")}]`,
    `SET allowed_directories = [${directories.map(quoteText).join(", ")}]`,
    "SET enable_external_access = false",
    "SET lock_configuration = true",
  ];
}

function sessionOf(connection: DuckDBConnection, close: () => void): Session {
  const guard = async <T>(work: () => Promise<T>, options: RunOptions = {}): Promise<T> => {
    const { signal, onProgress } = options;
    if (signal?.aborted) throw stopped(signal);
    let repeat: NodeJS.Timeout | undefined;
    const interrupt = (): void => {
      connection.interrupt();
      repeat ??= setInterval(() => connection.interrupt(), INTERRUPT_MS);
    };
    signal?.addEventListener("abort", interrupt, { once: true });
    const reporter =
      onProgress === undefined ? undefined : setInterval(() => report(connection, onProgress), PROGRESS_MS);
    try {
      return await work();
    } catch (error) {
      throw signal?.aborted ? stopped(signal) : duckdbFailure(error, options.context ?? OWN);
    } finally {
      signal?.removeEventListener("abort", interrupt);
      clearInterval(repeat);
      clearInterval(reporter);
    }
  };
  return {
    guard,
    run: (sql, options) => guard(async () => await (await connection.run(sql)).getRows(), options),
    stream: (sql, options) => guard(() => connection.stream(sql), options),
    bind: (sql, options) =>
      guard(async () => {
        const statement = await connection.prepare(sql);
        try {
          return Array.from({ length: statement.columnCount }, (_, index) => ({
            name: statement.columnName(index),
            type: statement.columnType(index),
          }));
        } finally {
          statement.destroySync();
        }
      }, options),
    close,
  };
}

function report(connection: DuckDBConnection, onProgress: (share: number) => void): void {
  const { percentage } = connection.progress;
  if (percentage >= 0) onProgress(Math.min(1, percentage / 100));
}

function stopped(signal: AbortSignal): Failure {
  return new Failure("cancelled", "SQL: stopped", { cause: signal.reason });
}

/** A text as a literal of SQL. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
