import type { Documents } from "../storage/contract.ts";

/**
 * The law of a catalog: for each mart one chain of records; the last one names the version that readers see. A swap is
 * a compare-and-swap on the chain's number: of any number of racing writers exactly one wins, and a writer whose answer
 * was lost finds out by looking for its own `publishId`.
 */
export interface Catalog {
  readonly name: string;
  /** The last record; `undefined` for a mart that was never published. */
  current(mart: string, options?: CallOptions): Promise<Numbered | undefined>;
  /**
   * What one listing shows of the chain, which may be behind the last record: enough to decide what is due, never for a
   * swap. A chain that stands where `documents` knows it costs that listing and nothing else.
   */
  glance(mart: string, documents: Documents, options?: CallOptions): Promise<Numbered | undefined>;
  /** Appends `record` as number `expected + 1` (`expected` is 0 for the first). `undefined` means that another writer was first: look again. */
  append(mart: string, expected: number, record: CatalogRecord, options?: CallOptions): Promise<Numbered | undefined>;
  /** Newest first. */
  history(mart: string, options?: CallOptions): AsyncIterable<Dated>;
  /** Every number of a chain from 1 to the last, with what is wrong there; reads all of it. */
  inspect(mart: string, options?: CallOptions): AsyncIterable<Inspected>;
  /**
   * Puts a record that is damaged or missing back in its place. For the repair of damage alone: whoever calls it has proof
   * that this is the record that stood there.
   */
  restore(mart: string, number: number, record: CatalogRecord, options?: CallOptions): Promise<void>;
  /** Names of the marts that have a chain. */
  marts(options?: CallOptions): Promise<readonly string[]>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface Numbered {
  /** Counts from 1 without holes. */
  readonly number: number;
  readonly record: CatalogRecord;
}

export interface Dated extends Numbered {
  /**
   * When the record was written, by the clock of the place that keeps the catalog: milliseconds since the epoch. `at` is
   * the writer's word, from before it began to write.
   */
  readonly writtenMs: number;
}

/** What stands at one number of a chain. */
export interface Inspected {
  readonly number: number;
  /** Where it lies, for messages. */
  readonly key: string;
  readonly bytes: number;
  /** `undefined` where nothing is there, or nothing that could be read. */
  readonly record: CatalogRecord | undefined;
  readonly fault: string | undefined;
}

export type CatalogRecord =
  | {
      readonly kind: "publish";
      /** The version directory below the mart: `v<12 digits>-<8 hex>`. */
      readonly version: string;
      readonly publishId: string;
      /** The number of the record that was current when the version was built. */
      readonly parent: number;
      /** ISO instant. */
      readonly at: string;
      /** sha256 of the version's manifest. */
      readonly manifestSha256: string;
    }
  /** Moves the token without changing what is visible, so that a stalled writer cannot publish what is being collected. */
  | {
      readonly kind: "fence";
      readonly publishId: string;
      readonly parent: number;
      readonly at: string;
      readonly version: string;
    };
