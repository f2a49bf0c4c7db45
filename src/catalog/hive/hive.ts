/**
 * The catalog on a Hive Metastore. The chain of records stays in the marts' place and decides; the metastore shows what it says, so
 * that other tools find marts by name (`designs/hive-metastore.md`).
 */
import { type Registration, registrationFingerprint } from "../../model/registration.ts";
import type { CallOptions, Catalog, OwnRegistered, Registered } from "../contract.ts";
import { ensureDatabase } from "./database.ts";
import { explained } from "./explain.ts";
import { formerNames } from "./former.ts";
import { look, lookAtAll, namesMax } from "./look.ts";
import { martDatabase, martName, martTable, readMart } from "./mart-table.ts";
import { type Metastore, openMetastore } from "./metastore.ts";
import type { HiveOptions } from "./options.ts";
import { placeTable } from "./place-table.ts";
import { proveMetastore } from "./prove.ts";
import type { HiveTable } from "./structs.ts";
import { parameter } from "./table-form.ts";
import { foreignTable, hiveTables } from "./tables.ts";

export function hiveCatalog(log: Catalog, options: HiveOptions): Catalog {
  const metastore = openMetastore(options.settings);

  /** A number that the chain has not reached comes from a lake that was begun anew since: it says nothing of this one. */
  async function isOfThisChain(mart: string, number: number, call: CallOptions): Promise<boolean> {
    return ((await log.current(mart, call))?.number ?? 0) >= number;
  }

  async function register(mart: string, registration: Registration, call: CallOptions = {}): Promise<OwnRegistered> {
    const fingerprint = registrationFingerprint(registration);
    const wanted = martTable(options, mart, registration);
    const standing = await placeTable(
      metastore,
      {
        at: wanted,
        wanted: () => wanted,
        token: parameter.number,
        isSuspect: isSuspect(options, mart),
        async isDone(table) {
          const found = readMart(options, mart, table);
          if (found.kind === "foreign") throw foreignTable(found.name, found.what, "mart");
          if (found.number < registration.number) return false;
          if (found.number > registration.number) return await isOfThisChain(mart, found.number, call);
          const isThis = found.publishId === registration.publishId && found.fingerprint === fingerprint;
          return isThis && found.fault === undefined;
        },
        ensureDatabase: () => ensureDatabase(metastore, options, martDatabase(options, mart), call),
      },
      call,
    );
    const found = readMart(options, mart, standing);
    if (found.kind === "foreign") throw foreignTable(found.name, found.what, "mart");
    return found;
  }

  async function unregister(mart: string, call: CallOptions = {}): Promise<boolean> {
    const database = martDatabase(options, mart);
    const table = await look(metastore.calls, { database, name: mart }, isSuspect(options, mart), call);
    if (table === undefined) return false;
    const found = readMart(options, mart, table);
    if (found.kind === "foreign") throw foreignTable(found.name, found.what, "mart");
    try {
      return await metastore.calls.dropTable(database, mart, call);
    } catch (error) {
      throw explained(error, martName(options, mart));
    }
  }

  return {
    ...log,
    registersItself: false,
    registered: (marts, call = {}) => registered(metastore, options, marts, call),
    register,
    unregister,
    former: formerNames(metastore, options),
    ...(options.settings.tables ? { tables: hiveTables(metastore, options) } : {}),
    prove: (writers, call = {}) => proveMetastore(metastore, options, writers, call),
    async close() {
      metastore.close();
      await log.close();
    },
  };
}

const isSuspect =
  (options: HiveOptions, mart: string) =>
  (table: HiveTable): boolean => {
    const found = readMart(options, mart, table);
    return found.kind === "foreign" || found.fault !== undefined;
  };

async function registered(
  { calls }: Metastore,
  options: HiveOptions,
  marts: readonly string[],
  call: CallOptions,
): Promise<ReadonlyMap<string, Registered>> {
  const found = new Map<string, Registered>();
  for (const [database, names] of Map.groupBy(marts, (mart) => martDatabase(options, mart))) {
    for (let start = 0; start < names.length; start += namesMax) {
      const batch = names.slice(start, start + namesMax);
      try {
        for (const table of await lookAtAll(
          calls,
          database,
          batch,
          (table) => isSuspect(options, table.name)(table),
          call,
        )) {
          const mart = batch.find((name) => name === table.name);
          if (mart !== undefined) found.set(mart, readMart(options, mart, table));
        }
      } catch (error) {
        throw explained(error, `database ${database}`);
      }
    }
  }
  return found;
}
