/** Settings of every session, all of them explicit: a server may be set up in any way, and an answer must not depend on it. */

/** What a statement means. */
const meaning: Readonly<Record<string, string>> = {
  // Overflow, division by zero and casts that fail are errors, as in DuckDB, and never null.
  "spark.sql.ansi.enabled": "true",
  "spark.sql.storeAssignmentPolicy": "ANSI",
  // "a" is a name and 'a' a text, as the standard and DuckDB say.
  "spark.sql.ansi.doubleQuotedIdentifiers": "true",
  "spark.sql.ansi.enforceReservedKeywords": "false",
  // Names of tables and columns are one in any spelling.
  "spark.sql.caseSensitive": "false",
  // An instant is an instant; its text is in UTC.
  "spark.sql.session.timeZone": "UTC",
  "spark.sql.timestampType": "TIMESTAMP_LTZ",
  "spark.sql.legacy.timeParserPolicy": "CORRECTED",
  "spark.sql.legacy.sizeOfNull": "false",
  "spark.sql.legacy.setopsPrecedence.enabled": "false",
  "spark.sql.mapKeyDedupPolicy": "EXCEPTION",
  "spark.sql.groupByOrdinal": "true",
  "spark.sql.orderByOrdinal": "true",
  "spark.sql.groupByAliases": "true",
};

/** What a statement may reach: the tables it was offered, and nothing of the server. */
const reach: Readonly<Record<string, string>> = {
  // Otherwise parquet.`/path` is a table.
  "spark.sql.runSQLOnFiles": "false",
  // Otherwise ${env:HOME} in a statement is replaced by the server's environment.
  "spark.sql.variable.substitute": "false",
};

/** How files are read and written. */
const files: Readonly<Record<string, string>> = {
  // The readers whose plans `plan-text.ts` reads.
  "spark.sql.sources.useV1SourceList": "avro,csv,json,kafka,orc,parquet,text",
  // `src=007` is a text.
  "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
  // A file that is gone or damaged is an error, never a smaller answer.
  "spark.sql.files.ignoreMissingFiles": "false",
  "spark.sql.files.ignoreCorruptFiles": "false",
  // The schema is given; no footer decides.
  "spark.sql.parquet.mergeSchema": "false",
  "spark.sql.parquet.filterPushdown": "true",
  "spark.sql.parquet.binaryAsString": "false",
  "spark.sql.parquet.int96AsTimestamp": "true",
  "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
  "spark.sql.parquet.fieldId.read.enabled": "false",
  "spark.sql.parquet.fieldId.write.enabled": "false",
  // A struct whose touched fields a file lacks is null where the file says so, and not null altogether.
  "spark.sql.legacy.parquet.returnNullStructIfAllFieldsMissing": "false",
  "spark.sql.legacy.parquet.nanosAsLong": "false",
  // Days and instants are counted in the Gregorian calendar, also before 1582.
  "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
  "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
  "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
  "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
  // INT96, the default, has no order and is deprecated.
  "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
  "spark.sql.parquet.writeLegacyFormat": "false",
  "spark.sql.files.maxRecordsPerFile": "0",
};

/** How work is cut. */
const work: Readonly<Record<string, string>> = {
  "spark.sql.optimizer.nestedSchemaPruning.enabled": "true",
  "spark.sql.optimizer.expression.nestedPruning.enabled": "true",
  "spark.sql.adaptive.enabled": "true",
  // What is left of a small result after a shuffle becomes one file, of a large one files of this size before compression.
  "spark.sql.adaptive.coalescePartitions.enabled": "true",
  "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
  "spark.sql.adaptive.advisoryPartitionSizeInBytes": "64m",
  // The same text means other files once its views were replaced.
  "spark.connect.session.planCache.enabled": "false",
  "spark.connect.progress.reportInterval": "200ms",
};

export const sessionSettings: Readonly<Record<string, string>> = { ...meaning, ...reach, ...files, ...work };

/** A session begins with describing its statement: plans are read as text, and must be whole. */
export const describeSettings: Readonly<Record<string, string>> = {
  "spark.sql.debug.maxToStringFields": "1000000",
  "spark.sql.maxMetadataStringLength": "100000000",
  "spark.sql.maxPlanStringLength": "500000000",
};

/** When it runs: nobody reads its plans, and a list of ten thousand files in them would only cost memory. */
const runSettings: Readonly<Record<string, string>> = {
  "spark.sql.debug.maxToStringFields": "25",
  "spark.sql.maxMetadataStringLength": "100",
  "spark.sql.maxPlanStringLength": "1000000",
};

/** Files that a job lists at a time, where listing is a matter of requests to a store. */
const LISTING_TASKS = 64;
/** From so many files on a job lists them instead of the server's driver alone. */
const LISTING_FILES = 32;

/**
 * Settings to run with over these files. Spark looks at every file before it reads any. On a disk the driver does that in a
 * second for ten thousand; left alone it would start a task for each. In a store every look is a request, which tasks share.
 */
export function settingsOver(locations: readonly string[]): Readonly<Record<string, string>> {
  const isLocal = locations.every((location) => location.startsWith("file:"));
  return {
    ...runSettings,
    "spark.sql.sources.parallelPartitionDiscovery.threshold": String(isLocal ? 2 ** 31 - 1 : LISTING_FILES),
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": String(LISTING_TASKS),
  };
}

/** A server in one process has few cores: more partitions of a shuffle than that cost more than they give. */
export function shuffleSettings(master: string | undefined): Readonly<Record<string, string>> {
  const local = /^local(?:\[(\d+|\*))?/.exec(master ?? "");
  if (local === null) return {};
  const cores = Number(local[1] ?? 1);
  return { "spark.sql.shuffle.partitions": String(Number.isNaN(cores) ? 16 : Math.max(4, 2 * cores)) };
}
