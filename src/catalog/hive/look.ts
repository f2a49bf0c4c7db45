/**
 * Reads tables of a metastore. It puts a table together from several statements, each of which sees what was committed by then: one
 * that is read while it is altered may have the location of one version and the columns or the number of another. What looks wrong is
 * therefore believed when it was read twice the same.
 */
import { isDeepStrictEqual } from "node:util";
import type { CallOptions } from "../contract.ts";
import type { MetastoreCalls } from "./calls.ts";
import { explained } from "./explain.ts";
import type { HiveTable } from "./structs.ts";

type IsSuspect = (table: HiveTable) => boolean;

/** Names in one call. A table with a thousand leaves answers some 50 kB. */
export const namesMax = 200;

/** Under a storm of swaps some reads in a hundred are torn, so that this many in a row are not. */
const readsMax = 8;

/** The one of that name, as far as the server shows it to us. */
export async function look(
  calls: Pick<MetastoreCalls, "tables">,
  { database, name }: Pick<HiveTable, "database" | "name">,
  isSuspect: IsSuspect,
  options: CallOptions,
): Promise<HiveTable | undefined> {
  try {
    const [table] = await lookAtAll(calls, database, [name], isSuspect, options);
    return table;
  } catch (error) {
    throw explained(error, `${database}.${name}`);
  }
}

/** Those of `names` that are there; only what looks wrong is read again. */
export async function lookAtAll(
  calls: Pick<MetastoreCalls, "tables">,
  database: string,
  names: readonly string[],
  isSuspect: IsSuspect,
  options: CallOptions,
): Promise<readonly HiveTable[]> {
  const found = new Map<string, HiveTable>();
  let asked = names;
  for (let reads = 1; asked.length > 0; reads++) {
    const tables = new Map((await calls.tables(database, asked, options)).map((table) => [table.name, table]));
    const torn: string[] = [];
    for (const name of asked) {
      const table = tables.get(name);
      const before = found.get(name);
      if (table === undefined) found.delete(name);
      else {
        found.set(name, table);
        if (isSuspect(table) && !isDeepStrictEqual(table, before)) torn.push(name);
      }
    }
    if (reads >= readsMax) break;
    asked = torn;
  }
  return [...found.values()];
}
