/**
 * The form of every table that we register: external, Parquet through Hive's own formats, which Spark reads with its own reader and
 * looks up anew for every statement, so that a swapped location is seen at once and without REFRESH. What readers depend on is
 * summed up in a parameter, so that a change by hand is noticed.
 */
import { createHash } from "node:crypto";
import type { HiveColumn } from "../../model/hive-type-columns.ts";
import type { HiveField, HiveStorage, HiveTable } from "./structs.ts";

export const externalTable = "EXTERNAL_TABLE";

const formats = {
  inputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
  outputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
  serde: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
  serdeParameters: new Map([["serialization.format", "1"]]),
} as const;

export function parquetAt(location: string, columns: readonly HiveColumn[]): HiveStorage {
  return { columns, location, ...formats };
}

/**
 * The same files for a Spark that has Delta Lake: it goes by the provider, looks for the table's directory under `path` alone, takes
 * the columns from the log there, and sees a swapped path at once too. Others that look at neither still read Parquet.
 */
export function deltaAt(location: string, columns: readonly HiveColumn[]): HiveStorage {
  const { serdeParameters } = formats;
  return { columns, location, ...formats, serdeParameters: new Map([...serdeParameters, ["path", location]]) };
}

/** As Spark registers such a table itself. */
export const deltaParameters = [
  ["spark.sql.sources.provider", "delta"],
  ["spark.sql.sources.schema", '{"type":"struct","fields":[]}'],
] as const;

/** Names of parameters that say what is ours. */
export const parameter = {
  /** URL of the marts' place, also for tables. */
  lake: "millrace.lake",
  mart: "millrace.mart",
  number: "millrace.number",
  version: "millrace.version",
  publishId: "millrace.publish_id",
  at: "millrace.at",
  manifestSha256: "millrace.manifest_sha256",
  fingerprint: "millrace.fingerprint",
  table: "millrace.table",
  schemaVersion: "millrace.schema_version",
  /** Which files the partitions of a table have. */
  files: "millrace.files",
  /** `shapeOf` the table as we wrote it. */
  shape: "millrace.shape",
} as const;

/** Dropping the table leaves the files alone, whatever whoever drops it asks for. */
export const externalParameters = [
  ["EXTERNAL", "TRUE"],
  ["external.table.purge", "false"],
] as const;

/** Of what readers depend on but the location, which is compared by itself. */
export function shapeOf({ storage, partitionKeys, type, parameters }: HiveTable): string {
  const { columns, inputFormat, outputFormat, serde } = storage;
  const sparkSchema = [...parameters].filter(([key]) => key.startsWith("spark.sql.sources.")).sort();
  return createHash("sha256")
    .update(JSON.stringify([type, texts(columns), texts(partitionKeys), inputFormat, outputFormat, serde, sparkSchema]))
    .digest("hex")
    .slice(0, 16);
}

const texts = (fields: readonly HiveField[]): readonly (readonly string[])[] =>
  fields.map(({ name, type, comment = "" }) => [name, type, comment]);

export function withShape(table: HiveTable): HiveTable {
  return { ...table, parameters: new Map([...table.parameters, [parameter.shape, shapeOf(table)]]) };
}

/**
 * Parameters that others have put there stay, but for those that describe what is being replaced: statistics, and a schema that Spark
 * wrote down.
 */
export function keepingForeign(altered: HiveTable, standing: HiveTable): HiveTable {
  const foreign = [...standing.parameters].filter(([key]) => !describing.test(key));
  return { ...altered, parameters: new Map([...foreign, ...altered.parameters]) };
}

const describing =
  /^(?:millrace\.|spark\.sql\.|numRows$|numFiles|totalSize$|rawDataSize$|COLUMN_STATS_ACCURATE$|transient_lastDdlTime$|comment$|bucketing_version$)/;

/** Whose and what a table is that is not ours, for messages. */
export function describeForeign(table: HiveTable): string {
  const { owner, type, storage } = table;
  const by = owner === "" ? "" : ` of owner ${owner}`;
  const at = storage.location === "" ? "" : ` at ${storage.location}`;
  switch (type) {
    case "VIRTUAL_VIEW":
      return `a view${by}`;
    case "MATERIALIZED_VIEW":
      return `a materialized view${by}`;
    case "MANAGED_TABLE":
      return `a managed table${by}${at}`;
    case externalTable:
      return `an external table${by}${at}`;
    default:
      return `a thing of type ${type}${by}`;
  }
}

export function isView({ type }: HiveTable): boolean {
  return type === "VIRTUAL_VIEW" || type === "MATERIALIZED_VIEW";
}

/** What is wrong with one of ours, apart from what it says of itself: somebody changed it. */
export function faultOf(
  table: HiveTable,
  location: string,
  isSame: (one: string, other: string) => boolean,
): string | undefined {
  if (table.type !== externalTable) return `is no external table but ${table.type}: whoever drops it drops the files`;
  if (!isSame(table.storage.location, location)) return `has the location ${table.storage.location}, not ${location}`;
  const path = table.storage.serdeParameters.get("path");
  const isDelta = table.parameters.get("spark.sql.sources.provider") === "delta";
  if (isDelta && (path === undefined || !isSame(path, location)))
    return `has ${path === undefined ? "no path" : `the path ${path}`}, not ${location}`;
  if (table.parameters.get(parameter.shape) !== shapeOf(table))
    return "has columns or a format that were changed by hand";
  const purge = table.parameters.get("external.table.purge");
  if (purge !== "false") return "is not protected any more: whoever drops it may drop the files";
  return undefined;
}
