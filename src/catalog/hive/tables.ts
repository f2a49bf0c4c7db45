/**
 * Tables of the lake under their names, a partition for each raw object. Partitions are added and removed in batches of one call each,
 * and carry no columns of their own: those of the table are read, whatever was known when a file was written.
 */
import { Failure } from "../../errors.ts";
import { tableFingerprint } from "../../model/registration.ts";
import type { CallOptions, RegisteredTable, TableRegistry } from "../contract.ts";
import { inBatches } from "./batches.ts";
import { ensureDatabase } from "./database.ts";
import { explained } from "./explain.ts";
import { look } from "./look.ts";
import type { Metastore } from "./metastore.ts";
import type { HiveOptions } from "./options.ts";
import { partitionName, partitionValue } from "./path-name.ts";
import { type Placement, placeTable } from "./place-table.ts";
import type { HiveTable } from "./structs.ts";
import { partitionEntry, partitionKey, readTable, tableEntry, tableName, withFiles } from "./table-entry.ts";
import { parameter } from "./table-form.ts";

/** Names in one page of a listing. */
const pageSize = 1000;

type OwnTable = Extract<RegisteredTable, { readonly kind: "ours" }>;

export function hiveTables(metastore: Metastore, options: HiveOptions): TableRegistry {
  const names = tableNames(metastore, options);
  return { ...names, ...partitionLists(metastore, options, names.registered) };
}

function tableNames(metastore: Metastore, options: HiveOptions) {
  const { database } = options.settings;

  const isSuspect =
    (table: string) =>
    (found: HiveTable): boolean => {
      const known = readTable(options, table, found);
      return known.kind === "foreign" || known.fingerprint === "";
    };

  const standing = (table: string, call: CallOptions) =>
    look(metastore.calls, { database, name: table }, isSuspect(table), call);

  const placement = (
    table: string,
    wanted: Placement["wanted"],
    isDone: (known: OwnTable) => boolean,
    ensure: Placement["ensureDatabase"],
  ): Placement => ({
    at: { database, name: table },
    wanted,
    token: parameter.schemaVersion,
    isSuspect: isSuspect(table),
    isDone: (found) => isDone(demandOurs(readTable(options, table, found))),
    ensureDatabase: ensure,
  });

  return {
    async registered(table, call = {}) {
      const found = await standing(table, call);
      return found === undefined ? undefined : readTable(options, table, found);
    },
    async register(table, registration, call = {}) {
      // Refused columns are told before anybody is asked.
      tableEntry(options, table, registration, undefined);
      const fingerprint = tableFingerprint(registration);
      const place = placement(
        table,
        (found) => tableEntry(options, table, registration, found?.parameters.get(parameter.files)),
        ({ schemaVersion, ...known }) =>
          schemaVersion === registration.schemaVersion
            ? known.fingerprint === fingerprint
            : schemaVersion > registration.schemaVersion,
        () => ensureDatabase(metastore, options, database, call),
      );
      await placeTable(metastore, place, call);
    },
    async touch(table, files, call = {}) {
      const place = placement(
        table,
        (found) => {
          if (found === undefined) throw notRegistered(options, table);
          return withFiles(options, found, files);
        },
        (known) => known.files === files,
        async () => undefined,
      );
      await placeTable(metastore, place, call);
    },
    async unregister(table, call = {}) {
      const found = await standing(table, call);
      if (found === undefined) return false;
      demandOurs(readTable(options, table, found));
      return await metastore.calls.dropTable(database, table, call);
    },
  } satisfies Pick<TableRegistry, "registered" | "register" | "touch" | "unregister">;
}

function partitionLists(
  { calls }: Metastore,
  options: HiveOptions,
  registered: TableRegistry["registered"],
): Pick<TableRegistry, "partitions" | "add" | "remove"> {
  const { database } = options.settings;

  async function explaining<T>(table: string, call: CallOptions, work: () => Promise<T>): Promise<T> {
    const known = await registered(table, call);
    if (known === undefined) throw notRegistered(options, table);
    demandOurs(known);
    try {
      return await work();
    } catch (error) {
      throw explained(error, tableName(options, table));
    }
  }

  return {
    async *partitions(table, call = {}) {
      const names = await explaining(table, call, () => calls.partitionNames(database, table, call));
      for (let start = 0; start < names.length; start += pageSize) {
        yield names.slice(start, start + pageSize).flatMap((name) => partitionValue(partitionKey, name) ?? []);
      }
    },
    async add(table, ids, { onAdded, ...call } = {}) {
      if (ids.length === 0) return;
      await explaining(table, call, () =>
        inBatches(ids, async (batch) => {
          const partitions = batch.map((id) => partitionEntry(options, table, id));
          await calls.addPartitions(database, table, partitions, call);
          onAdded?.(batch.length);
        }),
      );
    },
    async remove(table, ids, call = {}) {
      if (ids.length === 0) return;
      await explaining(table, call, () =>
        inBatches(ids, async (batch) => {
          const names = batch.map((id) => partitionName(partitionKey, id));
          await calls.dropPartitions(database, table, names, call);
        }),
      );
    },
  };
}

function demandOurs(known: RegisteredTable): OwnTable {
  if (known.kind === "foreign") throw foreignTable(known.name, known.what, "table");
  return known;
}

const notRegistered = (options: HiveOptions, table: string): Failure =>
  new Failure("missing", `${tableName(options, table)}: is not registered`);

export function foreignTable(name: string, what: string, kind: "mart" | "table"): Failure {
  return new Failure("conflict", `${name}: is ${what}, and not this ${kind}`, {
    remedy:
      kind === "mart"
        ? "drop or rename it there, or give the mart another name or another `database`"
        : "drop or rename it there, or give `catalog` another `database`",
  });
}
