/**
 * One value that says what exists: the input of `nextSteps`, `status`, `explain` and `plan`. It is made by `observe`
 * from listings, receipts, footers and the catalog, and holds nothing that cannot be observed again.
 */
import type { Registered, RegisteredTable } from "../catalog/contract.ts";
import type { Failure } from "../errors.ts";
import type { MartSettings, SourceSettings, TableSettings, TimeRange } from "../model/project.ts";
import type { PublishedMart } from "../step/manifest.ts";
import type { PartitionFacts } from "../step/partition.ts";
import type { PublishedSchema } from "../step/table-schema.ts";
import type { Attempts } from "./attempts.ts";
import type { Lookup } from "./lookup.ts";

export interface Seen {
  /** When it was looked, milliseconds since the epoch. */
  readonly atMs: number;
  readonly sources: ReadonlyMap<string, SourceSeen>;
  readonly tables: ReadonlyMap<string, TableSeen>;
  readonly marts: Map<string, MartSeen>;
  /** What was tried before and did not succeed, and when to try again. */
  readonly attempts: Attempts;
  /** Absent where nobody but millrace reads the catalog, and where it was not asked for. */
  readonly registry?: RegistrySeen;
}

/** What other tools find by name. */
export type RegistrySeen =
  | {
      readonly kind: "seen";
      /** Of marts whose name shows something. */
      readonly marts: Map<string, Registered>;
      /** Of all tables, where tables are registered. */
      readonly tables: Map<string, TableRegistered>;
    }
  /** The catalog could not be asked, or must not be written to. */
  | { readonly kind: "away"; readonly name: string; readonly failure: Failure };

export interface TableRegistered {
  readonly registered: RegisteredTable | undefined;
  readonly partitions: RegisteredPartitions;
}

export interface RegisteredPartitions {
  /** By the interval's start. */
  readonly starts: Set<number>;
  /** The `src` of those that no interval of the table has. */
  readonly strange: Set<string>;
}

export interface SourceSeen {
  readonly settings: SourceSettings;
  /** By the interval's start. */
  readonly raw: Lookup<RawSeen>;
  /** Those of them without a receipt. */
  readonly unadopted: ReadonlySet<number>;
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
  readonly partitions: Lookup<PartitionSeen>;
}

export interface PartitionSeen {
  readonly size: number;
  readonly token: string;
  readonly facts: PartitionFacts;
}

export interface MartSeen {
  readonly settings: MartSettings;
  readonly current: PublishedMart | undefined;
}
