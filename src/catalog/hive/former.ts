/** Names of marts where the project does not have them: looked for in every database, since nobody remembers where a mart once was. */
import type { CallOptions, FormerName, FormerNames } from "../contract.ts";
import { explained } from "./explain.ts";
import { look, lookAtAll, namesMax } from "./look.ts";
import { martDatabase, martName, readMart } from "./mart-table.ts";
import type { Metastore } from "./metastore.ts";
import type { HiveOptions } from "./options.ts";
import type { HiveTable } from "./structs.ts";
import { foreignTable } from "./tables.ts";

export function formerNames({ calls }: Pick<Metastore, "calls">, options: HiveOptions): FormerNames {
  /** The same lake, as if all its marts were in that database. */
  const within = (database: string): HiveOptions => ({ ...options, databaseOf: () => database });
  const isSuspect =
    (database: string) =>
    (table: HiveTable): boolean =>
      readMart(within(database), table.name, table).kind === "foreign";

  async function findIn(database: string, marts: readonly string[], call: CallOptions): Promise<readonly FormerName[]> {
    const found: FormerName[] = [];
    for (let start = 0; start < marts.length; start += namesMax) {
      const batch = marts.slice(start, start + namesMax);
      for (const table of await lookAtAll(calls, database, batch, isSuspect(database), call)) {
        const shown = readMart(within(database), table.name, table);
        if (shown.kind !== "ours") continue;
        const { name, number, version } = shown;
        found.push({ mart: table.name, database, name, number, version });
      }
    }
    return found;
  }

  return {
    async find(marts, has, call = {}) {
      const found: FormerName[] = [];
      if (marts.length === 0) return found;
      try {
        for (const database of await calls.databases(call)) {
          // Metastores keep names in small letters.
          const belongs = (mart: string): boolean =>
            has(mart) && martDatabase(options, mart).toLowerCase() === database.toLowerCase();
          const strangers = marts.filter((mart) => !belongs(mart));
          found.push(...(await findIn(database, strangers, call)));
        }
      } catch (error) {
        throw explained(error, "names that marts had before");
      }
      return found;
    },
    async unregister({ mart, database }, call = {}) {
      const table = await look(calls, { database, name: mart }, isSuspect(database), call);
      if (table === undefined) return false;
      const shown = readMart(within(database), mart, table);
      if (shown.kind === "foreign") throw foreignTable(shown.name, shown.what, "mart");
      try {
        return await calls.dropTable(database, mart, call);
      } catch (error) {
        throw explained(error, martName(within(database), mart));
      }
    },
  };
}
