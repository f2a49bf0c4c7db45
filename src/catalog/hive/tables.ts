/**
 * Tables of the lake under their names, a partition for each raw object. Partitions are added and removed in batches of one call each,
 * and carry no columns of their own: those of the table are read, whatever was known when a file was written.
 */
import { Failure } from "../../errors.ts";
import { hiveColumns, sparkSchemaParameters } from "../../model/hive-type-columns.ts";
import { type TableRegistration, tableFingerprint } from "../../model/registration.ts";
import type { CallOptions, RegisteredTable, TableRegistry } from "../contract.ts";
import { ensureDatabase } from "./database.ts";
import { explained } from "./explain.ts";
import { isSameLocation } from "./location.ts";
import { look } from "./look.ts";
import { foreignerOf, positive } from "./mart-table.ts";
import type { Metastore } from "./metastore.ts";
import type { HiveOptions } from "./options.ts";
import { partitionName, partitionValue } from "./path-name.ts";
import { placeTable } from "./place-table.ts";
import type { HivePartition, HiveTable } from "./structs.ts";
import { externalParameters, externalTable, faultOf, parameter, parquetAt, withShape } from "./table-form.ts";

/** The column that partitions are told apart by. */
const partitionKey = "src";

/** Partitions in one call: some hundred bytes each, and the server looks at the place of each before it answers. */
const batchSize = 500;

/** Calls side by side. A server writes the rows of a batch one by one, so that four of them take it about a third of the time. */
const batchesAtOnce = 4;

/** Names in one page of a listing. */
const pageSize = 1000;

/** Or the server lists the files of every partition that it is told of, to count them. */
const withoutStatistics = ["DO_NOT_UPDATE_STATS", "true"] as const;

export function hiveTables(metastore: Metastore, options: HiveOptions): TableRegistry {
  const { database } = options.settings;
  const nameOf = (table: string): string => `${database}.${table}`;
  const locationOf = (table: string): string => `${options.tablesLocation}${table}`;
  /**
   * Partitions have locations of their own, so nobody reads what the table's names: it need not be there. But a Spark that runs takes a
   * table with another location for another one, and forgets which files it has listed, and how long they were.
   */
  const locationWith = (table: string, files: string | undefined): string =>
    files === undefined ? locationOf(table) : `${locationOf(table)}/_files/${files}`;
  const standing = (table: string, call: CallOptions) =>
    look(metastore.calls, { database, name: table }, isSuspect(table), call);

  const isSuspect =
    (table: string) =>
    (found: HiveTable): boolean => {
      const known = read(table, found);
      return known.kind === "foreign" || known.fingerprint === "";
    };

  function read(table: string, found: HiveTable): RegisteredTable {
    const name = nameOf(table);
    const what = foreignerOf(options, found, parameter.table, table);
    if (what !== undefined) return { kind: "foreign", name, what };
    const schemaVersion = positive(found.parameters.get(parameter.schemaVersion));
    if (schemaVersion === undefined) {
      return { kind: "foreign", name, what: `a table of this lake whose ${parameter.schemaVersion} was taken away` };
    }
    const files = found.parameters.get(parameter.files);
    const fault = faultOf(found, locationWith(table, files), isSameLocation);
    const fingerprint = found.parameters.get(parameter.fingerprint) ?? "";
    // What was changed by hand is another thing than what was registered, and is registered anew.
    return { kind: "ours", name, fingerprint: fault === undefined ? fingerprint : "", schemaVersion, files };
  }

  function wantedTable(table: string, registration: TableRegistration, files: string | undefined): HiveTable {
    const { columns, schemaVersion } = registration;
    return withShape({
      database,
      name: table,
      owner: options.settings.owner,
      type: externalTable,
      storage: parquetAt(locationWith(table, files), hiveColumns(columns, [partitionKey])),
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

  const withFiles = (table: string, standing: HiveTable, files: string): HiveTable => ({
    ...standing,
    storage: { ...standing.storage, location: locationWith(table, files) },
    parameters: new Map([...standing.parameters, [parameter.files, files]]),
  });

  async function demandOurs(table: string, call: CallOptions): Promise<void> {
    const found = await standing(table, call);
    if (found === undefined) throw new Failure("missing", `${nameOf(table)}: is not registered`);
    const known = read(table, found);
    if (known.kind === "foreign") throw foreignTable(known.name, known.what, "table");
  }

  async function inBatches(
    table: string,
    ids: readonly string[],
    call: CallOptions,
    work: (batch: readonly string[]) => Promise<void>,
  ): Promise<void> {
    if (ids.length === 0) return;
    await demandOurs(table, call);
    let next = 0;
    let hasFailed = false;
    async function takeBatches(): Promise<void> {
      while (next < ids.length && !hasFailed) {
        const start = next;
        next += batchSize;
        await work(ids.slice(start, start + batchSize));
      }
    }
    const workers = Array.from({ length: batchesAtOnce }, async () => {
      try {
        await takeBatches();
      } catch (error) {
        hasFailed = true;
        throw explained(error, nameOf(table));
      }
    });
    // Nothing is under way any more when the first failure is told.
    await Promise.allSettled(workers);
    await Promise.all(workers);
  }

  const partition = (table: string, id: string): HivePartition => ({
    values: [id],
    // What the table says of reading holds for its partitions, and each word about one is a row more.
    storage: { ...parquetAt(`${locationOf(table)}/${partitionKey}=${id}`, []), serdeParameters: new Map() },
  });

  return {
    async registered(table, call = {}) {
      const found = await standing(table, call);
      return found === undefined ? undefined : read(table, found);
    },
    async register(table, registration, call = {}) {
      // Refused columns are told before anybody is asked.
      wantedTable(table, registration, undefined);
      const fingerprint = tableFingerprint(registration);
      await placeTable(
        metastore,
        {
          at: { database, name: table },
          wanted: (standing) => wantedTable(table, registration, standing?.parameters.get(parameter.files)),
          token: parameter.schemaVersion,
          isSuspect: isSuspect(table),
          isDone(found) {
            const known = read(table, found);
            if (known.kind === "foreign") throw foreignTable(known.name, known.what, "table");
            if (known.schemaVersion !== registration.schemaVersion) {
              return known.schemaVersion > registration.schemaVersion;
            }
            return known.fingerprint === fingerprint;
          },
          ensureDatabase: () => ensureDatabase(metastore, options, database, call),
        },
        call,
      );
    },
    async *partitions(table, call = {}) {
      await demandOurs(table, call);
      const names = await namesOf(table, call);
      for (let start = 0; start < names.length; start += pageSize) {
        yield names.slice(start, start + pageSize).flatMap((name) => partitionValue(partitionKey, name) ?? []);
      }
    },
    async add(table, ids, call = {}) {
      await inBatches(table, ids, call, async (batch) => {
        const partitions = batch.map((id) => partition(table, id));
        await metastore.calls.addPartitions(database, table, partitions, call);
        call.onAdded?.(batch.length);
      });
    },
    async touch(table, files, call = {}) {
      await placeTable(
        metastore,
        {
          at: { database, name: table },
          wanted(standing) {
            if (standing === undefined) throw new Failure("missing", `${nameOf(table)}: is not registered`);
            return withFiles(table, standing, files);
          },
          token: parameter.schemaVersion,
          isSuspect: isSuspect(table),
          isDone(found) {
            const known = read(table, found);
            if (known.kind === "foreign") throw foreignTable(known.name, known.what, "table");
            return known.files === files;
          },
          ensureDatabase: async () => undefined,
        },
        call,
      );
    },
    async remove(table, ids, call = {}) {
      await inBatches(table, ids, call, async (batch) => {
        const names = batch.map((id) => partitionName(partitionKey, id));
        await metastore.calls.dropPartitions(database, table, names, call);
      });
    },
    async unregister(table, call = {}) {
      const found = await standing(table, call);
      if (found === undefined) return false;
      const known = read(table, found);
      if (known.kind === "foreign") throw foreignTable(known.name, known.what, "table");
      return await metastore.calls.dropTable(database, table, call);
    },
  };

  async function namesOf(table: string, call: CallOptions): Promise<readonly string[]> {
    try {
      return await metastore.calls.partitionNames(database, table, call);
    } catch (error) {
      throw explained(error, nameOf(table));
    }
  }
}

export function foreignTable(name: string, what: string, kind: "mart" | "table"): Failure {
  return new Failure("conflict", `${name}: is ${what}, and not this ${kind}`, {
    remedy:
      kind === "mart"
        ? "drop or rename it there, or give the mart another name or another `database`"
        : "drop or rename it there, or give `catalog` another `database`",
  });
}
