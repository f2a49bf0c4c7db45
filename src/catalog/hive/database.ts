/** Databases of the metastore that marts and tables stand in. */
import type { CallOptions } from "../contract.ts";
import { explained } from "./explain.ts";
import type { Metastore } from "./metastore.ts";
import type { HiveOptions } from "./options.ts";
import type { HiveDatabase } from "./structs.ts";

/** Of a database that has no other place. */
export const databaseLocation = ({ martsLocation }: HiveOptions, name: string): string =>
  `${martsLocation}_databases/${name}`;

/** Creates it if it is not there. Nothing lies in it: marts and tables have places of their own. */
export async function ensureDatabase(
  { calls }: Metastore,
  options: HiveOptions,
  name: string,
  callOptions: CallOptions,
): Promise<HiveDatabase> {
  const { settings, martsLocation } = options;
  const own = name === settings.database ? settings.location : undefined;
  const made: HiveDatabase = {
    name,
    description: `Marts of the lake ${martsLocation}`,
    location: own ?? databaseLocation(options, name),
    owner: settings.owner,
  };
  try {
    const found = await calls.database(name, callOptions);
    if (found !== undefined) return found;
    await calls.createDatabase(made, callOptions);
    return (await calls.database(name, callOptions)) ?? made;
  } catch (error) {
    throw explained(error, `database ${name} at ${made.location}`);
  }
}
