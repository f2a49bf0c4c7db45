import type { Registration, TableRegistration } from "../model/registration.ts";
import type { Documents } from "../storage/contract.ts";

/**
 * The law of a catalog: for each mart one chain of records; the last one names the version that readers see. A swap is
 * a compare-and-swap on the chain's number: of any number of racing writers exactly one wins, and a writer whose answer
 * was lost finds out by looking for its own `publishId`.
 *
 * Other tools find a mart by the name under which it is registered. The chain decides, the registration follows: it only ever
 * goes to a later record of the chain, by a compare-and-swap of its own, so that a writer that slept cannot bring an old version
 * back. One that is behind is a difference like every other, and the next run registers it. The embedded catalog has no other
 * readers than millrace: there the chain itself is the registration.
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

  /** The chain itself is what readers by name see, so there is nothing to register and nothing to compare. */
  readonly registersItself: boolean;
  /** What stands under the names of `marts`; a name under which nothing stands has no entry. */
  registered(marts: readonly string[], options?: CallOptions): Promise<ReadonlyMap<string, Registered>>;
  /**
   * Lets the mart's name show this version, for every reader from one moment to the next. A name that shows this record or a later
   * one already is left as it is, except that a wrong description of this very record is put right. Answers what stands there then.
   * Throws `conflict` for a name that is not ours, which is never touched, and `refused` for columns that readers could not read.
   */
  register(mart: string, registration: Registration, options?: CallOptions): Promise<OwnRegistered>;
  /** Takes the name away, never the data. `false`: it was not there. Throws `conflict` for a name that is not ours. */
  unregister(mart: string, options?: CallOptions): Promise<boolean>;
  /** Names that marts of this lake had before, where marts can have others. */
  readonly former?: FormerNames;
  /** The registry of tables, where the project asks for one. */
  readonly tables?: TableRegistry;
  /**
   * Finds out by doing whether the catalog keeps its law for `writers`. Throws `denied` for one that does not, with what to use
   * instead. Asked before the first write, and by `doctor`.
   */
  prove(writers: "several" | "one", options?: CallOptions): Promise<CatalogProof>;
  close(): Promise<void>;
}

/**
 * Names of this lake's marts in other databases than they belong to now: the project gave a mart another database, or does not have it
 * any more. They show what they showed then. Nobody takes them away without being asked: somebody may still read by them.
 */
export interface FormerNames {
  /** Of these marts, in every database that the catalog lets us see; `has` says which of them still have a name of their own. */
  find(marts: readonly string[], has: (mart: string) => boolean, options?: CallOptions): Promise<readonly FormerName[]>;
  /** Takes the name away, never the data. `false`: it was not there. Throws `conflict` for a name that is not ours. */
  unregister(former: FormerName, options?: CallOptions): Promise<boolean>;
}

export interface FormerName {
  readonly mart: string;
  readonly database: string;
  /** As users write it: `old.activity`. */
  readonly name: string;
  /** Of the chain's record that is shown. */
  readonly number: number;
  readonly version: string;
}

export interface CatalogProof {
  /** For example `Hive Metastore 4.0.0 at metastore:9083`. */
  readonly what: string;
  /** What was seen: sentences without an end. */
  readonly findings: readonly string[];
}

export type Registered = OwnRegistered | ForeignRegistered;

export interface OwnRegistered {
  readonly kind: "ours";
  /** As users write it: `gha.activity`. */
  readonly name: string;
  /** Of the chain's record that is shown. */
  readonly number: number;
  readonly version: string;
  readonly publishId: string;
  /** The record's own, where the catalog keeps them: with these a record that was lost can be written again. */
  readonly at?: string;
  readonly manifestSha256?: string;
  /** `registrationFingerprint` of what is registered; `undefined` where it cannot differ. */
  readonly fingerprint: string | undefined;
  /** What is wrong with it, for example a location that was changed by hand. */
  readonly fault: string | undefined;
}

/** Somebody else's table, view or other thing, or that of another lake. */
export interface ForeignRegistered {
  readonly kind: "foreign";
  readonly name: string;
  /** Whose and what it is, for messages: `a managed table of owner hive`. */
  readonly what: string;
}

/** Tables under their names, each partition by its `src`. Rows appear with the partition's file; this only lists it. */
export interface TableRegistry {
  registered(table: string, options?: CallOptions): Promise<RegisteredTable | undefined>;
  /** Creates the table or changes its columns. Throws as `Catalog.register` does. */
  register(table: string, registration: TableRegistration, options?: CallOptions): Promise<void>;
  /** The `src` of every registered partition, in pages, in the order of the catalog. */
  partitions(table: string, options?: CallOptions): AsyncIterable<readonly string[]>;
  /** Adds those that are not there yet; a repetition does nothing. `onAdded` is told how many after each batch. */
  add(
    table: string,
    ids: readonly string[],
    options?: CallOptions & { readonly onAdded?: (count: number) => void },
  ): Promise<void>;
  /**
   * Notes which files the partitions have, after they are there. A reader that remembers the lengths of files it has listed, as a
   * running Spark does, would lose rows of one that was replaced without a word: a change of this makes it list them anew.
   */
  touch(table: string, files: string, options?: CallOptions): Promise<void>;
  /** Removes them from the list, never their files. */
  remove(table: string, ids: readonly string[], options?: CallOptions): Promise<void>;
  unregister(table: string, options?: CallOptions): Promise<boolean>;
}

export type RegisteredTable =
  | {
      readonly kind: "ours";
      readonly name: string;
      readonly fingerprint: string;
      readonly schemaVersion: number;
      /** As `touch` was last told; `undefined` before. */
      readonly files: string | undefined;
    }
  | ForeignRegistered;

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
      /** A person went back to an older version: the mart is not built again until its statement changes or somebody asks. */
      readonly rollback?: true;
    }
  /** Moves the token without changing what is visible, so that a stalled writer cannot publish what is being collected. */
  | {
      readonly kind: "fence";
      readonly publishId: string;
      readonly parent: number;
      readonly at: string;
      readonly version: string;
      /** As the record before it says. */
      readonly rollback?: true;
      /** The older version that its writer is about to publish again: as long as this is the last record, nobody collects that version. */
      readonly restores?: string;
    };
