/** The catalog on a Hive Metastore: the chain of records, and what the metastore shows of it. */
import { Failure } from "../../errors.ts";
import type { Catalog } from "../contract.ts";
import type { HiveOptions } from "./options.ts";

export function hiveCatalog(log: Catalog, { settings }: HiveOptions): Catalog {
  throw new Failure("bug", `${log.name}: the metastore at ${settings.hosts[0]?.host} cannot be asked yet`);
}
