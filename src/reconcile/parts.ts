/** The opened parts that reconciliation works with: contracts only, so that tests hand in memory and faulty ones. */
import type { ObjectCache } from "../cache/contract.ts";
import type { Catalog } from "../catalog/contract.ts";
import type { Converter, SqlSession } from "../convert/contract.ts";
import type { Engine } from "../engine/contract.ts";
import type { Report } from "../model/events.ts";
import type { Project, TableSettings } from "../model/project.ts";
import type { Source } from "../source/contract.ts";
import type { Storage } from "../storage/contract.ts";
import type { IndexFile } from "./index-file.ts";

export interface Parts {
  readonly project: Project;
  readonly raw: Storage;
  readonly tables: Storage;
  readonly marts: Storage;
  /** Local copies of what the engine reads of tables and marts that are not on a local disk. */
  readonly cache: ObjectCache;
  /** By name; opened when first asked for. */
  source(name: string): Promise<Source>;
  /** Name and version of the converter, without opening it: planning needs no workers. */
  readonly converterVersion: string;
  /** Of one's own (the default), or the one that has Spark write the files. */
  converter(by?: TableSettings["convert"]): Promise<Converter>;
  /** Opened by the first who asks, to whom is told what that takes. */
  engine(options?: { readonly signal?: AbortSignal; readonly report?: Report }): Promise<Engine>;
  /** The project's Spark server; absent where the embedded engine runs. */
  readonly spark?: SparkServer;
  readonly catalog: Catalog;
  readonly index: IndexFile;
  /** Called before the first write of an operation, with the places that it may write to. */
  readonly mayWrite: MayWrite;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** 32 hex digits that nobody else has. */
  readonly newId: () => string;
}

/**
 * Throws (`denied`) for a place whose store does not keep what a lake demands, and for a catalog of other tools that does not
 * keep its law; asks them only once in a while.
 */
export type MayWrite = (
  places: readonly ("raw" | "tables" | "marts" | "catalog")[],
  options?: { readonly signal?: AbortSignal | undefined; readonly report?: Report },
) => Promise<void>;

export interface SparkServer {
  /** What messages call it. Holds no secret. */
  readonly name: string;
  /** A session with these settings. Without any it finds the server as everybody else does. */
  open(settings?: Readonly<Record<string, string>>): Promise<SqlSession>;
}
