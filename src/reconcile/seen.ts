/**
 * One value that says what exists: the input of `nextSteps`, `status`, `explain` and `plan`. It is made by `observe`
 * from listings, receipts, footers and the catalog, and holds nothing that cannot be observed again.
 */
import type { CatalogRecord } from "../catalog/contract.ts";
import type { MartSettings, SourceSettings, TableSettings, TimeRange } from "../model/project.ts";
import type { TableDocument } from "../model/table-document.ts";
import type { Attempts } from "./attempts.ts";

export interface Seen {
  /** When it was looked, milliseconds since the epoch. */
  readonly atMs: number;
  readonly sources: ReadonlyMap<string, SourceSeen>;
  readonly tables: ReadonlyMap<string, TableSeen>;
  readonly marts: ReadonlyMap<string, MartSeen>;
  /** What was tried before and did not succeed, and when to try again. */
  readonly attempts: Attempts;
}

export interface SourceSeen {
  readonly settings: SourceSettings;
  /** By the interval's start. */
  readonly raw: Map<number, RawSeen>;
  /** Gaps that a person accepted. */
  readonly acknowledged: readonly TimeRange[];
}

/** A raw object in its newest revision. */
export interface RawSeen {
  readonly key: string;
  readonly size: number;
  readonly token: string;
  /** `undefined`: there is no receipt, the object waits for adoption. */
  readonly facts: RawFacts | undefined;
}

export interface RawFacts {
  readonly sha256: string;
  readonly revision: number;
  readonly verified: boolean;
}

export interface TableSeen {
  readonly settings: TableSettings;
  /** The published schema; `undefined` before the first partition. */
  readonly schema: PublishedSchema | undefined;
  readonly partitions: Map<number, PartitionSeen>;
}

export interface PublishedSchema {
  /** Counts from 1. */
  readonly version: number;
  readonly document: TableDocument;
}

export interface PartitionSeen {
  readonly size: number;
  readonly token: string;
  readonly facts: PartitionFacts;
}

/** What the footer of a partition says, as far as decisions need it. */
export interface PartitionFacts {
  readonly rawSha256: string;
  readonly rawRevision: number;
  readonly rows: number;
  readonly rejected: number;
  /** `native/1` and the like. */
  readonly converter: string;
  /** Fingerprint of the settings that shape the bytes: declared columns, conflicts, duplicate keys, codec. */
  readonly settings: string;
  readonly standIns: readonly string[];
  /**
   * The file's types are known to be as wide as the table's up to this schema version. A cache, not a fact of the file:
   * a partition whose number is older than the last widening has its column types read again.
   */
  readonly checkedVersion: number;
  /** Paths whose type in the file is narrower than the table's. */
  readonly narrow: readonly string[];
}

export interface MartSeen {
  readonly settings: MartSettings;
  readonly current: PublishedMart | undefined;
}

export interface PublishedMart {
  readonly number: number;
  readonly record: CatalogRecord;
  readonly manifest: Manifest;
}

/** `_manifest.json` of a version, written last. */
export interface Manifest {
  readonly format: 1;
  readonly mart: string;
  readonly version: string;
  readonly publishId: string;
  readonly parent: number;
  readonly at: string;
  readonly sql: string;
  readonly engine: string;
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly files: readonly { readonly name: string; readonly rows: number; readonly size: number; readonly sha256: string }[];
  /** Each table that was read, with what decides whether the mart is still up to date. */
  readonly inputs: readonly ManifestInput[];
}

export interface ManifestInput {
  readonly table: string;
  readonly partitions: number;
  /** sha256 over the partitions' identities. */
  readonly digest: string;
  readonly schemaFingerprint: string;
}
