/** A table of the lake, and its partitions, as the metastore keeps them, in both directions. */
import { hiveColumns, sparkSchemaParameters } from "../../model/hive-type-columns.ts";
import { type TableRegistration, tableFingerprint } from "../../model/registration.ts";
import type { RegisteredTable } from "../contract.ts";
import { isSameLocation } from "./location.ts";
import { foreignerOf, positive } from "./mart-table.ts";
import type { HiveOptions } from "./options.ts";
import type { HivePartition, HiveTable } from "./structs.ts";
import { externalParameters, externalTable, faultOf, parameter, parquetAt, withShape } from "./table-form.ts";

/** The column that partitions are told apart by. */
export const partitionKey = "src";

/** Or the server lists the files of every partition that it is told of, to count them. */
const withoutStatistics = ["DO_NOT_UPDATE_STATS", "true"] as const;

/** As users write it. */
export const tableName = ({ settings }: HiveOptions, table: string): string => `${settings.database}.${table}`;

const directoryOf = ({ tablesLocation }: HiveOptions, table: string): string => `${tablesLocation}${table}`;

/**
 * Partitions have locations of their own, so nobody reads what the table's names: it need not be there. But a Spark that runs takes a
 * table with another location for another one, and forgets which files it has listed, and how long they were.
 */
function locationWith(options: HiveOptions, table: string, files: string | undefined): string {
  const directory = directoryOf(options, table);
  return files === undefined ? directory : `${directory}/_files/${files}`;
}

/** Throws `refused` for columns that readers by name could not read. */
export function tableEntry(
  options: HiveOptions,
  table: string,
  registration: TableRegistration,
  files: string | undefined,
): HiveTable {
  const { columns, schemaVersion } = registration;
  return withShape({
    database: options.settings.database,
    name: table,
    owner: options.settings.owner,
    type: externalTable,
    storage: parquetAt(locationWith(options, table, files), hiveColumns(columns, [partitionKey])),
    partitionKeys: [{ name: partitionKey, type: "string" }],
    parameters: new Map<string, string>([
      ...externalParameters,
      withoutStatistics,
      ...sparkSchemaParameters([...columns, { name: partitionKey, type: { kind: "string" } }]),
      [parameter.lake, options.martsLocation],
      [parameter.table, table],
      [parameter.schemaVersion, String(schemaVersion)],
      [parameter.fingerprint, tableFingerprint(registration)],
      ...(files === undefined ? [] : [[parameter.files, files] as const]),
    ]),
  });
}

export function withFiles(options: HiveOptions, standing: HiveTable, files: string): HiveTable {
  return {
    ...standing,
    storage: { ...standing.storage, location: locationWith(options, standing.name, files) },
    parameters: new Map([...standing.parameters, [parameter.files, files]]),
  };
}

/** What a table that stands under the name is to us. */
export function readTable(options: HiveOptions, table: string, found: HiveTable): RegisteredTable {
  const name = tableName(options, table);
  const what = foreignerOf(options, found, parameter.table, table);
  if (what !== undefined) return { kind: "foreign", name, what };
  const schemaVersion = positive(found.parameters.get(parameter.schemaVersion));
  if (schemaVersion === undefined) {
    return { kind: "foreign", name, what: `a table of this lake whose ${parameter.schemaVersion} was taken away` };
  }
  const files = found.parameters.get(parameter.files);
  const fault = faultOf(found, locationWith(options, table, files), isSameLocation);
  const fingerprint = found.parameters.get(parameter.fingerprint) ?? "";
  // What was changed by hand is another thing than what was registered, and is registered anew.
  return { kind: "ours", name, fingerprint: fault === undefined ? fingerprint : "", schemaVersion, files };
}

export function partitionEntry(options: HiveOptions, table: string, id: string): HivePartition {
  const location = `${directoryOf(options, table)}/${partitionKey}=${id}`;
  // What the table says of reading holds for its partitions, and each word about one is a row more.
  return { values: [id], storage: { ...parquetAt(location, []), serdeParameters: new Map() } };
}
