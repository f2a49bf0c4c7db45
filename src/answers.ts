/**
 * What the operations of an opened project answer: plain values, printed by the command line (as text or with `--json`)
 * and later served by the console. Times are ISO instants in UTC, sizes are bytes, keys are `name@id`.
 */

import type { ConvertInput, ConvertOptions, ConvertOutput, ConvertReport } from "./convert/contract.ts";
import type { QueryValue, ResultColumn } from "./engine/contract.ts";
import type { Failure, FailureKind } from "./errors.ts";
import type { Report } from "./model/events.ts";
import type { HiveSettings, Project, StoreProfileName } from "./model/project.ts";
import type { ColumnType, Schema } from "./model/schema.ts";
import type { Plan, PlanOptions, Waiting } from "./reconcile/plan.ts";
import type { Seen } from "./reconcile/seen.ts";

/** A project with its parts opened. `app.ts` makes it; everything the command line does goes through here. */
export interface App {
  readonly project: Project;
  observe(options?: Operation): Promise<Seen>;
  plan(options?: Selection & Operation): Promise<Plan>;
  /** Passes until nothing is left that can be done now. */
  run(options?: Selection & Operation): Promise<RunSummary>;
  /** The same for ever, until `signal` aborts; resolves after a clean stop. `onPass` sees every pass. */
  watch(options: Selection & Operation & WatchHooks): Promise<void>;
  status(options?: Operation): Promise<Status>;
  explain(key: string, options?: Operation): Promise<Explanation>;
  schema(table: string, options?: SchemaOptions): Promise<TableSchemaAnswer>;
  query(sql: string, options?: QueryOperation): Promise<QueryAnswer>;
  /** Writes a statement's result as one Parquet file, whole or not at all. Columns need names that any engine takes. */
  queryToFile(
    sql: string,
    file: string,
    options?: QueryOperation,
  ): Promise<{ readonly rows: number; readonly bytes: number }>;
  verify(options?: VerifyOptions & Operation): Promise<VerifyReport>;
  /** Makes everything again that is derived from the lake: the index, and published schemas that are missing or damaged. */
  rebuildIndex(options?: Operation): Promise<RebuildReport>;
  /** Takes away what nothing refers to any more. Twice in a row, the second writes nothing. */
  gc(options?: GcOptions & Operation): Promise<GcReport>;
  /** What is left of a mart's versions, from the log, listings and manifests; no part is read. */
  versions(mart: string, options?: Operation): Promise<MartVersions>;
  /** Shows readers an older version again. The mart is not built anew until its statement changes or somebody asks for it. */
  rollback(mart: string, options?: RollbackOptions & Operation): Promise<RollbackReport>;
  /** What stands under the names of the project's marts and tables. */
  catalogList(options?: Operation): Promise<CatalogListing>;
  /** Brings a metastore to what the lake says, takes the lake's names out of it, or the log from it. Twice in a row, the second does nothing. */
  catalogExport(request: ExportRequest, options?: Operation): Promise<ExportReport>;
  doctor(options?: DoctorOptions & Operation): Promise<DoctorReport>;
  /** Marks gaps as known: they are no longer reported nor asked for. Answers the keys that were marked. */
  acknowledge(source: string, ids: readonly string[], options?: Operation): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What needs no project. */
export interface Tools {
  /** Converts files side by side, as many as cores and memory allow. One that fails does not stop the others. */
  convert(jobs: readonly ConvertJob[], options?: ConvertJobsOptions & Operation): Promise<ConvertSummary>;
  /** The schema that a published document of a table or a Parquet file of ours holds. */
  knownSchema(file: string): Promise<Schema>;
  /** The columns of a Parquet file of any writer, or of a file of JSON lines. */
  schemaOfFile(file: string, options?: Operation): Promise<FileSchemaAnswer>;
  close(): Promise<void>;
}

export interface ConvertJob {
  /** What messages call the input and the output. */
  readonly name: string;
  readonly outputName: string;
  readonly input: ConvertInput;
  readonly output: ConvertOutput;
  /** Bytes of the input, where that is known: for bars. */
  readonly bytes: number | undefined;
  readonly rejects: string | undefined;
}

export type ConvertJobsOptions = Omit<ConvertOptions, "name" | "rejects" | "signal" | "onProgress">;

export interface ConvertSummary {
  readonly ms: number;
  /** In the order of the jobs. */
  readonly files: readonly ConvertedFile[];
  /** By the contract of product.md: 0 done, 1 failed files, 3 refused ones, 5 a place that cannot be read or written. */
  readonly exitCode: number;
}

export interface ConvertedFile {
  readonly input: string;
  readonly output: string;
  readonly ms: number;
  /** What came of it: one of the two. */
  readonly report: ConvertReport | undefined;
  readonly failure: Failure | undefined;
}

export interface WatchHooks {
  readonly onPass?: (summary: RunSummary) => void;
  /** A pass that ended as a whole (no room, a place unreachable); the next one comes after the interval. */
  readonly onFailedPass?: (failure: Failure) => void;
}

export interface Operation {
  readonly signal?: AbortSignal;
  readonly report?: Report;
}

export interface QueryOperation extends Operation {
  /** Share done, 0 to 1, where the engine knows it. */
  readonly onProgress?: (share: number) => void;
}

/** The options of `plan` and `run` without what the app knows itself. */
export type Selection = Omit<PlanOptions, "converter">;

export interface RunSummary {
  readonly startedAt: string;
  readonly ms: number;
  readonly stages: {
    readonly collect: StageSummary;
    readonly convert: StageSummary;
    readonly marts: StageSummary;
  };
  /** What is left when nothing more can be done now. */
  readonly waiting: readonly Waiting[];
  /** By the contract of product.md: 0 done, 1 failed items, 3 data refused, 4 gap, 5 unreachable. */
  readonly exitCode: number;
  readonly failures: readonly ItemFailure[];
}

export interface StageSummary {
  readonly done: number;
  /** Those among them for which nothing was built: a name was let show what is published. */
  readonly registered?: number;
  readonly failed: number;
  readonly held: number;
  readonly skipped: number;
  readonly bytes: number;
  readonly rows: number;
  readonly rejected: number;
  readonly ms: number;
}

export interface ItemFailure {
  readonly stage: "collect" | "convert" | "marts";
  readonly key: string;
  readonly kind: string;
  readonly reason: string;
  readonly remedy: string | undefined;
}

export interface Status {
  readonly at: string;
  readonly project: string;
  readonly sources: readonly SourceStatus[];
  readonly tables: readonly TableStatus[];
  readonly marts: readonly MartStatus[];
  readonly waiting: readonly Waiting[];
}

export interface SourceStatus {
  readonly name: string;
  readonly every: "hour" | "day";
  readonly stored: number;
  readonly bytes: number;
  readonly first: string | undefined;
  readonly last: string | undefined;
  /** Milliseconds between the end of the newest stored interval and now. */
  readonly lagMs: number | undefined;
  readonly pending: number;
  readonly gaps: number;
  readonly adopted: number;
  readonly days: readonly CalendarDay[];
}

/** One row of the calendar: a day, and a cell an interval (24 or 1). */
export interface CalendarDay {
  readonly day: string;
  readonly cells: readonly CalendarCell[];
}

/**
 * `converted` ■, `stored` ▪ (not converted yet), `pending` ·, `due` (not yet tried), `gap` ✕, `rejected` ! (converted, with
 * rejected lines), `odd` ~ (far smaller or larger than its weekday-hour's median), `held` (conversion refused),
 * `failed`, `known` (known or acknowledged hole), `outside` (not wanted).
 */
export type CalendarCell =
  | "converted"
  | "stored"
  | "pending"
  | "due"
  | "gap"
  | "rejected"
  | "odd"
  | "held"
  | "failed"
  | "known"
  | "outside";

export interface TableStatus {
  readonly name: string;
  readonly from: string;
  readonly partitions: number;
  readonly rows: number;
  readonly rejected: number;
  readonly bytes: number;
  readonly columns: number;
  readonly schemaVersion: number;
  readonly last: string | undefined;
  /** Partitions waiting to be re-converted because a type widened. */
  readonly unsettled: number;
  /** What other tools find under its name; absent where tables are not registered. */
  readonly registered?: TableRegistrationStatus;
}

export interface TableRegistrationStatus {
  readonly name: string | undefined;
  /** `wrong`: with other columns, or another list of partitions. */
  readonly state: "registered" | "missing" | "wrong" | "foreign" | "unpublished";
  /** Partitions that are listed. */
  readonly partitions: number;
}

export interface MartStatus {
  readonly name: string;
  readonly version: string | undefined;
  readonly number: number;
  readonly rows: number;
  readonly bytes: number;
  readonly publishedAt: string | undefined;
  /** Which engine built the version; `undefined` of none. */
  readonly engine: string | undefined;
  readonly upToDate: boolean;
  readonly reason: string | undefined;
  /** What other tools find under its name; absent where there are none, and where the catalog could not be asked. */
  readonly registered?: RegistrationStatus;
}

/** The life of one item, as ordered facts. */
export interface Explanation {
  readonly key: string;
  readonly facts: readonly { readonly topic: string; readonly text: string }[];
}

export interface SchemaOptions extends Operation {
  /**
   * Reads the footers of so many of the newest partitions: they tell how many values each column has there. Without it
   * nothing but the schema is read.
   */
  readonly profile?: number;
}

/** A column of a table or file. What was not read or cannot be known is `undefined`. */
export interface SchemaColumn {
  readonly path: string;
  /** Only in a file that others wrote there may be none of ours. */
  readonly type: ColumnType | undefined;
  readonly typeText: string;
  /** The partition in which the column first appeared, and the last one of those read that has it. */
  readonly first: string | undefined;
  readonly last: string | undefined;
  readonly declared: boolean;
  /** Has become text in a conflict inside a file, or wider over the partitions. */
  readonly conflict: "mixed" | "widened" | undefined;
  /** Share of the rows read that have a value, 0 to 1; of a column below a list there is none. */
  readonly present: number | undefined;
  /** Values in the rows read, and how many different ones at least and at most. */
  readonly values: number | undefined;
  readonly distinct: { readonly least: number; readonly most: number } | undefined;
}

export interface TableSchemaAnswer {
  readonly table: string;
  readonly version: number;
  readonly partitions: number;
  /** What `present`, `values`, `distinct` and `last` were read from. */
  readonly read: ReadPartitions | undefined;
  readonly columns: readonly (SchemaColumn & { readonly type: ColumnType })[];
  readonly widenings: readonly {
    readonly path: string;
    readonly from: string;
    readonly to: string;
    readonly src: string;
    readonly line: number;
    readonly offset: number;
    readonly value: string;
  }[];
  readonly held: readonly { readonly key: string; readonly reason: string }[];
  readonly ddl: SchemaStatements;
}

export interface ReadPartitions {
  readonly partitions: number;
  readonly rows: number;
  readonly oldest: string;
  readonly newest: string;
}

export interface SchemaStatements {
  readonly duckdb: string;
  readonly spark: string;
}

export interface FileSchemaAnswer {
  readonly file: string;
  /** `json` was converted for the answer, and the result thrown away. */
  readonly kind: "parquet" | "json";
  readonly rows: number;
  readonly rejected: number;
  readonly createdBy: string;
  readonly columns: readonly SchemaColumn[];
  /** Of a file that others wrote there are none. */
  readonly ddl: SchemaStatements | undefined;
}

export interface QueryAnswer {
  readonly columns: readonly ResultColumn[];
  rows(): AsyncIterable<readonly (readonly QueryValue[])[]>;
  /** Call when done, also after an error. */
  close(): Promise<void>;
}

export interface VerifyOptions {
  /** Bytes read so far, and about how many there are. */
  readonly onProgress?: (bytes: number, total: number) => void;
  readonly only?: "raw" | "tables" | "marts";
  readonly select?: (name: string) => boolean;
  /** Puts right what can be put right. */
  readonly repair?: boolean;
  /** With `repair`: only says what would be done, and writes nothing. */
  readonly dryRun?: boolean;
  /** Repairs done so far, of how many, and what the last one was done to. */
  readonly onRepair?: (done: number, total: number, key: string) => void;
}

export interface VerifyReport {
  readonly objects: number;
  readonly bytes: number;
  readonly damaged: readonly DamagedObject[];
  /** Objects whose bytes could not be compared with anything, for example partitions of earlier versions. */
  readonly unverified: number;
  /** A catalog that could not be asked; with `repair` also what became due by it (other partitions, marts) and did not succeed. */
  readonly failures?: readonly ItemFailure[];
}

export interface DamagedObject {
  readonly place: "raw" | "tables" | "marts";
  /** Ends with a slash for a table from which partitions have vanished. */
  readonly key: string;
  readonly reason: string;
  readonly remedy: string;
  /** What a repair did, or with `dryRun` would do. */
  readonly repair?: Repaired;
}

export type Repaired =
  | { readonly state: "planned" | "repaired"; readonly how: string }
  /** Nothing that is left can prove or make what was lost. The damaged object stays as it is. */
  | { readonly state: "impossible"; readonly reason: string; readonly remedy: string }
  /** Did not succeed now; a later repair may. */
  | {
      readonly state: "failed";
      readonly kind: FailureKind;
      readonly reason: string;
      readonly remedy: string | undefined;
    };

export interface RebuildReport {
  /** Files of the index that were there before. */
  readonly removed: readonly string[];
  /** Objects and partitions that were looked at anew. */
  readonly raw: number;
  readonly partitions: number;
  readonly schemas: readonly {
    readonly table: string;
    /** Number of the document. */
    readonly version: number;
    /** `completed`: the statements beside the document were written. `rebuilt`: so was the document, from the footers. */
    readonly state: "kept" | "completed" | "rebuilt";
  }[];
  readonly ms: number;
}

export interface GcOptions {
  /** Only says what would go, and writes nothing; ages then go by this machine's clock. */
  readonly dryRun?: boolean;
  /** Instead of the project's `gc.retention` and `gc.versions`. */
  readonly retentionMs?: number;
  readonly versions?: number;
  readonly only?: "raw" | "tables" | "marts";
  /** What was removed so far. */
  readonly onProgress?: (done: { readonly objects: number; readonly bytes: number }) => void;
}

export interface GcReport {
  readonly at: string;
  readonly dryRun: boolean;
  readonly retentionMs: number;
  readonly versions: number;
  /** What went; of a dry run what would go. */
  readonly removed: readonly GcItem[];
  /** What looks like garbage and stays, because somebody has to decide first. */
  readonly kept: readonly GcKept[];
  readonly failures: readonly GcFailure[];
  /** By the contract of product.md: 0 done, 1 something could not be removed, 5 a place cannot be reached or used. */
  readonly exitCode: number;
}

export interface GcItem {
  readonly place: "raw" | "tables" | "marts";
  /**
   * `superseded`: a mart's version that was replaced. `orphan`: a version that was never published. `rejected`: rejected
   * lines that no partition names. `expired`: a raw object older than its source's `keep`. `probe`: left by a test of the
   * place. `upload`: an upload in pieces that was never completed. `scratch`: what interrupted attempts left in `_staging`.
   */
  readonly kind: "superseded" | "orphan" | "rejected" | "expired" | "probe" | "upload" | "scratch";
  /** The source, table or mart that it belonged to; empty for what belongs to the place. */
  readonly name: string;
  /** The interval of a raw object and of rejected lines. */
  readonly id: string | undefined;
  /** The object's key, or the directory's with a slash at its end. */
  readonly key: string;
  /** Since when nothing needs it, an ISO instant; `undefined` where nobody knows. */
  readonly since: string | undefined;
  readonly objects: number;
  readonly bytes: number;
}

export interface GcKept {
  readonly place: "raw" | "tables" | "marts";
  /**
   * `dropped`: of a mart or table that the project does not have. `unpublished`: of a mart whose catalog is empty.
   * `registered`: old, but what other tools find under the mart's name: the next run lets it show the last one. `beyond`: of a number that the catalog is far from, as if records were lost. `unconverted`: raw objects older than
   * `keep` from which a table is still to be made.
   */
  readonly kind: "dropped" | "unpublished" | "beyond" | "registered" | "unconverted";
  readonly name: string;
  readonly id: string | undefined;
  readonly key: string;
  /** The tables that are still to be made from it. */
  readonly tables?: readonly string[];
  readonly objects: number;
  readonly bytes: number;
}

export interface GcFailure {
  readonly place: "raw" | "tables" | "marts";
  readonly key: string;
  readonly kind: FailureKind;
  readonly reason: string;
  readonly remedy: string | undefined;
}

/** The versions of a mart that are still there, newest first, and those that the log still names but that are gone. */
export interface MartVersions {
  readonly mart: string;
  /** The newest record that made a version visible. */
  readonly record: number;
  /** A person went back to an older version, and nothing was built since. */
  readonly isRolledBack: boolean;
  /** What other tools find under the mart's name; `undefined` where the lake's own catalog is all there is. */
  readonly registration: RegistrationStatus | undefined;
  readonly versions: readonly MartVersion[];
}

export interface MartVersion {
  /** What `rollback` takes: of the record that published it first. */
  readonly number: number;
  /** Its directory below the mart. */
  readonly version: string;
  /** When that record was written, an ISO instant. */
  readonly at: string;
  readonly rows: number | undefined;
  readonly bytes: number | undefined;
  /** Which engine built it. */
  readonly engine: string | undefined;
  readonly isCurrent: boolean;
  /** Other tools see this one. */
  readonly isRegistered: boolean;
  /** Records that went back to it, newest first. */
  readonly restored: readonly { readonly number: number; readonly at: string }[];
  /**
   * `whole`: its files are there, with the sizes of its manifest. `removing`: a collection of garbage has begun to remove it.
   * `gone`: nothing is left. `damaged`: as `reason` says.
   */
  readonly state: "whole" | "removing" | "gone" | "damaged";
  readonly reason: string | undefined;
}

/** What stands under a name in the catalog, beside what should. */
export interface RegistrationStatus {
  /** As other tools write it: `gha.activity`; `undefined` where nothing stands and nobody said which name it would be. */
  readonly name: string | undefined;
  /**
   * `registered`: as it should be. `missing`: nothing stands there. `behind`: an older record. `wrong`: ours, but not as it should
   * be. `ahead`: of a record that the log does not have. `foreign`: not ours. `unpublished`: nothing is to be shown yet.
   */
  readonly state: "registered" | "missing" | "behind" | "wrong" | "ahead" | "foreign" | "unpublished";
  /** What is wrong, in a sentence without an end. */
  readonly reason: string | undefined;
  /** The version that is shown. */
  readonly number: number | undefined;
  readonly version: string | undefined;
}

export interface RollbackOptions {
  /** A number or the name of a version; unless told the one before the current one. */
  readonly version?: string;
  /** Checks everything and writes nothing. */
  readonly dryRun?: boolean;
  /** Bytes of the older version that were read and compared. */
  readonly onProgress?: (bytes: number, total: number) => void;
}

export interface RollbackReport {
  readonly mart: string;
  /** `current`: readers see that version already. */
  readonly state: "done" | "planned" | "current";
  readonly from: { readonly number: number; readonly version: string };
  readonly to: { readonly number: number; readonly version: string; readonly rows: number; readonly bytes: number };
  /** Number of the record that names the version now. */
  readonly record: number | undefined;
  /** The name that shows it to other tools. */
  readonly registered: string | undefined;
}

/** Every mart and, where tables are registered, every table, beside what stands under its name. */
export interface CatalogListing {
  /** What messages call the catalog. */
  readonly catalog: string;
  readonly entries: readonly CatalogEntry[];
}

export interface CatalogEntry {
  readonly kind: "mart" | "table";
  /** In the project. */
  readonly name: string;
  /** As other tools write it; `undefined` where nothing stands. */
  readonly registered: string | undefined;
  /**
   * As in `RegistrationStatus`; `own`: the lake's own catalog shows it, and no other tool asks that. `unreadable`: its log or
   * version is damaged. `dropped`: the project does not have the mart any more. `moved`: a mart of the project in another database than its
   * own, where it was before, or was exported to; no run brings that name forward.
   */
  readonly state: RegistrationStatus["state"] | "own" | "unreadable" | "dropped" | "moved";
  readonly reason: string | undefined;
  /** The version that readers of the lake see, by the number under which it was published first. */
  readonly number: number | undefined;
  readonly version: string | undefined;
  /** Of a table. */
  readonly partitions: number | undefined;
}

export interface ExportRequest {
  /**
   * `register`: lets every name show what the lake publishes. `drop`: takes the names of this lake away, never the data.
   * `restore`: makes the lake's own log whole again with what the versions prove and what is registered. `drop-former`: takes away
   * only the names that marts had before they moved to another database, and those of marts that the project does not have.
   */
  readonly action: "register" | "drop" | "drop-former" | "restore";
  /** Another metastore than the project's. */
  readonly catalog?: HiveSettings;
  /** Tables too; unless told as the metastore's settings have it. */
  readonly tables?: boolean;
  readonly dryRun?: boolean;
  /** Names done so far, of how many, and what is being done. */
  readonly onProgress?: (done: number, total: number, name: string) => void;
}

export interface ExportReport {
  readonly action: ExportRequest["action"];
  readonly catalog: string;
  readonly dryRun: boolean;
  readonly items: readonly ExportItem[];
  /** 0 done, 1 something could not be done, 5 the catalog or a place cannot be used. */
  readonly exitCode: number;
}

export interface ExportItem {
  readonly kind: "mart" | "table";
  readonly name: string;
  readonly registered: string | undefined;
  /** `already`: nothing was to be done. `nothing`: there is nothing to do it with, for example no version. */
  readonly state: "done" | "planned" | "already" | "nothing" | "failed";
  /** What was done, or why not, in words without a subject. */
  readonly what: string;
  readonly failure: { readonly kind: FailureKind; readonly remedy: string | undefined } | undefined;
}

/** Who does what in a lake; `run` is the first three in one process, `reader` only asks, `auditor` also looks at raw. */
export const roleNames = ["collector", "converter", "marts", "run", "gc", "reader", "auditor"] as const;

export type RoleName = (typeof roleNames)[number];

/** Also what is no part of millrace: a Hive Metastore opens the places of what it names. */
export const policyRoleNames = [...roleNames, "metastore"] as const;

export type PolicyRoleName = (typeof policyRoleNames)[number];

export interface PolicyRequest {
  /** All that the project has use for unless told; where principals are named, those that have one. */
  readonly roles?: readonly PolicyRoleName[];
  /** Who has a role, in the store's own words: an ARN on AWS, an access key elsewhere. */
  readonly principals?: ReadonlyMap<PolicyRoleName, readonly string[]>;
}

/** The rights of roles in a lake in buckets, as S3 stores read them: least privileges, limited to the places. */
export interface LakePolicies {
  /** To be attached to a user or role; empty where principals were named. One for each store, if there are several. */
  readonly roles: readonly {
    readonly role: PolicyRoleName;
    /** The commands that it can give. */
    readonly does: string;
    readonly store: PolicyStore;
    readonly policy: PolicyDocument;
  }[];
  readonly buckets: readonly {
    readonly bucket: string;
    readonly store: PolicyStore;
    readonly places: readonly { readonly place: "raw" | "tables" | "marts"; readonly name: string }[];
    /** To be attached to the bucket; where principals were named that need something of it. */
    readonly policy?: PolicyDocument;
    /** What removes the leftovers of writers that did not come to their end; where the store takes such rules. */
    readonly lifecycle?: { readonly Rules: readonly LifecycleRule[] };
  }[];
}

export interface PolicyStore {
  readonly name: string;
  readonly profile: StoreProfileName;
  readonly endpoint: string | undefined;
  readonly region: string;
}

/** The language of policies of S3. */
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: { readonly AWS: readonly string[] };
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: { readonly StringLike: { readonly "s3:prefix": readonly string[] } };
}

export interface LifecycleRule {
  readonly ID: string;
  readonly Status: "Enabled";
  readonly Filter: { readonly Prefix: string };
  readonly Expiration?: { readonly Days: number };
  readonly AbortIncompleteMultipartUpload?: { readonly DaysAfterInitiation: number };
}

export interface DoctorOptions {
  /** Tests what somebody in this role needs; `run` unless told. */
  readonly role?: RoleName;
  /** Each check as it is made. */
  readonly onCheck?: (check: DoctorCheck) => void;
}

export interface DoctorReport {
  readonly role: RoleName;
  readonly checks: readonly DoctorCheck[];
  /** 0, or 5 if something fails. */
  readonly exitCode: number;
}

export interface DoctorCheck {
  /** What is tested: this machine, one of the three places with its name, the sources, the engine. */
  readonly group: string;
  readonly subject: string;
  /** `fails`: this project, in this role, cannot do without it. `note`: it does not hold, and is not needed here. */
  readonly verdict: "ok" | "note" | "fails";
  /** What was found, in a sentence. */
  readonly finding: string;
  /** What to do; only where it does not hold. */
  readonly remedy: string | undefined;
  /** Who cannot do without it. */
  readonly needed: "everyone" | "several writers" | "gc" | "nobody";
  /** Of a right in a place: the roles that need it. */
  readonly roles: readonly RoleName[];
  readonly ms: number;
}
