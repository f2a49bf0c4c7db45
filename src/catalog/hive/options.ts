/** What the catalog on a Hive Metastore must know beyond its settings. */
import type { HiveSettings } from "../../model/project.ts";

export interface HiveOptions {
  readonly settings: HiveSettings;
  /** Where readers find the marts, as `Storage.location` says it: `s3a://bucket/marts/`. Names the lake among those that share a metastore. */
  readonly martsLocation: string;
  /** The same of the tables; needed where `settings.tables` is set. */
  readonly tablesLocation: string;
  /** The database that a mart names itself; `undefined` for one that takes `settings.database`. */
  databaseOf(mart: string): string | undefined;
}
